//! The requested URI only selects a registered one. No redirect can be made from it, and it does
//! not turn into text.
use oidc_logout::op::{Client, Landing, LogoutRedirect, PostLogoutRedirectUri, RegisteredRedirect, RegistrationRules};

fn turn(requested: PostLogoutRedirectUri, rules: &RegistrationRules) {
    let _: LogoutRedirect = requested.clone().into(); //~ E0277
    let _: RegisteredRedirect = requested.clone().into(); //~ E0277
    let _: String = requested.clone().into(); //~ E0277
    let _ = Landing::Redirect(requested.clone()); //~ E0308
    let _ = RegisteredRedirect::register(&requested, rules); //~ E0308
    let _ = Client::builder("rp-1").post_logout_redirect_uri(requested.clone()); //~ E0277
    let _ = requested.to_string(); //~ E0599
    let _ = requested.0; //~ E0616
}

fn main() {}
