//! Measures sign-outs, one after the other and when eight come at once, without clients and with
//! five that are told by the back channel and answer at once. It prints the median and the slowest
//! hundredth, for SQLite, and with `postgres` for PostgreSQL too, which needs Debian's package
//! `postgresql`.
//!
//! ```text
//! cargo run --release -p idp --example sign_outs -- [NUMBER] [postgres]
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "it measures")]

#[path = "../tests/support/postgresql.rs"]
mod postgresql;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use idp::Server;
use idp::config::Config;
use reqwest::header::COOKIE;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use sqlx::AnyPool;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// How many browsers sign out at the same time.
const AT_ONCE: [usize; 2] = [1, 8];

/// The clients that take part in each session.
const CLIENTS: [&str; 5] = ["one", "two", "three", "four", "five"];

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(500);
    let directory = tempfile::tempdir().unwrap();
    let clients = directory.path().join("clients.json");
    std::fs::write(&clients, clients_at(&client_server().await).to_string()).unwrap();
    let clients = clients.to_str().unwrap();
    let sqlite = format!("sqlite:{}", directory.path().join("idp.sqlite").display());
    measure_all("SQLite", &sqlite, clients, number).await;
    if arguments.iter().any(|argument| argument == "postgres") {
        measure_all("PostgreSQL", &postgresql::new_database().await, clients, number).await;
    }
}

/// A server for all clients, which answers at once. Returns its URL.
async fn client_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/{client}", post(async || StatusCode::OK));
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

fn clients_at(url: &str) -> Value {
    let client = |id: &str| {
        json!({
            "client_id": id,
            "client_secret": "a secret of 32 letters, at least.",
            "redirect_uris": ["https://rp.example/callback"],
            "backchannel_logout_uri": format!("{url}/{id}"),
        })
    };
    CLIENTS.map(client).into_iter().collect()
}

async fn measure_all(name: &str, database: &str, clients: &str, number: usize) {
    let config = Config::from_args(["--port", "0", "--database", database, "--clients", clients]).unwrap();
    let server = Server::start(config).await.unwrap();
    for at_once in AT_ONCE {
        let mut medians = Vec::new();
        for clients in [&[][..], &CLIENTS] {
            let sessions = sign_in(database, number, clients).await;
            let times = measure(server.url(), sessions, at_once).await;
            let at = |percent: usize| times.get(times.len().saturating_mul(percent) / 100).copied().unwrap_or_default();
            println!(
                "{name}, {at_once} at once, {} clients: median {:.1} ms, slowest hundredth {:.1} ms",
                clients.len(),
                milliseconds(at(50)),
                milliseconds(at(99)),
            );
            medians.push(at(50));
        }
        let more = medians.iter().rev().copied().reduce(Duration::saturating_sub).unwrap_or_default();
        println!("{name}, {at_once} at once: {:.1} ms more with {} clients", milliseconds(more), CLIENTS.len());
    }
    server.shutdown().await.unwrap();
}

/// Signs all sessions out. Returns how long each took, sorted.
async fn measure(url: &str, sessions: Vec<String>, at_once: usize) -> Vec<Duration> {
    let sessions = Arc::new(Mutex::new(sessions));
    let mut browsers = JoinSet::new();
    for _ in 0..at_once {
        let (sessions, url) = (Arc::clone(&sessions), url.to_owned());
        browsers.spawn(async move {
            let http =
                reqwest::Client::builder().no_proxy().tls_certs_only([]).redirect(Policy::none()).build().unwrap();
            let mut times = Vec::new();
            loop {
                let Some(session) = sessions.lock().await.pop() else { return times };
                times.push(sign_out(&http, &url, &session).await);
            }
        });
    }
    let mut times: Vec<Duration> = browsers.join_all().await.into_iter().flatten().collect();
    times.sort_unstable();
    times
}

/// Presses the button of the account page. Returns how long the answer took.
async fn sign_out(http: &reqwest::Client, url: &str, session: &str) -> Duration {
    let cookie = format!("session={session}");
    let page = http.get(url).header(COOKIE, &cookie).send().await.unwrap().text().await.unwrap();
    let (_, confirmation) = page.split_once("name=\"confirmation\" value=\"").expect("a button to sign out");
    let (confirmation, _) = confirmation.split_once('"').unwrap();
    let form = [("confirmation", confirmation), ("confirm", "yes")];
    let request = http.post(format!("{url}/end_session")).header(COOKIE, &cookie).form(&form);
    let begin = Instant::now();
    let answer = request.send().await.unwrap();
    let taken = begin.elapsed();
    assert!(answer.headers().contains_key("set-cookie"), "{}", answer.text().await.unwrap());
    taken
}

/// Writes sessions to the database, because hashing a password for each would take minutes. Returns
/// their cookies.
async fn sign_in(database: &str, number: usize, clients: &[&str]) -> Vec<String> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let pool = AnyPool::connect(database).await.unwrap();
    let select = sqlx::query_scalar("SELECT id FROM users WHERE username = 'alice'");
    let user: String = select.fetch_one(&pool).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let next = || format!("cookie-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let cookies: Vec<String> = std::iter::repeat_with(next).take(number).collect();
    for cookie in &cookies {
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, cookie.as_bytes()));
        let insert = "INSERT INTO sessions (sid, id_hash, user_id, auth_time, expires_at) VALUES ($1, $2, $3, 0, $4)";
        let insert = sqlx::query(insert).bind(cookie).bind(hash).bind(&user).bind(i64::MAX);
        insert.execute(&mut *transaction).await.unwrap();
        for client in clients {
            let insert = sqlx::query("INSERT INTO session_clients (sid, client_id) VALUES ($1, $2)");
            insert.bind(cookie).bind(client).execute(&mut *transaction).await.unwrap();
        }
    }
    transaction.commit().await.unwrap();
    pool.close().await;
    cookies
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
