//! What conformance suites check in a provider that signs users out, over HTTP: OpenID Connect
//! RP-Initiated Logout 1.0, Back-Channel Logout 1.0, Front-Channel Logout 1.0, and their
//! foundations: Core 1.0, Discovery 1.0, Dynamic Client Registration 1.0, RFC 6749, RFC 7636.
//!
//! Each test starts a provider process of its own, on SQLite, or on PostgreSQL if
//! `IDP_TEST_POSTGRES` names a server: `IDP_TEST_POSTGRES=postgres://postgres@127.0.0.1 cargo test
//! -p idp --test conformance`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod suites {
    pub(crate) mod conformance {
        mod authorization;
        mod back_channel;
        mod channels;
        mod clients;
        mod front_channel;
        mod hints;
        mod https;
        mod prompt_none;
        mod redirects;
        mod registration;
        pub(crate) mod relying_party;
        mod state;
        mod token;
    }
}

mod support {
    pub(crate) mod browser;
    mod database;
    pub(crate) mod instance;
    pub(crate) mod provider;
    pub(crate) mod stub;
}

use suites::conformance::relying_party::{CALLBACK, SIGNED_OUT};
