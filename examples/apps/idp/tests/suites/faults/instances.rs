//! Two instances share the work, with a PostgreSQL database.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use super::database::Kind;
use super::provider::Provider;
use crate::support::instance::succeed;
use crate::support::rp::text;
use crate::support::stub::{Answers, Stub};

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_tell_every_client_once() {
    const SESSIONS: i64 = 300;
    let stub = Stub::start().await;
    let ids = ["one", "two", "three"];
    let clients = ids.map(|id| stub.client(id, &json!({})));
    let provider = Provider::start(Kind::Postgresql, &clients, &[]).await;
    let another = provider.another().await;
    for id in ids {
        stub.answers(id, &[Answers::Slowly(200, Duration::from_millis(5))]);
    }
    // Sign-outs at both wake both workers, while a third process ends the sessions.
    provider.rows.sign_in_often("many", SESSIONS, "user", &ids).await;
    let mut own = Vec::new();
    for number in 0..20 {
        own.push(provider.rows.sign_in(&format!("own-{number}"), "somebody", &ids).await);
    }
    let database = provider.database.url.clone();
    let command = move || succeed(&database, &["end-sessions", "--user", "user"], "");
    let ending = tokio::task::spawn_blocking(command);
    for sessions in own.chunks(2) {
        let (one, two) = (provider.origin(), another.origin());
        let (one, two) = tokio::join!(one.sign_out(&sessions[0]), two.sign_out(&sessions[1]));
        assert!(one.is_ok() && two.is_ok());
    }
    ending.await.unwrap();
    provider.rows.are(0, "sessions").await;
    provider.rows.are(0, "notices WHERE over_at IS NULL").await;

    let mut told = HashMap::<_, usize>::new();
    for received in stub.all_received() {
        let sid = text(&received.claims(), "sid").to_owned();
        *told.entry((received.client, sid)).or_default() += 1;
    }
    assert_eq!(told.len(), ids.len() * (usize::try_from(SESSIONS).unwrap() + own.len()));
    let again: Vec<_> = told.iter().filter(|(_, times)| **times > 1).collect();
    assert!(again.is_empty(), "told again: {again:?}");
    // No attempt came to nothing either.
    assert_eq!(provider.rows.count("notices WHERE attempts > 1").await, 0);
}
