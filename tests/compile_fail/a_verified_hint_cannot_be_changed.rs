//! The content and the origin of a verified hint cannot be changed, and an untrusted token does not
//! convert into one.
use oidc_logout::op::{IdTokenHint, VerifiedHint};
use oidc_logout::ClientId;

fn change(hint: &mut VerifiedHint, token: IdTokenHint) {
    hint.issuer = "elsewhere".into(); //~ E0616
    hint.client_id = ClientId::new("rp-2"); //~ E0616
    hint.subject = String::new(); //~ E0616
    hint.sid = None; //~ E0616
    let _ = hint.received_at; //~ E0616
    let _ = hint.key_id; //~ E0616
    let _: VerifiedHint = token.into(); //~ E0277
    let _ = VerifiedHint::default(); //~ E0599
}

fn main() {}
