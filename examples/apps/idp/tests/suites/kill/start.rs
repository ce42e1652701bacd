//! First starts and commands that are killed before they finish.

use std::time::{Duration, Instant};

use fastrand::Rng;
use sqlx::{AnyConnection, Connection as _};

use super::client::{Client, Killer};
use super::database::{Database, generations};
use crate::OPTIONS;
use crate::support::instance::{Instance, PATIENCE, Process, spawn};

/// How many points in time are tried for killing a process.
const STEPS: u32 = 16;
/// How many more times a process is killed at the moment at which new keys become visible.
const SIGHTS: usize = 4;

/// Kills a process that makes keys as soon as another process can see them. A generation must never
/// be incomplete.
async fn kill_at_the_sight_of_keys(mut process: Process, database: &Database, before: usize) {
    let seen = async {
        let mut connection = loop {
            // The file may not exist yet.
            if let Ok(connection) = AnyConnection::connect(&database.url).await {
                break connection;
            }
        };
        while generations(&mut connection).await.unwrap_or_default() <= before {}
        process.kill();
        connection.close().await.unwrap();
    };
    tokio::time::timeout(PATIENCE, seen).await.expect("keys are made");
    database.is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_is_gone_on_with_by_the_next_with_sqlite() {
    let mut databases = Vec::new();
    databases.resize_with(STEPS as usize + SIGHTS + 1, Database::sqlite);
    first_starts(databases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_is_gone_on_with_by_the_next_with_postgresql() {
    let mut databases = Vec::new();
    for _ in 0..=STEPS as usize + SIGHTS {
        databases.push(Database::postgresql().await);
    }
    first_starts(databases).await;
}

async fn first_starts(mut databases: Vec<Database>) {
    let begin = Instant::now();
    Instance::start(&databases.pop().unwrap().url, &OPTIONS).await;
    let duration = begin.elapsed();
    let start = |database: &Database| spawn(&database.url, &[&["--port", "0"], &OPTIONS[..]].concat());
    for (step, database) in (0..).zip(databases) {
        if step < STEPS {
            // Twice, because the second start goes on where the first was killed.
            for _ in 0..2 {
                let mut process = start(&database);
                tokio::time::sleep(duration * step / STEPS).await;
                process.kill();
            }
        } else {
            kill_at_the_sight_of_keys(start(&database), &database, 0).await;
        }
        let instance = Instance::start(&database.url, &OPTIONS).await;
        database.is_sound().await;
        let origin = format!("http://{}", instance.address);
        let mut client = Client::new(Rng::with_seed(0));
        let killer = Killer::never(instance);
        client.sign_in(&origin, &killer).await.ok().expect("answers");
        client.check(&origin).await;
        assert_eq!(client.sessions.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_in_full_or_not_at_all_with_sqlite() {
    rotations(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_in_full_or_not_at_all_with_postgresql() {
    rotations(Database::postgresql().await).await;
}

async fn rotations(database: Database) {
    let instance = Instance::start(&database.url, &OPTIONS).await;
    let jwks = format!("http://{}/jwks", instance.address);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let begin = Instant::now();
    assert!(spawn(&database.url, &["rotate-keys"]).ended().await.success());
    let duration = begin.elapsed();
    for before in 2..2 + SIGHTS {
        kill_at_the_sight_of_keys(spawn(&database.url, &["rotate-keys"]), &database, before).await;
    }
    let mut sizes = Vec::new();
    for step in 0..STEPS * 2 {
        let revoke: &[&str] = if step % 2 == 0 { &[] } else { &["--revoke"] };
        let mut process = spawn(&database.url, &[&["rotate-keys"], revoke].concat());
        tokio::time::sleep(duration * step / STEPS / 2 + Duration::from_millis(1)).await;
        process.kill();
        database.is_sound().await;
        let keys: serde_json::Value = http.get(&jwks).send().await.unwrap().json().await.unwrap();
        sizes.push(keys["keys"].as_array().unwrap().len());
    }
    // One generation or two.
    assert!(sizes.iter().all(|size| [3, 6].contains(size)), "{sizes:?}");
}
