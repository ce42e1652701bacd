//! The options: from the command line, or from environment variables of the same names.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::builder::FalseyValueParser;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum, value_parser};
use oidc_logout::op::Network;
use url::Url;

/// An OpenID Provider: signs users in for OpenID Connect clients, and out again.
#[derive(Clone, Debug, Parser)]
#[command(name = "idp")]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The options.
    #[command(flatten)]
    pub config: Config,
}

/// What the program can do instead of serving. Running servers notice the result at once.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Make new signing keys. The previous ones stay published until the next rotation, and verify
    /// hints after that too
    RotateKeys {
        /// Delete all previous keys, so that tokens they signed are no longer accepted. Use this if
        /// a key may have leaked
        #[arg(long)]
        revoke: bool,
    },
    /// Add a user, or set a user's password, which ends their sessions. The password is read from
    /// standard input
    SetUser {
        /// The name to sign in with
        username: String,
        /// The name to give to clients [default: unchanged; for a new user, the user name]
        #[arg(long)]
        name: Option<String>,
        /// The email address to give to clients; empty for none [default: unchanged; for a new
        /// user, none]
        #[arg(long)]
        email: Option<String>,
    },
    /// Delete a user, which ends their sessions
    DeleteUser {
        /// The name that the user signs in with
        username: String,
    },
    /// End sessions. A running server tells the clients that take part in them
    #[command(group = ArgGroup::new("which").required(true).args(["user", "client", "all"]))]
    EndSessions {
        /// Those of a user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Those in which a client takes part
        #[arg(long, value_name = "CLIENT_ID")]
        client: Option<String>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
    /// List the clients that were not told yet that a session has ended, or could not be told
    Notices {
        /// List those that were told too
        #[arg(long)]
        all: bool,
    },
}

