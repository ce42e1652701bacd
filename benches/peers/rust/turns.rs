//! The loop of a timed program. It reads lines `WORK TIMES`, and answers each with the nanoseconds
//! that the work took.

use std::io::stdin;
use std::time::Instant;
use std::{env, fs};

use serde_json::{Value, json};

/// Reads the fixture that all programs share. The command line names its file.
pub fn read_fixture() -> Value {
    let path = env::args().nth(1).expect("the path of the fixture");
    serde_json::from_slice(&fs::read(path).expect("the fixture")).expect("JSON")
}

pub fn serve(package: &str, version: &str, works: &[(&str, &dyn Fn())]) {
    let names: Vec<_> = works.iter().map(|(name, _)| name).collect();
    println!("{}", json!({ "package": package, "version": version, "language": "Rust", "works": names }));
    for line in stdin().lines() {
        let line = line.expect("a line");
        let (name, times) = line.split_once(' ').expect("WORK TIMES");
        let (_, work) = works.iter().find(|(known, _)| *known == name).expect("a known work");
        let times: u32 = times.parse().expect("a number");
        // This part is not timed. It refills the caches after the other programs' turns.
        for _ in 0..times / 4 {
            work();
        }
        let start = Instant::now();
        for _ in 0..times {
            work();
        }
        println!("{}", start.elapsed().as_nanos());
    }
}
