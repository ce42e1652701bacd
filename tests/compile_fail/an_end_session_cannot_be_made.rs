//! Only a decision can say that the session must end.
use oidc_logout::op::EndSession;

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = EndSession { ..given() }; //~ E0451
}
