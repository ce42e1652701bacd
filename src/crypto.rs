//! The signature cryptography: algorithms, public keys checked for their strength, secrets.
//!
//! Each backend is one file, `josekit.rs` or `aws_lc_rs.rs`, with the same two items: a `Verifier`
//! and `hmac`. Nothing else in the crate calls a cryptographic library.

mod algorithm;
#[cfg(feature = "aws-lc-rs")]
mod aws_lc_rs;
#[cfg(all(feature = "josekit", not(feature = "aws-lc-rs")))]
mod josekit;
mod pem;
mod public_key;
mod secret;

pub use algorithm::Algorithm;
#[cfg(feature = "aws-lc-rs")]
pub(crate) use aws_lc_rs::{Verifier, hmac};
#[cfg(all(feature = "josekit", not(feature = "aws-lc-rs")))]
pub(crate) use josekit::{Verifier, hmac};
pub use pem::PemError;
pub(crate) use pem::read as read_pem;
pub use public_key::KeyError;
pub(crate) use public_key::{Curve, PublicKey};
pub use secret::{Secret, SecretTooShort};
