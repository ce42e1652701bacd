//! What a host's own data may hold: key sets and registries that are older, larger or stranger than
//! these rules.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::op::{Client, ClientError, HintError, LogoutRequest, Method, RefusalReason, RegistrationRules};
use oidc_logout::{Algorithm, ApplicationType, ClientType, KeyError, KeySet, KeySetError, Limits, UriError};
use serde_json::json;

use crate::support::provider::{ISSUER, at, endpoint, key_set};
use crate::support::token::{ProviderKey, ed25519_jwk, token};

fn verify(keys: KeySet, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<(), HintError> {
    let claims = json!({"iss": ISSUER, "sub": "user-1", "aud": "rp-1", "iat": 1, "exp": 2});
    let hint = token(r#"{"alg":"EdDSA"}"#, claims.to_string(), sign);
    let request = LogoutRequest::builder(Method::Get).id_token_hint(hint).build().unwrap();
    match endpoint(keys).receive(request, at(0)).map(|_| ()).map_err(|refusal| refusal.reason()) {
        Err(RefusalReason::IdTokenHintInvalid(error)) => Err(error),
        other => {
            other.unwrap();
            Ok(())
        }
    }
}

#[test]
fn an_ed25519_key_that_lets_anybody_sign_is_no_key() {
    let mut small = Vec::new();
    for first in [0, 1, 0xec, 0xed, 0xee, 0xff] {
        let fill = if first > 1 { 0xff } else { 0 };
        let mut y = [fill; 32];
        *y.first_mut().unwrap() = first;
        small.push(y);
    }
    for order_8 in ["xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o", "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU"] {
        small.push(URL_SAFE_NO_PAD.decode(order_8).unwrap().try_into().unwrap());
    }
    for y in small {
        for sign in [0, 0x80] {
            let mut x = y;
            let high = x.last_mut().unwrap();
            *high = *high & 0x7f | sign;
            let keys = key_set(&[ed25519_jwk(&x, None)]);
            assert_eq!(keys.unusable().first().unwrap().error(), KeyError::Point, "{x:?}");
            // The identity as a key, and as R with S = 0, would verify everything.
            let mut forged = [0; 64];
            *forged.first_mut().unwrap() = 1;
            assert_eq!(verify(keys, |_| forged.to_vec()), Err(HintError::NoKeys));
        }
    }
}

#[test]
fn reloading_keys_does_not_push_former_ones_out() {
    let [former, current] = [(); 2].map(|()| ProviderKey::ed25519());
    let set = |key: &ProviderKey, kid| key_set(&[key.jwk(Some(kid)), json!({})]);
    let mut keys = set(&former, "former");
    for _ in 0..20 {
        keys = set(&current, "current").with(keys);
    }
    assert_eq!(keys.key_ids().collect::<Vec<_>>(), [Some("current"), Some("former")]);
    assert_eq!(keys.unusable().len(), 1);
    assert_eq!(verify(keys.clone(), |signed| former.sign(signed)), Ok(()));
    assert_eq!(verify(keys, |signed| current.sign(signed)), Ok(()));
}

#[test]
fn a_list_in_place_of_an_object_is_no_key() {
    let jwk = ProviderKey::ed25519().jwk(None);
    let list = json!(["OKP", null, null, null, null, "Ed25519", null, null, jwk["x"], null]);
    assert_eq!(KeySet::from_jwks(json!([[list]]).to_string()).unwrap_err(), KeySetError::Malformed);
    assert_eq!(key_set(&[list]).unusable().first().unwrap().error(), KeyError::Malformed);
}

#[test]
fn what_a_registry_holds_that_cannot_be_used_is_left_out_and_reported() {
    let builder = Client::builder("rp-1")
        .post_logout_redirect_uri("https://rp.example/*")
        .post_logout_redirect_uri("https://*.rp.example")
        .id_token_signed_response_alg(Algorithm::Hs256)
        .client_secret("too-short")
        .form_action_scheme("https://www.example/path");
    let wildcard = |index| ClientError::PostLogoutRedirectUri { index, error: UriError::Wildcard };
    assert_eq!(builder.clone().build().unwrap_err(), wildcard(0));
    let client = builder.build_usable();
    assert_eq!(client.post_logout_redirect_uris().len(), 0);
    let scheme = ClientError::FormActionScheme { index: 0 };
    let secret = ClientError::SecretTooShort { min_bytes: 32 };
    assert_eq!(client.unusable(), [wildcard(0), wildcard(1), secret, scheme]);
}

#[test]
fn the_types_of_a_client_win_over_its_rules_in_any_order() {
    let rules = RegistrationRules::default().allow_scheme("myapp").allow_http(true);
    let builder = || Client::builder("rp-1").post_logout_redirect_uri("myapp://signed-out");
    let native = ApplicationType::Native;
    assert!(builder().application_type(native).registration_rules(rules.clone()).build().is_ok());
    assert!(builder().registration_rules(rules.clone()).application_type(native).build().is_ok());
    let public = Client::builder("rp-1")
        .client_type(ClientType::Public)
        .registration_rules(rules)
        .post_logout_redirect_uri("http://rp.example");
    assert!(public.build().is_err());
}

#[test]
fn limits_can_be_lowered_and_not_raised() {
    let highest = Limits::default();
    let raised = highest.request_bytes(usize::MAX).token_bytes(usize::MAX).token_header_bytes(usize::MAX);
    assert_eq!(raised.keys_tried(usize::MAX), highest);
    assert_eq!(highest.keys_tried(0), highest.keys_tried(1));
    let endpoint = endpoint(KeySet::default()).with_limits(highest.request_bytes(10));
    assert!(endpoint.read("GET", "state=1234", [("accept", "*/*")], "").is_ok());
    assert_eq!(endpoint.read("GET", "state=12345", [("accept", "*/*")], "").unwrap_err().status(), 413);
}
