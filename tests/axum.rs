//! The example host, driven over HTTP as browsers and applications would.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::net::TcpListener;
use std::thread;

use ureq::Agent;
use ureq::http::{HeaderMap, Request};
use url::form_urlencoded;

#[path = "../examples/axum.rs"]
#[allow(dead_code, reason = "its main")]
mod host;

const FORM: &str = "application/x-www-form-urlencoded";
/// What a page with a form has for its redirect, and what one without has.
const CLIENT_FORM_ACTION: &str = "frame-ancestors 'none'; form-action 'self' http://localhost:";
const OWN_FORM_ACTION: &str = "frame-ancestors 'none'; form-action 'self'";

#[test]
fn a_hint_of_the_session_redirects_with_the_state_and_ends_the_session() {
    for method in ["GET", "POST"] {
        let host = Host::start();
        let alice = host.sign_in("alice");
        let answer = alice.send(method, &host.with_hint(&alice, "a b&c"));

        assert_eq!(answer.status, 303, "{method}");
        assert_eq!(answer.location(), format!("{}?state=a%20b%26c", host.client_uri()));
        answer.assert_plain();
        assert!(!alice.is_signed_in(), "{method}: the cookie is dead");
        assert!(host.client_page(&answer).contains("<code>a b&amp;c</code>"));
    }
}

#[test]
fn a_hint_of_an_older_session_asks() {
    let host = Host::start();
    let old = host.sign_in("alice");
    let request = host.with_hint(&old, "s");
    let new = host.sign_in("alice");

    new.send("GET", &request).assert_asks(CLIENT_FORM_ACTION);
    assert!(new.is_signed_in());
    assert!(old.is_signed_in());
}

#[test]
fn a_new_sign_in_has_another_session() {
    let host = Host::start();
    let first = host.sign_in("alice");
    let answer = first.get("/login?user=bob");

    assert_ne!(answer.cookie(), first.cookie);
    assert!(!first.is_signed_in(), "the former session is over");
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
}

#[test]
fn without_a_hint_the_user_is_asked_and_yes_signs_out() {
    for method in ["GET", "POST"] {
        let host = Host::start();
        let alice = host.sign_in("alice");
        let page = alice.send(method, &host.without_hint("s"));

        page.assert_asks(CLIENT_FORM_ACTION);
        assert!(page.body.contains("alice") && page.body.contains("demo-client"));
        assert!(alice.is_signed_in());

        let answer = alice.send("POST", &page.form_with("confirm", "yes"));
        assert_eq!(answer.status, 303);
        assert_eq!(answer.location(), format!("{}?state=s", host.client_uri()));
        answer.assert_plain();
        assert!(!alice.is_signed_in());
    }
}

#[test]
fn no_leaves_the_user_signed_in() {
    let host = Host::start();
    let alice = host.sign_in("alice");
    let page = alice.send("GET", &host.without_hint("s"));
    let answer = alice.send("POST", &page.form_with("confirm", "no"));

    assert_eq!(answer.status, 200);
    answer.assert_plain();
    assert!(answer.body.contains("<h1>You are still signed in</h1>"));
    assert!(alice.is_signed_in());
}

#[test]
fn a_forged_or_altered_confirmation_is_asked_again() {
    let host = Host::start();
    let alice = host.sign_in("alice");
    let page = alice.send("GET", &host.without_hint("s"));
    let genuine = page.form_with("confirm", "yes");
    let mac_of_another_time = genuine
        .iter()
        .map(|(name, value)| match name.as_str() {
            "confirmation" => (name.clone(), format!("1{value}")),
            _ => (name.clone(), value.clone()),
        })
        .collect();
    let mut forged = host.without_hint("s");
    forged.push(pair("confirm", "yes"));
    let mut made_up = forged.clone();
    made_up.push(pair("confirmation", "1750000000.AAAA"));
    let mut other_state = genuine.clone();
    other_state.retain(|(name, _)| name != "state");
    other_state.push(pair("state", "t"));
    let mut other_uri = genuine.clone();
    other_uri.retain(|(name, _)| name != "post_logout_redirect_uri");
    let mut neither = genuine.clone();
    neither.retain(|(name, _)| name != "confirm");

    for form in [forged, made_up, mac_of_another_time, other_state, other_uri, neither] {
        let again = alice.send("POST", &form);
        assert_eq!(again.status, 200, "{form:?}");
        assert!(again.body.contains("Do you want to sign out?"), "{form:?}");
        assert!(alice.is_signed_in(), "{form:?}");
    }
    let again = alice.send("GET", &genuine);
    again.assert_asks(CLIENT_FORM_ACTION);
    assert!(alice.is_signed_in(), "a link cannot answer");

    assert_eq!(alice.send("POST", &again.form_with("confirm", "yes")).status, 303);
}

#[test]
fn the_confirmation_of_another_session_is_asked_again() {
    let host = Host::start();
    let attacker = host.sign_in("mallory");
    let page = attacker.send("GET", &host.without_hint("s"));
    let form = page.form_with("confirm", "yes");

    for user in ["alice", "mallory"] {
        let victim = host.sign_in(user);
        let again = victim.send("POST", &form);
        again.assert_asks(CLIENT_FORM_ACTION);
        assert!(victim.is_signed_in(), "{user}");
    }
}

