//! Clients that are told of logouts in frames: a server that keeps every request, and answers in a
//! frame as a test wants.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::form_urlencoded;

use super::chromium::PATIENCE;
use super::driver::Browser;
use super::provider::Provider;

const SECRET: &str = "a-secret-of-32-letters-at-least.";

/// How a client answers in its frame.
#[derive(Clone)]
pub(crate) enum Answers {
    /// With a page.
    Page(String),
    /// With a status, and a page of an error.
    Status(u16),
    /// With a page that has this header.
    Header(&'static str, &'static str),
    /// With a page, after a while.
    Slowly(Duration),
    /// With a redirect.
    Redirect(String),
    /// Never.
    Never,
}

/// A request to a client.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) arrived: Instant,
    pub(crate) answered: Option<Instant>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The client's cookie, which is `SameSite=Lax`.
    pub(crate) fn cookie(&self) -> Option<&str> {
        self.header("cookie").split("; ").find_map(|cookie| cookie.strip_prefix("client="))
    }
}

#[derive(Default)]
struct Shared {
    /// With the client and its page.
    requests: Vec<(String, String, Request)>,
    answers: HashMap<String, Answers>,
    /// The status with which a client answers notices by the back channel.
    statuses: HashMap<String, u16>,
    /// Where the browser finds each client.
    origins: HashMap<String, String>,
}

/// The clients, at one server. Those at `127.0.0.1` are on the provider's site, for cookies do not
/// know ports. Those at `localhost` are on another one.
pub(crate) struct Clients {
    port: u16,
    shared: Arc<Mutex<Shared>>,
    serving: JoinHandle<()>,
}

/// What a sign-in at a client leads to.
pub(crate) struct SignedIn {
    pub(crate) id_token: String,
    pub(crate) sid: String,
}

