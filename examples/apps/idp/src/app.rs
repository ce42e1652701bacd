//! What every request shares: the configuration, the database, the keys.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};
use oidc_logout::op::{LogoutEndpoint, Policy, SessionBySid, SessionCookie};
use oidc_logout::{KeySet, Secret};

use crate::config::{Config, Issuer, Registration};
use crate::delivery::Delivery;
use crate::http::{self, ClientAddress, Cookies, Internal};
use crate::keys::{self, KeyCache, Keys};
use crate::sessions::{self, Session};
use crate::store::Database;
use crate::terms::Terms;
use crate::users::Passwords;
use crate::{demo_rp, setup, store};

/// The provider. All instances hold the same values here, or values that matter to one instance
/// alone.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) issuer: Issuer,
    pub(crate) cookies: Cookies,
    pub(crate) registration: Registration,
    pub(crate) db: Database,
    pub(crate) terms: Terms,
    pub(crate) delivery: Arc<Delivery>,
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
        let db = Database::open(&config.database).await?;
        let terms = Terms::of(&config, issuer.as_str(), config.demo(&issuer))?;
        let delivery = Arc::new(Delivery::new(&config, &terms)?);
        terms.store(&db).await?;
        keys::make_first(&db).await?;
        let demo_rp = if config.demo(&issuer) {
            setup::demo(&db, &terms, &issuer).await?
        } else {
            setup::no_demo(&db, &terms).await?;
            None
        };
        if let Some(path) = &config.clients {
            setup::clients_of_file(&db, &terms, path).await?;
        }
        let confirmation_key = Secret::new(setup::shared_secret(&db, "confirmation").await?)?;
        let session_by_sid = match config.session_by_sid {
            0 => SessionBySid::Refuse,
            seconds => SessionBySid::AcceptForSeconds(seconds.into()),
        };
        let policy = Policy::openid().to_builder().session_cookie(SessionCookie::Lax).session_by_sid(session_by_sid);
        let logout = LogoutEndpoint::new(issuer.as_str(), KeySet::default(), confirmation_key)
            .with_policy(policy.build()?)
            .with_login_status();
        Ok(Arc::new(Self {
            cookies: if issuer.is_https() { Cookies::Secure } else { Cookies::LoopbackHttp },
            registration: config.registration(&issuer),
            passwords: Passwords::new()?,
            sign_in_secret: setup::shared_secret(&db, "sign-in").await?,
            keys: KeyCache::load(&db, logout).await?,
            demo_rp,
            client_address_header,
            behind_proxy,
            config,
            issuer,
            db,
            terms,
            delivery,
        }))
    }

    /// The keys as they are now.
    pub(crate) async fn keys(&self) -> anyhow::Result<Arc<Keys>> {
        self.keys.current(&self.db).await
    }

    /// The session that the request came with, and the client's part in it.
    pub(crate) async fn session(
        &self,
        headers: &HeaderMap,
        client_id: Option<&str>,
    ) -> Result<Option<Session>, Internal> {
        match http::cookie(headers, self.cookies.session()) {
            Some(id) => Ok(sessions::find(&self.db, id, client_id, store::now()).await?),
            None => Ok(None),
        }
    }

    /// The client's address; `None` if only the proxy's is known.
    pub(crate) fn client_address(&self, headers: &HeaderMap, peer: SocketAddr) -> Option<ClientAddress> {
        let header = self.client_address_header.as_ref();
        (header.is_some() || !self.behind_proxy).then(|| ClientAddress::of(headers, header, peer))
    }
}
