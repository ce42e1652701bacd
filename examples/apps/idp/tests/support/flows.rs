//! Signing in and out over HTTP, whatever the provider runs on: the crate that mounts these tests says so, in
//! `crate::provider`.

mod clients;
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
