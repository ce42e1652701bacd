//! A provider as vectors describe it: its policy and keys, its clients, the session, the request,
//! and the End-User's answer to its page.

use std::collections::BTreeMap;

use oidc_logout::op::{AddressRules, Client, ConfirmRule, LogoutEndpoint, Network, Policy, RegistrationRules, Session};
use oidc_logout::{Algorithm, ApplicationType, ClientType, KeySet, Secret};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[derive(Deserialize)]
pub(crate) struct Op {
    pub(crate) issuer: String,
    #[serde(default)]
    pub(crate) former_issuers: Vec<String>,
    pub(crate) jwks: Value,
    pub(crate) policy: Policy,
}

#[derive(Deserialize)]
pub(crate) struct JsonClient {
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) post_logout_redirect_uris: Vec<String>,
    id_token_signed_response_alg: Option<Algorithm>,
    client_secret: Option<String>,
    confirm: Option<ConfirmRule>,
    #[serde(default)]
    previous_client_secrets: Vec<String>,
    #[serde(default)]
    form_action_schemes: Vec<String>,
    backchannel_logout_uri: Option<String>,
    #[serde(default)]
    backchannel_logout_session_required: bool,
    frontchannel_logout_uri: Option<String>,
    #[serde(default)]
    frontchannel_logout_session_required: bool,
    #[serde(flatten)]
    rules: Rules,
}

#[derive(Clone, Deserialize)]
pub(crate) struct JsonSession {
    pub(crate) sub: Option<String>,
    pub(crate) sid: Option<String>,
    takes_part: Option<bool>,
    /// The request came without its cookie, so the host finds it only by the hint's `sid`.
    #[serde(default)]
    pub(crate) without_cookie: bool,
    /// Tells sign-ins apart, if a vector has several.
    #[serde(default)]
    binding: u8,
}

#[derive(Clone, Deserialize)]
pub(crate) struct JsonRequest {
    pub(crate) method: String,
    #[serde(default, deserialize_with = "text")]
    pub(crate) query: String,
    #[serde(default, deserialize_with = "text")]
    pub(crate) body: String,
    /// The header of a POST. `null` for a request that has none.
    #[serde(default = "form_content_type")]
    pub(crate) content_type: Option<String>,
    /// The other headers, by their lower-case names.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

impl JsonRequest {
    /// All headers, name and value.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let content_type = self.content_type.as_deref().filter(|_| self.method == "POST");
        let others = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        content_type.map(|value| ("content-type", value)).into_iter().chain(others)
    }
}

/// A text, or a list of its parts. A part is a text, or a text with the number of its repetitions,
/// so that a vector of 64 KiB stays short.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Text {
        Whole(String),
        Parts(Vec<Part>),
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Part {
        Once(String),
        Repeated { repeat: String, times: usize },
    }
    Ok(match Text::deserialize(deserializer)? {
        Text::Whole(text) => text,
        Text::Parts(parts) => parts
            .into_iter()
            .map(|part| match part {
                Part::Once(text) => text,
                Part::Repeated { repeat, times } => repeat.repeat(times),
            })
            .collect(),
    })
}

#[allow(clippy::unnecessary_wraps, reason = "serde wants the type of the member")]
fn form_content_type() -> Option<String> {
    Some("application/x-www-form-urlencoded".to_owned())
}

/// The form of the confirmation page as it comes back. Members that are left out change nothing.
#[derive(Deserialize)]
pub(crate) struct PageAnswer {
    /// `yes` or `no`, or anything else that a forger may send.
    pub(crate) confirm: Option<String>,
    #[serde(default)]
    pub(crate) after_seconds: i64,
    /// Fields that come back with another value. `null` removes the field.
    #[serde(default)]
    pub(crate) change: BTreeMap<String, Option<String>>,
    /// The session that the answer comes with, if it is another one. `null` for no session.
    #[serde(default, deserialize_with = "present")]
    pub(crate) session: Option<Option<JsonSession>>,
    /// The clients at the time of the answer, if they changed.
    pub(crate) clients: Option<Vec<JsonClient>>,
    /// The change of the confirmation key since the page was made.
    #[serde(default)]
    pub(crate) confirmation_key: KeyChange,
    /// Whether the page is an offer to sign out that the provider made by itself.
    #[serde(default)]
    pub(crate) offer: bool,
}

