//! `session_ended` wants a `Told`: the other clients cannot be forgotten.
use oidc_logout::op::{EndSession, FrontChannelPage, Notices, Told};

fn given<T>() -> T {
    loop {}
}

fn nothing() {
    let _ = given::<EndSession>().session_ended(); //~ E0061
    let _ = given::<EndSession>().session_ended(()); //~ E0308
    let _ = given::<EndSession>().session_ended(None); //~ E0308
}

fn planned_and_not_told(end: EndSession, notices: Notices) {
    let _ = end.session_ended(notices); //~ E0308
}

fn borrowed(end: EndSession, told: &Told) {
    let _ = end.session_ended(told); //~ E0308
}

fn of_another_page(page: FrontChannelPage) {
    let _ = given::<EndSession>().session_ended(page.told()); //~ E0308
}

fn main() {}
