//! Tokens that real providers issue, beside an ID Token, with the same keys or others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::op::{Client, Decision, LogoutEndpoint, LogoutRequest, Method, Session};
use oidc_logout::{KeySet, Secret};
use serde::Deserialize;
use serde_json::Value;

use crate::support::provider::at;

#[derive(Deserialize)]
struct File {
    providers: Vec<Provider>,
}

#[derive(Deserialize)]
struct Provider {
    #[serde(rename = "provider")]
    name: String,
    issuer: String,
    client_id: String,
    jwks: Value,
    id_token: String,
    access_token: Option<String>,
    refresh_token: Option<String>,
    notices: Vec<Notice>,
}

#[derive(Deserialize)]
struct Notice {
    at: i64,
    body: String,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    iat: i64,
}

fn providers() -> Vec<Provider> {
    let file: File = serde_json::from_str(include_str!("../real/tokens.json")).unwrap();
    file.providers
}

impl Provider {
    fn endpoint(&self) -> LogoutEndpoint {
        let keys = KeySet::from_jwks(self.jwks.to_string()).unwrap();
        LogoutEndpoint::new(&self.issuer, keys, Secret::new([7; 32]).unwrap())
    }

    fn client(&self) -> Client {
        Client::builder(&self.client_id).build().unwrap()
    }

    /// Every token but the ID Token, and what it is.
    fn others(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let logout_tokens = self.notices.iter().map(|notice| {
            let token = notice.body.strip_prefix("logout_token=").unwrap();
            ("logout token", token)
        });
        let access = self.access_token.as_deref().map(|token| ("access token", token));
        let refresh = self.refresh_token.as_deref().map(|token| ("refresh token", token));
        access.into_iter().chain(refresh).chain(logout_tokens)
    }
}

#[test]
fn every_id_token_ends_its_session() {
    let providers = providers();
    assert_eq!(providers.len(), 3);
    for provider in &providers {
        let (endpoint, client) = (provider.endpoint(), provider.client());
        let now = at(provider.notices[0].at);
        let hint = endpoint.verify_hint(&provider.id_token, Some(&client), now).unwrap();
        let payload = provider.id_token.split('.').nth(1).unwrap();
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert_eq!((hint.subject(), hint.sid()), (claims.sub.as_str(), Some(claims.sid.as_str())));
        assert!((0..60).contains(&(provider.notices[0].at - claims.iat)), "{}", provider.name);

        let session = Session::new([1; 32], &claims.sub).sid(&claims.sid);
        let request = LogoutRequest::builder(Method::Get).id_token_hint(&provider.id_token).build().unwrap();
        let decision = endpoint.receive(request, now).unwrap().decide(Some(&client), Some(&session));
        assert!(matches!(decision, Decision::EndSession(_)), "{}: {decision:?}", provider.name);
    }
}

#[test]
fn every_other_token_is_refused_as_another_kind_or_for_its_shape() {
    let mut refused = Vec::new();
    for provider in &providers() {
        let (endpoint, now) = (provider.endpoint(), at(provider.notices[0].at));
        for (kind, token) in provider.others() {
            let without_client = endpoint.verify_hint(token, None, now).unwrap_err();
            assert_eq!(endpoint.verify_hint(token, Some(&provider.client()), now).unwrap_err(), without_client);
            let request = LogoutRequest::builder(Method::Post).id_token_hint(token).client_id(&provider.client_id);
            let refusal = endpoint.receive(request.build().unwrap(), now).unwrap_err();
            refused.push((provider.name.clone(), kind, refusal.reason().detail().unwrap()));
        }
    }
    let refused: Vec<_> = refused.iter().map(|(provider, kind, code)| (provider.as_str(), *kind, *code)).collect();
    assert_eq!(
        refused,
        [
            // It has no `aud`.
            ("Keycloak", "access token", "malformed"),
            ("Keycloak", "refresh token", "type"),
            ("Keycloak", "logout token", "type"),
            ("node-oidc-provider", "logout token", "type"),
            // Its `aud` is empty.
            ("Ory Hydra", "access token", "malformed"),
            // It has no `sub`.
            ("Ory Hydra", "logout token", "malformed"),
        ]
    );
}
