//! The outcome by which a form is posted again, from the provider's own page.

use std::fmt;

use super::exchange::{Exchange, exchange_accessors};
use super::page_form::PageForm;
use crate::answer::Headers;

/// A form to post again, from a page of the provider to the logout endpoint.
///
/// A POST from another site comes without cookies that are `SameSite=Lax` or `Strict`, so that
/// "nobody is signed in" may be wrong. The host shows a page with a form of the hidden
/// [`fields`](Self::fields), which a script or a button posts. This happens once: what comes back
/// is decided as it is.
#[must_use = "the form must be posted again"]
pub struct Resubmit {
    exchange: Exchange,
    form: PageForm,
    form_action: Vec<String>,
}

/// Without the values of the form, and without what it leads to.
impl fmt::Debug for Resubmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resubmit").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

impl Resubmit {
    pub(crate) fn new(exchange: Exchange, form_action: Vec<String>) -> Self {
        Self { form: PageForm::new(&exchange.request), exchange, form_action }
    }

    /// The hidden fields of the form, name and value. The page must escape the values, as template
    /// engines do.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.form.fields(&self.exchange.request).chain(std::iter::once(("resubmitted", "1")))
    }

    /// Always `200`.
    #[must_use]
    pub fn status(&self) -> u16 {
        200
    }

    /// The headers, as those of a [`Confirm`](super::Confirm).
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        Headers::page(&self.form_action)
    }

    /// The sources of the page's `form-action`, such as `https:`, besides `'self'`. For hosts that
    /// merge the crate's content security policy into their own.
    pub fn form_action_sources(&self) -> impl Iterator<Item = &str> {
        self.form_action.iter().map(String::as_str)
    }

    exchange_accessors!();
}
