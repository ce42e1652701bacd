//! What was validated is what is sent.
use oidc_logout::op::LogoutRedirect;

fn change(redirect: &mut LogoutRedirect) {
    redirect.location = "elsewhere"; //~ E0616
    let _ = &redirect.exchange; //~ E0616
}

fn main() {}
