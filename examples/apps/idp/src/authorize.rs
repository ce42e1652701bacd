//! The authorization endpoint: the code flow (Core 1.0, section 3.1.2).
//!
//! A request is read in full before anything is done for it. If its client or its `redirect_uri` is
//! wrong, the user sees an error page. All other errors go to the client, by a redirect to a URI
//! that it registered.
//!
//! The specification asks for these redirects. With open registration they let anybody make a link
//! to the provider that leads to their own site.

use std::sync::Arc;

use axum::extract::rejection::RawFormRejection;
use axum::extract::{RawForm, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use time::OffsetDateTime;

use crate::app::App;
use crate::clients::{self, Client};
use crate::http::{self, Internal, Parameters};
use crate::pages::{Language, PageError};
use crate::sessions::{self, Session};
use crate::{secrets, sign_in, store};

/// How long a code can be redeemed, in seconds. RFC 6749, section 4.1.2 allows ten minutes.
const CODE_SECONDS: i64 = 60;

/// The scopes that a client can be granted.
pub(crate) const SCOPES: [&str; 3] = ["openid", "profile", "email"];

const PARAMETERS: [&str; 18] = [
    "acr_values",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "display",
    "id_token_hint",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Internal> {
    let request = match AuthorizationRequest::read(&app, query.unwrap_or_default().as_bytes()).await? {
        Ok(request) => request,
        Err(error) => return error.answer(&app, &headers),
    };
    let session = match app.session(&headers, Some(&request.client.id)).await? {
        Some(session) if request.accepts(&app, &session).await? => Some(session),
        _ => None,
    };
    let refused = |error, description| request.redirect.error(error, description).answer(&app, &headers);
    match session {
        Some(session) if request.client_is_known(&session) => request.issue_code(&app, &session).await,
        _ if !request.prompts("none") => sign_in::page(&app, &headers, Some(&request), None, None),
        Some(_) => refused(
            "interaction_required",
            "the user must sign in to this client once, which prompt=none does not allow",
        ),
        None => refused("login_required", "the user must sign in, which prompt=none does not allow"),
    }
}

/// A POST from another site comes without the session's cookie. The redirect turns it into a GET,
/// which has it.
pub(crate) async fn post(headers: HeaderMap, form: Result<RawForm, RawFormRejection>) -> Result<Response, Internal> {
    let form = match form {
        Ok(RawForm(form)) => form,
        Err(rejection) => return http::not_a_form(&headers, &rejection),
    };
    match Parameters::parse(&form) {
        Some(parameters) => http::see_other(&format!("/authorize?{}", parameters.encode())),
        None => http::error_page(&headers, malformed(&form)),
    }
}

fn malformed(urlencoded: &[u8]) -> PageError {
    PageError::MalformedRequest { parameter: Parameters::with_nul(urlencoded, &PARAMETERS) }
}

/// A valid request.
pub(crate) struct AuthorizationRequest {
    pub(crate) client: Client,
    parameters: Parameters,
    redirect: ErrorRedirect,
    scope: String,
    max_age: Option<i64>,
}

impl AuthorizationRequest {
    /// Reads a request. This happens again when the sign-in form sends it back.
    pub(crate) async fn read(app: &App, urlencoded: &[u8]) -> Result<Result<Self, AuthorizationError>, Internal> {
        let page = |error| Ok(Err(AuthorizationError::Page(error)));
        let Some(parameters) = Parameters::parse(urlencoded) else {
            return page(malformed(urlencoded));
        };
        if let Some(parameter) = parameters.repeated(&["client_id", "redirect_uri"]) {
            return page(PageError::DuplicateParameter { parameter });
        }
        let Some(client_id) = parameters.get("client_id") else {
            return page(PageError::ClientMissing);
        };
        let Some(client) = clients::find(&app.db, client_id).await? else {
            return page(PageError::ClientUnknown);
        };
        let Some(redirect_uri) = parameters.get("redirect_uri") else {
            return page(PageError::RedirectUriMissing);
        };
        if !client.metadata.redirects_to(redirect_uri) {
            return page(PageError::RedirectUriNotRegistered);
        }
        let state = parameters.repeated(&["state"]).is_none().then(|| parameters.get("state")).flatten();
        let redirect = ErrorRedirect { uri: redirect_uri.to_owned(), state: state.map(str::to_owned) };
        match check(&client, &parameters) {
            Ok((scope, max_age)) => Ok(Ok(Self { client, parameters, redirect, scope, max_age })),
            Err((error, description)) => Ok(Err(redirect.error(error, description))),
        }
    }

    /// The request as text, for the sign-in form.
    pub(crate) fn encode(&self) -> String {
        self.parameters.encode()
    }

    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect.uri
    }

    pub(crate) fn login_hint(&self) -> Option<&str> {
        self.parameters.get("login_hint")
    }

    pub(crate) fn language(&self, headers: &HeaderMap) -> Language {
        http::language(headers, self.parameters.get("ui_locales"))
    }

    fn prompts(&self, value: &str) -> bool {
        self.parameters.get("prompt").is_some_and(|prompt| prompt.split(' ').any(|it| it == value))
    }

    /// Whether the session answers the request without another sign-in.
    async fn accepts(&self, app: &App, session: &Session) -> Result<bool, Internal> {
        // This provider has no page for consent or for choosing an account. The sign-in page stands
        // in for both: it names the client.
        if ["login", "consent", "select_account"].into_iter().any(|prompt| self.prompts(prompt)) {
            return Ok(false);
        }
        let age = store::now().saturating_sub(session.auth_time);
        if self.max_age.is_some_and(|max_age| max_age == 0 || age > max_age) {
            return Ok(false);
        }
        match self.parameters.get("id_token_hint") {
            Some(hint) => Ok(self.hinted_subject(app, hint).await?.as_ref() == Some(&session.user.id)),
            None => Ok(true),
        }
    }

    /// Whether the user may skip the page that names the client and its destination. Anybody can
    /// register a client, so the user must see that page once per session.
    fn client_is_known(&self, session: &Session) -> bool {
        self.client.registration_token_hash.is_none() || session.takes_part == Some(true)
    }

    /// The answer to a user who has just signed in: a code, unless the client's hint is about
    /// somebody else (Core 1.0, section 3.1.2.1). An unusable hint has already had its effect: it
    /// made the user sign in.
    pub(crate) async fn answer_sign_in(
        &self,
        app: &App,
        headers: &HeaderMap,
        session: &Session,
    ) -> Result<Response, Internal> {
        if let Some(hint) = self.parameters.get("id_token_hint")
            && self.hinted_subject(app, hint).await?.is_some_and(|subject| subject != session.user.id)
        {
            let description = "the user who signed in is not the one in id_token_hint";
            return self.redirect.error("login_required", description).answer(app, headers);
        }
        self.issue_code(app, session).await
    }

    /// The subject of the hint, if it is an ID Token of ours for this client.
    async fn hinted_subject(&self, app: &App, hint: &str) -> anyhow::Result<Option<String>> {
        let keys = app.keys().await?;
        let client = self.client.for_logout(&app.terms);
        let hint = keys.logout.verify_hint(hint, Some(&client), OffsetDateTime::now_utc());
        Ok(hint.ok().map(|hint| hint.subject().to_owned()))
    }

    /// Sends the user back to the client with a code.
    async fn issue_code(&self, app: &App, session: &Session) -> Result<Response, Internal> {
        clients::used(&app.db, &self.client, store::now()).await?;
        let code = secrets::random()?;
        if !self.keep_code(app, session, &code).await? {
            // The session or the client has just gone, perhaps in another tab. The same request
            // again finds out which.
            return http::see_other(&format!("/authorize?{}", self.encode()));
        }
        let state = self.redirect.state.as_deref();
        let answer = [("code", Some(&*code)), ("state", state), ("iss", Some(app.issuer.as_str()))];
        http::see_other(&http::with_query(self.redirect_uri(), &answer))
    }

    /// Stores a code. Returns whether its session and its client still exist.
    async fn keep_code(&self, app: &App, session: &Session, code: &str) -> sqlx::Result<bool> {
        let now = store::now();
        let mut transaction = app.db.writer().begin().await?;
        if sessions::hold(&mut transaction, &session.sid, now).await?.is_none() {
            return Ok(false);
        }
        let insert = "INSERT INTO session_clients (sid, client_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let insert = sqlx::query(insert).bind(&session.sid).bind(&self.client.id);
        if !store::finds_its_parent(insert.execute(&mut *transaction).await)? {
            return Ok(false);
        }
        let insert = "INSERT INTO codes \
            (code_hash, client_id, sid, redirect_uri, scope, nonce, code_challenge, expires_at, used) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)";
        let insert = sqlx::query(insert)
            .bind(secrets::sha256(code))
            .bind(&self.client.id)
            .bind(&session.sid)
            .bind(self.redirect_uri())
            .bind(&self.scope)
            .bind(self.parameters.get("nonce"))
            .bind(self.parameters.get("code_challenge"))
            .bind(now.saturating_add(CODE_SECONDS));
        if !store::finds_its_parent(insert.execute(&mut *transaction).await)? {
            return Ok(false);
        }
        transaction.commit().await?;
        Ok(true)
    }
}

type Fault = (&'static str, &'static str);

/// The checks whose errors go to the client. Returns the granted scope and the `max_age`.
fn check(client: &Client, parameters: &Parameters) -> Result<(String, Option<i64>), Fault> {
    let invalid = |description| Err(("invalid_request", description));
    if parameters.repeated(&PARAMETERS).is_some() {
        return invalid("a parameter occurs more than once");
    }
    if parameters.get("request").is_some() {
        return Err(("request_not_supported", "request is not supported; send the parameters themselves"));
    }
    if parameters.get("request_uri").is_some() {
        return Err(("request_uri_not_supported", "request_uri is not supported; send the parameters themselves"));
    }
    match parameters.get("response_type") {
        None => return invalid("response_type is missing"),
        Some("code") => {}
        Some(_) => return Err(("unsupported_response_type", "the only response_type is code")),
    }
    if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
        return invalid("the only response_mode is query");
    }
    let requested: Vec<_> = parameters.get("scope").unwrap_or_default().split(' ').collect();
    if !requested.contains(&"openid") {
        return Err(("invalid_scope", "scope must contain openid"));
    }
    let prompt: Vec<_> = parameters.get("prompt").unwrap_or_default().split(' ').collect();
    if prompt.contains(&"none") && prompt.len() > 1 {
        return invalid("prompt=none must stand alone");
    }
    let max_age = match parameters.get("max_age").map(str::parse) {
        None => client.metadata.default_max_age.map(i64::from),
        Some(Ok(seconds @ 0..)) => Some(seconds),
        Some(_) => return invalid("max_age is not a number of seconds"),
    };
    check_code_challenge(client, parameters)?;
    let granted = SCOPES.into_iter().filter(|scope| requested.contains(scope));
    Ok((granted.collect::<Vec<_>>().join(" "), max_age))
}

