//! `session_ended` uses the `EndSession` up.
use oidc_logout::op::{EndSession, Told};

fn twice(end: EndSession) {
    let _ = end.session_ended(Told::nobody());
    let _ = end.session_ended(Told::nobody()); //~ E0382
}

fn main() {}
