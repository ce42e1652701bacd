//! The one check of a URI that is registered or published (rule 6): cut at its delimiters, with a
//! host that every reader takes for the same. The bytes are never rewritten.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use url::{Host, form_urlencoded};

/// The longest URI that passes, in bytes.
const MAX_BYTES: usize = 2048;

/// The longest host name, in characters (RFC 1035, section 2.3.4, without the length octets).
const MAX_HOST_BYTES: usize = 253;

/// Schemes that run or read something instead of going somewhere, or where nobody can land. No host
/// can allow them.
const FORBIDDEN_SCHEMES: [&str; 11] =
    ["javascript", "data", "vbscript", "file", "filesystem", "blob", "about", "view-source", "ws", "wss", "ftp"];

/// The reason why a URI does not pass, in the order of the checks. The `Display` text is for the
/// developer who wrote the URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum UriError {
    /// More than 2048 bytes. `too_long`
    #[error("the URI is longer than 2048 bytes")]
    TooLong,
    /// A host with letters beyond ASCII: an internationalized domain name. `character`
    #[error("the host is an internationalized name; write it in its ASCII form, which begins with xn--")]
    InternationalizedHost,
    /// A character that RFC 3986 does not allow, a stray `%`, or a bracket outside the authority.
    /// `character`
    #[error(
        "the URI holds a character that must be percent-encoded, or a broken percent-encoding (RFC 3986, section 2)"
    )]
    Character,
    /// An underscore before the first colon. `relative`
    #[error(
        "the text before the colon is not a scheme: schemes cannot hold an underscore (RFC 3986, section 3.1); \
         use letters, digits, plus, minus and dot"
    )]
    SchemeUnderscore,
    /// No scheme at the beginning. `relative`
    #[error("the URI is relative; write an absolute URI with its scheme")]
    Relative,
    /// A `#`, even with nothing after it. `fragment`
    #[error("the URI has a fragment; write it without the # and what follows")]
    Fragment,
    /// Neither `https` nor `http`, nor a private-use scheme that is allowed here. `scheme`
    #[error(
        "the scheme is not allowed here; use https, or for a native app a private-use scheme with a dot such as \
         com.example.app (RFC 8252, section 7.1)"
    )]
    Scheme,
    /// A `*` at the end or in the authority, which looks like a wildcard. `wildcard`
    #[error("the URI holds a wildcard, and URIs are compared as they are; write each URI out")]
    Wildcard,
    /// An `@` in the authority. `userinfo`
    #[error("the URI has a user name before the host; write it without")]
    Userinfo,
    /// No `//`, no host after it, or a host that readers could take for another: characters other
    /// than letters, digits, hyphens, underscores and dots, a label that is empty, longer than 63
    /// characters or with a hyphen at an end, a name longer than 253 characters, addresses in
    /// another form than the plain one. `host`
    #[error(
        "the host is missing or not in its plain form; write https:// and a host name of at most 253 characters, whose \
         labels have 1 to 63 letters, digits, hyphens and underscores with no hyphen at an end, an IPv4 address of four \
         decimal numbers, or the shortest form of an IPv6 address in brackets"
    )]
    Host,
    /// Not a decimal number from 1 to 65535 without leading zeros. `port`
    #[error("the port is not a plain decimal number from 1 to 65535; leave it out for the default one")]
    Port,
    /// `http` where it is not allowed. `http_not_allowed`
    #[error("http is allowed only on loopback hosts, or by the provider for a confidential client; use https")]
    HttpNotAllowed,
}

impl UriError {
    /// A stable name for logs and tests, such as `http_not_allowed`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::InternationalizedHost | Self::Character => "character",
            Self::SchemeUnderscore | Self::Relative => "relative",
            Self::Fragment => "fragment",
            Self::Scheme => "scheme",
            Self::Wildcard => "wildcard",
            Self::Userinfo => "userinfo",
            Self::Host => "host",
            Self::Port => "port",
            Self::HttpNotAllowed => "http_not_allowed",
        }
    }
}

