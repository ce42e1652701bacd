//! Step 5: the decision, and what each one lets the host do next.

use std::fmt;

use time::OffsetDateTime;

use crate::client::Client;
use crate::confirm::{self, ConfirmReason};
use crate::endpoint::LogoutEndpoint;
use crate::hint::{Algorithm, HintError, VerifiedHint, verify_hmac};
use crate::policy::{ConfirmRule, CrossSitePost, HintWithoutSid, OnBadHint, RedirectWithoutHint};
use crate::redirect::{Location, LogoutRedirect};
use crate::refusal::{Parameter, Refusal, RefusalReason};
use crate::request::{Answer, ClientId, LogoutRequest, Method};
use crate::session::Session;

/// What every outcome keeps for the host's page, its log and its notices.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    request: LogoutRequest,
    hint: Option<VerifiedHint>,
    client_id: Option<ClientId>,
}

impl Exchange {
    /// Before anything is known but the request.
    pub(crate) fn new(request: LogoutRequest) -> Self {
        Self { request, hint: None, client_id: None }
    }

    pub(crate) fn request(&self) -> &LogoutRequest {
        &self.request
    }

    pub(crate) fn hint(&self) -> Option<&VerifiedHint> {
        self.hint.as_ref()
    }

    pub(crate) fn client_id(&self) -> Option<&ClientId> {
        self.client_id.as_ref()
    }
}

macro_rules! exchange_accessors {
    () => {
        pub(crate) fn exchange(&self) -> &crate::decision::Exchange {
            &self.exchange
        }

        /// The request: its `ui_locales` tell the page's language, its `logout_hint` is for the host.
        #[must_use]
        pub fn request(&self) -> &crate::request::LogoutRequest {
            self.exchange.request()
        }

        /// What the hint proved, where there was a valid one.
        #[must_use]
        pub fn hint(&self) -> Option<&crate::hint::VerifiedHint> {
            self.exchange.hint()
        }

        /// The client that the request counts for, where the host found it.
        #[must_use]
        pub fn client_id(&self) -> Option<&crate::request::ClientId> {
            self.exchange.client_id()
        }
    };
}
pub(crate) use exchange_accessors;

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
                Decision::EndSession(EndSession { exchange, location: self.location })
            } else {
                self.ask(exchange, session, reasons)
            };
        }
        let settings = &self.endpoint.settings;
        let proof = confirm::check(settings, session, &exchange.request, self.location.as_ref(), self.now);
        match (proof, exchange.request.confirm()) {
            (Ok(()), Some(Answer::Yes)) => Decision::EndSession(EndSession { exchange, location: self.location }),
            (Ok(()), Some(Answer::No)) => Decision::Declined(Declined { exchange }),
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
            Decision::Resubmit(Resubmit { encoded: exchange.request.encoded_fields(), exchange, form_action })
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

/// What is to be done. Exhaustive on purpose: a new outcome should stop a host's build until it is handled.
#[derive(Debug)]
#[must_use = "the decision has to be carried out"]
pub enum Decision {
    /// Somebody is signed in, and the request proves that it belongs to the session (or the End-User said yes): end it.
    EndSession(EndSession),
    /// Nobody is signed in, so nothing is to be ended: logout is idempotent.
    NoSession(Landing),
    /// Ask the End-User first.
    Confirm(Confirm),
    /// The End-User said no, and stays signed in.
    Declined(Declined),
    /// Post the same form again from a page of the provider, for the browser may have withheld the session's cookie.
    Resubmit(Resubmit),
    /// Show an error page. (A HEAD request is refused too, with the status 200: it has no effect, and nothing is wrong.)
    Refuse(Refusal),
}

/// A session to end. The only way to the [`Landing`] is to say that it was ended.
#[derive(Debug)]
#[must_use = "the session has to be ended"]
pub struct EndSession {
    exchange: Exchange,
    location: Option<Location>,
}

impl EndSession {
    /// Whether the landing is a redirect.
    pub(crate) fn redirects(&self) -> bool {
        self.location.is_some()
    }

    /// To be called when the host has ended the session, and told the clients that want to know (RP-Initiated Logout 1.0,
    /// section 2, wants them notified before the redirect).
    pub fn session_ended(self) -> Landing {
        Landing::new(self.location, self.exchange)
    }

    exchange_accessors!();
}

/// Where the End-User ends up.
#[derive(Debug)]
#[must_use = "the End-User has to be answered"]
pub enum Landing {
    /// At the client.
    Redirect(LogoutRedirect),
    /// On the provider's own page that says so.
    SignedOutPage(SignedOutPage),
}

impl Landing {
    /// The request: its `ui_locales` tell the page's language, its `logout_hint` is for the host.
    #[must_use]
    pub fn request(&self) -> &LogoutRequest {
        self.exchange().request()
    }

    /// What the hint proved, where there was a valid one.
    #[must_use]
    pub fn hint(&self) -> Option<&VerifiedHint> {
        self.exchange().hint()
    }

    /// The client that the request counts for, where the host found it.
    #[must_use]
    pub fn client_id(&self) -> Option<&ClientId> {
        self.exchange().client_id()
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        match self {
            Self::Redirect(to) => to.exchange(),
            Self::SignedOutPage(page) => page.exchange(),
        }
    }

    fn new(location: Option<Location>, exchange: Exchange) -> Self {
        match location {
            Some(location) => Self::Redirect(LogoutRedirect::new(location, exchange)),
            None => Self::SignedOutPage(SignedOutPage { exchange }),
        }
    }
}

/// The provider's page that says that the End-User is signed out.
#[derive(Debug)]
#[must_use = "the page has to be shown"]
pub struct SignedOutPage {
    exchange: Exchange,
}

impl SignedOutPage {
    exchange_accessors!();
}

/// A question to the End-User: do you want to sign out?
///
/// The host shows a page with a form that posts to the logout endpoint: the hidden [`fields`](Self::fields), and two
/// buttons named `confirm`, one with the value `yes` and one with `no`.
///
/// ```
/// # fn escape(text: &str) -> String { text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;") }
/// fn page(ask: &oidc_logout::Confirm) -> String {
///     let hidden: String = ask
///         .fields()
///         .map(|(name, value)| format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value)))
///         .collect();
///     format!(
///         r#"<form method="post" action="/logout"><p>Do you want to sign out?</p>{hidden}
///            <button name="confirm" value="yes">Sign out</button> <button name="confirm" value="no">Stay</button></form>"#
///     )
/// }
/// ```
#[must_use = "the End-User has to be asked"]
pub struct Confirm {
    exchange: Exchange,
    encoded: Option<String>,
    reasons: Vec<ConfirmReason>,
    location: Option<Location>,
    proof: String,
    form_action: Vec<String>,
}

/// Without the proof, and without what it leads to.
impl fmt::Debug for Confirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirm")
            .field("exchange", &self.exchange)
            .field("reasons", &self.reasons)
            .finish_non_exhaustive()
    }
}

