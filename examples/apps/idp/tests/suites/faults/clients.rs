//! Clients that answer late, wrong, without end or never. The others are told before the sign-out
//! is answered, and the provider's memory does not grow.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::database::Kind;
use super::provider::Provider;
use crate::support::rp::text;
use crate::support::stub::{Answers, Stub};

const GOOD: [&str; 2] = ["good-1", "good-2"];
const SIGN_OUTS: usize = 12;
/// How many sign-outs go on at once.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_behave_badly_harm_nobody_with_sqlite() {
    clients_that_behave_badly_harm_nobody(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_behave_badly_harm_nobody_with_postgresql() {
    clients_that_behave_badly_harm_nobody(Kind::Postgresql).await;
}

/// A client whose answer is headers without end.
async fn sends_headers_without_end() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                drop(connection.read(&mut [0; 4096]).await);
                let mut sent = connection.write_all(b"HTTP/1.1 200 OK\r\n").await;
                let line = format!("X-Header: {}\r\n", "x".repeat(1000));
                while sent.is_ok() {
                    sent = connection.write_all(line.as_bytes()).await;
                }
            });
        }
    });
    format!("http://{address}/")
}

async fn clients_that_behave_badly_harm_nobody(kind: Kind) {
    let stub = Stub::start().await;
    let elsewhere = stub.uri("elsewhere");
    let bad: [(&str, Answers); 8] = [
        ("hangs", Answers::Never),
        ("drips", Answers::Drips),
        ("floods", Answers::Floods(1 << 30)),
        ("fails", Answers::With(500)),
        ("fails slowly", Answers::Slowly(503, Duration::from_millis(1500))),
        ("is busy", Answers::Later(429, "3600")),
        ("redirects", Answers::Redirect(elsewhere)),
        ("refuses", Answers::With(400)),
    ];
    let mut clients = Vec::new();
    for (number, (_, answers)) in bad.iter().enumerate() {
        let id = format!("bad-{number}");
        stub.answers(&id, std::slice::from_ref(answers));
        clients.push(stub.client(&id, &json!({})));
    }
    let endless = json!({ "backchannel_logout_uri": sends_headers_without_end().await });
    clients.push(stub.client("endless", &endless));
    for id in GOOD {
        // A host of their own.
        let uri = stub.uri(id).replace("127.0.0.1", "localhost");
        clients.push(stub.client(id, &json!({ "backchannel_logout_uri": uri })));
    }
    let ids: Vec<&str> = clients.iter().map(|client| text(client, "client_id")).collect();
    // A day is 6 seconds long.
    let options = ["--delivery-seconds", "2", "--delivery-waits", "1,1,2", "--delivery-give-up-seconds", "6"];
    let provider = Provider::start(kind, &clients, &options).await;
    let mut sessions = Vec::new();
    for number in 0..=SIGN_OUTS {
        sessions.push(provider.rows.sign_in(&format!("session-{number}"), "user", &ids).await);
    }
    // What every sign-out needs is there after the first one.
    provider.origin().sign_out(&sessions.remove(0)).await.unwrap();
    let before = provider.server.memory();

    let begin = Instant::now();
    for sessions in sessions.chunks(AT_ONCE) {
        let mut signing_out = JoinSet::new();
        for session in sessions.iter().cloned() {
            let (origin, stub) = (provider.origin(), stub.clone());
            signing_out.spawn(async move {
                origin.sign_out(&session).await.unwrap();
                // Those who answer have been told by now.
                GOOD.map(|id| stub.received(id).iter().any(|it| it.claims()["sid"] == *session.sid))
            });
        }
        for told in signing_out.join_all().await {
            assert_eq!(told, [true; 2]);
        }
    }
    let rounds = u32::try_from(SIGN_OUTS / AT_ONCE).unwrap();
    println!("{kind:?}: {SIGN_OUTS} sign-outs, {AT_ONCE} at once, in {:?}", begin.elapsed());
    // The deadline is 2.5 seconds.
    assert!(begin.elapsed() < Duration::from_secs(10) * rounds, "{:?}", begin.elapsed());

    provider.rows.are(0, "notices WHERE over_at IS NULL").await;
    if let (Some((before, _)), Some((after, most))) = (before, provider.server.memory()) {
        println!("{kind:?}: {before} MiB before, {after} MiB after, {most} MiB at most");
        // The answers alone have many GiB.
        assert!(most < before + 100, "{before} MiB before, {most} MiB at most");
    }
    let delivered = "notices WHERE notice LIKE '%\"delivered\"%' AND client_id";
    let all = i64::try_from(SIGN_OUTS + 1).unwrap();
    // An answer counts by its status. Those of the others are visible as failures. These clients
    // have one host, where places are few, so some notices to the first two were given up too.
    for (number, (name, _)) in bad.iter().enumerate() {
        let count = provider.rows.count(&format!("{delivered} = 'bad-{number}'")).await;
        assert_eq!(count > 0, ["drips", "floods"].contains(name), "{name}: {count}");
    }
    assert_eq!(provider.rows.count(&format!("{delivered} = 'endless'")).await, 0);
    assert_eq!(provider.rows.count(&format!("{delivered} LIKE 'good-%'")).await, all * 2);
    // No schedule of such waits has more attempts.
    assert_eq!(provider.rows.count("notices WHERE attempts > 7").await, 0);
    // Who asks for an hour is not asked again before, and nobody follows a redirect. (An attempt
    // for which there was no place counts, but nobody is asked.)
    for client in ["bad-5", "bad-6"] {
        let asked: Vec<_> = stub.received(client).iter().map(|it| it.claims()["sid"].to_string()).collect();
        assert_eq!(asked.iter().collect::<HashSet<_>>().len(), asked.len(), "{client}: {asked:?}");
    }
    assert_eq!(stub.received("elsewhere").len(), 0);
}
