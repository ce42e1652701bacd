//! Several instances on one PostgreSQL database: the tests of `flow` again, with two instances that take turns request by
//! request, and what may go wrong between two.
//!
//! They start a PostgreSQL server of their own; its programs have to be installed (Debian's package `postgresql`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod balancer;
mod both;
#[path = "../flow/browser.rs"]
mod browser;
#[path = "../flow/clients.rs"]
mod clients;
mod hang_ups;
#[path = "../support/instance.rs"]
mod instance;
mod keys;
#[path = "../flow/operation.rs"]
mod operation;
#[path = "../support/postgresql.rs"]
mod postgresql;
mod provider;
mod races;
#[path = "../flow/registration.rs"]
mod registration;
#[path = "../flow/sign_in.rs"]
mod sign_in;
#[path = "../flow/sign_out.rs"]
mod sign_out;
mod slow_way;
#[path = "../flow/token.rs"]
mod token;
