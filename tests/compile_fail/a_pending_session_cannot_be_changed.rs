//! Once the client is known, nothing that was checked can be exchanged.
use oidc_logout::op::PendingSession;

fn given<T>() -> T {
    loop {}
}

fn change(pending: &mut PendingSession<'_>) {
    pending.request = given(); //~ E0616
    pending.settings = given(); //~ E0616
    pending.hint = given(); //~ E0616
    pending.client = given(); //~ E0616
    pending.misused = false; //~ E0616
    pending.now = given(); //~ E0616
}

fn main() {}
