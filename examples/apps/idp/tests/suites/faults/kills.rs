//! The provider is killed between every two steps of a session's end. Whatever the step: a session
//! lives or has ended, nobody is told of one that lives, and every client of one that has ended is
//! told after the next start.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::{sleep, timeout};

use super::database::{Kind, Session};
use super::provider::Provider;
use crate::support::instance::{PATIENCE, spawn, succeed};
use crate::support::rp::text;
use crate::support::stub::{Answers, Stub};

const CLIENTS: [&str; 2] = ["one", "two"];

/// An attempt is claimed for three times as long as it may take.
const OPTIONS: [&str; 4] = ["--delivery-seconds", "1", "--delivery-waits", "1"];
const CLAIM: Duration = Duration::from_secs(3);

struct Scene {
    provider: Provider,
    stub: Stub,
    lives: Vec<Session>,
    ended: Vec<Session>,
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_every_step_of_a_sign_out_with_sqlite() {
    kills_at_every_step_of_a_sign_out(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_every_step_of_a_sign_out_with_postgresql() {
    kills_at_every_step_of_a_sign_out(Kind::Postgresql).await;
}

async fn kills_at_every_step_of_a_sign_out(kind: Kind) {
    let mut scene = Scene::set(kind).await;
    scene.killed_before_the_commit().await;
    scene.killed_at_the_sight_of_the_notices().await;
    scene.killed_during_the_first_attempts().await;
    scene.killed_before_a_first_attempt_is_recorded().await;
    scene.killed_before_the_worker_claims().await;
    scene.killed_during_an_attempt_of_the_worker().await;
    scene.killed_before_an_attempt_of_the_worker_is_recorded().await;
    scene.killed_once_all_is_recorded().await;
    scene.is_told_of_what_has_ended().await;
}

impl Scene {
    async fn set(kind: Kind) -> Self {
        let stub = Stub::start().await;
        let clients = CLIENTS.map(|id| stub.client(id, &json!({})));
        let provider = Provider::start(kind, &clients, &OPTIONS).await;
        let bystander = provider.rows.sign_in("bystander", "somebody", &CLIENTS).await;
        Self { provider, stub, lives: vec![bystander], ended: Vec::new() }
    }

    async fn sign_in(&self, sid: &str) -> Session {
        self.provider.rows.sign_in(sid, "user", &CLIENTS).await
    }

    /// Starts a sign-out that goes on for as long as the provider lives. Returns whether an answer
    /// came.
    fn sign_out(&self, session: &Session) -> tokio::task::JoinHandle<bool> {
        let (origin, session) = (self.provider.origin(), session.clone());
        tokio::spawn(async move { origin.sign_out(&session).await.is_ok() })
    }

    /// From now on both clients answer so.
    fn answer(&self, answers: &[Answers]) {
        for client in CLIENTS {
            self.stub.answers(client, answers);
        }
    }

    /// The times at which a client was told of a session.
    fn told(&self, client: &str, session: &Session) -> Vec<Instant> {
        let received = self.stub.received(client);
        received.into_iter().filter(|it| it.claims()["sid"] == *session.sid).map(|it| it.at).collect()
    }

    /// Waits until both clients were told of a session so many times.
    async fn are_told(&self, session: &Session, times: usize) {
        let begin = Instant::now();
        while CLIENTS.iter().any(|client| self.told(client, session).len() < times) {
            assert!(begin.elapsed() < PATIENCE, "{} is not told {times} times", session.sid);
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Kills the provider. Returns whether the claims of both clients' attempts were open by then:
    /// on a busy machine the attempts may have come to an end before.
    async fn kill_during_attempts(&mut self) -> bool {
        self.provider.server.kill();
        self.provider.rows.is_left().await;
        self.provider.rows.count("notices WHERE notice LIKE '%\"claimed\"%'").await == 2
    }

    async fn is_over(&self) {
        self.provider.rows.are(0, "notices WHERE over_at IS NULL").await;
    }

    async fn killed_before_the_commit(&mut self) {
        let session = self.sign_in("before the commit").await;
        let lock = self.provider.rows.lock().await;
        let signing_out = self.sign_out(&session);
        self.provider.rows.is_waited_for().await;
        self.provider.server.kill();
        assert!(!signing_out.await.unwrap());
        lock.rollback().await.unwrap();
        self.provider.restart().await;
        assert!(self.provider.origin().is_signed_in(&session).await);
        assert_eq!(self.provider.rows.count("notices").await, 0);
        self.lives.push(session);
    }

    async fn killed_at_the_sight_of_the_notices(&mut self) {
        let session = self.sign_in("after the commit").await;
        self.answer(&[Answers::Never]);
        let signing_out = self.sign_out(&session);
        let rows = self.provider.rows.clone();
        let seen = async { while rows.count("notices").await == 0 {} };
        timeout(PATIENCE, seen).await.expect("notices are stored");
        self.provider.server.kill();
        assert!(!signing_out.await.unwrap());
        self.answer(&[Answers::With(200)]);
        self.provider.restart().await;
        self.is_over().await;
        self.ended.push(session);
    }

    async fn killed_during_the_first_attempts(&mut self) {
        let session = self.sign_in("during the first attempts").await;
        self.answer(&[Answers::Never, Answers::With(200)]);
        let signing_out = self.sign_out(&session);
        self.are_told(&session, 1).await;
        let claimed = self.kill_during_attempts().await;
        assert!(!signing_out.await.unwrap());
        self.provider.restart().await;
        self.is_over().await;
        if claimed {
            self.was_told_again_after_the_claim(&session, 1);
        }
        self.ended.push(session);
    }

    async fn killed_before_a_first_attempt_is_recorded(&mut self) {
        let session = self.sign_in("before a first attempt is recorded").await;
        self.answer(&[Answers::Slowly(200, Duration::from_millis(700)), Answers::With(200)]);
        let signing_out = self.sign_out(&session);
        self.are_told(&session, 1).await;
        let lock = self.provider.rows.lock().await;
        // The session is reported ended.
        assert!(timeout(PATIENCE, signing_out).await.expect("an answer").unwrap());
        self.provider.server.kill();
        lock.rollback().await.unwrap();
        let claimed = self.kill_during_attempts().await;
        self.provider.restart().await;
        self.is_over().await;
        if claimed {
            // Nobody knew that they were told.
            self.was_told_again_after_the_claim(&session, 1);
        }
        self.ended.push(session);
    }

    async fn killed_before_the_worker_claims(&mut self) {
        let session = self.sign_in("before the worker claims").await;
        self.answer(&[Answers::With(500), Answers::With(200)]);
        assert!(self.sign_out(&session).await.unwrap());
        self.are_told(&session, 1).await;
        self.provider.rows.are(0, "notices WHERE over_at IS NULL AND notice NOT LIKE '%\"fault\"%'").await;
        let lock = self.provider.rows.lock().await;
        // By then the worker has looked.
        sleep(Duration::from_secs(4)).await;
        self.provider.server.kill();
        lock.rollback().await.unwrap();
        self.provider.restart().await;
        self.is_over().await;
        self.ended.push(session);
    }

    async fn killed_during_an_attempt_of_the_worker(&mut self) {
        let session = self.sign_in("during an attempt of the worker").await;
        self.answer(&[Answers::With(500), Answers::Never, Answers::With(200)]);
        assert!(self.sign_out(&session).await.unwrap());
        self.are_told(&session, 2).await;
        let claimed = self.kill_during_attempts().await;
        self.provider.restart().await;
        self.is_over().await;
        if claimed {
            self.was_told_again_after_the_claim(&session, 2);
        }
        self.ended.push(session);
    }

    async fn killed_before_an_attempt_of_the_worker_is_recorded(&mut self) {
        let session = self.sign_in("before an attempt of the worker is recorded").await;
        let slowly = Answers::Slowly(200, Duration::from_millis(700));
        self.answer(&[Answers::With(500), slowly, Answers::With(200)]);
        assert!(self.sign_out(&session).await.unwrap());
        self.are_told(&session, 2).await;
        let lock = self.provider.rows.lock().await;
        sleep(Duration::from_millis(900)).await;
        self.provider.server.kill();
        lock.rollback().await.unwrap();
        let claimed = self.kill_during_attempts().await;
        self.provider.restart().await;
        self.is_over().await;
        if claimed {
            self.was_told_again_after_the_claim(&session, 2);
        }
        self.ended.push(session);
    }

    async fn killed_once_all_is_recorded(&mut self) {
        let session = self.sign_in("once all is recorded").await;
        self.answer(&[Answers::With(200)]);
        assert!(self.sign_out(&session).await.unwrap());
        self.is_over().await;
        let told = CLIENTS.map(|client| self.told(client, &session).len());
        self.provider.server.kill();
        self.provider.restart().await;
        // By then the worker has looked, and a claim would be lost.
        sleep(CLAIM + Duration::from_secs(2)).await;
        assert_eq!(CLIENTS.map(|client| self.told(client, &session).len()), told);
        self.ended.push(session);
    }

    /// Each client was told so many times before the kill, and once more when the claim of the
    /// killed process counted as lost.
    fn was_told_again_after_the_claim(&self, session: &Session, before: usize) {
        for client in CLIENTS {
            let told = self.told(client, session);
            assert_eq!(told.len(), before + 1, "{client} {}", session.sid);
            let waited = told[before].duration_since(told[before - 1]);
            // Times are stored in whole seconds.
            assert!(waited + Duration::from_secs(1) > CLAIM, "{waited:?}");
        }
    }

    /// Each client was told of each session that has ended, and of no other.
    async fn is_told_of_what_has_ended(&self) {
        self.is_over().await;
        assert_eq!(self.provider.rows.count("notices WHERE notice NOT LIKE '%\"delivered\"%'").await, 0);
        for session in &self.lives {
            assert!(self.provider.origin().is_signed_in(session).await);
        }
        assert_eq!(self.provider.rows.sids().await.len(), self.lives.len());
        for client in CLIENTS {
            for session in &self.ended {
                assert!(!self.told(client, session).is_empty(), "{client} was not told of {}", session.sid);
            }
            for session in &self.lives {
                assert!(self.told(client, session).is_empty(), "{client} was told of {}", session.sid);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_a_killed_command_has_ended_are_told_with_sqlite() {
    sessions_that_a_killed_command_has_ended_are_told(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_a_killed_command_has_ended_are_told_with_postgresql() {
    sessions_that_a_killed_command_has_ended_are_told(Kind::Postgresql).await;
}

/// `end-sessions` is killed after each of its first transactions. What has ended by then is told,
/// and the rest lives.
async fn sessions_that_a_killed_command_has_ended_are_told(kind: Kind) {
    const SESSIONS: i64 = 400;
    let stub = Stub::start().await;
    let clients = CLIENTS.map(|id| stub.client(id, &json!({})));
    let provider = Provider::start(kind, &clients, &[]).await;
    provider.rows.sign_in_often("many", SESSIONS, "user", &CLIENTS).await;
    let mut left = SESSIONS;
    for _ in 0..4 {
        let mut command = spawn(&provider.database.url, &["end-sessions", "--all"]);
        provider.rows.wait("sessions", |count| count < left).await;
        command.kill();
        // Waits for what the command has sent to the database.
        provider.rows.lock().await.rollback().await.unwrap();
        provider.rows.wait("notices WHERE over_at IS NULL", |count| count == 0).await;
        let lives = provider.rows.sids().await;
        left = i64::try_from(lives.len()).unwrap();
        for client in CLIENTS {
            let told = stub.received(client).into_iter().map(|it| text(&it.claims(), "sid").to_owned());
            let told: HashSet<_> = told.collect();
            assert!(lives.iter().all(|sid| !told.contains(sid)));
            assert_eq!(told.len() + lives.len(), usize::try_from(SESSIONS).unwrap());
        }
    }
    println!("{left} of {SESSIONS} sessions were left");
    succeed(&provider.database.url, &["end-sessions", "--all"], "");
    provider.rows.are(0, "sessions").await;
    provider.rows.are(0, "notices WHERE over_at IS NULL").await;
    // Who tells them was not killed.
    assert_eq!(stub.all_received().len(), usize::try_from(SESSIONS).unwrap() * 2);
}
