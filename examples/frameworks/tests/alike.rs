//! Sends the same requests over HTTP to the endpoint on every framework. All frameworks must give
//! the answer of the vector, with the same headers and page.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod check;
mod vector;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::{fs, thread};

use host::{Host, State};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HeaderValue;
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use oidc_logout::op::{self, Decision, Told};
use rocket::fairing::AdHoc;
use tokio::net::{TcpListener, TcpStream};
use url::form_urlencoded;
use vector::{File, JsonRequest, PageAnswer, Vector};

const FILES: [&str; 12] = [
    "decisions",
    "redirects",
    "state",
    "clients",
    "client-id-mode",
    "answers",
    "requests",
    "confirmation",
    "browsers",
    "by-sid",
    "token-kinds",
    "azp",
];

/// The value of the session cookie.
const COOKIE: &str = "0123456789abcdef";

/// The headers that the crate's answers may have. All values of each are compared, so a header that
/// is sent twice fails the test.
const HEADERS: [&str; 7] =
    ["cache-control", "referrer-policy", "content-security-policy", "location", "allow", "content-type", "set-login"];

struct Server {
    name: &'static str,
    address: SocketAddr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    page: String,
}

/// The outcome of a vector on one framework.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// Whether the browser sends the cookie.
    sends_cookie: bool,
    answers: Vec<Answer>,
    /// Whether the session still exists, after each answer.
    signed_in: Vec<bool>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_frameworks_answer_alike() {
    let files = FILES.map(|name| {
        let path = format!("{}/../../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let file: File = serde_json::from_slice(&fs::read(path).expect("a file")).expect("vectors");
        (name, file.vectors)
    });
    let first = files.iter().find_map(|(_, vectors)| vectors.first()).expect("a vector");
    let host = Arc::new(Host::new(first.state()));
    let servers = start(&host).await;

    let mut requests = 0;
    let (mut not_expressible, mut refused) = (Vec::new(), Vec::new());
    for (file, vectors) in &files {
        let mut run = 0;
        for vector in vectors {
            if !is_expressible(&vector.request) {
                not_expressible.push(vector.name.as_str());
                continue;
            }
            run += 1;
            let mut outcomes = Vec::new();
            for server in &servers {
                if may_refuse(server, &vector.request) {
                    host.set(vector.state()).await;
                    let answer = send(server, &vector.request, vector.sends_cookie()).await;
                    if answer.status == 400 && answer.headers.iter().all(|(name, _)| name == "content-type") {
                        assert_eq!(host.session(Some(COOKIE)).await.is_some(), vector.session.is_some());
                        refused.push((server.name, vector.name.as_str()));
                        continue;
                    }
                }
                let outcome = run_on(server, &host, vector).await;
                requests += outcome.answers.len();
                outcomes.push((server.name, outcome));
            }
            let [(_, first), others @ ..] = outcomes.as_slice() else { panic!("no framework takes {}", vector.name) };
            for (name, other) in others {
                assert_eq!(first, other, "{}: axum and {name}", vector.name);
            }
        }
        eprintln!("{file}: {run} of {} vectors", vectors.len());
        assert!(run > 0 && run + 10 > vectors.len(), "{file}");
    }
    eprintln!("{requests} answers; not expressible: {not_expressible:?}; refused by a framework: {refused:?}");
    assert!(refused.len() <= 6, "{refused:?}");
}

/// The body is larger than the crate's limit and smaller than that of the frameworks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_large_is_the_crates_to_refuse() {
    let file = fs::read(format!("{}/../../../tests/vectors/state.json", env!("CARGO_MANIFEST_DIR"))).expect("a file");
    let file: File = serde_json::from_slice(&file).expect("vectors");
    let vector = file.vectors.first().expect("a vector");
    let host = Arc::new(Host::new(vector.state()));
    let request = posted(format!("x={}", "x".repeat(100_000)));
    let mut answers = Vec::new();
    for server in start(&host).await {
        let answer = send(&server, &request, true).await;
        assert_eq!((answer.status, code(&answer)), (413, Some("request_too_large")), "{}", server.name);
        answers.push(answer);
    }
    assert!(answers.windows(2).all(|pair| pair.first() == pair.last()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_is_found_beside_a_cookie_of_other_bytes() {
    let host = Arc::new(check::host());
    for server in start(&host).await {
        for other in [check::IN_UTF_8, check::IN_LATIN_1] {
            // Rocket drops header lines that are not UTF-8.
            if server.name != "Rocket" || other == check::IN_UTF_8 {
                let found = check::finds_the_session_beside(other, server.address).await;
                found.unwrap_or_else(|error| panic!("{}: {error}", server.name));
            }
        }
    }
}

async fn start(host: &Arc<Host>) -> Vec<Server> {
    let mut servers = Vec::new();
    let mut listen = async |name| {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        servers.push(Server { name, address: listener.local_addr().expect("its address") });
        listener
    };
    tokio::spawn(on_axum::serve(listen("axum").await, Arc::clone(host)));
    tokio::spawn(on_hyper::serve(listen("hyper").await, Arc::clone(host)));
    tokio::spawn(on_poem::serve(listen("poem").await, Arc::clone(host)));

    let listener = listen("actix-web").await.into_std().expect("a listener");
    let data = Arc::clone(host).into();
    thread::spawn(move || actix_web::rt::System::new().block_on(on_actix::serve(listener, data)));

    // Rocket opens its own listener. It tells the port once it is up.
    let (up, port) = mpsc::channel();
    let config = rocket::Config {
        port: 0,
        log_level: rocket::config::LogLevel::Off,
        shutdown: rocket::config::Shutdown { ctrlc: false, ..Default::default() },
        ..rocket::Config::default()
    };
    let liftoff = AdHoc::on_liftoff("port", move |rocket| {
        let port = rocket.config().port;
        Box::pin(async move { up.send(port).expect("somebody who waits") })
    });
    let rocket = rocket::custom(config).mount("/", on_rocket::routes(host)).attach(liftoff);
    tokio::spawn(rocket.launch());
    let port = tokio::task::spawn_blocking(move || port.recv()).await.expect("a thread").expect("a port");
    servers.push(Server { name: "Rocket", address: SocketAddr::from(([127, 0, 0, 1], port)) });
    servers
}

/// Whether an HTTP client can send the request. Some vectors are no valid HTTP.
fn is_expressible(request: &JsonRequest) -> bool {
    let method = Method::from_bytes(request.method.as_bytes()).is_ok_and(|method| method != Method::CONNECT);
    let query = target(request).parse::<Uri>().is_ok_and(|uri| uri.query().unwrap_or_default() == request.query);
    let headers = request.headers().all(|(_, value)| value.trim() == value && HeaderValue::from_str(value).is_ok());
    method && query && headers
}

/// Whether a framework may refuse the request by itself. Rocket knows no other methods than these.
/// Some versions of Rocket and actix-web refuse a target with bytes above ASCII, which RFC 3986
/// does not allow.
fn may_refuse(server: &Server, request: &JsonRequest) -> bool {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
    let (method, target) = (!known.contains(&request.method.as_str()), !request.query.is_ascii());
    match server.name {
        "Rocket" => method || target,
        "actix-web" => target,
        _ => false,
    }
}

fn target(request: &JsonRequest) -> String {
    if request.query.is_empty() { "/logout".to_owned() } else { format!("/logout?{}", request.query) }
}

async fn run_on(server: &Server, host: &Host, vector: &Vector) -> Outcome {
    let mut outcome = Outcome { sends_cookie: vector.sends_cookie(), answers: Vec::new(), signed_in: Vec::new() };
    let context = format!("{} on {}", vector.name, server.name);
    let request = match &vector.answer {
        Some(answer) => {
            let asking = if answer.offer { get("state=%zz") } else { vector.request.clone() };
            let page = exchange(server, host, Some(vector.state()), &asking, &context, &mut outcome).await;
            posted(form_of(answer, &page))
        }
        None => vector.request.clone(),
    };
    let state = || vector.answer.as_ref().map_or_else(|| vector.state(), |answer| vector.state_later(answer));
    let answer = exchange(server, host, Some(state()), &request, &context, &mut outcome).await;
    check(vector, &request, &answer, &context);

    let signed_in = vector.session_at_last().is_some() && vector.expect.decision != "end_session";
    assert_eq!(outcome.signed_in.last(), Some(&signed_in), "{context}");

    // Posts the form of the page, to see that it leads where it should.
    let mut again = fields(&answer);
    match vector.expect.decision.as_str() {
        "confirm" => {
            again.push(("confirm".to_owned(), "yes".to_owned()));
            let landing = exchange(server, host, None, &posted(encode(&again)), &context, &mut outcome).await;
            assert_eq!(location(&landing), vector.expect.redirect.as_deref(), "{context}: after a yes");
            assert_eq!(outcome.signed_in.last(), Some(&false), "{context}: after a yes");
        }
        "resubmit" => {
            exchange(server, host, None, &posted(encode(&again)), &context, &mut outcome).await;
        }
        // The offer on the error page must work.
        "refuse" if signed_in && outcome.sends_cookie && request.method != "HEAD" => {
            again.push(("confirm".to_owned(), "yes".to_owned()));
            let landing = exchange(server, host, None, &posted(encode(&again)), &context, &mut outcome).await;
            assert_eq!((landing.status, location(&landing)), (200, None), "{context}: after the offer");
            assert_eq!(outcome.signed_in.last(), Some(&false), "{context}: after the offer");
        }
        _ => {}
    }
    outcome
}

/// Sends one request. The answer must be the one that the crate gives without HTTP.
async fn exchange(
    server: &Server,
    host: &Host,
    state: Option<State>,
    request: &JsonRequest,
    context: &str,
    outcome: &mut Outcome,
) -> Answer {
    if let Some(state) = state {
        host.set(state).await;
    }
    let expected = expected(host, request, outcome.sends_cookie).await;
    let answer = send(server, request, outcome.sends_cookie).await;
    assert_eq!(answer.status, expected.status, "{context}: {answer:?}");
    assert_eq!(answer.headers, expected.headers, "{context}");
    if request.method != "HEAD" {
        assert_eq!(fields(&answer), expected.fields, "{context}");
    }
    outcome.answers.push(answer.clone());
    outcome.signed_in.push(host.session(Some(COOKIE)).await.is_some());
    answer
}

struct Expected {
    status: u16,
    headers: Vec<(String, String)>,
    fields: Vec<(String, String)>,
}

/// The crate's answer, without HTTP and a framework.
async fn expected(host: &Host, request: &JsonRequest, sends_cookie: bool) -> Expected {
    let (endpoint, now) = (host.endpoint().await, host.now().await);
    let session = host.session(sends_cookie.then_some(COOKIE)).await;
    let read = endpoint.read(&request.method, &request.query, request.headers(), &request.body);
    let decision = match read.and_then(|request| endpoint.receive(request, now)) {
        Ok(pending) => {
            let client = host.client(pending.client_id()).await;
            let pending = pending.with_client(client.as_ref());
            let found = host.session_for(session.as_ref(), &pending).await;
            pending.decide(found.as_ref())
        }
        Err(refusal) => refusal.into(),
    };
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let answer = match decision {
        Decision::EndSession(end) => end.session_ended(Told::nobody()).into(),
        Decision::Answer(answer) => answer,
    };
    let mut headers: Vec<_> = answer.headers().iter().map(owned).collect();
    headers.push(owned(("content-type", "text/html; charset=utf-8")));
    headers.sort();
    let fields = match &answer {
        op::Answer::Landing(_) | op::Answer::Declined(_) => Vec::new(),
        op::Answer::Confirm(page) => page.fields().map(owned).collect(),
        op::Answer::Resubmit(page) => page.fields().map(owned).collect(),
        op::Answer::Refuse(_) => {
            let offer = session.and_then(|session| endpoint.offer(&session, now).ok());
            offer.iter().flat_map(|offer| offer.fields().map(owned)).collect()
        }
    };
    Expected { status: answer.status(), headers, fields }
}

/// Compares the answer with the vector itself, so that the crate is not its own judge.
fn check(vector: &Vector, request: &JsonRequest, answer: &Answer, context: &str) {
    let expect = &vector.expect;
    let title = match expect.decision.as_str() {
        "end_session" | "no_session" => {
            assert_eq!(location(answer), expect.redirect.as_deref(), "{context}");
            assert_eq!(answer.status, if expect.redirect.is_some() { 303 } else { 200 }, "{context}");
            "You are signed out"
        }
        "confirm" => "Do you want to sign out?",
        "declined" => "You are still signed in",
        "resubmit" => "One moment",
        "refuse" => "Signing out did not work",
        other => panic!("{context}: {other}"),
    };
    if request.method == "HEAD" {
        assert_eq!(answer.page, "", "{context}");
    } else {
        assert!(answer.page.contains(&format!("<h1>{title}</h1>")), "{context}: {answer:?}");
        assert_eq!(code(answer), expect.reason.as_deref(), "{context}");
    }
    if let Some(status) = expect.status {
        assert_eq!(answer.status, status, "{context}");
    }
    if let Some(headers) = &expect.headers {
        let mut headers = headers.clone();
        headers.insert("content-type".to_owned(), "text/html; charset=utf-8".to_owned());
        if expect.decision == "refuse" && vector.session_at_last().is_some() && vector.sends_cookie() {
            // The vectors describe error pages without an offer. The form of the offer needs other
            // headers.
            headers.insert("referrer-policy".to_owned(), "strict-origin".to_owned());
            let policy = "frame-ancestors 'none'; form-action 'self'".to_owned();
            headers.insert("content-security-policy".to_owned(), policy);
        }
        assert_eq!(answer.headers, Vec::from_iter(headers), "{context}");
    }
}

async fn send(server: &Server, request: &JsonRequest, sends_cookie: bool) -> Answer {
    // Others' cookies before it, one of which is no text to most frameworks.
    let mut cookies = "lang=espa\u{f1}ol; theme=dark".to_owned();
    if sends_cookie {
        cookies.push_str("; session=");
        cookies.push_str(COOKIE);
    }
    let mut http = Request::builder()
        .method(request.method.as_str())
        .uri(target(request))
        .header("host", server.address.to_string())
        .header("cookie", HeaderValue::from_bytes(cookies.as_bytes()).expect("a value"));
    for (name, value) in request.headers() {
        http = http.header(name, value);
    }
    let http = http.body(Full::new(Bytes::from(request.body.clone()))).expect("a request");

    let stream = TcpStream::connect(server.address).await.expect("a server");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(http).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let mut headers = Vec::new();
    for name in HEADERS {
        let values = parts.headers.get_all(name).iter();
        headers.extend(values.map(|value| (name.to_owned(), value.to_str().expect("text").to_owned())));
    }
    headers.sort();
    Answer { status: parts.status.as_u16(), headers, page: String::from_utf8(body.into()).expect("UTF-8") }
}

fn get(query: &str) -> JsonRequest {
    let (query, body) = (query.to_owned(), String::new());
    JsonRequest { method: "GET".to_owned(), query, body, content_type: None, headers: BTreeMap::new() }
}

/// By the form of one of the provider's own pages.
fn posted(body: String) -> JsonRequest {
    let content_type = Some("application/x-www-form-urlencoded".to_owned());
    let headers = [("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "document")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    JsonRequest { method: "POST".to_owned(), query: String::new(), body, content_type, headers }
}

fn form_of(answer: &PageAnswer, page: &Answer) -> String {
    let mut fields: BTreeMap<_, _> = fields(page).into_iter().collect();
    fields.extend(answer.confirm.clone().map(|confirm| ("confirm".to_owned(), confirm)));
    for (name, value) in &answer.change {
        match value {
            Some(value) => fields.insert(name.clone(), value.clone()),
            None => fields.remove(name),
        };
    }
    encode(&Vec::from_iter(fields))
}

fn encode(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The hidden fields of the page's form.
fn fields(answer: &Answer) -> Vec<(String, String)> {
    let inputs = answer.page.split(r#"<input type="hidden" name=""#).skip(1);
    let pairs = inputs.map(|input| {
        let (name, rest) = input.split_once(r#"" value=""#).expect("a value");
        let (value, _) = rest.split_once("\">").expect("its end");
        let value = value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        (name.to_owned(), value)
    });
    pairs.collect()
}

/// The reason on an error page.
fn code(answer: &Answer) -> Option<&str> {
    let (_, rest) = answer.page.split_once("<code>")?;
    Some(rest.split_once("</code>")?.0)
}

fn location(answer: &Answer) -> Option<&str> {
    answer.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.as_str())
}
