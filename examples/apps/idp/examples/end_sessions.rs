//! Ends many sessions at once, as an operator does after a leak, with SQLite and with PostgreSQL.
//! Prints how long it takes until they have ended and until the clients know, how long sign-ins
//! take meanwhile, and the memory of both processes. It needs Linux and Debian's package
//! `postgresql`.
//!
//! ```text
//! cargo run --release -p idp --example end_sessions -- [NUMBER]
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "it measures")]

#[path = "../tests/support/postgresql.rs"]
mod postgresql;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use idp::config::{self, Config};
use idp::{DEMO_USER, Server, run_command};
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use serde_json::json;
use sqlx::AnyPool;
use tokio::net::TcpListener;

/// The clients that take part in each of the sessions.
const CLIENTS: [&str; 2] = ["one", "two"];

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // The provider and the operator's command are processes of their own, so that their memory
        // can be told apart.
        ["serve", database, clients] => serve(database, clients).await,
        ["end", database] => end(database).await,
        [] => measure_both(10_000).await,
        [number, ..] => measure_both(number.parse().expect("a number of sessions")).await,
    }
}

async fn serve(database: &str, clients: &str) {
    let options = ["--port", "0", "--database", database, "--clients", clients];
    let server = Server::start(Config::from_args(options).unwrap()).await.unwrap();
    println!("{}", server.url());
    std::future::pending::<()>().await;
}

async fn end(database: &str) {
    let config = Config::from_args(["--database", database]).unwrap();
    let everybody = config::Command::EndSessions { user: Some("crowd".to_owned()), client: None, all: false };
    run_command(everybody, &config).await.unwrap();
}

async fn measure_both(number: usize) {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", directory.path().join("idp.sqlite").display());
    sqlx::any::install_default_drivers();
    measure("SQLite", &sqlite, number).await;
    measure("PostgreSQL", &postgresql::new_database().await, number).await;
}

async fn measure(name: &str, database: &str, number: usize) {
    let told = Arc::new(AtomicUsize::new(0));
    let origin = clients(Arc::clone(&told)).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("clients.json");
    let clients = CLIENTS.map(|id| {
        json!({
            "client_id": id,
            "client_secret": "a secret of 32 letters, at least.",
            "redirect_uris": ["https://rp.example/callback"],
            "backchannel_logout_uri": origin,
        })
    });
    std::fs::write(&file, json!(clients).to_string()).unwrap();
    let mut server = Process::start(&["serve", database, file.to_str().unwrap()]);
    let url = server.line();
    let pool = AnyPool::connect(database).await.unwrap();
    sign_in(&pool, number).await;
    let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let mut before = Vec::new();
    for _ in 0..20 {
        before.push(sign_in_with_password(&http, &url).await);
    }
    let memory = server.memory("VmRSS:");

    let begin = Instant::now();
    let mut command = Process::start(&["end", database]);
    let (mut meanwhile, mut command_memory) = (Vec::new(), 0);
    while let Some(memory) = command.runs() {
        command_memory = memory.max(command_memory);
        meanwhile.push(sign_in_with_password(&http, &url).await);
    }
    let ended = begin.elapsed();
    let due = "SELECT COUNT(*) FROM notices WHERE over_at IS NULL";
    while sqlx::query_scalar::<_, i64>(due).fetch_one(&pool).await.unwrap() > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let all = begin.elapsed();
    assert_eq!(told.load(Ordering::Relaxed), number.saturating_mul(CLIENTS.len()));
    println!(
        "{name}: {number} sessions of {} clients ended in {:.1} s, and all clients were told after {:.1} s",
        CLIENTS.len(),
        ended.as_secs_f64(),
        all.as_secs_f64()
    );
    println!("{name}: a sign-in took {} before, and {} meanwhile", times(before), times(meanwhile));
    println!(
        "{name}: memory of the server {memory} MiB before, {} MiB at most; of the command {command_memory} MiB at most",
        server.memory("VmHWM:")
    );
    pool.close().await;
}

/// A process of this program, which ends with this.
struct Process(Child);

impl Process {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        Self(command.args(arguments).env("RUST_LOG", "error").stdout(Stdio::piped()).spawn().unwrap())
    }

    /// The first line that it prints.
    fn line(&mut self) -> String {
        BufReader::new(self.0.stdout.take().unwrap()).lines().next().unwrap().unwrap()
    }

    /// The most memory that it has occupied so far, as long as it runs.
    fn runs(&mut self) -> Option<u64> {
        let memory = self.memory("VmHWM:");
        let ended = self.0.try_wait().unwrap();
        assert!(ended.is_none_or(|status| status.success()), "sessions could not be ended");
        ended.is_none().then_some(memory)
    }

    /// In MiB. 0 if the process is ending.
    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix("kB"));
        line.map_or(0, |kibibytes| kibibytes.trim().parse::<u64>().unwrap() / 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Clients that answer at once. Returns their address.
async fn clients(told: Arc<AtomicUsize>) -> String {
    async fn answer(State(told): State<Arc<AtomicUsize>>) {
        told.fetch_add(1, Ordering::Relaxed);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(answer)).with_state(told);
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

/// Writes sessions of a crowd to the database, because hashing a password for each would take
/// minutes.
async fn sign_in(pool: &AnyPool, number: usize) {
    let mut transaction = pool.begin().await.unwrap();
    let user =
        "INSERT INTO users (id, username, password_hash, name, email, demo) VALUES ('crowd', 'crowd', '', '', '', 0)";
    sqlx::query(user).execute(&mut *transaction).await.unwrap();
    let numbers =
        "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < $1)";
    let sessions = format!(
        "INSERT INTO sessions (sid, id_hash, user_id, auth_time, expires_at) {numbers} \
        SELECT 'sid-' || number, 'hash-' || number, 'crowd', 0, 4000000000 FROM numbers"
    );
    let number = i64::try_from(number).unwrap();
    sqlx::query(&sessions).bind(number).execute(&mut *transaction).await.unwrap();
    for client in CLIENTS {
        let part = sqlx::query("INSERT INTO session_clients (sid, client_id) SELECT sid, $1 FROM sessions");
        part.bind(client).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Signs in, and returns how long the answer to the form took.
async fn sign_in_with_password(http: &reqwest::Client, url: &str) -> Duration {
    let page = http.get(format!("{url}/sign-in")).send().await.unwrap();
    let cookie = page.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = page.text().await.unwrap();
    let value = |name: &str| {
        let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).expect("a form to sign in");
        rest.split('"').next().unwrap().to_owned()
    };
    let (username, password) = (DEMO_USER.username.to_owned(), DEMO_USER.password.to_owned());
    let form = [("token", value("token")), ("username", username), ("password", password)];
    let request = http.post(format!("{url}/sign-in")).header(COOKIE, cookie).form(&form);
    let begin = Instant::now();
    let answer = request.send().await.unwrap();
    let taken = begin.elapsed();
    assert_eq!(answer.status(), 303, "{}", answer.text().await.unwrap());
    taken
}

/// The median and the longest of some times.
fn times(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let milliseconds = |at: usize| times.get(at).copied().unwrap_or_default().as_secs_f64() * 1000.0;
    let (median, last) = (milliseconds(times.len() / 2), milliseconds(times.len().saturating_sub(1)));
    format!("{median:.0} ms (median; slowest of {}: {last:.0} ms)", times.len())
}
