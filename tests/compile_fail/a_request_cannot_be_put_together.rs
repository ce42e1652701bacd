//! A request cannot be put together by hand, so every request has passed the same checks.
use oidc_logout::op::{LogoutRequest, PostLogoutRedirectUri, State};

fn change(request: &mut LogoutRequest) {
    let _ = State("\n".to_owned()); //~ E0423
    let _ = PostLogoutRedirectUri::new("rp"); //~ E0599
    request.state = None; //~ E0616
    request.confirmation = None; //~ E0616
}

fn main() {}
