//! The error of a refused registration, which is also the body of its HTTP response.

use serde::ser::{Serialize, Serializer};
use thiserror::Error;

use super::ChannelUriError;
use crate::answer::{Headers, serialize_error};
use crate::metadata::ClientMetadataError;
use crate::uri::UriError;

/// The reason why a client is not registered ([RFC 7591, section
/// 3.2.2](https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2)).
///
/// Answer with [`status`](Self::status), [`headers`](Self::headers), and as the body this error
/// serialized to JSON. The `Display` text becomes the `error_description`. It is for the client's
/// developer: it names the member and says how to mend it, and holds no value from the input.
///
/// ```
/// use oidc_logout::ClientMetadata;
/// use oidc_logout::op::RegistrationError;
///
/// let read = ClientMetadata::from_json(r#"{"application_type": "desktop"}"#);
/// let error = read.map_err(RegistrationError::from).unwrap_err();
/// assert_eq!(error.code(), "invalid_client_metadata");
/// assert_eq!(error.status(), 400);
/// assert_eq!(
///     serde_json::to_string(&error)?,
///     r#"{"error":"invalid_client_metadata","#.to_owned()
///         + r#""error_description":"application_type is neither web nor native"}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The metadata cannot be read. `invalid_client_metadata`
    #[error("{0}")]
    Metadata(#[from] ClientMetadataError),
    /// There are more `post_logout_redirect_uris` than the provider's
    /// [rules](super::RegistrationRules::max_post_logout_redirect_uris) allow.
    /// `invalid_client_metadata`
    #[error("post_logout_redirect_uris has more than {max} elements")]
    TooManyUris {
        /// The most that a client may have.
        max: usize,
    },
    /// The provider does not sign ID Tokens with this algorithm, which is RS256 if the client names
    /// none. `invalid_client_metadata`
    #[error(
        "this provider does not sign ID Tokens with this id_token_signed_response_alg (RS256 if it is left out); \
         choose one of the id_token_signing_alg_values_supported in its discovery document"
    )]
    UnsupportedAlgorithm,
    /// The algorithm is an HMAC, and the client gets no secret or is public.
    /// `invalid_client_metadata`
    #[error(
        "id_token_signed_response_alg is an HMAC algorithm, which needs a confidential client with a client_secret; \
         choose another algorithm"
    )]
    HmacWithoutSecret,
    /// The secret that the host made is shorter than the hash of the HMAC algorithm (RFC 7518,
    /// section 3.2). `invalid_client_metadata`
    #[error(
        "id_token_signed_response_alg needs a client_secret of at least {min_bytes} bytes, but this provider issues \
         shorter ones; choose another algorithm"
    )]
    SecretTooShort {
        /// The length that the algorithm needs, in bytes.
        min_bytes: usize,
    },
    /// One of the `post_logout_redirect_uris` cannot be registered. `invalid_redirect_uri`
    #[error("post_logout_redirect_uris[{index}]: {error}")]
    PostLogoutRedirectUri {
        /// The URI's place in the list, counted from 0.
        index: usize,
        /// The fault of the URI.
        error: UriError,
    },
    /// The `backchannel_logout_uri` cannot be registered. `invalid_client_metadata`
    #[error("backchannel_logout_uri: {0}")]
    BackChannelUri(ChannelUriError),
    /// The `frontchannel_logout_uri` cannot be registered. `invalid_client_metadata`
    #[error("frontchannel_logout_uri: {0}")]
    FrontChannelUri(ChannelUriError),
}

impl RegistrationError {
    /// The `error` of the response: `invalid_redirect_uri` or `invalid_client_metadata`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PostLogoutRedirectUri { .. } => "invalid_redirect_uri",
            _ => "invalid_client_metadata",
        }
    }

    /// Always `400`.
    #[must_use]
    pub fn status(self) -> u16 {
        400
    }

    /// The response headers. They include `content-type: application/json`.
    #[must_use]
    pub fn headers(self) -> Headers<'static> {
        Headers::json()
    }
}

impl Serialize for RegistrationError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_error(serializer, self.code(), self)
    }
}
