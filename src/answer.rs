//! The HTTP answer to an outcome: a status and headers, as plain strings (rule 10). The host writes
//! the body.
//!
//! Every answer is `no-store`, so that no cache keeps a page about one End-User for another.
//! Redirects are `no-referrer`, which keeps the hint, part of a GET's URL, out of the next request.
//! Pages are `strict-origin` instead, because with `no-referrer` the form of a page would be posted
//! with `Origin: null`, and hosts that check the origin refuse that.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{SerializeStruct, Serializer};

/// The headers of an answer, except those about the body of a page, which the host writes. Names
/// are lower-case, values are ASCII without control characters, and a name may repeat.
///
/// Send these instead of your defaults. If you also send a content security policy of your own,
/// browsers enforce both: its `form-action` must allow the same redirect, and its `script-src` the
/// script of a page that posts itself. The forms go to the logout endpoint on the page's own
/// origin, and the page is in UTF-8.
///
/// ```
/// # let refusal = oidc_logout::op::LogoutRequest::from_query("state=%zz").unwrap_err();
/// let mut text = String::new();
/// for (name, value) in &refusal.headers() {
///     text += &format!("{name}: {value}\n");
/// }
/// assert_eq!(
///     text,
///     "cache-control: no-store\n\
///      referrer-policy: strict-origin\n\
///      content-security-policy: frame-ancestors 'none'; form-action 'self'\n"
/// );
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

    /// For a redirect.
    pub(crate) fn redirect(location: &'a str) -> Self {
        Self::with_referrer_policy("no-referrer").and("location", location)
    }

    /// For a body that is not a page.
    pub(crate) fn json() -> Self {
        Self::with_referrer_policy("no-referrer").and("content-type", "application/json")
    }

    /// For a page: nobody may frame it, and its forms go to its own origin, whose answer may
    /// redirect to one of the sources.
    pub(crate) fn page(form_action: &[String]) -> Self {
        let mut policy = String::from("frame-ancestors 'none'; form-action 'self'");
        for source in form_action {
            policy.push(' ');
            policy.push_str(source);
        }
        Self::with_referrer_policy("strict-origin").and("content-security-policy", policy)
    }

    /// For a page with more in its policy: directives, each after a semicolon.
    pub(crate) fn page_with(directives: &str) -> Self {
        let policy = format!("frame-ancestors 'none'; form-action 'self'{directives}");
        Self::with_referrer_policy("strict-origin").and("content-security-policy", policy)
    }

    /// Tells the browser that it is signed out at this provider (Login Status API, section 3.1).
    pub(crate) fn logged_out(self, is_logged_out: bool) -> Self {
        if is_logged_out { self.and("set-login", "logged-out") } else { self }
    }

    fn with_referrer_policy(policy: &'static str) -> Self {
        Self(vec![("cache-control", "no-store".into()), ("referrer-policy", policy.into())])
    }

    pub(crate) fn and(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
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

/// Writes the body of an error: `error` is the code, `error_description` the text for the client's
/// developer (RFC 6749, section 5.2; RFC 7591, section 3.2.2).
pub(crate) fn serialize_error<S: Serializer>(
    serializer: S,
    code: &'static str,
    description: &impl fmt::Display,
) -> Result<S::Ok, S::Error> {
    let mut body = serializer.serialize_struct("Error", 2)?;
    body.serialize_field("error", code)?;
    body.serialize_field("error_description", &description.to_string())?;
    body.end()
}
