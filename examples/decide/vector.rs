//! Runs vectors, which are cases of the protocol as data, through the crate's public API.
//!
//! `tests/vectors/README.md` describes their format.

use std::collections::BTreeMap;

use oidc_logout::op::{
    Answer, Confirm, ConfirmReason, Decision, Landing, LogoutEndpoint, LogoutRequest, Refusal, RefusalReason,
    RegisteredRedirect, RegistrationError, Told,
};
use oidc_logout::{Algorithm, ClientMetadata};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};

// The explicit paths also work for a test that includes this file.
#[path = "notices.rs"]
mod notices;
#[path = "provider.rs"]
mod provider;

use notices::{Delivery, Discovery, Frame, JsonNotices, Reached, RegisterChannel, Replied, Sent};
use provider::{JsonClient, JsonRequest, JsonSession, KeyChange, Op, PageAnswer, Rules};

/// A file of vectors.
#[derive(Deserialize)]
pub(crate) struct File {
    pub(crate) vectors: Vec<Vector>,
}

/// A case and its expected outcome.
#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) expect: Map<String, Value>,
    #[serde(flatten)]
    pub(crate) case: Case,
}

/// A case registers something, is about a notice, or decides a request.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Case {
    Register { register: Registration },
    RegisterClient { register_client: ClientRegistration },
    RegisterChannel(RegisterChannel),
    Discovery(Discovery),
    Reached(Reached),
    Frame(Frame),
    Sent(Box<Sent>),
    Replied(Replied),
    Delivery(Delivery),
    Decide(Box<Logout>),
}

#[derive(Deserialize)]
pub(crate) struct Registration {
    post_logout_redirect_uri: String,
    #[serde(flatten)]
    rules: Rules,
}

#[derive(Deserialize)]
pub(crate) struct ClientRegistration {
    /// The body as it is sent. It is a string, because not every body is JSON.
    body: String,
    id_token_signing_alg_values_supported: Vec<Algorithm>,
    client_secret: Option<String>,
    #[serde(flatten)]
    rules: Rules,
}

/// A request to a provider, and in cases about confirmation the End-User's answer to the page.
#[derive(Deserialize)]
pub(crate) struct Logout {
    pub(crate) op: Op,
    pub(crate) clients: Vec<JsonClient>,
    pub(crate) session: Option<JsonSession>,
    pub(crate) now: i64,
    pub(crate) request: JsonRequest,
    pub(crate) answer: Option<PageAnswer>,
    /// The clients that take part in the session that ends. Without it, nobody is told.
    notices: Option<JsonNotices>,
}

/// A case that cannot be run.
pub(crate) type Error = Box<dyn std::error::Error>;

/// Runs a case. The outcome has the members of `expect`; it has `status` and `headers` only if
/// `expect` has them.
pub(crate) fn run(vector: &Vector) -> Result<Map<String, Value>, Error> {
    match &vector.case {
        Case::Register { register } => Ok(register.run()),
        Case::RegisterClient { register_client } => match register_client.run() {
            Ok(metadata) => Ok(object(json!({"registered": true, "metadata": serde_json::to_value(metadata)?}))),
            Err(error) => Ok(object(json!({"registered": false, "error": error.code()}))),
        },
        Case::RegisterChannel(channel) => Ok(channel.run()),
        Case::Discovery(discovery) => discovery.run(),
        Case::Reached(reached) => reached.run(),
        Case::Frame(frame) => frame.run(),
        Case::Sent(sent) => sent.run(),
        Case::Replied(replied) => replied.run(),
        Case::Delivery(delivery) => delivery.run(),
        Case::Decide(logout) => {
            let mut got = logout.run()?;
            got.retain(|name, _| !matches!(name.as_str(), "status" | "headers") || vector.expect.contains_key(name));
            Ok(got)
        }
    }
}

/// The outcome of a case that cannot be run.
pub(crate) fn not_run(error: &Error) -> Map<String, Value> {
    object(json!({"error": error.to_string()}))
}

impl Registration {
    fn run(&self) -> Map<String, Value> {
        match RegisteredRedirect::register(&self.post_logout_redirect_uri, &self.rules.read()) {
            Ok(_) => object(json!({"registered": true})),
            Err(error) => object(json!({"registered": false, "reason": error.code()})),
        }
    }
}

impl ClientRegistration {
    fn run(&self) -> Result<ClientMetadata, RegistrationError> {
        let metadata = ClientMetadata::from_json(&self.body)?;
        let secret = self.client_secret.as_ref().map(String::as_bytes);
        metadata.register("rp-1", secret, &self.rules.read(), &self.id_token_signing_alg_values_supported)?;
        Ok(metadata)
    }
}

impl Logout {
    fn run(&self) -> Result<Map<String, Value>, Error> {
        let endpoint = self.op.endpoint(KeyChange::Kept)?;
        let now = OffsetDateTime::from_unix_timestamp(self.now)?;
        let decision = self.request.decide(&endpoint, &self.clients, self.session.as_ref(), now);
        let Some(answer) = &self.answer else {
            return self.report(decision, now);
        };

        let page = if answer.offer {
            let session = self.session.as_ref().ok_or("an offer needs a session")?;
            endpoint.offer(&session.read(), now)?
        } else {
            match decision {
                Decision::Answer(Answer::Confirm(page)) => page,
                other => return Err(format!("there is no page to answer, but {other:?}").into()),
            }
        };
        let later = now.checked_add(Duration::seconds(answer.after_seconds)).ok_or("too late")?;
        let decision = decide_form(
            answer.form(&page)?,
            &self.op.endpoint(answer.confirmation_key)?,
            answer.clients.as_ref().unwrap_or(&self.clients),
            answer.session.as_ref().unwrap_or(&self.session).as_ref(),
            later,
        );
        self.report(decision, later)
    }

