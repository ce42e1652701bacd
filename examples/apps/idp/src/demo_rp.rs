//! A client to try the provider with. It runs on the same server under another host name, so
//! browsers treat it as another site.
//!
//! It speaks to the provider as any client does, and remembers in cookies who is signed in, and in
//! memory which sessions have ended. It exists only while the provider is on loopback http.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use axum::routing::{get, post};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Header, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::config::Issuer;
use crate::http::{self, Internal, Parameters};
use crate::pages::{
    ClientAccountPage, ClientErrorPage, ClientHomePage, Form, Returned, SignOut, SignOutRequest, SignOutVariant,
};
use crate::{logout as end_session, secrets};

const CLIENT_ID: &str = "demo-rp";
const CLIENT_SECRET: &str = "everybody-knows-the-secret-of-demo-rp";
pub(crate) const NAME: &str = "Demo client";

const REQUEST_COOKIE: &str = "rp-request";
const ID_TOKEN_COOKIE: &str = "rp-id-token";
const LOGOUT_STATE_COOKIE: &str = "rp-logout-state";

/// How many ended sessions it remembers.
const MOST_ENDED: usize = 1000;

/// The member of `events` that makes a token a logout token (Back-Channel Logout 1.0, section 2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The client.
pub(crate) struct DemoRp {
    issuer: Issuer,
    home: String,
    http: reqwest::Client,
    /// The `sid` of sessions of which the provider has told that they have ended, the last one at
    /// the end.
    ended: Mutex<VecDeque<String>>,
}

/// A public client for native apps.
pub(crate) fn native_client() -> Value {
    json!({
        "client_id": "demo-native",
        "client_name": "Demo app",
        "application_type": "native",
        "redirect_uris": ["com.example.demo:/callback", "http://127.0.0.1:8765/callback"],
        "post_logout_redirect_uris": ["com.example.demo:/signed-out", "http://127.0.0.1/signed-out"],
    })
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/rp", get(home))
        .route("/rp/sign-in", get(sign_in))
        .route("/rp/callback", get(callback))
        .route("/rp/signed-out", get(signed_out))
        .route("/rp/forget", post(forget))
        .route("/rp/logout", post(logout))
}

impl DemoRp {
    /// The client, if the provider has another name: on loopback http.
    pub(crate) fn new(issuer: &Issuer) -> anyhow::Result<Option<Self>> {
        let Some(origin) = issuer.other_site() else {
            return Ok(None);
        };
        // It speaks to the provider by http alone, so it needs no certificate.
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        let http = http.redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Some(Self { issuer: issuer.clone(), home: format!("{origin}/rp"), http, ended: Mutex::default() }))
    }

    pub(crate) fn client(&self) -> Value {
        json!({
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "client_name": NAME,
            "client_uri": self.home,
            "redirect_uris": [self.uri_of("callback")],
            "post_logout_redirect_uris": [self.uri_of("signed-out")],
            "backchannel_logout_uri": self.uri_of("logout"),
            "backchannel_logout_session_required": true,
        })
    }

    pub(crate) fn uri(&self) -> &str {
        &self.home
    }

    fn uri_of(&self, page: &str) -> String {
        format!("{}/{page}", self.home)
    }

    /// Trades the code for an ID Token, and checks the token (Core 1.0, section 3.1.3.7).
    async fn redeem(&self, code: &str, code_verifier: &str, nonce: &str) -> anyhow::Result<String> {
        #[derive(Deserialize)]
        struct Tokens {
            id_token: String,
        }
        let redirect_uri = self.uri_of("callback");
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", code_verifier),
        ];
        let request = self.http.post(self.issuer.url("/token")).basic_auth(CLIENT_ID, Some(CLIENT_SECRET)).form(&form);
        let Tokens { id_token } = request.send().await?.error_for_status()?.json().await?;
        let (_, claims): (_, Map<String, Value>) = self.verify(&id_token).await?;
        ensure!(claims.get("nonce").and_then(Value::as_str) == Some(nonce), "the nonce is not the one sent");
        Ok(id_token)
    }

    /// The header and the claims of a token that the provider has issued to this client.
    async fn verify<C: DeserializeOwned + Clone>(&self, token: &str) -> anyhow::Result<(Header, C)> {
        let keys: JwkSet = self.http.get(self.issuer.url("/jwks")).send().await?.error_for_status()?.json().await?;
        let header = jsonwebtoken::decode_header(token)?;
        let key = header.kid.as_deref().and_then(|kid| keys.find(kid)).context("the key is not in the JWK Set")?;
        let mut validation = Validation::new(jsonwebtoken::Algorithm::RS256);
        validation.set_audience(&[CLIENT_ID]);
        validation.set_issuer(&[self.issuer.as_str()]);
        Ok((header, jsonwebtoken::decode(token, &DecodingKey::from_jwk(key)?, &validation)?.claims))
    }

    /// The `sid` of a logout token (Back-Channel Logout 1.0, section 2.6).
    async fn ended_session(&self, logout_token: &str) -> anyhow::Result<String> {
        #[derive(Clone, Deserialize)]
        struct LogoutToken {
            sid: String,
            events: Map<String, Value>,
            nonce: Option<Value>,
        }
        let (header, LogoutToken { sid, events, nonce }) = self.verify(logout_token).await?;
        ensure!(header.typ.as_deref() == Some("logout+jwt"), "the typ is not logout+jwt");
        ensure!(events.get(LOGOUT_EVENT).is_some_and(Value::is_object), "it is not about a logout");
        ensure!(nonce.is_none(), "it has a nonce, as ID Tokens do");
        Ok(sid)
    }

    fn end(&self, sid: String) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.push_back(sid);
        if ended.len() > MOST_ENDED {
            ended.pop_front();
        }
    }

    fn has_ended(&self, claims: &Map<String, Value>) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        claims.get("sid").and_then(Value::as_str).is_some_and(|sid| ended.iter().any(|ended| ended == sid))
    }
}

