//! Steps 4 and 5: from a verified request, a client and a session to the redirect and the decision.

use time::OffsetDateTime;

use super::client::Client;
use super::confirm::Confirm;
use super::confirmation;
use super::decision::Decision;
use super::declined::Declined;
use super::end_session::EndSession;
use super::exchange::Exchange;
use super::hint::HintError;
use super::landing::Landing;
use super::page_form::PageForm;
use super::policy::{CrossSitePost, OnBadHint, RedirectWithoutHint};
use super::reasons::{self, ConfirmReason};
use super::redirect::Location;
use super::refusal::{Refusal, RefusalReason};
use super::request::{LogoutRequest, Method, YesOrNo};
use super::resubmit::Resubmit;
use super::session::Session;
use super::settings::Settings;
use super::verify::{self, HintState};

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
        hint: HintState,
        client: Option<&'a Client>,
        now: OffsetDateTime,
    ) -> Result<Self, RefusalReason> {
        exchange.client_id = client.map(|client| client.id().clone());
        let hint = match hint {
            HintState::Absent => Ok(None),
            HintState::Invalid(error) => Err(error),
            HintState::Checked(hint) => {
                let token = exchange.request.token().map_or("", |token| token.as_str());
                verify::with_client(hint, token, client).map(Some)
            }
        };
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
    pub(crate) fn decide(self, exchange: Exchange, session: Option<&Session>) -> Decision {
        let Some(session) = session else {
            return self.without_session(exchange);
        };
        let reasons = reasons::to_ask(
            &self.settings.policy,
            exchange.hint.as_ref(),
            self.invalid_hint,
            self.names_client,
            self.client,
            session,
        );
        if !exchange.request.is_answer() {
            return if reasons.is_empty() {
                Decision::EndSession(EndSession::new(exchange, self.location))
            } else {
                self.ask(exchange, session, reasons)
            };
        }
        // Everything was checked anew, as if the page had never been shown. Only the proof turns the
        // question into the End-User's own will.
        let proof = confirmation::check(self.settings, session, &exchange.request, self.location.as_ref(), self.now);
        match (proof, exchange.request.confirm()) {
            (Ok(()), Some(YesOrNo::Yes)) => Decision::EndSession(EndSession::new(exchange, self.location)),
            (Ok(()), Some(YesOrNo::No)) => Declined::new(exchange).into(),
            (Ok(()), None) => self.ask_again(exchange, session, reasons, ConfirmReason::ConfirmationInvalid),
            (Err(reason), _) => self.ask_again(exchange, session, reasons, reason),
        }
    }

    fn without_session(self, exchange: Exchange) -> Decision {
        let request = &exchange.request;
        // A POST from the provider's own pages is same-site, so the browser sent every cookie.
        let own_page = request.is_resubmitted() || request.confirmation().is_some();
        let resubmit = self.settings.policy.cross_site_post == CrossSitePost::Resubmit;
        if request.method() == Method::Post && resubmit && !own_page {
            if self.page_is_too_large(request) {
                return Refusal::new(RefusalReason::RequestTooLarge, exchange).into();
            }
            let form_action = self.form_action();
            Resubmit::new(exchange, form_action).into()
        } else {
            Landing::new(self.location, exchange).into()
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
        if self.page_is_too_large(&exchange.request) {
            return Refusal::new(RefusalReason::RequestTooLarge, exchange).into();
        }
        let proof = confirmation::prove(self.settings, session, &exchange.request, self.location.as_ref(), self.now);
        let form_action = self.form_action();
        Confirm::new(exchange, reasons, self.location, proof, form_action).into()
    }

    /// Whether the endpoint would refuse what a page with this request posts. Do not ask a question
    /// whose answer would be refused as too large.
    fn page_is_too_large(&self, request: &LogoutRequest) -> bool {
        PageForm::bytes(request) > self.settings.limits.request_bytes
    }

    /// The `form-action` sources that a page needs for the redirect after its form.
    fn form_action(&self) -> Vec<String> {
        let Some(location) = &self.location else {
            return Vec::new();
        };
        let mut sources = vec![location.form_action_source()];
        sources.extend_from_slice(self.client.map(Client::form_action).unwrap_or_default());
        sources
    }
}
