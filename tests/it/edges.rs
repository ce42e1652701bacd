//! Limits and times, each at its last value and one beyond.

use oidc_logout::op::{
    Answer, Client, ClientError, ConfirmReason, ConfirmRule, Decision, ExpiredHint, LogoutEndpoint, LogoutRequest,
    Method, Policy, PolicyError, Session, StateRule,
};
use oidc_logout::{Algorithm, KeySet, Limits, PemError, Secret, SecretTooShort};
use serde_json::{Value, json};

use crate::support::browser;
use crate::support::provider::{ISSUER, at, endpoint, key_set};
use crate::support::token::{ProviderKey, base64, token};

const NOW: i64 = 1_700_000_000;
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

/// So many bytes, all of one parameter's value.
fn form(bytes: usize) -> String {
    let start = "logout_hint=";
    start.to_owned() + &"x".repeat(bytes - start.len())
}

/// What becomes of a request with that hint: the refusal's detail.
fn judge(endpoint: &LogoutEndpoint, hint: &str) -> Result<(), Option<&'static str>> {
    let request = LogoutRequest::from_query(format!("id_token_hint={hint}")).unwrap();
    endpoint.receive(request, at(NOW)).map(|_| ()).map_err(|refusal| refusal.reason().detail())
}

fn hint(key: &ProviderKey, changes: &Value) -> String {
    let mut claims = json!({"iss": ISSUER, "sub": "user-1", "aud": "rp-1", "iat": NOW, "exp": NOW + 300});
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    token(r#"{"alg":"EdDSA"}"#, claims.to_string(), |signed| key.sign(signed))
}

#[test]
fn a_query_and_a_body_have_64_kib_or_what_the_host_set() {
    let plain = endpoint(KeySet::default());
    let lowered = plain.clone().with_limits(Limits::default().request_bytes(100));
    for (endpoint, most) in [(&plain, LogoutRequest::MAX_BYTES), (&lowered, 100)] {
        let read = |method, media_type: Option<&str>, bytes: usize| {
            let sent = form(bytes);
            let (query, body) = if method == "GET" { (sent.as_str(), "") } else { ("", sent.as_str()) };
            endpoint
                .read(method, query, media_type.map(|value| ("Content-Type", value)), body)
                .map(|_| ())
                .map_err(|refusal| refusal.status())
        };
        assert_eq!([read("GET", None, most), read("GET", None, most + 1)], [Ok(()), Err(413)]);
        assert_eq!([read("POST", FORM, most), read("POST", FORM, most + 1)], [Ok(()), Err(413)]);
        // The media type is looked at only where the size is right.
        for other in [None, Some("application/json")] {
            assert_eq!([read("POST", other, most), read("POST", other, most + 1)], [Err(415), Err(413)]);
        }
    }
    assert_eq!(LogoutRequest::MAX_BYTES, 64 * 1024);
}

#[test]
fn a_request_built_by_hand_has_the_size_of_its_form() {
    let build = |bytes: usize| {
        let value = form(bytes).split_off("logout_hint=".len());
        let request = LogoutRequest::builder(Method::Get).logout_hint(value).build();
        request.map(|_| ()).map_err(|refusal| refusal.reason().code())
    };
    let most = LogoutRequest::MAX_BYTES;
    assert_eq!([build(most), build(most + 1)], [Ok(()), Err("request_too_large")]);
    for read in [LogoutRequest::from_query, LogoutRequest::from_form] {
        assert!(read(form(most)).is_ok());
        assert_eq!(read(form(most + 1)).unwrap_err().reason().code(), "request_too_large");
    }
}

#[test]
fn a_hint_has_48_kib_and_its_header_8_or_what_the_host_set() {
    let plain = endpoint(KeySet::default());
    let lowered = plain.clone().with_limits(Limits::default().token_bytes(100).token_header_bytes(50));
    for (endpoint, most, header) in [(&plain, 48 * 1024, 8 * 1024), (&lowered, 100, 50)] {
        let of_bytes =
            |header: usize, bytes: usize| format!("{}.{}", "e".repeat(header), "e".repeat(bytes - header - 1));
        assert_eq!(judge(endpoint, &of_bytes(10, most)), Err(Some("malformed")));
        assert_eq!(judge(endpoint, &of_bytes(10, most + 1)), Err(Some("too_large")));
        assert_eq!(judge(endpoint, &of_bytes(header, header + 10)), Err(Some("malformed")));
        assert_eq!(judge(endpoint, &of_bytes(header + 1, header + 11)), Err(Some("too_large")));
    }
}

#[test]
fn sixteen_keys_are_tried_or_what_the_host_set() {
    let key = ProviderKey::ed25519();
    let hint = hint(&key, &json!({}));
    let others: Vec<_> = (0..16).map(|_| ProviderKey::ed25519().jwk(None)).collect();
    for (limits, most) in [(Limits::default(), 16), (Limits::default().keys_tried(2), 2)] {
        for (before, expected) in [(most - 1, Ok(())), (most, Err(Some("signature")))] {
            let jwks: Vec<_> = others[..before].iter().cloned().chain([key.jwk(None)]).collect();
            assert_eq!(judge(&endpoint(key_set(&jwks)).with_limits(limits), &hint), expected, "after {before}");
        }
    }
}

#[test]
fn a_hint_may_be_dated_300_seconds_ahead() {
    let key = ProviderKey::ed25519();
    let endpoint = endpoint(key_set(&[key.jwk(None)]));
    for name in ["iat", "nbf"] {
        assert_eq!(judge(&endpoint, &hint(&key, &json!({name: NOW + 300}))), Ok(()), "{name}");
        for ahead in [json!(NOW + 301), json!(1_700_000_300.5)] {
            assert_eq!(judge(&endpoint, &hint(&key, &json!({name: ahead}))), Err(Some("not_yet_valid")), "{name}");
        }
    }
}

#[test]
fn an_expired_hint_is_taken_for_as_long_as_the_policy_says() {
    let key = ProviderKey::ed25519();
    let policy = Policy::openid().to_builder().expired_hint(ExpiredHint::AcceptForSeconds(60)).build().unwrap();
    let endpoint = endpoint(key_set(&[key.jwk(None)])).with_policy(policy);
    assert_eq!(judge(&endpoint, &hint(&key, &json!({"exp": NOW - 60}))), Ok(()));
    assert_eq!(judge(&endpoint, &hint(&key, &json!({"exp": NOW - 61}))), Err(Some("expired")));
}

#[test]
fn a_hint_is_expired_from_the_second_that_it_names() {
    let key = ProviderKey::ed25519();
    let endpoint = endpoint(key_set(&[key.jwk(None)]));
    for (exp, expired) in [(NOW + 1, false), (NOW, true), (NOW - 1, true)] {
        let request = LogoutRequest::from_query(format!("id_token_hint={}", hint(&key, &json!({"exp": exp})))).unwrap();
        assert_eq!(endpoint.receive(request, at(NOW)).unwrap().hint().unwrap().is_expired(), expired, "{}", exp - NOW);
    }
}

#[test]
fn a_question_can_be_answered_for_600_seconds_and_60_before_it_was_asked() {
    let policy = Policy::openid().to_builder().confirm(ConfirmRule::Always).build().unwrap();
    let endpoint = endpoint(KeySet::default()).with_policy(policy);
    let session = Session::of_unknown_subject([1; 32]);
    let page = endpoint.offer(&session, at(NOW)).unwrap();
    for (later, expected) in [
        (600, None),
        (601, Some(ConfirmReason::ConfirmationExpired)),
        (-60, None),
        (-61, Some(ConfirmReason::ConfirmationInvalid)),
    ] {
        let answer = LogoutRequest::from_form(browser::post(page.fields(), Some(("confirm", "yes")))).unwrap();
        match endpoint.receive(answer, at(NOW + later)).unwrap().decide(None, Some(&session)) {
            Decision::EndSession(_) => assert_eq!(expected, None, "after {later}"),
            Decision::Answer(Answer::Confirm(again)) => {
                assert_eq!(again.reasons().last().copied(), expected, "after {later}");
                assert!(again.is_repeated());
            }
            other @ Decision::Answer(_) => panic!("after {later}: {other:?}"),
        }
    }
}

#[test]
fn a_state_has_6_kib_once_encoded_whatever_the_policy_says() {
    let state = StateRule { required: false, min_chars: 0, max_chars: 10_000 };
    let policy = Policy::openid().to_builder().state(state).build().unwrap();
    let endpoint = endpoint(KeySet::default()).with_policy(policy);
    let receive = |state: String| {
        let request = LogoutRequest::builder(Method::Get).state(state).build().unwrap();
        endpoint.receive(request, at(NOW)).map(|_| ()).map_err(|refusal| refusal.reason().code())
    };
    assert_eq!(receive("x".repeat(6144)), Ok(()));
    assert_eq!(receive("x".repeat(6145)), Err("state_too_long"));
    assert_eq!(receive("/".repeat(2048)), Ok(()));
    assert_eq!(receive("/".repeat(2048) + "x"), Err("state_too_long"));
}

#[test]
fn the_bounds_of_a_state_leave_room_for_one() {
    let build = |required, min_chars, max_chars| {
        let state = StateRule { required, min_chars, max_chars };
        Policy::openid().to_builder().state(state).build().map(|_| ())
    };
    let nothing = Err(PolicyError::StateBounds);
    assert_eq!([build(false, 22, 22), build(false, 22, 21)], [Ok(()), nothing]);
    assert_eq!([build(false, 6144, 10_000), build(false, 6145, 10_000)], [Ok(()), nothing]);
    assert_eq!([build(false, 0, 0), build(true, 0, 0), build(true, 0, 1)], [Ok(()), nothing, Ok(())]);
}

#[test]
fn a_confirmation_key_has_32_bytes_and_a_secret_as_many_as_its_hash() {
    assert!(Secret::new([7; 32]).is_ok());
    assert_eq!(Secret::new([7; 31]).unwrap_err(), SecretTooShort);
    for (algorithm, min_bytes) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
        let client = |bytes| {
            let client = Client::builder("rp-1").id_token_signed_response_alg(algorithm);
            client.client_secret(vec![7; bytes]).build().map(|_| ())
        };
        assert_eq!(client(min_bytes), Ok(()));
        assert_eq!(client(min_bytes - 1), Err(ClientError::SecretTooShort { min_bytes }));
    }
}

#[test]
fn a_pem_has_16_kib() {
    let block = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
                 -----END PUBLIC KEY-----";
    let of_bytes = |bytes: usize| KeySet::from_pem(format!("{block}{}", "\n".repeat(bytes - block.len())), None);
    assert_eq!(of_bytes(16 * 1024).unwrap().len(), 1);
    assert_eq!(of_bytes(16 * 1024 + 1).unwrap_err(), PemError::Malformed);
}

#[test]
fn a_hint_is_encrypted_with_five_segments_and_no_other_number() {
    let is_encrypted = |segments: usize| {
        let token = vec![base64("{}"); segments].join(".");
        let request = LogoutRequest::from_query(format!("id_token_hint={token}")).unwrap();
        request.id_token_hint().unwrap().is_encrypted()
    };
    assert_eq!([3, 4, 5, 6, 7].map(is_encrypted), [false, false, true, false, false]);
}
