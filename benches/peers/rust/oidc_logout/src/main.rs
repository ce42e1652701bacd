//! This crate: a decision from the bytes of the query to the location, for a signed-in user.

use std::collections::HashMap;
use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::op::{Answer, Client, Decision, Landing, LogoutEndpoint, LogoutRequest, Refusal, Session, Told};
use oidc_logout::{KeySet, Secret};
use serde_json::{Value, json};
use time::OffsetDateTime;

#[path = "../../turns.rs"]
mod turns;

fn main() {
    let fixture = turns::read_fixture();
    let text = |name: &str| fixture[name].as_str().expect(name);

    let keys = KeySet::from_jwks(json!({ "keys": [fixture["public_jwk"]] }).to_string()).expect("the key");
    let endpoint = LogoutEndpoint::new(text("issuer"), keys, Secret::new([1; 32]).expect("32 bytes are enough"));
    let client = Client::builder(text("client_id")).post_logout_redirect_uri(text("post_logout_redirect_uri"));
    let clients = HashMap::from([(text("client_id"), client.build().expect("the client"))]);
    let session = Session::new([1; 32], text("subject")).sid(text("sid"));

    let decide = |query: &str| -> Result<String, Refusal> {
        let pending = endpoint.receive(LogoutRequest::from_query(query)?, OffsetDateTime::now_utc())?;
        let client = pending.client_id().and_then(|id| clients.get(id.as_str()));
        match pending.decide(client, Some(&session)) {
            Decision::EndSession(end) => match end.session_ended(Told::nobody()) {
                Landing::Redirect(to) => Ok(to.location().to_owned()),
                Landing::FrontChannel(_) | Landing::SignedOutPage(_) => panic!("no redirect"),
            },
            Decision::Answer(Answer::Refuse(refusal)) => Err(refusal),
            other => panic!("neither ended nor refused: {other:?}"),
        }
    };

    let query = text("query");
    assert_eq!(decide(query).expect("a redirect"), text("location"));
    assert_eq!(decide(text("tampered_query")).expect_err("a refusal").reason().code(), "id_token_hint_invalid");

    let signature = signature(&fixture["public_jwk"], text("id_token"));
    assert!(signature());
    turns::serve(
        "oidc-logout",
        if cfg!(feature = "aws-lc-rs") { "(aws-lc-rs)" } else { "(josekit)" },
        &[
            ("decision", &|| {
                black_box(decide(black_box(query)).is_ok());
            }),
            ("signature", &|| {
                black_box(signature());
            }),
        ],
    );
}

/// One signature check by the library of the crate's backend, with a key that is already parsed.
fn signature(jwk: &Value, token: &str) -> impl Fn() -> bool {
    let (signed, signature) = token.rsplit_once('.').expect("three segments");
    let signed = signed.as_bytes().to_owned();
    let octets = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let signature = octets(signature);
    let [n, e] = ["n", "e"].map(|name| octets(jwk[name].as_str().expect(name)));

    #[cfg(not(feature = "aws-lc-rs"))]
    return {
        use openssl::{bn::BigNum, hash::MessageDigest, pkey::PKey, rsa::Rsa, sign::Verifier};
        let number = |octets: &[u8]| BigNum::from_slice(octets).expect("a number");
        let key = Rsa::from_public_components(number(&n), number(&e)).and_then(PKey::from_rsa).expect("a key");
        move || {
            let mut verifier = Verifier::new(MessageDigest::sha256(), &key).expect("a verifier");
            verifier.verify_oneshot(&signature, &signed).expect("an answer")
        }
    };
    #[cfg(feature = "aws-lc-rs")]
    return {
        use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
        let key: ParsedPublicKey =
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).expect("a key");
        move || key.verify_sig(&signed, &signature).is_ok()
    };
}
