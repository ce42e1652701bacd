//! The registered clients and their metadata.

use jsonwebtoken::Algorithm as SigningAlgorithm;
use oidc_logout::op::{RegisteredRedirect, RegistrationError, RegistrationRules};
use oidc_logout::{Algorithm, ApplicationType, ClientMetadata, ClientType, UriError};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sqlx::any::AnyRow;
use sqlx::{Any, Row as _, Transaction};

use crate::sessions::Session;
use crate::store::Database;
use crate::terms::Terms;
use crate::{secrets, store};

/// The algorithms that sign ID Tokens. The first is the default.
pub(crate) const SIGNING_ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256];

/// Metadata that asks for a feature which this provider lacks, and which a client would rely on.
const UNSUPPORTED: [&str; 4] = [
    "id_token_encrypted_response_alg",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "request_object_signing_alg",
];

const DAY: i64 = 24 * 60 * 60;

/// The library's limit for `post_logout_redirect_uris` serves the other lists too.
const MAX_URIS: usize = ClientMetadata::MAX_POST_LOGOUT_REDIRECT_URIS;

/// The metadata of a client (OpenID Connect Dynamic Client Registration 1.0, section 2), including
/// logout's. Unknown members are ignored (RFC 7591, section 2). `null` means absent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_uri: Option<String>,
    #[serde(default, deserialize_with = "null_as_absent")]
    pub(crate) token_endpoint_auth_method: AuthMethod,
    response_types: Option<Vec<String>>,
    grant_types: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_max_age: Option<u32>,
    /// Has no effect: every ID Token has an `auth_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    require_auth_time: Option<bool>,
    /// An extension: the schemes of apps that the client's redirect URIs redirect to in turn, such
    /// as `com.example.app`. Pages with a form must name them in their `form-action`.
    #[serde(default, deserialize_with = "null_as_absent", skip_serializing_if = "Vec::is_empty")]
    form_action_schemes: Vec<String>,
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
    /// A public client: PKCE takes the place of a secret.
    None,
}

fn null_as_absent<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(member: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(member)?.unwrap_or_default())
}

/// Why a client is not registered (RFC 7591, section 3.2.2).
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    #[error(transparent)]
    Logout(#[from] RegistrationError),
    #[error("redirect_uris must be a list of 1 to {MAX_URIS} URIs")]
    RedirectUris,
    #[error("redirect_uri {index}: {error}")]
    RedirectUri {
        /// Counted from 0.
        index: usize,
        error: UriError,
    },
    #[error("form_action_schemes must be a list of up to {MAX_URIS} schemes such as com.example.app")]
    FormActionSchemes,
    #[error(
        "a member has a type or value that OpenID Connect Dynamic Client Registration 1.0, section 2 does not allow"
    )]
    Malformed,
    #[error("response_types must contain code, and grant_types authorization_code: this provider has no other flow")]
    Flow,
    #[error("{0} asks for a feature that this provider does not have; leave it out")]
    Unsupported(&'static str),
    #[error("client_id must be one or more printable ASCII characters")]
    Id,
    #[error("client_secret must be {MIN_SECRET_CHARS} or more printable ASCII characters")]
    Secret,
    #[error("a client with a client_secret cannot have the token_endpoint_auth_method none")]
    PublicWithSecret,
}

impl MetadataError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Logout(error) => error.code(),
            Self::RedirectUris | Self::RedirectUri { .. } => "invalid_redirect_uri",
            _ => "invalid_client_metadata",
        }
    }
}

impl Metadata {
    /// Reads a client's metadata. [`Client::register`] then decides whether to accept it.
    pub(crate) fn read(json: &[u8]) -> Result<Self, MetadataError> {
        // First, because its errors say which member is wrong.
        ClientMetadata::from_json(json).map_err(RegistrationError::from)?;
        let members: Map<String, Value> = serde_json::from_slice(json).map_err(|_| MetadataError::Malformed)?;
        let asks_for = |name: &str| members.get(name).is_some_and(|value| !value.is_null());
        if let Some(name) = UNSUPPORTED.into_iter().find(|name| asks_for(name)) {
            return Err(MetadataError::Unsupported(name));
        }
        if members.get("subject_type").is_some_and(|it| !it.is_null() && it != "public") {
            return Err(MetadataError::Unsupported("subject_type"));
        }
        let mut metadata: Self = serde_json::from_slice(json).map_err(|_| MetadataError::Malformed)?;
        // The client gets this flow alone. The response shows what it got (RFC 7591, section
        // 3.2.1).
        for (list, member) in
            [(&mut metadata.response_types, "code"), (&mut metadata.grant_types, "authorization_code")]
        {
            let only = vec![member.to_owned()];
            if list.replace(only).is_some_and(|list| !list.iter().any(|it| it == member)) {
                return Err(MetadataError::Flow);
            }
        }
        Ok(metadata)
    }

