//! The logout endpoint on actix-web.

use std::io;
use std::net::TcpListener;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, COOKIE};
use actix_web::web::{self, Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use host::{Host, pages, session_cookie};
use oidc_logout::{Decision, Headers, Landing};

/// Serves it.
///
/// # Errors
/// Those of the network.
pub async fn serve(listener: TcpListener, host: Data<Host>) -> io::Result<()> {
    let app = move || {
        // The crate reads 64 KiB and answers 413 to more; at twice that actix does.
        let limit = PayloadConfig::new(128 * 1024);
        App::new().app_data(limit).app_data(host.clone()).route("/logout", web::to(logout))
    };
    HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run().await
}

async fn logout(host: Data<Host>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let (endpoint, now) = (host.endpoint().await, host.now().await);
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let cookie = session_cookie(request.headers().get_all(COOKIE).filter_map(|value| value.to_str().ok()));
    let session = host.session(cookie).await;

    let request = endpoint.read(request.method().as_str(), content_type, request.query_string(), body);
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

fn landing_page(landing: &Landing) -> HttpResponse {
    answer(landing.status(), &landing.headers(), pages::signed_out())
}

fn answer(status: u16, headers: &Headers<'_>, page: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    for header in headers {
        answer.insert_header(header);
    }
    answer.content_type("text/html; charset=utf-8").body(page)
}
