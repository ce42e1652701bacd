//! Only `sid_to_find` offers to look a session up by the hint's `sid`.
use oidc_logout::op::{Session, SidToFind};

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = SidToFind { sid: "sid-1", ..given() }; //~ E0451
    let _ = Session { found_by_sid: true, ..given() }; //~ E0451
}
