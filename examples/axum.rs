//! A small provider on axum: the logout endpoint first, and then a stand-in for the rest of a
//! provider.
//!
//! ```text
//! cargo run --example axum
//! ```
//!
//! A real provider authenticates its users, keeps clients and sessions in a database, and marks its
//! cookies `Secure`.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{AppendHeaders, Html, IntoResponse, Response};
use axum::routing::{any, get};
use josekit::JoseError;
use josekit::jwk::{Jwk, alg::ed::EdCurve};
use josekit::jws::{EdDSA, JwsHeader, JwsSigner, serialize_compact};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use oidc_logout::op::{Answer, Client, Confirm, Decision, LogoutEndpoint, Refusal, Resubmit, Session, Told};
use oidc_logout::{ClientId, Headers, KeySet, Secret};
use rand::distr::{Alphanumeric, SampleString as _};
use serde_json::json;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use url::form_urlencoded;

#[tokio::main]
#[allow(clippy::print_stdout, reason = "it tells where to look")]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().json().init();
    let address = format!("127.0.0.1:{}", std::env::var("PORT").as_deref().unwrap_or("3000"));
    let listener = TcpListener::bind(&address).await.map_err(|error| format!("{address}: {error} (set PORT)"))?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("Open {url}, sign in, and follow the links to sign out.");
    println!("Try a form post from another site, which comes without the cookie: curl -id state=1 {url}/logout");
    serve(listener).await
}

pub(crate) async fn serve(listener: TcpListener) -> Result<(), Box<dyn Error>> {
    let host = Host::new(listener.local_addr()?.port())?;
    let router = Router::new()
        // The crate answers more than 64 KiB with its own page. axum must let such a body through,
        // and stops it only at twice that size.
        .route("/logout", any(logout).layer(DefaultBodyLimit::max(128 * 1024)))
        .route("/", get(home))
        .route("/login", get(login))
        .route("/client", get(client))
        .with_state(Arc::new(host));
    Ok(axum::serve(listener, router).await?)
}

async fn logout(
    State(host): State<Arc<Host>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let now = OffsetDateTime::now_utc();
    let sign_in = host.sign_in(&headers);
    let session = sign_in.as_ref().map(|sign_in| &sign_in.session);

    let request = host.endpoint.read(method.as_str(), query.unwrap_or_default(), &headers, body);
    let decision = match request.and_then(|request| host.endpoint.receive(request, now)) {
        Ok(pending) => {
            let client = pending.client_id().and_then(|id| host.clients.get(id));
            pending.decide(client, session)
        }
        Err(refusal) => refusal.into(),
    };
    tracing::info!(audit = %json!(decision.audit()), "logout");
    match decision {
        Decision::EndSession(end) => {
            host.sign_out(&headers);
            // The one client here has no channel by which it could be told.
            let answer = end.session_ended(Told::nobody()).into();
            ([(SET_COOKIE, NO_SESSION)], host.respond(&answer, None, now)).into_response()
        }
        Decision::Answer(answer) => host.respond(&answer, sign_in.as_ref(), now),
    }
}

impl Host {
    fn respond(&self, answer: &Answer, sign_in: Option<&SignIn>, now: OffsetDateTime) -> Response {
        let (title, content) = match answer {
            // Browsers do not show the body of a redirect, so both landings can have this page.
            Answer::Landing(_) => ("You are signed out", home_link()),
            Answer::Confirm(ask) => ("Do you want to sign out?", question(ask, sign_in)),
            Answer::Declined(_) => ("You are still signed in", home_link()),
            Answer::Resubmit(again) => ("One moment", self_posting_form(again)),
            Answer::Refuse(refusal) => {
                let offer = sign_in.and_then(|sign_in| self.endpoint.offer(&sign_in.session, now).ok());
                ("Signing out did not work", explanation(refusal, offer.as_ref()))
            }
        };
        page_with(answer.status(), &answer.headers(), title, &content)
    }
}

