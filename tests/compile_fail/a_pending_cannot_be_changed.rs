//! Nothing that `receive` checked can be exchanged before `decide`.
use oidc_logout::op::{LogoutRequest, Pending};

fn given<T>() -> T {
    loop {}
}

fn change(pending: &mut Pending, request: LogoutRequest) {
    pending.request = request; //~ E0616
    pending.settings = given(); //~ E0616
    pending.hint = given(); //~ E0616
    pending.now = given(); //~ E0616
}

fn main() {}
