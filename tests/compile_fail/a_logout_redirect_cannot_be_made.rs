//! A redirect exists only for a registered URI of a client that was found: its fields are private.
use oidc_logout::op::LogoutRedirect;

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = LogoutRedirect { ..given() }; //~ E0451
}
