//! OpenSSL keys that sign tokens, and that check them in the most direct way.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::{ES256, EdDSA, JwsVerifier, PS256, RS256};
use oidc_logout::Algorithm;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::memcmp;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};
use serde_json::{Value, json};

/// The secret for HMAC, as long as its hash.
const SECRET: [u8; 32] = [7; 32];

#[derive(Clone)]
pub(crate) struct SigningKey {
    algorithm: Algorithm,
    private: PKey<Private>,
    /// The key that a verifier has. `None` for an HMAC.
    public: Option<PKey<Public>>,
}

impl SigningKey {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let private = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => Rsa::generate(2048).and_then(PKey::from_rsa),
            Algorithm::Es256 => EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)
                .and_then(|group| EcKey::generate(&group))
                .and_then(PKey::from_ec_key),
            Algorithm::EdDsa => PKey::generate_ed25519(),
            Algorithm::Hs256 => PKey::hmac(&SECRET),
            other => panic!("{other:?} is not among those measured"),
        };
        let private = private.expect("a key");
        let public = (algorithm != Algorithm::Hs256).then(|| {
            let der = private.public_key_to_der().expect("a public key");
            PKey::public_key_from_der(&der).expect("a public key")
        });
        Self { algorithm, private, public }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The name of the algorithm in a token.
    pub(crate) fn name(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Rs256 => "RS256",
            Algorithm::Ps256 => "PS256",
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
            _ => "HS256",
        }
    }

    pub(crate) fn base_line(&self) -> &'static str {
        if self.secret().is_some() { "EVP_DigestSign and compare" } else { "EVP_DigestVerify" }
    }

    pub(crate) fn secret(&self) -> Option<[u8; 32]> {
        (self.algorithm == Algorithm::Hs256).then_some(SECRET)
    }

    /// The modulus of an RSA key.
    pub(crate) fn modulus(&self) -> Vec<u8> {
        self.private.rsa().expect("an RSA key").n().to_vec()
    }

    /// `None` for an HMAC, which has no public key.
    pub(crate) fn jwk(&self, kid: &str) -> Option<Value> {
        let number = |number: &openssl::bn::BigNumRef| base64url(&number.to_vec());
        let public = self.public.as_ref()?;
        let mut jwk = match self.algorithm {
            Algorithm::Es256 => {
                let key = public.ec_key().expect("an EC key");
                let (mut x, mut y) = (BigNum::new().expect("a number"), BigNum::new().expect("a number"));
                let mut context = BigNumContext::new().expect("a context");
                let point = key.public_key();
                point.affine_coordinates(key.group(), &mut x, &mut y, &mut context).expect("a point");
                let [x, y] = [x, y].map(|number| base64url(&number.to_vec_padded(32).expect("32 bytes")));
                json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
            }
            Algorithm::EdDsa => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&public.raw_public_key().expect("32 bytes")) })
            }
            _ => {
                let key = public.rsa().expect("an RSA key");
                json!({ "kty": "RSA", "n": number(key.n()), "e": number(key.e()) })
            }
        };
        jwk["kid"] = kid.into();
        Some(jwk)
    }

    /// The same check by josekit, which is the part of a request that is not the crate's own work.
    /// `None` for an HMAC.
    pub(crate) fn josekit(&self) -> Option<Box<dyn JwsVerifier>> {
        let mut jwk = self.jwk("")?;
        let members = jwk.as_object_mut().expect("an object");
        members.remove("kid");
        let jwk = Jwk::from_map(members.clone()).expect("a JWK");
        Some(match self.algorithm {
            Algorithm::Ps256 => Box::new(PS256.verifier_from_jwk(&jwk).expect("a verifier")),
            Algorithm::Es256 => Box::new(ES256.verifier_from_jwk(&jwk).expect("a verifier")),
            Algorithm::EdDsa => Box::new(EdDSA.verifier_from_jwk(&jwk).expect("a verifier")),
            _ => Box::new(RS256.verifier_from_jwk(&jwk).expect("a verifier")),
        })
    }

    /// A signature in the form that tokens use.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signer = match self.algorithm {
            Algorithm::EdDsa => Signer::new_without_digest(&self.private),
            _ => Signer::new(MessageDigest::sha256(), &self.private),
        }
        .expect("a signer");
        if self.algorithm == Algorithm::Ps256 {
            signer.set_rsa_padding(Padding::PKCS1_PSS).expect("PSS");
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).expect("PSS");
        }
        let signature = signer.sign_oneshot_to_vec(message).expect("a signature");
        if self.algorithm != Algorithm::Es256 {
            return signature;
        }
        let signature = EcdsaSig::from_der(&signature).expect("a signature");
        [signature.r(), signature.s()].map(|number| number.to_vec_padded(32).expect("32 bytes")).concat()
    }

    /// A token's signature in the form that OpenSSL reads.
    pub(crate) fn for_openssl(&self, signature: &[u8]) -> Vec<u8> {
        if self.algorithm != Algorithm::Es256 {
            return signature.to_vec();
        }
        let (r, s) = signature.split_at(signature.len() / 2);
        let number = |octets| BigNum::from_slice(octets).expect("a number");
        let signature = EcdsaSig::from_private_components(number(r), number(s)).expect("a signature");
        signature.to_der().expect("a signature")
    }

    /// The base line. The signature must be in the form of [`for_openssl`](Self::for_openssl).
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some(public) = &self.public else {
            let mut signer = Signer::new(MessageDigest::sha256(), &self.private).expect("a signer");
            let mut mac = [0; 32];
            let length = signer.sign_oneshot(&mut mac, message).expect("a MAC");
            return length == signature.len() && memcmp::eq(&mac, signature);
        };
        let mut verifier = match self.algorithm {
            Algorithm::EdDsa => Verifier::new_without_digest(public),
            _ => Verifier::new(MessageDigest::sha256(), public),
        }
        .expect("a verifier");
        if self.algorithm == Algorithm::Ps256 {
            verifier.set_rsa_padding(Padding::PKCS1_PSS).expect("PSS");
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).expect("PSS");
        }
        verifier.verify_oneshot(signature, message).unwrap_or(false)
    }
}

pub(crate) fn signing_input(header: &Value, claims: &str) -> String {
    format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.as_bytes()))
}

pub(crate) fn base64url(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}
