//! Who was told comes out of notices that were planned, or is `nobody`, which a reader sees. A page
//! with frames comes out of it.
use oidc_logout::op::{FrontChannelFrame, FrontChannelPage, Notices, Told};

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = Told { ..given() }; //~ E0451
    let _ = Notices { ..given() }; //~ E0451
    let _ = FrontChannelFrame { ..given() }; //~ E0451
    let _ = FrontChannelPage { ..given() }; //~ E0451
}
