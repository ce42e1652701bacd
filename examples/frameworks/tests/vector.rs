//! The vectors, and what a provider and a browser are in one.

use std::collections::{BTreeMap, HashMap};

use host::State;
use oidc_logout::{
    Algorithm, ApplicationType, Client, ClientType, ConfirmRule, ConfirmationKey, KeySet, LogoutEndpoint, Policy,
    RegistrationRules, Session,
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

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
    pub(crate) request: Sent,
    pub(crate) answer: Option<PageAnswer>,
    pub(crate) expect: Expect,
}

#[derive(Deserialize)]
struct Op {
    issuer: String,
    #[serde(default)]
    former_issuers: Vec<String>,
    jwks: Value,
    policy: Policy,
}

#[derive(Deserialize)]
struct JsonClient {
    client_id: String,
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    id_token_signed_response_alg: Option<Algorithm>,
    client_secret: Option<String>,
    confirm: Option<ConfirmRule>,
    #[serde(default)]
    form_action_sources: Vec<String>,
    #[serde(default)]
    application_type: ApplicationType,
    #[serde(default)]
    client_type: ClientType,
    #[serde(default)]
    allow_http: bool,
    #[serde(default)]
    allow_schemes: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct JsonSession {
    sub: Option<String>,
    sid: Option<String>,
    takes_part: Option<bool>,
    #[serde(default)]
    binding: u8,
}

/// A request as a browser sends it.
#[derive(Clone, Deserialize)]
pub(crate) struct Sent {
    pub(crate) method: String,
    #[serde(default)]
    pub(crate) query: String,
    #[serde(default)]
    pub(crate) body: String,
    /// `null` for a request without.
    #[serde(default = "form")]
    pub(crate) content_type: Option<String>,
}

#[allow(clippy::unnecessary_wraps, reason = "serde wants the type of the member")]
fn form() -> Option<String> {
    Some("application/x-www-form-urlencoded".to_owned())
}

/// How the form on the page comes back. What is not given is as the page made it.
#[derive(Deserialize)]
pub(crate) struct PageAnswer {
    pub(crate) confirm: Option<String>,
    #[serde(default)]
    after_seconds: i64,
    #[serde(default)]
    pub(crate) change: BTreeMap<String, Option<String>>,
    #[serde(default, deserialize_with = "some")]
    session: Option<Option<JsonSession>>,
    clients: Option<Vec<JsonClient>>,
    #[serde(default)]
    confirmation_key: KeyChange,
    #[serde(default)]
    pub(crate) offer: bool,
}

fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<JsonSession>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeyChange {
    #[default]
    Kept,
    Rotated,
    Replaced,
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
    /// The provider when the request comes.
    pub(crate) fn state(&self) -> State {
        state(&self.op, KeyChange::Kept, &self.clients, self.session.as_ref(), self.now, 0)
    }

    /// The provider when the page is answered.
    pub(crate) fn state_later(&self, answer: &PageAnswer) -> State {
        let clients = answer.clients.as_ref().unwrap_or(&self.clients);
        let session = self.session_later(answer);
        state(&self.op, answer.confirmation_key, clients, session, self.now, answer.after_seconds)
    }

    /// Whose session the decision is about.
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
    let clients = clients.iter().map(JsonClient::read).map(|client| (client.id().clone(), client)).collect();
    let sessions = session.map(|session| (crate::COOKIE.to_owned(), session.read()));
    let now = OffsetDateTime::from_unix_timestamp(now).expect("a time");
    let now = now.checked_add(Duration::seconds(after_seconds)).expect("a time");
    State { endpoint: op.endpoint(key), clients, sessions: HashMap::from_iter(sessions), now }
}

impl Op {
    fn endpoint(&self, change: KeyChange) -> LogoutEndpoint {
        let key = |byte| ConfirmationKey::new([byte; 32]).expect("a key");
        let keys = KeySet::from_jwks(self.jwks.to_string()).expect("a key set");
        let new = |key| LogoutEndpoint::new(&self.issuer, keys, key).with_policy(self.policy.clone());
        let endpoint = match change {
            KeyChange::Kept => new(key(1)),
            KeyChange::Replaced => new(key(2)),
            KeyChange::Rotated => new(key(2)).with_previous_confirmation_key(key(1)),
        };
        self.former_issuers.iter().fold(endpoint, LogoutEndpoint::with_former_issuer)
    }
}

impl JsonClient {
    fn read(&self) -> Client {
        let rules = RegistrationRules::default()
            .application_type(self.application_type)
            .client_type(self.client_type)
            .allow_http(self.allow_http);
        let rules = self.allow_schemes.iter().fold(rules, RegistrationRules::allow_scheme);
        let mut client = Client::builder(&self.client_id).registration_rules(rules);
        for uri in &self.post_logout_redirect_uris {
            client = client.post_logout_redirect_uri(uri);
        }
        for source in &self.form_action_sources {
            client = client.form_action_source(source);
        }
        if let Some(algorithm) = self.id_token_signed_response_alg {
            client = client.id_token_signed_response_alg(algorithm);
        }
        if let Some(rule) = self.confirm {
            client = client.confirm(rule);
        }
        if let Some(secret) = &self.client_secret {
            client = client.client_secret(secret.as_str());
        }
        client.build_usable()
    }
}

impl JsonSession {
    fn read(&self) -> Session {
        let mut session = Session::new([self.binding; 32]);
        if let Some(subject) = &self.sub {
            session = session.subject(subject);
        }
        if let Some(sid) = &self.sid {
            session = session.sid(sid);
        }
        if let Some(takes_part) = self.takes_part {
            session = session.takes_part(takes_part);
        }
        session
    }
}
