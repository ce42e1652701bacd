//! Steps 4 and 5: from a verified request, a client and a session to the redirect and the decision.

use std::sync::Arc;

use time::OffsetDateTime;

use super::client::Client;
use super::confirm::Confirm;
use super::confirmation;
use super::decision::Decision;
use super::declined::Declined;
use super::end_session::EndSession;
use super::exchange::Exchange;
use super::hint::{HintError, VerifiedHint};
use super::landing::Landing;
use super::notices::Told;
use super::page_form::PageForm;
use super::policy::{OnBadHint, RedirectWithoutHint, SessionBySid};
use super::reasons::{self, ConfirmReason};
use super::redirect::Location;
use super::refusal::{Refusal, RefusalReason};
use super::request::{LogoutRequest, YesOrNo};
use super::resubmit::Resubmit;
use super::session::Session;
use super::settings::Settings;
use super::without_cookie::WithoutCookie;

/// The part of a decision that does not depend on the session.
pub(crate) struct Facts<'a> {
    settings: &'a Arc<Settings>,
    client: Option<&'a Client>,
    /// Whether the request names a client, found or not.
    names_client: bool,
    location: Option<Location>,
    now: OffsetDateTime,
}

impl<'a> Facts<'a> {
    /// Applies the policy to an invalid hint, and checks the redirect. `client` is the one that the
    /// request is made for, if there is one.
    pub(crate) fn gather(
        settings: &'a Arc<Settings>,
        request: &LogoutRequest,
        hint: Result<Option<&VerifiedHint>, HintError>,
        client: Option<&'a Client>,
        now: OffsetDateTime,
    ) -> Result<Self, RefusalReason> {
        let names_client = request.client_id().is_some() || matches!(hint, Ok(Some(_)));
        let location = match hint {
            Ok(hint) => locate(settings, request, hint.is_some(), names_client, client)?,
            // As if there were no hint. Nothing is redirected, because the request contains an
            // error (RP-Initiated Logout 1.0, section 4).
            Err(_) if settings.policy.on_bad_hint == OnBadHint::Confirm => None,
            Err(error) => return Err(RefusalReason::IdTokenHintInvalid(error)),
        };
        Ok(Self { settings, client, names_client, location, now })
    }

    /// The decision (rules 7 and 8).
    pub(crate) fn decide(self, mut exchange: Exchange, session: Option<&Session>) -> Decision {
        let Some(session) = session else {
            return self.without_session(exchange);
        };
        let reasons = reasons::to_ask(
            &self.settings.policy,
            exchange.hint.as_ref(),
            exchange.invalid_hint,
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
            (Ok(()), Some(YesOrNo::Yes)) => {
                exchange.is_confirmed = true;
                self.end(exchange)
            }
            (Ok(()), Some(YesOrNo::No)) => Decision::Answer(Declined::new(exchange).into()),
            (Ok(()), None) => self.ask_again(exchange, session, reasons, ConfirmReason::ConfirmationInvalid),
            (Err(reason), _) => self.ask_again(exchange, session, reasons, reason),
        }
    }

    fn end(self, exchange: Exchange) -> Decision {
        Decision::EndSession(EndSession::new(exchange, self.location, Arc::clone(self.settings)))
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
        let reason = match reasons.first() {
            Some(reason) => RefusalReason::CannotConfirm(*reason),
            // Only the End-User's own browser can answer a question.
            None if exchange.request.is_answer() => RefusalReason::CannotConfirm(ConfirmReason::ConfirmationInvalid),
            None if !is_young => RefusalReason::HintTooOld,
            None => return self.end(exchange),
        };
        Refusal::new(reason, exchange).into()
    }

    /// Nobody is signed in, or the browser withheld the cookie.
    fn without_session(self, exchange: Exchange) -> Decision {
        match WithoutCookie::of(&self.settings.policy, &exchange.request) {
            WithoutCookie::NoSession => Decision::Answer(Landing::new(self.location, exchange, Told::nobody()).into()),
            WithoutCookie::Embedded => Refusal::new(RefusalReason::EmbeddedRequest, exchange).into(),
            WithoutCookie::Missing => Refusal::new(RefusalReason::SessionCookieMissing, exchange).into(),
            WithoutCookie::Resubmit => match self.page_form(&exchange.request) {
                Ok(form) => Decision::Answer(Resubmit::new(exchange, form).into()),
                Err(reason) => Refusal::new(reason, exchange).into(),
            },
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
        match self.question(&exchange.request, session) {
            Ok((form, proof)) => {
                let ask = Confirm::new(exchange, form, reasons, self.location.is_some(), proof);
                Decision::Answer(ask.into())
            }
            Err(reason) => Refusal::new(reason, exchange).into(),
        }
    }

    /// The form of a question, and the proof that it was asked.
    fn question(&self, request: &LogoutRequest, session: &Session) -> Result<(PageForm, String), RefusalReason> {
        if request.headers.is_embedded {
            // No question can be asked in a frame, an image or a script's fetch.
            return Err(RefusalReason::EmbeddedRequest);
        }
        let form = self.page_form(request)?;
        let proof = confirmation::prove(self.settings, session, request, self.location.as_ref(), self.now)?;
        Ok((form, proof))
    }

    /// The form of a page with this request. The endpoint must not ask a question whose answer it
    /// would refuse as too large.
    fn page_form(&self, request: &LogoutRequest) -> Result<PageForm, RefusalReason> {
        let form = PageForm::new(request, self.form_action());
        if form.bytes(request) > self.settings.limits.request_bytes {
            return Err(RefusalReason::RequestTooLarge);
        }
        Ok(form)
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

/// The redirect that is asked for, if it is legitimate (rule 6).
fn locate(
    settings: &Settings,
    request: &LogoutRequest,
    has_hint: bool,
    names_client: bool,
    client: Option<&Client>,
) -> Result<Option<Location>, RefusalReason> {
    let policy = &settings.policy;
    let Some(requested) = request.post_logout_redirect_uri() else {
        return Ok(None);
    };
    if !names_client {
        return Err(RefusalReason::ClientMissing);
    }
    let client = client.ok_or(RefusalReason::ClientUnknown)?;
    let registered = client.post_logout_redirect_uris();
    let location = Location::of_registered(registered, requested, policy.uri_matching, request.state())
        .ok_or(RefusalReason::RedirectUriNotRegistered)?;
    if !has_hint && policy.redirect_without_hint == RedirectWithoutHint::Refuse {
        return Err(RefusalReason::IdTokenHintMissing);
    }
    Ok(Some(location))
}
