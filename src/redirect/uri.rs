//! URIs cut at their delimiters, and hosts that every reader takes for the same.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::Host;

use super::RegistrationError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
    PrivateUse,
}

impl Scheme {
    /// `http` or `https`, or `None` for another.
    pub(super) fn web(scheme: &str) -> Option<Self> {
        if scheme.eq_ignore_ascii_case("https") {
            Some(Self::Https)
        } else if scheme.eq_ignore_ascii_case("http") {
            Some(Self::Http)
        } else {
            None
        }
    }

    pub(super) fn default_port(self) -> Option<u16> {
        match self {
            Self::Http => Some(80),
            Self::Https => Some(443),
            Self::PrivateUse => None,
        }
    }
}

/// A URI cut at its delimiters, without any judgement (RFC 3986, section 3).
pub(super) struct UriParts<'u> {
    pub(super) scheme: Option<&'u str>,
    /// What stands between `//` and the next `/`, `?` or `#`.
    pub(super) authority: Option<&'u str>,
    /// Path, query and fragment.
    pub(super) rest: &'u str,
}

impl<'u> UriParts<'u> {
    pub(super) fn split(uri: &'u str) -> Self {
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

    /// The characters of RFC 3986, section 2, with brackets only in the authority.
    pub(super) fn has_only_uri_characters(&self) -> bool {
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
pub(super) fn split_port(authority: &str) -> (&str, &str) {
    let host_end = if authority.starts_with('[') {
        authority.find(']').and_then(|bracket| bracket.checked_add(1))
    } else {
        authority.find(':')
    };
    host_end.and_then(|end| authority.split_at_checked(end)).unwrap_or((authority, ""))
}

/// A port with its colon, in canonical decimal.
pub(super) fn read_port(port: &str) -> Option<u16> {
    let digits = port.strip_prefix(':')?;
    let canonical = digits.starts_with(|first: char| ('1'..='9').contains(&first))
        && digits.bytes().all(|digit| digit.is_ascii_digit());
    if canonical { digits.parse().ok() } else { None }
}

/// The host of an authority that passed.
pub(super) enum CheckedHost {
    Web(Host<String>),
    PrivateUse,
}

impl CheckedHost {
    pub(super) fn is_loopback(&self) -> bool {
        match self {
            Self::Web(Host::Domain(domain)) => domain.eq_ignore_ascii_case("localhost"),
            Self::Web(Host::Ipv4(address)) => address.is_loopback(),
            Self::Web(Host::Ipv6(address)) => *address == Ipv6Addr::LOCALHOST,
            Self::PrivateUse => false,
        }
    }

    /// `127.0.0.1` or `[::1]`, the two that RFC 8252, section 7.3 names.
    pub(super) fn is_loopback_literal(&self) -> bool {
        match self {
            Self::Web(Host::Ipv4(address)) => *address == Ipv4Addr::LOCALHOST,
            Self::Web(Host::Ipv6(address)) => *address == Ipv6Addr::LOCALHOST,
            _ => false,
        }
    }
}

pub(super) fn check_authority(scheme: Scheme, authority: &str) -> Result<CheckedHost, RegistrationError> {
    if authority.contains('@') {
        return Err(RegistrationError::Userinfo);
    }
    let (host, port) = split_port(authority);
    let checked = match scheme {
        Scheme::Http | Scheme::Https => CheckedHost::Web(check_host(host)?),
        // The app's own affair, as long as every reader finds the same host.
        Scheme::PrivateUse if host.contains(['[', ']']) => check_host(host).map(|_| CheckedHost::PrivateUse)?,
        // A port of nothing: URL parsers refuse it.
        Scheme::PrivateUse if host.is_empty() && !port.is_empty() => return Err(RegistrationError::Host),
        Scheme::PrivateUse => CheckedHost::PrivateUse,
    };
    // After a bracketed host comes a port or nothing.
    if !port.is_empty() && !port.starts_with(':') {
        return Err(RegistrationError::Host);
    }
    if !port.is_empty() && read_port(port).is_none() {
        return Err(RegistrationError::Port);
    }
    Ok(checked)
}

/// A host whose characters are plain and which a URL parser leaves as it is but for case: `127.1`, `0x7f000001` and
/// `[0:0:0:0:0:0:0:1]` are other spellings, which other readers may read otherwise.
fn check_host(host: &str) -> Result<Host<String>, RegistrationError> {
    let plain =
        host.starts_with('[') || host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
    if !plain || host.is_empty() {
        return Err(RegistrationError::Host);
    }
    let parsed = Host::parse(host).map_err(|_| RegistrationError::Host)?;
    let unchanged = match &parsed {
        Host::Domain(domain) => domain.eq_ignore_ascii_case(host),
        address => address.to_string().eq_ignore_ascii_case(host),
    };
    if unchanged { Ok(parsed) } else { Err(RegistrationError::Host) }
}

/// An http(s) URI as the normalized comparison sees it.
pub(super) struct WebUri<'u> {
    pub(super) scheme: Scheme,
    pub(super) host: &'u str,
    pub(super) port: Option<u16>,
    pub(super) rest: &'u str,
}

impl<'u> WebUri<'u> {
    pub(super) fn read(uri: &'u str) -> Option<Self> {
        let parts = UriParts::split(uri);
        let scheme = Scheme::web(parts.scheme?)?;
        let (host, port) = split_port(parts.authority?);
        let port = if port.is_empty() { scheme.default_port() } else { Some(read_port(port)?) };
        Some(Self { scheme, host, port, rest: parts.rest })
    }
}

/// An empty path is `/`.
pub(super) fn without_root(rest: &str) -> &str {
    rest.strip_prefix('/').unwrap_or(rest)
}