/// A URI that passed. What it was checked for is kept, so that nobody has to parse it again.
pub(crate) struct CheckedUri<'u> {
    uri: &'u str,
    scheme: Scheme,
    /// Of `http` and `https`. The host of a private-use scheme is the app's own affair.
    host: Option<Host<String>>,
    /// The ends of the host and of the port. Between them is the port with its colon.
    pub(crate) host_end: usize,
    pub(crate) path_start: usize,
}

impl<'u> CheckedUri<'u> {
    /// Checks a URI. `allows_scheme` is asked about any scheme but `https` and `http`.
    ///
    /// Whether `http` is allowed depends on the host: see
    /// [`http_is_allowed`](Self::http_is_allowed).
    pub(crate) fn check(uri: &'u str, allows_scheme: impl FnOnce(&str) -> bool) -> Result<Self, UriError> {
        if uri.len() > MAX_BYTES {
            return Err(UriError::TooLong);
        }
        let parts = UriParts::split(uri);
        if !parts.has_only_uri_characters() {
            return Err(if parts.has_internationalized_host() {
                UriError::InternationalizedHost
            } else {
                UriError::Character
            });
        }
        let scheme = parts.scheme.ok_or_else(|| no_scheme(uri))?;
        if parts.rest.contains('#') {
            return Err(UriError::Fragment);
        }
        let scheme = match Scheme::web(scheme) {
            Some(scheme) => scheme,
            None if allows_scheme(scheme) && !is_forbidden(scheme) => Scheme::PrivateUse,
            None => return Err(UriError::Scheme),
        };
        if uri.ends_with('*') || parts.authority.is_some_and(|authority| authority.contains('*')) {
            return Err(UriError::Wildcard);
        }
        let (host, port) = match (scheme, parts.authority) {
            (Scheme::PrivateUse, None) => (None, ""),
            (_, None) => return Err(UriError::Host),
            (_, Some(authority)) => check_authority(scheme, authority)?,
        };
        let path_start = uri.len().saturating_sub(parts.rest.len());
        Ok(Self { uri, scheme, host, host_end: path_start.saturating_sub(port.len()), path_start })
    }

    /// Refuses `http` on a host that is not loopback, unless it is allowed there.
    pub(crate) fn http_is_allowed(&self, elsewhere: bool) -> Result<(), UriError> {
        if self.scheme == Scheme::Http && !self.is_loopback() && !elsewhere {
            Err(UriError::HttpNotAllowed)
        } else {
            Ok(())
        }
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// `localhost`, a name that ends in `.localhost` (RFC 6761, section 6.3), `127.0.0.0/8` or
    /// `[::1]`.
    fn is_loopback(&self) -> bool {
        match &self.host {
            Some(Host::Domain(domain)) => {
                let last = domain.rsplit('.').next().unwrap_or_default();
                last.eq_ignore_ascii_case("localhost")
            }
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => *address == Ipv6Addr::LOCALHOST,
            None => false,
        }
    }

    /// `127.0.0.1` or `[::1]`, the two that RFC 8252, section 7.3 names.
    pub(crate) fn is_loopback_literal(&self) -> bool {
        match &self.host {
            Some(Host::Ipv4(address)) => *address == Ipv4Addr::LOCALHOST,
            Some(Host::Ipv6(address)) => *address == Ipv6Addr::LOCALHOST,
            _ => false,
        }
    }

    /// The host, where it is an address.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match &self.host {
            Some(Host::Ipv4(address)) => Some((*address).into()),
            Some(Host::Ipv6(address)) => Some((*address).into()),
            Some(Host::Domain(_)) | None => None,
        }
    }

    /// The decoded names of the query's members.
    pub(crate) fn query_names(&self) -> impl Iterator<Item = String> {
        let query = self.uri.split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned())
    }
}

fn is_forbidden(scheme: &str) -> bool {
    FORBIDDEN_SCHEMES.iter().any(|forbidden| scheme.eq_ignore_ascii_case(forbidden))
}

/// The reason why a text does not begin with a scheme.
fn no_scheme(uri: &str) -> UriError {
    match uri.split_once(':') {
        Some((before, _)) if before.contains('_') && is_scheme(&before.replace('_', "-")) => UriError::SchemeUnderscore,
        _ => UriError::Relative,
    }
}

