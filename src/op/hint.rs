//! The outcome of step 2: an error, or a hint that is verified.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::crypto::Algorithm;
use crate::jws::{KeyFault, MalformedToken, NumericDate, TokenBytes, TokenFault};
use crate::parameter::ClientId;

/// The reason why a hint is not an ID Token that this provider issued and still accepts, in the
/// order of the checks. Those that need the client come last for a hint signed with a public key:
/// `ClientAlgorithm`. For one signed with HMAC, `Audience` comes right after `Algorithm`. Several
/// variants may share a [code](Self::code): they differ in what the
/// developer of the client does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum HintError {
    /// Larger than 48 KiB, or its first segment larger than 8 KiB as sent, or than the endpoint's
    /// lower [limits](crate::Limits). `too_large`.
    #[error("it is larger than this provider reads")]
    TooLarge,
    /// A JWE. The client sends the inner JWS, or the host
    /// [decrypts](super::LogoutRequest::with_decrypted_hint). `encrypted`.
    #[error("it is encrypted; send the signed ID Token that is inside")]
    Encrypted,
    /// Not a compact JWS with the claims of an ID Token. `malformed`.
    #[error("it is not the compact form of a signed ID Token: {0}")]
    Malformed(MalformedToken),
    /// Another kind of token: the header's `typ` or a claim says so (RFC 8725, section 3.11).
    /// `type`.
    #[error("it is another kind of token; send the ID Token, not an access token, a refresh token or a logout token")]
    Type,
    /// Signed with an algorithm that the provider's policy does not allow, or that this crate does
    /// not know. `algorithm`.
    #[error("it is signed with an algorithm that this provider does not use for ID Tokens")]
    Algorithm,
    /// Signed with another algorithm than the client is registered for, its
    /// `id_token_signed_response_alg`. `algorithm`.
    #[error("its alg differs from the id_token_signed_response_alg that is registered for the client")]
    ClientAlgorithm,
    /// No usable key for its algorithm and `kid`: a key without `kid` does not serve a token with
    /// one. `key`.
    #[error("no key of this provider matches its alg and kid; if the key has been retired, sign the user in again")]
    Key,
    /// The provider's key set is empty, so that no hint with a public-key signature can be
    /// verified. The host made a mistake. `key`.
    #[error("this provider has no key to verify it with; tell its operator")]
    NoKeys,
    /// An HMAC hint, and no `client_secret` that is long enough is known for its client. `key`.
    #[error("this provider has no client_secret of this client that is long enough for the token's alg")]
    ClientSecret,
    /// The signature does not verify. `signature`.
    #[error("its signature does not verify; send the ID Token exactly as it was issued")]
    Signature,
    /// The HMAC does not verify with any `client_secret` of the client. `signature`.
    #[error(
        "its signature does not verify with the client_secret; send the ID Token exactly as it was issued, or sign the \
         user in again if the client_secret has changed since"
    )]
    ClientSignature,
    /// `iss` is not this provider. `issuer`.
    #[error("its iss is not this provider's issuer; both must be equal byte for byte, including a slash at the end")]
    Issuer,
    /// The claim, `iat` or `nbf`, is more than 300 seconds ahead. `not_yet_valid`.
    #[error("its {0} is in the future, so it is not valid yet; compare the clocks of client and provider")]
    NotYetValid(&'static str),
    /// It expired longer ago than the policy accepts. `expired`.
    #[error("it expired too long ago; sign the user in again or send the request without it")]
    Expired,
    /// Its audience does not name one client: `azp` is neither in `aud` nor the `client_id`, or
    /// `aud` is a list and nothing picks one. `audience`.
    #[error("its audience does not name one client; send as client_id the client that it was issued to")]
    Audience,
    /// The host [rejected](super::PendingSession::reject_hint) it for reasons of its own.
    /// `rejected`.
    #[error("this provider does not accept it any more; sign the user in again")]
    Rejected,
}

impl HintError {
    /// A stable name for logs, metrics and tests, such as `signature`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Encrypted => "encrypted",
            Self::Malformed(_) => "malformed",
            Self::Type => "type",
            Self::Algorithm | Self::ClientAlgorithm => "algorithm",
            Self::Key | Self::NoKeys | Self::ClientSecret => "key",
            Self::Signature | Self::ClientSignature => "signature",
            Self::Issuer => "issuer",
            Self::NotYetValid(_) => "not_yet_valid",
            Self::Expired => "expired",
            Self::Audience => "audience",
            Self::Rejected => "rejected",
        }
    }
}

impl From<TokenFault> for HintError {
    fn from(fault: TokenFault) -> Self {
        match fault {
            TokenFault::TooLarge => Self::TooLarge,
            TokenFault::Encrypted => Self::Encrypted,
            TokenFault::Malformed(malformed) => Self::Malformed(malformed),
        }
    }
}

