//! Step 2 as a whole: the rules for `state` and for required parts (rules 2 and 3), then the hint.

use std::sync::Arc;

use time::OffsetDateTime;

use super::endpoint::LogoutEndpoint;
use super::exchange::Exchange;
use super::hint::VerifyHintError;
use super::pending::Pending;
use super::policy::{HintRule, MAX_ENCODED_STATE_BYTES, OnBadHint, Policy, Presence, StateRule};
use super::redirect::encoded_length;
use super::refusal::{Refusal, RefusalReason};
use super::request::LogoutRequest;
use super::verify::{self, HintState};
use crate::jws::NumericDate;

impl LogoutEndpoint {
    /// Checks a request against the policy and verifies its hint. What remains is the host's: to
    /// look up the client that [`Pending::client_id`] names, and the session.
    ///
    /// `now` is the time of the request.
    ///
    /// # Errors
    /// The first fault in this order: the `state`, parameters that the policy requires or refuses,
    /// the hint, the client that it was issued to. See [`RefusalReason`] and
    /// [`HintError`](super::HintError).
    ///
    /// ```
    /// # use oidc_logout::{KeySet, Secret};
    /// # use oidc_logout::op::{LogoutEndpoint, LogoutRequest};
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32])?);
    /// let request = LogoutRequest::from_query("client_id=rp-1")?;
    /// let pending = endpoint.receive(request, time::OffsetDateTime::now_utc())?;
    /// assert_eq!(pending.client_id().unwrap().as_str(), "rp-1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "end_session_endpoint")]
    pub fn receive(&self, request: LogoutRequest, now: OffsetDateTime) -> Result<Pending, Refusal> {
        match self.check(&request, now) {
            Ok(hint) => Ok(Pending { settings: Arc::clone(&self.settings), request, hint, now }),
            Err(reason) => {
                let invalid_hint = match reason {
                    RefusalReason::IdTokenHintInvalid(error) => Some(error),
                    _ => None,
                };
                Err(Refusal::new(reason, Exchange { invalid_hint, ..Exchange::new(request) }))
            }
        }
    }

    fn check(&self, request: &LogoutRequest, now: OffsetDateTime) -> Result<HintState, RefusalReason> {
        let policy = &self.settings.policy;
        // Rule 9: the provider's own offer to sign out holds no parameters, whatever the policy
        // requires.
        if !request.answers_offer() {
            check_state(policy.state, request)?;
            check_presence(policy, request)?;
        }
        let Some(token) = request.token() else {
            return Ok(HintState::Absent);
        };
        let now = NumericDate::from_offset_date_time(now);
        match verify::verify(&self.settings, self.keys(), token.as_str(), request.client_id(), now) {
            Ok(hint) => Ok(HintState::Checked(hint)),
            Err(VerifyHintError::Invalid(error)) if policy.on_bad_hint == OnBadHint::Confirm => {
                Ok(HintState::Invalid(error))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Rule 2.
fn check_state(rule: StateRule, request: &LogoutRequest) -> Result<(), RefusalReason> {
    let min_chars = rule.min_chars;
    let Some(state) = request.state() else {
        return if rule.required { Err(RefusalReason::StateMissing { min_chars }) } else { Ok(()) };
    };
    let state = state.as_str();
    let chars = state.chars().count();
    // It must fit into a `Location` header, where every character may take up to 12 bytes.
    if chars > rule.max_chars || encoded_length(state) > MAX_ENCODED_STATE_BYTES {
        Err(RefusalReason::StateTooLong { max_chars: rule.max_chars })
    } else if chars < min_chars {
        Err(RefusalReason::StateTooShort { min_chars })
    } else {
        Ok(())
    }
}

/// Rule 3.
fn check_presence(policy: &Policy, request: &LogoutRequest) -> Result<(), RefusalReason> {
    let hint = request.id_token_hint().is_some();
    if policy.redirect_uri == Presence::Required && request.post_logout_redirect_uri().is_none() {
        Err(RefusalReason::RedirectUriMissing)
    } else if policy.hint == HintRule::Refused && hint {
        Err(RefusalReason::IdTokenHintRefused)
    } else if policy.hint == HintRule::Required && !hint {
        Err(RefusalReason::IdTokenHintMissing)
    } else if policy.client_id == Presence::Required && request.client_id().is_none() {
        Err(RefusalReason::ClientIdMissing)
    } else {
        Ok(())
    }
}
