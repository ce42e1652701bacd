//! The logout endpoint on hyper alone.
//!
//! The policy's `session_cookie` must be the `SameSite` attribute of the session's cookie. It is
//! `Lax` by default.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use host::{Host, session_cookie};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, COOKIE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use oidc_logout::op::{Answer, Decision};
use tokio::net::TcpListener;

type Page = Response<Full<Bytes>>;

/// Serves the endpoint at `/logout`.
///
/// # Errors
/// Those of the network.
pub async fn serve(listener: TcpListener, host: Arc<Host>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let host = Arc::clone(&host);
        tokio::spawn(async move {
            let service = service_fn(|request| async { Ok::<_, Infallible>(route(&host, request).await) });
            // A broken connection is no fault of the server.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn route(host: &Host, request: Request<Incoming>) -> Page {
    if request.uri().path() != "/logout" {
        return plain(StatusCode::NOT_FOUND);
    }
    let (request, body) = request.into_parts();
    // The crate answers more than 64 KiB with its own page, so such a body must reach it. Only a
    // body of twice that size is stopped here.
    let Ok(body) = Limited::new(body, 128 * 1024).collect().await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE);
    };
    logout(host, &Request::from_parts(request, body.to_bytes())).await
}

async fn logout(host: &Host, request: &Request<Bytes>) -> Page {
    let (endpoint, now) = (host.endpoint().await, host.now().await);
    let cookie = session_cookie(request.headers().get_all(COOKIE));
    let session = host.session(cookie).await;

    let query = request.uri().query().unwrap_or_default();
    let request = endpoint.read(request.method().as_str(), query, request.headers(), request.body());
    let decision = match request.and_then(|request| endpoint.receive(request, now)) {
        Ok(pending) => {
            let client = host.client(pending.client_id()).await;
            let pending = pending.with_client(client.as_ref());
            let session = host.session_for(session.as_ref(), &pending).await;
            pending.decide(session.as_ref())
        }
        Err(refusal) => refusal.into(),
    };
    let answer = match decision {
        Decision::EndSession(end) => {
            let told = host.end_session(&end, cookie).await;
            end.session_ended(told).into()
        }
        Decision::Answer(answer) => answer,
    };
    let page = host.page(&answer, session.as_ref()).await;
    respond(&answer, page)
}

fn respond(answer: &Answer, page: String) -> Page {
    let mut response = Response::builder().status(answer.status()).header(CONTENT_TYPE, "text/html; charset=utf-8");
    for (name, value) in &answer.headers() {
        response = response.header(name, value);
    }
    response.body(page.into()).unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR))
}

fn plain(status: StatusCode) -> Page {
    let mut response = Page::default();
    *response.status_mut() = status;
    response
}
