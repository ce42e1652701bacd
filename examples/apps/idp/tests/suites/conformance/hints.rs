//! `id_token_hint`: RP-Initiated Logout 1.0, sections 2 and 4; JSON Web Token, RFC 7519; JSON Web
//! Signature, RFC 7515.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::relying_party::{RelyingParty, SIGNED_OUT, printable, text, unverified_claims};
use crate::support::browser::Browser;
use crate::support::provider::Provider;

/// Asserts that the hint leads nowhere, by either method, and leaves the user signed in.
async fn assert_refused(rp: &RelyingParty, browser: &Browser, hint: &str) {
    assert_refused_for(rp, browser, hint, &["id_token_hint_invalid"]).await;
}

async fn assert_refused_for(rp: &RelyingParty, browser: &Browser, hint: &str, reasons: &[&str]) {
    let parameters = [("id_token_hint", hint), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "af0ifjsldkj")];
    let (endpoint, with_client) = (rp.end_session(&[]), [&parameters[..], &[("client_id", &*rp.id)]].concat());
    for parameters in [&parameters[..], &with_client] {
        for answer in [browser.get(&rp.end_session(parameters)).await, browser.post(&endpoint, parameters).await] {
            assert_eq!(answer.status, 400, "{hint}: {}", answer.body);
            answer.stays();
            assert!(reasons.iter().any(|reason| answer.body.contains(reason)), "{hint}: {}", answer.body);
        }
    }
    assert!(rp.is_signed_in(browser).await, "{hint}");
}

/// Asserts that the hint signs out, and leads back to the client.
async fn assert_accepted(rp: &RelyingParty, browser: &Browser, hint: &str) {
    assert!(rp.is_signed_in(browser).await);
    let url = rp.end_session(&[("id_token_hint", hint), ("post_logout_redirect_uri", SIGNED_OUT)]);
    let answer = browser.get(&url).await;
    assert_eq!(answer.location(), SIGNED_OUT, "{hint}");
    assert!(!rp.is_signed_in(browser).await);
}

fn segment(content: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(content)
}

#[tokio::test]
async fn an_unsigned_hint_redirects_nowhere() {
    let provider = Provider::start().await;
    for algorithm in ["RS256", "HS256"] {
        let rp = RelyingParty::register_with(&provider, json!({ "id_token_signed_response_alg": algorithm })).await;
        let browser = Browser::new();
        let hint = rp.id_token(&browser).await;
        let [claims, signature] = [1, 2].map(|index| hint.split('.').nth(index).unwrap());
        let kid = jsonwebtoken::decode_header(&hint).unwrap().kid;
        for header in [
            r#"{"alg": "none"}"#.to_owned(),
            r#"{"alg":"none"}"#.to_owned(),
            r#"{"alg":"None","typ":"JWT"}"#.to_owned(),
            r#"{"alg":""}"#.to_owned(),
            r"{}".to_owned(),
            json!({ "alg": "none", "kid": kid }).to_string(),
        ] {
            let header = segment(header);
            assert_refused(&rp, &browser, &format!("{header}.{claims}.")).await;
            assert_refused(&rp, &browser, &format!("{header}.{claims}.{signature}")).await;
        }
        // With the original header the signature is missing.
        let header = hint.split('.').next().unwrap();
        assert_refused(&rp, &browser, &format!("{header}.{claims}.")).await;
        assert_refused(&rp, &browser, &format!("{header}.{claims}")).await;
        assert_accepted(&rp, &browser, &hint).await;
    }
}

