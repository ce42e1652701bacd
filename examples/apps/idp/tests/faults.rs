//! Clients are told that a session has ended, whatever fails meanwhile: the provider is killed
//! between two of its steps, a client answers late, wrong or never, or there is very much to tell.
//!
//! Each test runs with SQLite and with PostgreSQL, of which it starts a server of its own. They
//! need Debian's package `postgresql`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "tests"
)]

mod suites {
    pub(crate) mod faults {
        mod clients;
        mod database;
        mod instances;
        mod kills;
        mod many;
        pub(crate) mod provider;
        mod sign_ins;
    }
}

mod support {
    pub(crate) mod browser;
    pub(crate) mod instance;
    pub(crate) mod postgresql;
    pub(crate) mod rp;
    pub(crate) mod stub;
}

use suites::faults::provider;
// For `support::stub`.
use support::rp::{CALLBACK, SIGNED_OUT};
