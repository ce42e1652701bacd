//! The example host over HTTP: that it runs, and what no other host's tests show. The endpoint on
//! frameworks is tested in `examples/frameworks`, a whole provider in `examples/apps/idp`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod support;

use std::net::TcpListener;
use std::thread;

use ureq::Agent;
use ureq::http::{HeaderMap, Request};
use url::form_urlencoded;

use support::browser;

#[path = "../examples/axum.rs"]
#[allow(dead_code, reason = "its main")]
mod host;

/// What a page with a form has for its redirect, and what one without has.
const CLIENT_FORM_ACTION: &str = "frame-ancestors 'none'; form-action 'self' http:";
const OWN_FORM_ACTION: &str = "frame-ancestors 'none'; form-action 'self'";

#[test]
fn a_hint_of_the_session_redirects_with_the_state_and_ends_the_session() {
    for method in ["GET", "POST"] {
        let host = Host::start();
        let alice = host.sign_in("alice");
        let answer = alice.send(method, &host.with_hint(&alice, "a b&c"));

        assert_eq!(answer.status, 303, "{method}");
        assert_eq!(answer.location(), format!("{}?state=a%20b%26c", host.client_uri()));
        answer.assert_redirect();
        assert!(!alice.is_signed_in(), "{method}: the cookie is dead");
        assert!(host.client_page(&answer).contains("<code>a b&amp;c</code>"));
    }
}

#[test]
fn without_a_hint_the_user_is_asked_and_answers() {
    let host = Host::start();
    let alice = host.sign_in("alice");
    let page = alice.send("GET", &host.without_hint("s"));
    assert_eq!(page.status, 200);
    page.assert_form(CLIENT_FORM_ACTION);
    assert!(page.body.contains("alice") && page.body.contains("demo-client"));

    let stays = alice.submit(&page, Some(("confirm", "no")));
    assert_eq!(stays.status, 200);
    stays.assert_page();
    assert!(stays.body.contains("<h1>You are still signed in</h1>"));
    assert!(alice.is_signed_in());

    let answer = alice.submit(&page, Some(("confirm", "yes")));
    assert_eq!((answer.status, answer.location()), (303, format!("{}?state=s", host.client_uri()).as_str()));
    assert!(!alice.is_signed_in());
}

#[test]
fn a_double_click_gives_the_landing_twice() {
    let host = Host::start();
    let alice = host.sign_in("alice");
    let page = alice.send("GET", &host.without_hint("s"));
    let [first, second] = [(); 2].map(|()| alice.submit(&page, Some(("confirm", "yes"))));

    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.location(), second.location());

    let bob = host.sign_in("bob");
    let home = bob.get("/");
    home.assert_form(OWN_FORM_ACTION);
    let [first, second] = [(); 2].map(|()| bob.submit(&home, Some(("confirm", "yes"))));
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(first.body, second.body);
}

#[test]
fn a_refusal_offers_to_sign_out() {
    let host = Host::start();
    let alice = host.sign_in("alice");
    // Larger than the crate reads, and not larger than axum does.
    let large = alice.send("POST", &[pair("state", &"x".repeat(64 * 1024))]);
    assert_eq!(large.status, 413);
    assert!(large.body.contains("request_too_large"));

    let request = [pair("client_id", "demo-client"), pair("post_logout_redirect_uri", "https://evil.example/")];
    let page = alice.send("GET", &request);
    assert_eq!(page.status, 400);
    page.assert_form(OWN_FORM_ACTION);
    assert!(page.body.contains("redirect_uri_not_registered") && !page.body.contains("evil.example"));

    let answer = alice.submit(&page, Some(("confirm", "yes")));
    assert_eq!(answer.status, 200);
    answer.assert_page();
    assert!(answer.body.contains("<h1>You are signed out</h1>"));
    assert!(!alice.is_signed_in());

    let page = alice.send("GET", &request);
    page.assert_page();
    assert!(page.form().is_empty(), "nothing to offer when nobody is signed in");
}

#[test]
fn a_state_survives_the_forms_and_markup_is_text() {
    let punctuation: String = (' '..='~').filter(|character| !character.is_alphanumeric()).collect();
    for state in [punctuation.as_str(), " %41+&amp;&#x41;= ", "日本語 🦀 \u{a0}é", "\"><b>"] {
        let host = Host::start();
        let user = host.sign_in("\"><b>");
        let request = host.without_hint(state);

        // As it comes from another site: without the cookie.
        let reposted = host.nobody().send("POST", &request);
        reposted.assert_form(CLIENT_FORM_ACTION);
        assert!(reposted.body.contains("<script>document.forms[0].submit()</script>"));
        let page = user.submit(&reposted, None);
        let returned = page.form();
        let returned = returned.iter().find(|(name, _)| name == "state").map(|(_, value)| value.as_str());
        assert_eq!(returned, Some(state));
        assert!(!reposted.body.contains("<b>") && !page.body.contains("<b>"));

        let answer = user.submit(&page, Some(("confirm", "yes")));
        assert_eq!(answer.status, 303);
        let (_, query) = answer.location().split_once('?').unwrap();
        let returned: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(returned, [pair("state", state)]);
        assert!(!host.client_page(&answer).contains("<b>"));
    }
}