    /// Whether the client registered the `redirect_uri` of a request. URIs are compared byte for
    /// byte, but a native application may use any port of a loopback address (RFC 8252, section
    /// 7.3).
    pub(crate) fn redirects_to(&self, uri: &str) -> bool {
        let native = self.logout.application_type == ApplicationType::Native;
        let portless = loopback_without_port(uri).filter(|_| native);
        let is_it = |registered: &String| {
            registered == uri || (portless.is_some() && loopback_without_port(registered) == portless)
        };
        self.redirect_uris.iter().any(is_it)
    }

    pub(crate) fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == AuthMethod::None
    }

    /// The sources that `form-action` must hold on a page whose form leads to this redirect URI.
    pub(crate) fn form_action(&self, redirect_uri: &str) -> Result<Vec<String>, UriError> {
        let mut sources = vec![oidc_logout::form_action_source(redirect_uri)?];
        sources.extend(self.form_action_schemes.iter().map(|scheme| scheme.to_ascii_lowercase() + ":"));
        Ok(sources)
    }

    /// The rules for its redirect URIs.
    fn rules(&self) -> RegistrationRules {
        let client_type = if self.is_public() { ClientType::Public } else { ClientType::Confidential };
        RegistrationRules::default().client_type(client_type).application_type(self.logout.application_type)
    }

    /// The rules for the URIs by which it hears of logouts. Only the operator can allow `http`
    /// there, and private addresses.
    fn channel_rules(&self, source: Source, terms: &Terms) -> RegistrationRules {
        let rules = self.rules().issuer(terms.issuer()).redirect_uris(&self.redirect_uris);
        rules.allow_http(source != Source::Registration).addresses(terms.addresses(source))
    }
}

/// Splits an http URI of a loopback address into its origin without the port, and the rest. Only
/// the literal addresses qualify, because `localhost` may resolve to another host.
fn loopback_without_port(uri: &str) -> Option<(&'static str, &str)> {
    ["http://127.0.0.1", "http://[::1]"].into_iter().find_map(|origin| {
        let rest = uri.strip_prefix(origin)?;
        let rest = match rest.strip_prefix(':') {
            None => rest,
            Some(rest) => {
                let (port, rest) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
                (!port.starts_with('0') && port.parse::<u16>().is_ok()).then_some(rest)?
            }
        };
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((origin, rest))
    })
}

/// The shortest secret that an operator may choose.
const MIN_SECRET_CHARS: usize = 16;

/// The characters of a `client_id` and a `client_secret` (RFC 6749, appendices A.1 and A.2).
fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

/// A registered client.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// `None` for a public client.
    pub(crate) secret: Option<String>,
    pub(crate) metadata: Metadata,
    source: Source,
    /// The SHA-256 of the token that lets a self-registered client read and delete its
    /// registration.
    pub(crate) registration_token_hash: Option<String>,
    pub(crate) created_at: i64,
    /// When a user was last sent back to it with a code, as far as [`used`] has stored it.
    last_used_at: i64,
}

