//! A provider in this process, and ways to ask it about sessions and to read its log.

use std::io::{self, Write};
use std::sync::{Mutex, Once};

use idp::Server;
use idp::config::Config;
use reqwest::header::{COOKIE, LOCATION};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::instance::succeed;

/// A provider with a database of its own and two users.
pub(crate) struct Provider {
    pub(crate) server: Server,
    pub(crate) http: reqwest::Client,
    _directory: TempDir,
}

pub(crate) fn password_of(username: &str) -> &'static str {
    match username {
        "alice" => "wonderland",
        "bob" => "red king",
        other => panic!("there is no user {other}"),
    }
}

impl Provider {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With clients of the operator, in the form of the option `--clients`.
    pub(crate) async fn start_with(clients: &[Value]) -> Self {
        keep_log();
        let directory = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", directory.path().join("idp.sqlite").display());
        let file = directory.path().join("clients.json");
        std::fs::write(&file, json!(clients).to_string()).unwrap();
        let options = ["--port", "0", "--database", &database, "--clients", file.to_str().unwrap()];
        let config = Config::from_args(options).unwrap();
        let server = Server::start(config).await.unwrap();
        succeed(&database, &["set-user", "bob", "--name", "Bob Dodgson"], password_of("bob"));
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { server, http, _directory: directory }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// A request to the logout endpoint, as a link.
    pub(crate) fn end_session(&self, parameters: &[(&str, &str)]) -> String {
        self.url(&format!("/end_session?{}", serde_urlencoded::to_string(parameters).unwrap()))
    }

    /// The demo client's `post_logout_redirect_uri`.
    pub(crate) fn signed_out_uri(&self) -> String {
        format!("{}/signed-out", self.server.demo_url().unwrap())
    }

    /// The user of a session. The server is asked with the session's cookie alone.
    pub(crate) async fn user_of(&self, session: &str) -> Option<&'static str> {
        let answer = self.http.get(self.url("/")).header(COOKIE, format!("session={session}")).send().await.unwrap();
        if answer.status() == 303 {
            assert_eq!(answer.headers()[LOCATION], "/sign-in");
            return None;
        }
        assert_eq!(answer.status(), 200);
        let page = answer.text().await.unwrap();
        let users = [("alice", "Alice Liddell"), ("bob", "Bob Dodgson")];
        let mut found = users.iter().filter(|(_, name)| page.contains(name)).map(|(username, _)| *username);
        let (user, other) = (found.next(), found.next());
        assert!(user.is_some() && other.is_none(), "{page}");
        user
    }
}

/// What the providers of all tests have logged: an object in JSON each line.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn keep_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let level = tracing_subscriber::filter::LevelFilter::INFO;
        tracing_subscriber::fmt().json().with_max_level(level).with_writer(|| Log).init();
    });
}

/// Why a client could not be told of logouts, as the log says. Tests run at the same time, so the
/// client has an id of its own.
pub(crate) fn not_told(client_id: &str) -> Vec<String> {
    let log = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["fields"].take());
    let lines = lines.filter(|fields| fields["message"] == "a client cannot be told of a logout");
    let of_it = lines.filter(|fields| fields["client_id"] == client_id);
    of_it.map(|fields| fields["cause"].as_str().unwrap().to_owned()).collect()
}
