//! What every request shares: the configuration, the database, the keys.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};
use oidc_logout::op::LogoutEndpoint;
use oidc_logout::{KeySet, Secret};
use sqlx::AnyPool;

use crate::config::{Config, Issuer, Registration};
use crate::http::{self, Cookies, Internal};
use crate::keys::{self, KeyCache, Keys};
use crate::sessions::{self, Session};
use crate::users::Passwords;
use crate::{demo_rp, setup, store};

/// The provider. All instances hold the same values here, or values that matter to one instance
/// alone.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) issuer: Issuer,
    pub(crate) cookies: Cookies,
    pub(crate) registration: Registration,
    pub(crate) pool: AnyPool,
    pub(crate) passwords: Passwords,
    /// Authenticates the sign-in form.
    pub(crate) sign_in_secret: Vec<u8>,
    /// The client to try the provider with.
    pub(crate) demo_rp: Option<demo_rp::DemoRp>,
    keys: KeyCache,
    client_address_header: Option<HeaderName>,
    /// A proxy terminates https.
    behind_proxy: bool,
}

impl App {
    /// Opens the database and sets up whatever it lacks. The server listens on `port`.
    pub(crate) async fn open(config: Config, port: u16) -> anyhow::Result<Arc<Self>> {
        let issuer = config.issuer(port)?;
        let client_address_header = config.client_address_header.as_deref().map(str::parse).transpose()?;
        let behind_proxy = issuer.is_https() && config.tls_cert.is_none();
        if behind_proxy && client_address_header.is_none() {
            tracing::warn!("without --client-address-header, no limit applies per client address");
        }
        let pool = store::open(&config.database).await?;
        keys::make_first(&pool).await?;
        let demo_rp = if config.demo(&issuer) {
            setup::demo(&pool, &issuer).await?
        } else {
            setup::no_demo(&pool).await?;
            None
        };
        if let Some(path) = &config.clients {
            setup::clients_of_file(&pool, path).await?;
        }
        let confirmation_key = Secret::new(setup::shared_secret(&pool, "confirmation").await?)?;
        let logout = LogoutEndpoint::new(issuer.as_str(), KeySet::default(), confirmation_key);
        Ok(Arc::new(Self {
            cookies: if issuer.is_https() { Cookies::Secure } else { Cookies::LoopbackHttp },
            registration: config.registration(&issuer),
            passwords: Passwords::new()?,
            sign_in_secret: setup::shared_secret(&pool, "sign-in").await?,
            keys: KeyCache::load(&pool, logout).await?,
            demo_rp,
            client_address_header,
            behind_proxy,
            config,
            issuer,
            pool,
        }))
    }

    /// The keys as they are now.
    pub(crate) async fn keys(&self) -> anyhow::Result<Arc<Keys>> {
        self.keys.current(&self.pool).await
    }

    /// The session that the request came with.
    pub(crate) async fn session(&self, headers: &HeaderMap) -> Result<Option<Session>, Internal> {
        match http::cookie(headers, self.cookies.session()) {
            Some(id) => Ok(sessions::find(&self.pool, id, store::now()).await?),
            None => Ok(None),
        }
    }

    /// The client's address; `None` if only the proxy's is known.
    pub(crate) fn client_address(&self, headers: &HeaderMap, peer: SocketAddr) -> Option<String> {
        let header = self.client_address_header.as_ref();
        (header.is_some() || !self.behind_proxy).then(|| http::client_address(headers, header, peer))
    }
}
