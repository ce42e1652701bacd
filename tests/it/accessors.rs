//! What the crate's values say of themselves.

use std::collections::BTreeSet;

use oidc_logout::op::{
    Answer, Client, ConfirmReason, ConfirmRule, Decision, ExpiredHint, HintError, HintRule, HintWithoutSid,
    LogoutEndpoint, LogoutRequest, Method, OnBadHint, Policy, PolicyBuilder, PolicyError, Presence,
    RedirectWithoutHint, Session, SessionBySid, SessionCookie, StateRule, UiLocales, UriMatching, VerifiedHint,
};
use oidc_logout::{Algorithm, ClientId, KeyError, KeySet, Secret, UriError};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::support::browser;
use crate::support::provider::{ISSUER, at, endpoint, key_set};
use crate::support::token::{ProviderKey, hs256, token};

const NOW: i64 = 1_700_000_000;

#[test]
fn a_request_has_each_parameter_under_its_name() {
    let query = "id_token_hint=a.b.c&logout_hint=alice&client_id=rp-1&\
                 post_logout_redirect_uri=https://rp.example&state=s+t&ui_locales=fr-CA++fr+en";
    let built = |method| {
        LogoutRequest::builder(method)
            .id_token_hint("a.b.c")
            .logout_hint("alice")
            .client_id("rp-1")
            .post_logout_redirect_uri("https://rp.example")
            .state("s t")
            .ui_locales("fr-CA  fr en")
            .build()
            .unwrap()
    };
    for (request, method) in [
        (LogoutRequest::from_query(query).unwrap(), Method::Get),
        (LogoutRequest::from_form(query).unwrap(), Method::Post),
        (built(Method::Get), Method::Get),
        (built(Method::Post), Method::Post),
    ] {
        assert_eq!(request.method(), method);
        assert_eq!(request.id_token_hint().unwrap().as_str(), "a.b.c");
        assert_eq!(request.logout_hint().unwrap().as_str(), "alice");
        assert_eq!(request.client_id().unwrap().as_str(), "rp-1");
        assert_eq!(request.post_logout_redirect_uri().unwrap().as_str(), "https://rp.example");
        assert_eq!(request.state().unwrap().as_str(), "s t");
        let locales = request.ui_locales().unwrap();
        assert_eq!(locales.as_str(), "fr-CA  fr en");
        assert_eq!(locales.tags().collect::<Vec<_>>(), ["fr-CA", "fr", "en"]);
    }
    let empty = LogoutRequest::from_query("").unwrap();
    assert_eq!(empty, LogoutRequest::builder(Method::Get).build().unwrap());
    assert!(empty.id_token_hint().is_none() && empty.logout_hint().is_none() && empty.client_id().is_none());
    assert!(empty.post_logout_redirect_uri().is_none() && empty.state().is_none());
    assert_eq!(empty.ui_locales().map(UiLocales::as_str), None);
}

#[test]
fn a_client_id_is_made_of_text_and_looked_up_by_it() {
    let id = ClientId::new("rp-1");
    assert_eq!(id.as_str(), "rp-1");
    assert_eq!([ClientId::from("rp-1"), ClientId::from("rp-1".to_owned())], [id.clone(), id.clone()]);
    assert_eq!(id.to_string(), "rp-1");
    assert_eq!(AsRef::<str>::as_ref(&id), "rp-1");
    assert!(BTreeSet::from([id]).contains("rp-1"));
    assert_eq!(Client::builder("rp-1").build().unwrap().id().as_str(), "rp-1");
}

/// The hint with these claims, as it is verified at [`NOW`].
fn verified(kid: Option<&str>, claims: &Value) -> VerifiedHint {
    let key = ProviderKey::ed25519();
    let hint = token(json!({"alg": "EdDSA", "kid": kid}).to_string(), claims.to_string(), |signed| key.sign(signed));
    let endpoint = endpoint(key_set(&[key.jwk(kid)])).with_former_issuer("https://login.example");
    let request = LogoutRequest::builder(Method::Get).id_token_hint(hint).build().unwrap();
    endpoint.receive(request, at(NOW)).unwrap().hint().unwrap().clone()
}

