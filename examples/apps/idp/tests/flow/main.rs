//! Signing in and out over HTTP, as a browser and a client do. With SQLite; with PostgreSQL where `IDP_TEST_POSTGRES` names a
//! server: `IDP_TEST_POSTGRES=postgres://postgres@127.0.0.1 cargo test -p idp --test flow`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod browser;
mod clients;
mod connections;
mod operation;
mod process;
mod provider;
mod registration;
mod sign_in;
mod sign_out;
mod token;
