//! Runs vectors through the crate, or without arguments shows the protocol on one screen.
//!
//! ```text
//! decide                   takes a logout request apart: each check, the decision, the response
//! decide FILE...           runs the vectors of the files; exit status 1 if one failed
//! decide --json FILE...    prints each decision as one line of JSON
//! ```

#![allow(clippy::print_stdout, reason = "it is a command")]

use std::process::ExitCode;

mod tour;
mod vector;

fn main() -> Result<ExitCode, vector::Error> {
    let mut files: Vec<String> = std::env::args().skip(1).collect();
    let as_json = files.iter().any(|argument| argument == "--json");
    files.retain(|argument| argument != "--json");
    if files.is_empty() {
        tour::show()?;
        return Ok(ExitCode::SUCCESS);
    }

    let (mut passed, mut failed) = (0_u32, 0_u32);
    for path in &files {
        let json = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
        let file: vector::File = serde_json::from_slice(&json).map_err(|error| format!("{path}: {error}"))?;
        for vector in &file.vectors {
            let got = vector::run(vector).unwrap_or_else(|error| vector::not_run(&error));
            if as_json {
                println!("{}", serde_json::to_string(&got)?);
            } else if got == vector.expect {
                println!("ok {}", vector.name);
                passed = passed.saturating_add(1);
            } else {
                let expected = serde_json::to_string(&vector.expect)?;
                println!("FAIL {} expected {expected} got {}", vector.name, serde_json::to_string(&got)?);
                failed = failed.saturating_add(1);
            }
        }
    }
    if !as_json {
        println!("{passed} passed, {failed} failed");
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
