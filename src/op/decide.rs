//! Steps 4 and 5: from a verified request, a client and a session to the redirect and the decision.

use time::OffsetDateTime;

use super::client::Client;
use super::confirm::Confirm;
use super::confirmation;
use super::decision::Decision;
use super::declined::Declined;
use super::end_session::EndSession;
use super::exchange::{Exchange, SessionFound};
use super::hint::{HintError, VerifiedHint};
use super::landing::Landing;
use super::page_form::PageForm;
use super::policy::{OnBadHint, RedirectWithoutHint, SessionBySid};
use super::reasons::{self, ConfirmReason};
use super::redirect::Location;
use super::refusal::{HostError, Refusal, RefusalReason};
use super::request::{LogoutRequest, YesOrNo};
use super::resubmit::Resubmit;
use super::session::Session;
use super::settings::Settings;
use super::without_cookie::WithoutCookie;

/// What is settled before the session is looked at.
pub(crate) struct Facts<'a> {
    settings: &'a Settings,
    client: Option<&'a Client>,
    /// Whether the request names a client, found or not.
    names_client: bool,
    invalid_hint: Option<HintError>,
    location: Option<Location>,
    now: OffsetDateTime,
}

impl<'a> Facts<'a> {
    /// The hint's last checks, then the redirect's.
    pub(crate) fn gather(
        settings: &'a Settings,
        exchange: &mut Exchange,
        hint: Result<Option<VerifiedHint>, HintError>,
        client: Option<&'a Client>,
        now: OffsetDateTime,
    ) -> Result<Self, RefusalReason> {
        exchange.client_id = client.map(|client| client.id().clone());
        let mut facts = Self { settings, client, names_client: true, invalid_hint: None, location: None, now };
        match hint {
            Ok(hint) => {
                facts.names_client = hint.is_some() || exchange.request.client_id().is_some();
                exchange.hint = hint;
                facts.location = facts.locate(exchange)?;
            }
            Err(error) if settings.policy.on_bad_hint == OnBadHint::Confirm => {
                // As if there were no hint: only `client_id` names a client. Nothing is redirected,
                // because the request contains an error (RP-Initiated Logout 1.0, section 4).
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

    /// The redirect that is asked for, if it is legitimate (rule 6).
    fn locate(&self, exchange: &Exchange) -> Result<Option<Location>, RefusalReason> {
        let policy = &self.settings.policy;
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

    /// The decision (rules 7 and 8).
    pub(crate) fn decide(self, mut exchange: Exchange, session: Option<&Session>) -> Decision {
        let Some(session) = session else {
            return self.without_session(exchange);
        };
        exchange.session = Some(if session.found_by_sid { SessionFound::BySid } else { SessionFound::InCookie });
        let reasons = reasons::to_ask(
            &self.settings.policy,
            exchange.hint.as_ref(),
            self.invalid_hint,
            self.names_client,
            self.client,
            session,
        );
        if session.found_by_sid {
            return self.found_by_sid(exchange, &reasons);
        }
        if !exchange.request.is_answer() {
            return if reasons.is_empty() { self.end(exchange) } else { self.ask(exchange, session, reasons) };
        }
        // Everything was checked anew, as if the page had never been shown. Only the proof turns
        // the question into the End-User's own will.
        let proof = confirmation::check(self.settings, session, &exchange.request, self.location.as_ref(), self.now);
        match (proof, exchange.request.confirm()) {
            (Ok(()), Some(YesOrNo::Yes)) => self.end(exchange),
            (Ok(()), Some(YesOrNo::No)) => Declined::new(exchange).into(),
            (Ok(()), None) => self.ask_again(exchange, session, reasons, ConfirmReason::ConfirmationInvalid),
            (Err(reason), _) => self.ask_again(exchange, session, reasons, reason),
        }
    }

    fn end(self, exchange: Exchange) -> Decision {
        Decision::EndSession(EndSession::new(exchange, self.location, self.settings.login_status))
    }

    /// Nobody is there to be asked, and the hint may have leaked: it must prove everything, and be
    /// young.
    fn found_by_sid(self, exchange: Exchange, reasons: &[ConfirmReason]) -> Decision {
        let is_young = match self.settings.policy.session_by_sid {
            SessionBySid::Refuse => false,
            SessionBySid::AcceptForSeconds(seconds) => {
                exchange.hint.as_ref().is_some_and(|hint| hint.is_issued_within(seconds))
            }
        };
        if is_young && reasons.is_empty() && !exchange.request.is_answer() {
            self.end(exchange)
        } else {
            Refusal::new(RefusalReason::SessionCookieMissing, exchange).into()
        }
    }

    /// Nobody is signed in, or the browser withheld the cookie.
    fn without_session(self, exchange: Exchange) -> Decision {
        match WithoutCookie::of(&self.settings.policy, &exchange.request) {
            WithoutCookie::NoSession => Landing::new(self.location, exchange).into(),
            WithoutCookie::Embedded => Refusal::new(RefusalReason::EmbeddedRequest, exchange).into(),
            WithoutCookie::Missing => Refusal::new(RefusalReason::SessionCookieMissing, exchange).into(),
            WithoutCookie::Resubmit if self.page_is_too_large(&exchange.request) => {
                Refusal::new(RefusalReason::RequestTooLarge, exchange).into()
            }
            WithoutCookie::Resubmit => {
                let form_action = self.form_action();
                Resubmit::new(exchange, form_action).into()
            }
        }
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
        let reason = if exchange.request.headers.is_embedded {
            // No question can be asked in a frame, an image or a script's fetch.
            RefusalReason::EmbeddedRequest
        } else if self.page_is_too_large(&exchange.request) {
            RefusalReason::RequestTooLarge
        } else {
            let (request, location) = (&exchange.request, self.location.as_ref());
            match confirmation::prove(self.settings, session, request, location, self.now) {
                Some(proof) => {
                    let form_action = self.form_action();
                    return Confirm::new(exchange, reasons, self.location, proof, form_action).into();
                }
                None => RefusalReason::HostError(HostError::Mac),
            }
        };
        Refusal::new(reason, exchange).into()
    }

    /// Whether the endpoint would refuse what a page with this request posts. Do not ask a question
    /// whose answer would be refused as too large.
    fn page_is_too_large(&self, request: &LogoutRequest) -> bool {
        PageForm::bytes(request) > self.settings.limits.request_bytes
    }

    /// The `form-action` sources that a page needs for the redirect after its form, and for those
    /// that follow it.
    fn form_action(&self) -> Vec<String> {
        let Some(location) = &self.location else {
            return Vec::new();
        };
        let mut sources = vec![location.form_action_source()];
        sources.extend_from_slice(self.client.map(Client::form_action).unwrap_or_default());
        sources
    }
}
