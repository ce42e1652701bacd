//! Signing in and out over HTTP, as a browser and a client do. The tests use SQLite, or PostgreSQL
//! if `IDP_TEST_POSTGRES` names a server: `IDP_TEST_POSTGRES=postgres://postgres@127.0.0.1 cargo
//! test -p idp --test flow`.

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
    pub(crate) mod flow {
        mod connections;
        mod process;
        pub(crate) mod provider;
    }
}

mod support {
    pub(crate) mod browser;
    pub(crate) mod database;
    mod flows;
    pub(crate) mod instance;
    pub(crate) mod rp;
    pub(crate) mod stub;
}

use suites::flow::provider;
use support::rp::{CALLBACK, SIGNED_OUT};
