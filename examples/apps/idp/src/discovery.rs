//! The provider's metadata and its public keys (OpenID Connect Discovery 1.0, sections 3 and 4).
//!
//! Clients may cache both for five minutes. A new key still signs at once, because a client that
//! does not know its `kid` fetches the keys again (Core 1.0, section 10.1.1). A client may trust a
//! revoked key until its cache expires.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse as _, Response};
use oidc_logout::{EndSessionEndpoint, ProviderMetadata};
use serde_json::json;

use crate::app::App;
use crate::authorize::SCOPES;
use crate::clients::SIGNING_ALGORITHMS;
use crate::config::Registration;
use crate::http::Internal;
use crate::{logout, registration};

const CACHED: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "public, max-age=300")];

pub(crate) async fn configuration(State(app): State<Arc<App>>) -> Result<Response, Internal> {
    // As with the issuer, http is allowed only on loopback hosts.
    let end_session_endpoint = EndSessionEndpoint::allowing_http_on_loopback(app.issuer.url(logout::PATH))?;
    let mut metadata = json!({
        "issuer": app.issuer.as_str(),
        "authorization_endpoint": app.issuer.url("/authorize"),
        "token_endpoint": app.issuer.url("/token"),
        "userinfo_endpoint": app.issuer.url("/userinfo"),
        "jwks_uri": app.issuer.url("/jwks"),
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": SIGNING_ALGORITHMS,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "claims_supported":
            ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "sid", "name", "preferred_username", "email"],
        "ui_locales_supported": crate::pages::Language::ALL.map(crate::pages::Language::tag),
        "prompt_values_supported": ["none", "login", "select_account", "consent"],
        "code_challenge_methods_supported": ["S256"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        // The default is true.
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    });
    let logout =
        serde_json::to_value(ProviderMetadata::new(end_session_endpoint).with_back_channel().with_front_channel())?;
    if let (Some(metadata), serde_json::Value::Object(logout)) = (metadata.as_object_mut(), logout) {
        metadata.extend(logout);
        if app.registration == Registration::Open {
            metadata.insert("registration_endpoint".to_owned(), app.issuer.url(registration::PATH).into());
        }
    }
    Ok((CACHED, Json(metadata)).into_response())
}

pub(crate) async fn jwks(State(app): State<Arc<App>>) -> Result<Response, Internal> {
    Ok((CACHED, Json(app.keys().await?.published())).into_response())
}
