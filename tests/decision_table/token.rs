//! Tokens for the tests, signed with keys made at their start.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::KeyPair as _;
use josekit::jws::{HS256, JwsSigner, RS256};
use serde_json::{Value, json};

/// An RSA key pair of the provider's.
pub(crate) struct ProviderKey {
    signer: Box<dyn JwsSigner>,
    jwks: String,
}

impl ProviderKey {
    pub(crate) fn generate(kid: &str) -> Self {
        let pair = RS256.generate_key_pair(2048).unwrap();
        let mut public = Value::Object(pair.to_jwk_public_key().as_ref().clone());
        public["kid"] = kid.into();
        Self {
            signer: Box::new(RS256.signer_from_der(pair.to_der_private_key()).unwrap()),
            jwks: json!({"keys": [public]}).to_string(),
        }
    }

    pub(crate) fn jwks(&self) -> &str {
        &self.jwks
    }

    pub(crate) fn signer(&self) -> &dyn JwsSigner {
        self.signer.as_ref()
    }
}

pub(crate) fn hmac_signer(secret: &[u8]) -> Box<dyn JwsSigner> {
    Box::new(HS256.signer_from_bytes(secret).unwrap())
}

/// The compact serialization.
pub(crate) fn sign(header: &Value, claims: &Value, signer: &dyn JwsSigner) -> String {
    let message = format!("{}.{}", segment(header), segment(claims));
    let signature = signer.sign(message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn segment(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}
