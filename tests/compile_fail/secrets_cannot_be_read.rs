//! What the host hands over as a secret stays inside.
use oidc_logout::{Client, ConfirmationKey, LogoutEndpoint, Session};

fn read(key: &ConfirmationKey, session: &Session, client: &Client, endpoint: &LogoutEndpoint) {
    let _ = &key.0; //~ E0616
    let _ = key.as_ref(); //~ E0599
    let _ = key.as_bytes(); //~ E0599
    let _ = &session.binding; //~ E0616
    let _ = &session.subject; //~ E0616
    let _ = &session.sid; //~ E0616
    let _ = session.binding(); //~ E0599
    let _ = &client.secret; //~ E0616
    let _ = client.secret(); //~ E0624
    let _ = &endpoint.settings; //~ E0616
    let _ = endpoint.confirmation_key(); //~ E0599
}

fn main() {}
