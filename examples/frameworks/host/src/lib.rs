//! The parts of a provider that do not depend on its framework: its endpoint, clients and sessions,
//! a clock, and pages.
//!
//! The stores are in memory. They are asynchronous, because a database would be. The tests set the
//! whole state before each request.

mod pages;

use std::collections::HashMap;

use oidc_logout::ClientId;
use oidc_logout::op::{Answer, Client, LogoutEndpoint, Session};
use time::OffsetDateTime;
use tokio::sync::RwLock;

/// The provider, shared by all requests.
#[derive(Debug)]
pub struct Host(RwLock<State>);

/// The state of the provider.
#[derive(Debug)]
pub struct State {
    /// The endpoint. A host replaces it when keys rotate.
    pub endpoint: LogoutEndpoint,
    /// The registered clients.
    pub clients: HashMap<ClientId, Client>,
    /// The sessions by the value of the cookie `session`.
    pub sessions: HashMap<String, Session>,
    /// The time on the clock.
    pub now: OffsetDateTime,
}

impl Host {
    /// A provider that starts in this state.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self(RwLock::new(state))
    }

    /// Replaces the whole state.
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

    /// The session that belongs to the cookie. All clients know it by the same `sub` and `sid`.
    pub async fn session(&self, cookie: Option<&str>) -> Option<Session> {
        self.0.read().await.sessions.get(cookie?).cloned()
    }

    /// Ends the session that belongs to the cookie.
    pub async fn end_session(&self, cookie: Option<&str>) {
        self.0.write().await.sessions.remove(cookie.unwrap_or_default());
    }

    /// The page of an answer. If somebody is signed in, an error page offers to sign out.
    pub async fn page(&self, answer: &Answer, session: Option<&Session>) -> String {
        let state = self.0.read().await;
        let offer = match answer {
            Answer::Refuse(_) => session.and_then(|session| state.endpoint.offer(session, state.now).ok()),
            _ => None,
        };
        pages::of_answer(answer, offer.as_ref())
    }
}

/// The value of the cookie `session`, from the lines of the `cookie` header.
pub fn session_cookie<'c>(lines: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    lines.into_iter().flat_map(|line| line.split("; ")).find_map(|cookie| cookie.strip_prefix("session="))
}
