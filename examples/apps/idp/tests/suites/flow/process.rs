//! The program: what it prints, what it logs, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use rcgen::generate_simple_self_signed;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::provider::new_database;
use crate::support::browser::Browser;
use crate::support::instance::run;
use crate::support::rp::{CALLBACK, Rp, SIGNED_OUT, text};
use crate::support::stub::{Answers, SECRET, Stub};

/// A process that is killed when this is dropped, if it has not ended by then.
struct Process {
    child: Child,
    printed: Vec<String>,
    log: Option<JoinHandle<String>>,
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Process {
    fn start(database: &str, options: &[&str]) -> Self {
        let args = ["--port", "0", "--log", "json", "--database", database];
        let mut command = Command::new(env!("CARGO_BIN_EXE_idp"));
        let command = command.args(args).args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.env("RUST_LOG", "debug,hyper=info").spawn().unwrap();
        // Read the log all along, because the process would block once the pipe is full.
        let mut stderr = child.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let mut printed = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            printed.push(line.unwrap());
            if printed.last().unwrap().starts_with("Listening on ") {
                break;
            }
        }
        Self { child, printed, log: Some(log) }
    }

    fn printed(&self, name: &str) -> &str {
        let line = self.printed.iter().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{:?}", self.printed)).trim()
    }

    /// Tells it to stop, and returns its log.
    fn terminate(mut self) -> String {
        let status = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
        let log = self.log.take().unwrap().join().unwrap();
        assert!(self.child.wait().unwrap().success());
        log
    }
}

async fn database() -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let database = new_database(&directory).await;
    (directory, database)
}

