//! The provider's keys: which ones may verify, and which one a token asks for.

use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::crypto::{self, Algorithm, Curve, KeyError, PemError, PublicKey, Verifier};

/// The provider's public keys, each checked for its strength: the current one and those kept for verification only.
///
/// A token that names a `kid` is verified with the keys of that very `kid`; a key without one serves only tokens without
/// one. A token without `kid` is tried with every key that fits its algorithm, 16 at most.
///
/// Cheap to clone.
///
/// # Rotating, retiring, revoking
///
/// **Rotate** by building a new set from the new key together with the former ones, and swapping the endpoint for
/// [`with_keys`](crate::op::LogoutEndpoint::with_keys)'s. Do it on every instance before the first token is signed with the new key.
/// Requests that are being decided keep the keys that they began with. `examples/rotate.rs` does it under load.
///
/// **Retire** a key by leaving it out once its hints need not count any more. That is not when its tokens expire: an expired
/// hint is still a hint (RP-Initiated Logout 1.0, section 4), and clients keep ID Tokens for as long as their own sessions
/// live. Where keys are published in a JWK Set, what verifies here may stay longer than there.
///
/// **Revoke** a key that somebody else may have by leaving it out at once. Every hint that it ever signed is refused from then
/// on with the detail `key`; under a policy with `on_bad_hint: confirm` the End-User is asked in its place.
///
/// **After a move** to another issuer, hints of the former one verify with
/// [`with_former_issuer`](crate::op::LogoutEndpoint::with_former_issuer), as long as its keys are in the set.
///
/// ```
/// use oidc_logout::KeySet;
///
/// let current = br#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "2026", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
/// let former = br#"{"keys": [{"kty": "oct", "kid": "2025", "k": "c2VjcmV0"}]}"#;
///
/// let keys = KeySet::from_jwks(current)?.with(KeySet::from_jwks(former)?);
/// assert_eq!(keys.len(), 1);
/// assert_eq!(keys.unusable()[0].error().to_string(), "the key type is not one that signs ID Tokens publicly");
/// # Ok::<(), oidc_logout::KeySetError>(())
/// ```
#[derive(Clone, Default)]
pub struct KeySet {
    keys: Arc<[Key]>,
    unusable: Arc<[UnusableKey]>,
}

/// One key with a verifier for each algorithm that it fits.
#[derive(Clone)]
struct Key {
    kid: Option<Arc<str>>,
    public: Arc<PublicKey>,
    verifiers: Arc<[(Algorithm, LazyVerifier)]>,
}

/// Built when it is first used, because building one for an RSA key costs more than most requests.
/// `None` if the library refuses the key.
type LazyVerifier = OnceLock<Option<Verifier>>;

/// A JWK Set that is not one at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// Not a JSON object with a list `keys` (RFC 7517, section 5).
    #[error("this is not a JWK Set: a JSON object with a list named keys")]
    Malformed,
}

/// Why no key of a set verifies a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFault {
    /// No key fits the algorithm and the `kid`.
    Key,
    /// The set is empty.
    NoKeys,
    /// None of the keys that fit verifies it.
    Signature,
}

/// A key of a set that is not used. The others serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableKey {
    index: usize,
    kid: Option<String>,
    error: KeyError,
}

impl UnusableKey {
    /// Its place in the JWK Set that it was read from, counted from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its `kid`, where it has one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What is wrong with it.
    #[must_use]
    pub fn error(&self) -> KeyError {
        self.error
    }
}

impl KeySet {
    /// Reads a JWK Set (RFC 7517, section 5). Of private keys only the public part is used.
    ///
    /// Keys that cannot be used (weak, of another type, for encryption, malformed) are left out and
    /// [reported](Self::unusable): look at the report when keys are loaded, since hints signed with such a key are
    /// refused.
    ///
    /// # Errors
    /// [`KeySetError`] when this is not a JWK Set.
    pub fn from_jwks(json: impl AsRef<[u8]>) -> Result<Self, KeySetError> {
        let set: Map<String, Value> = serde_json::from_slice(json.as_ref()).map_err(|_| KeySetError::Malformed)?;
        let jwks = set.get("keys").and_then(Value::as_array).ok_or(KeySetError::Malformed)?;
        let mut keys = Vec::new();
        let mut unusable = Vec::new();
        for (index, jwk) in jwks.iter().enumerate() {
            let kid = jwk.get("kid").and_then(|kid| kid.as_str()).map(str::to_owned);
            // As an object: a list of the same values would be read too.
            let members = jwk.as_object().ok_or(KeyError::Malformed);
            let key = members
                .and_then(|jwk| Jwk::deserialize(jwk).map_err(|_| KeyError::Malformed))
                .and_then(|jwk| Key::from_jwk(&jwk));
            match key {
                Ok(key) => keys.push(key),
                Err(error) => unusable.push(UnusableKey { index, kid, error }),
            }
        }
        Ok(Self::of(keys, unusable))
    }

    /// Reads one public key in PEM: a `PUBLIC KEY` block with RSA, P-256, P-384, P-521 or Ed25519. PEM has no place for a
    /// `kid`, so it is given beside it: that of the tokens which the key signed, or `None` for tokens without.
    ///
    /// ```
    /// use oidc_logout::{KeySet, PemError};
    ///
    /// let pem = "-----BEGIN PUBLIC KEY-----
    /// MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
    /// -----END PUBLIC KEY-----";
    /// let keys = KeySet::from_pem(pem, Some("2026"))?;
    /// assert_eq!(keys.len(), 1);
    ///
    /// let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----";
    /// assert_eq!(KeySet::from_pem(certificate, None).unwrap_err(), PemError::Certificate);
    /// # Ok::<(), PemError>(())
    /// ```
    ///
    /// # Errors
    /// [`PemError`]; certificates and private keys are refused by name.
    pub fn from_pem(pem: impl AsRef<[u8]>, key_id: Option<&str>) -> Result<Self, PemError> {
        let key = crypto::read_pem(pem.as_ref())?;
        let key = Key::new(key_id, key, None).map_err(PemError::Key)?;
        Ok(Self::of(vec![key], Vec::new()))
    }

