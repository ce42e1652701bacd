//! A match that leaves out what follows an attempt fails.
use oidc_logout::op::{Claim, Next};

fn all_but_too_late(claim: Claim) {
    match claim { //~ E0004
        Claim::Attempt(_) | Claim::No => {}
    }
}

fn all_but_no(claim: Claim) {
    match claim { //~ E0004
        Claim::Attempt(_) | Claim::TooLate => {}
    }
}

fn all_but_failed(next: Next) {
    match next { //~ E0004
        Next::Delivered | Next::RetryAt(_) | Next::ClaimLost => {}
    }
}

fn all_but_claim_lost(next: Next) {
    match next { //~ E0004
        Next::Delivered | Next::RetryAt(_) | Next::Failed(_) => {}
    }
}

fn main() {}
