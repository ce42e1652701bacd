//! A session counts as found by the hint's `sid` only where the look-up was offered.
use oidc_logout::op::{PendingSession, Session, SidToFind};
use oidc_logout::ClientId;

fn mark(mut session: Session) {
    session.found_by_sid = true; //~ E0616
    let _ = session.found_by_sid(); //~ E0599
}

fn make(pending: &PendingSession<'_>, client_id: &'static ClientId, session: Session) {
    let _ = SidToFind::new(client_id, "sid-1"); //~ E0599
    let _ = SidToFind::found(pending, session); //~ E0308
}

fn main() {}
