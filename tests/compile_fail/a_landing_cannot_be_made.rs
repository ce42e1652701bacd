//! The crate decides where the End-User lands: only it can make the contents of its variants.
use oidc_logout::op::{Landing, SignedOutPage};

const URI: &str = "https://rp.example/signed-out";

fn main() {
    let _ = Landing::Redirect(URI); //~ E0308
    let _ = Landing::SignedOutPage(()); //~ E0308
    let _ = Landing::FrontChannel(URI); //~ E0308
    let _ = Landing::new; //~ E0624
    let _: Landing = URI.into(); //~ E0277
}

fn read(page: SignedOutPage) {
    let _ = &page.exchange; //~ E0616
    let _ = &page.told; //~ E0616
}
