//! Each attempt has a token of its own: signing uses it up, and so does encrypting.
use oidc_logout::op::{LogoutToken, SigningInput, UnsignedLogoutToken};

fn unsigned(token: UnsignedLogoutToken<'_>) {
    let _ = token.signing_input(None);
    let _ = token.sign_with_client_secret(); //~ E0382
}

fn signed(input: SigningInput<'_>) {
    let _ = input.signed(&[]);
    let _ = input.signed(&[]); //~ E0382
}

fn encrypted(token: LogoutToken<'_>) {
    let _ = token.encrypted(String::new());
    let _ = token.request(); //~ E0382
}

fn main() {}
