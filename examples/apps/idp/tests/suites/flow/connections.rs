//! How the server treats its connections. A balancer in front of it would hide that.

use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::provider::Provider;
use crate::support::browser::Browser;

/// Sends some bytes and then nothing. Returns the server's answer, and after how many seconds it
/// closed the connection.
async fn answer_to(provider: &Provider, sent: &str) -> (String, u64) {
    let begin = Instant::now();
    let mut connection = TcpStream::connect(provider.server.address()).await.unwrap();
    connection.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = connection.read_to_string(&mut answer).await;
    (answer, begin.elapsed().as_secs())
}

#[tokio::test]
async fn who_does_not_get_to_the_end_is_cut_off() {
    let provider = Provider::start(&["--request-seconds", "1"]).await;
    let headers = "POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nConnection: close\r\n";
    let (answer, seconds) = answer_to(&provider, &format!("{headers}\r\ngrant")).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && (1..5).contains(&seconds), "{seconds} {answer}");
    let (answer, seconds) = answer_to(&provider, headers).await;
    assert!(!answer.contains(" 200 ") && (1..5).contains(&seconds), "{seconds} {answer}");
}

#[tokio::test]
async fn bodies_are_limited() {
    let provider = Provider::start(&[]).await;
    let browser = Browser::new();
    let large = "x".repeat(200 * 1024);
    for path in ["/sign-in", "/token", "/userinfo", "/register", "/authorize", "/end_session"] {
        assert_eq!(browser.post(&provider.url(path), &[("a", &large)]).await.status, 413, "{path}");
    }
    let for_the_crate = "x".repeat(100 * 1024);
    assert_eq!(browser.post(&provider.url("/end_session"), &[("state", &for_the_crate)]).await.status, 413);
}
