//! A redirect cannot be made from text or from a registered URI, and its constructor is private.
use oidc_logout::op::{LogoutRedirect, RegisteredRedirect};

fn given<T>() -> T {
    loop {}
}

const URI: &str = "https://rp.example/signed-out";

fn main() {
    let _ = LogoutRedirect::new; //~ E0624
    let _ = LogoutRedirect::default(); //~ E0599
    let _: LogoutRedirect = URI.into(); //~ E0277
    let _: LogoutRedirect = URI.to_owned().into(); //~ E0277
    let _: LogoutRedirect = given::<RegisteredRedirect>().into(); //~ E0277
    let _: LogoutRedirect = URI.parse().unwrap(); //~ E0277
    let _: LogoutRedirect = serde_json::from_str(URI).unwrap(); //~ E0277
}
