//! `session_ended` uses the `EndSession` up.
use oidc_logout::op::EndSession;

fn twice(end: EndSession) {
    let _ = end.session_ended();
    let _ = end.session_ended(); //~ E0382
}

fn main() {}
