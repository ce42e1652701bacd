//! The token endpoint and userinfo.

use serde_json::{Value, json};

use crate::provider::Provider;
use crate::support::browser::Browser;
use crate::support::rp::{CALLBACK, Rp, SIGNED_OUT, text};

async fn code(rp: &Rp, parameters: &[(&str, &str)]) -> String {
    let browser = Browser::new();
    let page = browser.get(&rp.authorize(parameters)).await;
    browser.sign_in(&page).await.redirected("code").unwrap()
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_using_it_again_voids_the_access_token() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let code = code(&rp, &[]).await;
    let tokens = rp.redeem(&code).await;
    let access_token = text(&tokens, "access_token");
    assert_eq!(rp.userinfo(access_token).await.status, 200);
    let again = rp.redeem_with(&code, &[]).await;
    assert_eq!((again.status.as_u16(), text(&again.json(), "error")), (400, "invalid_grant"));
    assert_eq!(rp.userinfo(access_token).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_redeem_a_code_at_once_one_succeeds() {
    let provider = Provider::start(&[]).await;
    let rp = std::sync::Arc::new(Rp::register(&provider, json!({})).await);
    let code = code(&rp, &[]).await;
    let attempts: Vec<_> = (0..8)
        .map(|_| {
            let (rp, code) = (std::sync::Arc::clone(&rp), code.clone());
            tokio::spawn(async move { rp.redeem_with(&code, &[]).await.status.as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for attempt in attempts {
        statuses.push(attempt.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400, 400, 400, 400, 400]);
}

#[tokio::test]
async fn a_code_is_bound_to_client_and_redirect_uri() {
    let provider = Provider::start(&[]).await;
    let metadata = json!({ "redirect_uris": [CALLBACK, SIGNED_OUT] });
    let (rp, other) = (Rp::register(&provider, metadata.clone()).await, Rp::register(&provider, metadata).await);
    let error = async |answer: crate::support::browser::Answer| {
        assert_eq!(answer.status, 400);
        text(&answer.json(), "error").to_owned()
    };
    let its = code(&rp, &[]).await;
    assert_eq!(error(other.redeem_with(&its, &[]).await).await, "invalid_grant");
    // Another client's attempt does not use up the code.
    rp.redeem(&its).await;
    let its = code(&rp, &[]).await;
    assert_eq!(error(rp.redeem_with(&its, &[("redirect_uri", SIGNED_OUT)]).await).await, "invalid_grant");
    // The client's own attempt does.
    assert_eq!(error(rp.redeem_with(&its, &[]).await).await, "invalid_grant");
    assert_eq!(error(rp.redeem_with("unknown", &[]).await).await, "invalid_grant");
}

#[tokio::test]
async fn a_code_challenge_wants_its_verifier() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let public = Rp::register(&provider, json!({ "token_endpoint_auth_method": "none" })).await;
    assert_eq!(public.secret, "");
    // RFC 7636, appendix B.
    let verifier = ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let wrong = ("code_verifier", "xBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let challenge =
        [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];
    assert_eq!(rp.redeem_with(&code(&rp, &challenge).await, &[verifier]).await.status, 200);
    assert_eq!(rp.redeem_with(&code(&rp, &challenge).await, &[wrong]).await.status, 400);
    assert_eq!(rp.redeem_with(&code(&rp, &challenge).await, &[]).await.status, 400);
    assert_eq!(rp.redeem_with(&code(&rp, &[]).await, &[verifier]).await.status, 400);

    let redeem = async |code: &str, fields: &[(&str, &str)]| {
        let mut form = vec![("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code", code)];
        form.extend(fields);
        Browser::new().post(&provider.url("/token"), &form).await.status.as_u16()
    };
    let id = ("client_id", public.id.as_str());
    assert_eq!(redeem(&code(&public, &challenge).await, &[id, verifier]).await, 200);
    assert_eq!(redeem(&code(&public, &challenge).await, &[id, wrong]).await, 400);
    assert_eq!(redeem(&code(&public, &challenge).await, &[id]).await, 400);
    assert_eq!(redeem(&code(&public, &challenge).await, &[id, verifier, ("client_secret", "a")]).await, 401);
}

#[tokio::test]
async fn errors_are_those_of_the_specification() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let url = provider.url("/token");
    let (id, secret) = (("client_id", rp.id.as_str()), ("client_secret", rp.secret.as_str()));
    let (grant, code) = (("grant_type", "authorization_code"), ("code", "unknown"));
    let uri = ("redirect_uri", CALLBACK);
    for (form, status, error) in [
        (vec![id, secret, grant, code, uri], 400, "invalid_grant"),
        (vec![id, secret, code, uri], 400, "invalid_request"),
        (vec![id, secret, ("grant_type", "password")], 400, "unsupported_grant_type"),
        (vec![id, secret, ("grant_type", "refresh_token")], 400, "unsupported_grant_type"),
        (vec![id, secret, grant, uri], 400, "invalid_request"),
        (vec![id, secret, grant, code], 400, "invalid_request"),
        (vec![id, secret, grant, grant, code, uri], 400, "invalid_request"),
        (vec![id, secret, grant, ("code", "\0"), uri], 400, "invalid_request"),
        (vec![id, ("client_secret", "wrong"), grant, code, uri], 401, "invalid_client"),
        (vec![id, grant, code, uri], 401, "invalid_client"),
        (vec![("client_id", "nobody"), secret, grant, code, uri], 401, "invalid_client"),
        (vec![grant, code, uri], 401, "invalid_client"),
    ] {
        let answer = browser.post(&url, &form).await;
        assert_eq!((answer.status.as_u16(), text(&answer.json(), "error")), (status, error), "{form:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("www-authenticate").starts_with("Basic"), status == 401);
    }
    let form = [grant, code, uri];
    let both =
        browser.send(|http| http.post(&url).basic_auth(&rp.id, Some(&rp.secret)).form(&[id, secret, grant])).await;
    assert_eq!((both.status.as_u16(), text(&both.json(), "error")), (400, "invalid_request"));
    let broken = browser.send(|http| http.post(&url).header("authorization", "Basic ***").form(&form)).await;
    assert_eq!((broken.status.as_u16(), text(&broken.json(), "error")), (401, "invalid_client"));
    let json = browser.send(|http| http.post(&url).json(&json!({ "grant_type": "authorization_code" }))).await;
    assert_eq!((json.status.as_u16(), text(&json.json(), "error")), (400, "invalid_request"));
    assert_eq!(browser.get(&url).await.status, 405);
}

#[tokio::test]
async fn a_client_authenticates_whatever_characters_its_id_and_secret_hold() {
    let provider = Provider::start(&[]).await;
    let printable: String = (' '..='~').collect();
    let file = provider.file(
        "clients.json",
        &json!([{ "client_id": printable, "client_secret": printable, "redirect_uris": [CALLBACK] }]),
    );
    let server = crate::provider::start(&provider.database, &["--clients", &file]).await;
    let rp = Rp::known(&provider, &printable, &printable, Value::Null);
    rp.redeem(&code(&rp, &[]).await).await;
    let post = [("client_id", &*printable), ("client_secret", &printable), ("grant_type", "authorization_code")];
    let code = code(&rp, &[]).await;
    let form: Vec<_> = post.into_iter().chain([("redirect_uri", CALLBACK), ("code", &code)]).collect();
    assert_eq!(Browser::new().post(&provider.url("/token"), &form).await.status, 200);
    server.shutdown().await.unwrap();
}

#[tokio::test]
async fn userinfo_takes_the_token_of_a_header_or_a_form() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let tokens = rp.tokens(&Browser::new()).await;
    let token = text(&tokens, "access_token");
    let url = provider.url("/userinfo");
    let browser = Browser::new();
    assert_eq!(browser.send(|http| http.post(&url).bearer_auth(token)).await.status, 200);
    assert_eq!(browser.post(&url, &[("access_token", token)]).await.status, 200);
    let refused = browser.get(&url).await;
    assert_eq!((refused.status.as_u16(), refused.header("www-authenticate")), (401, "Bearer"));
    // The URL is no place for a token, because it ends up in logs.
    assert_eq!(browser.get(&format!("{url}?access_token={token}")).await.status, 401);
    for wrong in ["wrong", text(&tokens, "id_token")] {
        let refused = rp.userinfo(wrong).await;
        assert_eq!(refused.status, 401);
        assert!(refused.header("www-authenticate").contains("invalid_token"));
    }
}
