# Runs a PostgreSQL server on port $1 of the loopback address until standard input ends, then deletes it.
# Prints "ready" and the password of the user postgres, or what went wrong.
exec 2>&1
set -eu

# Debian keeps the programs of each version in a folder that is not in PATH.
for bin in /usr/lib/postgresql/*/bin; do PATH="$bin:$PATH"; done
if ! command -v initdb >/dev/null || ! command -v postgres >/dev/null; then
    echo "PostgreSQL is missing: these tests start a server of their own, with initdb and postgres (Debian: apt-get install postgresql)"
    exit 1
fi

# PostgreSQL does not run as root. $0 is this script.
if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=postgres --regid=postgres --clear-groups sh -c "$0" "$0" "$@"
fi

directory=$(mktemp -d)
server=
clean_up() {
    if [ -n "$server" ]; then
        kill -QUIT "$server" || true
        wait "$server" || true
    fi
    cd /
    rm -rf "$directory"
}
trap clean_up EXIT
cd "$directory"
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf %s "$password" >password
if ! initdb --pgdata=data --username=postgres --auth=scram-sha-256 --pwfile=password --encoding=UTF8 --locale=C --no-sync >log; then
    cat log
    exit 1
fi
postgres -D data -k "$directory" -p "$1" -c listen_addresses=127.0.0.1 -c max_connections=500 >log 2>&1 </dev/null &
server=$!
until pg_isready --quiet --host="$directory" --port="$1"; do
    if ! kill -0 "$server" 2>/dev/null; then
        server=
        cat log
        exit 1
    fi
    sleep 0.05
done
echo "ready $password"
cat >/dev/null
