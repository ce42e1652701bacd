//! Requests and frames of other sites.

use axum::Router;
use axum::response::{Html, Redirect};
use axum::routing::get;
use serde_json::{Value, json};
use thirtyfour::By;
use tokio::net::TcpListener;

use super::driver::Browser;
use super::provider::Provider;
use super::sign_out::is_back_at_the_client;
use super::site::{Site, form, self_posting_form};

#[tokio::test]
async fn a_post_of_the_client_ends_the_session_and_leads_back() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    browser.sign_in("alice").await;
    let session = browser.session().await.unwrap();
    browser.click("Sign out by POST").await;
    is_back_at_the_client(&browser).await;
    assert_eq!(provider.user_of(&session).await, None);
    assert_eq!(browser.session().await, None);
}

/// Browsers do not send cookies with `SameSite=Lax` along with it, as `without_scripts` shows.
#[tokio::test]
async fn a_post_of_another_site_ends_the_session_and_leads_back() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    let (action, uri) = (provider.url("/end_session"), provider.signed_out_uri());
    for automatic in [true, false] {
        browser.sign_in("alice").await;
        let session = browser.session().await.unwrap();
        let hint = browser.id_token().await;
        let fields = [("id_token_hint", &*hint), ("post_logout_redirect_uri", &*uri), ("state", "of the form")];
        let page = if automatic { self_posting_form(&action, fields) } else { form(&action, fields) };
        let site = Site::start([("/", page)]).await;
        browser.goto(&site.url("/")).await;
        if !automatic {
            assert_eq!(browser.url().await.host_str(), Some("rp.localhost"));
            browser.click("Continue").await;
        }
        browser.sees("You are back").await;
        assert_eq!(browser.url().await.host_str(), Some("localhost"));
        assert_eq!(browser.find("code").await.text().await.unwrap(), "of the form");
        assert_eq!(provider.user_of(&session).await, None);
        assert_eq!(browser.session().await, None);
    }
}

#[tokio::test]
async fn a_post_of_another_site_with_another_users_hint_asks() {
    let provider = Provider::start().await;
    let (alice, bob) = (Browser::open(&provider).await, Browser::open(&provider).await);
    alice.sign_in("alice").await;
    bob.sign_in("bob").await;
    let (session, hint) = (alice.session().await.unwrap(), bob.id_token().await);
    let page = self_posting_form(&provider.url("/end_session"), [("id_token_hint", &*hint)]);
    let site = Site::start([("/", page)]).await;
    alice.goto(&site.url("/")).await;
    alice.sees(super::sign_out::QUESTION).await;
    assert_eq!(provider.user_of(&session).await, Some("alice"));
}

/// Not even from another port of the same host: there the browser sends the cookies, and the frame
/// would hold the user's own page.
#[tokio::test]
async fn no_page_is_shown_in_a_frame() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    browser.sign_in("alice").await;
    let session = browser.session().await.unwrap();
    let uri = provider.signed_out_uri();
    let request = |parameters: &[(&str, &str)]| provider.end_session(parameters);
    let pages = [
        ("/question", request(&[("client_id", "demo-rp"), ("post_logout_redirect_uri", &uri)])),
        ("/refusal", request(&[("client_id", "nobody")])),
        ("/sign-in", provider.url("/sign-in")),
        ("/account", provider.url("/")),
        ("/client", provider.server.demo_url().unwrap().to_owned()),
    ];
    let framing = |url: &str| format!("<h1>Site</h1><iframe src='{}'></iframe>", url.replace('&', "&amp;"));
    let mut site: Vec<_> = pages.iter().map(|(path, url)| (*path, framing(url))).collect();
    site.push(("/harmless", "<p>This can be seen.</p>".to_owned()));
    site.push(("/framed", framing("/harmless")));
    let site = Site::start(site).await;
    for (path, url) in &pages {
        browser.goto(url).await;
        let heading = browser.find("h1").await.text().await.unwrap();
        for attack in [site.url(path), site.same_site_url(path)] {
            browser.goto(&attack).await;
            let (url, text) = framed(&browser).await;
            // The address of the browser's own error page.
            assert_eq!(url, "chrome-error://chromewebdata/", "{attack}");
            assert!(!text.contains(&heading), "{attack}: {text}");
        }
    }
    browser.goto(&site.url("/framed")).await;
    assert_eq!(framed(&browser).await, (site.url("/harmless"), "This can be seen.".to_owned()));
    assert_eq!(provider.user_of(&session).await, Some("alice"));
}

/// The address and the text inside the page's only frame.
async fn framed(browser: &Browser) -> (String, String) {
    browser.sees("Site").await;
    browser.find("iframe").await.enter_frame().await.unwrap();
    let url = browser.execute("return location.href").await.as_str().unwrap().to_owned();
    let text = browser.driver.find(By::Tag("body")).await.unwrap().text().await.unwrap();
    browser.driver.enter_default_frame().await.unwrap();
    (url, text)
}

/// Browsers apply `form-action` to every redirect after a form, and many clients redirect onwards
/// to another origin of theirs.
#[tokio::test]
async fn a_client_that_redirects_onwards_is_followed_after_the_sign_in_and_the_question() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let onwards = |page| get(async move || Redirect::to(&format!("http://rp.localhost:{port}/{page}")));
    let router = Router::new()
        .route("/callback", onwards("home"))
        .route("/signed-out", onwards("bye"))
        .route("/home", get(async || Html("<h1>Home</h1>")))
        .route("/bye", get(async || Html("<h1>Bye</h1>")));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let uri = |page: &str| format!("http://localhost:{port}/{page}");
    let (callback, signed_out) = (uri("callback"), uri("signed-out"));
    let metadata = json!({ "redirect_uris": [callback], "post_logout_redirect_uris": [signed_out] });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.post(provider.url("/register")).json(&metadata).send().await.unwrap();
    let registration: Value = answer.json().await.unwrap();
    let client_id = ("client_id", registration["client_id"].as_str().unwrap());

    let request = [("response_type", "code"), ("scope", "openid"), ("redirect_uri", &callback), client_id];
    let query = serde_urlencoded::to_string(request).unwrap();
    browser.goto(&provider.url(&format!("/authorize?{query}"))).await;
    browser.fill_in_sign_in("alice").await;
    browser.sees("Home").await;
    let session = browser.session().await.unwrap();
    browser.goto(&provider.end_session(&[client_id, ("post_logout_redirect_uri", &signed_out)])).await;
    browser.click("Yes, sign out").await;
    browser.sees("Bye").await;
    assert_eq!(browser.url().await.host_str(), Some("rp.localhost"));
    assert_eq!(provider.user_of(&session).await, None);
    serving.abort();
}
