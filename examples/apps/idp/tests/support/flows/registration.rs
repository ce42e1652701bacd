//! Discovery and dynamic registration.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::provider::Provider;
use crate::support::browser::Browser;
use crate::support::rp::{CALLBACK, Rp, text};

#[tokio::test]
async fn discovery_names_what_there_is() {
    let provider = Provider::start(&[]).await;
    let browser = Browser::new();
    let metadata = browser.get(&provider.url("/.well-known/openid-configuration")).await.json();
    assert_eq!(text(&metadata, "issuer"), provider.server.url());
    for endpoint in ["authorization", "token", "userinfo", "registration", "end_session"] {
        let url = text(&metadata, &format!("{endpoint}_endpoint"));
        assert!(url.starts_with(&format!("{}/", provider.server.url())), "{url}");
        assert_ne!(browser.get(url).await.status, 404, "{url}");
    }
    for member in ["logout_supported", "logout_session_supported"] {
        assert_eq!(metadata[format!("backchannel_{member}")], true, "{member}");
        assert_eq!(metadata[format!("frontchannel_{member}")], true, "{member}");
    }
    let keys = browser.get(text(&metadata, "jwks_uri")).await.json();
    let keys = keys["keys"].as_array().unwrap();
    let kids: HashSet<_> = keys.iter().map(|key| text(key, "kid")).collect();
    assert_eq!((keys.len(), kids.len()), (3, 3));
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
    }
}

#[tokio::test]
async fn behind_a_proxy_every_endpoint_is_https_and_cookies_are_for_this_host() {
    let provider = Provider::start(&["--base-url", "https://op.example", "--demo"]).await;
    assert_eq!(provider.server.url(), "https://op.example");
    assert_eq!(provider.server.demo_url(), None);
    let metadata = Browser::new().get(&provider.url("/.well-known/openid-configuration")).await.json();
    let members = metadata.as_object().unwrap().iter();
    for (name, value) in members.filter(|(name, _)| name.ends_with("_endpoint") || name.ends_with("_uri")) {
        assert!(value.as_str().unwrap().starts_with("https://op.example/"), "{name}");
    }
    let browser = Browser::without_cookies();
    let page = browser.get(&provider.url("/sign-in")).await;
    let cookie = page.cookie_line("__Host-sign-in").unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    let value = page.cookie("__Host-sign-in").unwrap();
    let fields = page.form().filled_in(&[("username", "alice"), ("password", "wonderland")]);
    let request = |http: &reqwest::Client| {
        http.post(provider.url("/sign-in")).header("cookie", format!("__Host-sign-in={value}")).form(&fields)
    };
    let answer = browser.send(request).await;
    let cookie = answer.cookie_line("__Host-session").unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn a_client_registers_reads_and_deletes_itself() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({ "client_name": "RP", "contacts": ["me@rp.example"] })).await;
    let registration = &rp.registration;
    assert_eq!(registration["redirect_uris"], json!([CALLBACK]));
    assert_eq!(registration["client_secret_expires_at"], 0);
    assert_eq!(text(registration, "token_endpoint_auth_method"), "client_secret_basic");
    assert_eq!(text(registration, "id_token_signed_response_alg"), "RS256");
    assert_eq!(text(registration, "client_name"), "RP");
    assert!(rp.secret.len() >= 32);
    let (uri, token) = (text(registration, "registration_client_uri"), text(registration, "registration_access_token"));
    let browser = Browser::new();
    let other = Rp::register(&provider, json!({})).await;
    let other_token = text(&other.registration, "registration_access_token");

    assert_eq!(browser.send(|http| http.get(uri).bearer_auth(token)).await.json(), *registration);
    for wrong in ["", "wrong", other_token, &rp.secret] {
        assert_eq!(browser.send(|http| http.get(uri).bearer_auth(wrong)).await.status, 401);
        assert_eq!(browser.send(|http| http.delete(uri).bearer_auth(wrong)).await.status, 401);
    }
    assert_eq!(browser.get(uri).await.status, 401);
    let demo = provider.url("/register/demo-rp");
    assert_eq!(browser.send(|http| http.delete(demo).bearer_auth("")).await.status, 401);
    assert_eq!(browser.send(|http| http.delete(provider.url("/register/%00")).bearer_auth(token)).await.status, 401);

    assert_eq!(browser.get(&rp.authorize(&[])).await.status, 200);
    let deleted = browser.send(|http| http.delete(uri).bearer_auth(token)).await;
    assert_eq!((deleted.status.as_u16(), &*deleted.body), (204, ""));
    assert_eq!(browser.get(&rp.authorize(&[])).await.status, 400);
    assert_eq!(browser.send(|http| http.get(uri).bearer_auth(token)).await.status, 401);
    assert_eq!(browser.send(|http| http.delete(uri).bearer_auth(token)).await.status, 401);
}

