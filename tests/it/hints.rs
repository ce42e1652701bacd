//! Hints that a host reads and judges by itself, hints signed with a client's secret, and what is
//! said of each fault.

use std::collections::BTreeMap;

use oidc_logout::op::{
    Answer, Client, ClientBuilder, ClientError, Decision, HintError, LogoutEndpoint, LogoutRequest, Method, OnBadHint,
    Policy, RefusalReason, RegistrationRules, Session, VerifyHintError,
};
use oidc_logout::{Algorithm, ClientId, ClientType, KeySet, Limits};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::browser;
use crate::support::provider::{ISSUER, at, endpoint, key_set};
use crate::support::token::{ProviderKey, hs256, token};

const NOW: i64 = 1_700_000_000;
const URI: &str = "https://rp.example/out";
const SECRET: [u8; 32] = [7; 32];

fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "sub": "user-1", "aud": "rp-1", "sid": "sid-1", "iat": NOW, "exp": NOW + 300,
    });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    claims
}

fn signed(key: &ProviderKey, changes: &Value) -> String {
    token(r#"{"alg":"EdDSA"}"#, claims(changes).to_string(), |signed| key.sign(signed))
}

fn signed_with_secret(secret: &[u8], changes: &Value) -> String {
    token(r#"{"alg":"HS256"}"#, claims(changes).to_string(), |signed| hs256(secret, signed))
}

fn request(hint: &str) -> LogoutRequest {
    LogoutRequest::builder(Method::Get).id_token_hint(hint).post_logout_redirect_uri(URI).build().unwrap()
}

fn client() -> ClientBuilder {
    Client::builder("rp-1").post_logout_redirect_uri(URI)
}

fn hmac_client() -> ClientBuilder {
    hmac_client_without_secret().client_secret(SECRET)
}

fn hmac_client_without_secret() -> ClientBuilder {
    client().id_token_signed_response_alg(Algorithm::Hs256)
}

fn session() -> Session {
    Session::new([1; 32], "user-1").sid("sid-1")
}

fn lenient() -> Policy {
    Policy::openid().to_builder().on_bad_hint(OnBadHint::Confirm).build().unwrap()
}

fn reasons(decision: &Decision) -> Vec<&'static str> {
    match decision {
        Decision::EndSession(_) => Vec::new(),
        Decision::Answer(Answer::Confirm(ask)) => ask.reasons().iter().map(|reason| reason.code()).collect(),
        Decision::Answer(other) => panic!("{other:?}"),
    }
}

fn hint_error(decision: &Decision) -> HintError {
    match decision {
        Decision::Answer(Answer::Refuse(refusal)) => match refusal.reason() {
            RefusalReason::IdTokenHintInvalid(error) => error,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

// Claims, and what a host makes of them.

#[derive(Debug, PartialEq, Deserialize)]
struct Wanted<'t> {
    tenant: &'t str,
    sub: String,
    aud: Value,
    roles: Vec<String>,
    nested: BTreeMap<String, f64>,
    absent: Option<u8>,
}

#[test]
fn every_claim_of_a_verified_hint_is_read_into_the_hosts_type() {
    let more = json!({"tenant": "acme", "roles": ["a", "\u{e9}"], "nested": {"x": 1.5}, "null": null});
    let key = ProviderKey::ed25519();
    let by_key = endpoint(key_set(&[key.jwk(None)]));
    let expected = Wanted {
        tenant: "acme",
        sub: "user-1".to_owned(),
        aud: json!("rp-1"),
        roles: vec!["a".to_owned(), "\u{e9}".to_owned()],
        nested: BTreeMap::from([("x".to_owned(), 1.5)]),
        absent: None,
    };
    let pending = by_key.receive(request(&signed(&key, &more)), at(NOW)).unwrap();
    assert_eq!(pending.hint().unwrap().claims::<Wanted<'_>>().unwrap(), expected);
    assert_eq!(pending.hint().unwrap().claims::<Value>().unwrap(), claims(&more));

    // With a client's secret once the client is known, and inside of what the host decrypted.
    let client = hmac_client().build().unwrap();
    let pending = by_key.receive(request(&signed_with_secret(&SECRET, &more)), at(NOW)).unwrap();
    let pending = pending.with_client(Some(&client));
    assert_eq!(pending.hint().unwrap().claims::<Wanted<'_>>().unwrap(), expected);
    let encrypted = LogoutRequest::from_query("id_token_hint=a.b.c.d.e").unwrap();
    let pending = by_key.receive(encrypted.with_decrypted_hint(signed(&key, &more)), at(NOW)).unwrap();
    assert_eq!(pending.hint().unwrap().claims::<Wanted<'_>>().unwrap(), expected);
}

#[test]
fn claims_that_do_not_fit_are_an_error_without_a_value() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "never read")]
    struct Number {
        tenant: u8,
    }
    let key = ProviderKey::ed25519();
    let endpoint = endpoint(key_set(&[key.jwk(None)]));
    for tenant in [json!("s3cr3t"), json!(1000), json!(null), json!({"s3cr3t": 1})] {
        let pending = endpoint.receive(request(&signed(&key, &json!({"tenant": tenant}))), at(NOW)).unwrap();
        let error = pending.hint().unwrap().claims::<Number>().unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), format!("{error:?}").as_str()),
            ("a claim of the ID Token is missing or does not have the type that the host expects", "ClaimsError")
        );
    }
}