/// Reads a member that is there, so that `null` becomes `Some(None)` and only a missing member
/// `None`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<JsonSession>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyChange {
    #[default]
    Kept,
    /// A new key signs, and the former one still verifies.
    Rotated,
    /// A new key signs, and the former one is gone.
    Replaced,
}

#[derive(Deserialize)]
pub(crate) struct Rules {
    #[serde(default)]
    application_type: ApplicationType,
    #[serde(default)]
    client_type: ClientType,
    #[serde(default)]
    allow_http: bool,
    #[serde(default)]
    allow_schemes: Vec<String>,
    #[serde(default)]
    allow_any_scheme: bool,
    max_post_logout_redirect_uris: Option<usize>,
    /// The provider's.
    issuer: Option<String>,
    /// Those of sign-in.
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default, deserialize_with = "networks")]
    allow_networks: Vec<Network>,
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Network>, D::Error> {
    let networks = Vec::<String>::deserialize(deserializer)?;
    networks.iter().map(|network| network.parse().map_err(D::Error::custom)).collect()
}

impl Op {
    pub(crate) fn endpoint(&self, change: KeyChange) -> Result<LogoutEndpoint, Box<dyn std::error::Error>> {
        let (first, second) = ([1; 32], [2; 32]);
        let secret = match change {
            KeyChange::Kept => Secret::new(first)?,
            KeyChange::Rotated => Secret::new(second)?.with_previous(first)?,
            KeyChange::Replaced => Secret::new(second)?,
        };
        let keys = KeySet::from_jwks(self.jwks.to_string())?;
        let mut endpoint = LogoutEndpoint::new(&self.issuer, keys, secret).with_policy(self.policy.clone());
        for issuer in &self.former_issuers {
            endpoint = endpoint.with_former_issuer(issuer);
        }
        Ok(endpoint)
    }
}

impl JsonClient {
    pub(crate) fn read(&self) -> Client {
        let mut client = Client::builder(&self.client_id).registration_rules(self.rules.read());
        for uri in &self.post_logout_redirect_uris {
            client = client.post_logout_redirect_uri(uri);
        }
        for secret in &self.previous_client_secrets {
            client = client.previous_client_secret(secret.as_str());
        }
        for scheme in &self.form_action_schemes {
            client = client.form_action_scheme(scheme);
        }
        if let Some(algorithm) = self.id_token_signed_response_alg {
            client = client.id_token_signed_response_alg(algorithm);
        }
        if let Some(rule) = self.confirm {
            client = client.confirm(rule);
        }
        if let Some(secret) = &self.client_secret {
            client = client.client_secret(secret.as_str());
        }
        if let Some(uri) = &self.backchannel_logout_uri {
            client = client.backchannel_logout_uri(uri);
        }
        if let Some(uri) = &self.frontchannel_logout_uri {
            client = client.frontchannel_logout_uri(uri);
        }
        client
            .backchannel_logout_session_required(self.backchannel_logout_session_required)
            .frontchannel_logout_session_required(self.frontchannel_logout_session_required)
            .build_usable()
    }
}

impl JsonSession {
    pub(crate) fn read(&self) -> Session {
        let binding = [self.binding; 32];
        let mut session = match &self.sub {
            Some(subject) => Session::new(binding, subject),
            None => Session::of_unknown_subject(binding),
        };
        if let Some(sid) = &self.sid {
            session = session.sid(sid);
        }
        if let Some(takes_part) = self.takes_part {
            session = session.takes_part(takes_part);
        }
        session
    }
}

impl Rules {
    pub(crate) fn read(&self) -> RegistrationRules {
        let mut rules = RegistrationRules::default()
            .application_type(self.application_type)
            .client_type(self.client_type)
            .allow_http(self.allow_http)
            .allow_any_scheme(self.allow_any_scheme);
        if let Some(max) = self.max_post_logout_redirect_uris {
            rules = rules.max_post_logout_redirect_uris(max);
        }
        if let Some(issuer) = &self.issuer {
            rules = rules.issuer(issuer);
        }
        let networks = self.allow_networks.iter().copied();
        rules = rules
            .redirect_uris(&self.redirect_uris)
            .addresses(networks.fold(AddressRules::default(), AddressRules::allow_network));
        self.allow_schemes.iter().fold(rules, RegistrationRules::allow_scheme)
    }
}
