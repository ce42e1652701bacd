//! The record that a host logs about a decision.
//!
//! It is one serializable value. It holds no token, no `state`, no URI of the request, and nothing
//! else that a client or an attacker could have written.

use serde::Serialize;

use super::answer::Answer;
use super::decision::Decision;
use super::exchange::SessionFound;
use super::hint::{HintError, VerifiedHint};
use super::landing::Landing;
use super::page_form::sent;
use super::reasons::ConfirmReason;

/// A record of one decision, for an audit log. Its names and codes are stable; `hint` is an object,
/// every other member a string, a boolean or a list of strings.
///
/// ```
/// # use oidc_logout::op::{LogoutEndpoint, LogoutRequest};
/// # use oidc_logout::{KeySet, Secret};
/// # let secret = Secret::new([7; 32])?;
/// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), secret);
/// let request = LogoutRequest::from_query("client_id=rp-1&state=af0ifjsldkj")?;
/// let pending = endpoint.receive(request, time::OffsetDateTime::now_utc())?;
/// let decision = pending.decide(None, None);
/// assert_eq!(
///     serde_json::to_string(&decision.audit())?,
///     r#"{"decision":"no_session","method":"GET","#.to_owned()
///         + r#""parameters":["client_id","state"],"redirect":false}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditRecord {
    /// `end_session`, `no_session`, `confirm`, `declined`, `resubmit` or `refuse`.
    pub decision: &'static str,
    /// `GET` or `POST`. Absent if the request could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    /// The names of the parameters that were sent with a value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<&'static str>,
    /// The client that the request is made for, if the host found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Whether the End-User is sent to the client, or would be after a yes.
    pub redirect: bool,
    /// Whether the End-User agreed on the confirmation page. Absent if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
    /// The codes of the reasons why the End-User is asked or the request is refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<&'static str>,
    /// What the code of a refusal leaves open: see
    /// [`RefusalReason::detail`](super::RefusalReason::detail).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'static str>,
    /// What the hint proved, or why it proved nothing. Absent without a hint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<AuditedHint>,
    /// How the host found the session: `cookie`, or `sid` (by the hint's `sid`). Absent if it found
    /// none, or if the request was refused before it could look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<&'static str>,
    /// What the host ended beyond the session of the decision, such as refresh tokens. The host
    /// adds it:
    ///
    /// ```
    /// # use oidc_logout::op::AuditRecord;
    /// fn log(mut record: AuditRecord) -> serde_json::Result<String> {
    ///     record.also_ended.push("refresh_tokens".to_owned());
    ///     serde_json::to_string(&record)
    /// }
    /// ```
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_ended: Vec<String>,
    /// The `sub` of the hint: the End-User as the client knows them. Only
    /// [`audit_with_subject`](Decision::audit_with_subject) sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// The part of an [`AuditRecord`] about the hint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditedHint {
    /// `valid`, `invalid`, or `expired` if the hint is past its `exp` and was accepted.
    pub standing: &'static str,
    /// The code of the [`HintError`], if the hint is invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// The algorithm that the hint is signed with, if it was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<&'static str>,
    /// The `kid` of the key that verified it, if that key has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The seconds since it was issued. Negative if its `iat` lies in the future, because clocks
    /// differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
}

impl Decision {
    /// The record for the log. Take it before you carry out the decision, because that consumes it.
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
            method: request.map(|request| request.method().as_str()),
            parameters: request.map(|request| sent(request).map(|(name, _)| name).collect()).unwrap_or_default(),
            client_id: self.client_id().map(|id| id.as_str().to_owned()),
            redirect,
            confirmed: self.exchange().is_some_and(|exchange| exchange.is_confirmed),
            reasons: self.reasons(),
            detail: match self {
                Self::Answer(Answer::Refuse(refusal)) => refusal.reason().detail(),
                _ => None,
            },
            hint: match self.exchange().and_then(|exchange| exchange.invalid_hint) {
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

    /// Like [`audit`](Self::audit), with the `sub` of a verified hint. That is personal data; use
    /// this only if you may log it.
    ///
    /// ```
    /// # use oidc_logout::op::{LogoutEndpoint, LogoutRequest};
    /// # use oidc_logout::{KeySet, Secret};
    /// # let secret = Secret::new([7; 32])?;
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), secret);
    /// # let request = LogoutRequest::from_query("client_id=rp-1")?;
    /// # let decision = endpoint.receive(request, time::OffsetDateTime::now_utc())?;
    /// # let decision = decision.decide(None, None);
    /// let record = decision.audit_with_subject();
    /// assert_eq!(record.subject, None); // the request had no hint
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
