//! The token endpoint: a code in, an ID Token and an access token out (Core 1.0, section 3.1.3; RFC
//! 6749, section 5).

use std::sync::Arc;

use anyhow::Context as _;
use aws_lc_rs::digest::{self, SHA256, SHA512, digest};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, PRAGMA, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::json;
use sqlx::Row as _;

use crate::app::App;
use crate::clients::{self, Client};
use crate::http::{self, Internal, Parameters};
use crate::store::Database;
use crate::{secrets, sessions, store};

/// How long an ID Token and an access token are valid, in seconds. An ID Token serves as a hint for
/// longer.
const TOKEN_SECONDS: i64 = 60 * 60;

const PARAMETERS: [&str; 6] = ["client_id", "client_secret", "code", "code_verifier", "grant_type", "redirect_uri"];

pub(crate) async fn post(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Internal> {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return Ok(http::body_refused("invalid_request", &rejection)),
    };
    let answer = match grant(&app, &headers, &body).await? {
        Ok(tokens) => Json(tokens).into_response(),
        Err(error) => error.answer(),
    };
    Ok(([(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")], answer).into_response())
}

/// The response (RFC 6749, section 5.1; Core 1.0, section 3.1.3.3).
#[derive(Serialize)]
struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    id_token: String,
}

/// The claims of an ID Token (Core 1.0, section 2; Front-Channel Logout 1.0, section 3 for `sid`).
#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    sid: &'a str,
    at_hash: String,
}

async fn grant(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Result<Tokens, TokenError>, Internal> {
    if !http::is_form(headers) {
        return Ok(Err(TokenError::request("the body must be application/x-www-form-urlencoded")));
    }
    let Some(parameters) = Parameters::parse(body) else {
        return Ok(Err(TokenError::request("a parameter contains NUL")));
    };
    if parameters.repeated(&PARAMETERS).is_some() {
        return Ok(Err(TokenError::request("a parameter occurs more than once")));
    }
    let client = match authenticate(&app.db, headers, &parameters).await? {
        Ok(client) => client,
        Err(error) => return Ok(Err(error)),
    };
    match parameters.get("grant_type") {
        None => return Ok(Err(TokenError::request("grant_type is missing"))),
        Some("authorization_code") => {}
        Some(_) => {
            return Ok(Err(TokenError::new("unsupported_grant_type", "the only grant_type is authorization_code")));
        }
    }
    let (Some(code), Some(redirect_uri)) = (parameters.get("code"), parameters.get("redirect_uri")) else {
        return Ok(Err(TokenError::request("code or redirect_uri is missing")));
    };
    redeem(app, &client, code, redirect_uri, parameters.get("code_verifier")).await
}

/// Authenticates the client by Basic authentication or by the form (RFC 6749, section 2.3.1). A
/// client may use either, whichever it registered, because the secret is the same.
async fn authenticate(
    db: &Database,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<Result<Client, TokenError>, Internal> {
    let invalid = || Ok(Err(TokenError::client("the client is unknown, or its authentication is wrong")));
    let (id, secret) = match headers.get(AUTHORIZATION) {
        None => (form.get("client_id").map(str::to_owned), form.get("client_secret").map(str::to_owned)),
        Some(_) if form.get("client_secret").is_some() => {
            return Ok(Err(TokenError::request("the client authenticates in more than one way")));
        }
        Some(header) => match header.to_str().ok().and_then(read_basic) {
            Some((id, _)) if form.get("client_id").is_some_and(|other| other != id) => {
                return Ok(Err(TokenError::request("client_id is not the client that authenticates")));
            }
            Some((id, secret)) => (Some(id), Some(secret)),
            None => return invalid(),
        },
    };
    let Some(id) = id else {
        return Ok(Err(TokenError::client("the client does not say who it is")));
    };
    let Some(client) = clients::find(db, &id).await? else {
        return invalid();
    };
    let authentic = match (&client.secret, &secret) {
        (Some(registered), Some(sent)) => secrets::equal(registered, sent),
        (None, None) => client.metadata.is_public(),
        _ => false,
    };
    if authentic { Ok(Ok(client)) } else { invalid() }
}

/// Reads Basic credentials. The client form-urlencodes both halves before it joins them.
fn read_basic(header: &str) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    let decode = |half: &str| Some(percent_decode_str(&half.replace('+', " ")).decode_utf8().ok()?.into_owned());
    Some((decode(id)?, decode(secret)?))
}

/// Redeems a code: once, by the client that it was issued to, while the session lives.
async fn redeem(
    app: &App,
    client: &Client,
    code: &str,
    redirect_uri: &str,
    code_verifier: Option<&str>,
) -> Result<Result<Tokens, TokenError>, Internal> {
    let invalid =
        || Ok(Err(TokenError::new("invalid_grant", "the code is wrong, used, expired, or not for this request")));
    let (now, code_hash) = (store::now(), secrets::sha256(code));
    let select = "SELECT sid, redirect_uri, scope, nonce, code_challenge FROM codes \
        WHERE code_hash = $1 AND client_id = $2 AND expires_at > $3";
    let select = sqlx::query(select).bind(&code_hash).bind(&client.id).bind(now);
    let Some(row) = select.fetch_optional(app.db.reader()).await? else {
        return invalid();
    };
    let (sid, registered_uri, scope): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let (nonce, code_challenge): (Option<String>, Option<String>) = (row.try_get(3)?, row.try_get(4)?);

    let mut transaction = app.db.writer().begin().await?;
    let Some(session) = sessions::hold(&mut transaction, &sid, now).await? else {
        return invalid();
    };
    // Insert the token before touching the code, because this locks the client. Deleting a client
    // locks in the same order, client before code; otherwise the two could deadlock.
    let access_token = secrets::random()?;
    let insert = "INSERT INTO access_tokens (token_hash, code_hash, client_id, sid, scope, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    let insert = sqlx::query(insert).bind(secrets::sha256(&access_token)).bind(&code_hash).bind(&client.id);
    let expires_at = now.saturating_add(TOKEN_SECONDS);
    let insert = insert.bind(&sid).bind(&scope).bind(expires_at);
    if !store::finds_its_parent(insert.execute(&mut *transaction).await)? {
        return invalid();
    }
    // If several requests redeem the code at once, one finds it unused. Even if that one fails, the
    // code is used.
    let update = "UPDATE codes SET used = 1 WHERE code_hash = $1 AND used = 0";
    let updated = sqlx::query(update).bind(&code_hash).execute(&mut *transaction).await?;
    let unused = updated.rows_affected() > 0;
    if !unused {
        tracing::warn!(client_id = client.id, subject = session.user_id, "a code was redeemed again");
    }
    let granted = unused && registered_uri == redirect_uri && proves(code_verifier, code_challenge.as_deref());
    if !granted {
        // A code that was used before may have leaked, so its tokens are revoked (RFC 6749, section
        // 4.1.2).
        let delete = "DELETE FROM access_tokens WHERE code_hash = $1";
        sqlx::query(delete).bind(&code_hash).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    if !granted {
        return invalid();
    }

    let algorithm = client.signing_algorithm();
    let claims = IdToken {
        iss: app.issuer.as_str(),
        sub: &session.user_id,
        aud: &client.id,
        exp: expires_at,
        iat: now,
        auth_time: session.auth_time,
        nonce: nonce.as_deref(),
        sid: &sid,
        at_hash: at_hash(algorithm, &access_token)?,
    };
    let id_token = app.keys().await?.sign(algorithm, client.secret.as_deref(), &claims)?;
    Ok(Ok(Tokens { access_token, token_type: "Bearer", expires_in: TOKEN_SECONDS, scope, id_token }))
}

/// Checks the code verifier (RFC 7636, section 4.6). A verifier without a challenge is refused,
/// because an attacker may have removed the challenge from the authorization request (RFC 9700,
/// section 4.8.2).
fn proves(code_verifier: Option<&str>, code_challenge: Option<&str>) -> bool {
    match (code_verifier, code_challenge) {
        (None, None) => true,
        (Some(verifier), Some(challenge)) => {
            (43..=128).contains(&verifier.len()) && secrets::equal(&secrets::sha256(verifier), challenge)
        }
        _ => false,
    }
}

/// The left half of the token's hash, by the hash algorithm of the signature (Core 1.0, section
/// 3.1.3.6).
fn at_hash(algorithm: Algorithm, access_token: &str) -> anyhow::Result<String> {
    let hash: &digest::Algorithm = if algorithm == Algorithm::EdDSA { &SHA512 } else { &SHA256 };
    let hash = digest(hash, access_token.as_bytes());
    let half = hash.as_ref().get(..hash.as_ref().len() / 2).context("a hash has two halves")?;
    Ok(URL_SAFE_NO_PAD.encode(half))
}

/// Why there are no tokens (RFC 6749, section 5.2).
struct TokenError {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
}

impl TokenError {
    fn new(error: &'static str, description: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description }
    }

    fn request(description: &'static str) -> Self {
        Self::new("invalid_request", description)
    }

    fn client(description: &'static str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::new("invalid_client", description) }
    }

    fn answer(&self) -> Response {
        let body = Json(json!({ "error": self.error, "error_description": self.description }));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                (self.status, [(WWW_AUTHENTICATE, "Basic realm=\"token\"")], body).into_response()
            }
            status => (status, body).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_urlencoded_each() {
        let basic = |credentials: &str| read_basic(&format!("Basic {}", STANDARD.encode(credentials)));
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(basic("rp:secret"), pair("rp", "secret"));
        assert_eq!(basic("a%3Ab+c:%2B%25%22"), pair("a:b c", "+%\""));
        assert_eq!(basic("rp:a:b"), pair("rp", "a:b"));
        assert_eq!(basic("rp"), None);
        assert_eq!(basic("rp:%FF"), None);
        assert_eq!(read_basic("Bearer cnA6c2VjcmV0"), None);
        assert_eq!(read_basic("basic cnA6c2VjcmV0"), pair("rp", "secret"));
        assert_eq!(read_basic("Basic ***"), None);
    }

    #[test]
    fn the_verifier_has_to_be_the_challenges() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(proves(Some(verifier), Some(challenge)));
        assert!(proves(None, None));
        assert!(!proves(None, Some(challenge)));
        assert!(!proves(Some(verifier), None));
        assert!(!proves(Some(challenge), Some(challenge)));
        let (short, long) = ("a".repeat(42), "a".repeat(129));
        assert!(!proves(Some(&short), Some(&secrets::sha256(&short))));
        assert!(!proves(Some(&long), Some(&secrets::sha256(&long))));
        let (shortest, longest) = ("a".repeat(43), "a".repeat(128));
        assert!(proves(Some(&shortest), Some(&secrets::sha256(&shortest))));
        assert!(proves(Some(&longest), Some(&secrets::sha256(&longest))));
    }

    #[test]
    fn at_hash_is_the_left_half_of_the_algorithms_hash() {
        // Core 1.0, appendix A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(at_hash(Algorithm::RS256, token).unwrap(), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(at_hash(Algorithm::EdDSA, token).unwrap().len(), 43);
    }
}
