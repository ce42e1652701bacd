//! The metadata of clients, from the operator's file or by registration, and how long clients stay.

use idp::Server;
use idp::config::Config;
use serde_json::{Value, json};

use crate::provider::{Provider, start};
use crate::support::browser::Browser;
use crate::support::rp::{CALLBACK, Rp, SIGNED_OUT, text};

const CHALLENGE: [(&str, &str); 2] =
    [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];
const SECRET: &str = "sixteen letters.";

async fn register(provider: &Provider, metadata: &Value) -> (u16, Value) {
    let url = provider.url("/register");
    let answer = Browser::new().send(|http| http.post(url).json(metadata)).await;
    (answer.status.as_u16(), answer.json())
}

/// The error of a start with these clients.
async fn error_of_start(provider: &Provider, clients: &Value) -> Option<String> {
    let file = provider.file("clients.json", clients);
    let args = ["--port", "0", "--database", &provider.database, "--clients", &file];
    match Server::start(Config::from_args(args).unwrap()).await {
        Ok(server) => {
            server.shutdown().await.unwrap();
            None
        }
        Err(error) => Some(format!("{error:#}")),
    }
}

#[tokio::test]
async fn onward_schemes_of_a_client_are_in_the_policies_of_sign_in_and_question() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({ "form_action_schemes": ["com.example.app", "myapp"] })).await;
    assert_eq!(rp.registration["form_action_schemes"], json!(["com.example.app", "myapp"]));
    let browser = Browser::new();
    let page = browser.get(&rp.authorize(&[])).await;
    let policy = page.header_lines("content-security-policy");
    assert!(policy.contains("form-action 'self' https: com.example.app: myapp:"), "{policy}");
    rp.tokens(&browser).await;
    let page = browser.get(&rp.end_session(&[("client_id", &rp.id), ("post_logout_redirect_uri", SIGNED_OUT)])).await;
    let policy = page.header_lines("content-security-policy");
    assert!(policy.contains("form-action 'self' https: com.example.app: myapp:"), "{policy}");
    for schemes in [
        json!("com.example.app"),
        json!(["https://www.rp.example"]),
        json!(["com.example.app; script-src *"]),
        json!(["'unsafe-inline'"]),
        json!(["javascript"]),
        json!(["*"]),
        json!(vec!["com.example.app"; 101]),
    ] {
        let refused =
            register(&provider, &json!({ "redirect_uris": [CALLBACK], "form_action_schemes": schemes })).await;
        assert_eq!((refused.0, text(&refused.1, "error")), (400, "invalid_client_metadata"), "{schemes}");
    }
}

#[tokio::test]
async fn a_start_refuses_clients_with_weak_secrets_or_ids_that_cannot_be_sent() {
    let provider = Provider::start(&[]).await;
    let client = |id: &str, more: Value| {
        let mut client = json!({ "client_id": id, "redirect_uris": [CALLBACK] });
        client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([client])
    };
    let secret = |secret: &str| json!({ "client_secret": secret });
    for (clients, told) in [
        (client("rp", secret("")), "client_secret"),
        (client("rp", secret(&SECRET[1..])), "client_secret"),
        (client("rp", secret("sixteen letters\n")), "client_secret"),
        (client("rp", json!({ "client_secret": SECRET, "token_endpoint_auth_method": "none" })), "none"),
        (client("", secret(SECRET)), "client_id"),
        (client("rp\n", secret(SECRET)), "client_id"),
        (client("rp\u{7f}", secret(SECRET)), "client_id"),
        (client("rü", secret(SECRET)), "client_id"),
    ] {
        let error = error_of_start(&provider, &clients).await;
        assert!(error.as_ref().is_some_and(|error| error.contains(told)), "{clients}: {error:?}");
    }
    assert_eq!(error_of_start(&provider, &client(" ~", secret(SECRET))).await, None);
    assert_eq!(error_of_start(&provider, &client("rp", json!({ "client_secret": null }))).await, None);
}

