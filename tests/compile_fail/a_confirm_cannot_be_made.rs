//! A question, with its proof, is only the crate's to ask.
use oidc_logout::op::Confirm;

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = Confirm { reasons: Vec::new(), ..given() }; //~ E0451
    let _ = Confirm { proof: String::new(), ..given() }; //~ E0451
}
