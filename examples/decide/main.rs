//! Runs vectors through the crate. Without arguments it shows one logout, step by step, on one
//! screen.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]

use std::io::{self, Write};
use std::process::ExitCode;

mod tour;
mod vector;

const USAGE: &str = "\
decide                   shows one logout request: each check, the decision, the response
decide FILE...           runs the vectors in the files and prints a line for each
decide --json FILE...    prints each decision as one line of JSON, with the members of `expect`

Exit status: 1 if a vector failed or could not be run, 2 if a file could not be read.";

fn main() -> ExitCode {
    let (options, files): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|argument| argument.starts_with('-'));
    let as_json = options.iter().any(|option| option == "--json");
    if options.iter().any(|option| option == "--help" || option == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    if options.iter().any(|option| option != "--json") || (as_json && files.is_empty()) {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    let done = if files.is_empty() { tour::show().map(|()| ExitCode::SUCCESS) } else { run(&files, as_json) };
    match done {
        Ok(code) => code,
        // The reader of the output, such as `head`, has closed it and needs no more.
        Err(error)
            if error.downcast_ref().is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe) =>
        {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("decide: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(files: &[String], as_json: bool) -> Result<ExitCode, vector::Error> {
    let mut out = io::stdout().lock();
    let (mut passed, mut failed, mut unread) = (0_u32, 0_u32, false);
    for path in files {
        let file = match read(path) {
            Ok(file) => file,
            Err(error) => {
                eprintln!("decide: {path}: {error}");
                unread = true;
                continue;
            }
        };
        for vector in &file.vectors {
            let got = vector::run(vector).unwrap_or_else(|error| vector::not_run(&error));
            let ok = got == vector.expect;
            let count = if ok { &mut passed } else { &mut failed };
            *count = count.saturating_add(1);
            if as_json {
                writeln!(out, "{}", serde_json::to_string(&got)?)?;
            } else if ok {
                writeln!(out, "ok {}", vector.name)?;
            } else {
                let (expected, got) = (serde_json::to_string(&vector.expect)?, serde_json::to_string(&got)?);
                writeln!(out, "FAIL {} expected {expected} got {got}", vector.name)?;
            }
        }
    }
    if !as_json {
        writeln!(out, "{passed} passed, {failed} failed")?;
    }
    Ok(match (unread, failed) {
        (true, _) => ExitCode::from(2),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::FAILURE,
    })
}

fn read(path: &str) -> Result<vector::File, vector::Error> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}
