//! What a host's own data may hold: key sets and registries that are older, larger or stranger than
//! these rules.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::op::{
    Client, ClientError, HintError, LogoutRequest, Method, RefusalReason, RegisteredRedirect, RegistrationRules,
};
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

// What may be registered, at the edges.

fn web(uri: &str) -> Result<(), UriError> {
    RegisteredRedirect::register(uri, &RegistrationRules::default()).map(|_| ())
}

#[test]
fn a_host_has_labels_of_63_characters_and_253_in_all() {
    let label = |bytes: usize| "a".repeat(bytes);
    let of_labels = |lengths: &[usize]| {
        let labels: Vec<_> = lengths.iter().copied().map(label).collect();
        web(&format!("https://{}/", labels.join(".")))
    };
    assert_eq!([of_labels(&[63]), of_labels(&[64])], [Ok(()), Err(UriError::Host)]);
    assert_eq!([of_labels(&[1, 63, 7]), of_labels(&[1, 64, 7])], [Ok(()), Err(UriError::Host)]);
    assert_eq!([of_labels(&[63, 63, 63, 61]), of_labels(&[63, 63, 63, 62])], [Ok(()), Err(UriError::Host)]);
    assert_eq!([of_labels(&[1; 127]), of_labels(&[1; 128])], [Ok(()), Err(UriError::Host)]);
    for (host, expected) in [
        ("a_b.example", Ok(())),
        ("_dmarc.example", Ok(())),
        ("a_.example", Ok(())),
        ("a--b.example", Ok(())),
        ("xn--bcher-kva.example", Ok(())),
        ("-a.example", Err(UriError::Host)),
        ("a-.example", Err(UriError::Host)),
        ("rp.example-", Err(UriError::Host)),
        ("rp..example", Err(UriError::Host)),
        (".rp.example", Err(UriError::Host)),
        ("rp.example.", Err(UriError::Host)),
        ("a~b.example", Err(UriError::Host)),
        ("a%62.example", Err(UriError::Host)),
    ] {
        assert_eq!(web(&format!("https://{host}/out")), expected, "{host}");
        assert_eq!(web(&format!("https://{host}:8443")), expected, "{host}");
    }
}

#[test]
fn http_is_for_hosts_that_do_not_leave_the_device() {
    for host in ["localhost", "LOCALHOST", "rp.localhost", "a.b.LocalHost", "127.0.0.1", "127.9.9.9", "[::1]"] {
        assert_eq!(web(&format!("http://{host}/out")), Ok(()), "{host}");
        assert_eq!(web(&format!("http://{host}:3000/out")), Ok(()), "{host}");
    }
    for host in ["rp.example", "localhost.example", "notlocalhost", "local-host", "128.0.0.1", "[::2]"] {
        assert_eq!(web(&format!("http://{host}/out")), Err(UriError::HttpNotAllowed), "{host}");
    }
}

#[test]
fn a_wildcard_is_refused_by_its_name_wherever_it_would_be_one() {
    for uri in [
        "https://rp.example/*",
        "https://rp.example/out*",
        "https://rp.example?*",
        "https://*.rp.example/out",
        "https://*/out",
        "https://rp.example:*/out",
        "https://*@rp.example/out",
        "http://rp.example/*",
    ] {
        assert_eq!(web(uri), Err(UriError::Wildcard), "{uri}");
        let client = Client::builder("rp-1").post_logout_redirect_uri(uri).build_usable();
        assert_eq!(client.unusable(), [ClientError::PostLogoutRedirectUri { index: 0, error: UriError::Wildcard }]);
    }
    // Elsewhere it is a character as any other.
    for uri in ["https://rp.example/*/out", "https://rp.example/out?a=*&b"] {
        assert_eq!(web(uri), Ok(()), "{uri}");
    }
    // What comes before it is reported first.
    assert_eq!(web("https://rp.example/*#*"), Err(UriError::Fragment));
    assert_eq!(web("com.example.app:/*"), Err(UriError::Scheme));
    assert!(UriError::Wildcard.to_string().contains("wildcard"));
}

#[test]
fn an_underscore_in_a_scheme_and_an_internationalized_host_are_told_for_what_they_are() {
    let native = RegistrationRules::default().application_type(ApplicationType::Native).allow_any_scheme(true);
    for (uri, error, code, word) in [
        ("my_app:/out", UriError::SchemeUnderscore, "relative", "underscore"),
        ("com.example.my_app://out", UriError::SchemeUnderscore, "relative", "underscore"),
        ("https://b\u{fc}cher.example/out", UriError::InternationalizedHost, "character", "xn--"),
        ("https://\u{4f8b}\u{3048}.example:8443", UriError::InternationalizedHost, "character", "xn--"),
        ("https://rp.example/b\u{fc}cher", UriError::Character, "character", "percent-encoded"),
        ("https://b\u{fc}cher@rp.example", UriError::Character, "character", "percent-encoded"),
        ("/my_app:/out", UriError::Relative, "relative", "absolute"),
        ("_app:/out", UriError::Relative, "relative", "absolute"),
    ] {
        let refused = RegisteredRedirect::register(uri, &native).unwrap_err();
        assert_eq!((refused, refused.code()), (error, code), "{uri}");
        assert!(refused.to_string().contains(word), "{refused}");
    }
}

#[test]
fn any_scheme_is_a_native_clients_where_the_host_allows_it_and_never_one_that_runs_something() {
    let any = || RegistrationRules::default().allow_any_scheme(true);
    let register = |uri: &str, rules: RegistrationRules| RegisteredRedirect::register(uri, &rules).map(|_| ());
    let native = |rules: RegistrationRules| rules.application_type(ApplicationType::Native);
    for uri in ["myapp:/out", "myapp://out", "MyApp:out", "com.example.app:/out"] {
        assert_eq!(register(uri, native(any())), Ok(()), "{uri}");
        assert_eq!(register(uri, any()), Err(UriError::Scheme), "{uri}");
    }
    assert_eq!(register("myapp:/out", native(RegistrationRules::default())), Err(UriError::Scheme));
    assert_eq!(register("myapp:/out", native(any().allow_any_scheme(false))), Err(UriError::Scheme));
    for scheme in [
        "javascript",
        "data",
        "vbscript",
        "file",
        "filesystem",
        "blob",
        "about",
        "view-source",
        "ws",
        "wss",
        "ftp",
        "JavaScript",
    ] {
        let rules = native(any()).allow_scheme(scheme);
        assert_eq!(register(&format!("{scheme}:x"), rules), Err(UriError::Scheme), "{scheme}");
    }
}
