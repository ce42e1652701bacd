//! The part of the provider's discovery document that belongs to logout.

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};
use thiserror::Error;

use crate::json::{self, Value};
use crate::parameter;
use crate::uri::{CheckedUri, Scheme, UriError};

/// The members that logout adds to the provider's discovery document ([RP-Initiated Logout 1.0,
/// section 2.1](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#OPMetadata); OpenID
/// Connect Discovery 1.0, section 3).
///
/// Flatten it into your own document:
///
/// ```
/// use oidc_logout::{EndSessionEndpoint, ProviderMetadata};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Discovery {
///     issuer: &'static str,
///     #[serde(flatten)]
///     logout: ProviderMetadata,
/// }
///
/// let logout = ProviderMetadata::new(EndSessionEndpoint::new("https://op.example/logout")?);
/// let discovery = Discovery { issuer: "https://op.example", logout };
/// assert_eq!(
///     serde_json::to_string(&discovery)?,
///     r#"{"issuer":"https://op.example","end_session_endpoint":"https://op.example/logout"}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "they are the document's members")]
pub struct ProviderMetadata {
    /// The URL to which clients send the End-User to sign out.
    pub end_session_endpoint: EndSessionEndpoint,
    /// Whether the provider sends logout tokens (Back-Channel Logout 1.0, section 2.1). `false` is
    /// not serialized, here and below.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_logout_supported: bool,
    /// Whether they hold a `sid`, as its ID Tokens do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_logout_session_supported: bool,
    /// Whether the provider loads its clients' URIs in frames (Front-Channel Logout 1.0, section
    /// 3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub frontchannel_logout_supported: bool,
    /// Whether these get `iss` and `sid`, as its ID Tokens have them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub frontchannel_logout_session_supported: bool,
}

impl ProviderMetadata {
    /// The metadata of a provider with this logout endpoint.
    #[must_use]
    pub fn new(end_session_endpoint: EndSessionEndpoint) -> Self {
        Self {
            end_session_endpoint,
            backchannel_logout_supported: false,
            backchannel_logout_session_supported: false,
            frontchannel_logout_supported: false,
            frontchannel_logout_session_supported: false,
        }
    }

    /// Announces back-channel logout with `sid`. Only for a provider that delivers the
    /// [notices](crate::op::Notices) and puts a `sid` into its ID Tokens.
    ///
    /// ```
    /// use oidc_logout::{EndSessionEndpoint, ProviderMetadata};
    ///
    /// let endpoint = EndSessionEndpoint::new("https://op.example/logout")?;
    /// let metadata = ProviderMetadata::new(endpoint).with_back_channel().with_front_channel();
    /// assert!(metadata.backchannel_logout_session_supported);
    /// # Ok::<(), oidc_logout::EndSessionEndpointError>(())
    /// ```
    #[must_use]
    pub fn with_back_channel(mut self) -> Self {
        self.backchannel_logout_supported = true;
        self.backchannel_logout_session_supported = true;
        self
    }

    /// Announces front-channel logout with `iss` and `sid`. Only for a provider that shows the page
    /// of [`FrontChannelPage`](crate::op::FrontChannelPage) and puts a `sid` into its ID Tokens.
    #[must_use]
    pub fn with_front_channel(mut self) -> Self {
        self.frontchannel_logout_supported = true;
        self.frontchannel_logout_session_supported = true;
        self
    }
}

/// The URL of the logout endpoint, the `end_session_endpoint` of the discovery document.
///
/// It must use `https`. It may have a port, a path and a query (RP-Initiated Logout 1.0, section
/// 2.1), but no user name and no fragment, and at most 2048 bytes. The query must not hold a
/// parameter of logout requests, because a client would send it a second time. The host must be in
/// the plain form that [`UriError::Host`] describes. The bytes of the URL are never changed.
///
/// Deserializing runs the checks of [`new`](Self::new).
///
/// ```
/// use oidc_logout::{EndSessionEndpoint, EndSessionEndpointError, UriError};
///
/// let endpoint = EndSessionEndpoint::new("https://op.example/logout")?;
/// assert_eq!(endpoint.as_str(), "https://op.example/logout");
///
/// let error = EndSessionEndpoint::new("http://localhost:8080/logout").unwrap_err();
/// assert_eq!(error, EndSessionEndpointError::Uri(UriError::HttpNotAllowed));
/// let uri = "http://localhost:8080/logout";
/// let endpoint = EndSessionEndpoint::allowing_http_on_loopback(uri)?;
/// # assert_eq!(endpoint.as_str(), "http://localhost:8080/logout");
/// # Ok::<(), EndSessionEndpointError>(())
/// ```
#[doc(alias = "end_session_endpoint")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EndSessionEndpoint(String);