    fn report(&self, decision: Decision, now: OffsetDateTime) -> Result<Map<String, Value>, Error> {
        let (name, answer) = match decision {
            Decision::EndSession(end) => {
                let landing = match &self.notices {
                    Some(notices) => notices.tell(end, &self.clients, now)?,
                    None => end.session_ended(Told::nobody()),
                };
                ("end_session", landing.into())
            }
            Decision::Answer(answer) => ("no_session", answer),
        };
        let got = match &answer {
            Answer::Landing(landing) => {
                let mut got = json!({"decision": name, "redirect": location(landing)});
                if let (Some(_), Value::Object(got)) = (&self.notices, &mut got) {
                    got.extend(notices::told(landing)?);
                }
                got
            }
            Answer::Confirm(page) => {
                let mut reasons: Vec<_> = page.reasons().iter().copied().map(ConfirmReason::code).collect();
                reasons.sort_unstable();
                let redirect = self.redirect_after_yes(page, now)?;
                json!({"decision": "confirm", "reasons": reasons, "redirect": redirect})
            }
            Answer::Declined(_) => json!({"decision": "declined"}),
            Answer::Resubmit(_) => json!({"decision": "resubmit"}),
            Answer::Refuse(refusal) => {
                let reason = refusal.reason().code();
                match refusal.reason() {
                    RefusalReason::IdTokenHintInvalid(error) => {
                        json!({"decision": "refuse", "reason": reason, "detail": error.code()})
                    }
                    _ => json!({"decision": "refuse", "reason": reason}),
                }
            }
        };
        let mut got = object(got);
        got.insert("status".to_owned(), answer.status().into());
        let headers = answer.headers();
        let headers = headers.iter().map(|(name, value)| (name.to_owned(), value.into()));
        got.insert("headers".to_owned(), Value::Object(headers.collect()));
        Ok(got)
    }

    /// The URI to which a yes leads, found out by answering the page. The page itself does not
    /// tell.
    fn redirect_after_yes(&self, page: &Confirm, now: OffsetDateTime) -> Result<Option<String>, Error> {
        let answer = self.answer.as_ref();
        let yes = fields(page).into_iter().chain([("confirm".to_owned(), "yes".to_owned())]);
        let clients = answer.and_then(|answer| answer.clients.as_ref()).unwrap_or(&self.clients);
        let session = answer.and_then(|answer| answer.session.as_ref()).unwrap_or(&self.session);
        let key = answer.map_or(KeyChange::Kept, |answer| answer.confirmation_key);
        let endpoint = self.op.endpoint(key)?;
        let form = serde_urlencoded::to_string(yes.collect::<Vec<_>>())?;
        match decide_form(form, &endpoint, clients, session.as_ref(), now) {
            Decision::EndSession(end) => Ok(location(&end.session_ended(Told::nobody()))),
            other @ Decision::Answer(_) => Err(format!("a yes should end the session, and gives {other:?}").into()),
        }
    }
}

impl JsonRequest {
    fn decide(
        &self,
        endpoint: &LogoutEndpoint,
        clients: &[JsonClient],
        session: Option<&JsonSession>,
        now: OffsetDateTime,
    ) -> Decision {
        let request = endpoint.read(&self.method, &self.query, self.headers(), &self.body);
        decide(request, endpoint, clients, session, now)
    }
}

impl PageAnswer {
    fn form(&self, page: &Confirm) -> Result<String, Error> {
        let mut fields: BTreeMap<_, _> = fields(page).into_iter().collect();
        if let Some(confirm) = &self.confirm {
            fields.insert("confirm".to_owned(), confirm.clone());
        }
        for (name, value) in &self.change {
            match value {
                Some(value) => fields.insert(name.clone(), value.clone()),
                None => fields.remove(name),
            };
        }
        Ok(serde_urlencoded::to_string(fields)?)
    }
}

fn fields(page: &Confirm) -> Vec<(String, String)> {
    page.fields().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn decide_form(
    form: String,
    endpoint: &LogoutEndpoint,
    clients: &[JsonClient],
    session: Option<&JsonSession>,
    now: OffsetDateTime,
) -> Decision {
    // A browser posts it from the provider's own page.
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-dest", "document"),
    ];
    decide(endpoint.read("POST", "", headers, form), endpoint, clients, session, now)
}

/// The part of a host: two calls, and its own look-ups between them.
fn decide(
    request: Result<LogoutRequest, Refusal>,
    endpoint: &LogoutEndpoint,
    clients: &[JsonClient],
    session: Option<&JsonSession>,
    now: OffsetDateTime,
) -> Decision {
    let pending = match request.and_then(|request| endpoint.receive(request, now)) {
        Ok(pending) => pending,
        Err(refusal) => return refusal.into(),
    };
    let client = clients
        .iter()
        .find(|client| pending.client_id().is_some_and(|id| id.as_str() == client.client_id))
        .map(JsonClient::read);
    let pending = pending.with_client(client.as_ref());
    let session = match session {
        Some(session) if session.without_cookie => pending.sid_to_find().and_then(|look_up| {
            let is_it = session.sid.as_deref() == Some(look_up.sid());
            is_it.then(|| look_up.found(session.read()))
        }),
        session => session.map(JsonSession::read),
    };
    pending.decide(session.as_ref())
}

fn location(landing: &Landing) -> Option<String> {
    match landing {
        Landing::Redirect(to) => Some(to.location().to_owned()),
        Landing::FrontChannel(page) => Some(page.continue_to().to_owned()),
        Landing::SignedOutPage(_) => None,
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}
