use oidc_logout::op::{Client, Pending, PendingSession, Session};

fn twice(pending: PendingSession<'_>, session: Option<&Session>) {
    let _ = pending.decide(session);
    let _ = pending.decide(session); //~ E0382
}

/// A hint that was rejected does not count for a decision that was kept.
fn rejected(pending: PendingSession<'_>, session: Option<&Session>) {
    let _ = pending.reject_hint();
    let _ = pending.decide(session); //~ E0382
}

fn for_two_clients(pending: Pending, client: Option<&Client>) {
    let _ = pending.with_client(client);
    let _ = pending.with_client(None); //~ E0382
}

fn main() {}
