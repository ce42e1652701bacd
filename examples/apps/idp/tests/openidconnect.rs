//! The provider with a client that was not written for it, the crate `openidconnect`: discovery,
//! registration, sign-in, userinfo and sign-out. The tests play the browser.

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
    mod openidconnect {
        mod keys;
        mod registration;
        mod relying_party;
        mod sign_in;
        mod sign_out;
    }
}

mod support {
    pub(crate) mod browser;
    mod database;
    pub(crate) mod instance;
    pub(crate) mod provider;
}
