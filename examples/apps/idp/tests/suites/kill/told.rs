//! The clients that are told that sessions have ended. What they were told is compared with the
//! provider's state.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::json;
use tokio::net::TcpListener;

use super::client::{CALLBACK, Client, Event, Killer, Knows, TOLD, sid};
use super::database::Database;

#[derive(Clone, Default)]
pub(crate) struct ToldClients {
    /// How often each client was told of each session.
    told: Arc<Mutex<HashMap<(String, String), usize>>>,
    killer: Arc<Mutex<Option<Arc<Killer>>>>,
}

impl ToldClients {
    /// Starts them. Returns them in the form of the option `--clients` too.
    pub(crate) async fn start() -> (Self, String) {
        let clients = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/{client}", post(receive)).with_state(clients.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let file = TOLD.map(|id| {
            json!({
                "client_id": id,
                "client_secret": "a secret of 32 letters, at least.",
                "redirect_uris": [CALLBACK],
                "backchannel_logout_uri": format!("http://{address}/{id}"),
            })
        });
        (clients, json!(file).to_string())
    }

    /// From now on this is told of each notice.
    pub(crate) fn tell(&self, killer: &Arc<Killer>) {
        *self.killer.lock().unwrap() = Some(Arc::clone(killer));
    }

    /// Nobody was told of a session that lives. All who take part in one that has ended were told,
    /// once the worker has nothing more to do. Returns how often somebody was told again.
    pub(crate) async fn know_what_has_ended(&self, database: &Database, clients: &[Client]) -> usize {
        database.has_told_everybody().await;
        let lives = database.sids().await;
        let told = self.told.lock().unwrap();
        for (client, sid) in told.keys() {
            assert!(!lives.contains(sid), "{client} was told of a session that lives");
        }
        for (sid, parts) in clients.iter().flat_map(|client| &client.parts) {
            for (client, part) in TOLD.iter().zip(parts) {
                let was_told = told.contains_key(&((*client).to_owned(), sid.clone()));
                let expected: &[bool] = match part {
                    _ if lives.contains(sid) => &[false],
                    Knows::Done => &[true],
                    Knows::InDoubt => &[true, false],
                    Knows::Undone => &[false],
                };
                assert!(expected.contains(&was_told), "{client} takes part: {part:?}, and was told: {was_told}");
            }
        }
        told.values().map(|times| times - 1).sum()
    }
}

/// Takes a moment to answer, so that the provider is killed during attempts. Sometimes it fails.
async fn receive(State(clients): State<ToldClients>, Path(client): Path<String>, body: String) -> StatusCode {
    let sid = sid(body.strip_prefix("logout_token=").unwrap());
    let fails = fastrand::u32(..16) == 0;
    if !fails {
        *clients.told.lock().unwrap().entry((client, sid)).or_default() += 1;
    }
    let killer = clients.killer.lock().unwrap().clone();
    if let Some(killer) = killer {
        killer.told(Event::Notice);
    }
    tokio::time::sleep(Duration::from_millis(fastrand::u64(..20))).await;
    if fails { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
}
