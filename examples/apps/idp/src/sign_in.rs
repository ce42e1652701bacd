//! Signing in, for an authorization request or for the account page.
//!
//! The form carries the authorization request, so the server stores nothing for users who never
//! come back. It also carries a MAC of a random cookie that only this browser has, so that other
//! sites cannot forge the form.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::RawFormRejection;
use axum::extract::{ConnectInfo, RawForm, State};
use axum::http::HeaderMap;
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use url::Url;

use crate::app::App;
use crate::attempts::Limit;
use crate::authorize::AuthorizationRequest;
use crate::config::Config;
use crate::http::{self, ClientAddress, Internal, Parameters};
use crate::pages::{PageError, SignInError, SignInPage, TooManyAttemptsPage};
use crate::{secrets, sessions, store};

/// Tells the browser that somebody is signed in here (Login Status API), for FedCM. The logout
/// endpoint tells the opposite.
const LOGGED_IN: [(&str, &str); 1] = [("set-login", "logged-in")];

/// The form for the account page, without an authorization request.
pub(crate) async fn get(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Internal> {
    page(&app, &headers, None, None, None)
}

pub(crate) async fn post(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Result<RawForm, RawFormRejection>,
) -> Result<Response, Internal> {
    let form = match form {
        Ok(RawForm(form)) => form,
        Err(rejection) => return http::not_a_form(&headers, &rejection),
    };
    let Some(form) = Parameters::parse(&form) else {
        return http::error_page(&headers, PageError::BadRequest);
    };
    let request = match form.get("request") {
        None => None,
        Some(request) => match AuthorizationRequest::read(&app, request.as_bytes()).await? {
            Ok(request) => Some(request),
            Err(error) => return error.answer(&app, &headers),
        },
    };
    let again = |username, error| page(&app, &headers, request.as_ref(), username, Some(error));
    if !is_of_this_browser(&app, &headers, &form) {
        return again(None, SignInError::Expired);
    }
    let (Some(username), Some(password)) = (form.get("username"), form.get("password")) else {
        let (username, password) = (form.get("username"), form.get("password"));
        return again(username, SignInError::Missing { username: username.is_none(), password: password.is_none() });
    };
    let client_id = request.as_ref().map(|request| request.client.id.as_str());
    let (now, limits) = (store::now(), limits(&app, username, app.client_address(&headers, peer)));
    for limit in &limits {
        if let Some(wait) = limit.count(&app.db, now).await? {
            tracing::warn!(client_id, limit = limit.kind, "too many sign-ins");
            return too_many_attempts(&headers, wait);
        }
    }
    let (user, password_hash) = match app.passwords.check(&app.db, username, password).await? {
        Ok(right) => right,
        Err(subject) => {
            // The name is not logged, because people sometimes type their password there.
            tracing::info!(client_id, subject, "a sign-in failed");
            return again(Some(username), SignInError::Credentials);
        }
    };
    for limit in &limits {
        limit.succeeded(&app.db).await?;
    }
    let former = http::cookie(&headers, app.cookies.session());
    let started = sessions::start(&app, user, &password_hash, former, now).await?;
    let Some((id, session)) = started else {
        // The password has just been changed.
        return again(Some(username), SignInError::Credentials);
    };
    tracing::info!(client_id, subject = session.user.id, "signed in");
    let answer = match &request {
        Some(request) => request.answer_sign_in(&app, &headers, &session).await?,
        None => http::see_other("/")?,
    };
    // The form's cookie stays, because other forms may be open in this browser.
    let session = AppendHeaders([(SET_COOKIE, app.cookies.set(app.cookies.session(), &id))]);
    Ok((LOGGED_IN, session, answer).into_response())
}

/// The limits that an attempt counts against. The lowest one is for an account and a network
/// together, so that locking someone out takes many networks. One address would be too little for
/// it, because whoever has a network has all its addresses.
fn limits(app: &App, username: &str, source: Option<ClientAddress>) -> Vec<Limit> {
    let Config { sign_in_attempts, sign_in_attempts_per_account, sign_in_attempts_per_address, .. } = app.config;
    let window_seconds = app.config.sign_in_window_seconds;
    let mut limits = Vec::new();
    if let Some(ClientAddress { address, network }) = source {
        let subject = format!("{network} {username}");
        limits.push(Limit {
            kind: "address",
            subject: address,
            most: sign_in_attempts_per_address,
            forgives: false,
            window_seconds,
        });
        limits.push(Limit {
            kind: "account and network",
            subject,
            most: sign_in_attempts,
            forgives: true,
            window_seconds,
        });
    }
    let subject = username.to_owned();
    limits.push(Limit {
        kind: "account",
        subject,
        most: sign_in_attempts_per_account,
        forgives: false,
        window_seconds,
    });
    limits
}

/// The sign-in page. `username` is the name typed before, if any.
pub(crate) fn page(
    app: &App,
    headers: &HeaderMap,
    request: Option<&AuthorizationRequest>,
    username: Option<&str>,
    error: Option<SignInError>,
) -> Result<Response, Internal> {
    let language = request.map_or_else(|| http::language(headers, None), |request| request.language(headers));
    // The same cookie for all forms that are open in this browser.
    let name = app.cookies.sign_in();
    let browser = match http::cookie(headers, name).filter(|value| value.len() == 43) {
        Some(value) => value.to_owned(),
        None => secrets::random()?,
    };
    let token = secrets::hmac_sha256(&app.sign_in_secret, &browser);
    let encoded = request.map(AuthorizationRequest::encode);
    let mut fields = vec![("token", token.as_str())];
    fields.extend(encoded.as_deref().map(|request| ("request", request)));
    let leads_to = request.map(|request| address(request.redirect_uri()));
    let page = SignInPage {
        language,
        fields: &fields,
        client: request.map(|request| request.client.name()),
        leads_to: leads_to.as_deref().unwrap_or_default(),
        username: username.or(request.and_then(AuthorizationRequest::login_hint)).unwrap_or_default(),
        error,
    };
    let status = match error {
        None => 200,
        Some(SignInError::Credentials | SignInError::Expired) => 403,
        Some(SignInError::Missing { .. }) => 422,
    };
    let sources = request.map(|request| request.client.metadata.form_action(request.redirect_uri())).transpose()?;
    let policy = http::form_action(&sources.unwrap_or_default());
    let headers = [("content-security-policy", policy.as_str())];
    let answer = http::page(status, headers, language, &page)?;
    Ok((AppendHeaders([(SET_COOKIE, app.cookies.set(name, &browser))]), answer).into_response())
}

/// Where a redirect URI leads, for the user: its origin, or a private-use scheme.
fn address(uri: &str) -> String {
    match Url::parse(uri) {
        Ok(uri) if uri.origin().is_tuple() => uri.origin().ascii_serialization(),
        Ok(uri) => format!("{}:", uri.scheme()),
        Err(_) => uri.to_owned(),
    }
}

fn is_of_this_browser(app: &App, headers: &HeaderMap, form: &Parameters) -> bool {
    let cookie = http::cookie(headers, app.cookies.sign_in());
    let (Some(browser), Some(token)) = (cookie, form.get("token")) else {
        return false;
    };
    secrets::equal(token, &secrets::hmac_sha256(&app.sign_in_secret, browser))
}

fn too_many_attempts(headers: &HeaderMap, retry_after: Duration) -> Result<Response, Internal> {
    let language = http::language(headers, None);
    let page = TooManyAttemptsPage { language, retry_after };
    let policy = [("content-security-policy", "form-action 'none'")];
    let answer = http::page(429, policy, language, &page)?;
    Ok(([(RETRY_AFTER, retry_after.as_secs())], answer).into_response())
}
