//! Why a client is not registered, in the form of RFC 7591's answer.

use serde::ser::{Serialize, SerializeStruct, Serializer};
use thiserror::Error;

use crate::answer::Headers;
use crate::metadata::ClientMetadataError;
use crate::uri::UriError;

/// Why client metadata is not registered: a client registration error response ([RFC 7591, section
/// 3.2.2](https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2)).
///
/// The answer is [`status`](Self::status), [`headers`](Self::headers) and this, serialized as JSON, as the body. The
/// `Display` text is the `error_description`: it is for the client's developer, names the member and what to mend, and
/// holds no value of the input.
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
///     r#"{"error":"invalid_client_metadata","error_description":"application_type is neither web nor native"}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The metadata cannot be read. `invalid_client_metadata`
    #[error("{0}")]
    Metadata(#[from] ClientMetadataError),
    /// More `post_logout_redirect_uris` than the provider's
    /// [rules](super::RegistrationRules::max_post_logout_redirect_uris) allow.
    /// `invalid_client_metadata`
    #[error("post_logout_redirect_uris has more than {max} elements")]
    TooManyUris {
        /// How many there may be.
        max: usize,
    },
    /// An algorithm that the provider does not sign ID Tokens with; RS256 where the client names none.
    /// `invalid_client_metadata`
    #[error(
        "this provider does not sign ID Tokens with the id_token_signed_response_alg (RS256 where it is left out); \
         choose one of the id_token_signing_alg_values_supported of its discovery document"
    )]
    UnsupportedAlgorithm,
    /// An HMAC algorithm for a client that gets no secret, or cannot keep one. `invalid_client_metadata`
    #[error(
        "id_token_signed_response_alg is an HMAC algorithm, and this client gets no client_secret for it; choose another"
    )]
    HmacWithoutSecret,
    /// The secret that the host made is shorter than the hash of the HMAC algorithm (RFC 7518, section 3.2).
    /// `invalid_client_metadata`
    #[error(
        "id_token_signed_response_alg needs a client_secret of at least {min_bytes} bytes, which is longer than this \
         provider's; choose another algorithm"
    )]
    SecretTooShort {
        /// How many bytes it needs.
        min_bytes: usize,
    },
    /// One of the `post_logout_redirect_uris` cannot be registered. `invalid_redirect_uri`
    #[error("post_logout_redirect_uris[{index}]: {error}")]
    PostLogoutRedirectUri {
        /// Which one, counted from 0.
        index: usize,
        /// What is wrong with it.
        error: UriError,
    },
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

    /// The headers, `content-type` among them: the body is this error as JSON.
    #[must_use]
    pub fn headers(self) -> Headers<'static> {
        Headers::json()
    }
}

impl Serialize for RegistrationError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("RegistrationError", 2)?;
        body.serialize_field("error", self.code())?;
        body.serialize_field("error_description", &self.to_string())?;
        body.end()
    }
}
