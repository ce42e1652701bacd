//! Only the decision says that a session is to be ended.
use oidc_logout::op::EndSession;

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = EndSession { ..given() }; //~ E0451
}
