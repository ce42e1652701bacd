//! A question, a request that is posted again, and a no have neither a location nor a landing.
use oidc_logout::op::{Confirm, Declined, Resubmit};

fn ask(ask: Confirm) {
    let _ = ask.location(); //~ E0599
    let _ = &ask.location; //~ E0609
    let _ = &ask.form; //~ E0616
    let _ = &ask.proof; //~ E0616
    let _ = &ask.exchange; //~ E0616
    let _ = ask.session_ended(); //~ E0599
}

fn decline(stays: Declined) {
    let _ = stays.location(); //~ E0599
    let _ = &stays.exchange; //~ E0616
    let _ = stays.session_ended(); //~ E0599
}

fn again(again: Resubmit) {
    let _ = again.location(); //~ E0599
    let _ = &again.exchange; //~ E0616
    let _ = again.session_ended(); //~ E0599
}

fn main() {}