#[test]
fn a_hint_that_the_host_rejects_is_refused_and_the_request_is_kept() {
    let key = ProviderKey::ed25519();
    let endpoint = endpoint(key_set(&[key.jwk(None)]));
    let client = client().build().unwrap();
    let pending = endpoint.receive(request(&signed(&key, &json!({}))), at(NOW)).unwrap();
    let pending = pending.with_client(Some(&client));
    assert!(pending.hint().is_some());
    let rejected = pending.reject_hint();
    assert!(rejected.hint().is_none() && rejected.request().id_token_hint().is_some());
    let decision = rejected.decide(Some(&session()));
    assert_eq!(hint_error(&decision), HintError::Rejected);
    assert_eq!(decision.request().unwrap().post_logout_redirect_uri().unwrap().as_str(), URI);
    assert!(decision.hint().is_none());
    let record = json!(decision.audit());
    assert_eq!((&record["decision"], &record["reasons"]), (&json!("refuse"), &json!(["id_token_hint_invalid"])));
    assert_eq!(record["hint"], json!({"standing": "invalid", "error": "rejected"}));
    assert_eq!(record["parameters"], json!(["id_token_hint", "post_logout_redirect_uri"]));
}

#[test]
fn a_rejected_hint_that_the_policy_lets_through_proves_nothing_and_names_no_client() {
    let key = ProviderKey::ed25519();
    let endpoint = endpoint(key_set(&[key.jwk(None)])).with_policy(lenient());
    let client = client().build().unwrap();
    let hint = signed(&key, &json!({}));
    let decide = |client_id: Option<&str>, session: Option<&Session>| {
        let builder = LogoutRequest::builder(Method::Get).id_token_hint(&hint).post_logout_redirect_uri(URI);
        let builder = match client_id {
            Some(id) => builder.client_id(id),
            None => builder,
        };
        let pending = endpoint.receive(builder.build().unwrap(), at(NOW)).unwrap();
        let pending = pending.with_client(Some(&client)).reject_hint();
        assert_eq!(pending.client_id().is_some(), client_id.is_some());
        pending.decide(session)
    };
    for (client_id, named) in [(None, None), (Some("rp-1"), Some("rp-1"))] {
        let asked = decide(client_id, Some(&session()));
        assert_eq!(reasons(&asked), ["invalid_hint"]);
        assert_eq!(asked.client_id().map(ClientId::as_str), named);
        assert!(asked.hint().is_none());
        let record = json!(asked.audit());
        assert_eq!(record["hint"], json!({"standing": "invalid", "error": "rejected"}));
        assert_eq!((&record["redirect"], record.get("client_id").and_then(Value::as_str)), (&json!(false), named));
        // The answer brings the same hint, and the host rejects it again.
        let Decision::Answer(Answer::Confirm(ask)) = asked else { panic!("a question") };
        assert!(!ask.returns_to_client());
        let yes = LogoutRequest::from_form(browser::post(ask.fields(), Some(("confirm", "yes")))).unwrap();
        let pending = endpoint.receive(yes, at(NOW)).unwrap().with_client(Some(&client)).reject_hint();
        let Decision::EndSession(end) = pending.decide(Some(&session())) else { panic!("a yes") };
        assert!(!end.returns_to_client());

        let nobody = decide(client_id, None);
        let Decision::Answer(Answer::Landing(landing)) = nobody else { panic!("{nobody:?}") };
        assert_eq!(landing.status(), 200);
    }
}