#[test]
fn a_double_click_gives_the_landing_twice() {
    let host = Host::start();
    let alice = host.sign_in("alice");
    let page = alice.send("GET", &host.without_hint("s"));
    let yes = page.form_with("confirm", "yes");
    let [first, second] = [(); 2].map(|()| alice.send("POST", &yes));

    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.location(), second.location());

    let bob = host.sign_in("bob");
    let yes = bob.get("/").form_with("confirm", "yes");
    let [first, second] = [(); 2].map(|()| bob.send("POST", &yes));
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(first.body, second.body);
}

#[test]
fn a_post_from_another_site_is_posted_again_from_our_own() {
    let host = Host::start();
    let alice = host.sign_in("alice");
    let request = host.with_hint(&alice, "s");
    let page = host.nobody().send("POST", &request);

    assert_eq!(page.status, 200);
    page.assert_form(CLIENT_FORM_ACTION);
    assert!(page.body.contains("<script>document.forms[0].submit()</script>"));
    assert!(alice.is_signed_in());

    let answer = alice.send("POST", &page.form());
    assert_eq!(answer.status, 303);
    assert_eq!(answer.location(), format!("{}?state=s", host.client_uri()));
    assert!(!alice.is_signed_in());

    // Nobody is signed in now: the second time it is decided, not posted a third time.
    let answer = host.nobody().send("POST", &page.form());
    assert_eq!(answer.status, 303);
}

#[test]
fn nobody_signed_in_lands_at_once() {
    let host = Host::start();
    let nobody = host.nobody();
    assert_eq!(nobody.send("GET", &host.without_hint("s")).status, 303);

    let page = nobody.send("GET", &[]);
    assert_eq!(page.status, 200);
    page.assert_plain();
    assert!(page.body.contains("<h1>You are signed out</h1>"));
}

#[test]
fn an_unregistered_uri_is_refused_with_an_offer() {
    let host = Host::start();
    let alice = host.sign_in("alice");
    let request = [pair("client_id", "demo-client"), pair("post_logout_redirect_uri", "https://evil.example/")];
    for method in ["GET", "POST"] {
        let page = alice.send(method, &request);
        assert_eq!(page.status, 400);
        page.assert_form(OWN_FORM_ACTION);
        assert!(page.body.contains("redirect_uri_not_registered"));
        assert!(!page.body.contains("evil.example"));
        assert!(alice.is_signed_in());
    }

    let page = alice.send("GET", &request);
    let answer = alice.send("POST", &page.form_with("confirm", "yes"));
    assert_eq!(answer.status, 200);
    answer.assert_plain();
    assert!(answer.body.contains("<h1>You are signed out</h1>"));
    assert!(!alice.is_signed_in());

    let page = alice.send("GET", &request);
    assert_eq!(page.status, 400);
    page.assert_plain();
    assert!(page.form().is_empty(), "nothing to offer when nobody is signed in");
}

#[test]
fn the_home_page_has_its_own_button() {
    let host = Host::start();
    let alice = host.sign_in("alice");
    let home = alice.get("/");
    home.assert_form(OWN_FORM_ACTION);

    let answer = alice.send("POST", &home.form_with("confirm", "yes"));
    assert_eq!(answer.status, 200);
    assert!(!alice.is_signed_in());
}

#[test]
fn head_has_no_effect() {
    let host = Host::start();
    let alice = host.sign_in("alice");
    let answer = alice.send("HEAD", &host.with_hint(&alice, "s"));

    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    answer.assert_headers();
    assert!(answer.headers.get("location").is_none());
    assert!(alice.is_signed_in());
}

#[test]
fn other_methods_media_types_and_sizes_are_refused() {
    let host = Host::start();
    for alice in [host.nobody(), host.sign_in("alice")] {
        let signed_in = alice.is_signed_in();

        for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = alice.request(method, "/logout", None);
            assert_eq!(answer.status, 405, "{method}");
            assert_eq!(answer.headers["allow"], "GET, POST", "{method}");
            answer.assert_headers();
        }

        let json = alice.request("POST", "/logout", Some(("application/json", "{}")));
        assert_eq!(json.status, 415);
        json.assert_headers();

        let large = format!("state={}", "x".repeat(64 * 1024));
        let answer = alice.request("POST", "/logout", Some((FORM, &large)));
        assert_eq!(answer.status, 413);
        answer.assert_headers();
        assert!(answer.body.contains("request_too_large"));

        assert_eq!(alice.is_signed_in(), signed_in);
    }
}

#[test]
fn bytes_that_are_not_a_form_are_refused() {
    let host = Host::start();
    let alice = host.sign_in("alice");
    for query in ["state=%zz", "state=%FF", "state=a&state=b"] {
        for answer in [alice.get(&format!("/logout?{query}")), alice.request("POST", "/logout", Some((FORM, query)))] {
            assert_eq!(answer.status, 400, "{query}");
            answer.assert_form(OWN_FORM_ACTION);
        }
    }
    assert!(alice.is_signed_in());
}

