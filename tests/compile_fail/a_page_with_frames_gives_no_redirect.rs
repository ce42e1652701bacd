//! The page owns the redirect, so nobody goes on past its frames.
use oidc_logout::op::{FrontChannelPage, Landing, LogoutRedirect};

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = given::<FrontChannelPage>().redirect; //~ E0616
    let _ = given::<FrontChannelPage>().told; //~ E0616
    let _ = given::<FrontChannelPage>().redirect(); //~ E0599
    let _ = given::<FrontChannelPage>().location(); //~ E0599
    let _: LogoutRedirect = given::<FrontChannelPage>().into(); //~ E0277
    let _: &LogoutRedirect = given::<FrontChannelPage>().as_ref(); //~ E0599
    let _ = Landing::Redirect(given::<FrontChannelPage>()); //~ E0308
    let _ = FrontChannelPage::new; //~ E0624
}
