//! The userinfo endpoint: an access token in, claims about the user out (Core 1.0, section 5.3; RFC
//! 6750).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};
use sqlx::Row as _;

use crate::app::App;
use crate::http::{self, Internal, Parameters};
use crate::store::Database;
use crate::{secrets, store};

pub(crate) async fn get(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Internal> {
    answer(&app.db, bearer(&headers)).await
}

/// The token may be in the form instead of the header (RFC 6750, section 2.2).
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Internal> {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return Ok(http::body_refused("invalid_request", &rejection)),
    };
    let form = Parameters::parse(&body).filter(|_| http::is_form(&headers)).unwrap_or_default();
    answer(&app.db, bearer(&headers).or(form.get("access_token"))).await
}

async fn answer(db: &Database, token: Option<&str>) -> Result<Response, Internal> {
    let refused = |challenge| (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response();
    let Some(token) = token else {
        return Ok(refused("Bearer"));
    };
    Ok(match claims(db, token).await? {
        Some(claims) => ([(CACHE_CONTROL, "no-store")], Json(claims)).into_response(),
        None => refused("Bearer error=\"invalid_token\", error_description=\"the token is wrong, expired or revoked\""),
    })
}

/// The claims that the token's scope covers (Core 1.0, section 5.4), as long as the session lives.
async fn claims(db: &Database, token: &str) -> sqlx::Result<Option<Map<String, Value>>> {
    let select = "SELECT scope, users.id, username, name, email FROM access_tokens \
        JOIN sessions ON sessions.sid = access_tokens.sid JOIN users ON users.id = sessions.user_id \
        WHERE token_hash = $1 AND access_tokens.expires_at > $2 AND sessions.expires_at > $2";
    let select = sqlx::query(select).bind(secrets::sha256(token)).bind(store::now());
    let Some(row) = select.fetch_optional(db.reader()).await? else {
        return Ok(None);
    };
    let scope: String = row.try_get(0)?;
    let mut claims = Map::new();
    for (index, (name, needed)) in
        (1..).zip([("sub", "openid"), ("preferred_username", "profile"), ("name", "profile"), ("email", "email")])
    {
        let value: String = row.try_get(index)?;
        if scope.split(' ').any(|granted| granted == needed) && !value.is_empty() {
            claims.insert(name.to_owned(), value.into());
        }
    }
    Ok(Some(claims))
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = http::header(headers, &AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
