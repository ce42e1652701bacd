//! The signature algorithms of ID Tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A signature algorithm of RFC 7518, section 3.1, or RFC 8037, section 3.1. `none` is not among
/// them.
///
/// It serializes to its name. The default is RS256, as for a client's
/// `id_token_signed_response_alg` (OpenID Connect Dynamic Client Registration 1.0, section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256. The default.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PSS with SHA-384.
    #[serde(rename = "PS384")]
    Ps384,
    /// RSASSA-PSS with SHA-512.
    #[serde(rename = "PS512")]
    Ps512,
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA with P-384 and SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// ECDSA with P-521 and SHA-512.
    #[serde(rename = "ES512")]
    Es512,
    /// `EdDSA` with Ed25519. RFC 9864 calls it `Ed25519`; both names are read as this algorithm.
    #[serde(rename = "EdDSA", alias = "Ed25519")]
    EdDsa,
    /// HMAC with SHA-256 under the client's secret.
    #[serde(rename = "HS256")]
    Hs256,
    /// HMAC with SHA-384 under the client's secret.
    #[serde(rename = "HS384")]
    Hs384,
    /// HMAC with SHA-512 under the client's secret.
    #[serde(rename = "HS512")]
    Hs512,
}

impl Algorithm {
    const ALL: [Self; 13] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
    ];

    /// The name, as in the `alg` of a token's header.
    ///
    /// ```
    /// assert_eq!(oidc_logout::Algorithm::EdDsa.name(), "EdDSA");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// The algorithm with this name. Names are case-sensitive (RFC 7515, section 4.1.1).
    ///
    /// ```
    /// use oidc_logout::Algorithm;
    ///
    /// assert_eq!(Algorithm::from_name("Ed25519"), Some(Algorithm::EdDsa));
    /// assert_eq!(Algorithm::from_name("none"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "Ed25519" => Some(Self::EdDsa),
            name => Self::ALL.into_iter().find(|algorithm| algorithm.name() == name),
        }
    }

    /// The shortest secret for an HMAC algorithm, in bytes: as long as its hash (RFC 7518, section
    /// 3.2). `None` for an algorithm that uses no secret.
    ///
    /// ```
    /// use oidc_logout::Algorithm;
    ///
    /// assert_eq!(Algorithm::Hs512.min_secret_bytes(), Some(64));
    /// assert_eq!(Algorithm::Rs256.min_secret_bytes(), None);
    /// ```
    #[must_use]
    pub const fn min_secret_bytes(self) -> Option<usize> {
        match self {
            Self::Hs256 => Some(32),
            Self::Hs384 => Some(48),
            Self::Hs512 => Some(64),
            _ => None,
        }
    }

    pub(crate) const fn is_hmac(self) -> bool {
        self.min_secret_bytes().is_some()
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
