//! A client as a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use url::Url;

use super::notices::User;
use super::software::Software;
use crate::support::browser::{Answer, Browser};
use crate::support::provider::Provider;

/// How long a notice may take on a busy machine. A logout request waits for its first attempts, and
/// the worker looks for others every two seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A client that is not started yet.
pub(crate) struct Plan {
    software: &'static Software,
    algorithm: &'static str,
    port: u16,
    origin: String,
    id: String,
}

impl Plan {
    pub(crate) fn new(software: &'static Software, algorithm: &'static str, host: &str) -> Self {
        let port = free_port();
        let (origin, id) = (format!("http://{host}:{port}"), format!("{}-{algorithm}", software.name));
        Self { software, algorithm, port, origin, id }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    fn secret(&self) -> String {
        format!("the-secret-of-{}", self.id)
    }

    /// As the provider's operator registers it.
    pub(crate) fn registration(&self) -> Value {
        json!({
            "client_id": self.id,
            "client_secret": self.secret(),
            "redirect_uris": [self.url("/callback")],
            "post_logout_redirect_uris": [self.url("/")],
            "id_token_signed_response_alg": self.algorithm,
            "backchannel_logout_uri": self.url(self.software.notices),
            "backchannel_logout_session_required": true,
        })
    }

    pub(crate) fn start(self, provider: &Provider) -> Client {
        let mut command = (self.software.command)();
        // No other variables: a proxy's address in the environment would lead requests elsewhere.
        let path = std::env::var_os("PATH").unwrap();
        command.env_clear().env("PATH", path).env("ISSUER", provider.issuer()).env("ORIGIN", &self.origin);
        command.env("PORT", self.port.to_string()).env("ALGORITHM", self.algorithm);
        command.env("CLIENT_ID", &self.id).env("CLIENT_SECRET", self.secret());
        // In a process group of its own no signal of the terminal reaches it, so it always cleans
        // up.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut told = String::new();
        output.read_line(&mut told).unwrap();
        let Some(log) = told.strip_prefix("ready").map(|log| log.trim().to_owned()) else {
            output.read_to_string(&mut told).unwrap();
            panic!("{} does not start: {told}", self.id);
        };
        let issuer = Url::parse(provider.issuer()).unwrap();
        Client { plan: self, issuer, process, log, _output: output }
    }
}

/// A port that stays free until the client listens: the system gives out none below 32768 by
/// itself.
fn free_port() -> u16 {
    let mut ports = std::iter::repeat_with(|| fastrand::u16(20_000..32_000));
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

/// A client that listens. It ends when this is dropped.
pub(crate) struct Client {
    plan: Plan,
    issuer: Url,
    process: Child,
    /// The file that it writes its log to, or nothing.
    log: String,
    /// Held open, because a write to a closed pipe would kill it before it has cleaned up.
    _output: BufReader<ChildStdout>,
}

impl Client {
    pub(crate) fn id(&self) -> &str {
        &self.plan.id
    }

    /// Opens the client's page, follows it to the provider and back, and asserts that it names the
    /// user.
    pub(crate) async fn sign_in(&self, browser: &Browser, user: &User) {
        assert_eq!(self.user(browser).await, None, "{}", self.id());
        let mut answer = follow(browser, browser.get(&self.plan.origin).await).await;
        if answer.url.origin() == self.issuer.origin() {
            let signed_in = browser.sign_in_as(&answer, user.username, user.password).await;
            answer = follow(browser, signed_in).await;
        }
        assert_eq!(user_of(&answer), user.name, "{}", self.id());
        assert_eq!(self.user(browser).await.as_deref(), Some(user.name), "{}", self.id());
    }

    /// The user whom the client's page names, or nobody if it sends the browser to the provider.
    pub(crate) async fn user(&self, browser: &Browser) -> Option<String> {
        let answer = browser.get(&self.plan.origin).await;
        let Some(location) = redirection(&answer) else { return Some(user_of(&answer).to_owned()) };
        assert_eq!((location.origin(), location.path()), (self.issuer.origin(), "/authorize"), "{}", self.id());
        None
    }

    /// Signs out at the client, which sends the browser to the provider and gets it back.
    pub(crate) async fn sign_out(&self, browser: &Browser) {
        let answer = browser.get(&self.plan.url(self.plan.software.sign_out)).await;
        let location = redirection(&answer).unwrap_or_else(|| panic!("{}: {}", self.id(), answer.body));
        assert_eq!((location.origin(), location.path()), (self.issuer.origin(), "/end_session"), "{}", self.id());
        let answer = browser.get(location.as_str()).await;
        assert_eq!(answer.location(), self.plan.url("/"), "{}", self.id());
    }

    /// Waits until the client's page has no user any more, and prints how long that took.
    pub(crate) async fn ends_the_session(&self, browser: &Browser, after: &str) {
        let begin = Instant::now();
        while self.user(browser).await.is_some() {
            assert!(begin.elapsed() < PATIENCE, "{}: still signed in after {after}\n{}", self.id(), self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        println!("{}: signed out {:?} after {after}", self.id(), begin.elapsed());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

fn redirection(answer: &Answer) -> Option<Url> {
    answer.status.is_redirection().then(|| answer.url.join(answer.header("location")).unwrap())
}

/// Follows redirects.
async fn follow(browser: &Browser, mut answer: Answer) -> Answer {
    while let Some(location) = redirection(&answer) {
        answer = browser.get(location.as_str()).await;
    }
    answer
}

/// The user whom a client's page names.
fn user_of(answer: &Answer) -> &str {
    let name = answer.body.strip_prefix("Signed in as ");
    name.unwrap_or_else(|| panic!("{}: {} {}", answer.url, answer.status, answer.body)).trim_end()
}