impl From<MalformedToken> for HintError {
    fn from(malformed: MalformedToken) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<KeyFault> for HintError {
    fn from(fault: KeyFault) -> Self {
        match fault {
            KeyFault::Key => Self::Key,
            KeyFault::NoKeys => Self::NoKeys,
            KeyFault::Signature => Self::Signature,
        }
    }
}

/// The reason why [`verify_hint`](super::LogoutEndpoint::verify_hint) does not accept a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum VerifyHintError {
    /// It is not an ID Token that this provider issued and still accepts.
    #[error("the id_token_hint is invalid: {0}")]
    Invalid(HintError),
    /// It was issued to another client.
    #[error("the id_token_hint was issued to another client")]
    ClientMismatch,
}

impl<T: Into<HintError>> From<T> for VerifyHintError {
    fn from(error: T) -> Self {
        Self::Invalid(error.into())
    }
}

/// A hint whose signature, issuer, times and client were verified: what the provider itself once
/// said.
///
/// It proves that the provider issued an ID Token about this subject to this client. It does not
/// prove that the End-User is still signed in, nor who sent it. `Debug` shows no claim.
#[derive(Clone)]
pub struct VerifiedHint {
    pub(crate) issuer: Arc<str>,
    pub(crate) client_id: ClientId,
    pub(crate) subject: String,
    pub(crate) sid: Option<String>,
    pub(crate) issued_at: NumericDate,
    pub(crate) expires_at: NumericDate,
    pub(crate) not_before: Option<NumericDate>,
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<Arc<str>>,
    pub(crate) received_at: NumericDate,
    /// The claims as JSON.
    pub(crate) claims: TokenBytes,
}

/// The claims of a hint do not fit the type that the host wants them in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("a claim of the ID Token is missing or does not have the type that the host expects")]
pub struct ClaimsError;

impl VerifiedHint {
    /// Reads claims of the token into a type of the host's, which may name any of them.
    ///
    /// A provider that distinguishes its tokens by a claim of its own reads it here, and
    /// [rejects](super::PendingSession::reject_hint) every token that is not an ID Token.
    ///
    /// # Errors
    /// [`ClaimsError`] when a claim does not fit the type. It holds no value of the token.
    ///
    /// ```
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Tenant {
    ///     tenant: String,
    /// }
    ///
    /// fn is_ours(hint: &oidc_logout::op::VerifiedHint) -> bool {
    ///     hint.claims::<Tenant>().is_ok_and(|claims| claims.tenant == "acme")
    /// }
    /// ```
    pub fn claims<'de, T: serde::Deserialize<'de>>(&'de self) -> Result<T, ClaimsError> {
        serde_json::from_slice(self.claims.as_slice()).map_err(|_| ClaimsError)
    }

    /// `iss`: the endpoint's issuer or one of its former ones.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The client that the token was issued to, from `azp`, `aud` or the `client_id` parameter.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// `sub`, as this client knows the End-User.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `sid`, if the token has one (Front-Channel Logout 1.0, section 3).
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// `iat`.
    #[must_use]
    pub fn issued_at(&self) -> NumericDate {
        self.issued_at
    }

    /// `exp`.
    #[must_use]
    pub fn expires_at(&self) -> NumericDate {
        self.expires_at
    }

    /// `nbf`, if the token has one.
    #[must_use]
    pub fn not_before(&self) -> Option<NumericDate> {
        self.not_before
    }

    /// Whether `exp` had come at the time that [`receive`](super::LogoutEndpoint::receive) was
    /// given.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.received_at >= self.expires_at
    }

    /// The whole seconds between `iat` and that time. Negative if clocks differ.
    #[must_use]
    pub fn age_seconds(&self) -> i64 {
        #[allow(clippy::cast_possible_truncation, reason = "a float-to-int cast saturates")]
        let seconds = (self.received_at.0 - self.issued_at.0).floor() as i64;
        seconds
    }

    /// Whether it was issued at most so many seconds ago.
    pub(crate) fn is_issued_within(&self, seconds: u64) -> bool {
        #[allow(clippy::cast_precision_loss, reason = "a second more or less in 285 million years")]
        let seconds = seconds as f64;
        self.received_at.0 - self.issued_at.0 <= seconds
    }

    /// The algorithm that it is signed with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid` of the key that verified it, if that key has one. `None` for the client's secret.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }
}

impl fmt::Debug for VerifiedHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedHint")
            .field("algorithm", &self.algorithm)
            .field("expired", &self.is_expired())
            .finish_non_exhaustive()
    }
}
