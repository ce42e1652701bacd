//! The registered clients and what they have said of themselves.

use jsonwebtoken::Algorithm as SigningAlgorithm;
use oidc_logout::{
    Algorithm, ClientMetadata, ClientRegistrationError, ClientType, RegisteredRedirect, RegistrationRules,
};
use serde::{Deserialize, Serialize};
use sqlx::{AnyPool, Row as _};

use crate::{secrets, store};

/// What ID Tokens are signed with: the first unless the client says otherwise.
pub(crate) const SIGNING_ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256];

/// The metadata of a client (OpenID Connect Dynamic Client Registration 1.0, section 2), with the part that is for logout.
/// What it says beyond that is ignored, as RFC 7591, section 2 has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) redirect_uris: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_uri: Option<String>,
    #[serde(default)]
    pub(crate) token_endpoint_auth_method: AuthMethod,
    #[serde(default = "code")]
    response_types: Vec<String>,
    #[serde(default = "authorization_code")]
    grant_types: Vec<String>,
    #[serde(flatten)]
    pub(crate) logout: ClientMetadata,
}

/// How a client authenticates at the token endpoint (Core 1.0, section 9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthMethod {
    #[default]
    ClientSecretBasic,
    ClientSecretPost,
    /// A public client: PKCE has to do.
    None,
}

fn code() -> Vec<String> {
    vec!["code".to_owned()]
}

fn authorization_code() -> Vec<String> {
    vec!["authorization_code".to_owned()]
}

/// Why a client is not registered (RFC 7591, section 3.2.2).
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    #[error(transparent)]
    Logout(#[from] ClientRegistrationError),
    #[error(
        "redirect_uris is not a list of one or more absolute URIs without fragment, https or else http on a loopback host"
    )]
    RedirectUris,
    #[error(
        "a member has another type or value than OpenID Connect Dynamic Client Registration 1.0, section 2 gives it"
    )]
    Malformed,
    #[error("response_types has to hold code, and grant_types authorization_code: this provider has no other flow")]
    Flow,
}

impl MetadataError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Logout(error) => error.code(),
            Self::RedirectUris => "invalid_redirect_uri",
            Self::Malformed | Self::Flow => "invalid_client_metadata",
        }
    }
}

impl Metadata {
    /// Reads what a client says of itself. `public`: it has no secret, whatever it says.
    pub(crate) fn read(json: &[u8], public: bool) -> Result<Self, MetadataError> {
        // First, for its errors say which member is wrong.
        ClientMetadata::from_json(json)?;
        let mut metadata: Self = serde_json::from_slice(json).map_err(|_| MetadataError::Malformed)?;
        if public {
            metadata.token_endpoint_auth_method = AuthMethod::None;
        }
        let has = |list: &[String], member: &str| list.iter().any(|it| it == member);
        if !has(&metadata.response_types, "code") || !has(&metadata.grant_types, "authorization_code") {
            return Err(MetadataError::Flow);
        }
        // What else it asks for it does not get, and the response says so (RFC 7591, section 3.2.1).
        (metadata.response_types, metadata.grant_types) = (code(), authorization_code());
        let rules = metadata.rules();
        let registrable = |uri: &String| RegisteredRedirect::register(uri, &rules).is_ok();
        if metadata.redirect_uris.is_empty() || !metadata.redirect_uris.iter().all(registrable) {
            return Err(MetadataError::RedirectUris);
        }
        Ok(metadata)
    }

    pub(crate) fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == AuthMethod::None
    }

    fn rules(&self) -> RegistrationRules {
        let client_type = if self.is_public() { ClientType::Public } else { ClientType::Confidential };
        RegistrationRules::default().client_type(client_type).application_type(self.logout.application_type)
    }
}

/// A registered client.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
    pub(crate) metadata: Metadata,
}

impl Client {
    /// A client as it is to be registered; its secret is refused where HMAC needs a longer one.
    pub(crate) fn register(
        id: String,
        secret: Option<String>,
        metadata: Metadata,
    ) -> Result<Self, ClientRegistrationError> {
        let secret_bytes = secret.as_deref().map(str::as_bytes);
        metadata.logout.register(&*id, secret_bytes, &metadata.rules(), &SIGNING_ALGORITHMS)?;
        Ok(Self { id, secret, metadata })
    }

