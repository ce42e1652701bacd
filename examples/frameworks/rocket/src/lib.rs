//! The logout endpoint on Rocket.

use std::io::Cursor;
use std::sync::Arc;

use host::{Host, pages, session_cookie};
use oidc_logout::{Decision, Headers, Landing};
use rocket::data::{Data, ToByteUnit as _};
use rocket::http::{ContentType, Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Request, Response, async_trait};

/// The routes to mount at the root: one for each method that Rocket knows. It answers others by itself,
/// and takes a form that begins with `_method=` for a request of that method.
#[must_use]
pub fn routes(host: &Arc<Host>) -> Vec<Route> {
    use Method::{Delete, Get, Head, Options, Patch, Post, Put, Trace};
    let route = |method| Route::new(method, "/logout", Logout(Arc::clone(host)));
    [Get, Head, Post, Put, Patch, Delete, Options, Trace].map(route).into()
}

#[derive(Clone)]
struct Logout(Arc<Host>);

#[async_trait]
impl Handler for Logout {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        // The crate answers 413 to more than 64 KiB; what is beyond twice that is not read.
        match data.open(128.kibibytes()).into_bytes().await {
            Ok(body) => Outcome::Success(logout(&self.0, request, &body).await),
            Err(_) => Outcome::Error(Status::BadRequest),
        }
    }
}

async fn logout<'r>(host: &Host, request: &Request<'_>, body: &[u8]) -> Response<'r> {
    let (endpoint, now) = (host.endpoint().await, host.now().await);
    let content_type = request.headers().get_one("content-type");
    let cookie = session_cookie(request.headers().get("cookie"));
    let session = host.session(cookie).await;

    let query = request.uri().query().map_or("", |query| query.as_str());
    let request = endpoint.read(request.method().as_str(), content_type, query, body);
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

fn landing_page<'r>(landing: &Landing) -> Response<'r> {
    answer(landing.status(), &landing.headers(), pages::signed_out())
}

fn answer<'r>(status: u16, headers: &Headers<'_>, page: String) -> Response<'r> {
    let mut answer = Response::build();
    answer.status(Status::new(status)).header(ContentType::HTML).sized_body(page.len(), Cursor::new(page));
    for (name, value) in headers {
        answer.raw_header(name, value.to_owned());
    }
    answer.finalize()
}
