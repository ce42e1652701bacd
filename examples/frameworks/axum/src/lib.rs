//! The logout endpoint on axum.
//!
//! The policy's `session_cookie` must be the `SameSite` attribute of the session's cookie. It is
//! `Lax` by default. The crate tower-sessions makes its cookie `Strict`: call its
//! `with_same_site(SameSite::Lax)`, or set `session_cookie` to `Strict`.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, Html, IntoResponse, Response};
use axum::routing::any;
use host::{Host, session_cookie};
use oidc_logout::op::{Answer, Decision};
use tokio::net::TcpListener;

/// Serves the endpoint at `/logout`.
///
/// # Errors
/// Those of the network.
pub async fn serve(listener: TcpListener, host: Arc<Host>) -> io::Result<()> {
    // The crate answers more than 64 KiB with its own page, so such a body must reach it. Only a
    // body of twice that size is stopped here.
    let logout = any(logout).layer(DefaultBodyLimit::max(128 * 1024));
    axum::serve(listener, Router::new().route("/logout", logout).with_state(host)).await
}

async fn logout(
    State(host): State<Arc<Host>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let (endpoint, now) = (host.endpoint().await, host.now().await);
    let cookie = session_cookie(headers.get_all(COOKIE));
    let session = host.session(cookie).await;

    let request = endpoint.read(method.as_str(), query.unwrap_or_default(), &headers, body);
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

fn respond(answer: &Answer, page: String) -> Response {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, AppendHeaders(&answer.headers()), Html(page)).into_response()
}
