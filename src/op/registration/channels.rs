//! The URIs by which a client hears of logouts (rule 11).

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

use super::RegistrationRules;
use crate::uri::{CheckedUri, Scheme, UriError, WebUri};

/// The URI to which the provider sends logout tokens: a client's `backchannel_logout_uri`
/// ([Back-Channel Logout 1.0, section
/// 2.2](https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRegistration)).
///
/// Its bytes are kept as they are, the query too. It is `https`, or `http` where the
/// [rules](RegistrationRules::allow_http) allow that to a confidential client, on loopback hosts
/// too. A literal address must pass the [address rules](RegistrationRules::addresses); the
/// addresses of a name are checked at each delivery.
#[derive(Clone, PartialEq, Eq)]
pub struct BackChannelUri(String);

impl BackChannelUri {
    /// Checks a URI that a client wants to register.
    ///
    /// ```
    /// use oidc_logout::op::{BackChannelUri, ChannelUriError, RegistrationRules};
    ///
    /// let rules = RegistrationRules::default();
    /// assert!(BackChannelUri::register("https://rp.example/logout?tenant=1", &rules).is_ok());
    /// let error = BackChannelUri::register("https://10.1.2.3/logout", &rules).unwrap_err();
    /// assert_eq!(error, ChannelUriError::Address);
    /// ```
    ///
    /// # Errors
    /// The first [`ChannelUriError`]: the URI's own fault in the order of [`UriError`], then
    /// `http_not_allowed`, then `address`.
    pub fn register(uri: &str, rules: &RegistrationRules) -> Result<Self, ChannelUriError> {
        let checked = check(uri, rules)?;
        if checked.address().is_some_and(|address| rules.address_rules().check(address).is_err()) {
            return Err(ChannelUriError::Address);
        }
        Ok(Self(uri.to_owned()))
    }

    /// The registered bytes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, as it is written, with the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        WebUri::read(&self.0).map_or("", |uri| uri.host)
    }
}

/// The URI that the provider's page loads in a frame: a client's `frontchannel_logout_uri`
/// ([Front-Channel Logout 1.0, section
/// 2](https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout)).
///
/// Its scheme, host and port are those of one of the client's
/// [redirect URIs](RegistrationRules::redirect_uris), and not those of the provider's
/// [issuer](RegistrationRules::issuer), because a frame of the provider's own origin could reach
/// into its page. Its query holds neither `iss` nor `sid`, which the provider adds.
#[derive(Clone, PartialEq, Eq)]
pub struct FrontChannelUri {
    uri: String,
    origin: String,
}

impl FrontChannelUri {
    /// Checks a URI that a client wants to register.
    ///
    /// ```
    /// use oidc_logout::op::{ChannelUriError, FrontChannelUri, RegistrationRules};
    ///
    /// let rules = RegistrationRules::default()
    ///     .issuer("https://op.example")
    ///     .redirect_uris(["https://rp.example/callback"]);
    /// let uri = FrontChannelUri::register("https://rp.example/logout", &rules)?;
    /// assert_eq!(uri.origin(), "https://rp.example");
    ///
    /// let error = FrontChannelUri::register("https://other.example/logout", &rules).unwrap_err();
    /// assert_eq!(error, ChannelUriError::Origin);
    /// # Ok::<(), ChannelUriError>(())
    /// ```
    ///
    /// # Errors
    /// The first [`ChannelUriError`]: the URI's own fault in the order of [`UriError`], then
    /// `http_not_allowed`, an IPv6 address, `origin`, `query`.
    pub fn register(uri: &str, rules: &RegistrationRules) -> Result<Self, ChannelUriError> {
        let checked = check(uri, rules)?;
        let own = WebUri::read(uri).ok_or(UriError::Host)?;
        if own.host.starts_with('[') {
            return Err(ChannelUriError::Ipv6);
        }
        let has_own_origin = |other: &str| WebUri::read(other).is_some_and(|other| other.has_origin_of(&own));
        if rules.issuer_uri().is_some_and(has_own_origin)
            || !rules.redirect_uri_list().iter().any(|redirect| has_own_origin(redirect))
        {
            return Err(ChannelUriError::Origin);
        }
        if checked.query_names().any(|name| name == "iss" || name == "sid") {
            return Err(ChannelUriError::Query);
        }
        Ok(Self { origin: own.origin(), uri: uri.to_owned() })
    }

    /// The registered bytes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Scheme, host and port, as a content security policy names them (RFC 6454, section 6.2).
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

fn check<'u>(uri: &'u str, rules: &RegistrationRules) -> Result<CheckedUri<'u>, ChannelUriError> {
    let checked = CheckedUri::check(uri, |_| false)?;
    if checked.scheme() == Scheme::Http && !rules.allows_http() {
        return Err(ChannelUriError::Uri(UriError::HttpNotAllowed));
    }
    Ok(checked)
}

/// Only the length: anybody may have registered it, and its query may hold a secret.
impl fmt::Debug for BackChannelUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackChannelUri({} bytes)", self.0.len())
    }
}

/// Only the length: anybody may have registered it, and its query may hold a secret.
impl fmt::Debug for FrontChannelUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrontChannelUri({} bytes)", self.uri.len())
    }
}

/// The reason why a `backchannel_logout_uri` or a `frontchannel_logout_uri` cannot be registered.
/// The `Display` text is for the client's developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ChannelUriError {
    /// The URI itself cannot be used. Its own code.
    #[error("{}", message(*.0))]
    Uri(#[from] UriError),
    /// Of a back channel: a literal address that the provider may not connect to. `address`
    #[error(
        "the host is an address of a special-purpose range, such as a private network, which this provider does not \
         connect to; use a host name or a public address"
    )]
    Address,
    /// Of a front channel: an IPv6 address, which no content security policy can name. `host`
    #[error("the host is an IPv6 address, which browsers cannot allow in a frame; use a host name")]
    Ipv6,
    /// Of a front channel: another scheme, host or port than those of the client's redirect URIs,
    /// or the provider's own. `origin`
    #[error(
        "the scheme, host and port must be those of one of the client's redirect_uris, and not the provider's own \
         (Front-Channel Logout 1.0, section 2)"
    )]
    Origin,
    /// Of a front channel: a parameter that the provider adds. `query`
    #[error("the query holds iss or sid, which the provider adds; remove it")]
    Query,
}

impl ChannelUriError {
    /// A stable name for logs and tests, such as `http_not_allowed`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Uri(error) => error.code(),
            Self::Address => "address",
            Self::Ipv6 => "host",
            Self::Origin => "origin",
            Self::Query => "query",
        }
    }
}

/// Two messages of [`UriError`] speak of redirects, where other schemes are allowed.
fn message(error: UriError) -> Cow<'static, str> {
    match error {
        UriError::Scheme => "the scheme is not allowed here; use https".into(),
        UriError::HttpNotAllowed => {
            "http is allowed only where the provider allows it for a confidential client; use https".into()
        }
        error => error.to_string().into(),
    }
}
