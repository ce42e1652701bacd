//! A registered URI keeps the bytes that were checked, and only the checks can make one.
use oidc_logout::op::RegisteredRedirect;

fn change(redirect: &mut RegisteredRedirect) {
    redirect.uri = "javascript:alert(1)".to_owned(); //~ E0616
    redirect.any_port = true; //~ E0616
    let _: RegisteredRedirect = "javascript:alert(1)".to_owned().into(); //~ E0277
    let _: RegisteredRedirect = "javascript:alert(1)".parse().unwrap(); //~ E0277
    let _: RegisteredRedirect = serde_json::from_str("\"javascript:alert(1)\"").unwrap(); //~ E0277
    let _ = RegisteredRedirect::default(); //~ E0599
}

fn main() {}
