//! The logout endpoint on hyper alone.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use host::{Host, pages, session_cookie};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, COOKIE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use oidc_logout::{Decision, Headers, Landing};
use tokio::net::TcpListener;

type Answer = Response<Full<Bytes>>;

/// Serves it.
///
/// # Errors
/// Those of the network.
pub async fn serve(listener: TcpListener, host: Arc<Host>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let host = Arc::clone(&host);
        tokio::spawn(async move {
            let service = service_fn(|request| async { Ok::<_, Infallible>(route(&host, request).await) });
            // What goes wrong on a connection is the client's affair.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn route(host: &Host, request: Request<Incoming>) -> Answer {
    if request.uri().path() != "/logout" {
        return plain(StatusCode::NOT_FOUND);
    }
    let (request, body) = request.into_parts();
    // The crate reads 64 KiB and answers 413 to more; at twice that this does.
    let Ok(body) = Limited::new(body, 128 * 1024).collect().await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE);
    };
    logout(host, &Request::from_parts(request, body.to_bytes())).await
}

async fn logout(host: &Host, request: &Request<Bytes>) -> Answer {
    let (endpoint, now) = (host.endpoint().await, host.now().await);
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let cookie = session_cookie(request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()));
    let session = host.session(cookie).await;

    let query = request.uri().query().unwrap_or_default();
    let request = endpoint.read(request.method().as_str(), content_type, query, request.body());
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

fn landing_page(landing: &Landing) -> Answer {
    answer(landing.status(), &landing.headers(), pages::signed_out())
}

fn answer(status: u16, headers: &Headers<'_>, page: String) -> Answer {
    let mut answer = Response::builder().status(status).header(CONTENT_TYPE, "text/html; charset=utf-8");
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    answer.body(page.into()).unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR))
}

fn plain(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}