/// The source that a content security policy's `form-action` must hold for a form whose answer
/// redirects to this URI (CSP 3, section 2.3.1): its scheme, such as `https:`.
///
/// Browsers apply `form-action` to every redirect that follows a form, and applications redirect
/// onwards to other origins. With only one origin there, the user stays on the page with the form
/// though the form has had its effect. Use it for your other pages with a form too, such as the
/// sign-in page whose answer leads back to a client's `redirect_uri`.
///
/// # Errors
/// [`UriError`] if this is not an absolute URI without a fragment.
///
/// ```
/// let source = oidc_logout::form_action_source("com.example.app:/callback")?;
/// assert_eq!(source, "com.example.app:");
/// # Ok::<(), oidc_logout::UriError>(())
/// ```
pub fn form_action_source(uri: &str) -> Result<String, UriError> {
    let checked = CheckedUri::check(uri, |_| true)?;
    Ok(scheme_source(checked.uri))
}

/// The same for a URI that passed registration.
pub(crate) fn scheme_source(uri: &str) -> String {
    let scheme = uri.split(':').next().unwrap_or_default();
    scheme.to_ascii_lowercase() + ":"
}

/// Whether this is a scheme that a policy may name. Every host can be reached by it, so no scheme
/// that runs or reads something is one.
pub(crate) fn is_form_action_scheme(scheme: &str) -> bool {
    is_scheme(scheme) && !is_forbidden(scheme)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
    PrivateUse,
}

impl Scheme {
    /// `http` or `https`, or `None` for another.
    pub(crate) fn web(scheme: &str) -> Option<Self> {
        if scheme.eq_ignore_ascii_case("https") {
            Some(Self::Https)
        } else if scheme.eq_ignore_ascii_case("http") {
            Some(Self::Http)
        } else {
            None
        }
    }

    pub(crate) fn default_port(self) -> Option<u16> {
        match self {
            Self::Http => Some(80),
            Self::Https => Some(443),
            Self::PrivateUse => None,
        }
    }
}

/// A URI cut at its delimiters, without any judgement (RFC 3986, section 3).
pub(crate) struct UriParts<'u> {
    pub(crate) scheme: Option<&'u str>,
    /// The part between `//` and the next `/`, `?` or `#`.
    pub(crate) authority: Option<&'u str>,
    /// Path, query and fragment.
    pub(crate) rest: &'u str,
}

impl<'u> UriParts<'u> {
    pub(crate) fn split(uri: &'u str) -> Self {
        let (scheme, after) = match uri.split_once(':') {
            Some((scheme, after)) if is_scheme(scheme) => (Some(scheme), after),
            _ => (None, uri),
        };
        let (authority, rest) = match after.strip_prefix("//") {
            Some(after) => {
                let (authority, rest) =
                    after.find(['/', '?', '#']).and_then(|end| after.split_at_checked(end)).unwrap_or((after, ""));
                (Some(authority), rest)
            }
            None => (None, after),
        };
        Self { scheme, authority, rest }
    }

    fn has_internationalized_host(&self) -> bool {
        let host = self.authority.map_or("", |authority| split_port(authority).0);
        !host.is_ascii() && host.chars().all(|char| char.is_alphanumeric() || "-_.".contains(char))
    }

    /// The characters of RFC 3986, section 2, with brackets only in the authority.
    pub(crate) fn has_only_uri_characters(&self) -> bool {
        let plain = |part: &str| {
            let mut bytes = part.bytes();
            while let Some(byte) = bytes.next() {
                let fine = match byte {
                    b'%' => {
                        bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())
                            && bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())
                    }
                    b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b'?' | b'#' | b'@' | b'!' | b'$' | b'&' | b'\''
                    | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => true,
                    byte => byte.is_ascii_alphanumeric(),
                };
                if !fine {
                    return false;
                }
            }
            true
        };
        plain(self.rest) && self.authority.is_none_or(|authority| authority.split(['[', ']']).all(plain))
    }
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Cuts an authority into its host and its port, which keeps its colon.
pub(crate) fn split_port(authority: &str) -> (&str, &str) {
    let host_end = if authority.starts_with('[') {
        authority.find(']').and_then(|bracket| bracket.checked_add(1))
    } else {
        authority.find(':')
    };
    host_end.and_then(|end| authority.split_at_checked(end)).unwrap_or((authority, ""))
}

