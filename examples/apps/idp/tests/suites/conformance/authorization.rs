//! What the authorization endpoint must not do: Core 1.0, section 3.1.2; RFC 6749, sections 3.1.2
//! and 4.1.2.1.

use serde_json::json;

use super::clients::CHALLENGE;
use super::relying_party::{CALLBACK, RelyingParty, SIGNED_OUT, text};
use crate::support::browser::Browser;
use crate::support::provider::Provider;

const REDIRECT_URIS: [&str; 2] = [CALLBACK, "https://rp.example/cb?tenant=1"];

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_is_never_redirected_to() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register_with(&provider, json!({ "redirect_uris": REDIRECT_URIS })).await;
    let (signed_in, nobody) = (Browser::new(), Browser::new());
    rp.code(&signed_in, &[]).await;
    for uri in [
        "https://evil.example/callback",
        "https://rp.example.evil.example/callback",
        "https://rp.example@evil.example/callback",
        "https://evil.example\\@rp.example/callback",
        "//rp.example/callback",
        "/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://rp.example/callback",
        "HTTPS://rp.example/callback",
        "https://RP.example/callback",
        "https://rp.example:443/callback",
        "https://rp.example/callback/",
        "https://rp.example/callback?",
        "https://rp.example/callback?foo=bar",
        "https://rp.example/callback#",
        "https://rp.example/callback/../callback",
        "https://rp.example/%63allback",
        "https://rp.example/callback\r\nlocation: https://evil.example",
        "https://rp.example/callback\u{0}",
        " https://rp.example/callback",
        "https://rp.example/cb",
        "https://rp.example/cb?tenant=2",
        "https://rp.example/cb?tenant=1&tenant=2",
        // Registered, but for another purpose.
        SIGNED_OUT,
    ] {
        for browser in [&signed_in, &nobody] {
            for more in [("prompt", "none"), ("prompt", "login"), ("response_type", "wrong"), ("scope", "wrong")] {
                let answer = browser.get(&rp.authorize(&[("redirect_uri", uri), more])).await;
                assert_eq!(answer.status, 400, "{uri}");
                answer.stays();
            }
        }
    }
    for (parameters, error) in [
        (vec![("redirect_uri", "")], "redirect_uri_missing"),
        (vec![("redirect_uri", CALLBACK), ("redirect_uri", CALLBACK)], "duplicate_parameter"),
        (vec![("redirect_uri", CALLBACK), ("redirect_uri", "https://evil.example/")], "duplicate_parameter"),
        (vec![("client_id", &*rp.id), ("client_id", "other")], "duplicate_parameter"),
        (vec![("client_id", "nobody")], "client_unknown"),
        (vec![("client_id", "")], "client_missing"),
    ] {
        let answer = signed_in.get(&rp.authorize(&parameters)).await;
        assert_eq!(answer.status, 400);
        answer.stays();
        assert!(answer.body.contains(error), "{error}: {}", answer.body);
    }
    // The registered URIs work, with their queries.
    for uri in REDIRECT_URIS {
        let answer = signed_in.get(&rp.authorize(&[("redirect_uri", uri)])).await;
        let separator = if uri.contains('?') { '&' } else { '?' };
        assert!(answer.location().starts_with(&format!("{uri}{separator}code=")), "{}", answer.location());
    }
}

/// The form carries the request. A changed request in it is checked like any other.
#[tokio::test]
async fn a_request_that_was_changed_in_the_sign_in_form_is_never_redirected_for() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    let page = browser.get(&rp.authorize(&[])).await;
    for uri in ["https://evil.example/callback", "https://rp.example/callback?foo=bar", SIGNED_OUT] {
        let request = rp.authorize(&[("redirect_uri", uri)]);
        let fields =
            [("request", request.split_once('?').unwrap().1), ("username", "alice"), ("password", "wonderland")];
        let answer = browser.submit(&page, &fields).await;
        assert_eq!(answer.status, 400);
        answer.stays();
        assert_eq!(answer.cookie("session"), None);
    }
    for request in ["https://evil.example/", "//evil.example/", "\\\\evil.example", "x"] {
        let fields = [("request", request), ("username", "alice"), ("password", "wonderland")];
        let answer = browser.submit(&page, &fields).await;
        assert_eq!(answer.status, 400);
        answer.stays();
    }
}