#[tokio::test]
async fn it_prints_where_to_go_logs_no_secret_and_ends_when_told_to() {
    let (_directory, database) = database().await;
    let process = Process::start(&database, &[]);
    let issuer = process.printed("Issuer:").to_owned();
    assert_eq!(process.printed("Demo user:"), "alice with the password wonderland");
    let browser = Browser::new();
    assert_eq!(browser.get(process.printed("Discovery:")).await.json()["issuer"], *issuer);
    assert_eq!(browser.get(process.printed("Demo client:")).await.status, 200);

    let rp = Rp::register_at(&issuer, &issuer, json!({})).await;
    let (state, nonce) = ("state-that-is-nobodys-business", "nonce-that-is-nobodys-business");
    let page = browser.get(&rp.authorize(&[("state", state), ("nonce", nonce)])).await;
    let wrong = browser.submit(&page, &[("username", "typed-by-mistake"), ("password", "sesame-open")]).await;
    let wrong = browser.submit(&wrong, &[("username", "alice"), ("password", "sesame-open")]).await;
    let answer = browser.submit(&wrong, &[("username", "alice"), ("password", "wonderland")]).await;
    let cookie = answer.cookie("session").unwrap().to_owned();
    let code = answer.redirected("code").unwrap();
    let tokens = rp.redeem(&code).await;
    let (id_token, access_token) = (text(&tokens, "id_token"), text(&tokens, "access_token"));
    assert_eq!(rp.userinfo(access_token).await.status, 200);
    assert_eq!(rp.redeem_with(&code, &[]).await.status, 400);
    let again = browser.get(&rp.authorize(&[])).await.redirected("code").unwrap();
    rp.redeem(&again).await;
    browser.get(&rp.authorize(&[])).await.redirected("code").unwrap();
    let hint = ("id_token_hint", id_token);
    let answer = browser.get(&rp.end_session(&[hint, ("post_logout_redirect_uri", CALLBACK), ("state", state)])).await;
    assert_eq!(answer.status, 400);
    let answer =
        browser.get(&rp.end_session(&[hint, ("post_logout_redirect_uri", SIGNED_OUT), ("state", state)])).await;
    assert_eq!(answer.redirect().0, SIGNED_OUT);
    // A session of another browser, by a client's server.
    let tokens = rp.tokens(&Browser::new()).await;
    let url = rp.end_session(&[("id_token_hint", text(&tokens, "id_token"))]);
    assert_eq!(Browser::without_cookies().get(&url).await.status, 200);

    let log = process.terminate();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let fields: Vec<_> = lines.iter().map(|line| &line["fields"]).collect();
    let audits: Vec<_> = fields.iter().filter(|fields| fields["message"] == "logout").collect();
    let decisions: Vec<_> = audits.iter().map(|audit| text(audit, "decision")).collect();
    assert_eq!(decisions, ["refuse", "end_session", "end_session"]);
    let of = |name: &str| audits.iter().map(|audit| audit[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("session"), [json!("cookie"), json!("cookie"), json!("sid")]);
    assert_eq!(of("also_ended"), [json!(""), json!("codes access_tokens"), json!("access_tokens")]);
    assert_eq!((text(audits[0], "reasons"), text(audits[1], "hint")), ("redirect_uri_not_registered", "valid"));
    assert_eq!((&audits[0]["redirect"], &audits[1]["redirect"]), (&json!(false), &json!(true)));
    let subject = text(audits[1], "subject");
    for (message, known) in [
        ("a client registered itself", None),
        ("a sign-in failed", None),
        ("a sign-in failed", Some(subject)),
        ("signed in", Some(subject)),
        ("a code was redeemed again", Some(subject)),
        ("logout", Some(subject)),
    ] {
        let is_it = |fields: &&&Value| {
            fields["message"] == message && fields["client_id"] == rp.id && fields["subject"].as_str() == known
        };
        assert!(fields.iter().any(|fields| is_it(&fields)), "{message}: {log}");
    }
    let registration_token = text(&rp.registration, "registration_access_token");
    let signature = id_token.rsplit('.').next().unwrap();
    let [secrets, typed] = [
        [&*cookie, &code, access_token, signature, &rp.secret, registration_token],
        [state, nonce, "typed-by-mistake", "sesame-open", "wonderland", CALLBACK],
    ];
    for secret in secrets.into_iter().chain(typed) {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

/// The list of notices and the audit record say only that there was no connection.
#[tokio::test]
async fn the_log_says_what_is_wrong_with_a_clients_certificate() {
    let certified = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let stub = Stub::start_over_tls(&certified, rustls::ALL_VERSIONS);
    let (directory, database) = database().await;
    let file = directory.path().join("clients.json");
    std::fs::write(&file, json!([stub.client("rp", &json!({}))]).to_string()).unwrap();
    let process = Process::start(&database, &["--clients", file.to_str().unwrap()]);
    let issuer = process.printed("Issuer:").to_owned();
    let (id, secret) = ("rp".to_owned(), SECRET.to_owned());
    let rp = Rp { id, secret, registration: Value::Null, origin: issuer.clone(), issuer };
    let browser = Browser::new();
    let tokens = rp.tokens(&browser).await;
    browser.get(&rp.end_session(&[("id_token_hint", text(&tokens, "id_token"))])).await;
    let log = process.terminate();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<_> = lines.filter(|line| line["target"] == "idp::delivery").collect();
    let error = lines.iter().find_map(|line| line["fields"]["error"].as_str());
    assert!(error.is_some_and(|error| error.contains("UnknownIssuer")), "{lines:?}");
    assert!(lines.iter().all(|line| line["fields"]["host"] == "localhost"), "{lines:?}");
    assert!(!log.contains(&stub.uri("rp")) && !log.contains("logout_token"), "{log}");
}

#[tokio::test]
async fn the_log_says_who_was_told_and_who_was_not_without_a_token_or_a_user() {
    let (directory, database) = database().await;
    let stub = Stub::start().await;
    stub.answers("broken", &[Answers::With(404)]);
    stub.answers("late", &[Answers::With(503)]);
    let clients = ["told", "broken", "late"].map(|id| stub.client(id, &json!({})));
    let none = stub.client("none", &json!({ "backchannel_logout_uri": null }));
    let file = directory.path().join("clients.json");
    std::fs::write(&file, json!([clients[0], clients[1], clients[2], none]).to_string()).unwrap();
    let process = Process::start(&database, &["--clients", file.to_str().unwrap()]);
    let issuer = process.printed("Issuer:").to_owned();
    let browser = Browser::new();
    let mut tokens = Value::Null;
    for (index, id) in ["told", "broken", "late", "none"].into_iter().enumerate() {
        let rp = Rp {
            id: id.to_owned(),
            secret: SECRET.to_owned(),
            registration: json!({}),
            issuer: issuer.clone(),
            origin: issuer.clone(),
        };
        let page = browser.get(&rp.authorize(&[])).await;
        let answer = if index == 0 { browser.sign_in(&page).await } else { page };
        tokens = rp.redeem(&answer.redirected("code").unwrap()).await;
    }
    let hint = text(&tokens, "id_token");
    assert_eq!(browser.get(&format!("{issuer}/end_session?id_token_hint={hint}")).await.status, 200);
    let received = ["told", "broken", "late"].map(|id| stub.received(id)[0].clone());
    let log = process.terminate();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |level: &str, client: &str| {
        let is_it = |line: &&Value| {
            let fields = &line["fields"];
            let is_about_it = fields["message"].as_str().is_some_and(|message| message.starts_with("a client "));
            line["level"] == level && fields["client_id"] == client && is_about_it
        };
        let line = lines.iter().find(is_it);
        line.unwrap_or_else(|| panic!("{level} {client}: {log}"))["fields"].clone()
    };
    assert_eq!(of("INFO", "told")["message"], "a client was told of a logout");
    let broken = of("WARN", "broken");
    assert_eq!((&broken["attempt"], &broken["cause"]), (&json!(1), &json!("the client answered with status 404")));
    let late = of("WARN", "late");
    assert_eq!((&late["attempt"], &late["cause"]), (&json!(1), &json!("the client answered with status 503")));
    assert!((3..=7).contains(&late["retry_in_seconds"].as_i64().unwrap()), "{late}");
    assert_eq!(of("INFO", "none")["cause"], "no_channel");
    for received in received {
        let claims = received.claims();
        for secret in [received.logout_token(), text(&claims, "sid"), text(&claims, "jti"), &received.body] {
            assert!(!log.contains(secret), "{secret} in {log}");
        }
    }
}

#[tokio::test]
async fn commands_take_effect_while_servers_run() {
    let (_directory, database) = database().await;
    let process = Process::start(&database, &["--no-demo", "--registration", "open"]);
    let issuer = process.printed("Issuer:").to_owned();
    let set_user = |password| run(&database, &["set-user", "bob", "--name", "Bob"], password);
    assert!(!set_user("\n").status.success());
    assert!(set_user("first password\n").status.success());
    let rp = Rp::register_at(&issuer, &issuer, json!({})).await;
    let sign_in = async |password| {
        let browser = Browser::new();
        let page = browser.get(&rp.authorize(&[])).await;
        browser.submit(&page, &[("username", "bob"), ("password", password)]).await
    };
    let code = sign_in("first password").await.redirected("code").unwrap();
    let tokens = rp.redeem(&code).await;
    assert!(set_user("second password").status.success());
    assert_eq!(sign_in("first password").await.status, 403);
    assert_eq!(sign_in("second password").await.status, 303);

    // The option takes precedence over the environment.
    assert!(run("sqlite:elsewhere", &["rotate-keys", "--database", &database], "").status.success());
    let jwks = rp.jwks().await;
    let kids: Vec<_> = jwks["keys"].as_array().unwrap().iter().map(|key| text(key, "kid")).collect();
    let kid = jsonwebtoken::decode_header(text(&tokens, "id_token")).unwrap().kid.unwrap();
    assert!(kids.len() == 6 && kids[3..].contains(&kid.as_str()), "{kid} in {kids:?}");
    process.terminate();
}

#[tokio::test]
async fn options_that_will_not_do_are_told_in_a_line() {
    let (_directory, database) = database().await;
    for (options, error) in [
        (&["--base-url", "http://op.example"][..], "error: --base-url: http is for loopback hosts only\n"),
        (&["--tls-cert", "/nowhere", "--tls-key", "/nowhere"], "error: --tls-cert: "),
        (&["--clients", "/nowhere"], "error: --clients: /nowhere: "),
    ] {
        let output = run(&database, &[&["--port", "0"], options].concat(), "");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.starts_with(error) && told.lines().count() == 1, "{told}");
    }
}

#[tokio::test]
async fn it_prints_no_password_that_does_not_work() {
    let (_directory, database) = database().await;
    let printed = |process: &Process| process.printed.iter().any(|line| line.starts_with("Demo user:"));
    assert!(printed(&Process::start(&database, &[])));
    run(&database, &["set-user", "alice"], "sesame-open");
    assert!(!printed(&Process::start(&database, &[])));
}
