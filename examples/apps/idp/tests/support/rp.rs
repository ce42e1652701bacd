//! A client that registers itself and sends its users to the provider.

#![allow(dead_code, reason = "each test crate uses a part of it")]

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::provider::Provider;
use crate::support::browser::{Answer, Browser};

/// A client that has registered itself.
#[derive(Clone)]
pub(crate) struct Rp {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) registration: Value,
    pub(crate) issuer: String,
    /// Where the provider listens.
    pub(crate) origin: String,
}

pub(crate) const CALLBACK: &str = "https://rp.example/callback";
pub(crate) const SIGNED_OUT: &str = "https://rp.example/signed-out";

impl Rp {
    pub(crate) async fn register(provider: &Provider, more: Value) -> Self {
        Self::register_at(provider.server.url(), &provider.url(""), more).await
    }

    /// Registers at a provider that may listen at another origin than its issuer.
    pub(crate) async fn register_at(issuer: &str, origin: &str, more: Value) -> Self {
        let mut metadata = json!({ "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [SIGNED_OUT] });
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = Browser::new().send(|http| http.post(format!("{origin}/register")).json(&metadata)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let registration = answer.json();
        let text = |name: &str| registration[name].as_str().unwrap_or_default().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        Self { id, secret, registration, issuer: issuer.to_owned(), origin: origin.to_owned() }
    }

    pub(crate) fn known(provider: &Provider, id: &str, secret: &str, registration: Value) -> Self {
        let (id, secret) = (id.to_owned(), secret.to_owned());
        Self { id, secret, registration, issuer: provider.server.url().to_owned(), origin: provider.url("") }
    }

    /// An authorization request. A parameter replaces the usual one of its name.
    pub(crate) fn authorize(&self, parameters: &[(&str, &str)]) -> String {
        let usual = [
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email"),
            ("state", "af0ifjsldkj"),
        ];
        let kept = usual.into_iter().filter(|usual| !parameters.iter().any(|own| own.0 == usual.0));
        let parameters = kept.chain(parameters.iter().copied());
        let query = serde_urlencoded::to_string(parameters.collect::<Vec<_>>()).unwrap();
        format!("{}/authorize?{query}", self.origin)
    }

    pub(crate) fn end_session(&self, parameters: &[(&str, &str)]) -> String {
        format!("{}/end_session?{}", self.origin, serde_urlencoded::to_string(parameters).unwrap())
    }

    pub(crate) async fn redeem_with(&self, code: &str, parameters: &[(&str, &str)]) -> Answer {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let (id, secret) = (encode(&self.id), encode(&self.secret));
        let usual = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        let kept = usual.into_iter().filter(|usual| !parameters.iter().any(|own| own.0 == usual.0));
        let form: Vec<_> = kept.chain(parameters.iter().copied()).collect();
        let url = format!("{}/token", self.origin);
        Browser::new().send(|http| http.post(url).basic_auth(id, Some(secret)).form(&form)).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Value {
        let answer = self.redeem_with(code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Signs in and redeems the code.
    pub(crate) async fn tokens(&self, browser: &Browser) -> Value {
        let page = browser.get(&self.authorize(&[("prompt", "login")])).await;
        let code = browser.sign_in(&page).await.redirected("code").unwrap();
        self.redeem(&code).await
    }

    /// The claims of an ID Token, verified with the provider's keys or the secret.
    pub(crate) async fn claims(&self, id_token: &str) -> Value {
        let header = jsonwebtoken::decode_header(id_token).unwrap();
        let key = if header.alg == Algorithm::HS256 {
            DecodingKey::from_secret(self.secret.as_bytes())
        } else {
            let keys: JwkSet = serde_json::from_value(self.jwks().await).unwrap();
            DecodingKey::from_jwk(keys.find(header.kid.as_deref().unwrap()).unwrap()).unwrap()
        };
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[&self.id]);
        validation.set_issuer(&[&self.issuer]);
        jsonwebtoken::decode::<Value>(id_token, &key, &validation).unwrap().claims
    }

    pub(crate) async fn jwks(&self) -> Value {
        Browser::new().get(&format!("{}/jwks", self.origin)).await.json()
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Answer {
        let url = format!("{}/userinfo", self.origin);
        Browser::new().send(|http| http.get(url).bearer_auth(access_token)).await
    }
}

/// A text member of a JSON object.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}