impl Clients {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::default();
        let router = Router::new().route("/{client}/{page}", any(answer)).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { port, shared, serving }
    }

    /// The metadata of a client on the provider's site.
    pub(crate) fn same_site(&self, id: &str) -> Value {
        self.client("127.0.0.1", id)
    }

    /// The metadata of a client on another site.
    pub(crate) fn other_site(&self, id: &str) -> Value {
        self.client("localhost", id)
    }

    /// One on another site, whose frame is answered like this.
    pub(crate) fn answering(&self, id: &str, answers: Answers) -> Value {
        self.answers(id, answers);
        self.other_site(id)
    }

    fn client(&self, host: &str, id: &str) -> Value {
        let origin = format!("http://{host}:{}", self.port);
        self.shared.lock().unwrap().origins.insert(id.to_owned(), origin);
        json!({
            "client_id": id,
            "client_secret": SECRET,
            "client_name": format!("Demo {id}"),
            "redirect_uris": [self.url(id, "callback")],
            "post_logout_redirect_uris": [self.url(id, "signed-out")],
            "frontchannel_logout_uri": self.url(id, "frame?kept=a%20b"),
        })
    }

    /// The same with a back channel, whose notices are answered with a status.
    pub(crate) fn with_back_channel(&self, mut client: Value, status: u16) -> Value {
        let id = client["client_id"].as_str().unwrap().to_owned();
        client["backchannel_logout_uri"] = self.url(&id, "notice").into();
        self.shared.lock().unwrap().statuses.insert(id, status);
        client
    }

    pub(crate) fn url(&self, id: &str, page: &str) -> String {
        format!("{}/{id}/{page}", self.shared.lock().unwrap().origins[id])
    }

    /// A URL of this server that belongs to no client.
    pub(crate) fn elsewhere(&self) -> String {
        format!("http://rp.localhost:{}/elsewhere/page", self.port)
    }

    pub(crate) fn answers(&self, id: &str, answers: Answers) {
        self.shared.lock().unwrap().answers.insert(id.to_owned(), answers);
    }

    /// The requests for a page of a client.
    pub(crate) fn requests(&self, id: &str, page: &str) -> Vec<Request> {
        let shared = self.shared.lock().unwrap();
        let requests = shared.requests.iter().filter(|(client, at, _)| client == id && at == page);
        requests.map(|(.., request)| request.clone()).collect()
    }

    /// The only request for a page of a client. It may still be on its way.
    pub(crate) async fn request(&self, id: &str, page: &str) -> Request {
        let begin = Instant::now();
        loop {
            let mut requests = self.requests(id, page);
            assert!(requests.len() <= 1, "{id} {page}: {requests:?}");
            if let Some(request) = requests.pop() {
                return request;
            }
            assert!(begin.elapsed() < PATIENCE, "{id} {page} is not asked for");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Forgets the requests up to now.
    pub(crate) fn forget(&self) {
        self.shared.lock().unwrap().requests.clear();
    }

    /// Signs in to a client, as `alice` if nobody is signed in at the provider.
    pub(crate) async fn sign_in(&self, provider: &Provider, browser: &Browser, id: &str) -> SignedIn {
        let redirect_uri = self.url(id, "callback");
        let request =
            [("response_type", "code"), ("scope", "openid"), ("client_id", id), ("redirect_uri", &redirect_uri)];
        let query = serde_urlencoded::to_string(request).unwrap();
        browser.goto(&provider.url(&format!("/authorize?{query}"))).await;
        let back = format!("Signed in at {id}");
        if browser.sees_one_of(&["Sign in", "Iniciar sesión", &back]).await != back {
            browser.fill_in_sign_in("alice").await;
            browser.sees(&back).await;
        }
        let code = self.requests(id, "callback").pop().unwrap().query["code"].clone();
        let form = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", &*redirect_uri)];
        let post = provider.http.post(provider.url("/token")).basic_auth(id, Some(SECRET));
        let tokens: Value = post.form(&form).send().await.unwrap().json().await.unwrap();
        let id_token = tokens["id_token"].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned();
        let claims = URL_SAFE_NO_PAD.decode(id_token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        SignedIn { id_token, sid: claims["sid"].as_str().unwrap().to_owned() }
    }

    /// Signs in to several clients, the last of which asks for the sign-out. Returns that request.
    pub(crate) async fn sign_out_of(&self, provider: &Provider, browser: &Browser, ids: &[&str]) -> String {
        let mut hint = String::new();
        for id in ids {
            hint = self.sign_in(provider, browser, id).await.id_token;
        }
        self.sign_out(provider, ids.last().unwrap(), &hint)
    }

    /// A request of a client that leads back to it.
    pub(crate) fn sign_out(&self, provider: &Provider, id: &str, hint: &str) -> String {
        let uri = self.url(id, "signed-out");
        provider.end_session(&[("id_token_hint", hint), ("post_logout_redirect_uri", &uri), ("state", id)])
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    State(shared): State<Arc<Mutex<Shared>>>,
    Path((id, page)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let (index, answers, status) = {
        let mut shared = shared.lock().unwrap();
        let request = Request { query, headers, arrived: Instant::now(), answered: None };
        let index = shared.requests.len();
        shared.requests.push((id.clone(), page.clone(), request));
        let answers = shared.answers.get(&id).cloned().unwrap_or(Answers::Page("<p>Signed out".to_owned()));
        (index, answers, shared.statuses.get(&id).copied().unwrap_or(200))
    };
    let html = |body: &str| {
        let page =
            format!("<!DOCTYPE html><meta charset=utf-8><title>Client</title><link rel=icon href='data:,'>{body}");
        Response::builder().header(CONTENT_TYPE, "text/html").body(Body::from(page)).unwrap()
    };
    let mut response = match &*page {
        "callback" => html(&format!("<h1>Signed in at {id}</h1>")),
        "signed-out" => html(&format!("<h1>Back at {id}</h1>")),
        "notice" => Response::builder().status(status).body(Body::empty()).unwrap(),
        "frame" => match answers {
            Answers::Page(body) => html(&body),
            Answers::Status(status) => {
                let mut response = html("<h1>Error</h1>");
                *response.status_mut() = status.try_into().unwrap();
                response
            }
            Answers::Header(name, value) => {
                let mut response = html("<h1>Framed</h1>");
                response.headers_mut().insert(name, value.parse().unwrap());
                response
            }
            Answers::Slowly(wait) => {
                tokio::time::sleep(wait).await;
                html("<p>Signed out")
            }
            Answers::Redirect(to) => {
                Response::builder().status(303).header("location", to).body(Body::empty()).unwrap()
            }
            Answers::Never => std::future::pending().await,
        },
        _ => html("<h1>Elsewhere</h1>"),
    };
    if page == "callback" {
        let cookie = format!("client={id}; Path=/{id}; HttpOnly; SameSite=Lax");
        response.headers_mut().insert(SET_COOKIE, cookie.parse().unwrap());
    }
    if let Some((.., request)) = shared.lock().unwrap().requests.get_mut(index) {
        request.answered = Some(Instant::now());
    }
    response
}
