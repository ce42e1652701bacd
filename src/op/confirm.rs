//! The outcome by which the End-User is asked.

use std::fmt;

use super::exchange::{Exchange, exchange_accessors};
use super::page_form::PageForm;
use super::reasons::ConfirmReason;
use crate::answer::Headers;

/// A question to the End-User: do you want to sign out?
///
/// The host shows a page with a form that posts to the logout endpoint: the hidden
/// [`fields`](Self::fields), and two buttons named `confirm`, one with the value `yes` and one with
/// `no`.
///
/// ```
/// # fn escape(text: &str) -> String { text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;") }
/// fn page(ask: &oidc_logout::op::Confirm) -> String {
///     let hidden: String = ask
///         .fields()
///         .map(|(name, value)| {
///             format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value))
///         })
///         .collect();
///     format!(
///         r#"<form method="post" action="/logout"><p>Do you want to sign out?</p>{hidden}
///            <button name="confirm" value="yes">Sign out</button>
///            <button name="confirm" value="no">Stay</button></form>"#
///     )
/// }
/// ```
#[must_use = "the End-User must be asked"]
pub struct Confirm {
    exchange: Exchange,
    form: PageForm,
    reasons: Vec<ConfirmReason>,
    returns_to_client: bool,
    proof: String,
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
        form: PageForm,
        reasons: Vec<ConfirmReason>,
        returns_to_client: bool,
        proof: String,
    ) -> Self {
        Self { exchange, form, reasons, returns_to_client, proof }
    }

    /// The reasons why the End-User is asked. There is at least one.
    #[must_use]
    pub fn reasons(&self) -> &[ConfirmReason] {
        &self.reasons
    }

    /// Whether the End-User has answered before, and the answer was not accepted, because it came
    /// too late or from another page. The page may say so.
    #[must_use]
    pub fn is_repeated(&self) -> bool {
        let not_accepted = [ConfirmReason::ConfirmationInvalid, ConfirmReason::ConfirmationExpired];
        self.reasons.iter().any(|reason| not_accepted.contains(reason))
    }

    /// Whether a yes leads back to the client, and not to the signed-out page. The page may say so.
    #[must_use]
    pub fn returns_to_client(&self) -> bool {
        self.returns_to_client
    }

    /// The hidden fields of the form, name and value: the parameters of the request and the proof.
    /// The page must escape the values, as template engines do.
    ///
    /// A browser's form would change a value that holds a line break or NUL. Such values are in a
    /// field `encoded_parameters`.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.form.fields(&self.exchange.request).chain(std::iter::once(("confirmation", self.proof.as_str())))
    }

    /// Always `200`.
    #[must_use]
    pub fn status(&self) -> u16 {
        200
    }

    /// The headers, with a content security policy that forbids framing and lets the answer to the
    /// form redirect to the client.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        self.form.headers()
    }

    /// The sources of the page's `form-action`, such as `https:`, besides `'self'`. For hosts that
    /// merge the crate's content security policy into their own.
    pub fn form_action_sources(&self) -> impl Iterator<Item = &str> {
        self.form.form_action_sources()
    }

    exchange_accessors!();
}
