//! Signing in, on the way of an authorization request or for the account page alone.
//!
//! The form carries the authorization request with it, so that nothing has to be kept for who never comes back. Against
//! forms of other sites it carries a MAC of a random cookie that only this browser has.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::RawFormRejection;
use axum::extract::{ConnectInfo, RawForm, State};
use axum::http::HeaderMap;
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::response::{AppendHeaders, IntoResponse as _, Response};

use crate::app::App;
use crate::attempts::Limit;
use crate::authorize::AuthorizationRequest;
use crate::http::{self, Internal, Parameters};
use crate::pages::{PageError, SignInError, SignInPage, TooManyAttemptsPage};
use crate::{secrets, sessions, store};

/// The form for whoever wants to see the account page.
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
    let address = app.client_address(&headers, peer);
    let window_seconds = app.config.sign_in_window_seconds;
    let of_account = Limit { kind: "account", subject: username, most: app.config.sign_in_attempts, window_seconds };
    let of_address =
        Limit { kind: "address", subject: &address, most: app.config.sign_in_attempts_per_address, window_seconds };
    let now = store::now();
    for limit in [&of_address, &of_account] {
        if let Some(wait) = limit.count(&app.pool, now).await? {
            tracing::warn!(limit = limit.kind, "too many sign-ins");
            return too_many_attempts(&headers, wait);
        }
    }
    let Some(user) = app.passwords.check(&app.pool, username, password).await? else {
        tracing::info!("a sign-in failed");
        return again(Some(username), SignInError::Credentials);
    };
    of_account.clear(&app.pool).await?;
    of_address.uncount(&app.pool).await?;
    let former = http::cookie(&headers, app.cookies.session());
    let (id, session) = sessions::start(&app.pool, user, former, now, app.config.session_seconds).await?;
    tracing::info!(subject = session.user.id, "signed in");
    let answer = match &request {
        Some(request) => request.answer_sign_in(&app, &headers, &session).await?,
        None => http::see_other("/")?,
    };
    let cookies = [app.cookies.set(app.cookies.session(), &id), app.cookies.clear(app.cookies.sign_in())];
    Ok((AppendHeaders(cookies.map(|cookie| (SET_COOKIE, cookie))), answer).into_response())
}

/// The sign-in page. `username` is what was typed before, where it was.
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
    let page = SignInPage {
        language,
        action: "/sign-in",
        fields: &fields,
        client: request.map(|request| request.client.name()),
        username: username.or(request.and_then(AuthorizationRequest::login_hint)).unwrap_or_default(),
        error,
    };
    let status = match error {
        None => 200,
        Some(SignInError::Credentials | SignInError::Expired) => 403,
        Some(SignInError::Missing { .. }) => 422,
    };
    // The redirect that follows the form leads to the client, which may redirect onwards, and who knows where. The form itself
    // is ours.
    let source = request.map(|request| format!("https: {}", http::form_action_source(request.redirect_uri())));
    let policy = http::form_action(source.as_deref());
    let headers = [("content-security-policy", policy.as_str())];
    let answer = http::page(status, headers, language, &page)?;
    Ok((AppendHeaders([(SET_COOKIE, app.cookies.set(name, &browser))]), answer).into_response())
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
    let page = TooManyAttemptsPage { language, retry_after, sign_in: "/sign-in" };
    let policy = [("content-security-policy", "form-action 'none'")];
    let answer = http::page(429, policy, language, &page)?;
    Ok(([(RETRY_AFTER, retry_after.as_secs())], answer).into_response())
}
