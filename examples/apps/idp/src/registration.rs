//! Dynamic client registration (OpenID Connect Dynamic Client Registration 1.0; RFC 7591). A client
//! can also read and delete its registration (RFC 7592).

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::json;

use crate::app::App;
use crate::attempts::Limit;
use crate::clients::{self, Client, Metadata, MetadataError, Source};
use crate::http::{self, ClientAddress, Internal};
use crate::userinfo::bearer;
use crate::{secrets, store};

pub(crate) const PATH: &str = "/register";
pub(crate) const CLIENT_PATH: &str = "/register/{client_id}";

pub(crate) async fn post(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Internal> {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return Ok(http::body_refused("invalid_client_metadata", &rejection)),
    };
    if let Some(ClientAddress { address: subject, .. }) = app.client_address(&headers, peer) {
        let (most, window_seconds) = (app.config.registrations_per_address, app.config.sign_in_window_seconds);
        let limit = Limit { kind: "registration", subject, most, forgives: false, window_seconds };
        if let Some(wait) = limit.count(&app.db, store::now()).await? {
            return Ok((StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, wait.as_secs())]).into_response());
        }
    }
    let (id, secret, token) = (secrets::random()?, secrets::random()?, secrets::random()?);
    let client = Metadata::read(&body).and_then(|metadata| {
        let secret = (!metadata.is_public()).then_some(secret);
        Client::register(&app.terms, Source::Registration, id, secret, metadata, Some(&token))
    });
    let client = match client {
        Ok(client) => client,
        Err(error) => return Ok(refused(error)),
    };
    clients::save(&app.db, &client).await?;
    tracing::info!(client_id = client.id, "a client registered itself");
    Ok(information(&app, StatusCode::CREATED, &client, &token))
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Internal> {
    let token = bearer(&headers).unwrap_or_default();
    Ok(match authenticate(&app, &id, token).await? {
        Some(client) => information(&app, StatusCode::OK, &client, token),
        None => unauthorized(&headers),
    })
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Internal> {
    let client = authenticate(&app, &id, bearer(&headers).unwrap_or_default()).await?;
    if client.is_none() || !clients::delete(&app.db, &id).await? {
        return Ok(unauthorized(&headers));
    }
    tracing::info!(client_id = id, "a client deleted itself");
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The client, if the token is its registration access token.
async fn authenticate(app: &App, id: &str, token: &str) -> anyhow::Result<Option<Client>> {
    let hash = secrets::sha256(token);
    let is_its = |client: &Client| client.registration_token_hash.as_ref().is_some_and(|it| secrets::equal(it, &hash));
    Ok(clients::find(&app.db, id).await?.filter(is_its))
}

/// RFC 7591, section 3.2.1.
#[derive(Serialize)]
struct ClientInformation<'a> {
    client_id: &'a str,
    client_id_issued_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// 0 means never.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    registration_access_token: &'a str,
    registration_client_uri: String,
    #[serde(flatten)]
    metadata: &'a Metadata,
}

fn information(app: &App, status: StatusCode, client: &Client, token: &str) -> Response {
    let information = ClientInformation {
        client_id: &client.id,
        client_id_issued_at: client.created_at,
        client_secret: client.secret.as_deref(),
        client_secret_expires_at: client.secret.is_some().then_some(0),
        registration_access_token: token,
        registration_client_uri: app.issuer.url(&format!("{PATH}/{}", client.id)),
        metadata: &client.metadata,
    };
    (status, [(CACHE_CONTROL, "no-store")], Json(information)).into_response()
}

fn refused(error: MetadataError) -> Response {
    let body = json!({ "error": error.code(), "error_description": error.to_string() });
    (StatusCode::BAD_REQUEST, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// An unknown client gets the same answer as a wrong token (RFC 7592, section 2).
/// Without a token there is no error to name (RFC 6750, section 3.1).
fn unauthorized(headers: &HeaderMap) -> Response {
    let challenge = if bearer(headers).is_some() { "Bearer error=\"invalid_token\"" } else { "Bearer" };
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response()
}
