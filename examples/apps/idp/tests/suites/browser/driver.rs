//! The actions of a user in a browser, and the content that the user sees.

use std::any::Any;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::{By, WebDriver, WebElement};
use url::Url;

use super::chromium::{Chromium, PATIENCE, Settings};
use super::provider::{Provider, password_of};

/// A browser that knows where the provider and its demo client are.
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    provider: String,
    client: String,
    /// The browser's processes, which end when this is dropped.
    _processes: Box<dyn Any>,
}

impl Browser {
    pub(crate) async fn open(provider: &Provider) -> Self {
        Self::open_with(provider, Settings::default()).await
    }

    pub(crate) async fn without_scripts(provider: &Provider) -> Self {
        Self::open_with(provider, Settings { scripts: false, ..Settings::default() }).await
    }

    pub(crate) async fn open_with(provider: &Provider, settings: Settings) -> Self {
        let chromium = Chromium::start(settings).await;
        Self::of(provider, chromium.driver.clone(), Box::new(chromium))
    }

    /// A browser of another kind.
    pub(crate) fn of(provider: &Provider, driver: WebDriver, processes: Box<dyn Any>) -> Self {
        let (provider, client) = (provider.server.url().to_owned(), provider.server.demo_url().unwrap().to_owned());
        Self { driver, provider, client, _processes: processes }
    }

    /// Runs a script in every document from now on, in frames too, before the document's own. No
    /// policy of a page holds for it.
    pub(crate) async fn in_every_document(&self, script: &str) {
        let source = json!({ "source": script });
        self.driver.cdp().send_raw("Page.addScriptToEvaluateOnNewDocument", source).await.unwrap();
    }

    /// What the browser has written to its console since the last look.
    pub(crate) async fn console(&self) -> Vec<String> {
        self.driver.browser_log().await.unwrap().into_iter().map(|entry| entry.message).collect()
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// The demo client's page.
    pub(crate) async fn goto_client(&self) {
        self.goto(&self.client).await;
    }

    /// Signs in at the demo client.
    pub(crate) async fn sign_in(&self, username: &str) {
        self.goto(&format!("{}/sign-in", self.client)).await;
        self.fill_in_sign_in(username).await;
        self.sees("You are signed in").await;
    }

    /// Answers the sign-in page.
    pub(crate) async fn fill_in_sign_in(&self, username: &str) {
        self.find("#username").await.send_keys(username).await.unwrap();
        self.find("#password").await.send_keys(password_of(username)).await.unwrap();
        self.find("form button").await.click().await.unwrap();
    }

    /// Clicks the only link or button with this text.
    pub(crate) async fn click(&self, text: &str) {
        self.link_or_button(text).await.click().await.unwrap();
    }

    /// Waits for the page with this heading.
    pub(crate) async fn sees(&self, heading: &str) {
        self.sees_one_of(&[heading]).await;
    }

    /// Waits for a page with one of these headings, and returns it.
    pub(crate) async fn sees_one_of(&self, headings: &[&str]) -> String {
        self.wait(&format!("one of the headings {headings:?}"), async || {
            let heading = self.driver.find(By::Tag("h1")).await.ok()?.text().await.ok()?;
            headings.contains(&&*heading).then_some(heading)
        })
        .await
    }

    /// Waits for a page of another host.
    pub(crate) async fn leaves(&self, host: &str) {
        let left = async || self.url().await.host_str().is_some_and(|current| current != host).then_some(());
        self.wait(&format!("a page that is not of {host}"), left).await;
    }

    /// Waits for a page with the text in it.
    pub(crate) async fn reads(&self, text: &str) {
        self.wait(&format!("the text {text:?}"), async || {
            let body = self.driver.find(By::Tag("body")).await.ok()?.text().await.ok()?;
            // Remove the marks that isolate the writing direction of names.
            body.replace(['\u{2068}', '\u{2069}'], "").contains(text).then_some(())
        })
        .await;
    }

    pub(crate) async fn url(&self) -> Url {
        self.driver.current_url().await.unwrap()
    }

    /// Waits for the element. It must be the only one.
    pub(crate) async fn find(&self, selector: &str) -> WebElement {
        self.the_one(By::Css(selector), selector).await
    }

    /// How many elements there are now.
    pub(crate) async fn count(&self, selector: &str) -> usize {
        self.driver.find_all(By::Css(selector)).await.unwrap().len()
    }

    /// A link's address.
    pub(crate) async fn href(&self, text: &str) -> Url {
        self.link_or_button(text).await.prop("href").await.unwrap().unwrap().parse().unwrap()
    }

    /// The ID Token, read from the demo client's page. The browser stays there.
    pub(crate) async fn id_token(&self) -> String {
        self.goto_client().await;
        let link = self.href("Sign out").await;
        let mut hints = link.query_pairs().filter(|parameter| parameter.0 == "id_token_hint");
        hints.next().unwrap().1.into_owned()
    }

    /// The hidden fields of the only form.
    pub(crate) async fn hidden_fields(&self) -> Vec<(String, String)> {
        self.find("form").await;
        let mut fields = Vec::new();
        for field in self.driver.find_all(By::Css("form input[type=hidden]")).await.unwrap() {
            let property = async |name: &str| field.prop(name).await.unwrap().unwrap();
            fields.push((property("name").await, property("value").await));
        }
        fields
    }

    /// Runs a script in the page, as a user can with a browser's tools, and returns its result.
    pub(crate) async fn execute(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Waits until a script returns something.
    pub(crate) async fn waits_for(&self, script: &str) -> Value {
        self.wait(script, async || Some(self.execute(script).await).filter(|value| !value.is_null())).await
    }

    pub(crate) async fn set_hidden_field(&self, name: &str, value: &str) {
        self.execute(&format!("document.querySelector('input[name={name}]').value = {}", json!(value))).await;
    }

    /// The session's id, from the provider's cookie.
    pub(crate) async fn session(&self) -> Option<String> {
        let urls = json!({ "urls": [self.provider] });
        let cookies = self.driver.cdp().send_raw("Network.getCookies", urls).await.unwrap();
        let mut cookies = cookies["cookies"].as_array().unwrap().iter();
        let session = cookies.find(|cookie| cookie["name"] == "session")?;
        Some(session["value"].as_str().unwrap().to_owned())
    }

    pub(crate) async fn set_session(&self, id: &str) {
        let cookie =
            json!({ "url": self.provider, "name": "session", "value": id, "httpOnly": true, "sameSite": "Lax" });
        let answer = self.driver.cdp().send_raw("Network.setCookie", cookie).await.unwrap();
        assert_eq!(answer["success"], true);
    }

    async fn link_or_button(&self, text: &str) -> WebElement {
        let path = format!("//*[self::a or self::button][normalize-space() = {}]", json!(text));
        self.the_one(By::XPath(&path), text).await
    }

    async fn the_one(&self, by: By, description: &str) -> WebElement {
        let elements = self
            .wait(description, async || {
                self.driver.find_all(by.clone()).await.ok().filter(|elements| !elements.is_empty())
            })
            .await;
        assert_eq!(elements.len(), 1, "{description}");
        elements.into_iter().next().unwrap()
    }

    async fn wait<T>(&self, what: &str, condition: impl AsyncFn() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            if start.elapsed() > PATIENCE {
                let (url, source) = (self.driver.current_url().await, self.driver.source().await);
                panic!("{what} does not come: {url:?} {}", source.unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
