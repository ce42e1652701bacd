//! What a provider has anyway, whatever framework it is on: its endpoint, clients and sessions, a clock, and pages.
//!
//! The stores are in memory and asynchronous, as a database would be. The tests set all of it before each request.

mod pages;

use std::collections::HashMap;

use oidc_logout::ClientId;
use oidc_logout::op::{Answer, Client, LogoutEndpoint, Session};
use time::OffsetDateTime;
use tokio::sync::RwLock;

/// The provider, shared by all requests.
#[derive(Debug)]
pub struct Host(RwLock<State>);

/// All that it knows.
#[derive(Debug)]
pub struct State {
    /// The endpoint; it is swapped when keys rotate.
    pub endpoint: LogoutEndpoint,
    /// The registered clients.
    pub clients: HashMap<ClientId, Client>,
    /// The sessions by the value of the cookie `session`.
    pub sessions: HashMap<String, Session>,
    /// What the clock shows.
    pub now: OffsetDateTime,
}

impl Host {
    /// A provider in this state.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self(RwLock::new(state))
    }

    /// Puts it in another state.
    pub async fn set(&self, state: State) {
        *self.0.write().await = state;
    }

    /// The endpoint.
    pub async fn endpoint(&self) -> LogoutEndpoint {
        self.0.read().await.endpoint.clone()
    }

    /// The time.
    pub async fn now(&self) -> OffsetDateTime {
        self.0.read().await.now
    }

    /// Looks a client up.
    pub async fn client(&self, id: Option<&ClientId>) -> Option<Client> {
        self.0.read().await.clients.get(id?).cloned()
    }

    /// The session that the cookie stands for. Every client knows it by the same names here.
    pub async fn session(&self, cookie: Option<&str>) -> Option<Session> {
        self.0.read().await.sessions.get(cookie?).cloned()
    }

    /// Ends the session that the cookie stands for.
    pub async fn end_session(&self, cookie: Option<&str>) {
        self.0.write().await.sessions.remove(cookie.unwrap_or_default());
    }

    /// The page of an answer. An error page offers to sign out to whoever is signed in.
    pub async fn page(&self, answer: &Answer, session: Option<&Session>) -> String {
        let state = self.0.read().await;
        let offer = match answer {
            Answer::Refuse(_) => session.and_then(|session| state.endpoint.offer(session, state.now).ok()),
            _ => None,
        };
        pages::of_answer(answer, offer.as_ref())
    }
}

/// The cookie `session` in the values of the header `cookie`.
pub fn session_cookie<'c>(lines: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    lines.into_iter().flat_map(|line| line.split("; ")).find_map(|cookie| cookie.strip_prefix("session="))
}
