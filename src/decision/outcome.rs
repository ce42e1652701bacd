//! What a decision lets the host do next: each outcome owns the only next step.

use std::fmt;

use crate::confirm::ConfirmReason;
use crate::hint::VerifiedHint;
use crate::redirect::{Location, LogoutRedirect};
use crate::refusal::{Parameter, Refusal};
use crate::request::{ClientId, LogoutRequest};

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

impl Decision {
    /// The request, where it could be read: its `ui_locales` tell the page's language, its `logout_hint` is for the host.
    ///
    /// ```
    /// # use oidc_logout::{ConfirmationKey, KeySet, LogoutEndpoint, LogoutRequest, UiLocales};
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), ConfirmationKey::new([7; 32])?);
    /// let request = LogoutRequest::from_query("ui_locales=es+en")?;
    /// let decision = endpoint.receive(request, time::OffsetDateTime::now_utc())?.decide(None, None);
    /// let ui_locales = decision.request().and_then(LogoutRequest::ui_locales);
    /// assert_eq!(ui_locales.map(UiLocales::as_str), Some("es en"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn request(&self) -> Option<&LogoutRequest> {
        self.exchange().map(Exchange::request)
    }

    /// What the hint proved, where there was a valid one.
    #[must_use]
    pub fn hint(&self) -> Option<&VerifiedHint> {
        self.exchange().and_then(Exchange::hint)
    }

    /// The client that the request counts for, where the host found it.
    #[must_use]
    pub fn client_id(&self) -> Option<&ClientId> {
        self.exchange().and_then(Exchange::client_id)
    }

    pub(crate) fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::EndSession(end) => Some(end.exchange()),
            Self::NoSession(landing) => Some(landing.exchange()),
            Self::Confirm(ask) => Some(ask.exchange()),
            Self::Declined(no) => Some(no.exchange()),
            Self::Resubmit(again) => Some(again.exchange()),
            Self::Refuse(refusal) => refusal.exchange(),
        }
    }
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

/// A session to end. The only way to the [`Landing`] is to say that it was ended.
#[derive(Debug)]
#[must_use = "the session has to be ended"]
pub struct EndSession {
    exchange: Exchange,
    location: Option<Location>,
}

impl EndSession {
    pub(super) fn new(exchange: Exchange, location: Option<Location>) -> Self {
        Self { exchange, location }
    }

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

    pub(super) fn new(location: Option<Location>, exchange: Exchange) -> Self {
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
    pub(super) fn new(exchange: Exchange) -> Self {
        Self { exchange }
    }

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
    pub(super) fn new(exchange: Exchange, form_action: Vec<String>) -> Self {
        Self { encoded: exchange.request.encoded_fields(), exchange, form_action }
    }

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

/// What every outcome keeps for the host's page, its log and its notices.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(super) request: LogoutRequest,
    pub(super) hint: Option<VerifiedHint>,
    pub(super) client_id: Option<ClientId>,
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
