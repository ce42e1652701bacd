//! A landing uses the `Told` up, and a `Told` the notices.
use oidc_logout::op::{EndSession, Notices, Told};

fn two_landings(one: EndSession, other: EndSession, told: Told) {
    let _ = one.session_ended(told);
    let _ = other.session_ended(told); //~ E0382
}

fn told_twice(end: EndSession, notices: Notices) {
    let _ = end.session_ended(notices.told(["rp-1"]));
    let _ = notices.told(["rp-2"]); //~ E0382
}

fn stored_after_telling(notices: Notices) {
    let _ = notices.told(["rp-1"]);
    for _ in notices.back_channel() {} //~ E0382
}

fn main() {}