fn question(ask: &Confirm, sign_in: Option<&SignIn>) -> Markup {
    html! {
        @if ask.is_repeated() {
            p { "Your answer came too late, or you have signed in again since. Please answer once more." }
        }
        @if let Some(sign_in) = sign_in { p { "You are signed in as " strong { (sign_in.user) } "." } }
        @if let (true, Some(client)) = (ask.returns_to_client(), ask.client_id()) {
            p { "Once signed out, you go back to " strong { (client.as_str()) } "." }
        }
        (form(ask.fields(), &html! {
            button name="confirm" value="yes" { "Sign out" }
            button name="confirm" value="no" { "Stay signed in" }
        }))
    }
}

fn self_posting_form(again: &Resubmit) -> Markup {
    html! {
        (form(again.fields(), &html! { button { "Continue" } }))
        script { (PreEscaped("document.forms[0].submit()")) }
    }
}

fn explanation(refusal: &Refusal, offer: Option<&Confirm>) -> Markup {
    html! {
        p { "An application sent you here with a request that this provider does not accept." }
        @if let Some(offer) = offer {
            p { "You are still signed in." }
            (form(offer.fields(), &html! { button name="confirm" value="yes" { "Sign out" } }))
        }
        p { small { "For its developer: " code { (refusal.reason().code()) } ": " (refusal) "." } }
    }
}

/// A form that posts to the logout endpoint. maud escapes the values.
fn form<'v>(fields: impl Iterator<Item = (&'static str, &'v str)>, buttons: &Markup) -> Markup {
    html! {
        form method="post" action="/logout" {
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            (buttons)
        }
    }
}

fn page_with(status: u16, headers: &Headers<'_>, title: &str, content: &Markup) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, AppendHeaders(headers), Html(page(title, content).into_string())).into_response()
}

// The rest stands for what a provider has already, and for a client to try it with.

fn page(title: &str, content: &Markup) -> Markup {
    const STYLE: &str = "
        body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 8vh auto; padding: 0 1rem }
        button, input { font: inherit; padding: .3rem .9rem; margin-right: .5rem }";
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { h1 { (title) } (content) }
        }
    }
}

const NO_SESSION: &str = "session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";

fn home_link() -> Markup {
    html! { p { a href="/" { "Home" } } }
}

struct Host {
    endpoint: LogoutEndpoint,
    clients: HashMap<ClientId, Client>,
    sign_ins: Mutex<HashMap<String, SignIn>>,
    signer: Box<dyn JwsSigner>,
    issuer: String,
    client_uri: String,
}

#[derive(Clone)]
struct SignIn {
    user: String,
    sid: String,
    /// All clients of this provider know the user by the same `sub`. With pairwise subjects, a
    /// provider makes the `Session` once it knows the client.
    session: Session,
}

impl Host {
    fn new(port: u16) -> Result<Self, Box<dyn Error>> {
        let key = Jwk::generate_ed_key(EdCurve::Ed25519)?;
        let keys = KeySet::from_jwks(json!({ "keys": [key.to_public_key()?.as_ref()] }).to_string())?;
        let issuer = format!("http://127.0.0.1:{port}");
        // A browser takes localhost for another site than 127.0.0.1, so this acts as a real client.
        let client_uri = format!("http://localhost:{port}/client");
        let client = Client::builder("demo-client").post_logout_redirect_uri(&client_uri).build()?;
        Ok(Self {
            endpoint: LogoutEndpoint::new(&issuer, keys, Secret::new(rand::random::<[u8; 32]>())?),
            clients: HashMap::from([(client.id().clone(), client)]),
            sign_ins: Mutex::default(),
            signer: Box::new(EdDSA.signer_from_jwk(&key)?),
            issuer,
            client_uri,
        })
    }

    fn sign_in(&self, headers: &HeaderMap) -> Option<SignIn> {
        self.sign_ins().get(cookie(headers)?).cloned()
    }

