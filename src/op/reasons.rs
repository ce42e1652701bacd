//! The reasons to ask the End-User (rule 7).

use super::client::Client;
use super::hint::{HintError, VerifiedHint};
use super::policy::{ConfirmRule, HintWithoutSid, Policy};
use super::session::Session;

/// The reason why the End-User is asked. The page may say so in its own words;
/// [`code`](Self::code) is for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfirmReason {
    /// There is no hint: anybody may have sent the request. `no_hint`.
    NoHint,
    /// The hint is invalid, and the policy goes on without it. `invalid_hint`.
    InvalidHint(HintError),
    /// The session's subject for this client is not known, so that the hint proves nothing.
    /// `subject_unknown`.
    SubjectUnknown,
    /// The hint is another End-User's. `other_subject`.
    OtherSubject,
    /// The hint is of another session. `other_session`.
    OtherSession,
    /// The client takes no part in this session; or its secret made the hint, and the host does not
    /// say that it takes part. `no_client_session`.
    NoClientSession,
    /// The hint has no `sid`, and the policy wants one. `hint_without_sid`.
    HintWithoutSid,
    /// The client that is named is not registered. `unknown_client`.
    UnknownClient,
    /// The policy, or the client's own rule, is to ask always. `policy`.
    Policy,
    /// An answer came without the proof that this page was shown to this End-User in this session
    /// for this request. `confirmation_invalid`.
    ConfirmationInvalid,
    /// The answer came more than 10 minutes after the page was made. `confirmation_expired`.
    ConfirmationExpired,
}

impl ConfirmReason {
    /// A stable name for logs, metrics and tests, such as `other_subject`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoHint => "no_hint",
            Self::InvalidHint(_) => "invalid_hint",
            Self::SubjectUnknown => "subject_unknown",
            Self::OtherSubject => "other_subject",
            Self::OtherSession => "other_session",
            Self::NoClientSession => "no_client_session",
            Self::HintWithoutSid => "hint_without_sid",
            Self::UnknownClient => "unknown_client",
            Self::Policy => "policy",
            Self::ConfirmationInvalid => "confirmation_invalid",
            Self::ConfirmationExpired => "confirmation_expired",
        }
    }
}

/// Collects the reasons to ask. Without any, the request proves that it belongs to the session.
///
/// `names_client` tells whether the request names a client, and `client` is that client if the host
/// found it.
pub(crate) fn to_ask(
    policy: &Policy,
    hint: Option<&VerifiedHint>,
    invalid_hint: Option<HintError>,
    names_client: bool,
    client: Option<&Client>,
    session: &Session,
) -> Vec<ConfirmReason> {
    let mut reasons = Vec::new();
    match (hint, invalid_hint) {
        (Some(hint), _) => {
            // A valid hint of one End-User must not sign out another.
            match session.subject.as_deref() {
                None => reasons.push(ConfirmReason::SubjectUnknown),
                Some(subject) if subject != hint.subject() => reasons.push(ConfirmReason::OtherSubject),
                Some(_) => {}
            }
            if let (Some(sid), Some(hinted)) = (session.sid.as_deref(), hint.sid())
                && sid != hinted
            {
                reasons.push(ConfirmReason::OtherSession);
            }
            // A client that knows its secret can write an HMAC hint about any subject. Only a
            // session that it takes part in is its own affair.
            let may_take_part = !hint.algorithm().is_hmac();
            if !session.takes_part.unwrap_or(may_take_part) {
                reasons.push(ConfirmReason::NoClientSession);
            }
            if hint.sid().is_none() && policy.hint_without_sid == HintWithoutSid::Ask {
                reasons.push(ConfirmReason::HintWithoutSid);
            }
        }
        (None, Some(error)) => reasons.push(ConfirmReason::InvalidHint(error)),
        (None, None) => reasons.push(ConfirmReason::NoHint),
    }
    if names_client && client.is_none() {
        reasons.push(ConfirmReason::UnknownClient);
    }
    let rule = client.and_then(Client::confirm).unwrap_or(policy.confirm);
    if reasons.is_empty() && rule == ConfirmRule::Always {
        reasons.push(ConfirmReason::Policy);
    }
    reasons
}
