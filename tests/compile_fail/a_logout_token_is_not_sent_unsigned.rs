//! A request is made only of a token with a signature.
use oidc_logout::op::{LogoutToken, SigningInput, UnsignedLogoutToken};

fn unsigned(token: UnsignedLogoutToken<'static>) {
    let _ = token.request(); //~ E0599
    let _ = token.as_str(); //~ E0599
    let _ = &token.claims; //~ E0616
}

fn to_be_signed(input: SigningInput<'static>) {
    let _ = input.request(); //~ E0599
    let _ = input.complete(&[]); //~ E0624
    let _ = &input.text; //~ E0616
}

fn make() {
    let _ = UnsignedLogoutToken::new; //~ E0624
    let _: LogoutToken<'static> = "a.b.c".into(); //~ E0277
}

fn main() {}
