//! What a host writes to its log about a request: one serializable value, without a token, a `state`, a URI of the request, or
//! anything else that a client or an attacker could have put there.

use serde::Serialize;

use super::answer::Answer;
use super::decision::Decision;
use super::exchange::SessionFound;
use super::hint::{HintError, VerifiedHint};
use super::landing::Landing;
use super::reasons::ConfirmReason;
use super::refusal::RefusalReason;
use super::request::{LogoutRequest, Method};

/// A record of one decision, for an audit log. It serializes to a flat object with stable names.
///
/// ```
/// # use oidc_logout::op::{LogoutEndpoint, LogoutRequest};
/// # use oidc_logout::{KeySet, Secret};
/// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32])?);
/// let request = LogoutRequest::from_query("client_id=rp-1&state=af0ifjsldkj")?;
/// let decision = endpoint.receive(request, time::OffsetDateTime::now_utc())?.decide(None, None);
/// assert_eq!(
///     serde_json::to_string(&decision.audit())?,
///     r#"{"decision":"no_session","method":"GET","parameters":["client_id","state"],"redirect":false}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditRecord {
    /// `end_session`, `no_session`, `confirm`, `declined`, `resubmit` or `refuse`.
    pub decision: &'static str,
    /// `GET` or `POST`; absent where the request could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    /// The names of the parameters that were sent with a value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<&'static str>,
    /// The client, where the host found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Whether the End-User is, or after a yes would be, sent to the client.
    pub redirect: bool,
    /// Why the End-User is asked, or the request refused: the codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<&'static str>,
    /// What was proven by the hint, or why it was not; absent without a hint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<AuditedHint>,
    /// How the host found the session: `cookie` or `sid`. Absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<&'static str>,
    /// What the host ended beyond the session of the decision, such as refresh tokens. The host adds
    /// it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_ended: Vec<String>,
    /// The End-User, as the client knows them: only where the host [asked](Decision::audit_with_subject) for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// What an [`AuditRecord`] says of the hint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditedHint {
    /// `valid`, `expired` (and accepted), or `invalid`.
    pub standing: &'static str,
    /// Why it is invalid: the code of the [`HintError`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// What it is signed with, once verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<&'static str>,
    /// The `kid` of the key that verified it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// How long ago it was issued, in seconds; negative where clocks differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
}

impl Decision {
    /// The record for the log. Taken before the decision is carried out, for carrying it out consumes it.
    #[must_use]
    pub fn audit(&self) -> AuditRecord {
        let (decision, redirect) = match self {
            Self::EndSession(end) => ("end_session", end.returns_to_client()),
            Self::Answer(Answer::Landing(landing)) => ("no_session", matches!(landing, Landing::Redirect(_))),
            Self::Answer(Answer::Confirm(ask)) => ("confirm", ask.returns_to_client()),
            Self::Answer(Answer::Declined(_)) => ("declined", false),
            Self::Answer(Answer::Resubmit(_)) => ("resubmit", false),
            Self::Answer(Answer::Refuse(_)) => ("refuse", false),
        };
        let request = self.request();
        AuditRecord {
            decision,
            method: request.map(|request| match request.method() {
                Method::Get => "GET",
                Method::Post => "POST",
            }),
            parameters: request.map(sent).unwrap_or_default(),
            client_id: self.client_id().map(|id| id.as_str().to_owned()),
            redirect,
            reasons: self.reasons(),
            hint: match self.hint_error() {
                Some(error) => Some(AuditedHint::invalid(error)),
                None => self.hint().map(AuditedHint::verified),
            },
            session: self.exchange().and_then(|exchange| exchange.session).map(|found| match found {
                SessionFound::InCookie => "cookie",
                SessionFound::BySid => "sid",
            }),
            also_ended: Vec::new(),
            subject: None,
        }
    }

    /// The same with the subject of a verified hint, for hosts that may keep it: it is personal data.
    #[must_use]
    pub fn audit_with_subject(&self) -> AuditRecord {
        AuditRecord { subject: self.hint().map(|hint| hint.subject().to_owned()), ..self.audit() }
    }

    fn reasons(&self) -> Vec<&'static str> {
        match self {
            Self::Answer(Answer::Confirm(ask)) => ask.reasons().iter().copied().map(ConfirmReason::code).collect(),
            Self::Answer(Answer::Refuse(refusal)) => vec![refusal.reason().code()],
            Self::EndSession(_) | Self::Answer(Answer::Landing(_) | Answer::Declined(_) | Answer::Resubmit(_)) => {
                Vec::new()
            }
        }
    }

    /// Why the hint does not count, where it does not.
    fn hint_error(&self) -> Option<HintError> {
        match self {
            Self::Answer(Answer::Confirm(ask)) => ask.reasons().iter().find_map(|reason| match reason {
                ConfirmReason::InvalidHint(error) => Some(*error),
                _ => None,
            }),
            Self::Answer(Answer::Refuse(refusal)) => match refusal.reason() {
                RefusalReason::IdTokenHintInvalid(error) => Some(error),
                _ => None,
            },
            Self::EndSession(_) | Self::Answer(Answer::Landing(_) | Answer::Declined(_) | Answer::Resubmit(_)) => None,
        }
    }
}

impl AuditedHint {
    fn verified(hint: &VerifiedHint) -> Self {
        Self {
            standing: if hint.is_expired() { "expired" } else { "valid" },
            error: None,
            algorithm: Some(hint.algorithm().name()),
            key_id: hint.key_id().map(str::to_owned),
            age_seconds: Some(hint.age_seconds()),
        }
    }

    fn invalid(error: HintError) -> Self {
        Self { standing: "invalid", error: Some(error.code()), algorithm: None, key_id: None, age_seconds: None }
    }
}

fn sent(request: &LogoutRequest) -> Vec<&'static str> {
    request.parameters().filter(|(_, value)| value.is_some()).map(|(name, _)| name).collect()
}
