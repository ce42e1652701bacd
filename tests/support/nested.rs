//! Cargo run from within a test.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The features of the test itself, so that nothing is built that its own build did not need.
fn features() -> Vec<&'static str> {
    let all = [
        ("josekit", cfg!(feature = "josekit")),
        ("aws-lc-rs", cfg!(feature = "aws-lc-rs")),
        ("vendored", cfg!(feature = "vendored")),
    ];
    all.into_iter().filter_map(|(name, on)| on.then_some(name)).collect()
}

/// The library's name as a crate.
pub(crate) const CRATE: &str = "oidc_logout";

/// Where all such runs build, one after another: OpenSSL, where it is built, is built once.
pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("nested")
}

/// Cargo on this crate's library.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([subcommand, "--lib", "--locked", "--no-default-features", "--features"])
        .arg(features().join(","))
        .arg("--target-dir")
        .arg(target())
        // Unstable options for this crate alone. In every run, as some build scripts run anew when
        // it changes.
        .env("RUSTC_BOOTSTRAP", CRATE)
        .env_remove("RUSTDOCFLAGS");
    cargo
}
