//! Dynamic client registration (OpenID Connect Dynamic Client Registration 1.0; RFC 7591), and reading and deleting what was
//! registered (RFC 7592).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::json;

use crate::app::App;
use crate::clients::{self, Client, Metadata, MetadataError};
use crate::http::Internal;
use crate::userinfo::bearer;
use crate::{secrets, store};

pub(crate) const PATH: &str = "/register";
pub(crate) const CLIENT_PATH: &str = "/register/{client_id}";

pub(crate) async fn post(State(app): State<Arc<App>>, body: Bytes) -> Result<Response, Internal> {
    let (id, secret, token) = (secrets::random()?, secrets::random()?, secrets::random()?);
    let client = match Metadata::read(&body, false) {
        Ok(metadata) => {
            let secret = (!metadata.is_public()).then_some(secret);
            Client::register(id, secret, metadata).map_err(MetadataError::from)
        }
        Err(error) => Err(error),
    };
    let client = match client {
        Ok(client) => client,
        Err(error) => return Ok(refused(error)),
    };
    let now = store::now();
    clients::add(&app.pool, &client, &token, now).await?;
    Ok(information(&app, StatusCode::CREATED, &client, &token, now))
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Internal> {
    let token = bearer(&headers).unwrap_or_default();
    let created_at = clients::created_at(&app.pool, &id, token).await?;
    Ok(match (created_at, clients::find(&app.pool, &id).await?) {
        (Some(created_at), Some(client)) => information(&app, StatusCode::OK, &client, token, created_at),
        _ => unauthorized(),
    })
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Internal> {
    let deleted = clients::delete(&app.pool, &id, bearer(&headers).unwrap_or_default()).await?;
    Ok(if deleted { StatusCode::NO_CONTENT.into_response() } else { unauthorized() })
}

/// RFC 7591, section 3.2.1.
#[derive(Serialize)]
struct ClientInformation<'a> {
    client_id: &'a str,
    client_id_issued_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// 0: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    registration_access_token: &'a str,
    registration_client_uri: String,
    #[serde(flatten)]
    metadata: &'a Metadata,
}

fn information(app: &App, status: StatusCode, client: &Client, token: &str, created_at: i64) -> Response {
    let information = ClientInformation {
        client_id: &client.id,
        client_id_issued_at: created_at,
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

/// For a client that there is not as well (RFC 7592, section 2).
fn unauthorized() -> Response {
    let challenge = "Bearer error=\"invalid_token\"";
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response()
}