/// The options. [`Config::from_args`] reads them as the command line does.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Address to listen on
    #[arg(long, env = "IDP_ADDRESS", default_value = "127.0.0.1")]
    pub address: IpAddr,

    /// Port to listen on; 0 picks any free port
    #[arg(long, env = "IDP_PORT", default_value_t = 8080)]
    pub port: u16,

    /// Where browsers and clients reach the provider, which is also its issuer identifier: a
    /// scheme, a host and perhaps a port; https, except on loopback hosts [default:
    /// `http://127.0.0.1:PORT`; with --tls-cert `https://localhost:PORT`]
    #[arg(long, env = "IDP_BASE_URL", value_name = "URL")]
    pub base_url: Option<Url>,

    /// The database: `sqlite:FILE` for one instance, created on the first start; or
    /// `postgres://USER:PASSWORD@HOST/NAME` for any number of instances behind a balancer
    #[arg(
        long,
        env = "IDP_DATABASE",
        default_value = "sqlite:idp.sqlite",
        value_name = "URL",
        global = true,
        hide_env_values = true
    )]
    pub database: String,

    /// A JSON file with a list of clients. Each is an object with `client_id`, `client_secret` (16
    /// characters or more; none for a public client) and the metadata of OpenID Connect Dynamic
    /// Client Registration. If a client's redirect URIs redirect to an app in turn, list the app's
    /// scheme in `form_action_schemes`, such as `["com.example.app"]`: browsers apply a form's
    /// Content Security Policy to these redirects too. Each start writes the file's clients to the
    /// database, and deletes those that are no longer in the file
    #[arg(long, env = "IDP_CLIENTS", value_name = "FILE")]
    pub clients: Option<PathBuf>,

    /// Whether clients may register themselves [default: open with the demo, otherwise closed]
    #[arg(long, env = "IDP_REGISTRATION")]
    pub registration: Option<Registration>,

    /// Make the demo user and the demo clients. Everybody knows their password and their secret
    /// [default: only if the address and the base URL are loopback and http]
    #[arg(long, env = "IDP_DEMO", value_parser = FalseyValueParser::new(), conflicts_with = "no_demo")]
    pub demo: bool,

    /// Make no demo user and no demo clients, and remove those of an earlier start with their
    /// sessions
    #[arg(long, env = "IDP_NO_DEMO", value_parser = FalseyValueParser::new())]
    pub no_demo: bool,

    /// Serve https with this certificate chain (PEM). Without it, an https base URL needs a proxy
    /// in front
    #[arg(long, env = "IDP_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key (PEM)
    #[arg(long, env = "IDP_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// The header in which your proxy sends the client's address, such as X-Forwarded-For; the last
    /// entry is used. Set it only if a proxy sets the header, because otherwise clients could
    /// choose their address. If a proxy terminates https and this is not set, no limit applies per
    /// client address
    #[arg(long, env = "IDP_CLIENT_ADDRESS_HEADER", value_name = "NAME")]
    pub client_address_header: Option<String>,

    /// How long a session lasts after its last sign-in, in seconds
    #[arg(long, env = "IDP_SESSION_SECONDS", value_name = "SECONDS", value_parser = value_parser!(u32).range(1..), default_value_t = 12 * 60 * 60)]
    pub session_seconds: u32,

    /// For how many seconds after it was issued an ID Token without a cookie may end the session
    /// that its `sid` names. A client's server or script sends such a token; 0: never
    #[arg(long, env = "IDP_SESSION_BY_SID", value_name = "SECONDS", default_value_t = 24 * 60 * 60)]
    pub session_by_sid: u32,

    /// After how many days without a sign-in a client that registered itself is deleted; 0: never
    #[arg(long, env = "IDP_UNUSED_CLIENT_DAYS", value_name = "DAYS", default_value_t = 90)]
    pub unused_client_days: u32,

    /// How many sign-ins to one account may fail from one network within the window. A network is
    /// the first 24 bits of an IPv4 address or the first 64 of an IPv6 address
    #[arg(long, env = "IDP_SIGN_IN_ATTEMPTS", value_name = "NUMBER", default_value_t = 10)]
    pub sign_in_attempts: u32,

    /// How many sign-ins to one account may fail from all addresses together within the window
    #[arg(long, env = "IDP_SIGN_IN_ATTEMPTS_PER_ACCOUNT", value_name = "NUMBER", default_value_t = 100)]
    pub sign_in_attempts_per_account: u32,

    /// How many sign-ins from one client address may fail within the window
    #[arg(long, env = "IDP_SIGN_IN_ATTEMPTS_PER_ADDRESS", value_name = "NUMBER", default_value_t = 100)]
    pub sign_in_attempts_per_address: u32,

    /// How many clients may register themselves from one client address within the window
    #[arg(long, env = "IDP_REGISTRATIONS_PER_ADDRESS", value_name = "NUMBER", default_value_t = 100)]
    pub registrations_per_address: u32,

    /// The window for counting sign-ins and registrations, in seconds; at most a day
    #[arg(long, env = "IDP_SIGN_IN_WINDOW_SECONDS", value_name = "SECONDS", value_parser = value_parser!(u32).range(1..=86400), default_value_t = 300)]
    pub sign_in_window_seconds: u32,

    /// A network that notices of logouts may be sent to although it is not part of the public
    /// internet, such as `10.1.0.0/16`. More than one may be given. It holds for the clients of the
    /// file, and not for clients that registered themselves
    #[arg(long, env = "IDP_ALLOW_NETWORK", value_name = "NETWORK", value_delimiter = ',')]
    pub allow_network: Vec<Network>,

    /// Certificates (PEM) of authorities that sign the certificates of your clients, beside those
    /// that this machine trusts
    #[arg(long, env = "IDP_DELIVERY_CA", value_name = "FILE")]
    pub delivery_ca: Option<PathBuf>,

    /// How many seconds a client has to answer a notice
    #[arg(long, env = "IDP_DELIVERY_SECONDS", value_name = "SECONDS", value_parser = value_parser!(u32).range(1..=300), default_value_t = 10)]
    pub delivery_seconds: u32,

    /// The seconds to wait after the first, the second and each further attempt to deliver a
    /// notice. The last one repeats
    #[arg(
        long,
        env = "IDP_DELIVERY_WAITS",
        value_name = "SECONDS",
        value_delimiter = ',',
        default_value = "5,30,120,600,3600,21600"
    )]
    pub delivery_waits: Vec<u32>,

    /// For how many seconds after the end of a session its notices are delivered
    #[arg(long, env = "IDP_DELIVERY_GIVE_UP_SECONDS", value_name = "SECONDS", default_value_t = 24 * 60 * 60)]
    pub delivery_give_up_seconds: u32,

    /// For how many days a notice is kept once it is delivered or given up
    #[arg(long, env = "IDP_NOTICE_DAYS", value_name = "DAYS", default_value_t = 14)]
    pub notice_days: u32,

    /// How many connections may be open at once. More are closed at once
    #[arg(long, env = "IDP_CONNECTIONS", value_name = "NUMBER", value_parser = value_parser!(u32).range(1..), default_value_t = 1000)]
    pub connections: u32,

    /// How many seconds a request may take, and how many a client may leave an answer unread
    #[arg(long, env = "IDP_REQUEST_SECONDS", value_name = "SECONDS", value_parser = value_parser!(u32).range(1..), default_value_t = 30)]
    pub request_seconds: u32,

    /// How many seconds running requests, and attempts to deliver a notice, have to finish when the
    /// process is told to stop
    #[arg(long, env = "IDP_SHUTDOWN_SECONDS", value_name = "SECONDS", default_value_t = 10)]
    pub shutdown_seconds: u32,

    /// The format of the log on standard error; `RUST_LOG` sets its level
    #[arg(long, env = "IDP_LOG", default_value = "pretty", global = true)]
    pub log: LogFormat,
}

/// Who may register clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Anybody.
    Open,
    /// Nobody.
    Closed,
}

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object per line.
    Json,
}

