//! Step 4: where the End-User may be sent.
//!
//! [`RegisteredRedirect`] is checked once, when the client registers it. [`LogoutRedirect`] is the only way to a
//! redirect, and its text is built from the *registered* bytes: what a request asks for selects, it never writes.

mod uri;

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::decision::{Exchange, exchange_accessors};
use crate::policy::UriMatching;
use crate::request::{PostLogoutRedirectUri, State, decode};
use uri::{Scheme, UriParts, WebUri, check_authority, read_port, split_port, without_root};

/// The longest URI that can be registered, in bytes.
const MAX_URI_BYTES: usize = 2048;

/// Schemes that run or read something instead of going somewhere, or that cannot be a landing. No host can allow them.
const FORBIDDEN_SCHEMES: [&str; 11] =
    ["javascript", "data", "vbscript", "file", "filesystem", "blob", "about", "view-source", "ws", "wss", "ftp"];

/// What kind of application a client is: the `application_type` of [OpenID Connect Dynamic Client Registration 1.0,
/// section 2](https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApplicationType {
    /// Runs on a web server. The default.
    #[default]
    Web,
    /// Runs on the user's device: may use private-use schemes, and loopback addresses with any port (RFC 8252, section 7).
    Native,
}

/// Whether a client can keep a secret (RFC 6749, section 2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientType {
    /// It can. The default.
    #[default]
    Confidential,
    /// It cannot.
    Public,
}

/// What the provider allows a client to register as `post_logout_redirect_uris`
/// (RP-Initiated Logout 1.0, section 3.1; RFC 8252, section 7).
///
/// `https` is always allowed, and so is `http` on a loopback host (`localhost`, `127.0.0.0/8`, `[::1]`), for public clients too:
/// what is sent there does not leave the device, and developers need it. (RP-Initiated Logout 1.0 allows `http` to
/// confidential clients, RFC 8252 to native ones on loopback addresses.)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct RegistrationRules {
    application_type: ApplicationType,
    client_type: ClientType,
    allow_http: bool,
    allow_schemes: Vec<String>,
}

impl RegistrationRules {
    /// The kind of application; [`Native`](ApplicationType::Native) ones may register private-use schemes that hold a dot.
    pub fn application_type(mut self, application_type: ApplicationType) -> Self {
        self.application_type = application_type;
        self
    }

    /// Whether the client keeps a secret.
    pub fn client_type(mut self, client_type: ClientType) -> Self {
        self.client_type = client_type;
        self
    }

    /// Allows `http` on hosts that are not loopback, for a confidential client.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Allows a native client one scheme without a dot, such as `myapp`. Script-like and special schemes
    /// (`javascript`, `data`, `file`, …) stay refused.
    pub fn allow_scheme(mut self, scheme: impl Into<String>) -> Self {
        self.allow_schemes.push(scheme.into());
        self
    }
}

/// Why a URI cannot be registered, in the order in which it is checked. The `Display` text is for the client's developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// More than 2048 bytes. `too_long`
    #[error("the URI is longer than 2048 bytes")]
    TooLong,
    /// A character that RFC 3986 has no place for, a stray `%`, or a bracket outside the authority. `character`
    #[error(
        "the URI holds a character that has to be percent-encoded, or a broken percent-encoding (RFC 3986, section 2)"
    )]
    Character,
    /// No scheme at the beginning. `relative`
    #[error("the URI is relative; register an absolute URI with its scheme")]
    Relative,
    /// A `#`, be there something behind it or not. `fragment`
    #[error("the URI has a fragment; register it without the # and what follows")]
    Fragment,
    /// Neither `https` nor `http`, nor a private-use scheme that this client may use. `scheme`
    #[error(
        "the scheme is not allowed for this client; use https, or for a native app a private-use scheme with a dot \
         such as com.example.app (RFC 8252, section 7.1)"
    )]
    Scheme,
    /// An `@` in the authority. `userinfo`
    #[error("the URI has a user name before the host; register it without")]
    Userinfo,
    /// No `//`, no host behind it, or a host that readers could take for another: wildcards, other characters than letters,
    /// digits, hyphens and dots, addresses in another form than the plain one. `host`
    #[error(
        "the host is missing or not in its plain form; write https:// and a host name of letters, digits, hyphens and \
         dots, an IPv4 address of four decimal numbers, or the shortest form of an IPv6 address in brackets"
    )]
    Host,
    /// Not a decimal number from 1 to 65535 without leading zeros. `port`
    #[error("the port is not a plain decimal number from 1 to 65535; leave it out for the default one")]
    Port,
    /// `http` on a host that is not loopback, where the rules do not allow it. `http_not_allowed`
    #[error("http is allowed only on loopback hosts, or by the provider for a confidential client; use https")]
    HttpNotAllowed,
}

