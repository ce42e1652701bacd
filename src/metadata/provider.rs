//! The discovery document's part: where the logout endpoint is.

use std::cell::Cell;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::form_urlencoded;

use crate::redirect::{RegisteredRedirect, RegistrationError, RegistrationRules};
use crate::refusal::Parameter;

/// What logout adds to the provider's discovery document ([RP-Initiated Logout 1.0, section
/// 2.1](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#OPMetadata); OpenID Connect Discovery 1.0, section 3).
///
/// The host flattens it into its own document:
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
/// let end_session_endpoint = EndSessionEndpoint::new("https://op.example/logout")?;
/// let discovery = Discovery { issuer: "https://op.example", logout: ProviderMetadata::new(end_session_endpoint) };
/// assert_eq!(
///     serde_json::to_string(&discovery)?,
///     r#"{"issuer":"https://op.example","end_session_endpoint":"https://op.example/logout"}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProviderMetadata {
    /// Where clients send the End-User to sign out.
    pub end_session_endpoint: EndSessionEndpoint,
}

impl ProviderMetadata {
    /// The metadata of a provider whose logout endpoint is there.
    #[must_use]
    pub fn new(end_session_endpoint: EndSessionEndpoint) -> Self {
        Self { end_session_endpoint }
    }
}

/// The URL of the logout endpoint, the `end_session_endpoint` of the discovery document.
///
/// It uses `https` and may have a port, a path and a query (RP-Initiated Logout 1.0, section 2.1), but no user name and no
/// fragment. The query holds none of the request's parameters, which would then be sent twice. Its host is in the plain form that [`RegisteredRedirect`] asks for. The bytes are kept as they are.
///
/// Deserializing makes the checks of [`new`](Self::new).
///
/// ```
/// use oidc_logout::{EndSessionEndpoint, EndSessionEndpointError};
///
/// let endpoint = EndSessionEndpoint::new("https://op.example/logout")?;
/// assert_eq!(endpoint.as_str(), "https://op.example/logout");
///
/// let error = EndSessionEndpoint::new("http://localhost:8080/logout").unwrap_err();
/// assert_eq!(error, EndSessionEndpointError::Http);
/// let endpoint = EndSessionEndpoint::allowing_http_on_loopback("http://localhost:8080/logout")?;
/// # assert_eq!(endpoint.as_str(), "http://localhost:8080/logout");
/// # Ok::<(), EndSessionEndpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EndSessionEndpoint(String);

impl EndSessionEndpoint {
    /// Checks the URL of the endpoint.
    ///
    /// # Errors
    /// The first [`EndSessionEndpointError`] in the order of its variants; only a missing `//` comes before `Userinfo`.
    pub fn new(uri: impl Into<String>) -> Result<Self, EndSessionEndpointError> {
        Self::check(uri.into(), false)
    }

    /// The same, and takes `http` on a loopback host too: `localhost`, `127.0.0.0/8`, `[::1]`. For development and tests;
    /// the specification wants `https`.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`Http`](EndSessionEndpointError::Http) on other hosts only.
    pub fn allowing_http_on_loopback(uri: impl Into<String>) -> Result<Self, EndSessionEndpointError> {
        Self::check(uri.into(), true)
    }

    /// The URL, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn check(uri: String, http_on_loopback: bool) -> Result<Self, EndSessionEndpointError> {
        // What a web application may register is just that: https anywhere, http on loopback hosts.
        RegisteredRedirect::register(&uri, &RegistrationRules::default())?;
        let is_https = uri.split(':').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
        if !is_https && !http_on_loopback {
            return Err(EndSessionEndpointError::Http);
        }
        let query = uri.split_once('?').map_or("", |(_, query)| query);
        let is_parameter = |name: &str| Parameter::SPECIFIED.iter().any(|parameter| parameter.name() == name);
        if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| is_parameter(&name)) {
            return Err(EndSessionEndpointError::Parameter);
        }
        Ok(Self(uri))
    }
}

impl<'de> Deserialize<'de> for EndSessionEndpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What serde says by default holds the value.
        let uri =
            String::deserialize(deserializer).map_err(|_| D::Error::custom("end_session_endpoint is not a string"))?;
        Self::new(uri).map_err(D::Error::custom)
    }
}

/// Why a URL cannot be the `end_session_endpoint`, in the order in which it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum EndSessionEndpointError {
    /// More than 2048 bytes.
    #[error("the end_session_endpoint is longer than 2048 bytes")]
    TooLong,
    /// A character that RFC 3986 has no place for, a stray `%`, or a bracket outside the authority.
    #[error("the end_session_endpoint holds a character that has to be percent-encoded, or a broken percent-encoding")]
    Character,
    /// No scheme at the beginning.
    #[error("the end_session_endpoint is relative; write it with https:// and its host")]
    Relative,
    /// A `#`, be there something behind it or not.
    #[error("the end_session_endpoint has a fragment")]
    Fragment,
    /// Neither `https` nor `http`.
    #[error("the end_session_endpoint has to use https")]
    Scheme,
    /// An `@` in the authority.
    #[error("the end_session_endpoint has a user name before the host")]
    Userinfo,
    /// No `//`, no host behind it, or one that is not in its plain form.
    #[error("the host of the end_session_endpoint is missing or not in its plain form")]
    Host,
    /// Not a decimal number from 1 to 65535 without leading zeros.
    #[error("the port of the end_session_endpoint is not a plain decimal number from 1 to 65535")]
    Port,
    /// `http` on a host that is not loopback, or where it is not
    /// [allowed](EndSessionEndpoint::allowing_http_on_loopback).
    #[error(
        "the end_session_endpoint uses http; only on a loopback host, and only where it is allowed explicitly, it may"
    )]
    Http,
    /// A parameter of logout requests in its query, which would then be there twice (RFC 6749, section 3.1).
    #[error("the query of the end_session_endpoint holds a parameter of logout requests, which would be sent twice")]
    Parameter,
}

impl From<RegistrationError> for EndSessionEndpointError {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::TooLong => Self::TooLong,
            RegistrationError::Character => Self::Character,
            RegistrationError::Relative => Self::Relative,
            RegistrationError::Fragment => Self::Fragment,
            RegistrationError::Scheme => Self::Scheme,
            RegistrationError::Userinfo => Self::Userinfo,
            RegistrationError::Host => Self::Host,
            RegistrationError::Port => Self::Port,
            RegistrationError::HttpNotAllowed => Self::Http,
        }
    }
}

impl<'de> Deserialize<'de> for ProviderMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Members {
            end_session_endpoint: EndSessionEndpoint,
        }

        /// Takes objects only: what serde derives would read a list of the same values too.
        struct Object<'a> {
            is_object: &'a Cell<bool>,
        }

        impl<'de> Visitor<'de> for Object<'_> {
            type Value = ProviderMetadata;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with end_session_endpoint")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ProviderMetadata, A::Error> {
                self.is_object.set(true);
                let Members { end_session_endpoint } = Members::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ProviderMetadata { end_session_endpoint })
            }
        }

        let is_object = Cell::new(false);
        let visitor = Object { is_object: &is_object };
        let read = deserializer.deserialize_struct("ProviderMetadata", &["end_session_endpoint"], visitor);
        // What serde says of another value holds the value.
        read.map_err(
            |error| if is_object.get() { error } else { D::Error::custom("provider metadata is not an object") },
        )
    }
}
