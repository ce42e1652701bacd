//! Tokens, put together and signed by other means than the crate's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use serde_json::{Value, json};

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The compact serialization, with the signature that `sign` makes of what is signed.
pub(crate) fn token(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", base64(header), base64(claims));
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", base64(signature))
}

/// A key pair of the provider: RSA, which signs RS256, or Ed25519.
pub(crate) struct ProviderKey(PKey<Private>);

impl ProviderKey {
    pub(crate) fn rsa() -> Self {
        Self(PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap())
    }

    pub(crate) fn ed25519() -> Self {
        Self(PKey::generate_ed25519().unwrap())
    }

    pub(crate) fn jwk(&self, kid: Option<&str>) -> Value {
        match self.0.id() {
            Id::RSA => {
                let key = self.0.rsa().unwrap();
                json!({"kty": "RSA", "n": base64(key.n().to_vec()), "e": base64(key.e().to_vec()), "kid": kid})
            }
            Id::ED25519 => ed25519_jwk(&self.0.raw_public_key().unwrap(), kid),
            other => panic!("no key is made of {other:?}"),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signer = match self.0.id() {
            Id::RSA => Signer::new(MessageDigest::sha256(), &self.0),
            _ => Signer::new_without_digest(&self.0),
        };
        signer.as_mut().unwrap().sign_oneshot_to_vec(message).unwrap()
    }
}

pub(crate) fn ed25519_jwk(x: &[u8], kid: Option<&str>) -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": base64(x), "kid": kid})
}

pub(crate) fn hs256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let key = PKey::hmac(secret).unwrap();
    Signer::new(MessageDigest::sha256(), &key).unwrap().sign_oneshot_to_vec(message).unwrap()
}
