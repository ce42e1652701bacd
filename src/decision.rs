//! Step 5: the decision.

mod outcome;

use std::fmt;

use time::OffsetDateTime;

use crate::client::Client;
use crate::confirm::{self, ConfirmReason};
use crate::endpoint::LogoutEndpoint;
use crate::hint::{Algorithm, HintError, VerifiedHint, verify_hmac};
use crate::policy::{ConfirmRule, CrossSitePost, HintWithoutSid, OnBadHint, RedirectWithoutHint};
use crate::redirect::Location;
use crate::refusal::{Refusal, RefusalReason};
use crate::request::{Answer, ClientId, LogoutRequest, Method};
use crate::session::Session;
pub use outcome::{Confirm, Decision, Declined, EndSession, Landing, Resubmit, SignedOutPage};
pub(crate) use outcome::{Exchange, exchange_accessors};

/// A request that passed the first half of the checks, and waits for what only the host knows.
///
/// The host looks up the client that [`client_id`](Self::client_id) names, and the session that came with the request *as
/// that client knows it*, by its own means; then it calls [`decide`](Self::decide).
#[derive(Debug)]
#[must_use = "the request has to be decided"]
pub struct Pending<'e> {
    pub(crate) endpoint: &'e LogoutEndpoint,
    pub(crate) request: LogoutRequest,
    pub(crate) hint: HintState,
    pub(crate) now: OffsetDateTime,
}

/// How far the hint has come.
#[derive(Debug)]
pub(crate) enum HintState {
    Absent,
    Verified(VerifiedHint),
    /// Its signature waits for the client's secret.
    Hmac(HmacHint),
    /// The policy goes on without it.
    Invalid(HintError),
}

/// A hint that is signed with the secret of a client yet to be looked up. Nothing in it counts but the client's name.
pub(crate) struct HmacHint {
    pub(crate) algorithm: Algorithm,
    /// How much of the token is signed.
    pub(crate) signed_bytes: usize,
    pub(crate) signature: Vec<u8>,
    pub(crate) client_id: ClientId,
    /// What it proves, or what else is wrong with it, once the signature verifies.
    pub(crate) verified: Result<VerifiedHint, HintError>,
}

impl fmt::Debug for HmacHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacHint").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl HmacHint {
    fn verify(self, request: &LogoutRequest, client: Option<&Client>) -> Result<VerifiedHint, HintError> {
        let client = client.ok_or(HintError::Key)?;
        if client.id_token_signed_response_alg() != Some(self.algorithm) {
            return Err(HintError::Algorithm);
        }
        let secret = client.secret().ok_or(HintError::Key)?;
        let token = request.token().map_or("", |token| token.as_str());
        let signed = token.get(..self.signed_bytes).ok_or(HintError::Signature)?;
        if verify_hmac(self.algorithm, secret, signed.as_bytes(), &self.signature) {
            self.verified
        } else {
            Err(HintError::Signature)
        }
    }
}

impl Pending<'_> {
    /// The client to look up: the one that the hint was issued to, else the one that `client_id` names. `None` when the
    /// request names none.
    ///
    /// For a hint signed with HMAC it is not verified yet: use it to look the client up, and for nothing else.
    #[must_use]
    pub fn client_id(&self) -> Option<&ClientId> {
        match &self.hint {
            HintState::Verified(hint) => Some(hint.client_id()),
            HintState::Hmac(hint) => Some(&hint.client_id),
            HintState::Absent | HintState::Invalid(_) => self.request.client_id(),
        }
    }

    /// The hint, where it is verified already. It may still be refused: a client can be registered for another algorithm.
    #[must_use]
    pub fn hint(&self) -> Option<&VerifiedHint> {
        match &self.hint {
            HintState::Verified(hint) => Some(hint),
            HintState::Absent | HintState::Hmac(_) | HintState::Invalid(_) => None,
        }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &LogoutRequest {
        &self.request
    }

    /// Decides. `client` is the client that [`client_id`](Self::client_id) named, or `None` if there is no such client;
    /// `session` the session that the request came with, or `None` if nobody is signed in.
    ///
    /// Nothing is kept between requests: the same arguments give the same decision.
    pub fn decide(self, client: Option<&Client>, session: Option<&Session>) -> Decision {
        let misused = client.is_some_and(|client| Some(client.id()) != self.client_id());
        let Self { endpoint, request, hint, now } = self;
        let mut exchange = Exchange::new(request);
        if misused {
            return Decision::Refuse(Refusal::new(RefusalReason::HostError, exchange));
        }
        let facts = Facts::gather(endpoint, &mut exchange, hint, client, now);
        match facts {
            Ok(facts) => facts.decide(exchange, session),
            Err(reason) => Decision::Refuse(Refusal::new(reason, exchange)),
        }
    }
}