#[test]
fn a_verified_hint_says_what_the_token_says() {
    let claims = json!({
        "iss": "https://login.example", "sub": "user-1", "aud": ["rp-1", "rp-2"], "azp": "rp-2", "sid": "sid-1",
        "iat": 1_699_999_000.25, "nbf": 1_699_999_001, "exp": 1_700_000_002,
    });
    let hint = verified(Some("2026"), &claims);
    assert_eq!((hint.issuer(), hint.client_id().as_str()), ("https://login.example", "rp-2"));
    assert_eq!((hint.subject(), hint.sid()), ("user-1", Some("sid-1")));
    assert_eq!(hint.issued_at().as_seconds().to_string(), "1699999000.25");
    assert_eq!(hint.not_before().unwrap().as_seconds().to_string(), "1699999001");
    assert_eq!(hint.expires_at().as_seconds().to_string(), "1700000002");
    assert!(hint.issued_at() < hint.not_before().unwrap() && hint.not_before().unwrap() < hint.expires_at());
    assert_eq!((hint.algorithm(), hint.key_id()), (Algorithm::EdDsa, Some("2026")));
    // Of 999.75 seconds the whole ones.
    assert_eq!((hint.is_expired(), hint.age_seconds()), (false, 999));

    let bare = verified(None, &json!({"iss": ISSUER, "sub": "user-1", "aud": "rp-1", "iat": NOW + 9, "exp": 1}));
    assert_eq!((bare.issuer(), bare.client_id().as_str()), (ISSUER, "rp-1"));
    assert_eq!((bare.sid(), bare.not_before(), bare.key_id()), (None, None, None));
    assert_eq!((bare.is_expired(), bare.age_seconds()), (true, -9));
}

