//! Clients that are told of logouts: an HTTP server, over TLS too, that keeps every request, and
//! answers as a test wants.

#![allow(dead_code, reason = "each test crate uses a part of it")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use axum::routing::any;
use axum_server::tls_rustls::RustlsConfig;
use http_body_util::channel::Channel;
use rcgen::{CertifiedKey, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ServerConfig, SupportedProtocolVersion};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::instance::PATIENCE;
use crate::{CALLBACK, SIGNED_OUT};

/// The secret of every client of the file.
pub(crate) const SECRET: &str = "a secret of 32 letters, at least.";

/// How a client answers a notice.
#[derive(Clone, Debug)]
pub(crate) enum Answers {
    With(u16),
    /// With a status and a `Retry-After`.
    Later(u16, &'static str),
    /// With a redirect to this address.
    Redirect(String),
    /// With a status, after a while.
    Slowly(u16, Duration),
    /// Never.
    Never,
    /// With 200 and a body that never ends, a byte at a time.
    Drips,
    /// With 200 and a body of so many bytes.
    Floods(u64),
}

/// A request that a client has received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The client, as the path names it.
    pub(crate) client: String,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

impl Received {
    pub(crate) fn logout_token(&self) -> &str {
        self.body.strip_prefix("logout_token=").unwrap_or_else(|| panic!("no logout token: {self:?}"))
    }

    /// The claims, without a look at the signature.
    pub(crate) fn claims(&self) -> Value {
        jsonwebtoken::dangerous::insecure_decode::<Value>(self.logout_token()).unwrap().claims
    }
}

#[derive(Default)]
struct Shared {
    received: Vec<Received>,
    /// What each client answers, the next one last. The last of them stays.
    answers: HashMap<String, Vec<Answers>>,
}

/// The clients, at one address.
#[derive(Clone)]
pub(crate) struct Stub {
    origin: String,
    shared: Arc<Mutex<Shared>>,
}

impl Stub {
    /// They answer 200 until they are told otherwise.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let stub = Self { origin, shared: Arc::default() };
        let router = stub.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        stub
    }

    /// The same over TLS, by some of its versions, with a certificate for `localhost`.
    pub(crate) fn start_over_tls(
        certified: &CertifiedKey<KeyPair>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let tls = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let tls = tls.with_protocol_versions(versions).unwrap().with_no_client_auth();
        let (certificate, key) = (certified.cert.der().clone(), certified.signing_key.serialize_der());
        let tls = tls.with_single_cert(vec![certificate], key.try_into().unwrap()).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let stub = Self { origin, shared: Arc::default() };
        let server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(tls))).unwrap();
        tokio::spawn(server.serve(stub.router().into_make_service()));
        stub
    }

    fn router(&self) -> Router {
        Router::new().route("/{client}", any(receive)).with_state(self.clone())
    }

    /// Where the clients are.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The `backchannel_logout_uri` of a client.
    pub(crate) fn uri(&self, client: &str) -> String {
        format!("{}/{client}", self.origin)
    }

    /// A client for the operator's file, with more metadata.
    pub(crate) fn client(&self, id: &str, more: &Value) -> Value {
        let mut client = json!({
            "client_id": id,
            "client_secret": SECRET,
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [SIGNED_OUT],
            "backchannel_logout_uri": self.uri(id),
        });
        client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client
    }

    /// What a client answers from now on: one after the other, and the last one again and again.
    pub(crate) fn answers(&self, client: &str, answers: &[Answers]) {
        let answers = answers.iter().rev().cloned().collect();
        self.shared.lock().unwrap().answers.insert(client.to_owned(), answers);
    }

    /// What all clients have received.
    pub(crate) fn all_received(&self) -> Vec<Received> {
        self.shared.lock().unwrap().received.clone()
    }

    /// What one client has received.
    pub(crate) fn received(&self, client: &str) -> Vec<Received> {
        self.all_received().into_iter().filter(|received| received.client == client).collect()
    }

    /// Waits until a client has received so many.
    pub(crate) async fn receives(&self, client: &str, number: usize) -> Vec<Received> {
        let begin = Instant::now();
        loop {
            let received = self.received(client);
            if received.len() >= number {
                return received;
            }
            assert!(begin.elapsed() < PATIENCE, "{client} has received {} of {number}", received.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Forgets what was received.
    pub(crate) fn forget(&self) {
        self.shared.lock().unwrap().received.clear();
    }
}

async fn receive(
    State(stub): State<Stub>,
    Path(client): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = {
        let mut shared = stub.shared.lock().unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let received = Received { client: client.clone(), method, uri, headers, body, at: Instant::now() };
        shared.received.push(received);
        match shared.answers.get_mut(&client) {
            None => Answers::With(200),
            Some(answers) if answers.len() > 1 => answers.pop().unwrap(),
            Some(answers) => answers[0].clone(),
        }
    };
    let response = |status: u16| Response::builder().status(status);
    match answer {
        Answers::With(status) => response(status).body(Body::empty()).unwrap(),
        Answers::Later(status, wait) => response(status).header("retry-after", wait).body(Body::empty()).unwrap(),
        Answers::Redirect(to) => response(307).header("location", to).body(Body::empty()).unwrap(),
        Answers::Slowly(status, wait) => {
            tokio::time::sleep(wait).await;
            response(status).body(Body::empty()).unwrap()
        }
        Answers::Never => std::future::pending().await,
        Answers::Drips => response(200).body(stream(u64::MAX, 1, Duration::from_millis(100))).unwrap(),
        Answers::Floods(bytes) => response(200).body(stream(bytes, 64 * 1024, Duration::ZERO)).unwrap(),
    }
}

/// A body of so many bytes, a piece at a time, for as long as somebody reads it.
fn stream(bytes: u64, piece: u64, wait: Duration) -> Body {
    let (mut sender, body) = Channel::<Bytes>::new(1);
    tokio::spawn(async move {
        let whole = Bytes::from(vec![b'x'; usize::try_from(piece).unwrap()]);
        for _ in 0..bytes / piece {
            if sender.send_data(whole.clone()).await.is_err() {
                return;
            }
            tokio::time::sleep(wait).await;
        }
    });
    Body::new(body)
}