/// Proof Key for Code Exchange (RFC 7636): only S256, and required of clients without a secret.
fn check_code_challenge(client: &Client, parameters: &Parameters) -> Result<(), Fault> {
    let invalid = |description| Err(("invalid_request", description));
    match (parameters.get("code_challenge"), parameters.get("code_challenge_method")) {
        (None, None) if client.metadata.is_public() => invalid("a public client must send a code_challenge"),
        (None, None) => Ok(()),
        (None, Some(_)) => invalid("code_challenge is missing"),
        (Some(challenge), Some("S256")) if is_sha256(challenge) => Ok(()),
        (Some(_), Some("S256")) => invalid("code_challenge is not a SHA-256 in base64url"),
        (Some(_), _) => invalid("the only code_challenge_method is S256"),
    }
}

fn is_sha256(challenge: &str) -> bool {
    challenge.len() == 43 && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Where the client receives errors.
struct ErrorRedirect {
    uri: String,
    state: Option<String>,
}

impl ErrorRedirect {
    fn error(&self, error: &'static str, description: &'static str) -> AuthorizationError {
        let Self { uri, state } = self;
        AuthorizationError::Redirect { uri: uri.clone(), state: state.clone(), error, description }
    }
}

/// What is wrong with a request.
pub(crate) enum AuthorizationError {
    /// The user sees it, because there is no safe place to redirect to.
    Page(PageError),
    /// The client receives it (RFC 6749, section 4.1.2.1; Core 1.0, section 3.1.2.6).
    Redirect { uri: String, state: Option<String>, error: &'static str, description: &'static str },
}

impl AuthorizationError {
    pub(crate) fn answer(&self, app: &App, headers: &HeaderMap) -> Result<Response, Internal> {
        match self {
            Self::Page(error) => http::error_page(headers, *error),
            Self::Redirect { uri, state, error, description } => {
                let iss = Some(app.issuer.as_str());
                let (error, description) = (Some(*error), Some(*description));
                let answer =
                    [("error", error), ("error_description", description), ("state", state.as_deref()), ("iss", iss)];
                http::see_other(&http::with_query(uri, &answer))
            }
        }
    }
}
