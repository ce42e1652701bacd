//! Signing in and out over HTTP. The crate that mounts these tests provides `crate::provider`: one
//! instance, or several.

mod clients;
mod notices;
mod operation;
mod registration;
mod sign_in;
mod sign_out;
mod token;

use super::instance::succeed;
use crate::provider::Provider;

/// Makes a user, or changes one.
fn set_user(provider: &Provider, arguments: &[&str], password: &str) {
    succeed(&provider.database, &[&["set-user"], arguments].concat(), password);
}
