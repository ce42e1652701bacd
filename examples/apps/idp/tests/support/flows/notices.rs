//! Clients are told that a session has ended, by the back channel.

use std::time::{Duration, Instant};

use idp::config::Config;
use rcgen::generate_simple_self_signed;
use serde_json::{Value, json};
use url::Url;

use super::set_user;
use crate::provider::{Provider, start};
use crate::support::browser::Browser;
use crate::support::instance::{run, succeed};
use crate::support::rp::{CALLBACK, Rp, SIGNED_OUT, text};
use crate::support::stub::{Answers, Received, SECRET, Stub};

/// Waits that suit a test.
const SOON: [&str; 2] = ["--delivery-waits", "1"];

/// A provider whose file has these clients at the stub, each with more metadata.
async fn provider(stub: &Stub, clients: &[(&str, Value)], options: &[&str]) -> Provider {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("clients.json");
    let clients: Vec<Value> = clients.iter().map(|(id, more)| stub.client(id, more)).collect();
    std::fs::write(&file, json!(clients).to_string()).unwrap();
    let options = [&["--clients", file.to_str().unwrap()], &SOON[..], options].concat();
    Provider::start(&options).await
}

fn rp(provider: &Provider, id: &str) -> Rp {
    Rp::known(provider, id, SECRET, Value::Null)
}

/// Signs in to each of the clients. Returns the claims of the ID Tokens and the last token.
async fn sign_in(provider: &Provider, browser: &Browser, clients: &[&str]) -> (Vec<Value>, String) {
    let (mut claims, mut hint) = (Vec::new(), String::new());
    for (index, id) in clients.iter().enumerate() {
        let rp = rp(provider, id);
        let tokens = if index == 0 {
            rp.tokens(browser).await
        } else {
            rp.redeem(&browser.get(&rp.authorize(&[])).await.redirected("code").unwrap()).await
        };
        hint = text(&tokens, "id_token").to_owned();
        claims.push(rp.claims(&hint).await);
    }
    (claims, hint)
}

/// Checks that a request is the notice of the session of these claims, as Back-Channel Logout 1.0
/// has it.
async fn is_notice(provider: &Provider, received: &Received, of: &Value) -> Value {
    assert_eq!(received.method, "POST");
    assert_eq!(received.headers["content-type"], "application/x-www-form-urlencoded");
    assert!(received.headers.get("cookie").is_none() && received.headers.get("authorization").is_none());
    let token = received.logout_token();
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    // The signature, the audience, the issuer and the expiry.
    let claims = rp(provider, &received.client).claims(token).await;
    assert_eq!((&claims["sid"], &claims["sub"]), (&of["sid"], &of["sub"]));
    assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert!(claims.get("nonce").is_none());
    assert!(claims["iat"].as_i64().unwrap() >= claims["toe"].as_i64().unwrap());
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
    claims
}

/// Each of these clients is told of the session once.
async fn told_once(provider: &Provider, stub: &Stub, clients: &[&str], claims: &[Value]) {
    for (id, claims) in clients.iter().zip(claims) {
        let received = stub.receives(id, 1).await;
        is_notice(provider, &received[0], claims).await;
    }
    delivered(provider, clients.len()).await;
    for id in clients {
        assert_eq!(stub.received(id).len(), 1, "{id}");
    }
    stub.forget();
}

