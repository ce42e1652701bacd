//! Writes every page as a file of HTML, to look at: `cargo run --example pages -- DIRECTORY [TEXT]`, with the text in every
//! place where a value stands.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the samples are those of the tests")]

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use idp::pages::{ASSETS, Language};

#[path = "../tests/support/samples.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod samples;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = PathBuf::from(env::args_os().nth(1).ok_or("name a directory")?);
    let text = env::args().nth(2).unwrap_or_else(|| "Demo calendar".to_owned());
    fs::create_dir_all(directory.join("assets"))?;
    for asset in ASSETS {
        fs::write(directory.join(asset.path.trim_start_matches('/')), asset.body)?;
    }
    for language in Language::ALL {
        for sample in samples::samples(language, &text) {
            // So that the style is found without a server. The script is not, and does not post its page away.
            let html = sample.html.replace("href=\"/assets/", "href=\"assets/");
            fs::write(directory.join(format!("{}.{}.html", sample.name, language.tag())), html)?;
        }
    }
    Ok(())
}
