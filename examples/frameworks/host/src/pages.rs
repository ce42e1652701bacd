//! The pages. They are markup only, because status and headers come from the crate.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use oidc_logout::op::{Answer, Confirm, Refusal, Resubmit};

/// The page of an answer. A redirect has the signed-out page as its body, which browsers do not
/// show. An error page shows `offer`, the form to sign out, if there is one.
pub(crate) fn of_answer(answer: &Answer, offer: Option<&Confirm>) -> String {
    match answer {
        Answer::Landing(_) => signed_out(),
        Answer::Confirm(ask) => confirmation(ask),
        Answer::Declined(_) => still_signed_in(),
        Answer::Resubmit(again) => self_posting(again),
        Answer::Refuse(refusal) => error(refusal, offer),
    }
}

/// The page after the session has ended.
fn signed_out() -> String {
    page("You are signed out", &html! { p { a href="/" { "Home" } } })
}

/// The page after the End-User answered no.
fn still_signed_in() -> String {
    page("You are still signed in", &html! { p { a href="/" { "Home" } } })
}

/// The question whether to sign out.
fn confirmation(ask: &Confirm) -> String {
    let content = html! {
        @if ask.is_repeated() { p { "Your answer came too late, or not from this page. Please answer again." } }
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

/// A page that posts the request again at once. It comes from the provider's own site, so the
/// browser sends the session cookie this time.
fn self_posting(again: &Resubmit) -> String {
    let content = html! {
        (form(again.fields(), &html! { button { "Continue" } }))
        script { (PreEscaped("document.forms[0].submit()")) }
    };
    page("One moment", &content)
}

/// The page of a refusal, with the offer to sign out if somebody is signed in.
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

/// A form that posts to the logout endpoint. maud escapes the values.
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