    pub(crate) fn name(&self) -> &str {
        self.metadata.client_name.as_deref().unwrap_or(&self.id)
    }

    /// Its home page, where that is one to link to: clients register what they like.
    pub(crate) fn uri(&self) -> Option<&str> {
        let is_web = |uri: &&str| uri.starts_with("https://") || uri.starts_with("http://");
        self.metadata.client_uri.as_deref().filter(is_web)
    }

    /// What the logout endpoint needs to know of it.
    pub(crate) fn for_logout(&self) -> oidc_logout::Client {
        let builder = oidc_logout::Client::builder(&*self.id).registration_rules(self.metadata.rules());
        let builder = builder.metadata(&self.metadata.logout);
        match &self.secret {
            Some(secret) => builder.client_secret(&**secret).build_usable(),
            None => builder.build_usable(),
        }
    }

    pub(crate) fn signing_algorithm(&self) -> SigningAlgorithm {
        match self.metadata.logout.id_token_signed_response_alg {
            Algorithm::Ps256 => SigningAlgorithm::PS256,
            Algorithm::Es256 => SigningAlgorithm::ES256,
            Algorithm::EdDsa => SigningAlgorithm::EdDSA,
            Algorithm::Hs256 => SigningAlgorithm::HS256,
            // Registration takes none but the five.
            _ => SigningAlgorithm::RS256,
        }
    }
}

/// Writes a client of the operator's, in place of one of that id.
pub(crate) async fn save(pool: &AnyPool, client: &Client) -> anyhow::Result<()> {
    let insert = "INSERT INTO clients (client_id, client_secret, metadata, created_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (client_id) DO UPDATE SET client_secret = excluded.client_secret, metadata = excluded.metadata";
    let metadata = serde_json::to_string(&client.metadata)?;
    let insert = sqlx::query(insert).bind(&client.id).bind(&client.secret).bind(metadata).bind(store::now());
    insert.execute(pool).await?;
    Ok(())
}

/// Writes a client that registers itself, with the token by which it may read and delete itself.
pub(crate) async fn add(pool: &AnyPool, client: &Client, registration_token: &str, now: i64) -> anyhow::Result<()> {
    let insert = "INSERT INTO clients (client_id, client_secret, metadata, registration_token_hash, created_at) \
        VALUES ($1, $2, $3, $4, $5)";
    let insert = sqlx::query(insert).bind(&client.id).bind(&client.secret);
    let insert = insert.bind(serde_json::to_string(&client.metadata)?);
    insert.bind(secrets::sha256(registration_token)).bind(now).execute(pool).await?;
    Ok(())
}

pub(crate) async fn find(pool: &AnyPool, id: &str) -> anyhow::Result<Option<Client>> {
    if is_impossible(id) {
        return Ok(None);
    }
    let select = "SELECT client_secret, metadata FROM clients WHERE client_id = $1";
    let Some(row) = sqlx::query(select).bind(id).fetch_optional(pool).await? else {
        return Ok(None);
    };
    let metadata = serde_json::from_str(&row.try_get::<String, _>(1)?)?;
    Ok(Some(Client { id: id.to_owned(), secret: row.try_get(0)?, metadata }))
}

/// When the client was registered, where the token is its own.
pub(crate) async fn created_at(pool: &AnyPool, id: &str, registration_token: &str) -> sqlx::Result<Option<i64>> {
    if is_impossible(id) {
        return Ok(None);
    }
    let select = "SELECT created_at FROM clients WHERE client_id = $1 AND registration_token_hash = $2";
    sqlx::query_scalar(select).bind(id).bind(secrets::sha256(registration_token)).fetch_optional(pool).await
}

/// Deletes the client with its codes and tokens, where the token is its own. Returns whether it was.
pub(crate) async fn delete(pool: &AnyPool, id: &str, registration_token: &str) -> sqlx::Result<bool> {
    if is_impossible(id) {
        return Ok(false);
    }
    let delete = "DELETE FROM clients WHERE client_id = $1 AND registration_token_hash = $2";
    let deleted = sqlx::query(delete).bind(id).bind(secrets::sha256(registration_token)).execute(pool).await?;
    Ok(deleted.rows_affected() > 0)
}

/// PostgreSQL takes no NUL, and would fail.
fn is_impossible(id: &str) -> bool {
    id.contains('\0')
}