/// The claims of the ID Token that the browser keeps for us. Only that browser sees them, so they
/// are not verified again.
fn claims(id_token: &str) -> anyhow::Result<Map<String, Value>> {
    Ok(jsonwebtoken::dangerous::insecure_decode(id_token)?.claims)
}

async fn home(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Internal> {
    let rp = demo(&app)?;
    let id_token = http::cookie(&headers, ID_TOKEN_COOKIE);
    let signed_in = id_token.and_then(|token| Some((token, claims(token).ok()?)));
    let Some((id_token, claims)) = signed_in.filter(|(_, claims)| !rp.has_ended(claims)) else {
        let language = http::language(&headers, None);
        let page = ClientHomePage { language, client: NAME, signed_out: None };
        return answer(rp, &headers, &page);
    };
    let claims: Vec<_> = claims.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let claims: Vec<_> = claims.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let state = secrets::random()?;
    let requests = sign_out_requests(rp, id_token, &state);
    let forms: Vec<_> = requests
        .iter()
        .map(|it| it.1.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
        .collect();
    let end_session = rp.issuer.url(end_session::PATH);
    let links: Vec<_> = forms.iter().map(|fields| link(&end_session, fields)).collect();
    let mut sign_outs = Vec::new();
    for (((variant, _), fields), href) in requests.iter().zip(&forms).zip(&links) {
        let request = match variant {
            SignOutVariant::HintPost => SignOutRequest::Form(Form { action: &end_session, fields }),
            _ => SignOutRequest::Link { href },
        };
        sign_outs.push(SignOut { variant: *variant, request });
    }
    let language = http::language(&headers, None);
    let page = ClientAccountPage { language, client: NAME, claims: &claims, sign_outs: &sign_outs };
    Ok((set(LOGOUT_STATE_COOKIE, &state), answer(rp, &headers, &page)?).into_response())
}

/// The requests to try, each with its parameters.
fn sign_out_requests(rp: &DemoRp, id_token: &str, state: &str) -> Vec<(SignOutVariant, Vec<(&'static str, String)>)> {
    let hint = ("id_token_hint", id_token.to_owned());
    // The signature is cut short.
    let broken = ("id_token_hint", id_token.chars().take(id_token.len().saturating_sub(4)).collect());
    let client = ("client_id", CLIENT_ID.to_owned());
    let uri = ("post_logout_redirect_uri", rp.uri_of("signed-out"));
    let unregistered = ("post_logout_redirect_uri", rp.uri_of("elsewhere"));
    let long_state = ("state", state.repeat(50));
    let state = ("state", state.to_owned());
    vec![
        (SignOutVariant::Hint, vec![hint.clone(), uri.clone(), state.clone()]),
        (SignOutVariant::HintPost, vec![hint.clone(), uri.clone(), state.clone()]),
        (SignOutVariant::ClientId, vec![client, uri.clone(), state.clone()]),
        (SignOutVariant::NoRedirect, vec![hint.clone()]),
        (SignOutVariant::UnregisteredUri, vec![hint.clone(), unregistered, state.clone()]),
        (SignOutVariant::BrokenHint, vec![broken, uri.clone(), state]),
        (SignOutVariant::LongState, vec![hint, uri, long_state]),
    ]
}

async fn sign_in(State(app): State<Arc<App>>) -> Result<Response, Internal> {
    let rp = demo(&app)?;
    let (state, nonce, code_verifier) = (secrets::random()?, secrets::random()?, secrets::random()?);
    let redirect_uri = rp.uri_of("callback");
    let code_challenge = secrets::sha256(&code_verifier);
    let request = [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", &redirect_uri),
        ("scope", "openid profile"),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", &code_challenge),
        ("code_challenge_method", "S256"),
    ];
    let location = link(&rp.issuer.url("/authorize"), &request);
    let cookie = set(REQUEST_COOKIE, &format!("{state}.{nonce}.{code_verifier}"));
    Ok((cookie, http::see_other(&location)?).into_response())
}

async fn callback(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Internal> {
    let rp = demo(&app)?;
    let language = http::language(&headers, None);
    let failed = |error: &str, description: Option<&str>| {
        let page = ClientErrorPage { language, client: NAME, error, description };
        answer(rp, &headers, &page)
    };
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let mut request = http::cookie(&headers, REQUEST_COOKIE).unwrap_or_default().split('.');
    let (Some(state), Some(nonce), Some(code_verifier)) = (request.next(), request.next(), request.next()) else {
        return failed("unexpected", Some("this browser did not start a sign-in"));
    };
    if parameters.get("state") != Some(state) || parameters.get("iss") != Some(rp.issuer.as_str()) {
        return failed("unexpected", Some("state or iss is not the expected one"));
    }
    let Some(code) = parameters.get("code") else {
        return failed(parameters.get("error").unwrap_or("unexpected"), parameters.get("error_description"));
    };
    match rp.redeem(code, code_verifier, nonce).await {
        Ok(id_token) => {
            let cookies = (set(ID_TOKEN_COOKIE, &id_token), set(REQUEST_COOKIE, ""));
            Ok((cookies, http::see_other("/rp")?).into_response())
        }
        Err(error) => {
            tracing::warn!(%error, "the demo client got no ID Token");
            failed("unexpected", Some("the code was refused, or the ID Token is not valid"))
        }
    }
}

/// The `post_logout_redirect_uri`.
async fn signed_out(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Internal> {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let state = parameters.get("state");
    let expected = http::cookie(&headers, LOGOUT_STATE_COOKIE).filter(|state| !state.is_empty());
    let matches = state.is_some() && state == expected;
    let language = http::language(&headers, None);
    let signed_out = Some(Returned { state, matches });
    let page = ClientHomePage { language, client: NAME, signed_out };
    let answer = answer(demo(&app)?, &headers, &page)?;
    // Anybody can send the browser here. Only the right state ends the session at this client.
    let cookies = matches.then(|| (set(ID_TOKEN_COOKIE, ""), set(LOGOUT_STATE_COOKIE, "")));
    Ok(match cookies {
        Some(cookies) => (cookies, answer).into_response(),
        None => answer,
    })
}

/// The `backchannel_logout_uri`: the provider tells that a session has ended (Back-Channel Logout
/// 1.0, section 2.8).
async fn logout(State(app): State<Arc<App>>, body: Bytes) -> Result<Response, Internal> {
    let rp = demo(&app)?;
    let form = Parameters::parse(&body).unwrap_or_default();
    let ended = match form.get("logout_token") {
        Some(token) => rp.ended_session(token).await,
        None => Err(anyhow::anyhow!("there is no logout_token")),
    };
    let status = match ended {
        Ok(sid) => {
            rp.end(sid);
            StatusCode::OK
        }
        Err(error) => {
            tracing::warn!(%error, "the demo client refused a logout token");
            StatusCode::BAD_REQUEST
        }
    };
    Ok((status, [(CACHE_CONTROL, "no-store")]).into_response())
}

async fn forget() -> Result<Response, Internal> {
    Ok((set(ID_TOKEN_COOKIE, ""), http::see_other("/rp")?).into_response())
}

fn demo(app: &App) -> anyhow::Result<&DemoRp> {
    app.demo_rp.as_ref().context("there is no demo client")
}

/// A page of the client. Its policy lets forms go to the provider.
fn answer(rp: &DemoRp, headers: &HeaderMap, page: &impl Template) -> Result<Response, Internal> {
    let policy = http::form_action(&[oidc_logout::form_action_source(rp.issuer.as_str())?]);
    http::page(200, [("content-security-policy", policy.as_str())], http::language(headers, None), page)
}

fn set(name: &str, value: &str) -> AppendHeaders<[(axum::http::HeaderName, String); 1]> {
    let age = if value.is_empty() { "; Max-Age=0" } else { "" };
    AppendHeaders([(SET_COOKIE, format!("{name}={value}; Path=/rp; HttpOnly; SameSite=Lax{age}"))])
}

fn link(uri: &str, parameters: &[(&str, &str)]) -> String {
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, Some(*value))).collect();
    http::with_query(uri, &parameters)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
