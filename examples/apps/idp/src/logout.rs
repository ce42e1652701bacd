//! The logout endpoint: `oidc_logout` decides, and this module carries the decision out and answers
//! with a page or a redirect.

use std::sync::Arc;

use anyhow::Context as _;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use oidc_logout::op::{
    Answer, AuditRecord, Confirm, Decision, Landing, LogoutRequest, Refusal, RefusalReason, Told, UiLocales,
};
use time::OffsetDateTime;

use crate::app::App;
use crate::clients::{self, Client};
use crate::http::{self, Internal};
use crate::pages::{ConfirmPage, DeclinedPage, Ended, Language, RefusalPage, ResubmitPage, SignedOutPage};
use crate::sessions::{self, Session};
use crate::store;

pub(crate) const PATH: &str = "/end_session";

pub(crate) async fn end_session(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Internal> {
    let now = OffsetDateTime::now_utc();
    let keys = app.keys().await?;
    let endpoint = &keys.logout;
    let session;
    let (mut client, mut found_by_sid) = (None, None);

    let request = match &body {
        Ok(body) => endpoint.read(method.as_str(), query.unwrap_or_default(), &headers, body),
        Err(_) => Err(Refusal::from(RefusalReason::RequestTooLarge)),
    };
    let decision = match request.and_then(|request| endpoint.receive(request, now)) {
        Ok(pending) => {
            if let Some(id) = pending.client_id() {
                client = clients::find(&app.db, id.as_str()).await?;
            }
            session = app.session(&headers, client.as_ref().map(|client| client.id.as_str())).await?;
            let known_client = client.as_ref().map(Client::for_logout);
            let pending = pending.with_client(known_client.as_ref());
            let mut known_session = session.as_ref().map(Session::for_logout).transpose()?;
            if session.is_none()
                && let Some(look_up) = pending.sid_to_find()
            {
                let client_id = look_up.client_id().as_str();
                found_by_sid = sessions::find_by_sid(&app.db, client_id, look_up.sid(), store::now()).await?;
                let found = found_by_sid.as_ref().map(Session::for_logout).transpose()?;
                known_session = found.map(|session| look_up.found(session));
            }
            pending.decide(known_session.as_ref())
        }
        Err(refusal) => {
            session = app.session(&headers, None).await?;
            refusal.into()
        }
    };
    let mut audit = decision.audit();
    let ui_locales = decision.request().and_then(LogoutRequest::ui_locales);
    let language = http::language(&headers, ui_locales.map(UiLocales::as_str));
    let page = Page { app: &app, language, session: session.as_ref(), client: client.as_ref() };
    let mut left = LeftBehind::default();
    let mut cookie = None;
    let answer = match decision {
        Decision::EndSession(end) if end.is_found_by_sid() => {
            let session = found_by_sid.as_ref().context("there is no session to end")?;
            audit.also_ended = sessions::end(&app.db, session, store::now()).await?;
            // It is another browser's: the cookies of this one stay, and the page names nothing of
            // it.
            left = LeftBehind { ended: Ended::Elsewhere, ..LeftBehind::default() };
            end.session_ended(Told::nobody()).into()
        }
        Decision::EndSession(end) => {
            let session = session.as_ref().context("there is no session to end")?;
            if !end.returns_to_client() {
                left = page.left_behind(session).await?;
            }
            audit.also_ended = sessions::end(&app.db, session, store::now()).await?;
            cookie = Some([(SET_COOKIE, app.cookies.clear(app.cookies.session()))]);
            end.session_ended(Told::nobody()).into()
        }
        Decision::Answer(answer) => answer,
    };
    if let Answer::Refuse(refusal) = &answer
        && let RefusalReason::HostError(error) = refusal.reason()
    {
        tracing::error!(%error, "the logout endpoint failed");
    }
    // Log only once the session has really ended.
    log(&audit, session.as_ref().or(found_by_sid.as_ref()));
    // Whoever is signed in gets a way out, whatever is wrong with the request.
    let offer = match (&answer, &session) {
        (Answer::Refuse(_), Some(session)) => endpoint.offer(&session.for_logout()?, now).ok(),
        _ => None,
    };
    let response = page.respond(&answer, &left, offer.as_ref())?;
    Ok((cookie.map(AppendHeaders), response).into_response())
}

/// Logs the record, one field per member.
fn log(audit: &AuditRecord, session: Option<&Session>) {
    let hint = audit.hint.as_ref();
    tracing::info!(
        decision = audit.decision,
        method = audit.method,
        parameters = audit.parameters.join(" "),
        client_id = audit.client_id,
        redirect = audit.redirect,
        reasons = audit.reasons.join(" "),
        hint = hint.map(|hint| hint.standing),
        hint_error = hint.and_then(|hint| hint.error),
        hint_algorithm = hint.and_then(|hint| hint.algorithm),
        hint_key_id = hint.and_then(|hint| hint.key_id.as_deref()),
        hint_age_seconds = hint.and_then(|hint| hint.age_seconds),
        session = audit.session,
        also_ended = audit.also_ended.join(" "),
        subject = session.map(|session| session.user.id.as_str()),
        "logout"
    );
}

/// What remains signed in after a sign-out. The page lists it.
struct LeftBehind {
    ended: Ended,
    /// The session's other clients, which are not notified.
    clients: Vec<Client>,
    /// How many sessions the user has in other browsers.
    sessions: u64,
}

impl Default for LeftBehind {
    fn default() -> Self {
        Self { ended: Ended::Nothing, clients: Vec::new(), sessions: 0 }
    }
}

/// The pages of this endpoint.
struct Page<'a> {
    app: &'a App,
    language: Language,
    session: Option<&'a Session>,
    client: Option<&'a Client>,
}

