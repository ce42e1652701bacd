//! The pages without a server: their markup, their messages and their colours.
//!
//! `cargo test -p idp --test pages -- --ignored` writes them to `target/tmp/pages`, to look at.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests")]

mod suites {
    mod pages {
        mod contrast;
        mod files;
        mod markup;
        mod messages;
    }
}

mod support {
    pub(crate) mod samples;
}
