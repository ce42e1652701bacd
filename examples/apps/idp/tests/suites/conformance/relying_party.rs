//! A client that writes its requests by hand, so that it can send wrong ones.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::support::browser::{Answer, Browser};
use crate::support::provider::Provider;

pub(crate) const CALLBACK: &str = "https://rp.example/callback";
pub(crate) const SIGNED_OUT: &str = "https://rp.example/signed-out";

/// All characters that a `client_id` may have (RFC 6749, appendix A.1), the space first and in the
/// middle.
pub(crate) fn printable() -> String {
    let all: String = (' '..='~').collect();
    format!("{all} {all}")
}

pub(crate) struct RelyingParty {
    pub(crate) id: String,
    /// Empty for a client without a secret.
    pub(crate) secret: String,
    /// The response to its registration.
    pub(crate) registration: Value,
    issuer: String,
    /// The only certificate (PEM) that its own requests trust; `None` for those of this machine.
    certificate: Option<String>,
}

impl RelyingParty {
    pub(crate) async fn register(provider: &Provider) -> Self {
        Self::register_with(provider, json!({})).await
    }

    pub(crate) async fn register_with(provider: &Provider, more: Value) -> Self {
        let mut metadata = json!({ "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [SIGNED_OUT] });
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = Browser::new().send(|http| http.post(provider.url("/register")).json(&metadata)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let registration = answer.json();
        let member = |name: &str| registration[name].as_str().unwrap_or_default().to_owned();
        Self {
            registration: registration.clone(),
            ..Self::known(provider, &member("client_id"), &member("client_secret"))
        }
    }

    /// A client that the operator has registered.
    pub(crate) fn known(provider: &Provider, id: &str, secret: &str) -> Self {
        let (id, secret, issuer) = (id.to_owned(), secret.to_owned(), provider.issuer().to_owned());
        Self { id, secret, issuer, registration: Value::Null, certificate: None }
    }

    /// The same client, of a provider with this certificate (PEM).
    pub(crate) fn trusting(self, certificate: &str) -> Self {
        Self { certificate: Some(certificate.to_owned()), ..self }
    }

    /// What sends the client's own requests.
    fn server(&self) -> Browser {
        self.certificate.as_deref().map_or_else(Browser::new, Browser::trusting)
    }

    /// An authorization request. A parameter replaces the usual one of its name, and an empty one
    /// removes it.
    pub(crate) fn authorize(&self, parameters: &[(&str, &str)]) -> String {
        let usual = [
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email"),
            ("state", "af0ifjsldkj"),
        ];
        format!("{}/authorize?{}", self.issuer, encode(usual, parameters))
    }

    /// A logout request, with just these parameters.
    pub(crate) fn end_session(&self, parameters: &[(&str, &str)]) -> String {
        let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("{}/end_session?{query}", self.issuer)
    }

    /// Signs the user in, or finds them signed in. Returns the code.
    pub(crate) async fn code(&self, browser: &Browser, parameters: &[(&str, &str)]) -> String {
        let mut answer = browser.get(&self.authorize(parameters)).await;
        if answer.status == 200 {
            answer = browser.sign_in(&answer).await;
        }
        answer.redirected("code").unwrap_or_else(|| panic!("no code: {}", answer.location()))
    }

    /// Signs the user in, or finds them signed in. Returns the token response.
    pub(crate) async fn tokens(&self, browser: &Browser) -> Value {
        let code = self.code(browser, &[]).await;
        let answer = self.redeem(&code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Signs the user in, or finds them signed in. Returns the ID Token.
    pub(crate) async fn id_token(&self, browser: &Browser) -> String {
        text(&self.tokens(browser).await, "id_token").to_owned()
    }

    /// A token request with `client_secret_basic`, or with the `client_id` alone if there is no
    /// secret.
    pub(crate) async fn redeem(&self, code: &str, parameters: &[(&str, &str)]) -> Answer {
        let encode_half = |half: &str| byte_serialize(half.as_bytes()).collect::<String>();
        let credentials = (encode_half(&self.id), encode_half(&self.secret));
        let usual = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        let public = self.secret.is_empty().then_some(("client_id", &*self.id));
        let form = encode(usual.into_iter().chain(public), parameters);
        let url = format!("{}/token", self.issuer);
        let send = |http: &reqwest::Client| {
            let request = http.post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
            if public.is_some() { request } else { request.basic_auth(credentials.0, Some(credentials.1)) }
        };
        self.server().send(send).await
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Answer {
        let url = format!("{}/userinfo", self.issuer);
        self.server().send(|http| http.get(url).bearer_auth(access_token)).await
    }

    /// Whether the browser's user is signed in at the provider (Core 1.0, section 3.1.2.1,
    /// `prompt`).
    pub(crate) async fn is_signed_in(&self, browser: &Browser) -> bool {
        let answer = browser.get(&self.authorize(&[("prompt", "none")])).await;
        match (answer.redirected("code"), answer.redirected("error").as_deref()) {
            (Some(_), None) => true,
            (None, Some("login_required")) => false,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn jwks(&self) -> Value {
        self.server().get(&format!("{}/jwks", self.issuer)).await.json()
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

    /// An ID Token as the provider would sign it with this client's secret.
    pub(crate) fn signed_with_secret(&self, claims: &Value) -> String {
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
    }
}

/// A parameter replaces the usual one of its name, and an empty one removes it.
fn encode<'a>(usual: impl IntoIterator<Item = (&'a str, &'a str)>, own: &[(&'a str, &'a str)]) -> String {
    let kept = usual.into_iter().filter(|usual| !own.iter().any(|own| own.0 == usual.0));
    let parameters = kept.chain(own.iter().copied()).filter(|parameter| !parameter.1.is_empty());
    Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// A text member of a JSON object.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// The claims of a token. Its signature is not checked.
pub(crate) fn unverified_claims(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}
