//! A step or an outcome that is dropped is reported.
#![deny(unused_must_use)]
use oidc_logout::op::{Answer, Confirm, Decision, Declined, EndSession, Landing, LogoutRedirect, Pending, PendingSession, Resubmit, SignedOutPage};

fn given<T>() -> T {
    loop {}
}

fn main() {
    given::<Pending>(); //~ unused_must_use
    given::<PendingSession<'static>>(); //~ unused_must_use
    given::<Decision>(); //~ unused_must_use
    given::<Answer>(); //~ unused_must_use
    given::<EndSession>(); //~ unused_must_use
    given::<Landing>(); //~ unused_must_use
    given::<LogoutRedirect>(); //~ unused_must_use
    given::<SignedOutPage>(); //~ unused_must_use
    given::<Confirm>(); //~ unused_must_use
    given::<Declined>(); //~ unused_must_use
    given::<Resubmit>(); //~ unused_must_use
}
