//! A verified hint exists only if its signature was verified.
use oidc_logout::op::VerifiedHint;
use oidc_logout::ClientId;

fn given<T>() -> T {
    loop {}
}

fn main() {
    let other: VerifiedHint = given();
    let _ = VerifiedHint {
        client_id: ClientId::new("rp-1"), //~ E0451
        subject: "somebody".to_owned(),
        ..other
    };
}
