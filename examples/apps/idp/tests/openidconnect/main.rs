//! The provider with a client that was not written for it: the crate `openidconnect`, through discovery, registration, sign-in,
//! userinfo and sign-out. The test is the browser.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "../conformance/browser.rs"]
mod browser;
mod keys;
#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "../conformance/provider.rs"]
mod provider;
mod registration;
mod relying_party;
mod sign_in;
mod sign_out;
