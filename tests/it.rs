//! What the crate does for a host, seen from outside: everything that needs no process of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod support;

mod it {
    mod accessors;
    mod audit;
    mod browsers;
    mod codes;
    mod decision_table;
    mod documents;
    mod edges;
    mod exports;
    mod hints;
    mod layout;
    mod metadata;
    mod notices;
    mod outcomes;
    mod pages;
    mod pem;
    mod properties;
    mod real_tokens;
    mod registry;
    mod secrets;
    mod send_sync;
}