#[test]
fn hostile_values_are_escaped() {
    const HOSTILE: &str = "\"><script>alert('&lt;')</script>";
    let host = Host::start();
    let user = host.sign_in(HOSTILE);
    let hostile: Vec<_> = ["id_token_hint", "logout_hint", "client_id", "state", "ui_locales", HOSTILE]
        .iter()
        .map(|name| pair(name, HOSTILE))
        .collect();
    let without_hint = || hostile.iter().filter(|(name, _)| name != "id_token_hint").cloned();
    let to_client = host.without_hint(HOSTILE);

    let pages = [
        user.get("/"),
        user.send("GET", &hostile),
        user.send("GET", &without_hint().collect::<Vec<_>>()),
        user.send("GET", &to_client),
        host.nobody().send("POST", &to_client),
    ];
    assert_eq!(pages.each_ref().map(|page| page.status), [200, 400, 200, 200, 200]);
    for page in &pages {
        let scripts = page.body.replace("<script>document.forms[0].submit()</script>", "");
        assert!(!scripts.contains("<script"), "{}", page.body);
    }
    assert_eq!(value(&pages[2].form(), "logout_hint"), HOSTILE);
    assert_eq!(value(&pages[3].form(), "state"), HOSTILE);
    assert_eq!(value(&pages[4].form(), "state"), HOSTILE);

    let landed = host.nobody().send("GET", &to_client);
    assert_eq!(landed.status, 303);
    assert!(!host.client_page(&landed).contains("<script"));
}

#[test]
fn a_state_survives_the_forms() {
    let punctuation: String = (' '..='~').filter(|character| !character.is_alphanumeric()).collect();
    for state in [punctuation.as_str(), " %41+&amp;&#x41;= ", "日本語 🦀 \u{a0}é"] {
        let host = Host::start();
        let alice = host.sign_in("alice");
        let request = host.without_hint(state);

        let reposted = host.nobody().send("POST", &request);
        let page = alice.send("POST", &reposted.form());
        assert_eq!(value(&page.form(), "state"), state);

        let answer = alice.send("POST", &page.form_with("confirm", "yes"));
        assert_eq!(answer.status, 303);
        let (_, query) = answer.location().split_once('?').unwrap();
        let returned: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(returned, [pair("state", state)]);
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
        let answer = browser.get(&format!("/login?{}", encode(&[pair("user", user)])));
        browser.cookie = answer.cookie();
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
        self.request("GET", path, None)
    }

    /// A logout request.
    fn send(&self, method: &str, parameters: &[(String, String)]) -> Answer {
        let encoded = encode(parameters);
        match method {
            "POST" => self.request(method, "/logout", Some((FORM, &encoded))),
            _ => self.request(method, &format!("/logout?{encoded}"), None),
        }
    }

    fn request(&self, method: &str, path: &str, body: Option<(&str, &str)>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.origin));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let response = match body {
            Some((media_type, body)) => self.agent.run(request.header("content-type", media_type).body(body).unwrap()),
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

    fn cookie(&self) -> Option<String> {
        let cookie = self.headers["set-cookie"].to_str().unwrap();
        cookie.split(';').next().map(str::to_owned)
    }

    /// What every answer has, once.
    fn assert_headers(&self) {
        for name in ["cache-control", "referrer-policy", "content-type"] {
            assert_eq!(self.headers.get_all(name).iter().count(), 1, "{name}");
        }
        assert_eq!(self.headers["cache-control"], "no-store");
        assert_eq!(self.headers["content-type"], "text/html; charset=utf-8");
    }

    fn assert_plain(&self) {
        self.assert_headers();
        assert_eq!(self.headers["referrer-policy"], "no-referrer");
        assert!(self.headers.get("content-security-policy").is_none());
    }

    fn assert_form(&self, content_security_policy: &str) {
        self.assert_headers();
        assert_eq!(self.headers["referrer-policy"], "strict-origin");
        let policy = self.headers["content-security-policy"].to_str().unwrap();
        let port = policy.strip_prefix(content_security_policy).unwrap();
        assert!(port.bytes().all(|byte| byte.is_ascii_digit()), "{policy}");
        assert!(!self.form().is_empty());
    }

    fn assert_asks(&self, content_security_policy: &str) {
        assert_eq!(self.status, 200);
        assert!(self.body.contains("<h1>Do you want to sign out?</h1>"));
        self.assert_form(content_security_policy);
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

    /// What a button of the form posts.
    fn form_with(&self, name: &str, value: &str) -> Vec<(String, String)> {
        let button = format!("<button name=\"{name}\" value=\"{value}\">");
        assert!(self.body.contains(&button), "{}", self.body);
        let mut form = self.form();
        form.push(pair(name, value));
        form
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn value<'f>(form: &'f [(String, String)], name: &str) -> &'f str {
    &form.iter().find(|member| member.0 == name).unwrap().1
}

fn encode(members: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish()
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
