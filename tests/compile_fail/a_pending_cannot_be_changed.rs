//! Between the two calls nothing that was checked can be exchanged.
use oidc_logout::{LogoutEndpoint, LogoutRequest, Pending};

fn given<T>() -> T {
    loop {}
}

fn change(pending: &mut Pending<'static>, request: LogoutRequest, endpoint: &'static LogoutEndpoint) {
    pending.request = request; //~ E0616
    pending.endpoint = endpoint; //~ E0616
    pending.hint = given(); //~ E0616
    pending.now = given(); //~ E0616
}

fn main() {}
