//! The logout endpoint on actix-web.
//!
//! The policy's `session_cookie` must be the `SameSite` attribute of the session's cookie. It is
//! `Lax` by default.

use std::io;
use std::net::TcpListener;

use actix_web::http::StatusCode;
use actix_web::http::header::COOKIE;
use actix_web::web::{self, Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use host::{Host, session_cookie};
use oidc_logout::op::{Answer, Decision};

/// Serves the endpoint at `/logout`.
///
/// # Errors
/// Those of the network.
pub async fn serve(listener: TcpListener, host: Data<Host>) -> io::Result<()> {
    let app = move || {
        // The crate answers more than 64 KiB with its own page, so such a body must reach it. Only
        // a body of twice that size is stopped here.
        let limit = PayloadConfig::new(128 * 1024);
        App::new().app_data(limit).app_data(host.clone()).route("/logout", web::to(logout))
    };
    HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run().await
}

async fn logout(host: Data<Host>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let (endpoint, now) = (host.endpoint().await, host.now().await);
    let cookie = session_cookie(request.headers().get_all(COOKIE));
    let session = host.session(cookie).await;

    let request = endpoint.read(request.method().as_str(), request.query_string(), request.headers(), body);
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

fn respond(answer: &Answer, page: String) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for header in &answer.headers() {
        response.append_header(header);
    }
    response.content_type("text/html; charset=utf-8").body(page)
}
