//! What was offered for one request is no offer for another one.
use oidc_logout::op::PendingSession;

fn keep(pending: PendingSession<'_>) {
    let look_up = pending.sid_to_find();
    let _ = pending.decide(None); //~ E0505
    let _ = look_up.map(|look_up| look_up.sid().to_owned());
}

fn main() {}
