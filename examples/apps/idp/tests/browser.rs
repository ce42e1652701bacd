//! Signing in and out in Chromium, with and without scripts. The tests check what the user sees and
//! whether the session on the server still exists.
//!
//! They need Debian's packages `chromium`, `chromium-driver`, and for one test in another browser
//! `webkit2gtk-driver` and `xvfb`. The provider is at `127.0.0.1`, its demo client at `localhost`,
//! and other pages are at `rp.localhost`: three sites to a browser.
//! Screenshots of the pages are written to `target/tmp/screenshots`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod suites {
    mod browser {
        mod chromium;
        mod clients;
        mod cross_site;
        mod driver;
        mod forged_answers;
        mod front_channel;
        mod language;
        mod look;
        mod oidc_client_ts;
        mod provider;
        mod sessions;
        mod sign_out;
        mod site;
        mod webkit;
        mod without_scripts;
    }
}

mod support {
    pub(crate) mod instance;
}
