//! The provider's notices (Back-Channel Logout 1.0) with clients that were not written for it:
//! `express-openid-connect`, as npm installs it, and `mod_auth_openidc`, as Debian packages it.
//! When a user signs out, the clients' sessions must end, though no browser visits the clients.
//!
//! The tests need Debian's packages `apache2-bin` and `libapache2-mod-auth-openidc`, and Node.js.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod suites {
    mod clients {
        mod client;
        mod notices;
        mod software;
    }
}

mod support {
    pub(crate) mod browser;
    mod database;
    pub(crate) mod instance;
    pub(crate) mod provider;
}
