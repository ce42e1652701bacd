//! A provider that can be killed and started again.

use std::time::{Duration, Instant};

use reqwest::header::COOKIE;
use reqwest::redirect::Policy;
use scraper::{Html, Selector};
use serde_json::{Value, json};

use super::database::{Database, Kind, Rows, Session};
use crate::support::instance::{Instance, PATIENCE};
use crate::support::rp::CALLBACK;

/// The issuer, wherever a process listens.
const ISSUER: [&str; 2] = ["--base-url", "http://127.0.0.1:9"];

pub(crate) struct Provider {
    pub(crate) server: Server,
    pub(crate) rows: Rows,
    pub(crate) database: Database,
    options: Vec<String>,
}

/// A process of the provider.
pub(crate) struct Server(Instance);

impl Server {
    pub(crate) fn url(&self) -> &str {
        self.0.printed("Issuer").unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }

    /// In MiB: the memory that it occupies, and the most that it ever did.
    pub(crate) fn memory(&self) -> Option<(u64, u64)> {
        self.0.memory()
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin::new(format!("http://{}", self.0.address))
    }
}

impl Provider {
    /// With these clients of the file.
    pub(crate) async fn start(kind: Kind, clients: &[Value], options: &[&str]) -> Self {
        let database = Database::new(kind).await;
        let file = database.directory.path().join("clients.json");
        std::fs::write(&file, json!(clients).to_string()).unwrap();
        let options = [&ISSUER, &["--clients", file.to_str().unwrap()], options].concat();
        let server = Server(Instance::start(&database.url, &options).await);
        let rows = database.connect().await;
        Self { server, rows, options: options.into_iter().map(str::to_owned).collect(), database }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.0.address)
    }

    pub(crate) fn origin(&self) -> Origin {
        self.server.origin()
    }

    /// Another process on the same database.
    pub(crate) async fn another(&self) -> Server {
        let options: Vec<&str> = self.options.iter().map(String::as_str).collect();
        Server(Instance::start(&self.database.url, &options).await)
    }

    /// Starts it again after it was killed.
    pub(crate) async fn restart(&mut self) {
        self.rows.is_left().await;
        self.server = self.another().await;
    }
}

/// Where a process listens, for those that speak to it.
#[derive(Clone)]
pub(crate) struct Origin {
    url: String,
    http: reqwest::Client,
}

/// No answer came, because the provider was killed.
#[derive(Debug)]
pub(crate) struct NoAnswer;

impl Origin {
    fn new(url: String) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE).build().unwrap();
        Self { url, http }
    }

    async fn get(&self, path: &str, session: &Session) -> Result<reqwest::Response, NoAnswer> {
        let request = self.http.get(format!("{}{path}", self.url));
        request.header(COOKIE, format!("session={}", session.cookie)).send().await.map_err(|_| NoAnswer)
    }

    /// Presses the button of the account page.
    pub(crate) async fn sign_out(&self, session: &Session) -> Result<(), NoAnswer> {
        let page = self.get("/", session).await?;
        assert_eq!(page.status(), 200);
        let page = page.text().await.map_err(|_| NoAnswer)?;
        self.press_the_button_of(&page, session).await
    }

    /// The account page.
    pub(crate) async fn page(&self, session: &Session) -> String {
        self.get("/", session).await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn press_the_button_of(&self, page: &str, session: &Session) -> Result<(), NoAnswer> {
        let (_, confirmation) = page.split_once("name=\"confirmation\" value=\"").expect("a button to sign out");
        let (confirmation, _) = confirmation.split_once('"').unwrap();
        let form = [("confirmation", confirmation), ("confirm", "yes")];
        let request = self.http.post(format!("{}/end_session", self.url)).form(&form);
        let answer = request.header(COOKIE, format!("session={}", session.cookie)).send().await;
        assert_eq!(answer.map_err(|_| NoAnswer)?.status(), 200);
        Ok(())
    }

    pub(crate) async fn is_signed_in(&self, session: &Session) -> bool {
        match self.get("/", session).await.unwrap().status().as_u16() {
            200 => true,
            303 => false,
            status => panic!("{status}"),
        }
    }

    /// Signs in to one more client. Returns whether the client gets a code.
    pub(crate) async fn sign_in_at(&self, client: &str, session: &Session) -> bool {
        let parameters =
            [("response_type", "code"), ("client_id", client), ("redirect_uri", CALLBACK), ("scope", "openid")];
        let query = serde_urlencoded::to_string(parameters).unwrap();
        let answer = self.get(&format!("/authorize?{query}"), session).await.unwrap();
        match answer.status().as_u16() {
            // Otherwise the provider asks again, because the session has gone.
            303 => answer.headers()["location"].to_str().unwrap().starts_with(CALLBACK),
            200 => false,
            status => panic!("{status}"),
        }
    }

    /// Signs in with a password. Returns how long the answer took.
    pub(crate) async fn sign_in(&self) -> Duration {
        let begin = Instant::now();
        let page = self.http.get(format!("{}/sign-in", self.url)).send().await.unwrap();
        let cookie = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut fields = hidden_fields(&page.text().await.unwrap());
        fields.extend([("username", "alice"), ("password", "wonderland")].map(|(name, value)| pair(name, value)));
        let request = self.http.post(format!("{}/sign-in", self.url)).header(COOKIE, cookie).form(&fields);
        assert_eq!(request.send().await.unwrap().status(), 303);
        begin.elapsed()
    }
}

fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let hidden = Selector::parse("form input[type=hidden]").unwrap();
    let page = Html::parse_document(page);
    page.select(&hidden).map(|input| pair(input.attr("name").unwrap(), input.attr("value").unwrap())).collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
