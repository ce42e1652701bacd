# Runs Apache with the configuration $1 and the page $2 until standard input ends, in a folder of
# its own, which it deletes. Prints "ready" and the path of the log, or what went wrong.
exec 2>&1
set -eu

# Debian keeps the program in a folder that is not in every user's PATH.
PATH="$PATH:/usr/sbin"
export MODULES=/usr/lib/apache2/modules
if ! command -v apache2 >/dev/null || ! [ -e "$MODULES/mod_auth_openidc.so" ]; then
    echo "Apache or mod_auth_openidc is missing (Debian: apt-get install apache2-bin libapache2-mod-auth-openidc)"
    exit 1
fi

# Apache does not serve as root. $0 is this script.
if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=www-data --regid=www-data --clear-groups sh -c "$0" "$0" "$@"
fi

DIRECTORY=$(mktemp -d)
# The module keeps the files of its locks in TMPDIR.
export DIRECTORY TMPDIR="$DIRECTORY"
server=
clean_up() {
    if [ -n "$server" ]; then
        kill "$server" || true
        wait "$server" || true
    fi
    rm -rf "$DIRECTORY"
}
trap clean_up EXIT
printf %s "$1" >"$DIRECTORY/apache.conf"
mkdir "$DIRECTORY/pages"
printf %s "$2" >"$DIRECTORY/pages/index.shtml"
apache2 -D FOREGROUND -f "$DIRECTORY/apache.conf" </dev/null >>"$DIRECTORY/log" 2>&1 &
server=$!
# Apache writes this file once it listens.
until [ -s "$DIRECTORY/pid" ]; do
    if ! kill -0 "$server" 2>/dev/null; then
        server=
        cat "$DIRECTORY/log"
        exit 1
    fi
    sleep 0.05
done
echo "ready $DIRECTORY/log"
cat >/dev/null
