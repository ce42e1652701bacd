//! Only the crate can make a question, because only it can make the proof on the page.
use oidc_logout::op::Confirm;

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = Confirm { reasons: Vec::new(), ..given() }; //~ E0451
    let _ = Confirm { proof: String::new(), ..given() }; //~ E0451
}