/// What is settled before the session is looked at.
struct Facts<'a> {
    endpoint: &'a LogoutEndpoint,
    client: Option<&'a Client>,
    /// Whether the request names a client, found or not.
    names_client: bool,
    invalid_hint: Option<HintError>,
    location: Option<Location>,
    now: OffsetDateTime,
}

impl<'a> Facts<'a> {
    /// The hint's last checks, then the redirect's.
    fn gather(
        endpoint: &'a LogoutEndpoint,
        exchange: &mut Exchange,
        hint: HintState,
        client: Option<&'a Client>,
        now: OffsetDateTime,
    ) -> Result<Self, RefusalReason> {
        exchange.client_id = client.map(|client| client.id().clone());
        let hint = match hint {
            HintState::Absent => Ok(None),
            HintState::Verified(hint) => match client.and_then(Client::id_token_signed_response_alg) {
                Some(pinned) if pinned != hint.algorithm() => Err(HintError::Algorithm),
                _ => Ok(Some(hint)),
            },
            HintState::Hmac(hint) => hint.verify(&exchange.request, client).map(Some),
            HintState::Invalid(error) => Err(error),
        };
        let mut facts = Self { endpoint, client, names_client: true, invalid_hint: None, location: None, now };
        match hint {
            Ok(hint) => {
                facts.names_client = hint.is_some() || exchange.request.client_id().is_some();
                exchange.hint = hint;
                facts.location = facts.locate(exchange)?;
            }
            Err(error) if endpoint.settings.policy.on_bad_hint == OnBadHint::Confirm => {
                // As if there were no hint: only `client_id` names a client, and nothing is redirected.
                facts.invalid_hint = Some(error);
                facts.names_client = exchange.request.client_id().is_some();
                if !facts.names_client {
                    facts.client = None;
                    exchange.client_id = None;
                }
            }
            Err(error) => return Err(RefusalReason::IdTokenHintInvalid(error)),
        }
        Ok(facts)
    }

    /// The redirect that is asked for, where it is legitimate.
    fn locate(&self, exchange: &Exchange) -> Result<Option<Location>, RefusalReason> {
        let policy = &self.endpoint.settings.policy;
        let Some(requested) = exchange.request.post_logout_redirect_uri() else {
            return Ok(None);
        };
        if !self.names_client {
            return Err(RefusalReason::ClientMissing);
        }
        let client = self.client.ok_or(RefusalReason::ClientUnknown)?;
        let location = Location::of_registered(
            client.post_logout_redirect_uris(),
            requested,
            policy.uri_matching,
            exchange.request.state(),
        );
        let location = location.ok_or(RefusalReason::RedirectUriNotRegistered)?;
        if exchange.hint.is_none() && policy.redirect_without_hint == RedirectWithoutHint::Refuse {
            return Err(RefusalReason::IdTokenHintMissing);
        }
        Ok(Some(location))
    }

    fn decide(self, exchange: Exchange, session: Option<&Session>) -> Decision {
        let Some(session) = session else {
            return self.without_session(exchange);
        };
        let reasons = self.reasons(&exchange, session);
        if !exchange.request.is_answer() {
            return if reasons.is_empty() {
                Decision::EndSession(EndSession::new(exchange, self.location))
            } else {
                self.ask(exchange, session, reasons)
            };
        }
        let settings = &self.endpoint.settings;
        let proof = confirm::check(settings, session, &exchange.request, self.location.as_ref(), self.now);
        match (proof, exchange.request.confirm()) {
            (Ok(()), Some(Answer::Yes)) => Decision::EndSession(EndSession::new(exchange, self.location)),
            (Ok(()), Some(Answer::No)) => Decision::Declined(Declined::new(exchange)),
            (Ok(()), None) => self.ask_again(exchange, session, reasons, ConfirmReason::ConfirmationInvalid),
            (Err(reason), _) => self.ask_again(exchange, session, reasons, reason),
        }
    }

