//! A match that leaves out a landing fails.
use oidc_logout::op::Landing;

fn all_but_redirect(landing: Landing) {
    match landing { //~ E0004
        Landing::SignedOutPage(_) | Landing::FrontChannel(_) => {}
    }
}

fn all_but_signed_out_page(landing: Landing) {
    match landing { //~ E0004
        Landing::Redirect(_) | Landing::FrontChannel(_) => {}
    }
}

fn all_but_front_channel(landing: Landing) {
    match landing { //~ E0004
        Landing::Redirect(_) | Landing::SignedOutPage(_) => {}
    }
}

fn main() {}
