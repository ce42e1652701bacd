//! What a notice says, and how far it is, is the crate's: a host stores it, claims and records.
use oidc_logout::op::BackChannelNotice;

fn given<T>() -> T {
    loop {}
}

fn make() {
    let _ = BackChannelNotice::new; //~ E0624
    let _ = BackChannelNotice::default(); //~ E0599
}

fn change(notice: &mut BackChannelNotice) {
    notice.issuer = given(); //~ E0616
    notice.client_id = given(); //~ E0616
    notice.session = given(); //~ E0616
    notice.sid = None; //~ E0616
    notice.subject = None; //~ E0616
    notice.ended_at = 0; //~ E0616
    notice.attempts = 0; //~ E0616
    notice.standing = given(); //~ E0616
    notice.fault = None; //~ E0616
}

fn main() {}
