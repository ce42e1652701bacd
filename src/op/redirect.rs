//! Step 4: where the End-User may be sent (rule 6).
//!
//! A [`LogoutRedirect`] is the only way to a redirect, and its text is built from the *registered*
//! bytes: what a request asks for selects, it never writes.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::exchange::{Exchange, exchange_accessors};
use super::policy::UriMatching;
use super::registration::RegisteredRedirect;
use crate::answer::Headers;
use crate::form::decode;
use crate::parameter::{PostLogoutRedirectUri, State, is_unreserved};
use crate::uri::{WebUri, read_port, scheme_source, without_root};

/// The redirect that ends a logout: the client's registered URI with the request's `state`
/// ([RP-Initiated Logout 1.0, section
/// 3](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RedirectionAfterLogout)).
///
/// It exists only through validation against a registered URI of a client that the host found;
/// after a signed-in user's logout only through
/// [`EndSession::session_ended`](crate::op::EndSession::session_ended). Without a `state` it is the
/// registered URI, byte for byte. With one, members of its query named `state` are replaced by it.
#[derive(Clone, Debug)]
#[must_use = "the End-User has to be redirected"]
pub struct LogoutRedirect {
    location: Location,
    exchange: Exchange,
}

impl LogoutRedirect {
    pub(crate) fn new(location: Location, exchange: Exchange) -> Self {
        Self { location, exchange }
    }

    /// The value of the `Location` header: ASCII, without control characters.
    #[must_use]
    pub fn location(&self) -> &str {
        self.location.as_str()
    }

    /// Always `303`: whatever the method was, the client is asked with GET (RFC 9110, section
    /// 15.4.4).
    #[must_use]
    pub fn status(&self) -> u16 {
        303
    }

    /// The headers, `location` among them.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        Headers::redirect(self.location()).logged_out(self.exchange.is_logged_out)
    }

    exchange_accessors!();
}

/// A location that was found among a client's registered URIs, with the request's `state`. Nothing
/// else makes one.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Location(String);

impl Location {
    /// The only constructor. Bytes are compared before anything parses them.
    pub(crate) fn of_registered(
        registered: &[RegisteredRedirect],
        requested: &PostLogoutRedirectUri,
        matching: UriMatching,
        state: Option<&State>,
    ) -> Option<Self> {
        let requested = requested.as_str();
        let exact = registered.iter().find(|redirect| redirect.as_str() == requested).or_else(|| match matching {
            UriMatching::Exact => None,
            UriMatching::Normalized => WebUri::read(requested)
                .and_then(|requested| registered.iter().find(|redirect| redirect.equals_normalized(&requested))),
        });
        let target = match exact {
            Some(redirect) => Cow::Borrowed(redirect.as_str()),
            None => registered.iter().find_map(|redirect| {
                let port = redirect.equals_but_for_port(requested)?;
                Some(Cow::Owned([redirect.until_host(), port, redirect.rest()].concat()))
            })?,
        };
        Some(Self(match state {
            Some(state) => append_state(&target, state.as_str()),
            None => target.into_owned(),
        }))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The source that `form-action` must allow for a redirect to here after a form (CSP 3, section
    /// 6.4.2).
    pub(crate) fn form_action_source(&self) -> String {
        scheme_source(&self.0)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({} bytes)", self.0.len())
    }
}

impl RegisteredRedirect {
    /// Equal but for what Login.gov compares as parsed: scheme and host without case, the default
    /// port, an empty path.
    fn equals_normalized(&self, requested: &WebUri<'_>) -> bool {
        WebUri::read(self.as_str()).is_some_and(|own| {
            own.scheme == requested.scheme
                && own.port == requested.port
                && own.host.eq_ignore_ascii_case(requested.host)
                && without_root(own.rest) == without_root(requested.rest)
        })
    }

    /// Equal but for the port, where any port will do: the port part of the requested URI.
    fn equals_but_for_port<'r>(&self, requested: &'r str) -> Option<&'r str> {
        if !self.takes_any_port() {
            return None;
        }
        let port = requested.strip_prefix(self.until_host())?.strip_suffix(self.rest())?;
        (port.is_empty() || read_port(port).is_some()).then_some(port)
    }
}

/// Puts `state` last into the query. Members that are named `state` once decoded go; the rest stays
/// byte for byte.
fn append_state(uri: &str, state: &str) -> String {
    let mut target = String::with_capacity(uri.len().saturating_add(state.len()).saturating_add(16));
    match uri.split_once('?') {
        None => {
            target.push_str(uri);
            target.push('?');
        }
        Some((before, query)) => {
            target.push_str(before);
            target.push('?');
            let start = target.len();
            let mut first = true;
            for member in query.split('&').filter(|member| !is_state(member)) {
                if !first {
                    target.push('&');
                }
                first = false;
                target.push_str(member);
            }
            if target.len() > start {
                target.push('&');
            }
        }
    }
    target.push_str("state=");
    for byte in state.bytes() {
        if is_unreserved(byte) {
            target.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(target, "%{byte:02X}");
        }
    }
    target
}

/// Whether a member of a query is named `state` once decoded.
fn is_state(member: &str) -> bool {
    let name = member.split('=').next().unwrap_or_default();
    name == "state" || (name.contains('%') && decode(name.as_bytes()).is_ok_and(|name| name == "state"))
}

/// The length of a `state` on the redirect, in bytes.
pub(crate) fn encoded_length(state: &str) -> usize {
    let escaped = state.bytes().filter(|&byte| !is_unreserved(byte)).count();
    state.len().saturating_add(escaped.saturating_mul(2))
}
