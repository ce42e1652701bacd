//! Step 2: the hint, from an untrusted token to what was proven.
//!
//! The order is that of the checks: shape, algorithm, key, signature, then what the token says. A claim counts only
//! once the signature is verified; the one exception is a hint signed with a client's secret, where the unverified
//! audience selects the client whose secret to try, and nothing else.

mod algorithm;
#[cfg(feature = "aws-lc-rs")]
mod aws_lc_rs;
#[cfg(all(feature = "josekit", not(feature = "aws-lc-rs")))]
mod josekit;
mod keys;
mod pem;
mod public_key;
mod token;

use std::fmt;
use std::sync::Arc;

use thiserror::Error;
use time::OffsetDateTime;

pub use algorithm::Algorithm;
#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs as backend;
#[cfg(all(feature = "josekit", not(feature = "aws-lc-rs")))]
use josekit as backend;
pub use keys::{KeyError, KeySet, KeySetError, UnusableKey};
pub use pem::PemError;
pub(crate) use token::{Claims, Token};

use crate::request::ClientId;

/// How far ahead of `now` `iat` and `nbf` may be, in seconds: clocks differ.
pub(crate) const CLOCK_SKEW_SECONDS: f64 = 300.0;

/// What is wrong with the shape of a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum MalformedHint {
    /// Not three segments (RFC 7515, section 7.1).
    #[error("it is not three segments with two dots between")]
    Segments,
    /// A segment is not canonical base64url without padding (RFC 7515, section 2).
    #[error("the {0} is not base64url without padding")]
    Base64(Segment),
    /// A segment is not one JSON object in UTF-8 that begins with `{`. Its first character as sent tells, before it is decoded.
    #[error("the {0} is not a JSON object")]
    Json(Segment),
    /// A member that has to be there is not, or is null.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A member occurs twice.
    #[error("{0} occurs twice")]
    Duplicate(&'static str),
    /// A member is not of its type.
    #[error("{0} is not of the type that it has to be")]
    WrongType(&'static str),
    /// The header has `crit`: no extension is understood (RFC 7515, section 4.1.11).
    #[error("the header has crit, and no extension is understood")]
    Critical,
}

/// A segment of a compact JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Segment {
    /// The first.
    Header,
    /// The second.
    Claims,
    /// The third.
    Signature,
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Signature => "signature",
        })
    }
}

/// Why a hint is not an ID Token that this provider issued and still accepts, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum HintError {
    /// Larger than 48 KiB, or its first segment larger than 8 KiB as sent. `too_large`.
    #[error("it is larger than this provider reads")]
    TooLarge,
    /// A JWE. The client sends the inner JWS, or the host [decrypts](crate::LogoutRequest::with_decrypted_hint). `encrypted`.
    #[error("it is encrypted; send the signed ID Token that is inside")]
    Encrypted,
    /// Not a compact JWS with the claims of an ID Token. `malformed`.
    #[error("it is not the compact form of a signed ID Token: {0}")]
    Malformed(MalformedHint),
    /// Another kind of JWT: its `typ` says so, or it has `events` (RFC 8725, section 3.11). `type`.
    #[error("it is another kind of token; send the ID Token, not an access token or a logout token")]
    Type,
    /// Signed with an algorithm that the provider's policy or the client's registration does not allow. `algorithm`.
    #[error("it is signed with an algorithm that is not used for this client")]
    Algorithm,
    /// No usable key for its algorithm and `kid`: a key without `kid` does not serve a token with one. `key`.
    #[error(
        "no key of this provider fits its algorithm and kid; where the key was removed since, sign the user in again"
    )]
    Key,
    /// The signature does not verify. `signature`.
    #[error("its signature does not verify; send the ID Token exactly as it was issued")]
    Signature,
    /// `iss` is not this provider. `issuer`.
    #[error("another provider issued it")]
    Issuer,
    /// `iat` or `nbf` is more than 300 seconds ahead. `not_yet_valid`.
    #[error("it is not valid yet")]
    NotYetValid,
    /// It expired longer ago than the policy accepts. `expired`.
    #[error("it expired too long ago; sign the user in again or send the request without it")]
    Expired,
    /// Its audience does not tell the client: `azp` is not in `aud`, or `aud` is a list and nothing picks one. `audience`.
    #[error("its audience does not tell the client; send the client_id too")]
    Audience,
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
            Self::Algorithm => "algorithm",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::Audience => "audience",
        }
    }
}

/// A point in time as a JWT has it: seconds since 1970-01-01T00:00:00Z, possibly fractional, of any size and sign
/// (RFC 7519, section 2).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct NumericDate(pub(crate) f64);

impl NumericDate {
    /// The seconds since the epoch; always finite.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        self.0
    }

    /// The date, to the second, or `None` where it is out of `OffsetDateTime`'s range (years -9999 to 9999).
    ///
    /// ```
    /// # fn age(hint: &oidc_logout::VerifiedHint, now: time::OffsetDateTime) -> Option<time::Duration> {
    /// Some(now - hint.issued_at().to_offset_date_time()?)
    /// # }
    /// ```
    #[must_use]
    pub fn to_offset_date_time(self) -> Option<OffsetDateTime> {
        // Saturates at the ends of i64, which are out of range too.
        #[allow(clippy::cast_possible_truncation, reason = "a float-to-int cast saturates")]
        OffsetDateTime::from_unix_timestamp(self.0.floor() as i64).ok()
    }

    pub(crate) fn from_offset_date_time(date: OffsetDateTime) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "years to 9999 fit into the 53 bits of a float's mantissa")]
        Self(date.unix_timestamp() as f64 + f64::from(date.nanosecond()) / 1e9)
    }
}

/// A hint whose signature, issuer, times and client were verified: what the provider itself once said.
///
/// It proves that the provider issued an ID Token about this subject to this client. It does not prove that the End-User
/// is still signed in, nor who sent it. `Debug` shows no claim.
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
}

impl VerifiedHint {
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

    /// `sid`, where the token has one (Front-Channel Logout 1.0, section 3).
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

    /// `nbf`, where the token has one.
    #[must_use]
    pub fn not_before(&self) -> Option<NumericDate> {
        self.not_before
    }

    /// Whether `exp` had come at the time that [`receive`](crate::LogoutEndpoint::receive) was given.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.received_at >= self.expires_at
    }

    /// How long before that time it was issued, in whole seconds; negative where clocks differ.
    #[must_use]
    pub fn age_seconds(&self) -> i64 {
        #[allow(clippy::cast_possible_truncation, reason = "a float-to-int cast saturates")]
        let seconds = (self.received_at.0 - self.issued_at.0).floor() as i64;
        seconds
    }

    /// What it is signed with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid` of the key that verified it, where that key has one. `None` for the client's secret.
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

/// HMAC with SHA-256 under a key of the crate's own; see [`crate::confirm`].
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    backend::hmac(Algorithm::Hs256, key, message)
}

/// Whether this is the HMAC of the message. Lengths are compared first, then all bytes in constant time.
pub(crate) fn verify_hmac(algorithm: Algorithm, secret: &[u8], message: &[u8], mac: &[u8]) -> bool {
    backend::hmac(algorithm, secret, message)
        .is_some_and(|expected| bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_slice(), mac)))
}
