//! Only `receive` can make a `Pending`.
use oidc_logout::op::Pending;

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = Pending { request: given(), ..given() }; //~ E0451
    let _ = Pending { now: given(), ..given() }; //~ E0451
}
