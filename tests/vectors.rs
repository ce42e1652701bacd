//! Runs each vector as a test with the vector's name.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};

#[path = "../examples/decide/vector.rs"]
mod vector;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut trials = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder of the vectors") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: vector::File = serde_json::from_slice(&fs::read(&path).expect("a file that can be read"))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for vector in file.vectors {
            trials.push(Trial::test(vector.name.clone(), move || check(&vector)));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn check(vector: &vector::Vector) -> Result<(), Failed> {
    let got = vector::run(vector).unwrap_or_else(|error| vector::not_run(&error));
    if got == vector.expect { Ok(()) } else { Err(format!("expected {:?}\n     got {got:?}", vector.expect).into()) }
}
