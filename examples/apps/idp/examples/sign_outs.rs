//! Measures sign-outs when eight come at once, with SQLite and with PostgreSQL, and prints the
//! median and the slowest hundredth. It needs Debian's package `postgresql`.
//!
//! ```text
//! cargo run --release -p idp --example sign_outs -- [NUMBER]
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "it measures")]

#[path = "../tests/support/postgresql.rs"]
mod postgresql;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use idp::Server;
use idp::config::Config;
use reqwest::header::COOKIE;
use reqwest::redirect::Policy;
use sqlx::AnyPool;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// How many browsers sign out at the same time.
const AT_ONCE: usize = 8;

#[tokio::main]
async fn main() {
    let number: usize = std::env::args().nth(1).map_or(2000, |number| number.parse().expect("a number of sign-outs"));
    let directory = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", directory.path().join("idp.sqlite").display());
    measure("SQLite", &sqlite, number).await;
    measure("PostgreSQL", &postgresql::new_database().await, number).await;
}

async fn measure(name: &str, database: &str, number: usize) {
    let config = Config::from_args(["--port", "0", "--database", database]).unwrap();
    let server = Server::start(config).await.unwrap();
    let sessions = Arc::new(Mutex::new(sign_in(database, number).await));
    let url = server.url().to_owned();
    let mut browsers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (sessions, url) = (Arc::clone(&sessions), url.clone());
        browsers.spawn(async move {
            let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
            let mut times = Vec::new();
            loop {
                let Some(session) = sessions.lock().await.pop() else { return times };
                times.push(sign_out(&http, &url, &session).await);
            }
        });
    }
    let mut times: Vec<Duration> = browsers.join_all().await.into_iter().flatten().collect();
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len().saturating_mul(percent) / 100).copied().unwrap_or_default();
    let [median, slow, slowest] = [at(50), at(99), times.last().copied().unwrap_or_default()];
    println!(
        "{name}: {} sign-outs, {AT_ONCE} at once: median {:.1} ms, slowest hundredth {:.1} ms ({:.1} times), slowest {:.1} ms",
        times.len(),
        milliseconds(median),
        milliseconds(slow),
        slow.as_secs_f64() / median.as_secs_f64(),
        milliseconds(slowest),
    );
    server.shutdown().await.unwrap();
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
async fn sign_in(database: &str, number: usize) -> Vec<String> {
    let pool = AnyPool::connect(database).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let select = sqlx::query_scalar("SELECT id FROM users WHERE username = 'alice'");
    let user: String = select.fetch_one(&mut *transaction).await.unwrap();
    let cookies: Vec<String> = (0..number).map(|index| format!("cookie-{index}")).collect();
    for cookie in &cookies {
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, cookie.as_bytes()));
        let insert = "INSERT INTO sessions (sid, id_hash, user_id, auth_time, expires_at) VALUES ($1, $2, $3, 0, $4)";
        let insert = sqlx::query(insert).bind(cookie).bind(hash).bind(&user).bind(i64::MAX);
        insert.execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    pool.close().await;
    cookies
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
