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
use crate::notices::{self, Due};
use crate::{clients, store};

/// How often it looks when nobody wakes it.
const EVERY: Duration = Duration::from_secs(2);

/// How many attempts run at once: for one client, for one host, and in all.
const AT_CLIENT: usize = 4;
const AT_HOST: usize = 4;
const AT_ONCE: usize = 32;

/// How many notices of one client are read at once.
const PAGE: i64 = 64;

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
    /// Reads what is due, of each client a page.
    async fn fill(&mut self, app: &App) -> anyhow::Result<()> {
        let now = store::now();
        self.clients.clear();
        self.has_more = false;
        let mut waiting = notices::waiting_clients(&app.db, now).await?;
        let served = waiting.iter().take_while(|client| client.client_id <= self.last).count();
        waiting.rotate_left(served);
        let mut read = 0_usize;
        for client in waiting {
            if read >= AT_ONCE.saturating_mul(4) {
                self.has_more = true;
                break;
            }
            if free(app, &client.client_id, &client.host).is_none() {
                self.has_more = true;
                continue;
            }
            let mut due = notices::due(&app.db, &client.client_id, now, PAGE).await?;
            self.has_more |= i64::try_from(due.len())? >= PAGE;
            read = read.saturating_add(due.len().min(AT_CLIENT));
            // Taken from the end.
            due.reverse();
            self.clients.push(due);
        }
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
    app.delivery.place(vec![
        (format!("client {client_id}"), AT_CLIENT),
        (format!("host {host}"), AT_HOST),
        ("worker".to_owned(), AT_ONCE),
    ])
}
