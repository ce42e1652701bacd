//! Tells clients what they were not told at once: attempts that are due, of all sessions.
//!
//! Every instance has one. They share the table and take turns by claims. A client that does not
//! answer keeps only a few places busy, however much it has to be told, and clients take turns too.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::delivery::{Attempt, Place};
use crate::notices::{self, Due, Waiting};
use crate::{clients, store};

/// How often it looks when nobody wakes it.
const EVERY: Duration = Duration::from_secs(2);

/// How many attempts run at once: for one client, for one that did not answer lately, for one host,
/// and in all. No client can take all places of its host.
const AT_CLIENT: usize = 4;
const AT_SILENT_CLIENT: usize = 1;
const AT_HOST: usize = 8;
const AT_ONCE: usize = 32;

/// How many clients are looked at at a time, and how many notices of each are read.
const CLIENTS: i64 = 64;
const PAGE: i64 = 32;

/// Works until the process is told to stop.
pub(crate) async fn work(app: Arc<App>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let freed = Arc::new(Notify::new());
    let mut queue = Queue::default();
    loop {
        let look = tokio::select! {
            () = app.delivery.stopping.cancelled() => return,
            _ = ticks.tick() => true,
            () = app.delivery.woken() => true,
            () = freed.notified() => queue.is_short(&app),
        };
        if let Err(error) = turn(&app, &mut queue, look, &freed).await {
            tracing::error!(error = format!("{error:#}"), "notices could not be read or claimed");
        }
    }
}

async fn turn(app: &Arc<App>, queue: &mut Queue, look: bool, freed: &Arc<Notify>) -> anyhow::Result<()> {
    if look {
        queue.fill(app).await?;
    }
    let due = queue.take(app);
    if due.is_empty() {
        return Ok(());
    }
    let keys = app.keys().await?;
    for (claimed, place) in notices::claim(&app.db, &app.delivery.schedule, due).await? {
        let delivery = Arc::clone(&app.delivery);
        let (app, keys, freed) = (Arc::clone(app), Arc::clone(&keys), Arc::clone(freed));
        delivery.run(async move {
            match clients::find(&app.db, claimed.notice.client_id().as_str()).await {
                Ok(client) => Attempt { app, keys, client, claimed }.make(None).await,
                // The claim counts as lost after a while.
                Err(error) => tracing::error!(error = format!("{error:#}"), "a client could not be read"),
            }
            drop(place);
            freed.notify_one();
        });
    }
    Ok(())
}

/// What was due at the last look, by client.
#[derive(Default)]
struct Queue {
    clients: Vec<Vec<Due>>,
    /// Whether some client had more than was read.
    has_more: bool,
    /// The client that was served last. The next turn begins after it.
    last: String,
}

impl Queue {
    /// Reads what is due: a page of each client that can be told now. It begins after the client
    /// that was served last, and goes past those whose places are taken, however many these are.
    async fn fill(&mut self, app: &App) -> anyhow::Result<()> {
        let now = store::now();
        self.clients.clear();
        self.has_more = true;
        if app.delivery.place(vec![in_all()]).is_none() {
            return Ok(());
        }
        let (begin, mut after) = (self.last.clone(), self.last.clone());
        let (mut is_full, mut is_second_round) = (false, false);
        loop {
            let waiting = notices::waiting_clients(&app.db, now, &after, CLIENTS).await?;
            let last = waiting.last().map(|client| client.client_id.clone()).unwrap_or_default();
            let is_end = i64::try_from(waiting.len())? < CLIENTS;
            for Waiting { client_id, host } in waiting {
                if is_second_round && client_id > begin {
                    break;
                }
                if free(app, &client_id, &host).is_none() {
                    is_full = true;
                    continue;
                }
                let mut due = notices::due(&app.db, &client_id, now, PAGE).await?;
                is_full |= i64::try_from(due.len())? >= PAGE;
                // Taken from the end.
                due.reverse();
                self.clients.push(due);
            }
            if self.clients.len() >= AT_ONCE {
                return Ok(());
            }
            match (is_end, is_second_round) {
                (true, false) if !begin.is_empty() => (after, is_second_round) = (String::new(), true),
                (false, _) if !is_second_round || last < begin => after = last,
                _ => break,
            }
        }
        self.has_more = is_full;
        Ok(())
    }

    /// Takes as many as there are places for: one of each client, then a second one, and so on.
    fn take(&mut self, app: &App) -> Vec<(Due, Place)> {
        let mut taken = Vec::new();
        loop {
            let before = taken.len();
            for due in &mut self.clients {
                let Some(next) = due.last() else { continue };
                let Some(place) = free(app, &next.client_id, &next.host) else { continue };
                if let Some(next) = due.pop() {
                    self.last.clone_from(&next.client_id);
                    taken.push((next, place));
                }
            }
            if taken.len() == before {
                return taken;
            }
        }
    }

    /// Whether nothing of the last look could be attempted now, although more was due.
    fn is_short(&self, app: &App) -> bool {
        let can_start =
            |due: &Vec<Due>| due.last().is_some_and(|next| free(app, &next.client_id, &next.host).is_some());
        self.has_more && !self.clients.iter().any(can_start)
    }
}

fn free(app: &App, client_id: &str, host: &str) -> Option<Place> {
    let at_client = if app.delivery.is_silent(client_id) { AT_SILENT_CLIENT } else { AT_CLIENT };
    app.delivery.place(vec![(format!("client {client_id}"), at_client), (format!("host {host}"), AT_HOST), in_all()])
}

fn in_all() -> (String, usize) {
    ("worker".to_owned(), AT_ONCE)
}
