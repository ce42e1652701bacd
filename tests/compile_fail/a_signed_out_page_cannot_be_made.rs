//! The page that says "signed out" needs a decision that says so.
use oidc_logout::op::{Landing, SignedOutPage};

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = Landing::SignedOutPage(SignedOutPage { ..given() }); //~ E0451
}