impl Client {
    /// Checks a new client. [`save`] stores it.
    pub(crate) fn register(
        terms: &Terms,
        source: Source,
        id: String,
        secret: Option<String>,
        metadata: Metadata,
        registration_token: Option<&str>,
    ) -> Result<Self, MetadataError> {
        if id.is_empty() || !is_printable(&id) {
            return Err(MetadataError::Id);
        }
        if secret.as_ref().is_some_and(|secret| secret.len() < MIN_SECRET_CHARS || !is_printable(secret)) {
            return Err(MetadataError::Secret);
        }
        if secret.is_some() && metadata.is_public() {
            return Err(MetadataError::PublicWithSecret);
        }
        let rules = metadata.channel_rules(source, terms);
        metadata.logout.register(&*id, secret.as_deref().map(str::as_bytes), &rules, &SIGNING_ALGORITHMS)?;
        // Those rules allow http where a user's browser is not redirected.
        let rules = metadata.rules();
        for (index, uri) in metadata.logout.post_logout_redirect_uris.iter().enumerate() {
            RegisteredRedirect::register(uri, &rules)
                .map_err(|error| RegistrationError::PostLogoutRedirectUri { index, error })?;
        }
        if !(1..=MAX_URIS).contains(&metadata.redirect_uris.len()) {
            return Err(MetadataError::RedirectUris);
        }
        for (index, uri) in metadata.redirect_uris.iter().enumerate() {
            RegisteredRedirect::register(uri, &rules).map_err(|error| MetadataError::RedirectUri { index, error })?;
        }
        let registration_token_hash = registration_token.map(secrets::sha256);
        let now = store::now();
        let client = Self { id, secret, metadata, source, registration_token_hash, created_at: now, last_used_at: now };
        let schemes = client.metadata.form_action_schemes.len();
        if schemes > MAX_URIS || !client.for_logout(terms).unusable().is_empty() {
            return Err(MetadataError::FormActionSchemes);
        }
        Ok(client)
    }

    fn read(row: &AnyRow) -> anyhow::Result<Self> {
        Ok(Self {
            id: row.try_get(0)?,
            secret: row.try_get(1)?,
            metadata: serde_json::from_str(&row.try_get::<String, _>(2)?)?,
            registration_token_hash: row.try_get(3)?,
            created_at: row.try_get(4)?,
            last_used_at: row.try_get::<Option<i64>, _>(5)?.unwrap_or_default(),
            source: Source::of(row.try_get(6)?),
        })
    }

    pub(crate) fn source(&self) -> Source {
        self.source
    }

    pub(crate) fn name(&self) -> &str {
        self.metadata.client_name.as_deref().unwrap_or(&self.id)
    }

    /// Its home page, if it is safe to link to: a client may register any scheme, such as
    /// `javascript:`.
    pub(crate) fn uri(&self) -> Option<&str> {
        let is_web = |uri: &&str| uri.starts_with("https://") || uri.starts_with("http://");
        self.metadata.client_uri.as_deref().filter(is_web)
    }

    /// The client in the library's terms.
    pub(crate) fn for_logout(&self, terms: &Terms) -> oidc_logout::op::Client {
        let rules = self.metadata.channel_rules(self.source, terms);
        let builder = oidc_logout::op::Client::builder(&*self.id).registration_rules(rules);
        let schemes = self.metadata.form_action_schemes.iter();
        let builder =
            schemes.fold(builder.metadata(&self.metadata.logout), oidc_logout::op::ClientBuilder::form_action_scheme);
        match &self.secret {
            Some(secret) => builder.client_secret(&**secret).build_usable(),
            None => builder.build_usable(),
        }
    }

    pub(crate) fn signing_algorithm(&self) -> SigningAlgorithm {
        signing_algorithm(self.metadata.logout.id_token_signed_response_alg)
    }
}

pub(crate) fn signing_algorithm(registered: Algorithm) -> SigningAlgorithm {
    match registered {
        Algorithm::Ps256 => SigningAlgorithm::PS256,
        Algorithm::Es256 => SigningAlgorithm::ES256,
        Algorithm::EdDsa => SigningAlgorithm::EdDSA,
        Algorithm::Hs256 => SigningAlgorithm::HS256,
        // Registration accepts no other than these five.
        _ => SigningAlgorithm::RS256,
    }
}

/// How a client came to be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Demo,
    File,
    Registration,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::File => "file",
            Self::Registration => "registration",
        }
    }

    /// What is unknown is trusted least.
    fn of(name: &str) -> Self {
        [Self::Demo, Self::File].into_iter().find(|source| source.name() == name).unwrap_or(Self::Registration)
    }
}

/// Makes these the only clients of a source: writes them, and deletes the source's other clients.
pub(crate) async fn replace(db: &Database, source: Source, clients: &[Client]) -> anyhow::Result<()> {
    for client in clients {
        save(db, client).await?;
    }
    let select = "SELECT client_id FROM clients WHERE source = $1";
    let known: Vec<String> = sqlx::query_scalar(select).bind(source.name()).fetch_all(db.reader()).await?;
    for id in known.iter().filter(|id| !clients.iter().any(|client| client.id == **id)) {
        delete(db, id).await?;
    }
    Ok(())
}

