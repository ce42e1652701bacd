//! The outcome by which a request is posted again, from the provider's own page.

use std::fmt;

use super::exchange::{Exchange, exchange_accessors};
use super::page_form::PageForm;
use crate::answer::Headers;

/// A request to post again, from a page of the provider to the logout endpoint (rule 7).
///
/// Browsers withhold a cookie that is `SameSite=Lax` from a POST of another site, and one that is
/// `Strict` from every request of another site. So "nobody is signed in" may be wrong. The host
/// shows a page with a form of the hidden [`fields`](Self::fields), which a script or a button
/// posts. This happens once: what comes back is decided, or refused with `session_cookie_missing`.
///
/// ```
/// # use oidc_logout::op::{Answer, Decision, LogoutEndpoint};
/// # use oidc_logout::{KeySet, Secret};
/// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32])?);
/// # let now = time::OffsetDateTime::UNIX_EPOCH;
/// let headers = [("content-type", "application/x-www-form-urlencoded")];
/// let request = endpoint.read("POST", "", headers, "logout_hint=alice")?;
/// let decision = endpoint.receive(request, now)?.decide(None, None);
/// let Decision::Answer(Answer::Resubmit(page)) = decision else { panic!() };
/// let fields: Vec<_> = page.fields().collect();
/// assert_eq!(fields, [("logout_hint", "alice"), ("resubmitted", "1")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "the request must be posted again"]
pub struct Resubmit {
    exchange: Exchange,
    form: PageForm,
}

/// Without the values of the form, and without what it leads to.
impl fmt::Debug for Resubmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resubmit").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

impl Resubmit {
    pub(crate) fn new(exchange: Exchange, form: PageForm) -> Self {
        Self { exchange, form }
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
        self.form.headers()
    }

    /// The sources of the page's `form-action`, such as `https:`, besides `'self'`. For hosts that
    /// merge the crate's content security policy into their own.
    pub fn form_action_sources(&self) -> impl Iterator<Item = &str> {
        self.form.form_action_sources()
    }

    exchange_accessors!();
}
