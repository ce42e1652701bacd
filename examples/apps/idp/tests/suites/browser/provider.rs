//! A provider in this process, and a way to ask it about sessions.

use idp::Server;
use idp::config::Config;
use reqwest::header::{COOKIE, LOCATION};
use reqwest::redirect::Policy;
use tempfile::TempDir;

use crate::support::instance::succeed;

/// A provider with a database of its own and two users.
pub(crate) struct Provider {
    pub(crate) server: Server,
    http: reqwest::Client,
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
        let directory = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", directory.path().join("idp.sqlite").display());
        let config = Config::from_args(["--port", "0", "--database", &database]).unwrap();
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
