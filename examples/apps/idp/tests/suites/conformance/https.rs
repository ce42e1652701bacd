//! The provider over https: Discovery 1.0, section 3; RP-Initiated Logout 1.0, section 2.1; cookies
//! as in RFC 6265bis.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::relying_party::SIGNED_OUT;
use crate::support::browser::Browser;
use crate::support::provider::Provider;

const CALLBACK: &str = "https://rp.example/callback";

/// A provider with a certificate for `localhost`, and a browser that trusts it.
async fn provider_and_browser() -> (Provider, Browser) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Provider::start_with_certificate(&cert.pem(), &signing_key.serialize_pem()).await;
    (provider, Browser::trusting(&cert.pem()))
}

async fn metadata(provider: &Provider, browser: &Browser) -> Value {
    browser.get(&provider.url("/.well-known/openid-configuration")).await.json()
}

#[tokio::test]
async fn every_endpoint_of_the_metadata_is_https_and_there_is_one_to_sign_out() {
    let (provider, browser) = provider_and_browser().await;
    let issuer = Url::parse(provider.issuer()).unwrap();
    assert_eq!((issuer.scheme(), issuer.host_str()), ("https", Some("localhost")));
    let answer = browser.get(&provider.url("/.well-known/openid-configuration")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let metadata = answer.json();
    assert_eq!(metadata["issuer"], provider.issuer());
    let mut endpoints = 0;
    for (name, value) in metadata.as_object().unwrap() {
        if name.ends_with("_endpoint") || name.ends_with("_uri") {
            let url = Url::parse(value.as_str().unwrap()).unwrap();
            assert_eq!((url.origin(), url.query(), url.fragment()), (issuer.origin(), None, None), "{name}");
            assert_ne!(browser.get(url.as_str()).await.status, 404, "{name}");
            endpoints += 1;
        }
    }
    for name in ["authorization", "token", "userinfo", "registration", "end_session"] {
        assert!(metadata[format!("{name}_endpoint")].is_string(), "{name}");
    }
    assert_eq!(endpoints, 6);
}

#[tokio::test]
async fn cookies_are_for_this_host_over_https_and_for_no_script() {
    let (provider, browser) = provider_and_browser().await;
    let page = browser.get(&provider.url("/sign-in")).await;
    let signed_in = browser.sign_in(&page).await;
    let account = browser.get(&provider.url("/")).await;
    let signed_out = browser.submit(&account, &[("confirm", "yes")]).await;
    let cookies = [
        (&page, "__Host-sign-in", false),
        (&signed_in, "__Host-session", false),
        (&signed_out, "__Host-session", true),
    ];
    for (answer, name, cleared) in cookies {
        let line = answer.cookie_line(name).unwrap_or_else(|| panic!("no {name}"));
        let mut parts = line.split("; ");
        let (_, value) = parts.next().unwrap().split_once('=').unwrap();
        assert_eq!(value.is_empty(), cleared, "{line}");
        // Browsers accept the prefix `__Host-` only with Path=/ and without Domain.
        let mut attributes: Vec<_> = parts.filter(|it| *it != "Max-Age=0").collect();
        attributes.sort_unstable();
        assert_eq!(attributes, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"], "{line}");
        assert_eq!(line.contains("Max-Age=0"), cleared, "{line}");
    }
    for answer in [&page, &signed_in, &account, &signed_out] {
        for line in answer.headers.get_all("set-cookie") {
            assert!(line.to_str().unwrap().starts_with("__Host-"), "{line:?}");
        }
        // Not on localhost: other servers on this machine may have no https.
        assert_eq!(answer.header("strict-transport-security"), "");
    }
}

#[tokio::test]
async fn a_user_signs_in_and_out_over_tls() {
    let (provider, browser) = provider_and_browser().await;
    let metadata = metadata(&provider, &browser).await;
    let endpoint = |name: &str| metadata[format!("{name}_endpoint")].as_str().unwrap().to_owned();
    let client = serde_json::json!({ "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [SIGNED_OUT] });
    let client = browser.send(|http| http.post(endpoint("registration")).json(&client)).await.json();
    let [id, secret] = ["client_id", "client_secret"].map(|name| client[name].as_str().unwrap());

    let authorize = |more: &[(&str, &str)]| {
        let usual = [("response_type", "code"), ("client_id", id), ("redirect_uri", CALLBACK), ("scope", "openid")];
        let parameters = usual.iter().chain(more);
        Url::parse_with_params(&endpoint("authorization"), parameters).unwrap().to_string()
    };
    let page = browser.get(&authorize(&[])).await;
    let code = browser.sign_in(&page).await.redirected("code").unwrap();
    let form = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", CALLBACK)];
    let tokens =
        browser.send(|http| http.post(endpoint("token")).basic_auth(id, Some(secret)).form(&form)).await.json();
    let [access_token, hint] = ["access_token", "id_token"].map(|name| tokens[name].as_str().unwrap());
    let userinfo = browser.send(|http| http.get(endpoint("userinfo")).bearer_auth(access_token)).await.json();
    assert!(userinfo["sub"].is_string());
    assert!(browser.get(&authorize(&[("prompt", "none")])).await.redirected("code").is_some());

    let parameters = [("id_token_hint", hint), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "af0ifjsldkj")];
    let url = Url::parse_with_params(&endpoint("end_session"), parameters).unwrap();
    assert_eq!(browser.get(url.as_str()).await.location(), format!("{SIGNED_OUT}?state=af0ifjsldkj"));
    let refused = browser.get(&authorize(&[("prompt", "none")])).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("login_required"));
}

/// Neither a page nor a redirect goes out unencrypted, and a client that does not trust the
/// certificate gets nothing.
#[tokio::test]
async fn without_tls_there_is_no_answer() {
    let (provider, _) = provider_and_browser().await;
    let port = Url::parse(provider.issuer()).unwrap().port().unwrap();
    let mut plain = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    plain.write_all(b"GET /sign-in HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // The end of the connection may come as an error, and an alert may come before.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.windows(4).any(|window| window == b"HTTP"), "{answer:?}");
    let distrusting = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(distrusting.get(provider.issuer()).send().await.unwrap_err().is_connect());
}
