//! What this provider grants to its clients: the addresses to which it sends notices, and the
//! issuer in whose name it sends them.
//!
//! The commands that end sessions need the same, without the server's options. So each start of a
//! server writes them to the database.

use oidc_logout::op::{AddressRules, LogoutEndpoint, Network};
use oidc_logout::{KeySet, Secret};

use crate::clients::Source;
use crate::config::Config;
use crate::secrets;
use crate::store::Database;

/// The networks of the machine itself. The demo's clients are there.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

/// The terms of one provider.
#[derive(Debug)]
pub(crate) struct Terms {
    issuer: String,
    /// The networks beyond the public internet, for clients that the operator configured.
    networks: Vec<Network>,
    /// Plans the notices of sessions that end without a logout request. It knows no key.
    pub(crate) planner: LogoutEndpoint,
}

impl Terms {
    /// The terms of a server with these options.
    pub(crate) fn of(config: &Config, issuer: &str, demo: bool) -> anyhow::Result<Self> {
        let mut networks = config.allow_network.clone();
        if demo {
            for network in LOOPBACK {
                networks.push(network.parse()?);
            }
        }
        Self::new(issuer, networks)
    }

    pub(crate) fn new(issuer: &str, networks: Vec<Network>) -> anyhow::Result<Self> {
        let secret = Secret::new(secrets::random()?.into_bytes())?;
        Ok(Self {
            issuer: issuer.to_owned(),
            networks,
            planner: LogoutEndpoint::new(issuer, KeySet::default(), secret),
        })
    }

    /// The terms that the last start of a server wrote; or those of the options, if there was none.
    pub(crate) async fn stored(db: &Database, config: &Config) -> anyhow::Result<Self> {
        let Some(issuer) = read(db, "issuer").await? else {
            let issuer = config.issuer(config.port)?;
            return Self::of(config, issuer.as_str(), config.demo(&issuer));
        };
        let networks = read(db, "networks").await?.unwrap_or_default();
        let networks = networks.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        Self::new(&issuer, networks)
    }

    /// Writes them to the database.
    pub(crate) async fn store(&self, db: &Database) -> sqlx::Result<()> {
        let networks = self.networks.iter().map(Network::to_string).collect::<Vec<_>>().join(" ");
        for (name, value) in [("issuer", &self.issuer), ("networks", &networks)] {
            let upsert = "INSERT INTO settings (name, value) VALUES ($1, $2) \
                ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            sqlx::query(upsert).bind(name).bind(value).execute(db.writer()).await?;
        }
        Ok(())
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The addresses to which a client's notices may be sent. Nobody who registered a client by
    /// themselves may direct requests into the operator's networks.
    pub(crate) fn addresses(&self, source: Source) -> AddressRules {
        let networks = match source {
            Source::Registration => &[][..],
            Source::Demo | Source::File => &self.networks,
        };
        networks.iter().fold(AddressRules::default(), |rules, network| rules.allow_network(*network))
    }
}

async fn read(db: &Database, name: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT value FROM settings WHERE name = $1").bind(name).fetch_optional(db.reader()).await
}