/// A server of its own for a test, on a port of its own.
struct Host {
    port: u16,
}

impl Host {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                host::serve(listener).await.unwrap();
            });
        });
        Self { port }
    }

    fn client_uri(&self) -> String {
        format!("http://localhost:{}/client", self.port)
    }

    fn nobody(&self) -> Browser {
        Browser {
            agent: Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into(),
            origin: format!("http://127.0.0.1:{}", self.port),
            cookie: None,
        }
    }

    fn sign_in(&self, user: &str) -> Browser {
        let mut browser = self.nobody();
        let answer = browser.get(&format!("/login?{}", browser::post([("user", user)], None)));
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
        browser.cookie = cookie.split(';').next().map(str::to_owned);
        assert!(browser.is_signed_in());
        browser
    }

    fn without_hint(&self, state: &str) -> Vec<(String, String)> {
        vec![
            pair("client_id", "demo-client"),
            pair("post_logout_redirect_uri", &self.client_uri()),
            pair("state", state),
        ]
    }

    /// With the hint that the home page has a link with.
    fn with_hint(&self, browser: &Browser, state: &str) -> Vec<(String, String)> {
        let home = browser.get("/").body;
        let (_, after) = home.split_once("id_token_hint=").unwrap();
        let hint = after.split(['&', '"']).next().unwrap();
        vec![pair("id_token_hint", hint), pair("post_logout_redirect_uri", &self.client_uri()), pair("state", state)]
    }

    /// Follows a redirect to the client.
    fn client_page(&self, redirect: &Answer) -> String {
        let path = redirect.location().strip_prefix(&format!("http://localhost:{}", self.port));
        self.nobody().get(path.unwrap()).body
    }
}

/// A browser with the cookie that it got when its user signed in.
struct Browser {
    agent: Agent,
    origin: String,
    cookie: Option<String>,
}

impl Browser {
    fn get(&self, path: &str) -> Answer {
        self.request("GET", path, None, "none")
    }

    /// A logout request.
    fn send(&self, method: &str, parameters: &[(String, String)]) -> Answer {
        let encoded = browser::post(parameters.iter().map(|(name, value)| (name, value)), None);
        match method {
            "POST" => self.request(method, "/logout", Some(&encoded), "cross-site"),
            _ => self.request(method, &format!("/logout?{encoded}"), None, "cross-site"),
        }
    }

    /// Posts the form of a page, by one of its buttons or by its script.
    fn submit(&self, page: &Answer, button: Option<(&str, &str)>) -> Answer {
        if let Some((name, value)) = button {
            assert!(page.body.contains(&format!("<button name=\"{name}\" value=\"{value}\">")), "{}", page.body);
        }
        self.request("POST", "/logout", Some(&browser::post(page.form(), button)), "same-origin")
    }

    /// `site` is where the request is started, seen from the provider.
    fn request(&self, method: &str, path: &str, form: Option<&str>, site: &str) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.origin))
            .header("sec-fetch-site", site)
            .header("sec-fetch-dest", "document");
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let response = match form {
            Some(form) => {
                let request = request.header("content-type", "application/x-www-form-urlencoded");
                self.agent.run(request.body(form).unwrap())
            }
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut response = response.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_string().unwrap(),
        }
    }

    fn is_signed_in(&self) -> bool {
        self.get("/").body.contains("You are signed in as")
    }
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }

    /// What every answer has, once.
    fn assert_headers(&self) {
        for name in ["cache-control", "referrer-policy", "content-type"] {
            assert_eq!(self.headers.get_all(name).iter().count(), 1, "{name}");
        }
        assert_eq!(self.headers["cache-control"], "no-store");
        assert_eq!(self.headers["content-type"], "text/html; charset=utf-8");
    }

    fn assert_redirect(&self) {
        self.assert_headers();
        assert_eq!(self.headers["referrer-policy"], "no-referrer");
        assert!(self.headers.get("content-security-policy").is_none());
    }

    /// A page without a form, or one whose answer redirects nowhere.
    fn assert_page(&self) {
        self.assert_headers();
        assert_eq!(self.headers["referrer-policy"], "strict-origin");
        assert_eq!(self.headers["content-security-policy"], OWN_FORM_ACTION);
    }

    fn assert_form(&self, content_security_policy: &str) {
        self.assert_headers();
        assert_eq!(self.headers["referrer-policy"], "strict-origin");
        assert_eq!(self.headers["content-security-policy"], content_security_policy);
        assert!(!self.form().is_empty());
    }

    /// The hidden fields of the page's form.
    fn form(&self) -> Vec<(String, String)> {
        self.body
            .split("<input type=\"hidden\" name=\"")
            .skip(1)
            .map(|input| {
                let (name, rest) = input.split_once("\" value=\"").unwrap();
                let (value, _) = rest.split_once("\">").unwrap();
                assert!(!value.contains(['<', '>', '"']), "{value}");
                pair(&unescape(name), &unescape(value))
            })
            .collect()
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
