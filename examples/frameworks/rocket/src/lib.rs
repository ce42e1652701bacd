//! The logout endpoint on Rocket.
//!
//! The policy's `session_cookie` must be the `SameSite` attribute of the session's cookie. It is
//! `Lax` by default.

use std::io::Cursor;
use std::sync::Arc;

use host::{Host, session_cookie};
use oidc_logout::op::{Answer, Decision};
use rocket::data::{Data, ToByteUnit as _};
use rocket::http::{ContentType, Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Request, Response, async_trait};

/// The routes to mount at the root: one for each method that Rocket knows. Rocket answers other
/// methods by itself. It treats a form that begins with `_method=` as a request with that method.
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
        // The crate answers more than 64 KiB with its own page, so such a body must reach it.
        // Rocket reads at most twice that.
        match data.open(128.kibibytes()).into_bytes().await {
            Ok(body) => Outcome::Success(logout(&self.0, request, &body).await),
            Err(_) => Outcome::Error(Status::BadRequest),
        }
    }
}

async fn logout<'r>(host: &Host, request: &Request<'_>, body: &[u8]) -> Response<'r> {
    let (endpoint, now) = (host.endpoint().await, host.now().await);
    let cookie = session_cookie(request.headers().get("cookie").map(str::as_bytes));
    let session = host.session(cookie).await;

    let query = request.uri().query().map_or("", |query| query.as_str());
    let headers = request.headers().iter().map(|header| (header.name.to_string(), header.value.into_owned()));
    let request = endpoint.read(request.method().as_str(), query, headers, body);
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

fn respond<'r>(answer: &Answer, page: String) -> Response<'r> {
    let mut response = Response::build();
    response.status(Status::new(answer.status())).header(ContentType::HTML).sized_body(page.len(), Cursor::new(page));
    for (name, value) in &answer.headers() {
        response.raw_header_adjoin(name, value.to_owned());
    }
    response.finalize()
}
