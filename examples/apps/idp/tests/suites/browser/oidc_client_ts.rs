//! A client that runs in the browser and was not written for the provider: `oidc-client-ts`, as npm
//! installs it. The client and the server must agree on whether the session has ended.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::Html;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::driver::Browser;
use super::provider::Provider;

/// The client's pages. What the library tells them becomes their heading.
const PAGE: &str = r#"<!DOCTYPE html><meta charset=utf-8><title>Client</title><h1>Client</h1>
<script src=/oidc-client-ts.js></script>
<script>
const tell = (outcome) => { document.querySelector("h1").textContent = outcome };
const tellError = (error) => tell("Error: " + error.message);
const manager = new oidc.UserManager({
  authority: "ISSUER",
  client_id: "CLIENT_ID",
  redirect_uri: location.origin + "/callback",
  post_logout_redirect_uri: location.origin + "/signed-out",
  popup_post_logout_redirect_uri: location.origin + "/silent",
  scope: "openid profile",
  loadUserInfo: true,
  includeIdTokenInSilentSignout: true,
  silentRequestTimeoutInSeconds: 5,
});
if (location.pathname === "/callback") {
  manager.signinCallback().then((user) => tell("Signed in as " + user.profile.name), tellError);
} else if (location.pathname === "/signed-out") {
  manager.signoutCallback().then((response) => tell("Signed out of " + response.userState), tellError);
} else if (location.pathname === "/silent") {
  manager.signoutSilentCallback();
}
</script>"#;

/// The client at one of its two origins: on the provider's site, or on another.
struct Client {
    origin: String,
    serving: JoinHandle<()>,
}

impl Client {
    /// Registers the client and serves its pages.
    async fn start(provider: &Provider, host: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{host}:{}", listener.local_addr().unwrap().port());
        let metadata = json!({
            "client_name": "oidc-client-ts",
            "redirect_uris": [format!("{origin}/callback")],
            "post_logout_redirect_uris": [format!("{origin}/signed-out"), format!("{origin}/silent")],
            "token_endpoint_auth_method": "none",
        });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.post(provider.url("/register")).json(&metadata).send().await.unwrap();
        let registration: Value = answer.json().await.unwrap();
        let client_id = registration["client_id"].as_str().unwrap();
        let page = PAGE.replace("ISSUER", provider.server.url()).replace("CLIENT_ID", client_id);

        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oidc-client-ts");
        let path = format!("{directory}/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js");
        let library = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{error}: run `npm ci --ignore-scripts` in {directory}"));
        let mut router = Router::new()
            .route("/oidc-client-ts.js", get(async move || ([(CONTENT_TYPE, "text/javascript")], library)));
        for path in ["/", "/callback", "/signed-out", "/silent"] {
            let page = page.clone();
            router = router.route(path, get(async move || Html(page)));
        }
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, serving }
    }

    /// Signs in, and returns the session's id.
    async fn sign_in(&self, browser: &Browser) -> String {
        browser.goto(&self.origin).await;
        browser.execute("manager.signinRedirect().catch(tellError)").await;
        browser.fill_in_sign_in("alice").await;
        browser.sees("Signed in as Alice Liddell").await;
        browser.session().await.unwrap()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The host of a client on the provider's site, and of one on another.
const HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

#[tokio::test]
async fn a_sign_out_by_redirect_ends_the_session_from_either_site() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    for host in HOSTS {
        let client = Client::start(&provider, host).await;
        let session = client.sign_in(&browser).await;
        assert_eq!(provider.user_of(&session).await, Some("alice"), "{host}");
        browser.execute("manager.signoutRedirect({ state: 'this test' }).catch(tellError)").await;
        browser.sees("Signed out of this test").await;
        assert!(browser.url().await.as_str().starts_with(&format!("{}/signed-out", client.origin)), "{host}");
        assert_eq!(provider.user_of(&session).await, None, "{host}");
        assert_eq!(browser.session().await, None, "{host}");
    }
}

/// In a frame of another site browsers withhold the cookie, so the session cannot end, and the
/// client must not be told that it has.
#[tokio::test]
async fn a_silent_sign_out_does_what_the_client_is_told_from_either_site() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    for host in HOSTS {
        let client = Client::start(&provider, host).await;
        let session = client.sign_in(&browser).await;
        browser.execute("manager.signoutSilent().then(() => tell('Signed out silently'), tellError)").await;
        if host == "127.0.0.1" {
            browser.sees("Signed out silently").await;
            assert_eq!(provider.user_of(&session).await, None);
            assert_eq!(browser.session().await, None);
        } else {
            browser.sees("Error: IFrame timed out without a response").await;
            assert_eq!(provider.user_of(&session).await, Some("alice"));
            assert_eq!(browser.session().await, Some(session));
        }
    }
}
