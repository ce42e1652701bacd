//! The backend josekit, on OpenSSL. No other file names its types and errors.
//!
//! josekit gets only keys that this crate has checked, and only its `verify` and `sign` are called.
//! The crate itself cuts tokens into segments, reads their JSON, selects the key and checks times.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::{
    ES256, ES384, ES512, EdDSA, HS256, HS384, HS512, JwsSigner as _, JwsVerifier, PS256, PS384, PS512, RS256, RS384,
    RS512,
};

use super::Algorithm;
use super::public_key::PublicKey;

/// A key that is ready to verify signatures of one algorithm.
pub(crate) struct Verifier(Box<dyn JwsVerifier>);

impl Verifier {
    /// `None` if the algorithm does not fit the key, or if the library refuses the key.
    pub(crate) fn new(algorithm: Algorithm, key: &PublicKey) -> Option<Self> {
        // josekit takes keys as JWK. This one has no `kid`, `alg`, `use` or `key_ops`, because the
        // crate has already applied their rules.
        let (kty, crv) = match algorithm {
            Algorithm::Es256 => ("EC", Some("P-256")),
            Algorithm::Es384 => ("EC", Some("P-384")),
            Algorithm::Es512 => ("EC", Some("P-521")),
            Algorithm::EdDsa => ("OKP", Some("Ed25519")),
            _ => ("RSA", None),
        };
        let members = match key {
            PublicKey::Rsa { n, e } => vec![("n", n), ("e", e)],
            PublicKey::Ec { x, y, .. } => vec![("x", x), ("y", y)],
            PublicKey::Ed25519 { x } => vec![("x", x)],
        };
        let mut jwk = Jwk::new(kty);
        jwk.set_parameter("crv", crv.map(Into::into)).ok()?;
        for (name, octets) in members {
            let value = URL_SAFE_NO_PAD.encode(octets);
            jwk.set_parameter(name, Some(value.into())).ok()?;
        }
        let verifier: Box<dyn JwsVerifier> = match algorithm {
            Algorithm::Rs256 => Box::new(RS256.verifier_from_jwk(&jwk).ok()?),
            Algorithm::Rs384 => Box::new(RS384.verifier_from_jwk(&jwk).ok()?),
            Algorithm::Rs512 => Box::new(RS512.verifier_from_jwk(&jwk).ok()?),
            Algorithm::Ps256 => Box::new(PS256.verifier_from_jwk(&jwk).ok()?),
            Algorithm::Ps384 => Box::new(PS384.verifier_from_jwk(&jwk).ok()?),
            Algorithm::Ps512 => Box::new(PS512.verifier_from_jwk(&jwk).ok()?),
            Algorithm::Es256 => Box::new(ES256.verifier_from_jwk(&jwk).ok()?),
            Algorithm::Es384 => Box::new(ES384.verifier_from_jwk(&jwk).ok()?),
            Algorithm::Es512 => Box::new(ES512.verifier_from_jwk(&jwk).ok()?),
            Algorithm::EdDsa => Box::new(EdDSA.verifier_from_jwk(&jwk).ok()?),
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => return None,
        };
        Some(Self(verifier))
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify(message, signature).is_ok()
    }
}

/// The HMAC of a message. `None` if the algorithm is no HMAC or the secret is too short for it.
pub(crate) fn hmac(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let signer = match algorithm {
        Algorithm::Hs256 => HS256.signer_from_bytes(secret),
        Algorithm::Hs384 => HS384.signer_from_bytes(secret),
        Algorithm::Hs512 => HS512.signer_from_bytes(secret),
        _ => return None,
    };
    signer.ok()?.sign(message).ok()
}
