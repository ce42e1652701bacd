//! A redirect that was validated is sent unchanged.
use oidc_logout::op::LogoutRedirect;

fn change(redirect: &mut LogoutRedirect) {
    redirect.location = "elsewhere"; //~ E0616
    let _ = &redirect.exchange; //~ E0616
}

fn main() {}