#[tokio::test]
async fn the_session_does_where_neither_prompt_nor_max_age_says_otherwise() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    let first = rp.claims(&rp.id_token(&browser).await).await;
    for parameters in [
        vec![],
        vec![("max_age", "100000")],
        vec![("max_age", "9223372036854775807")],
        vec![("prompt", "none")],
        vec![("display", "popup"), ("acr_values", "1 2"), ("claims_locales", "de"), ("unknown", "x")],
    ] {
        let answer = browser.get(&rp.authorize(&parameters)).await;
        assert!(answer.redirected("code").is_some(), "{parameters:?}");
    }
    // A new sign-in must not make the time go back.
    let mut auth_time = first["auth_time"].as_i64().unwrap();
    for parameters in [("prompt", "login"), ("max_age", "0"), ("prompt", "consent login")] {
        let page = browser.get(&rp.authorize(&[parameters])).await;
        assert_eq!(page.status, 200, "{parameters:?}");
        page.stays();
        let code = browser.sign_in(&page).await.redirected("code").unwrap();
        let tokens = rp.redeem(&code, &[]).await.json();
        let claims = rp.claims(text(&tokens, "id_token")).await;
        // The same user goes on with the session.
        assert_eq!(claims["sid"], first["sid"], "{parameters:?}");
        assert!(claims["auth_time"].as_i64().unwrap() >= auth_time);
        auth_time = claims["auth_time"].as_i64().unwrap();
    }
    for wrong in ["-1", "1.5", "soon", " 1", "99999999999999999999"] {
        let answer = browser.get(&rp.authorize(&[("max_age", wrong)])).await;
        assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"), "{wrong}");
    }
}

#[tokio::test]
async fn max_age_asks_again_when_the_sign_in_is_older() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    rp.code(&browser, &[]).await;
    let mut page = browser.get(&rp.authorize(&[("max_age", "1")])).await;
    let deadline = tokio::time::Instant::now() + crate::support::instance::PATIENCE;
    while page.status == 303 {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        page = browser.get(&rp.authorize(&[("max_age", "1")])).await;
    }
    let refused = browser.get(&rp.authorize(&[("max_age", "1"), ("prompt", "none")])).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("login_required"));
    assert!(browser.get(&rp.authorize(&[("max_age", "100000")])).await.redirected("code").is_some());
    assert!(browser.sign_in(&page).await.redirected("code").is_some());
}

#[tokio::test]
async fn login_hint_fills_in_the_name_and_nothing_more() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let empty = Browser::new().get(&rp.authorize(&[])).await;
    assert_eq!(empty.field("username").as_deref(), Some(""));
    for hint in ["alice", "\"><script>alert(1)</script>", "alice@example.com", " ü ", &"x".repeat(2000)] {
        let browser = Browser::new();
        let page = browser.get(&rp.authorize(&[("login_hint", hint)])).await;
        let elements = |html: &scraper::Html| html.select(&crate::support::browser::selector("*")).count();
        assert_eq!(elements(&page.stays()), elements(&empty.stays()));
        assert_eq!(page.field("username").as_deref(), Some(hint));
        assert_eq!(page.field("password").as_deref(), Some(""));
        assert_eq!(browser.submit(&page, &[("username", "alice"), ("password", "")]).await.status, 422);
        // The hint is only a suggestion: another user may sign in.
        assert!(browser.sign_in(&page).await.redirected("code").is_some());
    }
}

