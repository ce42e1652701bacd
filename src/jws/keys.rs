//! The provider's public keys, and the choice of the ones that a token asks for (rule 4).

use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::crypto::{self, Algorithm, Curve, KeyError, PemError, PublicKey, Verifier};

/// The provider's public keys, each checked for its strength: the current one and the former ones
/// that still verify.
///
/// A token with a `kid` is verified only with the keys of that `kid`. A token without one is
/// verified with every key that fits its algorithm, at most 16 by default
/// ([`Limits`](crate::Limits)). A key without `kid` serves only tokens without one.
///
/// Clones share the keys, so cloning is cheap.
///
/// # Rotating, retiring, revoking
///
/// **Rotate**: build a set of the new key and the former ones, and replace the endpoint with the
/// one that [`with_keys`](crate::op::LogoutEndpoint::with_keys) returns. Do so on every instance
/// before the first token is signed with the new key. Requests that are being decided keep the keys
/// that they began with. `examples/rotate.rs` rotates keys under load.
///
/// **Retire**: leave a key out once you no longer accept the hints that it signed. Do not wait only
/// until its tokens expire: an expired hint is still a hint (RP-Initiated Logout 1.0, section 4),
/// and clients keep ID Tokens as long as their own sessions last. Keys may stay in this set after
/// they leave your published JWK Set.
///
/// **Revoke**: if somebody else may have a private key, leave its public key out at once. From then
/// on every hint that it ever signed is refused with the detail `key`. Under a policy with
/// `on_bad_hint: confirm` the End-User is asked instead.
///
/// **Change the issuer**: hints of the former issuer still verify after
/// [`with_former_issuer`](crate::op::LogoutEndpoint::with_former_issuer), as long as its keys are
/// in the set.
///
/// ```
/// use oidc_logout::KeySet;
///
/// let current = br#"{"keys": [{
///     "kty": "OKP", "crv": "Ed25519", "kid": "2026",
///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
/// }]}"#;
/// let former = br#"{"keys": [{"kty": "oct", "kid": "2025", "k": "c2VjcmV0"}]}"#;
///
/// let keys = KeySet::from_jwks(current)?.with(KeySet::from_jwks(former)?);
/// assert_eq!(keys.len(), 1);
/// let unusable = &keys.unusable()[0];
/// assert_eq!(unusable.error().to_string(), "unsupported key type (kty or crv)");
/// # Ok::<(), oidc_logout::KeySetError>(())
/// ```
#[doc(alias = "jwks")]
#[doc(alias = "rotate")]
#[derive(Clone, Default)]
pub struct KeySet {
    keys: Arc<[Key]>,
    unusable: Arc<[UnusableKey]>,
}

/// One key, with a verifier for each algorithm that it may be used with.
#[derive(Clone)]
struct Key {
    kid: Option<Arc<str>>,
    public: Arc<PublicKey>,
    verifiers: Arc<[(Algorithm, LazyVerifier)]>,
}

/// Built when it is first used, because building one for an RSA key costs more than most requests.
/// `None` if the library refuses the key.
type LazyVerifier = OnceLock<Option<Verifier>>;

/// The reason why [`KeySet::from_jwks`] reads no key at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// The input is not a JSON object with an array `keys` (RFC 7517, section 5).
    #[error("this is not a JWK Set; it must be a JSON object with an array named keys")]
    Malformed,
}

/// The reason why no key of a set verifies a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFault {
    /// No key has this `kid` and fits the algorithm.
    Key,
    /// The set is empty.
    NoKeys,
    /// Keys fit, and none of them verifies the signature.
    Signature,
}

/// A key of a JWK Set that cannot be used. The other keys of the set are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableKey {
    index: usize,
    kid: Option<String>,
    error: KeyError,
}

impl UnusableKey {
    /// The key's place in the JWK Set that it was read from, counted from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The key's `kid`, if it has one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The reason.
    #[must_use]
    pub fn error(&self) -> KeyError {
        self.error
    }
}

