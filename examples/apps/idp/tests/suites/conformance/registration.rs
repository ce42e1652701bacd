//! Dynamic Client Registration 1.0; RP-Initiated Logout 1.0, section 3.1; reading and deleting, RFC
//! 7592.

use serde_json::{Value, json};

use super::relying_party::{CALLBACK, RelyingParty, SIGNED_OUT, text};
use crate::support::browser::{Answer, Browser};
use crate::support::provider::Provider;

async fn send(method: &str, uri: &str, token: &str) -> Answer {
    Browser::new().send(|http| http.request(method.parse().unwrap(), uri).bearer_auth(token)).await
}

#[tokio::test]
async fn only_a_clients_own_token_reads_and_deletes_it() {
    let provider = Provider::start().await;
    let (rp, other) = (RelyingParty::register(&provider).await, RelyingParty::register(&provider).await);
    let member = |rp: &RelyingParty, name| text(&rp.registration, name).to_owned();
    let (uri, token) = (member(&rp, "registration_client_uri"), member(&rp, "registration_access_token"));
    let (other_uri, other_token) =
        (member(&other, "registration_client_uri"), member(&other, "registration_access_token"));
    let access_token = text(&rp.tokens(&Browser::new()).await, "access_token").to_owned();
    for wrong in [&*other_token, &rp.secret, &rp.id, &access_token, "", "x"] {
        for method in ["GET", "DELETE"] {
            let answer = send(method, &uri, wrong).await;
            assert_eq!(answer.status, 401, "{method}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
            assert_eq!(answer.body, "");
        }
    }
    assert_eq!(Browser::new().send(|http| http.delete(&uri)).await.status, 401);
    // The operator's clients have no such token, and a nonexistent client gets the same answer.
    for id in ["demo-rp", "demo-native", "nobody"] {
        assert_eq!(send("DELETE", &provider.url(&format!("/register/{id}")), &token).await.status, 401);
    }
    assert_eq!(send("GET", &uri, &token).await.json(), rp.registration);
    assert_eq!(send("GET", &other_uri, &other_token).await.json(), other.registration);
}

#[tokio::test]
async fn a_deleted_client_is_nobody_and_its_tokens_are_void() {
    let provider = Provider::start().await;
    let (rp, other) = (RelyingParty::register(&provider).await, RelyingParty::register(&provider).await);
    let browser = Browser::new();
    let (tokens, code) = (rp.tokens(&browser).await, rp.code(&browser, &[]).await);
    other.code(&browser, &[]).await;
    let hint = ("id_token_hint", text(&tokens, "id_token"));
    let uri = text(&rp.registration, "registration_client_uri");
    let token = text(&rp.registration, "registration_access_token");
    let deleted = send("DELETE", uri, token).await;
    assert_eq!((deleted.status.as_u16(), &*deleted.body), (204, ""));

    for method in ["GET", "DELETE"] {
        assert_eq!(send(method, uri, token).await.status, 401);
    }
    assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 401);
    assert_eq!(text(&rp.redeem(&code, &[]).await.json(), "error"), "invalid_client");
    for parameters in [vec![], vec![("prompt", "none")]] {
        let answer = browser.get(&rp.authorize(&parameters)).await;
        assert_eq!(answer.status, 400);
        answer.stays();
    }
    // The user's session goes on. The user can sign out, but is not sent back.
    for parameters in [vec![hint], vec![("client_id", &*rp.id)]] {
        let parameters: Vec<_> = parameters.into_iter().chain([("post_logout_redirect_uri", SIGNED_OUT)]).collect();
        let answer = browser.get(&rp.end_session(&parameters)).await;
        assert_eq!(answer.status, 400);
        answer.stays();
        assert!(answer.body.contains("client_unknown"), "{}", answer.body);
    }
    assert!(other.is_signed_in(&browser).await);
}

#[tokio::test]
async fn the_response_says_what_was_registered() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register_with(
        &provider,
        json!({
            "client_name": "Bookshop",
            "post_logout_redirect_uris": [SIGNED_OUT, "https://rp.example/Out?x=%c3"],
            "id_token_signed_response_alg": "ES256",
            "token_endpoint_auth_method": "client_secret_post",
            "unknown": { "is": "ignored" },
        }),
    )
    .await;
    let registration = &rp.registration;
    assert_eq!(registration["redirect_uris"], json!([CALLBACK]));
    assert_eq!(registration["post_logout_redirect_uris"], json!([SIGNED_OUT, "https://rp.example/Out?x=%c3"]));
    assert_eq!(text(registration, "client_name"), "Bookshop");
    assert_eq!(text(registration, "id_token_signed_response_alg"), "ES256");
    assert_eq!(text(registration, "token_endpoint_auth_method"), "client_secret_post");
    assert_eq!(registration.get("unknown"), None);
    assert_eq!(registration["client_secret_expires_at"], 0);
}

#[tokio::test]
async fn a_uri_that_must_not_be_redirected_to_is_not_registered() {
    let provider = Provider::start().await;
    let register =
        async |metadata: &Value| Browser::new().send(|http| http.post(provider.url("/register")).json(metadata)).await;
    for uri in [
        "",
        "/signed-out",
        "//rp.example/signed-out",
        "http://rp.example/signed-out",
        "https://*.rp.example/signed-out",
        "https://*/",
        "https://rp.example/signed-out#fragment",
        "https://user@rp.example/signed-out",
        "https://rp.example/a b",
        "https://rp.example\\signed-out",
        "https://rp.example;script-src/",
        "javascript:alert(1)",
        "data:text/html,x",
        "com.example.app:/signed-out",
    ] {
        for metadata in [
            json!({ "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [SIGNED_OUT, uri] }),
            json!({ "redirect_uris": [CALLBACK, uri] }),
        ] {
            let answer = register(&metadata).await;
            assert_eq!(answer.status, 400, "{uri}");
            assert_eq!(text(&answer.json(), "error"), "invalid_redirect_uri", "{metadata}");
        }
    }
    // The same metadata without the fault.
    let metadata = json!({ "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [SIGNED_OUT] });
    assert_eq!(register(&metadata).await.status, 201);
}

#[tokio::test]
async fn methods_and_bodies_that_are_not_for_it_are_refused() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    for method in ["GET", "PUT", "DELETE"] {
        let answer = browser.send(|http| http.request(method.parse().unwrap(), provider.url("/register"))).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"), "{method}");
    }
    let uri = text(&rp.registration, "registration_client_uri");
    for method in ["POST", "PUT", "PATCH"] {
        assert_eq!(browser.send(|http| http.request(method.parse().unwrap(), uri)).await.status, 405, "{method}");
    }
    for body in ["", "{", "[]", "null", "redirect_uris=https%3A%2F%2Frp.example%2Fcallback"] {
        let answer = browser.send(|http| http.post(provider.url("/register")).body(body)).await;
        assert_eq!((answer.status.as_u16(), text(&answer.json(), "error")), (400, "invalid_client_metadata"), "{body}");
    }
}
