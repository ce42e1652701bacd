//! Inputs that all carry a mark.

use oidc_logout::op::{Client, ClientBuilder, LogoutEndpoint, LogoutRequest, Policy, Session};
use oidc_logout::{KeySet, Secret};
use openssl::pkey::{Id, PKey};
use openssl::sign::Signer;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::audit::Audit;
use super::{CLIENT, CLIENT_SECRET, FORMER_ISSUER, ISSUER, NOW, REGISTERED, SECRET, SID, STATE, SUBJECT};
use crate::support::provider::at;
use crate::support::token::{self, base64};

pub(crate) const PARAMETERS: [&str; 10] = [
    "id_token_hint",
    "logout_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
    "ui_locales",
    "resubmitted",
    "encoded_parameters",
    "confirmation",
    "confirm",
];

pub(crate) fn now() -> OffsetDateTime {
    at(NOW)
}

pub(crate) fn ed25519(message: &[u8]) -> Vec<u8> {
    let key = PKey::private_key_from_raw_bytes(&[7; 32], Id::ED25519).unwrap();
    Signer::new_without_digest(&key).unwrap().sign_oneshot_to_vec(message).unwrap()
}

pub(crate) fn hs256(message: &[u8]) -> Vec<u8> {
    token::hs256(CLIENT_SECRET.as_bytes(), message)
}

pub(crate) fn forged(_: &[u8]) -> Vec<u8> {
    b"s3cr3t-signature".to_vec()
}

pub(crate) fn header(algorithm: &str) -> Value {
    json!({"alg": algorithm, "jku": "s3cr3t-jku"})
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": SUBJECT, "aud": CLIENT, "sid": SID, "nonce": "s3cr3t-nonce",
        "iat": 1_699_999_123, "nbf": 1_699_999_124, "exp": 1_700_000_321,
    })
}

/// The claims with one changed; `null` is as good as none.
pub(crate) fn claims_with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

pub(crate) fn jwks() -> Value {
    let key = PKey::private_key_from_raw_bytes(&[7; 32], Id::ED25519).unwrap();
    let x = base64(key.raw_public_key().unwrap());
    let d = base64([7; 32]);
    let secret = base64("s3cr3t-number");
    json!({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "x": x, "d": d, "kid": "s3cr3t-usable-kid", "s3cr3t-member": "s3cr3t-value"},
        {"kty": "oct", "kid": "c0nf1g-kid", "k": secret},
        {"kty": "s3cr3t-kty", "kid": "c0nf1g-kid"},
        {"kty": "RSA", "use": "s3cr3t-use", "n": secret, "e": "AQAB", "d": secret},
        {"kty": "RSA", "key_ops": ["s3cr3t-operation"], "n": secret, "e": "AQAB", "p": secret},
        {"kty": "RSA", "n": secret, "e": "AQAB", "d": secret, "q": secret, "kid": "c0nf1g-kid"},
        {"kty": "RSA", "n": "s3cr3t/no base64url", "e": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519", "x": secret, "d": secret},
        {"kty": "OKP", "crv": "Ed25519", "x": x, "alg": "s3cr3t-alg"},
        {"kty": "OKP", "crv": "s3cr3t-curve", "x": x},
        {"kty": "EC", "crv": "P-256", "x": base64(b"s3cr3t-x-of-no-less-than-32-byte"), "y": base64(b"s3cr3t-y-of-no-less-than-32-byte")},
        {"kid": 49173, "kty": ["s3cr3t-kty"]},
        "s3cr3t-no-object",
    ]})
}

pub(crate) fn endpoint(policy: Policy) -> LogoutEndpoint {
    let keys = KeySet::from_jwks(jwks().to_string()).unwrap();
    let key = |name| format!("s3cr3t-key-of-no-less-than-32-bytes-{name}");
    let secret = Secret::new(key("1")).unwrap().with_previous(key("2")).unwrap();
    LogoutEndpoint::new(ISSUER, keys, secret).with_former_issuer(FORMER_ISSUER).with_policy(policy)
}

pub(crate) fn client() -> ClientBuilder {
    Client::builder(CLIENT).post_logout_redirect_uri(REGISTERED).client_secret(CLIENT_SECRET)
}

pub(crate) fn session() -> Session {
    Session::new(*b"s3cr3t-binding-of-a-sign-in-here", SUBJECT).sid(SID)
}

/// A request with all six parameters and, being a form, those of the crate's own pages.
pub(crate) fn every_parameter(audit: &mut Audit, hint: &str) -> LogoutRequest {
    LogoutRequest::from_form(every_field(audit, hint)).unwrap()
}

pub(crate) fn every_field(audit: &mut Audit, hint: &str) -> String {
    let hint = match hint {
        "absent" => String::new(),
        "ed25519" => audit.token(&header("EdDSA"), &claims(), ed25519),
        "hs256" => audit.token(&header("HS256"), &claims(), hs256),
        "forged" => audit.token(&header("EdDSA"), &claims(), forged),
        token => token.to_owned(),
    };
    let fields = [
        ("id_token_hint", hint.as_str()),
        ("logout_hint", "s3cr3t-logout-hint"),
        ("client_id", CLIENT),
        ("post_logout_redirect_uri", REGISTERED),
        ("state", STATE),
        ("ui_locales", "s3cr3t-de s3cr3t-en"),
    ];
    serde_urlencoded::to_string(fields).unwrap()
}

/// In every way unfit to be registered.
pub(crate) fn hostile_uris() -> [String; 13] {
    [
        format!("https://s3cr3t-host.example/c0nf1g-{}", SECRET.repeat(300)),
        "https://rp.example/s3cr3t-path|c0nf1g-".into(),
        "https://rp.example/s3cr3t-path%zz".into(),
        "s3cr3t-path/c0nf1g-path".into(),
        "https://s3cr3t-host.example/c0nf1g-path#s3cr3t-fragment".into(),
        "s3cr3t-scheme:c0nf1g-".into(),
        "https://s3cr3t-user:s3cr3t-password@c0nf1g-host.example".into(),
        "https://s3cr3t-host..c0nf1g-/s3cr3t-path".into(),
        "https://s3cr3t-h\u{f6}st.c0nf1g-/s3cr3t-path".into(),
        "https://s3cr3t-host.example/c0nf1g-*".into(),
        "s3cr3t_scheme:c0nf1g-".into(),
        "https://c0nf1g-host.example:s3cr3t-port/s3cr3t-path".into(),
        "http://s3cr3t-host.example/c0nf1g-path".into(),
    ]
}

/// The request with one field changed.
pub(crate) fn changed(fields: &str, name: &str, value: &str) -> LogoutRequest {
    let mut fields: Vec<(String, String)> = serde_urlencoded::from_str(fields).unwrap();
    for field in fields.iter_mut().filter(|field| field.0 == name) {
        value.clone_into(&mut field.1);
    }
    LogoutRequest::from_form(serde_urlencoded::to_string(fields).unwrap()).unwrap()
}
