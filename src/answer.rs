//! The HTTP answer to each outcome: a status and headers, as plain strings. Bodies are the host's.
//!
//! Every answer is `no-store`, so that no cache keeps a page about one End-User for another. `no-referrer` keeps the hint,
//! which is in the URL of a GET, out of the next request. Pages that post a form send `strict-origin` instead: with
//! `no-referrer` their own POST would have `Origin: null`, which hosts that check it refuse.

use std::borrow::Cow;
use std::fmt;

use crate::decision::{Confirm, Declined, Landing, Resubmit, SignedOutPage};
use crate::metadata::ClientRegistrationError;
use crate::redirect::LogoutRedirect;
use crate::refusal::{Refusal, RefusalReason};

/// The headers of an answer, besides the ones about a body that the host writes. Names are lower-case, values are ASCII
/// without control characters.
///
/// They replace what a host sends otherwise. A content security policy of the host's own may stand beside this one, and
/// then both count: its `form-action` has to let the same redirect through, its `script-src` the script of a page that posts
/// itself. The forms go to the logout endpoint on the page's own origin, and the page is in UTF-8.
///
/// ```
/// # let refusal = oidc_logout::LogoutRequest::from_query("state=%zz").unwrap_err();
/// let mut text = String::new();
/// for (name, value) in &refusal.headers() {
///     text += &format!("{name}: {value}\n");
/// }
/// assert_eq!(text, "cache-control: no-store\nreferrer-policy: no-referrer\n");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Headers<'a>(Vec<Header<'a>>);

type Header<'a> = (&'static str, Cow<'a, str>);

/// Names only: a location holds the `state`.
impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl<'a> Headers<'a> {
    /// Name and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_ref()))
    }

    fn plain() -> Self {
        Self::with_referrer_policy("no-referrer")
    }

    /// For a page that posts a form, whose answer may redirect to one of the sources.
    fn form(sources: &[String]) -> Self {
        let mut policy = String::from("frame-ancestors 'none'; form-action 'self'");
        for source in sources {
            policy.push(' ');
            policy.push_str(source);
        }
        Self::with_referrer_policy("strict-origin").and("content-security-policy", policy)
    }

    fn with_referrer_policy(policy: &'static str) -> Self {
        Self(vec![("cache-control", "no-store".into()), ("referrer-policy", policy.into())])
    }

    fn and(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.0.push((name, value.into()));
        self
    }
}

impl<'h> IntoIterator for &'h Headers<'_> {
    type Item = (&'static str, &'h str);
    type IntoIter = std::iter::Map<std::slice::Iter<'h, Header<'h>>, fn(&'h Header<'h>) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl LogoutRedirect {
    /// Always `303`: whatever the method was, the client is asked with GET (RFC 9110, section 15.4.4).
    #[must_use]
    pub fn status(&self) -> u16 {
        303
    }

    /// The headers, `location` among them.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        Headers::plain().and("location", self.location())
    }
}

impl Landing {
    /// `303` for a redirect, 200 for the page.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Redirect(to) => to.status(),
            Self::SignedOutPage(page) => page.status(),
        }
    }

    /// The headers, with `location` for a redirect.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        match self {
            Self::Redirect(to) => to.headers(),
            Self::SignedOutPage(page) => page.headers(),
        }
    }
}

impl SignedOutPage {
    /// Always `200`.
    #[must_use]
    pub fn status(&self) -> u16 {
        200
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        Headers::plain()
    }
}

impl Declined {
    /// Always `200`.
    #[must_use]
    pub fn status(&self) -> u16 {
        200
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        Headers::plain()
    }
}

impl Confirm {
    /// Always `200`.
    #[must_use]
    pub fn status(&self) -> u16 {
        200
    }

    /// The headers, with a Content-Security-Policy that forbids framing and lets the form through to the client. An
    /// error page that offers to sign out has [other ones](Refusal::headers_with_offer).
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        Headers::form(self.form_action())
    }
}

impl Resubmit {
    /// Always `200`.
    #[must_use]
    pub fn status(&self) -> u16 {
        200
    }

    /// The headers, as those of a [`Confirm`].
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        Headers::form(self.form_action())
    }
}

impl Refusal {
    /// `400`, or 413, 405, 415 and 500 where the reason says so; 200 for a HEAD request.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.reason() {
            RefusalReason::RequestTooLarge => 413,
            RefusalReason::MethodNotAllowed => 405,
            RefusalReason::UnsupportedMediaType => 415,
            RefusalReason::HostError => 500,
            RefusalReason::HeadRequest => 200,
            _ => 400,
        }
    }

    /// The headers, with `allow` where the method is refused.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        match self.reason() {
            RefusalReason::MethodNotAllowed => Headers::plain().and("allow", "GET, POST"),
            _ => Headers::plain(),
        }
    }

    /// The headers of an error page with the form of an [`offer`](crate::LogoutEndpoint::offer) on it; without one, the
    /// plain ones.
    ///
    /// ```
    /// # use oidc_logout::{ConfirmationKey, KeySet, LogoutEndpoint, LogoutRequest, Session};
    /// # use time::OffsetDateTime;
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), ConfirmationKey::new([7; 32])?);
    /// # let session = Some(Session::new([1; 32]));
    /// # let refusal = LogoutRequest::from_query("state=%zz").unwrap_err();
    /// let offer = session.map(|session| endpoint.offer(&session, OffsetDateTime::now_utc()));
    /// let (status, headers) = (refusal.status(), refusal.headers_with_offer(offer.as_ref()));
    /// # assert_eq!(headers.iter().count(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn headers_with_offer<'a>(&'a self, offer: Option<&'a Confirm>) -> Headers<'a> {
        let Some(offer) = offer else {
            return self.headers();
        };
        let own = self.headers().0;
        let Headers(mut headers) = offer.headers();
        headers.extend(own.into_iter().filter(|(name, _)| *name == "allow"));
        Headers(headers)
    }
}

impl ClientRegistrationError {
    /// Always `400`.
    #[must_use]
    pub fn status(self) -> u16 {
        400
    }

    /// The headers, `content-type` among them: the body is this error as JSON.
    #[must_use]
    pub fn headers(self) -> Headers<'static> {
        Headers::plain().and("content-type", "application/json")
    }
}
