//! The HTTP answer to each outcome: a status and headers, as plain strings. Bodies are the host's.
//!
//! Every answer is `no-store`, so that no cache keeps a page about one End-User for another. `no-referrer` keeps the hint,
//! which is in the URL of a GET, out of the next request. Pages that post a form send `strict-origin` instead: with
//! `no-referrer` their own POST would have `Origin: null`, which hosts that check it refuse.

use std::borrow::Cow;

use crate::decision::{Confirm, Declined, Resubmit, SignedOutPage};
use crate::redirect::LogoutRedirect;
use crate::refusal::{Refusal, RefusalReason};

/// The headers of an answer, besides the ones about its body. Names are lower-case, values are ASCII without control
/// characters.
///
/// ```
/// # let refusal = oidc_logout::LogoutRequest::from_query("state=%zz").unwrap_err();
/// let mut text = String::new();
/// for (name, value) in &refusal.headers() {
///     text += &format!("{name}: {value}\n");
/// }
/// assert_eq!(text, "cache-control: no-store\nreferrer-policy: no-referrer\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers<'a>(Vec<Header<'a>>);

type Header<'a> = (&'static str, Cow<'a, str>);

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
        Self(vec![
            ("cache-control", "no-store".into()),
            ("referrer-policy", policy.into()),
        ])
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
    /// 303: whatever the method was, the client is asked with GET (RFC 9110, section 15.4.4).
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

impl SignedOutPage {
    /// 200.
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
    /// 200.
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
    /// 200. On an error page that offers to sign out, the refusal's status counts.
    #[must_use]
    pub fn status(&self) -> u16 {
        200
    }

    /// The headers, with a Content-Security-Policy that forbids framing and lets the form through to the client. On an
    /// error page that offers to sign out, these count.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        Headers::form(self.form_action())
    }
}

impl Resubmit {
    /// 200.
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
    /// 400, or 413, 405, 415 and 500 where the reason says so; 200 for a HEAD request.
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
}
