//! Signing in and out in Chromium, with and without scripts: what the user sees, and what has become of the session on the
//! server.
//!
//! `apt-get install chromium chromium-driver`, then, in `examples/apps`, `cargo test -p idp --test browser`. The provider
//! is at `127.0.0.1`, its demo client at `localhost`, other pages at `rp.localhost`: three sites to a browser. What the
//! pages look like is written to `target/tmp/screenshots` there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod suites {
    mod browser {
        mod chromium;
        mod cross_site;
        mod driver;
        mod forged_answers;
        mod language;
        mod look;
        mod provider;
        mod sessions;
        mod sign_out;
        mod site;
        mod without_scripts;
    }
}

mod support {
    pub(crate) mod instance;
}
