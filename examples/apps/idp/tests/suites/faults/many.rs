//! There is very much to tell.

use std::time::{Duration, Instant};

use serde_json::json;

use super::database::Kind;
use super::provider::Provider;
use crate::support::instance::{PATIENCE, spawn, succeed};
use crate::support::stub::{Answers, Stub};

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_client_with_ten_thousand_notices_delays_nobody_with_sqlite() {
    a_dead_client_delays_nobody(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_client_with_ten_thousand_notices_delays_nobody_with_postgresql() {
    a_dead_client_delays_nobody(Kind::Postgresql).await;
}

async fn a_dead_client_delays_nobody(kind: Kind) {
    const SESSIONS: usize = 40;
    let stub = Stub::start().await;
    // The dead client is the first in each order. One client shares its host with it.
    let elsewhere = stub.uri("elsewhere").replace("127.0.0.1", "localhost");
    let clients = [
        stub.client("a-dead", &json!({})),
        stub.client("beside", &json!({})),
        stub.client("elsewhere", &json!({ "backchannel_logout_uri": elsewhere })),
    ];
    stub.answers("a-dead", &[Answers::Never]);
    let mut provider = Provider::start(kind, &clients, &[]).await;
    provider.server.kill();
    provider.rows.sign_in("long ago", "user", &["a-dead"]).await;
    succeed(&provider.database.url, &["end-sessions", "--all"], "");
    provider.rows.multiply_notice("long ago", 10_000).await;
    provider.restart().await;
    // Its places are taken.
    stub.receives("a-dead", 4).await;

    provider.rows.sign_in_often("session", i64::try_from(SESSIONS).unwrap(), "user", &["beside", "elsewhere"]).await;
    let begin = Instant::now();
    succeed(&provider.database.url, &["end-sessions", "--all"], "");
    stub.receives("elsewhere", SESSIONS).await;
    let elsewhere = begin.elapsed();
    stub.receives("beside", SESSIONS).await;
    let beside = begin.elapsed();
    println!("{kind:?}: another host's client is told after {elsewhere:?}, one of the same host after {beside:?}");
    // An attempt to tell the dead one takes 10 seconds.
    assert!(elsewhere < Duration::from_secs(20), "{elsewhere:?}");
    assert!(beside < Duration::from_secs(20), "{beside:?}");
    let session = provider.rows.sign_in("last", "user", &["a-dead", "beside", "elsewhere"]).await;
    provider.origin().sign_out(&session).await.unwrap();
    for id in ["beside", "elsewhere"] {
        assert_eq!(stub.received(id).len(), SESSIONS + 1, "{id}");
    }
    assert_eq!(provider.rows.count("notices WHERE over_at IS NULL AND client_id <> 'a-dead'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_sessions_end_at_once_with_sqlite() {
    two_thousand_sessions_end_at_once(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_sessions_end_at_once_with_postgresql() {
    two_thousand_sessions_end_at_once(Kind::Postgresql).await;
}

/// Neither memory nor the time of a sign-in depends on how many sessions end.
async fn two_thousand_sessions_end_at_once(kind: Kind) {
    const SESSIONS: i64 = 2000;
    let stub = Stub::start().await;
    let clients = [stub.client("one", &json!({}))];
    let provider = Provider::start(kind, &clients, &["--sign-in-attempts-per-address", "100000"]).await;
    provider.rows.sign_in_often("session", SESSIONS, "user", &["one"]).await;
    // What every sign-in needs is there after the first one.
    provider.origin().sign_in().await;
    let (server, begin) = (provider.server.memory(), Instant::now());
    let command = spawn(&provider.database.url, &["end-sessions", "--user", "user"]);
    provider.rows.wait("sessions", |count| count <= SESSIONS).await;
    let small = command.memory();
    let (mut largest, mut slowest, mut times) = (small, Duration::ZERO, 0);
    while provider.rows.count("sessions WHERE sid LIKE 'session%'").await > 0 {
        assert!(begin.elapsed() < PATIENCE);
        slowest = slowest.max(provider.origin().sign_in().await);
        times += 1;
        largest = command.memory().or(largest);
    }
    let taken = begin.elapsed();
    assert!(command.ended().await.success());
    println!("{kind:?}: {SESSIONS} sessions ended in {taken:?}; {times} sign-ins meanwhile, the slowest {slowest:?}");
    assert!(times > 0 && slowest < Duration::from_secs(10), "{times} sign-ins, the slowest {slowest:?}");
    provider.rows.are(0, "notices WHERE over_at IS NULL").await;
    println!("{kind:?}: all were told after {:?}", begin.elapsed());
    for (name, before, after) in [("command", small, largest), ("server", server, provider.server.memory())] {
        let (Some((before, _)), Some((_, most))) = (before, after) else { continue };
        println!("{kind:?}: memory of the {name}: {before} MiB before, {most} MiB at most");
        assert!(most < before + 60, "{name}: {before} MiB before, {most} MiB at most");
    }
    assert_eq!(stub.all_received().len(), usize::try_from(SESSIONS).unwrap());
}
