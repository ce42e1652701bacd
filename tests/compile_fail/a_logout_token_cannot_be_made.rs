//! A logout token comes out of a notice, and a notice out of a plan or the host's store.
use oidc_logout::op::{BackChannelNotice, BackChannelRequest, LogoutToken, SigningInput, UnsignedLogoutToken};

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = BackChannelNotice { ..given() }; //~ E0451
    let _ = UnsignedLogoutToken { ..given() }; //~ E0451
    let _ = SigningInput { ..given() }; //~ E0451
    let _ = LogoutToken { ..given() }; //~ E0451
    let _ = BackChannelRequest { ..given() }; //~ E0451
}
