//! How the server treats its connections. A balancer in front of it would hide that.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

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
    let very_large = "x".repeat(3 * 1024 * 1024);
    for (path, words) in [
        ("/sign-in", "The request is too large."),
        ("/authorize", "The request is too large."),
        ("/end_session", "request_too_large"),
        ("/nowhere", "This page does not exist."),
        ("/token", "\"error\":\"invalid_request\""),
        ("/userinfo", "\"error\":\"invalid_request\""),
        ("/register", "\"error\":\"invalid_client_metadata\""),
    ] {
        // The answer comes although the client is still sending when it is clear.
        let answer = browser.post(&provider.url(path), &[("a", &very_large)]).await;
        assert_eq!(answer.status, if path == "/nowhere" { 404 } else { 413 }, "{path}");
        assert!(answer.body.contains(words), "{path}: {}", answer.body);
        let kind = if words.contains("error\":") { "application/json" } else { "text/html; charset=utf-8" };
        assert_eq!(answer.header("content-type"), kind, "{path}");
        assert_eq!(answer.header_lines("cache-control"), "no-store", "{path}");
    }
    let for_the_crate = "x".repeat(100 * 1024);
    assert_eq!(browser.post(&provider.url("/end_session"), &[("state", &for_the_crate)]).await.status, 413);
}

/// Sends requests without reading an answer until the server takes no more, and then waits. Returns
/// how many requests it sent, and how many answers it can read in the end.
async fn requests_and_answers(provider: &Provider, wait: Duration) -> (usize, usize) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut connection = socket.connect(provider.server.address()).await.unwrap();
    let request = b"GET /assets/style.css HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
    let mut sent = 0;
    while let Ok(Ok(())) = tokio::time::timeout(Duration::from_millis(500), connection.write_all(&request)).await {
        sent += 100;
        assert!(sent < 1_000_000, "the server reads on");
    }
    tokio::time::sleep(wait).await;
    let mut answers = Vec::new();
    // It ends when nothing comes for a while. A limit for the whole would depend on the machine.
    while let Ok(Ok(1..)) = tokio::time::timeout(Duration::from_secs(5), connection.read_buf(&mut answers)).await {}
    (sent, String::from_utf8_lossy(&answers).matches("HTTP/1.1 200 ").count())
}

#[tokio::test]
async fn who_never_reads_is_cut_off() {
    let provider = Provider::start(&["--request-seconds", "1"]).await;
    let (sent, answered) = requests_and_answers(&provider, Duration::from_secs(4)).await;
    assert!(answered < sent, "{answered} of {sent}");
    // Whoever reads late, but in time, gets every answer.
    let provider = Provider::start(&["--request-seconds", "60"]).await;
    let (sent, answered) = requests_and_answers(&provider, Duration::ZERO).await;
    assert!(answered >= sent, "{answered} of {sent}");
}

#[tokio::test]
async fn connections_are_bounded() {
    let provider = Provider::start(&["--connections", "3"]).await;
    let open = async || {
        let mut connection = TcpStream::connect(provider.server.address()).await.unwrap();
        drop(connection.write_all(b"GET /jwks HTTP/1.1\r\nHost: a\r\n\r\n").await);
        let mut answer = [0; 12];
        (connection.read_exact(&mut answer).await.is_ok() && answer.starts_with(b"HTTP/1.1 200")).then_some(connection)
    };
    let (one, two, three) = (open().await, open().await, open().await);
    assert!(one.is_some() && two.is_some() && three.is_some());
    assert!(open().await.is_none());
    drop(one);
    let begin = Instant::now();
    while open().await.is_none() {
        assert!(begin.elapsed() < Duration::from_secs(10), "the place is not free again");
    }
}