#[test]
fn a_hint_under_a_secret_names_its_algorithm_and_no_key() {
    let secret = [7; 32];
    let claims = json!({"iss": ISSUER, "sub": "user-1", "aud": "rp-1", "iat": NOW, "exp": NOW});
    let hint = token(r#"{"alg":"HS256","kid":"x"}"#, claims.to_string(), |signed| hs256(&secret, signed));
    let request = LogoutRequest::builder(Method::Get).id_token_hint(hint).build().unwrap();
    let endpoint = endpoint(KeySet::default());
    let pending = endpoint.receive(request, at(NOW)).unwrap();
    assert!(pending.hint().is_none() && pending.client_id().is_some_and(|id| id.as_str() == "rp-1"));
    let client =
        Client::builder("rp-1").id_token_signed_response_alg(Algorithm::Hs256).client_secret(secret).build().unwrap();
    let decision = pending.decide(Some(&client), None);
    let hint = decision.hint().unwrap();
    assert_eq!((hint.algorithm(), hint.key_id(), hint.subject()), (Algorithm::Hs256, None, "user-1"));
}

#[test]
fn a_decrypted_hint_is_verified_and_the_page_posts_the_encrypted_one() {
    let key = ProviderKey::ed25519();
    let claims = json!({"iss": ISSUER, "sub": "user-1", "aud": "rp-1", "iat": NOW, "exp": NOW});
    let inner = token(r#"{"alg":"EdDSA"}"#, claims.to_string(), |signed| key.sign(signed));
    let endpoint = endpoint(key_set(&[key.jwk(None)]));
    let encrypted = LogoutRequest::from_query("id_token_hint=a.b.c.d.e").unwrap();
    let refused = endpoint.receive(encrypted.clone(), at(NOW)).unwrap_err();
    assert_eq!(refused.reason().detail(), Some("encrypted"));

    let pending = endpoint.receive(encrypted.with_decrypted_hint(inner.as_str()), at(NOW)).unwrap();
    assert_eq!(pending.hint().unwrap().subject(), "user-1");
    assert_eq!(pending.request().id_token_hint().unwrap().as_str(), "a.b.c.d.e");
    let Decision::Answer(Answer::Confirm(ask)) = pending.decide(None, Some(&Session::of_unknown_subject([1; 32])))
    else {
        panic!("a question")
    };
    assert!(ask.fields().any(|field| field == ("id_token_hint", "a.b.c.d.e")));
    // Without a hint there is nothing to decrypt.
    let none = LogoutRequest::from_query("").unwrap().with_decrypted_hint(inner);
    assert!(endpoint.receive(none, at(NOW)).unwrap().hint().is_none());
}

#[test]
fn a_numeric_date_is_a_date_to_the_second_where_there_is_one() {
    let date = |iat: Value| {
        let claims = json!({"iss": ISSUER, "sub": "user-1", "aud": "rp-1", "iat": iat, "exp": NOW});
        verified(None, &claims).issued_at().to_offset_date_time()
    };
    assert_eq!(date(json!(1_600_000_000.9)), Some(at(1_600_000_000)));
    assert_eq!(date(json!(-0.5)), Some(at(-1)));
    assert_eq!(date(json!(0)), Some(OffsetDateTime::UNIX_EPOCH));
    assert_eq!(date(json!(-377_705_116_800_i64)), Some(at(-377_705_116_800)));
    assert_eq!(date(json!(-377_705_116_801_i64)), None);
    assert_eq!(date(json!(-1e300)), None);
}

#[test]
fn a_key_set_counts_its_keys_and_names_those_that_are_left_out() {
    let none = KeySet::default();
    assert!(none.is_empty() && none.unusable().is_empty() && none.key_ids().next().is_none());

    let [first, second] = [(); 2].map(|()| ProviderKey::ed25519());
    let bad = [json!({"kty": "oct", "kid": "secret"}), json!({"kty": "OKP", "crv": "Ed25519"})];
    let keys = key_set(&[bad[0].clone(), first.jwk(Some("1")), bad[1].clone(), second.jwk(None)]);
    assert!(!keys.is_empty() && keys.len() == 2);
    assert_eq!(keys.key_ids().collect::<Vec<_>>(), [Some("1"), None]);
    let unusable: Vec<_> = keys.unusable().iter().map(|key| (key.index(), key.key_id(), key.error())).collect();
    assert_eq!(unusable, [(0, Some("secret"), KeyError::Type), (2, None, KeyError::Malformed)]);
}

#[test]
fn an_endpoint_has_what_it_was_given() {
    let [first, second] = [(); 2].map(|()| key_set(&[ProviderKey::ed25519().jwk(Some("k"))]));
    let plain = endpoint(first.clone());
    assert_eq!((plain.issuer(), plain.policy(), plain.keys().len()), (ISSUER, &Policy::openid(), 1));
    let strict = plain.with_policy(Policy::login_gov());
    assert_eq!(strict.policy(), &Policy::login_gov());
    let rotated = strict.with_keys(second.with(first));
    assert_eq!((rotated.policy(), rotated.keys().len(), strict.keys().len()), (&Policy::login_gov(), 2, 1));
    assert_eq!(Policy::default(), Policy::openid());
}

#[test]
fn an_answer_to_a_page_of_the_previous_key_counts() {
    let [old, new] = [1, 2].map(|byte| Secret::new([byte; 32]).unwrap());
    let rotated = new.clone().with_previous([1; 32]).unwrap();
    let of = |key: &Secret| LogoutEndpoint::new(ISSUER, KeySet::default(), key.clone());
    let session = Session::of_unknown_subject([1; 32]);
    let ends = |endpoint: &LogoutEndpoint| {
        let page = of(&old).offer(&session, at(NOW)).unwrap();
        assert_eq!((page.reasons(), page.returns_to_client()), (&[ConfirmReason::NoHint][..], false));
        let answer = LogoutRequest::from_form(browser::post(page.fields(), Some(("confirm", "yes")))).unwrap();
        matches!(endpoint.receive(answer, at(NOW)).unwrap().decide(None, Some(&session)), Decision::EndSession(_))
    };
    assert!(ends(&of(&old)) && !ends(&of(&new)));
    assert!(ends(&of(&rotated)));
}

#[test]
fn every_reason_to_ask_has_its_code() {
    for (reason, code) in [
        (ConfirmReason::NoHint, "no_hint"),
        (ConfirmReason::InvalidHint(HintError::Key), "invalid_hint"),
        (ConfirmReason::SubjectUnknown, "subject_unknown"),
        (ConfirmReason::OtherSubject, "other_subject"),
        (ConfirmReason::OtherSession, "other_session"),
        (ConfirmReason::NoClientSession, "no_client_session"),
        (ConfirmReason::HintWithoutSid, "hint_without_sid"),
        (ConfirmReason::UnknownClient, "unknown_client"),
        (ConfirmReason::Policy, "policy"),
        (ConfirmReason::ConfirmationInvalid, "confirmation_invalid"),
        (ConfirmReason::ConfirmationExpired, "confirmation_expired"),
    ] {
        assert_eq!(reason.code(), code);
    }
}

#[test]
fn every_fault_of_a_uri_has_its_code() {
    for (error, code) in [
        (UriError::TooLong, "too_long"),
        (UriError::Character, "character"),
        (UriError::Relative, "relative"),
        (UriError::Fragment, "fragment"),
        (UriError::SchemeUnderscore, "relative"),
        (UriError::Scheme, "scheme"),
        (UriError::Wildcard, "wildcard"),
        (UriError::InternationalizedHost, "character"),
        (UriError::Userinfo, "userinfo"),
        (UriError::Host, "host"),
        (UriError::Port, "port"),
        (UriError::HttpNotAllowed, "http_not_allowed"),
    ] {
        assert_eq!(error.code(), code);
    }
}

#[test]
fn every_algorithm_has_its_name_and_hmac_its_shortest_secret() {
    for (algorithm, name, secret) in [
        (Algorithm::Rs256, "RS256", None),
        (Algorithm::Rs384, "RS384", None),
        (Algorithm::Rs512, "RS512", None),
        (Algorithm::Ps256, "PS256", None),
        (Algorithm::Ps384, "PS384", None),
        (Algorithm::Ps512, "PS512", None),
        (Algorithm::Es256, "ES256", None),
        (Algorithm::Es384, "ES384", None),
        (Algorithm::Es512, "ES512", None),
        (Algorithm::EdDsa, "EdDSA", None),
        (Algorithm::Hs256, "HS256", Some(32)),
        (Algorithm::Hs384, "HS384", Some(48)),
        (Algorithm::Hs512, "HS512", Some(64)),
    ] {
        assert_eq!((algorithm.name(), algorithm.to_string().as_str()), (name, name));
        assert_eq!((Algorithm::from_name(name), algorithm.min_secret_bytes()), (Some(algorithm), secret));
        assert_eq!(json!(algorithm), name);
    }
    assert_eq!(Algorithm::from_name("Ed25519"), Some(Algorithm::EdDsa));
    for unknown in ["none", "rs256", "RS256 ", ""] {
        assert_eq!(Algorithm::from_name(unknown), None);
    }
    assert_eq!(Algorithm::default(), Algorithm::Rs256);
}

type Change = fn(PolicyBuilder) -> PolicyBuilder;

#[test]
fn a_policy_is_built_with_one_field_changed_and_no_other() {
    let changes: [(&str, Value, Change); 13] = [
        ("hint", json!("required"), |policy| policy.hint(HintRule::Required)),
        ("client_id", json!("required"), |policy| policy.client_id(Presence::Required)),
        ("redirect_uri", json!("required"), |policy| policy.redirect_uri(Presence::Required)),
        ("state", json!({"required": true, "min_chars": 1, "max_chars": 2}), |policy| {
            policy.state(StateRule { required: true, min_chars: 1, max_chars: 2 })
        }),
        ("confirm", json!("always"), |policy| policy.confirm(ConfirmRule::Always)),
        ("redirect_without_hint", json!("refuse"), |policy| policy.redirect_without_hint(RedirectWithoutHint::Refuse)),
        ("expired_hint", json!({"accept_for_seconds": 1}), |policy| {
            policy.expired_hint(ExpiredHint::AcceptForSeconds(1))
        }),
        ("hint_without_sid", json!("ask"), |policy| policy.hint_without_sid(HintWithoutSid::Ask)),
        ("on_bad_hint", json!("confirm"), |policy| policy.on_bad_hint(OnBadHint::Confirm)),
        ("uri_matching", json!("normalized"), |policy| policy.uri_matching(UriMatching::Normalized)),
        ("algorithms", json!(["RS256"]), |policy| policy.algorithms(vec![Algorithm::Rs256])),
        ("session_cookie", json!("none"), |policy| policy.session_cookie(SessionCookie::None)),
        ("session_by_sid", json!({"accept_for_seconds": 60}), |policy| {
            policy.session_by_sid(SessionBySid::AcceptForSeconds(60))
        }),
    ];
    assert_eq!(json!(Policy::openid()).as_object().unwrap().len(), changes.len());
    for (field, value, change) in changes {
        let mut expected = json!(Policy::openid());
        assert_ne!(expected[field], value);
        expected[field] = value;
        assert_eq!(json!(change(Policy::openid().to_builder()).build().unwrap()), expected);
    }
}

#[test]
fn a_policy_that_contradicts_itself_is_not_built() {
    let build = |change: Change| change(Policy::openid().to_builder()).build().map(|_| ());
    let required = |policy: PolicyBuilder| policy.hint(HintRule::Required);
    let let_through = build(|policy| policy.hint(HintRule::Required).on_bad_hint(OnBadHint::Confirm));
    assert_eq!(let_through, Err(PolicyError::BadHintLetThrough));
    assert_eq!(build(required), Ok(()));
    assert_eq!(build(|policy| policy.on_bad_hint(OnBadHint::Confirm)), Ok(()));

    let nothing = build(|policy| policy.hint(HintRule::Required).algorithms(vec![]));
    assert_eq!(nothing, Err(PolicyError::NothingAccepted));
    assert_eq!(build(|policy| policy.algorithms(vec![])), Ok(()));

    // Neither with a hint nor without one.
    let never: Change = |policy| policy.hint(HintRule::Refused).redirect_without_hint(RedirectWithoutHint::Refuse);
    assert_eq!(build(never), Ok(()));
    let redirecting = |policy: PolicyBuilder| policy.redirect_uri(Presence::Required).build().map(|_| ());
    let builder = Policy::openid().to_builder();
    assert_eq!(redirecting(never(builder.clone())), Err(PolicyError::NeverRedirects));
    let refusing = builder.clone().redirect_without_hint(RedirectWithoutHint::Refuse);
    assert_eq!(redirecting(refusing.clone()), Ok(()));
    assert_eq!(redirecting(refusing.algorithms(vec![])), Err(PolicyError::NeverRedirects));
    assert_eq!(redirecting(builder.clone().hint(HintRule::Refused)), Ok(()));
    assert_eq!(redirecting(builder.hint(HintRule::Required)), Ok(()));
}
