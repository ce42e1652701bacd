//! A provider with nothing special about it.

use oidc_logout::op::LogoutEndpoint;
use oidc_logout::{KeySet, Secret};
use serde_json::{Value, json};
use time::OffsetDateTime;

pub(crate) const ISSUER: &str = "https://op.example";

pub(crate) fn endpoint(keys: KeySet) -> LogoutEndpoint {
    LogoutEndpoint::new(ISSUER, keys, Secret::new([7; 32]).unwrap())
}

pub(crate) fn key_set(jwks: &[Value]) -> KeySet {
    KeySet::from_jwks(json!({"keys": jwks}).to_string()).unwrap()
}

pub(crate) fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}
