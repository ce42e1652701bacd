//! A browser without JavaScript, and a client.

use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use scraper::{Html, Selector};
use serde_json::{Value, json};
use url::Url;

use crate::provider::Provider;

/// Follows no redirects and keeps cookies; for a browser of its own, a new one.
pub(crate) struct Browser(reqwest::Client);

impl Browser {
    pub(crate) fn new() -> Self {
        Self(reqwest::Client::builder().no_proxy().cookie_store(true).redirect(Policy::none()).build().unwrap())
    }

    /// As a POST from another site is sent, that cookies with `SameSite` do not come along with.
    pub(crate) fn without_cookies() -> Self {
        Self(reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap())
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        Answer::of(self.0.get(url)).await
    }

    pub(crate) async fn send(&self, request: impl FnOnce(&reqwest::Client) -> reqwest::RequestBuilder) -> Answer {
        Answer::of(request(&self.0)).await
    }

    pub(crate) async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        Answer::of(self.0.post(url).form(fields)).await
    }

    /// Fills in the form of a page and presses its button.
    pub(crate) async fn submit(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let form = page.form();
        let hidden = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<_> = hidden.chain(fields.iter().copied()).collect();
        self.post(page.url.join(&form.action).unwrap().as_str(), &fields).await
    }

    /// Answers the sign-in page as the demo user.
    pub(crate) async fn sign_in(&self, page: &Answer) -> Answer {
        assert_eq!(page.status, 200, "{}", page.body);
        self.submit(page, &[("username", "alice"), ("password", "wonderland")]).await
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    url: Url,
}

pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Answer {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, headers, url) = (answer.status(), answer.headers().clone(), answer.url().clone());
        Self { status, headers, url, body: answer.text().await.unwrap() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// All values of a header, joined.
    pub(crate) fn header_lines(&self, name: &str) -> String {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.headers[LOCATION].to_str().unwrap()
    }

    /// The location without its query, and the query.
    pub(crate) fn redirect(&self) -> (&str, HashMap<String, String>) {
        let (uri, query) = self.location().split_once('?').unwrap_or((self.location(), ""));
        (uri, url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(crate) fn redirected(&self, name: &str) -> Option<String> {
        self.redirect().1.remove(name)
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap());
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    pub(crate) fn form(&self) -> Form {
        let page = Html::parse_document(&self.body);
        let form = page.select(&Selector::parse("form").unwrap()).next();
        let form = form.unwrap_or_else(|| panic!("no form: {} {}", self.status, self.body));
        let hidden = Selector::parse("input[type=hidden]").unwrap();
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = form.select(&hidden).map(|it| field(it.attr("name").unwrap(), it.attr("value").unwrap()));
        Form { action: form.attr("action").unwrap().to_owned(), fields: fields.collect() }
    }
}

/// A client that has registered itself.
#[derive(Clone)]
pub(crate) struct Rp {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) registration: Value,
    pub(crate) issuer: String,
    /// Where the provider listens.
    pub(crate) origin: String,
}

pub(crate) const CALLBACK: &str = "https://rp.example/callback";
pub(crate) const SIGNED_OUT: &str = "https://rp.example/signed-out";

impl Rp {
    pub(crate) async fn register(provider: &Provider, more: Value) -> Self {
        Self::register_at(provider.server.url(), &provider.url(""), more).await
    }

    /// At a provider that listens at an origin, which may be another than its issuer.
    pub(crate) async fn register_at(issuer: &str, origin: &str, more: Value) -> Self {
        let mut metadata = json!({ "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [SIGNED_OUT] });
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = Browser::new().send(|http| http.post(format!("{origin}/register")).json(&metadata)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let registration = answer.json();
        let text = |name: &str| registration[name].as_str().unwrap_or_default().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        Self { id, secret, registration, issuer: issuer.to_owned(), origin: origin.to_owned() }
    }

    pub(crate) fn known(provider: &Provider, id: &str, secret: &str, registration: Value) -> Self {
        let (id, secret) = (id.to_owned(), secret.to_owned());
        Self { id, secret, registration, issuer: provider.server.url().to_owned(), origin: provider.url("") }
    }

    /// An authorization request; a parameter replaces one of the usual ones, and an empty one leaves it out.
    pub(crate) fn authorize(&self, parameters: &[(&str, &str)]) -> String {
        let usual = [
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email"),
            ("state", "af0ifjsldkj"),
        ];
        let kept = usual.into_iter().filter(|usual| !parameters.iter().any(|own| own.0 == usual.0));
        let parameters = kept.chain(parameters.iter().copied());
        let query = serde_urlencoded::to_string(parameters.collect::<Vec<_>>()).unwrap();
        format!("{}/authorize?{query}", self.origin)
    }

    pub(crate) fn end_session(&self, parameters: &[(&str, &str)]) -> String {
        format!("{}/end_session?{}", self.origin, serde_urlencoded::to_string(parameters).unwrap())
    }

    pub(crate) async fn redeem_with(&self, code: &str, parameters: &[(&str, &str)]) -> Answer {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let (id, secret) = (encode(&self.id), encode(&self.secret));
        let usual = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        let kept = usual.into_iter().filter(|usual| !parameters.iter().any(|own| own.0 == usual.0));
        let form: Vec<_> = kept.chain(parameters.iter().copied()).collect();
        let url = format!("{}/token", self.origin);
        Browser::new().send(|http| http.post(url).basic_auth(id, Some(secret)).form(&form)).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Value {
        let answer = self.redeem_with(code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Signs in and redeems the code.
    pub(crate) async fn tokens(&self, browser: &Browser) -> Value {
        let page = browser.get(&self.authorize(&[("prompt", "login")])).await;
        let code = browser.sign_in(&page).await.redirected("code").unwrap();
        self.redeem(&code).await
    }

    /// The claims of an ID Token, verified with the provider's keys or the secret.
    pub(crate) async fn claims(&self, id_token: &str) -> Value {
        let header = jsonwebtoken::decode_header(id_token).unwrap();
        let key = if header.alg == Algorithm::HS256 {
            DecodingKey::from_secret(self.secret.as_bytes())
        } else {
            let keys: JwkSet = serde_json::from_value(self.jwks().await).unwrap();
            DecodingKey::from_jwk(keys.find(header.kid.as_deref().unwrap()).unwrap()).unwrap()
        };
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[&self.id]);
        validation.set_issuer(&[&self.issuer]);
        jsonwebtoken::decode::<Value>(id_token, &key, &validation).unwrap().claims
    }

    pub(crate) async fn jwks(&self) -> Value {
        Browser::new().get(&format!("{}/jwks", self.origin)).await.json()
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Answer {
        let url = format!("{}/userinfo", self.origin);
        Browser::new().send(|http| http.get(url).bearer_auth(access_token)).await
    }
}

/// A text member of a JSON object.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Makes a user, or changes one.
pub(crate) fn set_user(provider: &Provider, arguments: &[&str], password: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_idp"));
    let command = command.args(["--database", &provider.database, "set-user"]).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}
