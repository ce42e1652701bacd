//! The server: its routes, the layers around every request, and its start and end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::middleware;
use axum::response::Response;
use axum::routing::{any, get, post};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower_http::cors::{self, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tracing::Level;

use crate::app::App;
use crate::config::{Config, Registration};
use crate::connections::Limits;
use crate::delivery::Delivery;
use crate::http::Internal;
use crate::pages::{self, PageError};
use crate::store::Database;
use crate::{
    account, authorize, demo_rp, discovery, http, logout, registration, sign_in, store, token, userinfo, users, worker,
};

/// A running provider. It serves until it is [shut down](Self::shutdown), or the runtime is.
#[derive(Debug)]
pub struct Server {
    url: String,
    demo_url: Option<String>,
    has_demo: bool,
    address: SocketAddr,
    shutdown_seconds: u32,
    handle: Handle<SocketAddr>,
    serving: JoinHandle<std::io::Result<()>>,
    sweeping: JoinHandle<()>,
    working: JoinHandle<()>,
    delivery: Arc<Delivery>,
    db: Database,
}

impl Server {
    /// Opens the database, sets up whatever it lacks, and listens.
    ///
    /// # Errors
    /// If the database, a file or the address is not available, or if options contradict each
    /// other.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let address = SocketAddr::new(config.address, config.port);
        let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let tls = tls(&config)?;
        let shutdown_seconds = config.shutdown_seconds;
        let timeout = Duration::from_secs(config.request_seconds.into());
        let app = App::open(config, address.port()).await?;
        let url = app.issuer.as_str().to_owned();
        let has_demo = users::has_demo(&app.db).await?;
        let demo_url = app.demo_rp.as_ref().map(|demo| demo.uri().to_owned());
        let (db, delivery) = (app.db.clone(), Arc::clone(&app.delivery));
        let sweeping = tokio::spawn(store::sweep(Arc::clone(&app)));
        let working = tokio::spawn(worker::work(Arc::clone(&app)));
        let limits = Limits::new(app.config.connections.try_into()?, timeout);
        let handle = Handle::new();
        let service = router(app, timeout).into_make_service_with_connect_info::<SocketAddr>();
        let serving = if let Some(tls) = tls {
            let server = axum_server::from_tcp_rustls(listener, tls)?.map(|tls| tls.acceptor(limits));
            let mut server = server.handle(handle.clone()).http1_only();
            limit_header_time(server.http_builder(), timeout);
            tokio::spawn(server.serve(service))
        } else {
            let server = axum_server::from_tcp(listener)?.acceptor(limits);
            let mut server = server.handle(handle.clone()).http1_only();
            limit_header_time(server.http_builder(), timeout);
            tokio::spawn(server.serve(service))
        };
        Ok(Self {
            url,
            demo_url,
            has_demo,
            address,
            shutdown_seconds,
            handle,
            serving,
            sweeping,
            working,
            delivery,
            db,
        })
    }

    /// The issuer, and the URL of the account page.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL of the demo client, if there is one.
    #[must_use]
    pub fn demo_url(&self) -> Option<&str> {
        self.demo_url.as_deref()
    }

    /// Whether the [demo user](crate::DEMO_USER) exists, with the password that everybody knows.
    #[must_use]
    pub fn has_demo(&self) -> bool {
        self.has_demo
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more requests, lets running ones and attempts to deliver notices finish, and
    /// closes the database.
    ///
    /// # Errors
    /// If serving failed.
    pub async fn shutdown(self) -> anyhow::Result<()> {
        let time = Duration::from_secs(self.shutdown_seconds.into());
        let begin = Instant::now();
        self.handle.graceful_shutdown(Some(time));
        // No more attempts begin, except those of sign-outs that are running.
        self.delivery.stopping.cancel();
        self.serving.await??;
        self.working.await?;
        self.delivery.finish(begin.checked_add(time).unwrap_or(begin)).await;
        self.sweeping.abort();
        self.db.close().await;
        Ok(())
    }
}

fn router(app: Arc<App>, timeout: Duration) -> Router {
    let mut router = Router::new()
        .merge(for_scripts())
        .route("/authorize", get(authorize::get).post(authorize::post))
        .route("/sign-in", get(sign_in::get).post(sign_in::post))
        .route(logout::PATH, any(logout::end_session))
        .route("/", get(account::get))
        .route(account::EVERYWHERE, post(account::sign_out_everywhere));
    if app.registration == Registration::Open {
        let client = get(registration::get).delete(registration::delete);
        router = router.route(registration::PATH, post(registration::post)).route(registration::CLIENT_PATH, client);
    }
    if app.demo_rp.is_some() {
        router = router.merge(demo_rp::routes());
    }
    for asset in pages::ASSETS {
        let headers = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, "public, max-age=300")];
        router = router.route(asset.path, get(async move || (headers, asset.body)));
    }
    // Not on loopback hosts: other servers on this machine may have no https.
    let transport_security = (app.issuer.is_https() && !app.issuer.is_loopback()).then_some("max-age=31536000");
    let router = router
        .fallback(async |headers: HeaderMap| http::error_page(&headers, PageError::NotFound))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app)
        // axum's own limit is higher than the one below.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(http::limit_body))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout))
        .layer(header(CACHE_CONTROL, "no-store"))
        .layer(header(REFERRER_POLICY, "no-referrer"))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // A process of its own. A client on the provider's site that is busy for ever in its frame
        // would otherwise stop the page that holds it.
        .layer(header(HeaderName::from_static("origin-agent-cluster"), "?1"))
        .layer(header(CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"));
    let router = match transport_security {
        Some(value) => router.layer(header(STRICT_TRANSPORT_SECURITY, value)),
        None => router,
    };
    // Only the path is logged: the query holds codes, hints and other secrets.
    let span = |request: &Request<Body>| tracing::info_span!("request", method = %request.method(), path = request.uri().path());
    let answered = DefaultOnResponse::new().level(Level::INFO);
    router.layer(TraceLayer::new_for_http().make_span_with(span).on_response(answered))
}

/// The endpoints that a client's script calls from its own site: it is a public client, with PKCE
/// in place of a secret. No cookie counts here, so every site may read the answers.
fn for_scripts() -> Router<Arc<App>> {
    let cors = CorsLayer::new()
        .allow_origin(cors::Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE])
        .expose_headers([WWW_AUTHENTICATE])
        .max_age(Duration::from_secs(60 * 60));
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::configuration))
        .route("/jwks", get(discovery::jwks))
        .route("/token", post(token::post))
        .route("/userinfo", get(userinfo::get).post(userinfo::post))
        // Before the layer, which answers preflights.
        .method_not_allowed_fallback(method_not_allowed)
        .layer(cors)
}

async fn method_not_allowed(headers: HeaderMap) -> Result<Response, Internal> {
    http::error_page(&headers, PageError::MethodNotAllowed)
}

/// A header for answers that do not set it themselves.
fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Closes a connection that does not finish its headers in time.
fn limit_header_time(builder: &mut Builder<TokioExecutor>, timeout: Duration) {
    builder.http1().timer(TokioTimer::new()).header_read_timeout(timeout);
}

fn tls(config: &Config) -> anyhow::Result<Option<RustlsConfig>> {
    let (Some(certificate), Some(key)) = (&config.tls_cert, &config.tls_key) else {
        return Ok(None);
    };
    let chain = CertificateDer::pem_file_iter(certificate).context("--tls-cert")?;
    let chain = chain.collect::<Result<Vec<_>, _>>().context("--tls-cert")?;
    let key = PrivateKeyDer::from_pem_file(key).context("--tls-key")?;
    let builder =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
    let mut tls = builder.with_no_client_auth().with_single_cert(chain, key).context("--tls-cert and --tls-key")?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(RustlsConfig::from_config(Arc::new(tls))))
}