    fn of(keys: Vec<Key>, unusable: Vec<UnusableKey>) -> Self {
        Self { keys: keys.into(), unusable: unusable.into() }
    }

    /// These keys, and after them the others: how former keys are kept for verification. A key that is in both counts once,
    /// so that reloading does not make the set grow.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "reads as building")]
    pub fn with(self, others: Self) -> Self {
        let new_keys = others.keys.iter().filter(|key| !self.keys.iter().any(|own| own.equals(key)));
        let new_unusable = others.unusable.iter().filter(|key| !self.unusable.contains(key));
        Self {
            keys: self.keys.iter().chain(new_keys).cloned().collect(),
            unusable: self.unusable.iter().chain(new_unusable).cloned().collect(),
        }
    }

    /// The `kid`s of the keys that can verify, in the order in which they are tried; `None` for a key without.
    pub fn key_ids(&self) -> impl Iterator<Item = Option<&str>> {
        self.keys.iter().map(|key| key.kid.as_deref())
    }

    /// How many keys can verify.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether none can.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys that were left out, with the reason.
    #[must_use]
    pub fn unusable(&self) -> &[UnusableKey] {
        &self.unusable
    }

    /// Verifies with the keys that fit the algorithm and, where the token names one, its `kid`. Returns the `kid` of the
    /// key that did.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
        message: &[u8],
        signature: &[u8],
        max_tried: usize,
    ) -> Result<Option<Arc<str>>, KeyFault> {
        let mut fit = self
            .keys
            .iter()
            .filter(|key| kid.is_none_or(|kid| key.kid.as_deref() == Some(kid)))
            .filter_map(|key| key.verifier(algorithm).map(|verifier| (key, verifier)))
            .take(max_tried)
            .peekable();
        if fit.peek().is_none() {
            return Err(if self.is_empty() { KeyFault::NoKeys } else { KeyFault::Key });
        }
        fit.find(|(_, verifier)| verifier.verify(message, signature))
            .map(|(key, _)| key.kid.clone())
            .ok_or(KeyFault::Signature)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet").field("len", &self.len()).field("unusable", &self.unusable).finish_non_exhaustive()
    }
}

/// The members of a JWK that are read (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    public_key_use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        // A private key that signs has a public part that verifies.
        let for_signatures = jwk.public_key_use.as_deref().is_none_or(|key_use| key_use == "sig")
            && jwk.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify" || op == "sign"));
        if !for_signatures {
            return Err(KeyError::Use);
        }
        Self::new(jwk.kid.as_deref(), jwk.public_key()?, jwk.alg.as_deref())
    }

    /// A key for one algorithm, or for all that its type fits.
    fn new(kid: Option<&str>, key: PublicKey, alg: Option<&str>) -> Result<Self, KeyError> {
        let fit = key.algorithms();
        let algorithms = match alg {
            None => fit.to_vec(),
            Some(name) => {
                let algorithm = Algorithm::from_name(name).filter(|algorithm| fit.contains(algorithm));
                vec![algorithm.ok_or(KeyError::Algorithm)?]
            }
        };
        let verifiers: Vec<_> = algorithms.into_iter().map(|algorithm| (algorithm, LazyVerifier::new())).collect();
        // The numbers of an RSA key were checked. Whether a point is on its curve only the library
        // knows, and a key that cannot be used must be reported now.
        if !matches!(key, PublicKey::Rsa { .. }) {
            for (algorithm, verifier) in &verifiers {
                let built = Verifier::new(*algorithm, &key).ok_or(KeyError::Point)?;
                verifier.get_or_init(|| Some(built));
            }
        }
        Ok(Self { kid: kid.map(Arc::from), public: Arc::new(key), verifiers: verifiers.into() })
    }

    /// Whether this verifies the same hints.
    fn equals(&self, other: &Self) -> bool {
        let algorithms = |key: &Self| key.verifiers.iter().map(|(algorithm, _)| *algorithm).collect::<Vec<_>>();
        self.kid == other.kid && self.public == other.public && algorithms(self) == algorithms(other)
    }

    fn verifier(&self, algorithm: Algorithm) -> Option<&Verifier> {
        let (_, verifier) = self.verifiers.iter().find(|(fits, _)| *fits == algorithm)?;
        verifier.get_or_init(|| Verifier::new(algorithm, &self.public)).as_ref()
    }
}

impl Jwk {
    fn public_key(&self) -> Result<PublicKey, KeyError> {
        let curve = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => return PublicKey::rsa(&octets(self.n.as_ref())?, &octets(self.e.as_ref())?),
            ("OKP", Some("Ed25519")) => return PublicKey::ed25519(octets(self.x.as_ref())?),
            ("EC", Some("P-256")) => Curve::P256,
            ("EC", Some("P-384")) => Curve::P384,
            ("EC", Some("P-521")) => Curve::P521,
            ("EC" | "OKP", None) => return Err(KeyError::Malformed),
            _ => return Err(KeyError::Type),
        };
        PublicKey::ec(curve, octets(self.x.as_ref())?, octets(self.y.as_ref())?)
    }
}

fn octets(member: Option<&String>) -> Result<Vec<u8>, KeyError> {
    member.and_then(|member| URL_SAFE_NO_PAD.decode(member).ok()).ok_or(KeyError::Malformed)
}
