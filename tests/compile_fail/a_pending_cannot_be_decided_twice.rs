//! A decision uses its `Pending` up.
use oidc_logout::op::{Client, Pending, Session};

fn twice(pending: Pending, client: Option<&Client>, session: Option<&Session>) {
    let _ = pending.decide(client, session);
    let _ = pending.decide(client, session); //~ E0382
}

fn main() {}
