//! The logout endpoint on poem.

use std::io;
use std::sync::Arc;

use host::{Host, pages, session_cookie};
use oidc_logout::{Decision, Headers, Landing};
use poem::http::StatusCode;
use poem::http::header::{CONTENT_TYPE, COOKIE};
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{Body, EndpointExt as _, Request, Response, Route, Server, handler};
use tokio::net::TcpListener;

/// Serves it.
///
/// # Errors
/// Those of the network.
pub async fn serve(listener: TcpListener, host: Arc<Host>) -> io::Result<()> {
    let app = Route::new().at("/logout", logout.data(host));
    Server::new_with_acceptor(TcpAcceptor::from_tokio(listener)?).run(app).await
}

#[handler]
async fn logout(Data(host): Data<&Arc<Host>>, request: &Request, body: Body) -> poem::Result<Response> {
    let (endpoint, now) = (host.endpoint().await, host.now().await);
    // The crate reads 64 KiB and answers 413 to more; at twice that poem does.
    let body = body.into_bytes_limit(128 * 1024).await?;
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let cookie = session_cookie(request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()));
    let session = host.session(cookie).await;

    let query = request.uri().query().unwrap_or_default();
    let request = endpoint.read(request.method().as_str(), content_type, query, body);
    let decision = match request.and_then(|request| endpoint.receive(request, now)) {
        Ok(pending) => {
            let client = host.client(pending.client_id()).await;
            pending.decide(client.as_ref(), session.as_ref())
        }
        Err(refusal) => Decision::Refuse(refusal),
    };
    Ok(match decision {
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
    })
}

fn landing_page(landing: &Landing) -> Response {
    answer(landing.status(), &landing.headers(), pages::signed_out())
}

fn answer(status: u16, headers: &Headers<'_>, page: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = Response::builder().status(status).content_type("text/html; charset=utf-8");
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    answer.body(page)
}
