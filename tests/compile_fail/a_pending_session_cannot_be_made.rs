//! Only `with_client` makes a request whose client is known.
use oidc_logout::op::PendingSession;

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = PendingSession { request: given(), ..given() }; //~ E0451
    let _ = PendingSession { client: None, ..given() }; //~ E0451
}
