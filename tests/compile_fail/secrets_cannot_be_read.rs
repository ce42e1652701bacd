//! A secret that the host hands over cannot be read back.
use oidc_logout::op::{Client, LogoutEndpoint, Session};
use oidc_logout::Secret;

fn given<T>() -> T {
    loop {}
}

fn read(key: &Secret, session: &Session, client: &Client, endpoint: &LogoutEndpoint) {
    let _ = &key.current; //~ E0616
    let _ = &key.previous; //~ E0616
    let _ = key.len(); //~ E0599
    let _ = key.mac(given(), b""); //~ E0624
    let _ = key.as_ref(); //~ E0599
    let _ = key.as_bytes(); //~ E0599
    let _ = &session.binding; //~ E0616
    let _ = &session.subject; //~ E0616
    let _ = &session.sid; //~ E0616
    let _ = session.binding(); //~ E0599
    let _ = &client.secret; //~ E0616
    let _ = client.secret(); //~ E0624
    let _ = client.signing_secret(); //~ E0624
    let _ = &endpoint.settings; //~ E0616
    let _ = endpoint.secret(); //~ E0599
}

fn main() {}