/// The lines of the operator's list, without the first.
fn list(provider: &Provider, arguments: &[&str]) -> Vec<Vec<String>> {
    let output = run(&provider.database, &[&["notices"], arguments].concat(), "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// Waits until the list has no notice that is still to be delivered, and at least so many in all.
async fn delivered(provider: &Provider, at_least: usize) {
    let begin = Instant::now();
    loop {
        let all = list(provider, &["--all"]);
        if all.len() >= at_least && all.iter().all(|line| line[3].starts_with("delivered ")) {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{all:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until a client's notice is in this state. Returns its line.
async fn is_in_state(provider: &Provider, client: &str, state: &str) -> Vec<String> {
    let begin = Instant::now();
    loop {
        let all = list(provider, &["--all"]);
        if let Some(line) = all.iter().find(|line| line[0] == client && line[3].starts_with(state)) {
            return line.clone();
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{client} {state}: {all:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn sign_out(provider: &Provider, browser: &Browser, hint: &str) -> crate::support::browser::Answer {
    browser.get(&rp(provider, "any").end_session(&[("id_token_hint", hint)])).await
}

#[tokio::test]
async fn a_sign_out_tells_every_client_of_the_session_once_before_it_answers() {
    let stub = Stub::start().await;
    let ids = ["asks", "two", "three"];
    let provider = provider(&stub, &ids.map(|id| (id, json!({}))), &[]).await;
    let (browser, elsewhere) = (Browser::new(), Browser::new());
    sign_in(&provider, &elsewhere, &ids).await;
    let (claims, _) = sign_in(&provider, &browser, &["three", "two", "asks"]).await;
    let claims: Vec<_> = claims.into_iter().rev().collect();
    let hint = rp(&provider, "asks").tokens(&browser).await;
    let url = rp(&provider, "asks")
        .end_session(&[("id_token_hint", text(&hint, "id_token")), ("post_logout_redirect_uri", SIGNED_OUT)]);
    assert_eq!(browser.get(&url).await.location(), SIGNED_OUT);
    // All have been told by then.
    assert_eq!(stub.all_received().len(), 3);
    told_once(&provider, &stub, &ids, &claims).await;
    assert_eq!(browser.get(&url).await.location(), SIGNED_OUT);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(stub.all_received().len(), 0);
}

#[tokio::test]
async fn a_logout_token_is_signed_as_the_clients_id_tokens_are() {
    let stub = Stub::start().await;
    let algorithms = ["RS256", "PS256", "ES256", "EdDSA", "HS256"];
    let clients = algorithms.map(|name| (name, json!({ "id_token_signed_response_alg": name })));
    let provider = provider(&stub, &clients, &[]).await;
    let browser = Browser::new();
    let (claims, hint) = sign_in(&provider, &browser, &algorithms).await;
    assert_eq!(sign_out(&provider, &browser, &hint).await.status, 200);
    for (name, of) in algorithms.iter().zip(&claims) {
        let received = stub.receives(name, 1).await;
        is_notice(&provider, &received[0], of).await;
        let header = jsonwebtoken::decode_header(received[0].logout_token()).unwrap();
        assert_eq!(format!("{:?}", header.alg), name.to_uppercase().replace("EDDSA", "EdDSA"));
        assert_eq!(header.kid.is_some(), *name != "HS256");
    }
}

#[tokio::test]
async fn whatever_ends_a_session_tells_its_clients() {
    let stub = Stub::start().await;
    let ids = ["one", "two"];
    let provider = provider(&stub, &ids.map(|id| (id, json!({}))), &[]).await;
    let command = |command: &[&str]| succeed(&provider.database, command, "");
    let browser = Browser::new();

    // A request by a client's server, which ends the session of another browser.
    let (claims, hint) = sign_in(&provider, &browser, &ids).await;
    let form = [("id_token_hint", &*hint)];
    assert_eq!(Browser::without_cookies().post(&provider.url("/end_session"), &form).await.status, 200);
    told_once(&provider, &stub, &ids, &claims).await;

    // Another user who signs in, but not the same user again.
    let (claims, _) = sign_in(&provider, &browser, &ids).await;
    sign_in(&provider, &browser, &ids).await;
    set_user(&provider, &["bob"], "wonderland");
    let page = browser.get(&rp(&provider, "one").authorize(&[("prompt", "login")])).await;
    assert_eq!(browser.sign_in_as(&page, "bob", "wonderland").await.status, 303);
    told_once(&provider, &stub, &ids, &claims).await;

    // A changed password.
    let browser = Browser::new();
    let (claims, _) = sign_in(&provider, &browser, &ids).await;
    set_user(&provider, &["alice"], "wonderland");
    told_once(&provider, &stub, &ids, &claims).await;

    // The operator: by user, by client, all.
    command(&["end-sessions", "--user", "bob"]);
    stub.receives("one", 1).await;
    stub.forget();
    let (claims, _) = sign_in(&provider, &browser, &ids).await;
    command(&["end-sessions", "--user", "alice"]);
    told_once(&provider, &stub, &ids, &claims).await;
    let (claims, _) = sign_in(&provider, &browser, &ids).await;
    let other = Browser::new();
    let (other_claims, _) = sign_in(&provider, &other, &["two"]).await;
    command(&["end-sessions", "--client", "one"]);
    told_once(&provider, &stub, &ids, &claims).await;
    assert_eq!(other.get(&provider.url("/")).await.status, 200);
    command(&["end-sessions", "--all"]);
    told_once(&provider, &stub, &["two"], &other_claims).await;

    // Everywhere: a notice for each session.
    let (claims, _) = sign_in(&provider, &browser, &ids).await;
    let (other_claims, _) = sign_in(&provider, &other, &["one"]).await;
    let page = browser.get(&provider.url("/")).await;
    let form = page.form_to("/sign-out-everywhere");
    let url = provider.url("/sign-out-everywhere");
    for (token, location) in [("", "/"), ("wrong", "/")] {
        assert_eq!(browser.post(&url, &[("token", token)]).await.location(), location);
    }
    assert_eq!(Browser::new().post(&url, &[("token", &form.fields[0].1)]).await.location(), "/sign-in");
    assert_eq!(browser.get(&provider.url("/")).await.status, 200);
    let answer = browser.send(|http| http.post(&url).form(&form.filled_in(&[]))).await;
    assert!(answer.body.contains("Your sessions in all browsers have ended."), "{}", answer.body);
    assert_eq!(answer.header("set-login"), "logged-out");
    assert_eq!(browser.get(&provider.url("/")).await.location(), "/sign-in");
    assert_eq!(other.get(&provider.url("/")).await.location(), "/sign-in");
    let received = stub.receives("one", 2).await;
    let sids: Vec<_> = received.iter().map(|received| received.claims()["sid"].clone()).collect();
    assert!(sids.contains(&claims[0]["sid"]) && sids.contains(&other_claims[0]["sid"]), "{sids:?}");
    stub.receives("two", 1).await;
    delivered(&provider, 3).await;
    stub.forget();

    // A deleted user.
    let (claims, _) = sign_in(&provider, &browser, &ids).await;
    command(&["delete-user", "alice"]);
    told_once(&provider, &stub, &ids, &claims).await;
    let page = browser.get(&rp(&provider, "one").authorize(&[])).await;
    assert_eq!(browser.sign_in(&page).await.status, 403);
    assert!(!run(&provider.database, &["delete-user", "alice"], "").status.success());
}

#[tokio::test]
async fn a_session_that_is_found_expired_at_sign_out_ends_there() {
    let stub = Stub::start().await;
    let provider = provider(&stub, &[("one", json!({}))], &["--session-seconds", "5"]).await;
    let browser = Browser::new();
    let (claims, hint) = sign_in(&provider, &browser, &["one"]).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let answer = sign_out(&provider, &browser, &hint).await;
    assert!(answer.body.contains("This browser had no session here"), "{}", answer.body);
    told_once(&provider, &stub, &["one"], &claims).await;
}

#[tokio::test]
async fn a_demo_that_is_removed_tells_the_clients_of_its_user() {
    let stub = Stub::start().await;
    let options = ["--base-url", "http://127.0.0.1:9", "--allow-network", "127.0.0.0/8"];
    let provider = provider(&stub, &[("one", json!({}))], &options).await;
    let (claims, _) = sign_in(&provider, &Browser::new(), &["one"]).await;
    let options = [&["--no-demo"], &SOON[..], &options].concat();
    start(&provider.database, &options).await.shutdown().await.unwrap();
    told_once(&provider, &stub, &["one"], &claims).await;
}

#[tokio::test]
async fn what_a_client_answers_decides_whether_it_is_asked_again() {
    let stub = Stub::start().await;
    let elsewhere = stub.uri("redirected");
    // What it answers, how often it is asked, the state in the end, and the cause.
    let cases: [(&str, Vec<Answers>, usize, &str, &str); 10] = [
        ("ok", vec![Answers::With(200)], 1, "delivered", ""),
        ("no-content", vec![Answers::With(204)], 1, "delivered", ""),
        ("recovers", vec![Answers::With(500), Answers::With(503), Answers::With(200)], 3, "delivered", ""),
        ("busy", vec![Answers::Later(429, "2"), Answers::With(200)], 2, "delivered", ""),
        ("bad", vec![Answers::With(400)], 3, "failed", "the client answered with status 400"),
        ("gone", vec![Answers::With(404)], 1, "failed", "the client answered with status 404"),
        ("moved", vec![Answers::Redirect(elsewhere)], 1, "failed", "the client answered with status 307"),
        ("silent", vec![Answers::Never, Answers::With(200)], 2, "delivered", ""),
        ("drips", vec![Answers::Drips], 1, "delivered", ""),
        ("floods", vec![Answers::Floods(1 << 30)], 1, "delivered", ""),
    ];
    let ids: Vec<&str> = cases.iter().map(|case| case.0).collect();
    let clients: Vec<_> = ids.iter().map(|id| (*id, json!({}))).collect();
    let provider = provider(&stub, &clients, &["--delivery-seconds", "3"]).await;
    for (id, answers, ..) in &cases {
        stub.answers(id, answers);
    }
    let browser = Browser::new();
    let (claims, hint) = sign_in(&provider, &browser, &ids).await;
    let begin = Instant::now();
    let answer = sign_out(&provider, &browser, &hint).await;
    // One client that does not answer holds nothing up but the deadline.
    let waited = begin.elapsed();
    assert!(Duration::from_secs(2) < waited && waited < Duration::from_secs(6), "{waited:?}");
    assert_eq!(answer.status, 200);
    let told = |text: &str| answer.body.split_once(text).unwrap().1.split_once("</ul>").unwrap().0.to_owned();
    for (text, clients) in [
        ("These applications have ended your session too:", &["ok", "no-content", "drips", "floods"][..]),
        ("go on trying:", &["recovers", "busy", "bad", "silent"]),
    ] {
        for client in clients {
            assert!(told(text).contains(&format!(">{client}<")), "{client}: {}", answer.body);
        }
    }
    for ((id, _, attempts, state, cause), of) in cases.iter().zip(&claims) {
        let line = is_in_state(&provider, id, state).await;
        assert_eq!((&*line[2], &*line[4]), (&*attempts.to_string(), *cause), "{line:?}");
        let received = stub.received(id);
        assert_eq!(received.len(), *attempts, "{id}");
        let mut ids = Vec::new();
        for received in &received {
            ids.push(is_notice(&provider, received, of).await["jti"].clone());
        }
        ids.dedup();
        assert_eq!(ids.len(), *attempts, "{id}: each attempt has a token of its own");
    }
    let busy = stub.received("busy");
    assert!(busy[1].at.duration_since(busy[0].at) >= Duration::from_secs(2), "Retry-After counts");
    assert_eq!(stub.received("redirected").len(), 0);
    // The list for the operator has what is not delivered, and names nobody.
    let undelivered: Vec<_> = list(&provider, &[]).into_iter().map(|line| line[0].clone()).collect();
    assert_eq!(undelivered, ["bad", "gone", "moved"]);
    let printed = format!("{:?}", list(&provider, &["--all"]));
    for secret in ["sid", "sub"] {
        assert!(!printed.contains(text(&claims[0], secret)), "{secret}: {printed}");
    }
}

#[tokio::test]
async fn a_client_that_is_gone_or_has_no_channel_any_more_is_given_up() {
    let stub = Stub::start().await;
    let ids = ["deleted", "without"];
    let options = ["--base-url", "http://127.0.0.1:9"];
    let provider = provider(&stub, &ids.map(|id| (id, json!({}))), &options).await;
    for id in ids {
        stub.answers(id, &[Answers::With(500)]);
    }
    sign_in(&provider, &Browser::new(), &ids).await;
    let clients = json!([stub.client("without", &json!({ "backchannel_logout_uri": null }))]);
    let file = provider.file("fewer.json", &clients);
    succeed(&provider.database, &["end-sessions", "--all"], "");
    stub.receives("deleted", 1).await;
    stub.receives("without", 1).await;
    let options = [&["--clients", &*file], &options[..], &SOON].concat();
    let second = start(&provider.database, &options).await;
    let line = is_in_state(&provider, "deleted", "failed").await;
    assert_eq!(line[4], "the client is not registered any more");
    let line = is_in_state(&provider, "without", "failed").await;
    assert_eq!(line[4], "the client has no usable backchannel_logout_uri");
    second.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_client_that_registered_itself_may_not_direct_requests_into_the_network() {
    let stub = Stub::start().await;
    let options = ["--allow-network", "10.0.0.0/8", "--allow-network", "127.0.0.0/8"];
    let provider = Provider::start(&options).await;
    let url = provider.url("/register");
    let register = async |uri: &str| {
        let metadata = json!({ "redirect_uris": [CALLBACK], "backchannel_logout_uri": uri });
        let answer = Browser::new().send(|http| http.post(&url).json(&metadata)).await;
        (answer.status.as_u16(), answer.json())
    };
    for uri in [
        &*stub.uri("one"),
        "http://rp.example/logout",
        "http://localhost/logout",
        "https://127.0.0.1/logout",
        "https://10.0.0.1/logout",
        "https://[::1]/logout",
        "https://169.254.169.254/logout",
        "https://rp.example/logout#",
    ] {
        let (status, answer) = register(uri).await;
        assert_eq!((status, text(&answer, "error")), (400, "invalid_client_metadata"), "{uri}");
        assert!(text(&answer, "error_description").starts_with("backchannel_logout_uri: "), "{answer}");
    }
    let (status, registered) = register("https://rp.example/logout?a=b").await;
    assert_eq!((status, text(&registered, "backchannel_logout_uri")), (201, "https://rp.example/logout?a=b"));
    let front = |uri: &str| json!({ "redirect_uris": [CALLBACK], "frontchannel_logout_uri": uri });
    for (uri, expected) in [
        ("https://rp.example/logout", 201),
        ("https://other.example/logout", 400),
        ("http://rp.example/logout", 400),
        ("https://rp.example/logout?sid=1", 400),
    ] {
        let answer = Browser::new().send(|http| http.post(&url).json(&front(uri))).await;
        assert_eq!(answer.status, expected, "{uri}: {}", answer.body);
    }
    // A name is judged by its addresses.
    let rp = Rp::register(&provider, json!({ "backchannel_logout_uri": "https://localhost:1/logout" })).await;
    let browser = Browser::new();
    let tokens = rp.tokens(&browser).await;
    browser.get(&rp.end_session(&[("id_token_hint", text(&tokens, "id_token"))])).await;
    let line = is_in_state(&provider, &rp.id, "failed").await;
    assert_eq!((&*line[2], &*line[4]), ("1", "the client's address is one that this provider does not connect to"));
}

#[tokio::test]
async fn the_operator_allows_networks_and_http_for_confidential_clients_of_the_file() {
    let stub = Stub::start().await;
    let provider = Provider::start(&["--no-demo"]).await;
    let error = async |client: Value, options: &[&str]| {
        let file = provider.file("clients.json", &json!([client]));
        let args = ["--port", "0", "--no-demo", "--database", &provider.database, "--clients", &file];
        let options = args.iter().copied().chain(options.iter().copied());
        match idp::Server::start(Config::from_args(options).unwrap()).await {
            Ok(server) => {
                server.shutdown().await.unwrap();
                String::new()
            }
            Err(error) => format!("{error:#}"),
        }
    };
    let allowed = ["--allow-network", "127.0.0.0/8"];
    let client = |more: Value| stub.client("one", &more);
    assert!(error(client(json!({})), &[]).await.contains("backchannel_logout_uri: the host is an address"));
    assert_eq!(error(client(json!({})), &allowed).await, "");
    assert_eq!(error(client(json!({ "backchannel_logout_uri": "http://rp.internal/logout" })), &[]).await, "");
    let public = client(json!({ "client_secret": null }));
    assert!(error(public, &allowed).await.contains("http is allowed only"));
    // Where a browser is redirected, https it is.
    let redirect = client(json!({ "post_logout_redirect_uris": ["http://rp.example/signed-out"] }));
    let error = error(redirect, &allowed).await;
    assert!(error.contains("post_logout_redirect_uris[0]"), "{error}");
}

#[tokio::test]
async fn a_stop_waits_for_attempts_that_run() {
    let stub = Stub::start().await;
    let provider = provider(&stub, &[("slow", json!({}))], &[]).await;
    stub.answers("slow", &[Answers::Slowly(200, Duration::from_secs(5))]);
    let browser = Browser::new();
    let (_, hint) = sign_in(&provider, &browser, &["slow"]).await;
    let answer = sign_out(&provider, &browser, &hint).await;
    assert!(answer.body.contains("go on trying"), "{}", answer.body);
    let Provider { server, database, .. } = provider;
    drop(browser);
    server.shutdown().await.unwrap();
    let output = run(&database, &["notices"], "");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1, "it was recorded");
    assert_eq!(stub.received("slow").len(), 1);
}

#[tokio::test]
async fn a_browser_that_goes_away_does_not_keep_clients_from_being_told() {
    let stub = Stub::start().await;
    let provider = provider(&stub, &[("slow", json!({}))], &[]).await;
    stub.answers("slow", &[Answers::Slowly(200, Duration::from_secs(1))]);
    let browser = Browser::new();
    let (_, hint) = sign_in(&provider, &browser, &["slow"]).await;
    let sign_out = sign_out(&provider, &browser, &hint);
    assert!(tokio::time::timeout(Duration::from_millis(500), sign_out).await.is_err());
    is_in_state(&provider, "slow", "delivered").await;
    assert_eq!(stub.received("slow").len(), 1);
}

#[tokio::test]
async fn a_request_that_may_take_little_time_waits_less() {
    let stub = Stub::start().await;
    let provider = provider(&stub, &[("silent", json!({}))], &["--request-seconds", "1"]).await;
    stub.answers("silent", &[Answers::Never]);
    let browser = Browser::new();
    let (_, hint) = sign_in(&provider, &browser, &["silent"]).await;
    assert_eq!(sign_out(&provider, &browser, &hint).await.status, 200);
}

#[tokio::test]
async fn a_client_that_does_not_answer_does_not_delay_others() {
    let stub = Stub::start().await;
    let ids = ["dead", "alive"];
    let provider = provider(&stub, &ids.map(|id| (id, json!({}))), &["--sign-in-attempts-per-address", "1000"]).await;
    stub.answers("dead", &[Answers::Never]);
    for _ in 0..12 {
        sign_in(&provider, &Browser::new(), &ids).await;
    }
    succeed(&provider.database, &["end-sessions", "--all"], "");
    let begin = Instant::now();
    stub.receives("alive", 12).await;
    // Much less than one attempt to tell the other takes.
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    let dead = stub.received("dead").len();
    assert!((1..=4 * 2).contains(&dead), "{dead} at once");
}

#[tokio::test]
async fn clients_with_a_front_channel_are_told_in_frames() {
    let stub = Stub::start().await;
    let front = json!({
        "frontchannel_logout_uri": "https://rp.example/logout?a=b",
        "backchannel_logout_uri": null,
        "client_uri": "https://rp.example/",
    });
    let clients = [("front", front.clone()), ("both", json!({ "frontchannel_logout_uri": "https://rp.example/out" }))];
    let provider = provider(&stub, &clients, &[]).await;
    let browser = Browser::new();
    let (claims, hint) = sign_in(&provider, &browser, &["front", "both"]).await;
    let url = rp(&provider, "both").end_session(&[
        ("id_token_hint", &hint),
        ("post_logout_redirect_uri", SIGNED_OUT),
        ("state", "s"),
    ]);
    let page = browser.get(&url).await;
    assert_eq!(page.status, 200);
    let policy = page.header_lines("content-security-policy");
    assert!(policy.contains("frame-src https://rp.example") && policy.contains("'sha256-"), "{policy}");
    let html = page.html();
    let src = |html: &scraper::Html| {
        let frames = scraper::Selector::parse("iframe").unwrap();
        html.select(&frames).map(|frame| frame.attr("src").unwrap().to_owned()).collect::<Vec<_>>()
    };
    // The one that was told by the back channel needs no frame.
    let sid = text(&claims[0], "sid");
    let issuer = provider.server.url().replace(':', "%3A").replace('/', "%2F");
    assert_eq!(src(&html), [format!("https://rp.example/logout?a=b&iss={issuer}&sid={sid}")]);
    assert_eq!(stub.received("both").len(), 1);
    let link = scraper::Selector::parse("a#continue").unwrap();
    let link = html.select(&link).next().unwrap().attr("href").unwrap();
    assert_eq!(link, format!("{SIGNED_OUT}?state=s"));

    // Without a redirect the signed-out page holds the frames.
    let (_, hint) = sign_in(&provider, &browser, &["front"]).await;
    let page = sign_out(&provider, &browser, &hint).await;
    assert_eq!((page.status.as_u16(), src(&page.html()).len()), (200, 1));
    assert!(page.body.contains("This page is telling these applications:"), "{}", page.body);
    // Of a session that ends elsewhere, nobody is told so.
    let (_, hint) = sign_in(&provider, &browser, &["front"]).await;
    let form = [("id_token_hint", &*hint)];
    let answer = Browser::without_cookies().post(&provider.url("/end_session"), &form).await;
    assert_eq!((answer.status.as_u16(), src(&answer.html()).len()), (200, 0));
}

#[tokio::test]
async fn a_session_that_expires_tells_its_clients() {
    let stub = Stub::start().await;
    let options = ["--base-url", "http://127.0.0.1:9", "--session-seconds", "5"];
    let provider = provider(&stub, &[("one", json!({}))], &options).await;
    let (claims, _) = sign_in(&provider, &Browser::new(), &["one"]).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    // Expired sessions are looked for every minute, and at a start.
    let second = start(&provider.database, &[&options[..], &SOON].concat()).await;
    told_once(&provider, &stub, &["one"], &claims).await;
    second.shutdown().await.unwrap();
}

/// Makes every commit fail that stores a notice, or repairs that.
async fn break_commits(provider: &Provider, broken: bool) {
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&provider.database).await.unwrap();
    let is_sqlite = provider.database.starts_with("sqlite:");
    let statements = match (broken, is_sqlite) {
        (true, true) => {
            "CREATE TABLE broken (id TEXT REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED); \
            CREATE TRIGGER broken AFTER INSERT ON notices BEGIN INSERT INTO broken VALUES ('nobody'); END"
        }
        (true, false) => {
            "CREATE TABLE broken (id TEXT REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED); \
            CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS \
            'BEGIN INSERT INTO broken VALUES (''nobody''); RETURN NEW; END'; \
            CREATE TRIGGER broken AFTER INSERT ON notices FOR EACH ROW EXECUTE FUNCTION broken()"
        }
        (false, true) => "DROP TRIGGER broken",
        (false, false) => "DROP TRIGGER broken ON notices",
    };
    sqlx::raw_sql(statements).execute(&pool).await.unwrap();
    pool.close().await;
}

#[tokio::test]
async fn nobody_is_told_of_a_sign_out_whose_commit_failed() {
    let stub = Stub::start().await;
    let provider = provider(&stub, &[("one", json!({}))], &[]).await;
    let browser = Browser::new();
    let (claims, hint) = sign_in(&provider, &browser, &["one"]).await;
    break_commits(&provider, true).await;
    assert_eq!(sign_out(&provider, &browser, &hint).await.status, 500);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(stub.all_received().len(), 0);
    assert_eq!(browser.get(&provider.url("/")).await.status, 200);
    break_commits(&provider, false).await;
    assert_eq!(sign_out(&provider, &browser, &hint).await.status, 200);
    told_once(&provider, &stub, &["one"], &claims).await;
}

#[tokio::test]
async fn certificates_of_an_authority_of_ones_own_are_trusted_where_the_operator_says_so() {
    let certified = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, certified.cert.pem()).unwrap();
    for (options, told) in [(&["--delivery-ca", file.to_str().unwrap()][..], true), (&[], false)] {
        let stub = Stub::start_over_tls(&certified, rustls::ALL_VERSIONS);
        let provider = provider(&stub, &[("one", json!({}))], options).await;
        let browser = Browser::new();
        let (claims, hint) = sign_in(&provider, &browser, &["one"]).await;
        assert_eq!(sign_out(&provider, &browser, &hint).await.status, 200);
        if told {
            told_once(&provider, &stub, &["one"], &claims).await;
        } else {
            let line = is_in_state(&provider, "one", "due").await;
            assert!(line[4].is_empty() || line[4] == "no connection to the client, or it broke", "{line:?}");
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert_eq!(is_in_state(&provider, "one", "due").await[4], "no connection to the client, or it broke");
            assert_eq!(stub.all_received().len(), 0);
        }
    }
}

#[tokio::test]
async fn the_demo_client_notices_that_its_session_has_ended() {
    let provider = Provider::start(&[]).await;
    let home = provider.server.demo_url().unwrap();
    let browser = Browser::new();
    let sign_in = async || {
        let page = browser.get(browser.get(&format!("{home}/sign-in")).await.location()).await;
        let mut answer = browser.sign_in(&page).await;
        while answer.status == 303 {
            let next = Url::parse(home).unwrap().join(answer.location()).unwrap();
            answer = browser.get(next.as_str()).await;
        }
        assert!(browser.get(home).await.body.contains("What the ID Token says about you"));
    };
    sign_in().await;
    for wrong in [&[("logout_token", "e30.e30.")][..], &[]] {
        assert_eq!(Browser::without_cookies().post(&format!("{home}/logout"), wrong).await.status, 400);
    }
    let page = browser.get(&provider.url("/")).await;
    assert_eq!(browser.submit(&page, &[("confirm", "yes")]).await.status, 200);
    is_in_state(&provider, "demo-rp", "delivered").await;
    assert!(!browser.get(home).await.body.contains("What the ID Token says about you"));
    // The next session is another one.
    sign_in().await;
}
