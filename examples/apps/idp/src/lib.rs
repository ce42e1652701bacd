//! An OpenID Provider that is small enough to read, and complete enough for clients of the
//! authorization code flow. It signs users in, and uses `oidc-logout` to sign them out.
//!
//! From the repository's root:
//!
//! ```text
//! cargo run --manifest-path examples/apps/Cargo.toml -p idp
//! ```
//!
//! It prints its addresses and the demo account. With `-- --help` it explains each option.
//!
//! # Modules
//!
//! In the order in which a user meets them:
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | the options |
//! | `server`, `connections` | the routes, the layers around every request, and the limits of connections |
//! | `app`, `store`, `setup` | shared state, the database, and what a first start writes to it |
//! | `discovery`, `registration`, `clients` | how clients and provider get to know each other |
//! | `authorize`, `sign_in`, `attempts`, `users`, `sessions` | signing in and sessions |
//! | `token`, `keys`, `userinfo` | tokens for codes, the signing keys, the user's claims |
//! | `logout` | **the logout endpoint**: it carries out what the library decides |
//! | `notices`, `delivery`, `worker`, `terms` | clients are told that a session has ended |
//! | `account`, `demo_rp` | the provider's own page, and a client to try it with |
//! | [`pages`], `http`, `secrets` | the pages, and helpers that all modules use |
//!
//! # What it does not have
//!
//! Refresh tokens, consent, flows other than the code flow, encrypted tokens, password reset, a
//! second factor.

mod account;
mod app;
mod attempts;
mod authorize;
mod clients;
pub mod config;
mod connections;
mod delivery;
mod demo_rp;
mod discovery;
mod http;
mod keys;
mod logout;
mod notices;
pub mod pages;
mod registration;
mod secrets;
mod server;
mod sessions;
mod setup;
mod sign_in;
mod store;
mod terms;
mod token;
mod userinfo;
mod users;
mod worker;

use std::io::{Write as _, stdout};

use anyhow::Context as _;

pub use server::Server;
pub use setup::{DEMO_USER, DemoUser};

use config::{Command, Config};
use sessions::Several;
use store::Database;
use terms::Terms;

/// Runs a command on the configured database.
///
/// # Errors
/// If the database fails, if the password on standard input is empty, or if there is no user of the
/// name.
pub async fn run_command(command: Command, config: &Config) -> anyhow::Result<()> {
    let db = Database::open(&config.database).await?;
    let terms = Terms::stored(&db, config).await?;
    match command {
        Command::RotateKeys { revoke } => keys::rotate(&db, revoke).await?,
        Command::SetUser { username, name, email } => {
            let password = std::io::read_to_string(std::io::stdin())?;
            let password = password.trim_end_matches(['\r', '\n']);
            anyhow::ensure!(!password.is_empty(), "no password on standard input");
            users::set(&db, &terms, &username, password, name.as_deref(), email.as_deref()).await?;
        }
        Command::DeleteUser { username } => {
            anyhow::ensure!(users::delete(&db, &terms, &username).await?, "there is no user {username}");
        }
        Command::EndSessions { user, client, .. } => {
            let id = match &user {
                Some(name) => Some(users::id_of(&db, name).await?.with_context(|| format!("there is no user {name}"))?),
                None => None,
            };
            let which = match (&id, &client) {
                (Some(id), _) => Several::OfUser(id),
                (None, Some(client)) => Several::WithClient(client),
                (None, None) => Several::All,
            };
            let ended = sessions::end_several(&db, &terms, which).await?;
            writeln!(stdout(), "sessions ended: {ended}")?;
        }
        Command::Notices { all } => notices::list(&db, all, &mut stdout().lock()).await?,
    }
    db.close().await;
    Ok(())
}