impl RegistrationError {
    /// A stable name for logs and tests, such as `http_not_allowed`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Character => "character",
            Self::Relative => "relative",
            Self::Fragment => "fragment",
            Self::Scheme => "scheme",
            Self::Userinfo => "userinfo",
            Self::Host => "host",
            Self::Port => "port",
            Self::HttpNotAllowed => "http_not_allowed",
        }
    }
}

/// A URI that a client registered to be sent to after logout, one of its `post_logout_redirect_uris`.
///
/// Its bytes are kept as they are and come back as they are. Two are equal when their bytes and rules are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredRedirect {
    uri: String,
    scheme: Scheme,
    /// Where the host ends and where the path begins; between them is the port with its colon.
    host_end: usize,
    path_start: usize,
    /// A native client's `http` URI on a loopback address: any port matches (RFC 8252, section 7.3).
    any_port: bool,
}

impl RegisteredRedirect {
    /// Checks a URI that a client wants to register.
    ///
    /// Only the characters of RFC 3986 are taken, no fragment, no userinfo, and a host that a URL parser leaves as it
    /// is but for case, so that no two readers can disagree on where the redirect leads.
    ///
    /// # Errors
    /// The first [`RegistrationError`] in the order of its variants; only a missing `//` comes before `userinfo`.
    ///
    /// ```
    /// use oidc_logout::{RegisteredRedirect, RegistrationError, RegistrationRules};
    ///
    /// let rules = RegistrationRules::default();
    /// let redirect = RegisteredRedirect::register("https://rp.example/signed-out", &rules)?;
    /// assert_eq!(redirect.as_str(), "https://rp.example/signed-out");
    ///
    /// let error = RegisteredRedirect::register("javascript:alert(1)", &rules).unwrap_err();
    /// assert_eq!(error, RegistrationError::Scheme);
    /// # Ok::<(), RegistrationError>(())
    /// ```
    pub fn register(uri: &str, rules: &RegistrationRules) -> Result<Self, RegistrationError> {
        if uri.len() > MAX_URI_BYTES {
            return Err(RegistrationError::TooLong);
        }
        let parts = UriParts::split(uri);
        if !parts.has_only_uri_characters() {
            return Err(RegistrationError::Character);
        }
        let scheme = parts.scheme.ok_or(RegistrationError::Relative)?;
        if parts.rest.contains('#') {
            return Err(RegistrationError::Fragment);
        }
        let scheme = match Scheme::web(scheme) {
            Some(scheme) => scheme,
            None if rules.allows_private_use(scheme) => Scheme::PrivateUse,
            None => return Err(RegistrationError::Scheme),
        };
        let any_port = match (scheme, parts.authority) {
            (Scheme::PrivateUse, None) => false,
            (_, None) => return Err(RegistrationError::Host),
            (_, Some(authority)) => {
                let host = check_authority(scheme, authority)?;
                if scheme == Scheme::Http && !host.is_loopback() && !rules.allows_http() {
                    return Err(RegistrationError::HttpNotAllowed);
                }
                scheme == Scheme::Http
                    && rules.application_type == ApplicationType::Native
                    && host.is_loopback_literal()
            }
        };
        let path_start = uri.len().saturating_sub(parts.rest.len());
        let port = parts.authority.map_or("", |authority| split_port(authority).1);
        Ok(Self { uri: uri.to_owned(), scheme, host_end: path_start.saturating_sub(port.len()), path_start, any_port })
    }

