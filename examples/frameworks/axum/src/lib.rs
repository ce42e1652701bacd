//! The logout endpoint on axum.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, Html, IntoResponse, Response};
use axum::routing::any;
use host::{Host, pages, session_cookie};
use oidc_logout::{Decision, Headers, Landing};
use tokio::net::TcpListener;

/// Serves it.
///
/// # Errors
/// Those of the network.
pub async fn serve(listener: TcpListener, host: Arc<Host>) -> io::Result<()> {
    // The crate reads 64 KiB and answers 413 to more; at twice that axum does.
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
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let cookie = session_cookie(headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()));
    let session = host.session(cookie).await;

    let request = endpoint.read(method.as_str(), content_type, query.unwrap_or_default(), body);
    let decision = match request.and_then(|request| endpoint.receive(request, now)) {
        Ok(pending) => {
            let client = host.client(pending.client_id()).await;
            pending.decide(client.as_ref(), session.as_ref())
        }
        Err(refusal) => Decision::Refuse(refusal),
    };
    match decision {
        Decision::EndSession(end) => {
            host.end_session(cookie).await;
            landing_page(&end.session_ended())
        }
        Decision::NoSession(landing) => landing_page(&landing),
        Decision::Confirm(ask) => answer(ask.status(), &ask.headers(), pages::confirmation(&ask)),
        Decision::Declined(no) => answer(no.status(), &no.headers(), pages::still_signed_in()),
        Decision::Resubmit(again) => answer(again.status(), &again.headers(), pages::self_posting(&again)),
        Decision::Refuse(refusal) => {
            let offer = session.map(|session| endpoint.offer(&session, now));
            let headers = refusal.headers_with_offer(offer.as_ref());
            answer(refusal.status(), &headers, pages::error(&refusal, offer.as_ref()))
        }
    }
}

fn landing_page(landing: &Landing) -> Response {
    answer(landing.status(), &landing.headers(), pages::signed_out())
}

fn answer(status: u16, headers: &Headers<'_>, page: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, AppendHeaders(headers), Html(page)).into_response()
}
