//! A browser without JavaScript: it keeps cookies, fills in forms, and reports redirects instead of
//! following them.

#![allow(dead_code, reason = "each test crate uses a part of it")]

use std::collections::HashMap;

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, StatusCode};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::instance::PATIENCE;

pub(crate) struct Browser(Client);

impl Browser {
    pub(crate) fn new() -> Self {
        Self::build(Client::builder().cookie_store(true))
    }

    /// A browser that trusts only this certificate (PEM).
    pub(crate) fn trusting(certificate: &str) -> Self {
        let certificate = Certificate::from_pem(certificate.as_bytes()).unwrap();
        Self::build(Client::builder().cookie_store(true).tls_certs_only([certificate]))
    }

    /// Sends no cookies, like a client's server.
    pub(crate) fn without_cookies() -> Self {
        Self::build(Client::builder())
    }

    /// Sends what a browser sends along with the form of another site's page, without the cookies,
    /// which are `SameSite=Lax`.
    pub(crate) fn of_another_site() -> Self {
        let headers = [
            ("origin", "https://rp.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Self::build(Client::builder().default_headers(HeaderMap::from_iter(headers)))
    }

    fn build(builder: ClientBuilder) -> Self {
        Self(builder.no_proxy().redirect(Policy::none()).timeout(PATIENCE).build().unwrap())
    }

    pub(crate) async fn send(&self, request: impl FnOnce(&Client) -> RequestBuilder) -> Answer {
        let answer = request(&self.0).send().await.unwrap();
        let (status, headers, url) = (answer.status(), answer.headers().clone(), answer.url().clone());
        Answer { status, headers, url, body: answer.text().await.unwrap() }
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.send(|http| http.get(url)).await
    }

    pub(crate) async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(|http| http.post(url).form(fields)).await
    }

    /// Fills in the form of a page and sends it.
    pub(crate) async fn submit(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let form = page.form();
        let url = page.url.join(&form.action).unwrap();
        self.send(|http| http.post(url).form(&form.filled_in(fields))).await
    }

    /// Answers the sign-in page as the demo user.
    pub(crate) async fn sign_in(&self, page: &Answer) -> Answer {
        self.sign_in_as(page, "alice", "wonderland").await
    }

    pub(crate) async fn sign_in_as(&self, page: &Answer, username: &str, password: &str) -> Answer {
        assert_eq!(page.status, 200, "{}", page.body);
        self.submit(page, &[("username", username), ("password", password)]).await
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) url: Url,
}

pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// The fields to send. A value replaces the previous one of its field.
    pub(crate) fn filled_in(self, values: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = self.fields;
        fields.retain(|field| !values.iter().any(|value| value.0 == field.0));
        fields.extend(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        fields
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// All values of a header, joined.
    pub(crate) fn header_lines(&self, name: &str) -> String {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}: {}", self.url, self.body);
        self.headers[LOCATION].to_str().unwrap()
    }

    /// The redirect's URI without its query, and the parameters in the query. Each must occur once.
    pub(crate) fn redirect(&self) -> (&str, HashMap<String, String>) {
        let (uri, query) = self.location().split_once('?').unwrap_or((self.location(), ""));
        let mut parameters = HashMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            let former = parameters.insert(name, value);
            assert_eq!(former, None, "a parameter occurs twice: {}", self.location());
        }
        (uri, parameters)
    }

    /// A parameter of the redirect.
    pub(crate) fn redirected(&self, name: &str) -> Option<String> {
        self.redirect().1.remove(name)
    }

    /// The value of a cookie that it sets.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookie_line(name)?.split(';').next()?.split_once('=').map(|(_, value)| value)
    }

    /// The `Set-Cookie` line of a cookie.
    pub(crate) fn cookie_line(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap());
        lines.find(|line| line.split('=').next() == Some(name))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.body))
    }

    pub(crate) fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }

    /// Asserts that this is a page of the provider, and that neither a header nor the markup leads
    /// away from it. Returns the page.
    pub(crate) fn stays(&self) -> Html {
        for header in ["location", "refresh", "content-location", "link"] {
            assert_eq!(self.headers.get(header), None, "{}: {header}", self.url);
        }
        assert!(self.header("content-type").starts_with("text/html"), "{}: {}", self.url, self.body);
        let html = self.html();
        assert_eq!(html.select(&selector("meta[http-equiv], base, iframe, frame, object, embed")).count(), 0);
        for script in html.select(&selector("script")) {
            // Our own files can only press the button of our own form.
            assert!(script.attr("src").is_some_and(|src| src.starts_with("/assets/")), "{}", self.body);
            assert_eq!(script.inner_html(), "");
        }
        for form in html.select(&selector("form")) {
            assert!(form.attr("action").is_some_and(|action| action.starts_with('/')), "{}", self.body);
        }
        html
    }

    /// The first form.
    pub(crate) fn form(&self) -> Form {
        self.form_at("form")
    }

    /// The form that posts to a path.
    pub(crate) fn form_to(&self, action: &str) -> Form {
        self.form_at(&format!("form[action='{action}']"))
    }

    fn form_at(&self, css: &str) -> Form {
        let html = self.html();
        let form = html.select(&selector(css)).next();
        let form = form.unwrap_or_else(|| panic!("no form: {} {}", self.status, self.body));
        assert_eq!(form.attr("method"), Some("post"));
        let inputs = selector("input");
        let value = |it: ElementRef<'_>, name| it.attr(name).unwrap_or_default().to_owned();
        let fields = form.select(&inputs).map(|it| (value(it, "name"), value(it, "value"))).collect();
        Form { action: form.attr("action").unwrap().to_owned(), fields }
    }

    /// The value of a field of the form.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.form().fields.into_iter().find(|field| field.0 == name).map(|field| field.1)
    }
}

pub(crate) fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap()
}