    fn without_session(self, exchange: Exchange) -> Decision {
        let request = &exchange.request;
        // What the provider's own pages post came with every cookie that there is.
        let own_page = request.is_resubmitted() || request.confirmation().is_some();
        let resubmit = self.endpoint.settings.policy.cross_site_post == CrossSitePost::Resubmit;
        if request.method() == Method::Post && resubmit && !own_page {
            if self.page_is_too_large(request) {
                return Decision::Refuse(Refusal::new(RefusalReason::RequestTooLarge, exchange));
            }
            let form_action = self.form_action();
            Decision::Resubmit(Resubmit::new(exchange, form_action))
        } else {
            Decision::NoSession(Landing::new(self.location, exchange))
        }
    }

    /// Why the End-User has to be asked.
    fn reasons(&self, exchange: &Exchange, session: &Session) -> Vec<ConfirmReason> {
        let policy = &self.endpoint.settings.policy;
        let mut reasons = Vec::new();
        match (&exchange.hint, self.invalid_hint) {
            (Some(hint), _) => {
                if session.subject.as_deref() != Some(hint.subject()) {
                    reasons.push(ConfirmReason::OtherSubject);
                }
                if let (Some(sid), Some(hinted)) = (session.sid.as_deref(), hint.sid())
                    && sid != hinted
                {
                    reasons.push(ConfirmReason::OtherSession);
                }
                if session.takes_part == Some(false) {
                    reasons.push(ConfirmReason::NoClientSession);
                }
                if hint.sid().is_none() && policy.hint_without_sid == HintWithoutSid::Ask {
                    reasons.push(ConfirmReason::HintWithoutSid);
                }
            }
            (None, Some(error)) => reasons.push(ConfirmReason::InvalidHint(error)),
            (None, None) => reasons.push(ConfirmReason::NoHint),
        }
        if self.names_client && self.client.is_none() {
            reasons.push(ConfirmReason::UnknownClient);
        }
        let rule = self.client.and_then(Client::confirm).unwrap_or(policy.confirm);
        if reasons.is_empty() && rule == ConfirmRule::Always {
            reasons.push(ConfirmReason::Policy);
        }
        reasons
    }

    fn ask_again(
        self,
        exchange: Exchange,
        session: &Session,
        mut reasons: Vec<ConfirmReason>,
        reason: ConfirmReason,
    ) -> Decision {
        reasons.push(reason);
        self.ask(exchange, session, reasons)
    }

    fn ask(self, exchange: Exchange, session: &Session, reasons: Vec<ConfirmReason>) -> Decision {
        if self.page_is_too_large(&exchange.request) {
            return Decision::Refuse(Refusal::new(RefusalReason::RequestTooLarge, exchange));
        }
        let settings = &self.endpoint.settings;
        let proof = confirm::prove(settings, session, &exchange.request, self.location.as_ref(), self.now);
        let form_action = self.form_action();
        Decision::Confirm(Confirm::new(exchange, reasons, self.location, proof, form_action))
    }

    /// Whether the endpoint would refuse what a page with this request posts: nobody should be asked who cannot answer.
    fn page_is_too_large(&self, request: &LogoutRequest) -> bool {
        request.page_form_bytes() > self.endpoint.settings.limits.request_bytes
    }

    /// What the redirect after a form needs of `form-action`.
    fn form_action(&self) -> Vec<String> {
        let onwards = self.client.map(Client::form_action).unwrap_or_default();
        match &self.location {
            Some(location) => {
                let mut sources = vec![location.form_action_source()];
                sources.extend_from_slice(onwards);
                sources
            }
            None => Vec::new(),
        }
    }
}