#[tokio::test]
async fn what_the_provider_does_not_do_is_refused_and_null_is_as_good_as_absent() {
    let provider = Provider::start(&[]).await;
    for (member, value) in [
        ("subject_type", "pairwise"),
        ("id_token_encrypted_response_alg", "RSA-OAEP"),
        ("userinfo_signed_response_alg", "RS256"),
        ("userinfo_encrypted_response_alg", "RSA-OAEP"),
        ("request_object_signing_alg", "RS256"),
    ] {
        let refused = register(&provider, &json!({ "redirect_uris": [CALLBACK], member: value })).await;
        assert_eq!((refused.0, text(&refused.1, "error")), (400, "invalid_client_metadata"), "{member}");
        assert!(text(&refused.1, "error_description").contains(member));
        assert_eq!(register(&provider, &json!({ "redirect_uris": [CALLBACK], member: null })).await.0, 201, "{member}");
    }
    for member in [
        "client_name",
        "client_uri",
        "token_endpoint_auth_method",
        "response_types",
        "grant_types",
        "application_type",
        "id_token_signed_response_alg",
        "post_logout_redirect_uris",
        "form_action_schemes",
        "default_max_age",
        "require_auth_time",
    ] {
        let (status, registered) = register(&provider, &json!({ "redirect_uris": [CALLBACK], member: null })).await;
        assert_eq!(status, 201, "{member}");
        assert_ne!(registered.get(member), Some(&Value::Null), "{member}");
    }
    assert_eq!(register(&provider, &json!({ "redirect_uris": null })).await.0, 400);
    assert_eq!(register(&provider, &json!({ "redirect_uris": [CALLBACK], "subject_type": "public" })).await.0, 201);
    let uris = |count| json!({ "redirect_uris": vec![CALLBACK; count] });
    assert_eq!(register(&provider, &uris(100)).await.0, 201);
    assert_eq!(text(&register(&provider, &uris(101)).await.1, "error"), "invalid_redirect_uri");
}

#[tokio::test]
async fn a_default_max_age_counts_where_the_request_has_none() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({ "default_max_age": 0, "require_auth_time": true })).await;
    assert_eq!((&rp.registration["default_max_age"], &rp.registration["require_auth_time"]), (&json!(0), &json!(true)));
    let browser = Browser::new();
    rp.tokens(&browser).await;
    assert_eq!(browser.get(&rp.authorize(&[])).await.form().action, "/sign-in");
    assert!(browser.get(&rp.authorize(&[("max_age", "100")])).await.redirected("code").is_some());
}

#[tokio::test]
async fn a_native_client_listens_at_any_port_of_a_loopback_address() {
    let provider = Provider::start(&[]).await;
    let uris = json!(["http://127.0.0.1/cb?a=b", "http://[::1]:80/cb", "http://localhost/cb", "https://127.0.0.1/cb"]);
    let more = json!({ "application_type": "native", "token_endpoint_auth_method": "none", "redirect_uris": uris });
    let native = Rp::register(&provider, more).await;
    let web = Rp::register(&provider, json!({ "redirect_uris": ["http://127.0.0.1/cb"] })).await;
    let status = async |rp: &Rp, uri: &str| {
        let parameters: Vec<_> = CHALLENGE.into_iter().chain([("redirect_uri", uri)]).collect();
        Browser::new().get(&rp.authorize(&parameters)).await.status.as_u16()
    };
    for uri in ["http://127.0.0.1/cb?a=b", "http://127.0.0.1:51004/cb?a=b", "http://[::1]/cb", "http://[::1]:65535/cb"]
    {
        assert_eq!(status(&native, uri).await, 200, "{uri}");
    }
    for uri in [
        "http://127.0.0.1:51004/cb",
        "http://127.0.0.1:65536/cb?a=b",
        "http://127.0.0.1:0/cb?a=b",
        "http://127.0.0.1:080/cb?a=b",
        "http://127.0.0.1:/cb?a=b",
        "http://127.0.0.1:1@rp.example/cb?a=b",
        "http://127.0.0.12/cb?a=b",
        "http://127.0.0.1:1.example/cb?a=b",
        "http://[::1]:51004/cb?a=b",
        "http://localhost:51004/cb",
        "https://127.0.0.1:51004/cb",
    ] {
        assert_eq!(status(&native, uri).await, 400, "{uri}");
    }
    assert_eq!(status(&web, "http://127.0.0.1/cb").await, 200);
    assert_eq!(status(&web, "http://127.0.0.1:51004/cb").await, 400);
}

#[tokio::test]
async fn clients_that_are_not_in_the_operators_file_any_more_are_deleted() {
    let provider = Provider::start(&[]).await;
    let self_registered = Rp::register(&provider, json!({})).await;
    let clients =
        ["one", "two"].map(|id| json!({ "client_id": id, "client_secret": SECRET, "redirect_uris": [CALLBACK] }));
    let known = async |id: &str| {
        let rp = Rp::known(&provider, id, SECRET, Value::Null);
        Browser::new().get(&rp.authorize(&CHALLENGE)).await.status == 200
    };
    assert_eq!(error_of_start(&provider, &json!(clients)).await, None);
    assert!(known("one").await && known("two").await);
    // A start without a file keeps the clients of an earlier file.
    start(&provider.database, &[]).await.shutdown().await.unwrap();
    assert!(known("one").await && known("two").await);
    assert_eq!(error_of_start(&provider, &json!([clients[1]])).await, None);
    assert!(!known("one").await && known("two").await && known(&self_registered.id).await);
}
