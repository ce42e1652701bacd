//! A step that can be taken once cannot be copied and taken again.
use oidc_logout::op::{Answer, Confirm, Decision, Declined, EndSession, FrontChannelPage, Landing, Notices, Pending, PendingSession, Resubmit, SignedOutPage, Told};
use oidc_logout::op::{LogoutToken, SigningInput, UnsignedLogoutToken};

fn copied<T: Clone>() {}

fn main() {
    copied::<Pending>(); //~ E0277
    copied::<PendingSession<'static>>(); //~ E0277
    copied::<Decision>(); //~ E0277
    copied::<Answer>(); //~ E0277
    copied::<EndSession>(); //~ E0277
    copied::<Notices>(); //~ E0277
    copied::<Told>(); //~ E0277
    copied::<Landing>(); //~ E0277
    copied::<FrontChannelPage>(); //~ E0277
    copied::<SignedOutPage>(); //~ E0277
    copied::<Confirm>(); //~ E0277
    copied::<Declined>(); //~ E0277
    copied::<Resubmit>(); //~ E0277
    copied::<UnsignedLogoutToken<'static>>(); //~ E0277
    copied::<SigningInput<'static>>(); //~ E0277
    copied::<LogoutToken<'static>>(); //~ E0277
}
