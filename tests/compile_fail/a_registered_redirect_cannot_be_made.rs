//! A registered URI exists only if it passed the checks of registration.
use oidc_logout::op::RegisteredRedirect;

fn given<T>() -> T {
    loop {}
}

fn main() {
    let uri = "javascript:alert(1)".to_owned();
    let _ = RegisteredRedirect { uri, ..given() }; //~ E0451
    let _ = RegisteredRedirect { any_port: true, ..given() }; //~ E0451
}