pub(crate) async fn save(db: &Database, client: &Client) -> anyhow::Result<()> {
    let insert = "INSERT INTO clients \
        (client_id, client_secret, metadata, registration_token_hash, created_at, source, last_used_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (client_id) DO UPDATE SET client_secret = excluded.client_secret, \
        metadata = excluded.metadata, registration_token_hash = excluded.registration_token_hash, source = excluded.source";
    let insert = sqlx::query(insert).bind(&client.id).bind(&client.secret);
    let insert = insert.bind(serde_json::to_string(&client.metadata)?).bind(&client.registration_token_hash);
    let insert = insert.bind(client.created_at).bind(client.source.name()).bind(client.last_used_at);
    insert.execute(db.writer()).await?;
    Ok(())
}

/// What [`Client::read`] reads, in this order.
const COLUMNS: &str = "client_id, client_secret, metadata, registration_token_hash, created_at, last_used_at, source";

pub(crate) async fn find(db: &Database, id: &str) -> anyhow::Result<Option<Client>> {
    // A NUL would make PostgreSQL fail.
    if !is_printable(id) {
        return Ok(None);
    }
    let select = format!("SELECT {COLUMNS} FROM clients WHERE client_id = $1");
    sqlx::query(&select).bind(id).fetch_optional(db.reader()).await?.as_ref().map(Client::read).transpose()
}

/// The clients that take part in a session.
pub(crate) async fn of_session(db: &Database, session: &Session) -> anyhow::Result<Vec<Client>> {
    let select = of_sid();
    let rows = sqlx::query(&select).bind(&session.sid).fetch_all(db.reader()).await?;
    rows.iter().map(Client::read).collect()
}

/// The same within the transaction that ends the session.
pub(crate) async fn of_held_session(transaction: &mut Transaction<'_, Any>, sid: &str) -> anyhow::Result<Vec<Client>> {
    let select = of_sid();
    let rows = sqlx::query(&select).bind(sid).fetch_all(&mut **transaction).await?;
    rows.iter().map(Client::read).collect()
}

fn of_sid() -> String {
    format!(
        "SELECT {COLUMNS} FROM clients WHERE client_id IN (SELECT client_id FROM session_clients WHERE sid = $1) \
        ORDER BY client_id"
    )
}

/// Notes that a client is used, once a day at most, because the note is a write.
pub(crate) async fn used(db: &Database, client: &Client, now: i64) -> sqlx::Result<()> {
    if client.last_used_at > now.saturating_sub(DAY) {
        return Ok(());
    }
    let update = sqlx::query("UPDATE clients SET last_used_at = $1 WHERE client_id = $2").bind(now).bind(&client.id);
    update.execute(db.writer()).await.map(drop)
}

/// Deletes the clients that registered themselves and that nobody has used for some days. 0 days
/// means never.
pub(crate) async fn delete_unused(db: &Database, days: u32, now: i64) -> sqlx::Result<()> {
    if days == 0 {
        return Ok(());
    }
    // Of an older database it is not known. The days begin now.
    let unknown = sqlx::query("UPDATE clients SET last_used_at = $1 WHERE last_used_at IS NULL").bind(now);
    unknown.execute(db.writer()).await?;
    let delete = "DELETE FROM clients WHERE source = $1 AND last_used_at <= $2";
    let delete = sqlx::query(delete).bind(Source::Registration.name());
    // A note can be a day late.
    let before = now.saturating_sub(DAY.saturating_mul(i64::from(days).saturating_add(1)));
    let deleted = delete.bind(before).execute(db.writer()).await?.rows_affected();
    if deleted > 0 {
        tracing::info!(deleted, days, "clients that nobody used were deleted");
    }
    Ok(())
}

/// Deletes a client with its codes and tokens. Returns whether it existed.
pub(crate) async fn delete(db: &Database, id: &str) -> sqlx::Result<bool> {
    let deleted = sqlx::query("DELETE FROM clients WHERE client_id = $1").bind(id).execute(db.writer()).await?;
    Ok(deleted.rows_affected() > 0)
}