impl Confirm {
    pub(crate) fn new(
        exchange: Exchange,
        reasons: Vec<ConfirmReason>,
        location: Option<Location>,
        proof: String,
        form_action: Vec<String>,
    ) -> Self {
        Self { encoded: exchange.request.encoded_fields(), exchange, reasons, location, proof, form_action }
    }

    /// Why; never empty.
    #[must_use]
    pub fn reasons(&self) -> &[ConfirmReason] {
        &self.reasons
    }

    /// Whether the End-User has answered already, and the answer did not count: too late, or from another page. The page
    /// may say so.
    #[must_use]
    pub fn is_repeated(&self) -> bool {
        let did_not_count = [ConfirmReason::ConfirmationInvalid, ConfirmReason::ConfirmationExpired];
        self.reasons.iter().any(|reason| did_not_count.contains(reason))
    }

    /// Whether a yes leads back to the client, and not to the signed-out page: the page may say so.
    #[must_use]
    pub fn returns_to_client(&self) -> bool {
        self.location.is_some()
    }

    /// The hidden fields of the form, name and value: the parameters of the request and the proof. Values are to be
    /// escaped, as template engines do. (A value that a browser's form would change, for it holds a line break or NUL,
    /// is in a field `encoded_parameters`.)
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        page_fields(&self.exchange.request, self.encoded.as_deref())
            .chain(std::iter::once(("confirmation", self.proof.as_str())))
    }

    pub(crate) fn form_action(&self) -> &[String] {
        &self.form_action
    }

    exchange_accessors!();
}

/// The End-User said no: the session lives, nothing is redirected. Show a page of the provider.
#[derive(Debug)]
#[must_use = "the End-User has to be answered"]
pub struct Declined {
    exchange: Exchange,
}

impl Declined {
    exchange_accessors!();
}

/// A form to be posted again, from a page of the provider to the logout endpoint.
///
/// A POST from another site comes without cookies that are `SameSite=Lax` or `Strict`, so "nobody is signed in" may be
/// wrong. The host shows a page with a form of the hidden [`fields`](Self::fields), posted by a script or by a button.
/// It happens once: what comes back is decided as it is.
#[must_use = "the form has to be posted again"]
pub struct Resubmit {
    exchange: Exchange,
    encoded: Option<String>,
    form_action: Vec<String>,
}

/// Without the values that are encoded, and without what it leads to.
impl fmt::Debug for Resubmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resubmit").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

impl Resubmit {
    /// The hidden fields of the form, name and value. Values are to be escaped, as template engines do.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        page_fields(&self.exchange.request, self.encoded.as_deref()).chain(std::iter::once(("resubmitted", "1")))
    }

    pub(crate) fn form_action(&self) -> &[String] {
        &self.form_action
    }

    exchange_accessors!();
}

/// The parameters that a page posts again.
fn page_fields<'r>(
    request: &'r LogoutRequest,
    encoded: Option<&'r str>,
) -> impl Iterator<Item = (&'static str, &'r str)> {
    let encoded = encoded.map(|encoded| (Parameter::EncodedParameters.name(), encoded));
    request.fields().chain(encoded)
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}
