//! The pages: markup only, status and headers come from the crate.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use oidc_logout::op::{Answer, Confirm, Refusal, Resubmit};

/// The page of an answer. A redirect's body is the signed-out page, which browsers do not show.
/// `offer` is the way out for error pages.
pub(crate) fn of_answer(answer: &Answer, offer: Option<&Confirm>) -> String {
    match answer {
        Answer::Landing(_) => signed_out(),
        Answer::Confirm(ask) => confirmation(ask),
        Answer::Declined(_) => still_signed_in(),
        Answer::Resubmit(again) => self_posting(again),
        Answer::Refuse(refusal) => error(refusal, offer),
    }
}

/// Nobody is signed in any more.
fn signed_out() -> String {
    page("You are signed out", &html! { p { a href="/" { "Home" } } })
}

/// The End-User said no.
fn still_signed_in() -> String {
    page("You are still signed in", &html! { p { a href="/" { "Home" } } })
}

/// Asks the End-User.
fn confirmation(ask: &Confirm) -> String {
    let content = html! {
        @if ask.is_repeated() { p { "Your answer did not reach us in time or from this page. Please answer again." } }
        @if let (true, Some(client)) = (ask.returns_to_client(), ask.client_id()) {
            p { "Once signed out, you go back to " strong { (client.as_str()) } "." }
        }
        (form(ask.fields(), &html! {
            button name="confirm" value="yes" { "Sign out" }
            button name="confirm" value="no" { "Stay signed in" }
        }))
    };
    page("Do you want to sign out?", &content)
}

/// Posts the form again, this time from a page of the provider.
fn self_posting(again: &Resubmit) -> String {
    let content = html! {
        (form(again.fields(), &html! { button { "Continue" } }))
        script { (PreEscaped("document.forms[0].submit()")) }
    };
    page("One moment", &content)
}

/// Says what is wrong, and offers to sign out to whoever is signed in.
fn error(refusal: &Refusal, offer: Option<&Confirm>) -> String {
    let content = html! {
        p { "An application sent you here with a request that this provider does not accept." }
        @if let Some(offer) = offer {
            p { "You are still signed in." }
            (form(offer.fields(), &html! { button name="confirm" value="yes" { "Sign out" } }))
        }
        p { small { "For its developer: " code { (refusal.reason().code()) } ": " (refusal) "." } }
    };
    page("Signing out did not work", &content)
}

/// A form to the logout endpoint; the markup escapes the values.
fn form<'v>(fields: impl Iterator<Item = (&'static str, &'v str)>, buttons: &Markup) -> Markup {
    html! {
        form method="post" action="/logout" {
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            (buttons)
        }
    }
}

fn page(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (title) } }
            body { h1 { (title) } (content) }
        }
    };
    page.into_string()
}
