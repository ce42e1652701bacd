//! The guarantees of the types. Every file in `tests/compile_fail` fails to compile, with exactly
//! the errors that its comments name on their lines: `//~ E0382` names a code, `//~
//! unused_must_use` a denied lint. The one file with `check-pass` shows the legitimate use and
//! compiles.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use ui_test::custom_flags::edition::Edition;
use ui_test::custom_flags::rustfix::RustfixMode;
use ui_test::{Config, ignore_output_conflict, run_tests};

mod support;

use support::nested;

/// The crates that the cases may name.
const CRATES: [&str; 3] = [nested::CRATE, "serde_json", "time"];

fn main() -> ui_test::Result<()> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail");
    let is_case = |file: std::io::Result<std::fs::DirEntry>| file.is_ok_and(|file| file.path().extension().is_some());
    assert!(cases.read_dir()?.any(is_case), "no case in {}", cases.display());

    let mut config = Config::rustc(cases);
    config.out_dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compile_fail");
    // Only codes and lines are compared, because the compiler's wording changes between versions.
    // So there are no .stderr and .fixed files.
    config.output_conflict_handling = ignore_output_conflict;
    let defaults = config.comment_defaults.base();
    defaults.set_custom("rustfix", RustfixMode::Disabled);
    defaults.set_custom("edition", Edition("2024".into()));
    defaults.compile_flags.push("--emit=metadata".into());
    defaults.compile_flags.extend(externs());
    run_tests(config)
}

/// Checks this crate, and returns the flags that tell the compiler where the crate and its
/// dependencies are. `ui_test` can do that too, but it demands that every dependency is built, even
/// those of features that are off.
fn externs() -> Vec<String> {
    let output = nested::cargo("check")
        .arg("--message-format=json")
        .stderr(std::process::Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "cargo check: {}", output.status);

    let mut folders = BTreeSet::new();
    let mut flags = Vec::new();
    for line in output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let message: Value = serde_json::from_slice(line).expect("JSON");
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let name = message["target"]["name"].as_str().expect("name").replace('-', "_");
        for file in message["filenames"].as_array().expect("files") {
            let file = Path::new(file.as_str().expect("path"));
            folders.insert(format!("dependency={}", file.parent().expect("folder").display()));
            if CRATES.contains(&name.as_str()) && file.extension() == Some("rmeta".as_ref()) {
                flags.extend(["--extern".to_owned(), format!("{name}={}", file.display())]);
            }
        }
    }
    assert_eq!(flags.len(), 2 * CRATES.len(), "found {flags:?}");
    flags.extend(folders.into_iter().flat_map(|folder| ["-L".to_owned(), folder]));
    flags
}
