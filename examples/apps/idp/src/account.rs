//! The provider's own page: who is signed in, at which clients, and the ways out.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::RawFormRejection;
use axum::extract::{RawForm, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use time::OffsetDateTime;

use crate::app::App;
use crate::clients::{self, Client};
use crate::http::{self, Internal, Parameters};
use crate::pages::{AccountPage, ClientLink, ClientName, Ended, PageError, SignedOutPage, ToldClients};
use crate::sessions::{self, Session};
use crate::{demo_rp, secrets};

pub(crate) const EVERYWHERE: &str = "/sign-out-everywhere";

pub(crate) async fn get(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Internal> {
    let Some(session) = app.session(&headers, None).await? else {
        return http::see_other("/sign-in");
    };
    let taking_part = clients::of_session(&app.db, &session).await?;
    let link = |client| ClientLink { name: Client::name(client), href: client.uri(), takes_part: true };
    let mut links: Vec<_> = taking_part.iter().map(link).collect();
    if let Some(demo) = app.demo_rp.as_ref().filter(|demo| !links.iter().any(|link| link.href == Some(demo.uri()))) {
        links.push(ClientLink { name: demo_rp::NAME, href: Some(demo.uri()), takes_part: false });
    }
    let offer = app.keys().await?.logout.offer(&session.for_logout()?, OffsetDateTime::now_utc())?;
    let language = http::language(&headers, None);
    let token = token(&app, &session);
    let content = AccountPage {
        language,
        offer: &offer,
        name: &session.user.name,
        username: &session.user.username,
        signed_in_at: OffsetDateTime::from_unix_timestamp(session.auth_time)?,
        clients: &links,
        everywhere: &[("token", &token)],
    };
    http::page(offer.status(), &offer.headers(), language, &content)
}

/// Ends all sessions of the user. Their clients are told by the worker, because there may be many.
pub(crate) async fn sign_out_everywhere(
    State(app): State<Arc<App>>,
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
    let Some(session) = app.session(&headers, None).await? else {
        return http::see_other("/sign-in");
    };
    if !form.get("token").is_some_and(|sent| secrets::equal(sent, &token(&app, &session))) {
        // An old page: the button of a new one works.
        return http::see_other("/");
    }
    let endings = sessions::end_everywhere(&app.db, &app.terms, &session.user).await?;
    app.delivery.wake();
    tracing::info!(subject = session.user.id, sessions = endings.len(), "signed out everywhere");
    let (mut pending, mut not_told) = (BTreeMap::new(), BTreeMap::new());
    for ending in &endings {
        let client = |id: &str| ending.clients.iter().find(|client| client.id == id);
        let due = ending.notices.back_channel().iter().filter_map(|notice| client(notice.client_id().as_str()));
        pending.extend(due.map(|client| (client.id.as_str(), name(client))));
        let others = ending.notices.not_told().iter().filter_map(|it| client(it.client_id.as_str()));
        not_told.extend(others.map(|client| (client.id.as_str(), name(client))));
    }
    let (pending, not_told): (Vec<_>, Vec<_>) = (pending.into_values().collect(), not_told.into_values().collect());
    let clients = ToldClients { pending: &pending, not_told: &not_told, ..ToldClients::default() };
    let language = http::language(&headers, None);
    let content = SignedOutPage { language, ended: Ended::Everywhere, clients, other_sessions: 0 };
    let policy = [("content-security-policy", "form-action 'none'"), ("set-login", "logged-out")];
    let cookie = [(SET_COOKIE, app.cookies.clear(app.cookies.session()))];
    Ok((AppendHeaders(cookie), http::page(200, policy, language, &content)?).into_response())
}

/// Authenticates the form, as no other site and no other session can write it.
fn token(app: &App, session: &Session) -> String {
    secrets::hmac_sha256(&app.sign_in_secret, &format!("everywhere {}", session.hash))
}

fn name(client: &Client) -> ClientName<'_> {
    ClientName { name: client.name(), href: client.uri() }
}
