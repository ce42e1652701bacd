//! An OpenID Provider small enough to read, and real enough for clients of the authorization code flow: it signs users in,
//! and shows `oidc-logout` at work when it signs them out.
//!
//! ```text
//! cargo run --manifest-path examples/apps/Cargo.toml -p idp              # prints where to go and the demo account
//! cargo run --manifest-path examples/apps/Cargo.toml -p idp -- --help    # explains each option
//! ```
//!
//! # Reading
//!
//! In the order of what a user comes by:
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | the options |
//! | `server` | the routes, and what every request goes through |
//! | `app`, `store`, `setup` | what requests share; the database; what a first start makes in it |
//! | `discovery`, `registration`, `clients` | how clients and provider get to know each other |
//! | `authorize`, `sign_in`, `attempts`, `users`, `sessions` | a request to sign in, the form, the session |
//! | `token`, `keys`, `userinfo` | the code redeemed for tokens, what signs them, what they give access to |
//! | `logout` | **the logout endpoint**: what the crate decides, carried out |
//! | `account`, `demo_rp` | the provider's own page, and a client to try it with |
//! | [`pages`], `http`, `secrets` | the pages, and what all of these use |
//!
//! # What it does not have
//!
//! Refresh tokens, consent, other flows than the code flow, encrypted tokens, resetting passwords, a second factor. Front-channel
//! and back-channel notices are not in the library yet.

mod account;
mod app;
mod attempts;
mod authorize;
mod clients;
pub mod config;
mod demo_rp;
mod discovery;
mod http;
mod keys;
mod logout;
pub mod pages;
mod registration;
mod secrets;
mod server;
mod sessions;
mod setup;
mod sign_in;
mod store;
mod token;
mod userinfo;
mod users;

pub use server::Server;
pub use setup::{DEMO_USER, DemoUser};

use config::{Command, Config};

/// Does what a command says with the database of the configuration.
///
/// # Errors
/// What the database refuses, and a password on standard input that is empty.
pub async fn run_command(command: Command, config: &Config) -> anyhow::Result<()> {
    let pool = store::open(&config.database).await?;
    match command {
        Command::RotateKeys { revoke } => keys::rotate(&pool, revoke).await?,
        Command::SetUser { username, name, email } => {
            let password = std::io::read_to_string(std::io::stdin())?;
            let password = password.trim_end_matches(['\r', '\n']);
            anyhow::ensure!(!password.is_empty(), "no password on standard input");
            users::set(&pool, &username, password, name.as_deref(), email.as_deref()).await?;
        }
    }
    pool.close().await;
    Ok(())
}