impl KeySet {
    /// Reads a JWK Set (RFC 7517, section 5). Of a private key, only the public part is used.
    ///
    /// Keys that cannot be used (weak, malformed, for encryption, of an unsupported type) are left
    /// out and reported by [`unusable`](Self::unusable). Look at the report when you load keys,
    /// because hints signed with such a key are refused.
    ///
    /// The size of the input is not limited. Limit it yourself if you fetch the set over a network.
    ///
    /// # Errors
    /// [`KeySetError`] if this is not a JWK Set.
    pub fn from_jwks(json: impl AsRef<[u8]>) -> Result<Self, KeySetError> {
        let set: Map<String, Value> = serde_json::from_slice(json.as_ref()).map_err(|_| KeySetError::Malformed)?;
        let jwks = set.get("keys").and_then(Value::as_array).ok_or(KeySetError::Malformed)?;
        let mut keys = Vec::new();
        let mut unusable = Vec::new();
        for (index, jwk) in jwks.iter().enumerate() {
            let kid = jwk.get("kid").and_then(|kid| kid.as_str()).map(str::to_owned);
            // serde would also read a struct from an array of its values, which is no JWK.
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

    /// Reads one public key in PEM: a `PUBLIC KEY` block of at most 16 KiB with RSA, P-256, P-384,
    /// P-521 or Ed25519 (RFC 7468, section 13).
    ///
    /// PEM has no place for a `kid`. `key_id` is the `kid` of the tokens that the key signed, or
    /// `None` if they have none.
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
    /// [`PemError`]. Certificates and private keys have errors that say how to extract the key.
    #[doc(alias = "public key")]
    pub fn from_pem(pem: impl AsRef<[u8]>, key_id: Option<&str>) -> Result<Self, PemError> {
        let key = crypto::read_pem(pem.as_ref())?;
        let key = Key::new(key_id, key, None).map_err(PemError::Key)?;
        Ok(Self::of(vec![key], Vec::new()))
    }

    fn of(keys: Vec<Key>, unusable: Vec<UnusableKey>) -> Self {
        Self { keys: keys.into(), unusable: unusable.into() }
    }

    /// Adds the keys of another set, such as former keys that must still verify. They are tried
    /// after the keys of this set. A key that is in both is added only once, so the set does not
    /// grow when the same keys are loaded again.
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

    /// The `kid` of each usable key, in the order in which they are tried. `None` stands for a key
    /// without `kid`.
    ///
    /// ```
    /// use oidc_logout::KeySet;
    ///
    /// let keys = br#"{"keys": [{
    ///     "kty": "OKP", "crv": "Ed25519", "kid": "2026",
    ///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    /// }]}"#;
    /// assert!(KeySet::from_jwks(keys)?.key_ids().eq([Some("2026")]));
    /// # Ok::<(), oidc_logout::KeySetError>(())
    /// ```
    pub fn key_ids(&self) -> impl Iterator<Item = Option<&str>> {
        self.keys.iter().map(|key| key.kid.as_deref())
    }

    /// The number of usable keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether the set has no usable key, so that no hint with a public-key signature verifies.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys that were left out, each with the reason.
    #[must_use]
    pub fn unusable(&self) -> &[UnusableKey] {
        &self.unusable
    }

    /// Verifies a signature with the keys that fit the algorithm and, if the token has one, the
    /// `kid`. Returns the `kid` of the key that verified it.
    ///
    /// At most `max_tried` keys are tried, because each costs a signature check that anybody can
    /// cause by leaving out the `kid`.
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

/// The members of a JWK that are read (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section
/// 2). Private parts are not among them.
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
        // A private key with `sign` is fine too, because its public part verifies.
        let for_signatures = jwk.public_key_use.as_deref().is_none_or(|key_use| key_use == "sig")
            && jwk.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify" || op == "sign"));
        if !for_signatures {
            return Err(KeyError::Use);
        }
        Self::new(jwk.kid.as_deref(), jwk.public_key()?, jwk.alg.as_deref())
    }

    /// A key for the algorithm `alg`, or for all algorithms of its type if it has no `alg`.
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

    /// Whether both keys verify exactly the same tokens.
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
            // Without `crv` such a key is incomplete. With another `crv` it is only unsupported.
            ("EC" | "OKP", None) => return Err(KeyError::Malformed),
            _ => return Err(KeyError::Type),
        };
        PublicKey::ec(curve, octets(self.x.as_ref())?, octets(self.y.as_ref())?)
    }
}

fn octets(member: Option<&String>) -> Result<Vec<u8>, KeyError> {
    member.and_then(|member| URL_SAFE_NO_PAD.decode(member).ok()).ok_or(KeyError::Malformed)
}