#[tokio::test]
async fn metadata_that_will_not_do_is_refused() {
    let provider = Provider::start(&[]).await;
    let url = provider.url("/register");
    let register = async |metadata: Value| Browser::new().send(|http| http.post(&url).json(&metadata)).await;
    let uris = json!([CALLBACK]);
    for (metadata, error) in [
        (json!([]), "invalid_client_metadata"),
        (json!({}), "invalid_client_metadata"),
        (json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": [CALLBACK, "http://rp.example/"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://rp.example/#"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["com.example.app:/cb"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": CALLBACK }), "invalid_client_metadata"),
        (
            json!({ "redirect_uris": uris, "post_logout_redirect_uris": ["https://*.rp.example/"] }),
            "invalid_redirect_uri",
        ),
        (json!({ "redirect_uris": ["https://rp.example/*"] }), "invalid_redirect_uri"),
        (
            json!({ "redirect_uris": uris, "post_logout_redirect_uris": ["https://rp.example/*"] }),
            "invalid_redirect_uri",
        ),
        (json!({ "redirect_uris": uris, "response_types": ["token"] }), "invalid_client_metadata"),
        (json!({ "redirect_uris": uris, "grant_types": ["implicit"] }), "invalid_client_metadata"),
        (json!({ "redirect_uris": uris, "token_endpoint_auth_method": "private_key_jwt" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": uris, "id_token_signed_response_alg": "none" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": uris, "id_token_signed_response_alg": "ES512" }), "invalid_client_metadata"),
        (
            json!({ "redirect_uris": uris, "id_token_signed_response_alg": "HS256", "token_endpoint_auth_method": "none" }),
            "invalid_client_metadata",
        ),
    ] {
        let answer = register(metadata.clone()).await;
        assert_eq!((answer.status.as_u16(), text(&answer.json(), "error")), (400, error), "{metadata}");
        if metadata.to_string().contains('*') {
            assert!(text(&answer.json(), "error_description").contains("wildcard"), "{}", answer.body);
        }
    }
    let native = json!({ "redirect_uris": ["com.example.app:/cb"], "application_type": "native" });
    assert_eq!(register(native).await.status, 201);
    let more = json!({ "redirect_uris": uris, "grant_types": ["authorization_code", "refresh_token"] });
    assert_eq!(register(more).await.json()["grant_types"], json!(["authorization_code"]));
}

#[tokio::test]
async fn registrations_are_limited_by_client_address() {
    let provider =
        Provider::start(&["--registrations-per-address", "2", "--client-address-header", "Forwarded-By"]).await;
    let register = async |address: &str| {
        let body = json!({ "redirect_uris": [CALLBACK] });
        let url = provider.url("/register");
        Browser::new().send(|http| http.post(url).header("forwarded-by", address).json(&body)).await
    };
    for _ in 0..2 {
        assert_eq!(register("192.0.2.1:52001").await.status, 201);
    }
    let refused = register("192.0.2.1").await;
    assert_eq!(refused.status, 429);
    assert!((1..=300).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    assert_eq!(register("192.0.2.2").await.status, 201);
}

#[tokio::test]
async fn where_registration_is_closed_it_is_not_there() {
    let provider = Provider::start(&["--registration", "closed"]).await;
    let browser = Browser::new();
    let metadata = browser.get(&provider.url("/.well-known/openid-configuration")).await.json();
    assert!(metadata.get("registration_endpoint").is_none());
    assert_eq!(browser.send(|http| http.post(provider.url("/register")).json(&json!({}))).await.status, 404);
}