impl Config {
    /// Reads options as on the command line, without the program's name.
    ///
    /// # Errors
    /// The error that the command line would report.
    pub fn from_args<'a>(args: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Self> {
        Ok(Cli::try_parse_from(["idp"].into_iter().chain(args))?.config)
    }

    pub(crate) fn issuer(&self, port: u16) -> anyhow::Result<Issuer> {
        let default = match (&self.tls_cert, self.address) {
            (Some(_), _) => format!("https://localhost:{port}"),
            (None, address @ IpAddr::V6(_)) if address.is_loopback() => format!("http://[{address}]:{port}"),
            (None, _) => format!("http://127.0.0.1:{port}"),
        };
        let url = match &self.base_url {
            Some(url) => url.clone(),
            None => Url::parse(&default)?,
        };
        let issuer = Issuer::of(&url).context("--base-url")?;
        ensure!(self.tls_cert.is_none() || issuer.is_https(), "--base-url must be https if --tls-cert is given");
        Ok(issuer)
    }

    pub(crate) fn demo(&self, issuer: &Issuer) -> bool {
        self.demo || (!self.no_demo && !issuer.is_https() && self.address.is_loopback())
    }

    pub(crate) fn registration(&self, issuer: &Issuer) -> Registration {
        self.registration.unwrap_or(if self.demo(issuer) { Registration::Open } else { Registration::Closed })
    }
}

/// The base URL, which is the issuer identifier: an https origin, or http on a loopback host.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    origin: String,
    port: Option<u16>,
    loopback: bool,
}

impl Issuer {
    fn of(url: &Url) -> anyhow::Result<Self> {
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        ensure!(
            bare && url.username().is_empty() && url.password().is_none(),
            "only scheme, host and port are allowed"
        );
        let loopback = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => bail!("a host is missing"),
        };
        ensure!(url.scheme() == "https" || (url.scheme() == "http" && loopback), "http is for loopback hosts only");
        Ok(Self { origin: url.origin().ascii_serialization(), port: url.port_or_known_default(), loopback })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.origin
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The same server under a name that browsers treat as another site: `localhost` for a loopback
    /// address, and the other way round. Only with http.
    pub(crate) fn other_site(&self) -> Option<String> {
        let named = self.origin.starts_with("http://localhost");
        let port = self.port?;
        match self.is_https() {
            true => None,
            false if named => Some(format!("http://127.0.0.1:{port}")),
            false => Some(format!("http://localhost:{port}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(args: &[&str]) -> Result<String, String> {
        let config = Config::from_args(args.iter().copied()).map_err(|error| error.to_string())?;
        config.issuer(8080).map(|issuer| issuer.as_str().to_owned()).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_issuer_is_the_base_url_or_a_loopback_address() {
        assert_eq!(issuer(&[]).unwrap(), "http://127.0.0.1:8080");
        assert_eq!(issuer(&["--base-url", "https://op.example"]).unwrap(), "https://op.example");
        assert_eq!(issuer(&["--base-url", "https://OP.example:443/"]).unwrap(), "https://op.example");
        assert_eq!(issuer(&["--base-url", "http://localhost:1"]).unwrap(), "http://localhost:1");
        assert_eq!(issuer(&["--base-url", "http://[::1]:1"]).unwrap(), "http://[::1]:1");
        assert_eq!(issuer(&["--tls-cert", "c", "--tls-key", "k"]).unwrap(), "https://localhost:8080");
    }

    #[test]
    fn http_is_refused_beyond_loopback_and_so_is_more_than_an_origin() {
        for url in
            ["http://op.example", "http://192.0.2.1", "http://128.0.0.1", "http://localhost.example", "ftp://localhost"]
        {
            assert!(issuer(&["--base-url", url]).unwrap_err().contains("loopback hosts only"), "{url}");
        }
        for url in ["https://op.example/idp", "https://op.example/?a", "https://op.example/#a", "https://me@op.example"]
        {
            assert!(issuer(&["--base-url", url]).unwrap_err().contains("only scheme"), "{url}");
        }
        assert!(issuer(&["--base-url", "http://127.0.0.1", "--tls-cert", "c", "--tls-key", "k"]).is_err());
    }

    #[test]
    fn the_demo_is_for_loopback_http_unless_asked_for() {
        let demo = |args: &[&str]| {
            let config = Config::from_args(args.iter().copied()).unwrap();
            let issuer = config.issuer(8080).unwrap();
            (config.demo(&issuer), config.registration(&issuer))
        };
        assert_eq!(demo(&[]), (true, Registration::Open));
        assert_eq!(demo(&["--no-demo"]), (false, Registration::Closed));
        assert_eq!(demo(&["--no-demo", "--registration", "open"]), (false, Registration::Open));
        assert_eq!(demo(&["--base-url", "https://op.example"]), (false, Registration::Closed));
        assert_eq!(demo(&["--base-url", "https://op.example", "--demo"]), (true, Registration::Open));
        assert_eq!(demo(&["--registration", "closed"]), (true, Registration::Closed));
        assert_eq!(demo(&["--address", "0.0.0.0"]), (false, Registration::Closed));
        assert_eq!(demo(&["--address", "0.0.0.0", "--demo"]), (true, Registration::Open));
    }

    #[test]
    fn half_a_certificate_is_refused() {
        assert!(issuer(&["--tls-cert", "c"]).is_err());
        assert!(issuer(&["--tls-key", "k"]).is_err());
    }
}
