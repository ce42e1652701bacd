//! The logout endpoint on poem.
//!
//! The policy's `session_cookie` must be the `SameSite` attribute of the session's cookie. It is
//! `Lax` by default.

use std::io;
use std::sync::Arc;

use host::{Host, session_cookie};
use oidc_logout::op::{Answer, Decision};
use poem::http::StatusCode;
use poem::http::header::COOKIE;
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{Body, EndpointExt as _, Request, Response, Route, Server, handler};
use tokio::net::TcpListener;

/// Serves the endpoint at `/logout`.
///
/// # Errors
/// Those of the network.
pub async fn serve(listener: TcpListener, host: Arc<Host>) -> io::Result<()> {
    let app = Route::new().at("/logout", logout.data(host));
    Server::new_with_acceptor(TcpAcceptor::from_tokio(listener)?).run(app).await
}

#[handler]
async fn logout(Data(host): Data<&Arc<Host>>, request: &Request, body: Body) -> poem::Result<Response> {
    // The crate answers more than 64 KiB with its own page, so such a body must reach it. Only a
    // body of twice that size is stopped here.
    let body = body.into_bytes_limit(128 * 1024).await?;
    let (endpoint, now) = (host.endpoint().await, host.now().await);
    let cookie = session_cookie(request.headers().get_all(COOKIE));
    let session = host.session(cookie).await;

    let query = request.uri().query().unwrap_or_default();
    let request = endpoint.read(request.method().as_str(), query, request.headers(), body);
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
    Ok(respond(&answer, page))
}

fn respond(answer: &Answer, page: String) -> Response {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::builder().status(status).content_type("text/html; charset=utf-8");
    for (name, value) in &answer.headers() {
        response = response.header(name, value);
    }
    response.body(page)
}