/// A new private key for the algorithm, in PKCS #8.
fn other_key(algorithm: Algorithm) -> EncodingKey {
    let pem = |der: &[u8]| pem::encode(&pem::Pem::new("PRIVATE KEY", der)).into_bytes();
    match algorithm {
        Algorithm::ES256 => {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            EncodingKey::from_ec_pem(&pem(key.to_pkcs8v1().unwrap().as_ref())).unwrap()
        }
        Algorithm::EdDSA => {
            let key = Ed25519KeyPair::generate().unwrap();
            EncodingKey::from_ed_pem(&pem(key.to_pkcs8v1().unwrap().as_ref())).unwrap()
        }
        _ => {
            let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            EncodingKey::from_rsa_pem(&pem(key.as_der().unwrap().as_ref())).unwrap()
        }
    }
}

#[tokio::test]
async fn a_hint_that_another_key_has_signed_redirects_nowhere() {
    let provider = Provider::start().await;
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        let rp = RelyingParty::register_with(&provider, json!({ "id_token_signed_response_alg": algorithm })).await;
        let browser = Browser::new();
        let hint = rp.id_token(&browser).await;
        let genuine = jsonwebtoken::decode_header(&hint).unwrap();
        let other = other_key(genuine.alg);
        // The header names the genuine key, an unknown key, none, or carries the forger's own key.
        let named = Header { kid: genuine.kid, ..Header::new(genuine.alg) };
        let unknown = Header { kid: Some("other".to_owned()), ..Header::new(genuine.alg) };
        let enclosed =
            Header { jwk: Some(Jwk::from_encoding_key(&other, genuine.alg).unwrap()), ..Header::new(genuine.alg) };
        for header in [named, unknown, Header::new(genuine.alg), enclosed] {
            let forged = jsonwebtoken::encode(&header, &unverified_claims(&hint), &other).unwrap();
            assert_refused(&rp, &browser, &forged).await;
        }
        assert_accepted(&rp, &browser, &hint).await;
    }
}

#[tokio::test]
async fn a_hint_that_was_changed_after_signing_redirects_nowhere() {
    let provider = Provider::start().await;
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA", "HS256"] {
        let rp = RelyingParty::register_with(&provider, json!({ "id_token_signed_response_alg": algorithm })).await;
        let browser = Browser::new();
        let (hint, second) = (rp.id_token(&browser).await, rp.id_token(&browser).await);
        let [header, claims, signature] = [0, 1, 2].map(|index| hint.split('.').nth(index).unwrap());
        let mut later = unverified_claims(&hint);
        later["exp"] = json!(later["exp"].as_i64().unwrap() + 1);
        assert_refused(&rp, &browser, &format!("{header}.{}.{signature}", segment(later.to_string()))).await;
        let of_another = second.rsplit('.').next().unwrap();
        if of_another != signature {
            assert_refused(&rp, &browser, &format!("{header}.{claims}.{of_another}")).await;
        }
        let other_first = if signature.starts_with('A') { "B" } else { "A" };
        assert_refused(&rp, &browser, &format!("{header}.{claims}.{other_first}{}", &signature[1..])).await;
        let mut other_header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        other_header["x"] = json!(1);
        assert_refused(&rp, &browser, &format!("{}.{claims}.{signature}", segment(other_header.to_string()))).await;
        assert_accepted(&rp, &browser, &hint).await;
    }
}

/// RFC 8725, section 2.1: a public key must not be accepted as a secret.
#[tokio::test]
async fn a_hint_that_a_public_key_has_signed_as_a_secret_redirects_nowhere() {
    let provider = Provider::start().await;
    for algorithm in ["RS256", "HS256"] {
        let rp = RelyingParty::register_with(&provider, json!({ "id_token_signed_response_alg": algorithm })).await;
        let browser = Browser::new();
        let hint = rp.id_token(&browser).await;
        let claims = unverified_claims(&hint);
        for jwk in rp.jwks().await["keys"].as_array().unwrap() {
            let member = jwk.get("n").or(jwk.get("x")).unwrap().as_str().unwrap();
            let bytes = URL_SAFE_NO_PAD.decode(member).unwrap();
            let header = Header { kid: Some(text(jwk, "kid").to_owned()), ..Header::new(Algorithm::HS256) };
            for secret in [&*bytes, member.as_bytes(), jwk.to_string().as_bytes()] {
                let forged = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap();
                assert_refused(&rp, &browser, &forged).await;
            }
        }
        assert_accepted(&rp, &browser, &hint).await;
    }
}