impl Page<'_> {
    fn respond(&self, answer: &Answer, left: &LeftBehind, offer: Option<&Confirm>) -> Result<Response, Internal> {
        let (language, user, client) = (self.language, self.user(), self.client_name());
        let (status, headers) = (answer.status(), answer.headers());
        match answer {
            // Nobody is told in frames yet, so there is no page for them.
            Answer::Landing(Landing::Redirect(_) | Landing::FrontChannel(_)) => {
                Ok((StatusCode::from_u16(status)?, AppendHeaders(&headers)).into_response())
            }
            Answer::Landing(Landing::SignedOutPage(_)) => {
                let clients: Vec<_> = left.clients.iter().map(Client::name).collect();
                let content = SignedOutPage {
                    language,
                    ended: left.ended,
                    still_signed_in_at: &clients,
                    other_sessions: left.sessions,
                };
                http::page(status, &headers, language, &content)
            }
            Answer::Confirm(ask) => {
                let content = ConfirmPage { language, ask, user: user.unwrap_or_default(), client };
                http::page(status, &headers, language, &content)
            }
            Answer::Declined(_) => {
                let content = DeclinedPage { language, user: user.unwrap_or_default(), client };
                http::page(status, &headers, language, &content)
            }
            Answer::Resubmit(again) => http::page(status, &headers, language, &ResubmitPage { language, again }),
            Answer::Refuse(refusal) => {
                let content = RefusalPage { language, refusal, offer, user, client };
                http::page(status, &headers, language, &content)
            }
        }
    }

    /// Read before the session ends, because its list of clients is deleted with it. The client
    /// that asked for the sign-out is left out: it knows.
    async fn left_behind(&self, session: &Session) -> Result<LeftBehind, Internal> {
        let mut clients = clients::of_session(&self.app.db, session).await?;
        clients.retain(|it| self.client.is_none_or(|client| client.id != it.id));
        let sessions = sessions::others(&self.app.db, session, store::now()).await?;
        Ok(LeftBehind { ended: Ended::InThisBrowser, clients, sessions })
    }

    fn user(&self) -> Option<&str> {
        self.session.map(|session| session.user.name.as_str())
    }

    fn client_name(&self) -> Option<&str> {
        self.client.map(Client::name)
    }
}
