//! Why a client is not registered, as RFC 7591 has it answered.

use serde::ser::{Serialize, SerializeStruct, Serializer};
use thiserror::Error;

use super::ClientMetadata;
use crate::redirect::RegistrationError;

/// Why client metadata is not registered: a client registration error response ([RFC 7591, section
/// 3.2.2](https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2)).
///
/// The answer is [`status`](Self::status), [`headers`](Self::headers) and this, serialized as JSON, as the body. The
/// `Display` text is the `error_description`: it is for the client's developer, names the member and what to mend, and
/// holds no value of the input.
///
/// ```
/// use oidc_logout::ClientMetadata;
///
/// let error = ClientMetadata::from_json(r#"{"application_type": "desktop"}"#).unwrap_err();
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
pub enum ClientRegistrationError {
    /// Not a JSON object in UTF-8, or one with a number or a string in a member of logout's that no reader has a type for.
    /// `invalid_client_metadata`
    #[error("the client metadata is not a JSON object that can be read")]
    NotAnObject,
    /// A member occurs twice. `invalid_client_metadata`
    #[error("{member} occurs twice; send each member at most once")]
    DuplicateMember {
        /// Which one.
        member: &'static str,
    },
    /// A member is not of its type. `invalid_client_metadata`
    #[error("{member} is not {expected}")]
    WrongType {
        /// Which one.
        member: &'static str,
        /// What it has to be, such as `a string`.
        expected: &'static str,
    },
    /// An element of `post_logout_redirect_uris` is not a string. `invalid_client_metadata`
    #[error("post_logout_redirect_uris[{index}] is not a string")]
    UriNotAString {
        /// Which one, counted from 0.
        index: usize,
    },
    /// More `post_logout_redirect_uris` than [can be registered](ClientMetadata::MAX_POST_LOGOUT_REDIRECT_URIS).
    /// `invalid_client_metadata`
    #[error("post_logout_redirect_uris has more than {} elements", ClientMetadata::MAX_POST_LOGOUT_REDIRECT_URIS)]
    TooManyUris,
    /// Neither `web` nor `native`. `invalid_client_metadata`
    #[error("application_type is neither web nor native")]
    UnknownApplicationType,
    /// `none`, or no algorithm that this crate knows. `invalid_client_metadata`
    #[error("id_token_signed_response_alg is none, or not a signature algorithm that this provider knows")]
    UnknownAlgorithm,
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
        error: RegistrationError,
    },
}

impl ClientRegistrationError {
    /// The `error` of the response: `invalid_redirect_uri` or `invalid_client_metadata`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PostLogoutRedirectUri { .. } => "invalid_redirect_uri",
            _ => "invalid_client_metadata",
        }
    }
}

impl Serialize for ClientRegistrationError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("ClientRegistrationError", 2)?;
        body.serialize_field("error", self.code())?;
        body.serialize_field("error_description", &self.to_string())?;
        body.end()
    }
}