    /// The registered bytes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Whether nothing follows scheme and authority.
    pub(crate) fn is_origin(&self) -> bool {
        self.rest().is_empty()
    }

    /// Scheme, host and everything between.
    fn until_host(&self) -> &str {
        self.uri.get(..self.host_end).unwrap_or_default()
    }

    /// Path and query.
    fn rest(&self) -> &str {
        self.uri.get(self.path_start..).unwrap_or_default()
    }

    /// Equal but for what Login.gov compares as parsed: scheme and host without case, the default port, an empty path.
    fn equals_normalized(&self, requested: &str) -> bool {
        if self.scheme == Scheme::PrivateUse {
            return false;
        }
        let (Some(own), Some(other)) = (WebUri::read(&self.uri), WebUri::read(requested)) else {
            return false;
        };
        own.scheme == other.scheme
            && own.port == other.port
            && own.host.eq_ignore_ascii_case(other.host)
            && without_root(own.rest) == without_root(other.rest)
    }

    /// Equal but for the port, where any port will do: the port part of the requested URI.
    fn equals_but_for_port<'r>(&self, requested: &'r str) -> Option<&'r str> {
        if !self.any_port {
            return None;
        }
        let port = requested.strip_prefix(self.until_host())?.strip_suffix(self.rest())?;
        (port.is_empty() || read_port(port).is_some()).then_some(port)
    }
}

impl RegistrationRules {
    fn allows_private_use(&self, scheme: &str) -> bool {
        self.application_type == ApplicationType::Native
            && !FORBIDDEN_SCHEMES.iter().any(|forbidden| scheme.eq_ignore_ascii_case(forbidden))
            && (scheme.contains('.') || self.allow_schemes.iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed)))
    }

    fn allows_http(&self) -> bool {
        self.allow_http && self.is_confidential()
    }

    pub(crate) fn is_confidential(&self) -> bool {
        self.client_type == ClientType::Confidential
    }
}

/// A location that was found among a client's registered URIs, with the request's `state`. Nothing else makes one.
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
        let exact = registered.iter().find(|redirect| redirect.uri == requested).or_else(|| match matching {
            UriMatching::Exact => None,
            UriMatching::Normalized => registered.iter().find(|redirect| redirect.equals_normalized(requested)),
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

    /// What a `form-action` directive has to allow for a redirect to here after a form (CSP 3, section 6.4.2): the origin;
    /// only the scheme, where the grammar of sources has no place for the host.
    pub(crate) fn form_action_source(&self) -> String {
        form_action_source(&self.0)
    }
}

/// The redirect that ends a logout: the client's registered URI with the request's `state`
/// ([RP-Initiated Logout 1.0, section 3](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RedirectionAfterLogout)).
///
/// It exists only through validation against a registered URI of a client that the host found; after a signed-in
/// user's logout only through [`EndSession::session_ended`](crate::EndSession::session_ended). Without a `state` it is
/// the registered URI, byte for byte. With one, members of its query named `state` are replaced by it.
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

    exchange_accessors!();
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Location({} bytes)", self.0.len())
    }
}

/// Puts `state` last into the query. Members that are named `state` once decoded go; the rest stays byte for byte.
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

/// How long a `state` is on the redirect, in bytes.
pub(crate) fn encoded_length(state: &str) -> usize {
    let escaped = state.bytes().filter(|&byte| !is_unreserved(byte)).count();
    state.len().saturating_add(escaped.saturating_mul(2))
}

/// RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The source expression of a URI that passed registration; see [`Location::form_action_source`].
pub(crate) fn form_action_source(uri: &str) -> String {
    let parts = UriParts::split(uri);
    let scheme = parts.scheme.unwrap_or_default().to_ascii_lowercase();
    match parts.authority {
        Some(authority) if Scheme::web(&scheme).is_some() && !authority.starts_with('[') => {
            format!("{scheme}://{}", authority.to_ascii_lowercase())
        }
        _ => scheme + ":",
    }
}
