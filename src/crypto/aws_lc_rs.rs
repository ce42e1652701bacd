//! The backend aws-lc-rs. No other file names its types and errors.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use super::Algorithm;
use super::public_key::PublicKey;

/// A key that is ready to verify signatures of one algorithm.
pub(crate) struct Verifier(ParsedPublicKey);

impl Verifier {
    /// `None` if the algorithm does not fit the key, or if the library refuses the key.
    pub(crate) fn new(algorithm: Algorithm, key: &PublicKey) -> Option<Self> {
        let parsed = match key {
            PublicKey::Rsa { n, e } => {
                let components = RsaPublicKeyComponents { n: n.as_slice(), e: e.as_slice() };
                components.to_parsed_public_key(rsa(algorithm)?).ok()?
            }
            PublicKey::Ec { x, y, .. } => {
                // 4 marks an uncompressed point (SEC 1, section 2.3.3).
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                ParsedPublicKey::new(elliptic(algorithm)?, point).ok()?
            }
            PublicKey::Ed25519 { x } => ParsedPublicKey::new(elliptic(algorithm)?, x).ok()?,
        };
        Some(Self(parsed))
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn elliptic(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    match algorithm {
        Algorithm::Es256 => Some(&ECDSA_P256_SHA256_FIXED),
        Algorithm::Es384 => Some(&ECDSA_P384_SHA384_FIXED),
        Algorithm::Es512 => Some(&ECDSA_P521_SHA512_FIXED),
        Algorithm::EdDsa => Some(&ED25519),
        _ => None,
    }
}

/// The HMAC of a message. `None` if the algorithm is no HMAC or the secret is too short for it.
pub(crate) fn hmac(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let hash = match algorithm {
        Algorithm::Hs256 => hmac::HMAC_SHA256,
        Algorithm::Hs384 => hmac::HMAC_SHA384,
        Algorithm::Hs512 => hmac::HMAC_SHA512,
        _ => return None,
    };
    // aws-lc-rs takes a key of any length. josekit refuses a short one, and both must agree.
    if secret.len() < algorithm.min_secret_bytes()? {
        return None;
    }
    Some(hmac::sign(&hmac::Key::new(hash, secret), message).as_ref().to_vec())
}
