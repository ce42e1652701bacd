//! What the token endpoint must not do: Core 1.0, section 3.1.3; RFC 6749, sections 4.1.3 and 5.2;
//! RFC 7636, section 4.6.

use serde_json::json;

use super::clients::{CHALLENGE, VERIFIER};
use super::relying_party::{CALLBACK, RelyingParty, text};
use crate::support::browser::{Answer, Browser};
use crate::support::provider::Provider;

const SECOND_CALLBACK: &str = "https://rp.example/callback2";

fn assert_error(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), text(&answer.json(), "error")), (status, error), "{}", answer.body);
    for nothing in ["access_token", "id_token", "refresh_token"] {
        assert!(answer.json().get(nothing).is_none());
    }
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn a_code_that_is_used_again_is_refused_and_takes_its_access_token_along() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    let (code, other_code) = (rp.code(&browser, &[]).await, rp.code(&browser, &[]).await);
    let (tokens, others) = (rp.redeem(&code, &[]).await.json(), rp.redeem(&other_code, &[]).await.json());
    let (access_token, other) = (text(&tokens, "access_token"), text(&others, "access_token"));
    assert_eq!(rp.userinfo(access_token).await.status, 200);
    assert_error(&rp.redeem(&code, &[]).await, 400, "invalid_grant");
    let refused = rp.userinfo(access_token).await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""));
    assert_error(&rp.redeem(&code, &[]).await, 400, "invalid_grant");
    // Another code's token and the session are not affected.
    assert_eq!(rp.userinfo(other).await.status, 200);
    assert!(rp.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_code_is_for_the_client_that_it_was_issued_to() {
    let provider = Provider::start().await;
    let (rp, other) = (RelyingParty::register(&provider).await, RelyingParty::register(&provider).await);
    let public = RelyingParty::register_with(&provider, json!({ "token_endpoint_auth_method": "none" })).await;
    let browser = Browser::new();
    let code = rp.code(&browser, &CHALLENGE).await;
    let verifier = ("code_verifier", VERIFIER);
    assert_error(&other.redeem(&code, &[verifier]).await, 400, "invalid_grant");
    assert_error(&public.redeem(&code, &[verifier]).await, 400, "invalid_grant");
    // Another client cannot claim to be this one.
    assert_error(&other.redeem(&code, &[verifier, ("client_id", &rp.id)]).await, 400, "invalid_request");
    // The client must send its secret.
    let without_secret = RelyingParty::known(&provider, &rp.id, "");
    assert_error(&without_secret.redeem(&code, &[verifier]).await, 401, "invalid_client");
    // None of these attempts has used up the code.
    assert_eq!(rp.redeem(&code, &[verifier]).await.status, 200);
    let code = public.code(&browser, &CHALLENGE).await;
    assert_error(&rp.redeem(&code, &[verifier]).await, 400, "invalid_grant");
    assert_eq!(public.redeem(&code, &[verifier]).await.status, 200);
}

#[tokio::test]
async fn a_code_is_for_the_redirect_uri_that_it_went_to() {
    let provider = Provider::start().await;
    let metadata = json!({ "redirect_uris": [CALLBACK, SECOND_CALLBACK] });
    let rp = RelyingParty::register_with(&provider, metadata).await;
    let browser = Browser::new();
    for (uri, error) in [
        (SECOND_CALLBACK, "invalid_grant"),
        ("https://rp.example/callback?", "invalid_grant"),
        ("https://RP.example/callback", "invalid_grant"),
        ("", "invalid_request"),
    ] {
        let code = rp.code(&browser, &[]).await;
        assert_error(&rp.redeem(&code, &[("redirect_uri", uri)]).await, 400, error);
    }
    let code = rp.code(&browser, &[("redirect_uri", SECOND_CALLBACK)]).await;
    assert_eq!(rp.redeem(&code, &[("redirect_uri", SECOND_CALLBACK)]).await.status, 200);
}

#[tokio::test]
async fn a_code_with_a_challenge_wants_its_verifier_and_one_without_wants_none() {
    let provider = Provider::start().await;
    let confidential = RelyingParty::register(&provider).await;
    let public = RelyingParty::register_with(&provider, json!({ "token_endpoint_auth_method": "none" })).await;
    let browser = Browser::new();
    for rp in [&confidential, &public] {
        for wrong in ["", &VERIFIER[1..], &format!("{VERIFIER}A"), &VERIFIER.to_lowercase(), CHALLENGE[0].1] {
            let code = rp.code(&browser, &CHALLENGE).await;
            assert_error(&rp.redeem(&code, &[("code_verifier", wrong)]).await, 400, "invalid_grant");
            // One wrong guess uses up the code.
            assert_error(&rp.redeem(&code, &[("code_verifier", VERIFIER)]).await, 400, "invalid_grant");
        }
        let code = rp.code(&browser, &CHALLENGE).await;
        assert_eq!(rp.redeem(&code, &[("code_verifier", VERIFIER)]).await.status, 200);
    }
    // RFC 9700, section 4.8.2: a verifier without a challenge means that an attacker removed the
    // challenge.
    let code = confidential.code(&browser, &[]).await;
    assert_error(&confidential.redeem(&code, &[("code_verifier", VERIFIER)]).await, 400, "invalid_grant");
}

#[tokio::test]
async fn what_is_not_a_form_of_a_code_grant_is_refused() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    let code = rp.code(&browser, &[]).await;
    for (parameters, error) in [
        (vec![("grant_type", "")], "invalid_request"),
        (vec![("grant_type", "password"), ("username", "alice"), ("password", "wonderland")], "unsupported_grant_type"),
        (vec![("grant_type", "client_credentials")], "unsupported_grant_type"),
        (vec![("grant_type", "refresh_token")], "unsupported_grant_type"),
        (vec![("code", "")], "invalid_request"),
        (vec![("code", "x")], "invalid_grant"),
        (vec![("code", &*code), ("code", &code)], "invalid_request"),
        (vec![("client_secret", &rp.secret)], "invalid_request"),
    ] {
        assert_error(&rp.redeem(&code, &parameters).await, 400, error);
    }
    let url = provider.url("/token");
    let body = json!({ "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK }).to_string();
    for (content_type, body) in [
        ("application/json", &*body),
        ("text/plain", "grant_type=authorization_code"),
        ("multipart/form-data; boundary=a", "--a--"),
    ] {
        let send = |http: &reqwest::Client| {
            let request = http.post(&url).basic_auth(&rp.id, Some(&rp.secret));
            request.header("content-type", content_type).body(body.to_owned())
        };
        assert_error(&browser.send(send).await, 400, "invalid_request");
    }
    // OPTIONS is for preflights.
    for method in ["GET", "PUT", "DELETE"] {
        let answer = browser.send(|http| http.request(method.parse().unwrap(), &url)).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"), "{method}");
    }
    // Parameters in the query are ignored, because queries end up in logs.
    let query = format!("{url}?grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}");
    let answer = browser.send(|http| http.post(&query).basic_auth(&rp.id, Some(&rp.secret)).form(&[("x", "y")])).await;
    assert_error(&answer, 400, "invalid_request");
    // None of these attempts has used up the code.
    assert_eq!(rp.redeem(&code, &[]).await.status, 200);
}

/// RFC 6750, sections 2 and 3.
#[tokio::test]
async fn userinfo_is_for_the_bearer_of_an_access_token() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let tokens = rp.tokens(&Browser::new()).await;
    let url = provider.url("/userinfo");
    let browser = Browser::new();
    for authorization in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic YWxpY2U6d29uZGVybGFuZA==",
        text(&tokens, "access_token"),
        &format!("Bearer {}", text(&tokens, "id_token")),
        &format!("Bearer {}x", text(&tokens, "access_token")),
    ] {
        let answer = browser.send(|http| http.get(&url).header("authorization", authorization)).await;
        assert_eq!(answer.status, 401, "{authorization}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{authorization}");
        assert_eq!(answer.body, "");
    }
    for method in ["PUT", "DELETE"] {
        let answer = browser.send(|http| http.request(method.parse().unwrap(), &url)).await;
        assert_eq!(answer.status, 405, "{method}");
    }
    assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.json()["name"], "Alice Liddell");
}
