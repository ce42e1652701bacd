//! What a start writes to the database: missing secrets, clients from a file, the demo.
//!
//! Any step may be interrupted, and several instances may run it at once. The next start completes
//! it.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use crate::clients::{self, AuthMethod, Client, Source};
use crate::config::Issuer;
use crate::demo_rp::{self, DemoRp};
use crate::store::Database;
use crate::terms::Terms;
use crate::{secrets, users};

/// The demo user, whose password everybody knows.
#[derive(Clone, Copy, Debug)]
pub struct DemoUser {
    /// The user name.
    pub username: &'static str,
    /// The password.
    pub password: &'static str,
}

/// The one demo user.
pub const DEMO_USER: DemoUser = DemoUser { username: "alice", password: "wonderland" };

/// A random secret that all instances share. It is made at its first use.
pub(crate) async fn shared_secret(db: &Database, name: &str) -> anyhow::Result<Vec<u8>> {
    let insert = "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    sqlx::query(insert).bind(name).bind(secrets::random()?).execute(db.writer()).await?;
    let select = "SELECT value FROM secrets WHERE name = $1";
    let value: String = sqlx::query_scalar(select).bind(name).fetch_one(db.reader()).await?;
    Ok(value.into_bytes())
}

/// Makes the demo user and the demo clients. Returns the client with pages, if the issuer is on
/// loopback http.
pub(crate) async fn demo(db: &Database, terms: &Terms, issuer: &Issuer) -> anyhow::Result<Option<DemoRp>> {
    users::add_demo(db, DEMO_USER.username, DEMO_USER.password, "Alice Liddell", "alice@example.com").await?;
    let demo_rp = DemoRp::new(issuer)?;
    let clients = [Some(demo_rp::native_client()), demo_rp.as_ref().map(DemoRp::client)];
    let clients = serde_json::to_string(&clients.iter().flatten().collect::<Vec<_>>())?;
    let clients = read_clients(terms, Source::Demo, &clients)?;
    clients::replace(db, Source::Demo, &clients).await?;
    Ok(demo_rp)
}

/// Removes the demo of an earlier start, because everybody knows its password and secret.
pub(crate) async fn no_demo(db: &Database, terms: &Terms) -> anyhow::Result<()> {
    // The clients first: they are not there any more to be told about the user's sessions.
    clients::replace(db, Source::Demo, &[]).await?;
    users::remove_demo(db, terms).await
}

pub(crate) async fn clients_of_file(db: &Database, terms: &Terms, path: &Path) -> anyhow::Result<()> {
    let read = || read_clients(terms, Source::File, &std::fs::read_to_string(path)?);
    let clients = read().with_context(|| format!("--clients: {}", path.display()))?;
    clients::replace(db, Source::File, &clients).await
}

fn read_clients(terms: &Terms, source: Source, json: &str) -> anyhow::Result<Vec<Client>> {
    #[derive(Deserialize)]
    struct Identity {
        client_id: String,
        client_secret: Option<String>,
    }
    let entries: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(json)?;
    let mut clients = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let read = || {
            let Identity { client_id, client_secret } = serde_json::from_str(entry.get())?;
            let mut metadata = clients::Metadata::read(entry.get().as_bytes())?;
            if client_secret.is_none() {
                metadata.token_endpoint_auth_method = AuthMethod::None;
            }
            anyhow::Ok(Client::register(terms, source, client_id, client_secret, metadata, None)?)
        };
        clients.push(read().with_context(|| format!("client {index}"))?);
    }
    Ok(clients)
}
