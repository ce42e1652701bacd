//! A session ends while its user signs in at one more client. The client gets a code and is told,
//! or it gets neither.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::database::{Kind, Session};
use super::provider::{Origin, Provider};
use crate::support::rp::text;
use crate::support::stub::Stub;

const ROUNDS: usize = 1000;
/// How many rounds go on at once.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_meets_a_sign_out_is_told_or_refused_with_sqlite() {
    meet(Kind::Sqlite).await;
}

/// One instance is asked for the sign-in, another one for the sign-out.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_meets_a_sign_out_is_told_or_refused_with_postgresql() {
    meet(Kind::Postgresql).await;
}

async fn meet(kind: Kind) {
    let stub = Stub::start().await;
    let clients = ["one", "late"].map(|id| stub.client(id, &json!({})));
    let provider = Provider::start(kind, &clients, &[]).await;
    let another = match kind {
        Kind::Sqlite => None,
        Kind::Postgresql => Some(provider.another().await),
    };
    let sessions: Arc<Vec<Session>> = {
        let mut sessions = Vec::new();
        for number in 0..ROUNDS {
            sessions.push(provider.rows.sign_in(&format!("session-{number}"), "user", &["one"]).await);
        }
        Arc::new(sessions)
    };
    let signs_in = provider.origin();
    let signs_out = match &another {
        Some(another) => another.origin(),
        None => provider.origin(),
    };
    let (next, offset) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicI64::new(0)));
    let mut racing = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (sessions, next, offset) = (Arc::clone(&sessions), Arc::clone(&next), Arc::clone(&offset));
        let (signs_in, signs_out) = (signs_in.clone(), signs_out.clone());
        racing.spawn(async move {
            let mut accepted = HashSet::new();
            while let Some(session) = sessions.get(next.fetch_add(1, Ordering::Relaxed)) {
                if race(&signs_in, &signs_out, session, &offset).await {
                    accepted.insert(session.sid.clone());
                }
            }
            accepted
        });
    }
    let accepted: HashSet<_> = racing.join_all().await.into_iter().flatten().collect();
    provider.rows.are(0, "notices WHERE over_at IS NULL").await;
    assert_eq!(provider.rows.count("sessions").await, 0);

    let told = |client: &str| -> HashSet<String> {
        stub.received(client).into_iter().map(|it| text(&it.claims(), "sid").to_owned()).collect()
    };
    assert_eq!(told("one").len(), ROUNDS);
    assert_eq!(told("late"), accepted);
    println!("{kind:?}: of {ROUNDS} sign-ins {} were accepted", accepted.len());
    // They do meet.
    assert!((ROUNDS / 10..=ROUNDS * 9 / 10).contains(&accepted.len()), "{}", accepted.len());
}

/// Signs in and out at the same moment, or nearly so: who came first in the last round has to wait
/// a little longer in the next one. `offset` is how long the sign-in waits, in microseconds; if it
/// is negative, the sign-out does.
async fn race(signs_in: &Origin, signs_out: &Origin, session: &Session, offset: &AtomicI64) -> bool {
    const STEP: i64 = 200;
    let wait = offset.load(Ordering::Relaxed);
    let after = |wait: i64| sleep(Duration::from_micros(wait.try_into().unwrap_or(0)));
    let page = signs_out.page(session).await;
    let (accepted, ended) = tokio::join!(
        async {
            after(wait).await;
            signs_in.sign_in_at("late", session).await
        },
        async {
            after(-wait).await;
            signs_out.press_the_button_of(&page, session).await
        }
    );
    ended.unwrap();
    offset.fetch_add(if accepted { STEP } else { -STEP }, Ordering::Relaxed);
    accepted
}
