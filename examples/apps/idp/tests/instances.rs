//! Several instances on one PostgreSQL database: the tests of `flow` again, with two instances that
//! take turns request by request; and races between the two.
//!
//! The tests start a PostgreSQL server of their own. They need Debian's package `postgresql`.

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
    pub(crate) mod instances {
        mod balancer;
        mod both;
        mod hang_ups;
        mod keys;
        pub(crate) mod provider;
        mod races;
        mod slow_way;
    }
}

mod support {
    pub(crate) mod browser;
    mod flows;
    pub(crate) mod instance;
    pub(crate) mod postgresql;
    pub(crate) mod rp;
    pub(crate) mod stub;
}

use suites::instances::provider;
use support::rp::{CALLBACK, SIGNED_OUT};