#[test]
fn without_a_verified_hint_there_is_nothing_to_reject() {
    let key = ProviderKey::ed25519();
    let client = client().build().unwrap();
    let without_hint = LogoutRequest::from_query("client_id=rp-1").unwrap();
    let pending = endpoint(key_set(&[key.jwk(None)])).receive(without_hint, at(NOW)).unwrap();
    let decision = pending.with_client(Some(&client)).reject_hint().decide(Some(&session()));
    assert_eq!(reasons(&decision), ["no_hint"]);
    // The first fault stays.
    let lenient = endpoint(key_set(&[key.jwk(None)])).with_policy(lenient());
    let pending = lenient.receive(request(&signed(&ProviderKey::ed25519(), &json!({}))), at(NOW)).unwrap();
    let decision = pending.with_client(None).reject_hint().decide(Some(&session()));
    assert_eq!(json!(decision.audit())["hint"]["error"], "signature");
}

// The client's secret.

#[test]
fn a_hint_that_its_client_can_write_proves_only_where_the_client_takes_part() {
    let endpoint = endpoint(KeySet::default());
    let client = hmac_client().build().unwrap();
    for (takes_part, expected) in
        [(None, vec!["no_client_session"]), (Some(false), vec!["no_client_session"]), (Some(true), vec![])]
    {
        let mut session = session();
        if let Some(takes_part) = takes_part {
            session = session.takes_part(takes_part);
        }
        let pending = endpoint.receive(request(&signed_with_secret(&SECRET, &json!({}))), at(NOW)).unwrap();
        assert_eq!(reasons(&pending.decide(Some(&client), Some(&session))), expected, "{takes_part:?}");
    }
    // One of the provider's own keys is not the client's.
    let key = ProviderKey::ed25519();
    let by_key = crate::support::provider::endpoint(key_set(&[key.jwk(None)]));
    let pending = by_key.receive(request(&signed(&key, &json!({}))), at(NOW)).unwrap();
    assert!(reasons(&pending.decide(Some(&self::client().build().unwrap()), Some(&session()))).is_empty());
}

#[test]
fn a_public_client_cannot_be_registered_for_hmac() {
    let public = RegistrationRules::default().client_type(ClientType::Public);
    for builder in [hmac_client().client_type(ClientType::Public), hmac_client().registration_rules(public)] {
        assert_eq!(builder.clone().build().unwrap_err(), ClientError::HmacForPublicClient);
        let client = builder.build_usable();
        assert_eq!(client.unusable(), [ClientError::HmacForPublicClient]);
        // Whoever has the app knows the secret.
        let pending = endpoint(KeySet::default());
        let pending = pending.receive(request(&signed_with_secret(&SECRET, &json!({}))), at(NOW)).unwrap();
        let decision = pending.decide(Some(&client), Some(&session().takes_part(true)));
        assert_eq!(hint_error(&decision), HintError::ClientSecret);
    }
    let other = Client::builder("rp-1").client_type(ClientType::Public).client_secret("unused");
    assert!(other.id_token_signed_response_alg(Algorithm::Es256).build().is_ok());
}

