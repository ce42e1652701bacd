//! Reads vectors, and makes the provider's state from them.

use std::collections::{BTreeMap, HashMap};

use host::State;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use provider::{JsonClient, KeyChange, Op};
pub(crate) use provider::{JsonRequest, JsonSession, PageAnswer};

#[path = "../../decide/provider.rs"]
mod provider;

#[derive(Deserialize)]
pub(crate) struct File {
    pub(crate) vectors: Vec<Vector>,
}

#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) name: String,
    op: Op,
    clients: Vec<JsonClient>,
    pub(crate) session: Option<JsonSession>,
    now: i64,
    pub(crate) request: JsonRequest,
    pub(crate) answer: Option<PageAnswer>,
    pub(crate) expect: Expect,
}

#[derive(Deserialize)]
pub(crate) struct Expect {
    pub(crate) decision: String,
    pub(crate) redirect: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) headers: Option<BTreeMap<String, String>>,
}

impl Vector {
    /// The state of the provider at the time of the request.
    pub(crate) fn state(&self) -> State {
        state(&self.op, KeyChange::Kept, &self.clients, self.session.as_ref(), self.now, 0)
    }

    /// The state of the provider when the page is answered.
    pub(crate) fn state_later(&self, answer: &PageAnswer) -> State {
        let clients = answer.clients.as_ref().unwrap_or(&self.clients);
        let session = self.session_later(answer);
        state(&self.op, answer.confirmation_key, clients, session, self.now, answer.after_seconds)
    }

    /// Whether the browser sends the session's cookie.
    pub(crate) fn sends_cookie(&self) -> bool {
        self.session.as_ref().is_none_or(|session| !session.without_cookie)
    }

    /// The session that the last decision is about.
    pub(crate) fn session_at_last(&self) -> Option<&JsonSession> {
        self.answer.as_ref().map_or(self.session.as_ref(), |answer| self.session_later(answer))
    }

    fn session_later<'v>(&'v self, answer: &'v PageAnswer) -> Option<&'v JsonSession> {
        answer.session.as_ref().unwrap_or(&self.session).as_ref()
    }
}

fn state(
    op: &Op,
    key: KeyChange,
    clients: &[JsonClient],
    session: Option<&JsonSession>,
    now: i64,
    after_seconds: i64,
) -> State {
    let clients: HashMap<_, _> =
        clients.iter().map(JsonClient::read).map(|client| (client.id().clone(), client)).collect();
    let sessions = session.map(|session| (crate::COOKIE.to_owned(), session.read()));
    let sid = session.and_then(|session| session.sid.as_ref());
    let sids = sid
        .iter()
        .flat_map(|sid| clients.keys().map(|client| ((client.clone(), (*sid).clone()), crate::COOKIE.to_owned())));
    let sids = sids.collect();
    let now = OffsetDateTime::from_unix_timestamp(now).expect("a time");
    let now = now.checked_add(Duration::seconds(after_seconds)).expect("a time");
    let endpoint = op.endpoint(key).expect("an endpoint");
    State { endpoint, clients, sessions: HashMap::from_iter(sessions), sids, now }
}
