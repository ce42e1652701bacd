//! The parts of a provider that do not depend on its framework: its endpoint, clients and sessions,
//! a clock, and pages.
//!
//! The stores are in memory. They are asynchronous, because a database would be. The tests set the
//! whole state before each request.

mod pages;

use std::collections::HashMap;

use oidc_logout::ClientId;
use oidc_logout::op::{Answer, Client, EndSession, LogoutEndpoint, PendingSession, Session, Told};
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
    /// The value of a session's cookie by client and by the `sid` that this client knows.
    pub sids: HashMap<(ClientId, String), String>,
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

    /// The session that the request came with, else the one that the hint's `sid` finds, if that is
    /// offered.
    pub async fn session_for(&self, of_cookie: Option<&Session>, pending: &PendingSession<'_>) -> Option<Session> {
        if let Some(session) = of_cookie {
            return Some(session.clone());
        }
        let look_up = pending.sid_to_find()?;
        let state = self.0.read().await;
        let cookie = state.sids.get(&(look_up.client_id().clone(), look_up.sid().to_owned()))?;
        Some(look_up.found(state.sessions.get(cookie)?.clone()))
    }

    /// Ends the session that the cookie stands for, or the one that the hint's `sid` found.
    ///
    /// The clients of the vectors have no channel by which they could be told. `examples/apps/idp`
    /// shows a host that tells its clients.
    pub async fn end_session(&self, end: &EndSession, cookie: Option<&str>) -> Told {
        let mut state = self.0.write().await;
        let found = match end.hint() {
            Some(hint) if end.is_found_by_sid() => {
                let sid = hint.sid().unwrap_or_default().to_owned();
                state.sids.get(&(hint.client_id().clone(), sid)).cloned()
            }
            _ => cookie.map(str::to_owned),
        };
        state.sessions.remove(&found.unwrap_or_default());
        Told::nobody()
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

/// The cookie `session` in the values of the header `cookie`. They are split as bytes, and only
/// this cookie is decoded, because any page of the host can set others that hold any bytes:
/// `document.cookie = 'lang=español'`.
pub fn session_cookie<'c>(lines: impl IntoIterator<Item = &'c (impl AsRef<[u8]> + ?Sized + 'c)>) -> Option<&'c str> {
    let mut cookies = lines.into_iter().flat_map(|line| line.as_ref().split(|byte| *byte == b';'));
    cookies.find_map(|cookie| str::from_utf8(cookie.trim_ascii().strip_prefix(b"session=")?).ok())
}

#[cfg(test)]
mod tests {
    use super::session_cookie;

    #[test]
    fn the_cookie_is_found_beside_others_of_any_bytes() {
        for lines in [
            vec![b"session=1".as_slice()],
            vec![b"lang=espa\xf1ol; session=1"],
            vec![b"\xff", b"my-session=2;session=1 ; session=3"],
            vec![b"session=\xf1; session=1"],
        ] {
            assert_eq!(session_cookie(lines.iter().copied()), Some("1"), "{lines:?}");
        }
        assert_eq!(session_cookie([b"sessions=1; lang=espa\xf1ol".as_slice()]), None);
    }
}
