//! A load balancer in front of several instances.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// Sends each request to the next instance in turn, as it is.
pub(crate) struct Balancer {
    turns: Arc<Turns>,
    serving: AbortHandle,
}

struct Turns {
    http: Client<HttpConnector, Body>,
    instances: Vec<SocketAddr>,
    taken: AtomicUsize,
}

impl Balancer {
    pub(crate) fn start(listener: TcpListener, instances: Vec<SocketAddr>) -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        let turns = Arc::new(Turns { http, instances, taken: AtomicUsize::new(0) });
        let router = Router::new().fallback(forward).with_state(Arc::clone(&turns));
        let serving = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { turns, serving: serving.abort_handle() }
    }

    /// How many requests it has passed on.
    pub(crate) fn requests(&self) -> usize {
        self.turns.taken.load(Ordering::Relaxed)
    }

    /// Skips one turn.
    pub(crate) fn skip(&self) {
        self.turns.taken.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn forward(State(turns): State<Arc<Turns>>, mut request: Request) -> Response {
    let turn = turns.taken.fetch_add(1, Ordering::Relaxed);
    let instance = turns.instances[turn % turns.instances.len()];
    let target = request.uri().path_and_query().unwrap().clone();
    let uri = Uri::builder().scheme("http").authority(instance.to_string()).path_and_query(target);
    *request.uri_mut() = uri.build().unwrap();
    match turns.http.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{instance}: {error:?}")).into_response(),
    }
}