#[test]
fn a_refused_hint_under_a_secret_names_no_client() {
    let forged = signed_with_secret(&[8; 32], &json!({}));
    let good = signed_with_secret(&SECRET, &json!({}));
    let (hmac, other_algorithm) = (hmac_client().build().unwrap(), client().build().unwrap());
    for (hint, client, error) in [
        (&forged, &hmac, HintError::ClientSignature),
        (&good, &other_algorithm, HintError::ClientAlgorithm),
        (&signed_with_secret(&SECRET, &json!({"iss": "https://other.example"})), &hmac, HintError::Issuer),
    ] {
        for with_client_id in [false, true] {
            let request = || {
                let builder = LogoutRequest::builder(Method::Get).id_token_hint(hint);
                if with_client_id { builder.client_id("rp-1").build() } else { builder.build() }.unwrap()
            };
            let strict = endpoint(KeySet::default());
            let pending = strict.receive(request(), at(NOW)).unwrap();
            // To look the client up, and for nothing else.
            assert_eq!(pending.client_id().unwrap().as_str(), "rp-1");
            let pending = pending.with_client(Some(client));
            assert!(pending.client_id().is_none() && pending.hint().is_none());
            let decision = pending.decide(Some(&session()));
            assert_eq!(hint_error(&decision), error);
            assert_eq!((decision.client_id(), json!(decision.audit()).get("client_id")), (None, None));

            // Let through, only the parameter names a client.
            let pending = strict.with_policy(lenient()).receive(request(), at(NOW)).unwrap();
            let pending = pending.with_client(Some(client));
            assert_eq!(pending.client_id().is_some(), with_client_id);
            let decision = pending.decide(Some(&session()));
            assert_eq!(decision.client_id().is_some(), with_client_id);
            assert_eq!(json!(decision.audit()).get("client_id").is_some(), with_client_id);
        }
    }
}

#[test]
fn hints_under_a_previous_secret_verify_even_without_a_usable_current_one() {
    let hint = signed_with_secret(&SECRET, &json!({}));
    for (client, unusable) in [
        (hmac_client_without_secret(), &[][..]),
        (hmac_client_without_secret().client_secret([7; 31]), &[ClientError::SecretTooShort { min_bytes: 32 }]),
    ] {
        let client = client.previous_client_secret(SECRET).build_usable();
        assert_eq!(client.unusable(), unusable);
        let pending = endpoint(KeySet::default()).receive(request(&hint), at(NOW)).unwrap();
        let decision = pending.decide(Some(&client), Some(&session().takes_part(true)));
        assert!(matches!(decision, Decision::EndSession(_)), "{unusable:?}");
    }
    let public = hmac_client_without_secret().client_type(ClientType::Public).previous_client_secret(SECRET);
    let public = public.build_usable();
    let pending = endpoint(KeySet::default()).receive(request(&hint), at(NOW)).unwrap();
    assert_eq!(hint_error(&pending.decide(Some(&public), Some(&session()))), HintError::ClientSecret);
}

#[test]
fn hints_under_a_previous_secret_verify_too() {
    let secrets = [[1; 32], [2; 32], [3; 32], [4; 32]];
    let client = hmac_client().client_secret(secrets[0]);
    let client = client.previous_client_secret(secrets[1]).previous_client_secret(secrets[2]).build().unwrap();
    for (secret, verifies) in secrets.iter().zip([true, true, true, false]) {
        let pending = endpoint(KeySet::default());
        let pending = pending.receive(request(&signed_with_secret(secret, &json!({}))), at(NOW)).unwrap();
        let decision = pending.decide(Some(&client), Some(&session().takes_part(true)));
        assert_eq!(matches!(decision, Decision::EndSession(_)), verifies, "{secret:?}");
        if !verifies {
            assert_eq!(hint_error(&decision), HintError::ClientSignature);
        }
    }
    let short = hmac_client().previous_client_secret([7; 31]);
    let error = ClientError::SecretTooShort { min_bytes: 32 };
    assert_eq!(short.clone().build().unwrap_err(), error);
    let client = short.build_usable();
    assert_eq!(client.unusable(), [error]);
    for (secret, expected) in [(&SECRET[..], Ok(())), (&[7; 31], Err(HintError::ClientSignature))] {
        let hint = signed_with_secret(secret, &json!({}));
        let verified = endpoint(KeySet::default()).verify_hint(&hint, Some(&client), at(NOW));
        assert_eq!(verified.map(|_| ()), expected.map_err(VerifyHintError::Invalid));
    }
}

