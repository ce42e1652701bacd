//! The provider is killed with `SIGKILL` at random times. Whatever it told a client must hold after
//! the restart: nobody is told of the end of a session that lives, and all who take part in one
//! that has ended are told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "tests"
)]

mod suites {
    pub(crate) mod kill {
        mod check;
        pub(crate) mod client;
        pub(crate) mod database;
        mod start;
        pub(crate) mod told;
    }
}

mod support {
    pub(crate) mod instance;
    pub(crate) mod postgresql;
}

use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::task::JoinSet;

use suites::kill::client::{Client, Killer, Told};
use suites::kill::database::Database;
use suites::kill::told::ToldClients;
use support::instance::{Instance, PATIENCE};

/// The limits are high, because an interrupted attempt to sign in counts as a failed one.
const OPTIONS: [&str; 8] = [
    "--base-url",
    "http://127.0.0.1:9",
    "--sign-in-attempts",
    "1000000",
    "--sign-in-attempts-per-address",
    "1000000",
    "--sign-in-attempts-per-account",
    "1000000",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_clients_were_told_holds_with_sqlite() {
    told_holds(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_clients_were_told_holds_with_postgresql() {
    told_holds(Database::postgresql().await).await;
}

async fn told_holds(database: Database) {
    const ROUNDS: usize = 40;
    const CLIENTS: u64 = 6;
    let begin = Instant::now();
    let (told_clients, file) = ToldClients::start().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clients.json");
    std::fs::write(&path, file).unwrap();
    // A notice that a killed process was about to send is sent again after three seconds.
    let more = ["--clients", path.to_str().unwrap(), "--delivery-seconds", "1", "--delivery-waits", "1"];
    let options = [&OPTIONS[..], &more].concat();
    let mut clients: Vec<_> = (0..CLIENTS).map(|number| Client::new(Rng::with_seed(number))).collect();
    let (mut told, mut rounds) = (Told::default(), 0);
    let mut rng = Rng::with_seed(CLIENTS);
    while rounds < ROUNDS && begin.elapsed() < Duration::from_secs(60) {
        rounds += 1;
        let instance = Instance::start(&database.url, &options).await;
        let origin = format!("http://{}", instance.address);
        if rounds % 2 == 0 {
            database.is_sound().await;
        }
        for client in &mut clients {
            client.check(&origin).await;
        }

        let killer = Arc::new(Killer::new(instance, &mut rng));
        told_clients.tell(&killer);
        let mut working = JoinSet::new();
        for mut client in clients.drain(..) {
            let (origin, killer) = (origin.clone(), Arc::clone(&killer));
            working.spawn(async move {
                client.work(&origin, &killer).await;
                client
            });
        }
        // Kill it even if the event that the killer waits for does not happen in time.
        drop(tokio::time::timeout(Duration::from_secs(5), killer.killed()).await);
        killer.kill();
        clients = tokio::time::timeout(PATIENCE, working.join_all()).await.expect("clients notice");
        told.add(&killer);
        database.is_left_by_the_killed().await;
        // In every other round this test is the first to open the database after the kill;
        // otherwise the next process is.
        if rounds % 2 == 1 {
            database.is_sound().await;
        }
    }
    let instance = Instance::start(&database.url, &options).await;
    let mut sessions = 0;
    for client in &mut clients {
        sessions += client.check_all(&format!("http://{}", instance.address)).await;
    }
    database.is_sound().await;
    let in_doubt: usize = clients.iter().map(|client| client.in_doubt).sum();
    let again = told_clients.know_what_has_ended(&database, &clients).await;
    println!("{rounds} rounds, {sessions} sessions, {told:?}, {in_doubt} in doubt, {:?}", begin.elapsed());
    println!("{again} times a client was told again");
    assert!(told.notices > rounds, "{rounds} {told:?}");
    assert!(told.sign_ins > rounds && told.sign_outs > rounds && told.redemptions > rounds, "{rounds} {told:?}");
    assert!(in_doubt > 0);
}
