//! rustauth: the end session endpoint of its OAuth provider, called through its router, with its
//! in-memory database.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode, header};
use rustauth_core::api::{ApiResponse, AuthEndpointOptions, AuthRouter, create_auth_endpoint};
use rustauth_core::context::create_auth_context_with_adapter;
use rustauth_core::db::oauth_provider::OAUTH_CLIENT_MODEL;
use rustauth_core::db::{Create, DbAdapter, DbValue, MemoryAdapter};
use rustauth_core::options::{RateLimitOptions, RustAuthOptions};
use rustauth_oauth_provider::{OAuthProviderOptions, VERSION, oauth_provider};
use rustauth_plugins::jwt::{JwtOptions, jwt};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::runtime::{Builder, Runtime};

#[path = "../../turns.rs"]
mod turns;

fn main() {
    let fixture = turns::read_fixture();
    let text = |name: &str| fixture[name].as_str().expect(name);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let router = router(&fixture, &runtime);

    let send = |path: &str, query: &str| -> ApiResponse {
        let uri = format!("{}/api/auth{path}?{query}", text("issuer"));
        let request = Request::builder().method(Method::GET).uri(uri).body(Vec::new()).expect("a request");
        runtime.block_on(router.handle_async(request)).expect("a response")
    };
    let location = |response: &ApiResponse| {
        response.headers().get(header::LOCATION).map(|value| value.to_str().expect("ASCII").to_owned())
    };

    let (query, end_session) = (text("query"), "/oauth2/end-session");
    for response in [send(end_session, query), send("/floor", query)] {
        assert_eq!(response.status(), StatusCode::FOUND);
        assert_eq!(location(&response).as_deref(), Some(text("location")));
    }
    let tampered = send(end_session, text("tampered_query"));
    assert_eq!((tampered.status(), location(&tampered)), (StatusCode::UNAUTHORIZED, None));

    turns::serve(
        "rustauth-oauth-provider",
        VERSION,
        &[("decision", &|| drop(send(end_session, query))), ("floor", &|| drop(send("/floor", query)))],
    );
}

fn router(fixture: &Value, runtime: &Runtime) -> AuthRouter {
    let text = |name: &str| fixture[name].as_str().expect(name).to_owned();
    let string = |name: &str| DbValue::String(text(name));
    let key = &fixture["public_jwk"];

    let adapter = MemoryAdapter::new();
    let records = [
        Create::new("jwks")
            .data("id", DbValue::String(key["kid"].as_str().expect("kid").to_owned()))
            .data("public_key", DbValue::String(key.to_string()))
            .data("private_key", DbValue::String("not needed".to_owned()))
            .data("created_at", DbValue::Timestamp(OffsetDateTime::now_utc()))
            .data("alg", DbValue::String("RS256".to_owned()))
            .force_allow_id(),
        Create::new(OAUTH_CLIENT_MODEL)
            .data("client_id", string("client_id"))
            .data("enable_end_session", DbValue::Boolean(true))
            .data("redirect_uris", DbValue::StringArray(vec!["https://rp.example/callback".to_owned()]))
            .data("post_logout_redirect_uris", DbValue::StringArray(vec![text("post_logout_redirect_uri")])),
    ];
    for record in records {
        runtime.block_on(adapter.create(record)).expect("a record");
    }

    let provider = OAuthProviderOptions {
        login_page: "/login".to_owned(),
        consent_page: "/consent".to_owned(),
        cached_trusted_clients: BTreeSet::from([text("client_id")]),
        ..OAuthProviderOptions::default()
    };
    let options = RustAuthOptions {
        base_url: Some(text("issuer")),
        secret: Some("a secret of some length that this endpoint does not need".to_owned()),
        plugins: vec![jwt(JwtOptions::default()).expect("the plugin"), oauth_provider(provider).expect("the plugin")],
        // Its rate limit would refuse most requests of a measurement.
        rate_limit: RateLimitOptions { enabled: Some(false), ..RateLimitOptions::default() },
        ..RustAuthOptions::default()
    };
    let context = create_auth_context_with_adapter(options, Arc::new(adapter)).expect("the context");

    // The floor is a route on the same router. It sends the endpoint's answer and does nothing
    // else.
    let location = text("location");
    let floor = create_auth_endpoint("/floor", Method::GET, AuthEndpointOptions::new(), move |_, _| {
        let response = Response::builder().status(StatusCode::FOUND).header(header::LOCATION, &location);
        let response = response.body(Vec::new()).expect("a response");
        async { Ok(response) }
    });
    AuthRouter::with_async_endpoints(context, Vec::new(), vec![floor]).expect("the router")
}