// The client, the issuer, the keys, and the words for each fault.

#[test]
fn a_token_for_another_audience_is_its_authorized_partys_if_the_request_says_so() {
    let key = ProviderKey::ed25519();
    let endpoint = endpoint(key_set(&[key.jwk(None)]));
    let hint = signed(&key, &json!({"aud": "https://api.example", "azp": "rp-1"}));
    let receive = |client_id: &str| {
        let form = serde_urlencoded::to_string([("id_token_hint", hint.as_str()), ("client_id", client_id)]).unwrap();
        endpoint.receive(LogoutRequest::from_query(form).unwrap(), at(NOW))
    };
    assert_eq!(receive("rp-1").unwrap().client_id().unwrap().as_str(), "rp-1");
    for other in ["", "rp-2", "https://api.example"] {
        assert_eq!(receive(other).unwrap_err().reason().detail(), Some("audience"), "{other}");
    }
    let verify = |id: &str| endpoint.verify_hint(&hint, Some(&Client::builder(id).build().unwrap()), at(NOW));
    assert_eq!(verify("rp-1").unwrap().client_id().as_str(), "rp-1");
    assert_eq!(verify("rp-2").unwrap_err(), VerifyHintError::Invalid(HintError::Audience));
}

/// The endpoint, the hint, the client, the fault, and words of its text.
type Case<'c> = (&'c LogoutEndpoint, String, Option<&'c Client>, HintError, &'c [&'c str]);

#[test]
fn each_fault_says_what_to_mend() {
    let key = ProviderKey::ed25519();
    let keys = key_set(&[key.jwk(Some("current"))]);
    let endpoint = endpoint(keys.clone());
    let listed = Policy::openid().to_builder().algorithms(vec![Algorithm::Rs256]).build().unwrap();
    let pinned = client().id_token_signed_response_alg(Algorithm::Es256).build().unwrap();
    let hmac = hmac_client().build().unwrap();
    let without_secret = client().id_token_signed_response_alg(Algorithm::Hs256).build_usable();
    let hint = |changes: Value| signed(&key, &changes);
    let of_key = |kid: &str| {
        let header = json!({"alg": "EdDSA", "kid": kid}).to_string();
        token(header, claims(&json!({})).to_string(), |signed| key.sign(signed))
    };
    let good = hint(json!({}));
    let by_secret = signed_with_secret(&[8; 32], &json!({}));
    let cases: [Case<'_>; 10] = [
        (
            &endpoint,
            hint(json!({"iss": format!("{ISSUER}/")})),
            None,
            HintError::Issuer,
            &["byte for byte", "slash at the end"],
        ),
        (
            &endpoint.clone().with_policy(listed),
            good.clone(),
            None,
            HintError::Algorithm,
            &["algorithm", "this provider does not use"],
        ),
        (
            &endpoint,
            good.clone(),
            Some(&pinned),
            HintError::ClientAlgorithm,
            &["id_token_signed_response_alg", "registered for the client"],
        ),
        (&endpoint, by_secret.clone(), Some(&hmac), HintError::ClientSignature, &["client_secret", "changed"]),
        (&endpoint, by_secret, Some(&without_secret), HintError::ClientSecret, &["no client_secret", "long enough"]),
        (&endpoint, hint(json!({"iat": NOW + 301})), None, HintError::NotYetValid("iat"), &["its iat is", "clocks"]),
        (&endpoint, hint(json!({"nbf": NOW + 301})), None, HintError::NotYetValid("nbf"), &["its nbf is", "clocks"]),
        (&endpoint, of_key("retired"), None, HintError::Key, &["kid", "retired"]),
        (&endpoint.with_keys(KeySet::default()), of_key("current"), None, HintError::NoKeys, &["no key", "operator"]),
        (&endpoint, signed(&ProviderKey::ed25519(), &json!({})), None, HintError::Signature, &["does not verify"]),
    ];
    for (endpoint, hint, client, expected, words) in cases {
        let Err(VerifyHintError::Invalid(error)) = endpoint.verify_hint(&hint, client, at(NOW)) else {
            panic!("{expected:?}")
        };
        assert_eq!(error, expected);
        assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
    }
    assert!(!HintError::Signature.to_string().contains("client_secret"));
}

#[test]
fn a_key_set_without_a_usable_key_is_told_apart_from_a_key_that_does_not_fit() {
    let key = ProviderKey::ed25519();
    let hint = signed(&key, &json!({}));
    for (jwks, expected) in [
        (vec![], HintError::NoKeys),
        (vec![json!({"kty": "oct", "k": "c2VjcmV0"})], HintError::NoKeys),
        (vec![ProviderKey::rsa().jwk(None)], HintError::Key),
    ] {
        let keys = key_set(&jwks);
        assert_eq!(keys.is_empty(), expected == HintError::NoKeys);
        let error = endpoint(keys).verify_hint(&hint, None, at(NOW)).unwrap_err();
        assert_eq!((error, expected.code()), (VerifyHintError::Invalid(expected), "key"));
    }
}

#[test]
fn the_endpoint_of_another_issuer_has_its_keys_and_no_former_issuer() {
    const FORMER: &str = "https://login.example";
    let [ours, tenants] = [(); 2].map(|()| ProviderKey::ed25519());
    let policy = Policy::login_gov();
    let ours_endpoint = endpoint(key_set(&[ours.jwk(None)]))
        .with_former_issuer(FORMER)
        .with_policy(policy.clone())
        .with_limits(Limits::default().request_bytes(4000));
    let policy_of_algorithms = policy.to_builder().algorithms(vec![Algorithm::EdDsa]).build().unwrap();
    let ours_endpoint = ours_endpoint.with_policy(policy_of_algorithms.clone());
    let tenant = ours_endpoint.for_issuer("https://tenant.example", key_set(&[tenants.jwk(None)]));
    assert_eq!((tenant.issuer(), tenant.policy()), ("https://tenant.example", &policy_of_algorithms));
    assert_eq!(tenant.read("GET", "x".repeat(4001), [("", "")], "").unwrap_err().status(), 413);

    let verify = |endpoint: &LogoutEndpoint, key: &ProviderKey, issuer: &str| {
        let verified = endpoint.verify_hint(&signed(key, &json!({"iss": issuer})), None, at(NOW));
        match verified {
            Ok(_) => "good",
            Err(VerifyHintError::Invalid(error)) => error.code(),
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(verify(&tenant, &tenants, "https://tenant.example"), "good");
    assert_eq!(verify(&tenant, &tenants, FORMER), "issuer");
    assert_eq!(verify(&tenant, &tenants, ISSUER), "issuer");
    assert_eq!(verify(&tenant, &ours, "https://tenant.example"), "signature");
    // The first one is as it was.
    assert_eq!([ISSUER, FORMER].map(|issuer| verify(&ours_endpoint, &ours, issuer)), ["good"; 2]);
    assert_eq!(verify(&ours_endpoint, &ours, "https://tenant.example"), "issuer");

    // The secret stays: a page of the same issuer is answered.
    let page = ours_endpoint.offer(&session(), at(NOW)).unwrap();
    let ends = |endpoint: &LogoutEndpoint| {
        let yes = LogoutRequest::from_form(browser::post(page.fields(), Some(("confirm", "yes")))).unwrap();
        matches!(endpoint.receive(yes, at(NOW)).unwrap().decide(None, Some(&session())), Decision::EndSession(_))
    };
    assert!(ends(&ours_endpoint) && ends(&tenant.for_issuer(ISSUER, KeySet::default())) && !ends(&tenant));
}