#[tokio::test]
async fn a_hint_by_the_clients_secret_redirects_only_with_issuer_and_audience_in_their_places() {
    let provider = Provider::start().await;
    let hs256 = json!({ "id_token_signed_response_alg": "HS256" });
    let (rp, other) = (
        RelyingParty::register_with(&provider, hs256.clone()).await,
        RelyingParty::register_with(&provider, hs256).await,
    );
    let browser = Browser::new();
    let genuine = unverified_claims(&rp.id_token(&browser).await);
    let with = |changes: Value| {
        let mut claims = genuine.clone();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        claims
    };
    for changes in [
        json!({ "iss": rp.id, "aud": provider.issuer() }),
        json!({ "iss": rp.id }),
        json!({ "aud": provider.issuer() }),
        json!({ "iss": format!("{}/", provider.issuer()) }),
        json!({ "iss": [provider.issuer()] }),
        json!({ "iss": null }),
        json!({ "aud": null }),
        json!({ "aud": [] }),
        json!({ "aud": [rp.id, other.id] , "azp": "nobody" }),
    ] {
        // For another audience, `client_id` is not the client that the hint was issued to.
        let reasons = ["id_token_hint_invalid", "client_mismatch"];
        assert_refused_for(&rp, &browser, &rp.signed_with_secret(&with(changes)), &reasons).await;
    }
    // An `azp` beside another audience is the client only where `client_id` says so too.
    let beside = rp.signed_with_secret(&with(json!({ "aud": other.id, "azp": rp.id })));
    let parameters = [("id_token_hint", &*beside), ("post_logout_redirect_uri", SIGNED_OUT)];
    let answer = browser.get(&rp.end_session(&parameters)).await;
    assert_eq!(answer.status, 400);
    assert!(rp.is_signed_in(&browser).await);
    let answer = browser.get(&rp.end_session(&[&parameters[..], &[("client_id", &*rp.id)]].concat())).await;
    assert_eq!(answer.location(), SIGNED_OUT);
    assert!(!rp.is_signed_in(&browser).await);
    let genuine = unverified_claims(&rp.id_token(&browser).await);
    // The secret of another client.
    assert_refused(&rp, &browser, &other.signed_with_secret(&genuine)).await;
    assert_accepted(&rp, &browser, &rp.signed_with_secret(&genuine)).await;

    // The client's own secret, although the client has registered for another algorithm.
    let rs256 = RelyingParty::register(&provider).await;
    let claims = unverified_claims(&rs256.id_token(&browser).await);
    assert_refused(&rs256, &browser, &rs256.signed_with_secret(&claims)).await;
}

/// A hint names a past session and grants nothing, so the provider should accept it after its `exp`
/// (section 4).
#[tokio::test]
async fn an_expired_hint_of_this_session_signs_out_and_redirects() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register_with(&provider, json!({ "id_token_signed_response_alg": "HS256" })).await;
    for seconds in [2 * 60 * 60, 10 * 365 * 24 * 60 * 60] {
        let browser = Browser::new();
        let mut claims = unverified_claims(&rp.id_token(&browser).await);
        for date in ["exp", "iat", "auth_time"] {
            claims[date] = json!(claims[date].as_i64().unwrap() - seconds);
        }
        assert_accepted(&rp, &browser, &rp.signed_with_secret(&claims)).await;
    }
    // A token that is not valid yet is no hint.
    let browser = Browser::new();
    let mut claims = unverified_claims(&rp.id_token(&browser).await);
    claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 60 * 60);
    assert_refused(&rp, &browser, &rp.signed_with_secret(&claims)).await;
}