/// A port with its colon, in canonical decimal.
pub(crate) fn read_port(port: &str) -> Option<u16> {
    let digits = port.strip_prefix(':')?;
    let canonical = digits.starts_with(|first: char| ('1'..='9').contains(&first))
        && digits.bytes().all(|digit| digit.is_ascii_digit());
    if canonical { digits.parse().ok() } else { None }
}

/// The host of an authority, and its port with the colon.
fn check_authority(scheme: Scheme, authority: &str) -> Result<(Option<Host<String>>, &str), UriError> {
    if authority.contains('@') {
        return Err(UriError::Userinfo);
    }
    let (host, port) = split_port(authority);
    let checked = match scheme {
        Scheme::Http | Scheme::Https => Some(check_host(host)?),
        // The app's own affair, as long as every reader finds the same host.
        Scheme::PrivateUse if host.contains(['[', ']']) => check_host(host).map(|_| None)?,
        // URL parsers refuse a port without a host.
        Scheme::PrivateUse if host.is_empty() && !port.is_empty() => return Err(UriError::Host),
        Scheme::PrivateUse => None,
    };
    // After a bracketed host comes a port or nothing.
    if !port.is_empty() && !port.starts_with(':') {
        return Err(UriError::Host);
    }
    if !port.is_empty() && read_port(port).is_none() {
        return Err(UriError::Port);
    }
    Ok((checked, port))
}

/// A host whose characters are plain and which a URL parser leaves as it is but for case: `127.1`,
/// `0x7f000001` and `[0:0:0:0:0:0:0:1]` are other spellings, which other readers may read
/// otherwise.
fn check_host(host: &str) -> Result<Host<String>, UriError> {
    if !host.starts_with('[') && (host.len() > MAX_HOST_BYTES || !host.split('.').all(is_label)) {
        return Err(UriError::Host);
    }
    let parsed = Host::parse(host).map_err(|_| UriError::Host)?;
    let unchanged = match &parsed {
        Host::Domain(domain) => domain.eq_ignore_ascii_case(host),
        address => address.to_string().eq_ignore_ascii_case(host),
    };
    if unchanged { Ok(parsed) } else { Err(UriError::Host) }
}

/// A label of a host name (RFC 1123, section 2.1). Underscores are not among its characters, but
/// real hosts have them.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// An http(s) URI as the normalized comparison sees it.
pub(crate) struct WebUri<'u> {
    pub(crate) scheme: Scheme,
    pub(crate) host: &'u str,
    pub(crate) port: Option<u16>,
    pub(crate) rest: &'u str,
}

impl<'u> WebUri<'u> {
    pub(crate) fn read(uri: &'u str) -> Option<Self> {
        let parts = UriParts::split(uri);
        let scheme = Scheme::web(parts.scheme?)?;
        let (host, port) = split_port(parts.authority?);
        let port = if port.is_empty() { scheme.default_port() } else { Some(read_port(port)?) };
        Some(Self { scheme, host, port, rest: parts.rest })
    }

    /// Whether scheme, host and port are the same (RFC 6454, section 5).
    pub(crate) fn has_origin_of(&self, other: &WebUri<'_>) -> bool {
        self.scheme == other.scheme && self.port == other.port && self.host.eq_ignore_ascii_case(other.host)
    }

    /// Scheme, host and port, without a default port (RFC 6454, section 6.2).
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.scheme == Scheme::Http { "http" } else { "https" };
        let host = self.host.to_ascii_lowercase();
        match self.port.filter(|port| Some(*port) != self.scheme.default_port()) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }
    }
}

/// An empty path is `/`.
pub(crate) fn without_root(rest: &str) -> &str {
    rest.strip_prefix('/').unwrap_or(rest)
}