impl EndSessionEndpoint {
    /// Checks the URL of the endpoint.
    ///
    /// # Errors
    /// The first [`EndSessionEndpointError`] in the order of its variants, except that a missing
    /// `//` is reported before [`Userinfo`](UriError::Userinfo).
    pub fn new(uri: impl Into<String>) -> Result<Self, EndSessionEndpointError> {
        Self::check(uri.into(), false)
    }

    /// Like [`new`](Self::new), but also allows `http` on loopback hosts: `localhost`, names that
    /// end in `.localhost`, `127.0.0.0/8` and `[::1]`. Use it for development and tests only,
    /// because the specification demands `https`.
    ///
    /// # Errors
    /// As for [`new`](Self::new), but [`HttpNotAllowed`](UriError::HttpNotAllowed) only for other
    /// hosts.
    pub fn allowing_http_on_loopback(uri: impl Into<String>) -> Result<Self, EndSessionEndpointError> {
        Self::check(uri.into(), true)
    }

    /// The URL, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn check(uri: String, http_on_loopback: bool) -> Result<Self, EndSessionEndpointError> {
        let checked = CheckedUri::check(&uri, |_| false)?;
        checked.http_is_allowed(false)?;
        if checked.scheme() == Scheme::Http && !http_on_loopback {
            return Err(UriError::HttpNotAllowed.into());
        }
        if checked.query_names().any(|name| parameter::NAMES.contains(&name.as_str())) {
            return Err(EndSessionEndpointError::Parameter);
        }
        Ok(Self(uri))
    }
}

impl AsRef<str> for EndSessionEndpoint {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for EndSessionEndpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's default message would repeat the value.
        let uri =
            String::deserialize(deserializer).map_err(|_| D::Error::custom("end_session_endpoint is not a string"))?;
        Self::new(uri).map_err(D::Error::custom)
    }
}

/// The reason why a URL cannot be the `end_session_endpoint`, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum EndSessionEndpointError {
    /// The URL may not be published. `http` is accepted only on loopback hosts, and only by
    /// [`allowing_http_on_loopback`](EndSessionEndpoint::allowing_http_on_loopback).
    #[error("end_session_endpoint: {0}")]
    Uri(#[from] UriError),
    /// The query holds a parameter of logout requests. A client would send it a second time, which
    /// is an error (RFC 6749, section 3.1).
    #[error(
        "the query of the end_session_endpoint holds a parameter of logout requests, which would then be sent twice; \
         remove it"
    )]
    Parameter,
}

/// The members of [`ProviderMetadata`].
const NAMES: [&str; 5] = [
    "end_session_endpoint",
    "backchannel_logout_supported",
    "backchannel_logout_session_supported",
    "frontchannel_logout_supported",
    "frontchannel_logout_session_supported",
];

impl<'de> Deserialize<'de> for ProviderMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut found = [const { None }; NAMES.len()];
        let mut duplicate = None;
        // A duplicate is noted here and refused below, because two readers could pick different
        // values.
        let set = |index: usize, value: Value<'de>| {
            if found.get_mut(index).is_some_and(|slot: &mut Option<Value<'de>>| slot.replace(value).is_some()) {
                duplicate = NAMES.get(index).copied();
            }
            duplicate.is_none()
        };
        json::visit(deserializer, "ProviderMetadata", &NAMES, 0, "provider metadata is not an object", set)?;
        if let Some(name) = duplicate {
            return Err(D::Error::duplicate_field(name));
        }
        let [endpoint, back, back_session, front, front_session] = found;
        let uri = match endpoint {
            None => return Err(D::Error::missing_field("end_session_endpoint")),
            Some(Value::Text(uri)) => uri,
            Some(_) => return Err(D::Error::custom("end_session_endpoint is not a string")),
        };
        let is_set = |value, name| match value {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Boolean(is_set)) => Ok(is_set),
            Some(_) => Err(D::Error::custom(format_args!("{name} is not a boolean"))),
        };
        Ok(Self {
            end_session_endpoint: EndSessionEndpoint::new(uri).map_err(D::Error::custom)?,
            backchannel_logout_supported: is_set(back, "backchannel_logout_supported")?,
            backchannel_logout_session_supported: is_set(back_session, "backchannel_logout_session_supported")?,
            frontchannel_logout_supported: is_set(front, "frontchannel_logout_supported")?,
            frontchannel_logout_session_supported: is_set(front_session, "frontchannel_logout_session_supported")?,
        })
    }
}