/// Section 3.1.2.1, `id_token_hint`, and 3.1.2.2: there is no answer for a user other than the
/// hinted one.
#[tokio::test]
async fn an_id_token_hint_of_one_user_is_not_answered_with_a_code_for_another() {
    let provider = Provider::start().await;
    provider.run(&["set-user", "bob"], "builder");
    let rp = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    let hint = rp.id_token(&browser).await;
    assert!(browser.get(&rp.authorize(&[("id_token_hint", &hint)])).await.redirected("code").is_some());
    for prompt in ["login", ""] {
        let others = Browser::new();
        let page = others.get(&rp.authorize(&[("id_token_hint", &hint), ("prompt", prompt)])).await;
        let answer = others.sign_in_as(&page, "bob", "builder").await;
        assert_eq!(answer.redirected("code"), None, "{prompt}");
        assert_eq!(answer.redirected("error").as_deref(), Some("login_required"), "{prompt}");
        assert_eq!(answer.redirected("state").as_deref(), Some("af0ifjsldkj"));
        // Nor for the existing session of another user.
        let refused = others.get(&rp.authorize(&[("id_token_hint", &hint), ("prompt", "none")])).await;
        assert_eq!(refused.redirected("error").as_deref(), Some("login_required"));
        let page = others.get(&rp.authorize(&[("id_token_hint", &hint), ("prompt", prompt)])).await;
        assert!(others.sign_in(&page).await.redirected("code").is_some());
    }
    // A token that the provider has not issued is no hint.
    let forged = browser.get(&rp.authorize(&[("id_token_hint", &hint[..hint.len() - 4]), ("prompt", "none")])).await;
    assert_eq!(forged.redirected("code"), None);
}

#[tokio::test]
async fn methods_and_content_types_that_are_not_for_it_are_refused() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    rp.code(&browser, &[]).await;
    let url = rp.authorize(&[]);
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS"] {
        let answer = browser.send(|http| http.request(method.parse().unwrap(), &url)).await;
        assert_eq!(answer.status, 405, "{method}");
        let allow: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
        assert!(allow.contains(&"GET") && allow.contains(&"POST"), "{method}: {allow:?}");
        answer.stays();
    }
    // It accepts a form and nothing else.
    let (endpoint, form) = url.split_once('?').unwrap();
    let post = async |content_type: &str| {
        let send =
            |http: &reqwest::Client| http.post(endpoint).header("content-type", content_type).body(form.to_owned());
        browser.send(send).await
    };
    let answer = post("application/x-www-form-urlencoded").await;
    let answer = browser.get(&provider.url(answer.location())).await;
    assert!(answer.redirected("code").is_some());
    for content_type in ["application/json", "text/plain", ""] {
        let answer = post(content_type).await;
        assert_eq!(answer.status, 415, "{content_type}");
        answer.stays();
    }
    // The same holds for the sign-in form.
    for content_type in ["application/json", "text/plain"] {
        let send = |http: &reqwest::Client| {
            http.post(provider.url("/sign-in")).header("content-type", content_type).body("username=alice")
        };
        let answer = browser.send(send).await;
        assert_eq!(answer.status, 415, "{content_type}");
        answer.stays();
    }
}

#[tokio::test]
async fn a_code_challenge_that_is_not_s256_is_refused_of_any_client() {
    let provider = Provider::start().await;
    let confidential = RelyingParty::register(&provider).await;
    let public = RelyingParty::register_with(&provider, json!({ "token_endpoint_auth_method": "none" })).await;
    let browser = Browser::new();
    confidential.code(&browser, &[]).await;
    let (challenge, s256) = (CHALLENGE[0].1, "S256");
    for rp in [&confidential, &public] {
        for (challenge, method) in [
            (challenge, ""),
            (challenge, "plain"),
            (challenge, "s256"),
            ("", s256),
            (&challenge[1..], s256),
            (&*format!("{challenge}A"), s256),
            (&*format!("{challenge}="), s256),
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", s256),
        ] {
            let parameters = [("code_challenge", challenge), ("code_challenge_method", method)];
            let answer = browser.get(&rp.authorize(&parameters)).await;
            assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"), "{parameters:?}");
            assert_eq!(answer.redirected("code"), None);
        }
        assert!(!rp.code(&browser, &CHALLENGE).await.is_empty());
    }
}
