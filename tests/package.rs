//! The package that `cargo publish` uploads holds the library and its three examples, but no
//! application.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The Rust files of `folder`, as the package's list names them.
fn rust_files(folder: &str, recursive: bool) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if recursive && entry.file_type().unwrap().is_dir() {
            files.extend(rust_files(&name, true));
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            files.push(name);
        }
    }
    files
}

#[test]
fn the_package_holds_the_library_and_its_examples_but_no_application() {
    let list = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--locked"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    let list = String::from_utf8(list.stdout).unwrap().replace('\\', "/");
    let packed: BTreeSet<_> = list.lines().collect();

    // With a manifest directly in `examples/`, Cargo would leave all three out, whatever `include`
    // says.
    let mut expected: Vec<String> =
        ["examples/axum.rs", "examples/decide/main.rs", "examples/rotate.rs"].map(str::to_owned).into();
    expected.extend(rust_files("examples", false));
    expected.extend(rust_files("examples/decide", false));
    expected.extend(rust_files("src", true));
    let missing: Vec<_> = expected.iter().filter(|name| !packed.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "the package lacks {missing:?}");

    let applications = ["examples/apps/", "examples/frameworks/"];
    let foreign: Vec<_> = packed.iter().filter(|name| applications.iter().any(|it| name.starts_with(it))).collect();
    assert!(foreign.is_empty(), "the package holds {foreign:?}");
}
