//! A URI by which a client hears of logouts exists only if it passed registration, and the rules
//! for addresses only by default or with networks that were read.
use oidc_logout::op::{AddressRules, BackChannelUri, FrontChannelUri, Network};

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = BackChannelUri { ..given() }; //~ E0451
    let _ = FrontChannelUri { ..given() }; //~ E0451
    let _ = Network { ..given() }; //~ E0451
    let _ = AddressRules { ..given() }; //~ E0451
}