#[tokio::test]
async fn garbage_as_a_hint_redirects_nowhere_and_the_page_offers_to_sign_out() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    let hint = rp.id_token(&browser).await;
    let [header, claims, signature] = [0, 1, 2].map(|index| hint.split('.').nth(index).unwrap());
    let nested = "[".repeat(10_000);
    for garbage in [
        "x".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "\u{0}".to_owned(),
        "<script>alert(1)</script>".to_owned(),
        format!("{hint}."),
        format!("{hint}="),
        format!(" {hint}"),
        format!("{header}.{claims}.{signature}.{claims}.{signature}"),
        format!("{header}.{header}.{signature}"),
        format!("{}.{claims}.{signature}", segment([0xff, 0xfe])),
        format!("{header}.{}.{signature}", segment("null")),
        format!("{header}.{}.{signature}", segment(nested)),
        format!("{header}.{}.{signature}", "A".repeat(20_000)),
    ] {
        assert_refused(&rp, &browser, &garbage).await;
    }
    // An access token is not an ID Token.
    assert_refused(&rp, &browser, text(&rp.tokens(&browser).await, "access_token")).await;
    let page = browser.get(&rp.end_session(&[("id_token_hint", "x")])).await;
    let signed_out = browser.submit(&page, &[("confirm", "yes")]).await;
    assert_eq!(signed_out.status, 200);
    signed_out.stays();
    assert!(!rp.is_signed_in(&browser).await);
}

/// Section 2: the provider asks if the hint is not for the browser's session.
#[tokio::test]
async fn a_hint_of_another_session_or_another_user_is_asked_about() {
    let provider = Provider::start().await;
    provider.run(&["set-user", "bob"], "builder");
    let rp = RelyingParty::register(&provider).await;
    let (alices, alices_other, bobs) = (Browser::new(), Browser::new(), Browser::new());
    let (hint, of_other_session) = (rp.id_token(&alices).await, rp.id_token(&alices_other).await);
    let page = bobs.get(&rp.authorize(&[])).await;
    let code = bobs.sign_in_as(&page, "bob", "builder").await.redirected("code").unwrap();
    let of_bob = text(&rp.redeem(&code, &[]).await.json(), "id_token").to_owned();
    for other in [&of_other_session, &of_bob] {
        let url = rp.end_session(&[("id_token_hint", other), ("post_logout_redirect_uri", SIGNED_OUT)]);
        let page = alices.get(&url).await;
        assert_eq!(page.status, 200);
        page.stays();
        for browser in [&alices, &alices_other, &bobs] {
            assert!(rp.is_signed_in(browser).await);
        }
        assert_eq!(alices.submit(&page, &[("confirm", "no")]).await.status, 200);
    }
    assert_accepted(&rp, &alices, &hint).await;
    assert!(rp.is_signed_in(&alices_other).await && rp.is_signed_in(&bobs).await);
}

/// Front-Channel Logout 1.0, section 3 allows any characters in a `sid`.
#[tokio::test]
async fn a_hint_with_any_printable_characters_in_its_sid_is_read() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register_with(&provider, json!({ "id_token_signed_response_alg": "HS256" })).await;
    let browser = Browser::new();
    let mut claims = unverified_claims(&rp.id_token(&browser).await);
    claims["sid"] = json!(printable());
    let hint = rp.signed_with_secret(&claims);
    let url = rp.end_session(&[("id_token_hint", &hint), ("post_logout_redirect_uri", SIGNED_OUT)]);
    // The hint is for another session: a signed-in user is asked, and a browser without a session
    // is sent back.
    let page = browser.get(&url).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.field("id_token_hint").as_deref(), Some(&*hint));
    assert_eq!(browser.submit(&page, &[("confirm", "yes")]).await.location(), SIGNED_OUT);
    assert_eq!(browser.get(&url).await.location(), SIGNED_OUT);
}
