//! The pages as files, to look at without a server.

use std::fs;
use std::path::PathBuf;

use idp::pages::{ASSETS, Language};

use crate::support::samples::samples;

#[test]
#[ignore = "writes each page to target/tmp/pages, to look at"]
fn the_pages_are_written() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(directory.join("assets")).unwrap();
    for asset in ASSETS {
        fs::write(directory.join(asset.path.trim_start_matches('/')), asset.body).unwrap();
    }
    for language in Language::ALL {
        for sample in samples(language, super::markup::PLAIN) {
            // The style is found without a server. The script is not, so it does not post its page
            // away.
            let html = sample.html.replace("href=\"/assets/", "href=\"assets/");
            fs::write(directory.join(format!("{}.{}.html", sample.name, language.tag())), html).unwrap();
        }
    }
}
