//! A step or an outcome that is dropped is reported.
#![deny(unused_must_use)]
use oidc_logout::op::{Answer, Confirm, Decision, Declined, EndSession, FrontChannelPage, Landing, LogoutRedirect, Notices, Pending, PendingSession, Resubmit, SignedOutPage, Told};
use oidc_logout::op::{BackChannelNotice, BackChannelRequest, Claim, LogoutToken, Next, SigningInput, UnsignedLogoutToken};

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
    given::<FrontChannelPage>(); //~ unused_must_use
    given::<Notices>(); //~ unused_must_use
    given::<Told>(); //~ unused_must_use
    given::<BackChannelNotice>(); //~ unused_must_use
    given::<Claim>(); //~ unused_must_use
    given::<Next>(); //~ unused_must_use
    given::<UnsignedLogoutToken<'static>>(); //~ unused_must_use
    given::<SigningInput<'static>>(); //~ unused_must_use
    given::<LogoutToken<'static>>(); //~ unused_must_use
    given::<BackChannelRequest<'static>>(); //~ unused_must_use
    given::<Confirm>(); //~ unused_must_use
    given::<Declined>(); //~ unused_must_use
    given::<Resubmit>(); //~ unused_must_use
}
