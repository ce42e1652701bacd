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
use oidc_logout::ClientId;
use oidc_logout::op::{
    Answer, AuditRecord, Confirm, Decision, EndSession, Landing, LogoutRequest, Refusal, RefusalReason, Told, UiLocales,
};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::app::App;
use crate::clients::{self, Client};
use crate::http::{self, Internal};
use crate::keys::Keys;
use crate::pages::{
    ClientFrame, ClientName, ConfirmPage, DeclinedPage, Ended, FrontChannelPage, Language, RefusalPage, ResubmitPage,
    SignedOutPage, ToldClients,
};
use crate::sessions::{self, Session};
use crate::{delivery, store};

pub(crate) const PATH: &str = "/end_session";

pub(crate) async fn end_session(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Internal> {
    let (now, deadline) = (OffsetDateTime::now_utc(), delivery::deadline(&app.config));
    let keys = app.keys().await?;
    let endpoint = &keys.logout;
    let session;
    let (mut client, mut found_by_sid) = (None, None);

    let request = match &body {
        Ok(body) => endpoint.read(method.as_str(), query.unwrap_or_default(), &headers, body),
        Err(_) => Err(Refusal::from(RefusalReason::RequestTooLarge)),
    };
    if let Some(id) = http::cookie(&headers, app.cookies.session())
        && sessions::end_expired(&app.db, &app.terms, id, store::now()).await?
    {
        // Nobody is signed in by it. The clients are told all the same.
        app.delivery.wake();
    }
    let decision = match request.and_then(|request| endpoint.receive(request, now)) {
        Ok(pending) => {
            if let Some(id) = pending.client_id() {
                client = clients::find(&app.db, id.as_str()).await?;
            }
            session = app.session(&headers, client.as_ref().map(|client| client.id.as_str())).await?;
            let known_client = client.as_ref().map(|client| client.for_logout(&app.terms));
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
    let page = Page { language, session: session.as_ref(), client: client.as_ref() };
    let mut left = LeftBehind::default();
    let mut cookie = None;
    let answer = match decision {
        Decision::EndSession(end) if end.is_found_by_sid() => {
            let session = found_by_sid.as_ref().context("there is no session to end")?;
            let signed_out = sign_out(&app, &keys, end, session, deadline).await?;
            audit.also_ended = signed_out.also_ended;
            // It is another browser's: the cookies of this one stay, and the page names nothing of
            // it.
            left = LeftBehind { ended: Ended::Elsewhere, ..LeftBehind::default() };
            signed_out.landing.into()
        }
        Decision::EndSession(end) => {
            let session = session.as_ref().context("there is no session to end")?;
            if !end.returns_to_client() {
                left.sessions = sessions::others(&app.db, session, store::now()).await?;
            }
            let signed_out = sign_out(&app, &keys, end, session, deadline).await?;
            audit.also_ended = signed_out.also_ended;
            left.ended = Ended::InThisBrowser;
            left.clients = signed_out.clients;
            cookie = Some([(SET_COOKIE, app.cookies.clear(app.cookies.session()))]);
            signed_out.landing.into()
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

/// A sign-out that has happened.
struct SignedOut {
    landing: Landing,
    /// The clients that took part in the session.
    clients: Vec<Client>,
    also_ended: Vec<String>,
}

/// Ends the session and tells its clients. This goes on if the browser goes away meanwhile.
async fn sign_out(
    app: &Arc<App>,
    keys: &Arc<Keys>,
    end: EndSession,
    session: &Session,
    deadline: Instant,
) -> anyhow::Result<SignedOut> {
    let (app, keys, sid) = (Arc::clone(app), Arc::clone(keys), session.sid.clone());
    let delivery = Arc::clone(&app.delivery);
    let task = delivery.run(async move {
        let schedule = &app.delivery.schedule;
        let ending = sessions::end(&app.db, &app.terms, &sid, |ended, participants| {
            let mut notices = end.notices(ended, participants);
            notices.claim_first_attempts(OffsetDateTime::now_utc(), schedule);
            notices
        });
        let Some(ending) = ending.await? else {
            // Another request has just ended it, and tells the clients.
            let landing = end.session_ended(Told::nobody());
            return Ok(SignedOut { landing, clients: Vec::new(), also_ended: Vec::new() });
        };
        let delivered = delivery::first_attempts(&app, &keys, &ending, deadline).await;
        let landing = end.session_ended(ending.notices.told(&delivered));
        Ok(SignedOut { landing, clients: ending.clients, also_ended: ending.also_ended })
    });
    task.await?
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

/// What has ended, and what remains. The page lists it.
struct LeftBehind {
    ended: Ended,
    /// The clients that took part in the session.
    clients: Vec<Client>,
    /// How many sessions the user has in other browsers.
    sessions: u64,
}

impl LeftBehind {
    /// Those of the session's clients that are listed.
    fn names<'l>(&'l self, listed: impl IntoIterator<Item = &'l ClientId>) -> Vec<ClientName<'l>> {
        listed.into_iter().filter_map(|id| self.name(id)).collect()
    }

    fn name(&self, id: &ClientId) -> Option<ClientName<'_>> {
        let client = self.clients.iter().find(|client| client.id == id.as_str())?;
        Some(ClientName { name: client.name(), href: client.uri() })
    }

    fn frames<'l>(&'l self, told: &'l Told) -> Vec<ClientFrame<'l>> {
        let frames = told.frames().iter();
        frames
            .filter_map(|frame| Some(ClientFrame { client: self.name(frame.client_id())?, src: frame.src() }))
            .collect()
    }
}

impl Default for LeftBehind {
    fn default() -> Self {
        Self { ended: Ended::Nothing, clients: Vec::new(), sessions: 0 }
    }
}

/// The pages of this endpoint.
struct Page<'a> {
    language: Language,
    session: Option<&'a Session>,
    client: Option<&'a Client>,
}

impl Page<'_> {
    fn respond(&self, answer: &Answer, left: &LeftBehind, offer: Option<&Confirm>) -> Result<Response, Internal> {
        let (language, user, client) = (self.language, self.user(), self.client_name());
        let (status, headers) = (answer.status(), answer.headers());
        match answer {
            Answer::Landing(Landing::Redirect(_)) => {
                Ok((StatusCode::from_u16(status)?, AppendHeaders(&headers)).into_response())
            }
            Answer::Landing(Landing::FrontChannel(page)) => {
                let frames = left.frames(page.told());
                let content = FrontChannelPage { language, page, frames: &frames, client };
                http::page_with_frames(status, &headers, language, &content)
            }
            Answer::Landing(Landing::SignedOutPage(page)) => {
                let (told, frames) = (page.told(), left.frames(page.told()));
                let (delivered, pending) = (left.names(told.delivered()), left.names(told.pending()));
                // The client that asked for the sign-out knows.
                let asked = |id: &ClientId| self.client.is_some_and(|client| client.id == id.as_str());
                let not_told = told.not_told().iter().map(|it| &it.client_id).filter(|id| !asked(id));
                let not_told = left.names(not_told);
                let clients = ToldClients { told: &delivered, frames: &frames, pending: &pending, not_told: &not_told };
                let content = SignedOutPage { language, ended: left.ended, clients, other_sessions: left.sessions };
                if frames.is_empty() {
                    http::page(status, &headers, language, &content)
                } else {
                    http::page_with_frames(status, &headers, language, &content)
                }
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

    fn user(&self) -> Option<&str> {
        self.session.map(|session| session.user.name.as_str())
    }

    fn client_name(&self) -> Option<&str> {
        self.client.map(Client::name)
    }
}
