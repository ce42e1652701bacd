//! "Redirected but still signed in" cannot be written by accident.
use oidc_logout::op::{EndSession, Landing};

fn read(end: &EndSession) {
    let _ = end.location(); //~ E0599
    let _ = end.headers(); //~ E0599
    let _ = end.status(); //~ E0599
    let _ = &end.location; //~ E0616
    let _ = &end.exchange; //~ E0616
}

fn turn(end: EndSession) -> Landing {
    end.into() //~ E0277
}

fn main() {}
