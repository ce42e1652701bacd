//! Secrets have no `Display` and no `Serialize`. The values of a request have no `Display` either,
//! so that no log line holds one by accident.
use oidc_logout::op::{Answer, Client, Confirm, Decision, IdTokenHint, LogoutEndpoint, LogoutHint, PostLogoutRedirectUri, Resubmit, Session, State, VerifiedHint};
use oidc_logout::{KeySet, Secret};

fn text<T: std::fmt::Display>() {}

/// The outcomes themselves are no data, so that a log does not hold a form by accident.
fn outcomes(decision: &Decision, answer: &Answer, ask: &Confirm, again: &Resubmit) {
    let _ = serde_json::to_string(decision); //~ E0277
    let _ = serde_json::to_string(answer); //~ E0277
    let _ = serde_json::to_string(ask); //~ E0277
    let _ = serde_json::to_string(again); //~ E0277
}

fn data(key: &Secret, session: &Session, client: &Client, keys: &KeySet, hint: &VerifiedHint) {
    let _ = serde_json::to_string(key); //~ E0277
    let _ = serde_json::to_string(session); //~ E0277
    let _ = serde_json::to_string(client); //~ E0277
    let _ = serde_json::to_string(keys); //~ E0277
    let _ = serde_json::to_string(hint); //~ E0277
}

fn main() {
    text::<Secret>(); //~ E0277
    text::<Session>(); //~ E0277
    text::<Client>(); //~ E0277
    text::<KeySet>(); //~ E0277
    text::<LogoutEndpoint>(); //~ E0277
    text::<VerifiedHint>(); //~ E0277
    text::<IdTokenHint>(); //~ E0277
    text::<State>(); //~ E0277
    text::<LogoutHint>(); //~ E0277
    text::<PostLogoutRedirectUri>(); //~ E0277
}