    fn sign_out(&self, headers: &HeaderMap) {
        self.sign_ins().remove(cookie(headers).unwrap_or_default());
    }

    fn sign_ins(&self) -> MutexGuard<'_, HashMap<String, SignIn>> {
        self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ID Token that the client got when the user signed in.
    fn id_token(&self, sign_in: &SignIn) -> Result<String, JoseError> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let SignIn { user, sid, .. } = sign_in;
        let claims =
            json!({ "iss": self.issuer, "aud": "demo-client", "sub": user, "sid": sid, "iat": now, "exp": now });
        serialize_compact(claims.to_string().as_bytes(), &JwsHeader::new(), &*self.signer)
    }
}

/// Cookies are split as bytes, and only ours is decoded: any page of this host can set others that
/// hold any bytes, as `document.cookie = 'lang=español'` does.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let mut cookies = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
    cookies.find_map(|cookie| str::from_utf8(cookie.strip_prefix(b"session=")?).ok())
}

fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let mut members = form_urlencoded::parse(query?.as_bytes());
    let (_, value) = members.find(|member| member.0 == name)?;
    Some(value.into_owned())
}

async fn login(
    State(host): State<Arc<Host>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, StatusCode> {
    let random = || Alphanumeric.sample_string(&mut rand::rng(), 32);
    let (id, sid) = (random(), random());
    let user = parameter(query.as_deref(), "user").ok_or(StatusCode::BAD_REQUEST)?;
    let session = Session::new(rand::random(), &user).sid(&sid);
    let cookie = format!("session={id}; Path=/; HttpOnly; SameSite=Lax");
    host.sign_out(&headers);
    host.sign_ins().insert(id, SignIn { user, sid, session });
    Ok((StatusCode::SEE_OTHER, [(LOCATION, "/"), (SET_COOKIE, &cookie)]).into_response())
}

async fn home(State(host): State<Arc<Host>>, headers: HeaderMap) -> Result<Response, StatusCode> {
    let Some(sign_in) = host.sign_in(&headers) else {
        let content = html! {
            p { "You are not signed in." }
            form action="/login" { input name="user" value="alice" aria-label="User"; button { "Sign in" } }
        };
        return Ok(Html(page("Demo provider", &content).into_string()).into_response());
    };
    let hint = host.id_token(&sign_in).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let request = format!("/logout?post_logout_redirect_uri={}&state=af0ifj", host.client_uri);
    let refused = "/logout?post_logout_redirect_uri=https://evil.example/&client_id=demo-client";
    let offer = host.endpoint.offer(&sign_in.session, OffsetDateTime::now_utc());
    let offer = offer.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let content = html! {
        p { "You are signed in as " strong { (sign_in.user) } "." }
        (form(offer.fields(), &html! { button name="confirm" value="yes" { "Sign out" } }))
        p { "The demo client can ask for it too:" }
        ul {
            li { a href={ (request) "&id_token_hint=" (hint) } { "with a hint" } " (signs out and goes back)" }
            li { a href={ (request) "&client_id=demo-client" } { "without a hint" } " (asks first)" }
            li { a href=(refused) { "with a URI that is not registered" } " (is refused)" }
        }
    };
    Ok(page_with(offer.status(), &offer.headers(), "Demo provider", &content))
}

async fn client(RawQuery(query): RawQuery) -> Html<String> {
    let content = html! {
        p { "The provider sent you back. " a href="/" { "To the provider" } }
        @if let Some(state) = parameter(query.as_deref(), "state") { p { "The state is " code { (state) } "." } }
    };
    Html(page("Demo client", &content).into_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_beside_others_of_any_bytes() {
        for line in [b"lang=espa\xf1ol; session=1".as_slice(), b"session=1; \xff", b"session=\xf1;session=1"] {
            let value = HeaderValue::from_bytes(line).unwrap();
            assert_eq!(cookie(&HeaderMap::from_iter([(COOKIE, value)])), Some("1"), "{}", line.escape_ascii());
        }
    }
}
