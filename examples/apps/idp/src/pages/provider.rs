//! The provider's pages, but for those that tell of an error.

use std::borrow::Cow;

use askama::Template;
use oidc_logout::{Confirm, Resubmit};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use super::{Fields, Language};

/// Where the End-User signs in. The form posts `username` and `password`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage<'a> {
    /// The page's language.
    pub language: Language,
    /// What the form posts besides.
    pub fields: Fields<'a>,
    /// The name of the client that wants to know the End-User, if one does.
    pub client: Option<&'a str>,
    /// Where the client is: an origin or a scheme.
    pub leads_to: &'a str,
    /// What is in the field from the start: what was typed before, or the `login_hint`.
    pub username: &'a str,
    /// What was wrong with the form that came before.
    pub error: Option<SignInError>,
}

/// Why nobody is signed in yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInError {
    /// The user name or the password is wrong; which one is nobody's business.
    Credentials,
    /// Something was left empty.
    Missing {
        /// The user name was.
        username: bool,
        /// The password was.
        password: bool,
    },
    /// The form is older than the server remembers, or another browser's.
    Expired,
}

impl SignInPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("sign-in-title")
    }

    /// Whether something has to be said about either field.
    fn at_fault(&self) -> (bool, bool) {
        match self.error {
            Some(SignInError::Credentials) => (true, true),
            Some(SignInError::Missing { username, password }) => (username, password),
            Some(SignInError::Expired) | None => (false, false),
        }
    }
}

/// Asks the End-User. The form posts `confirm` with `yes` or `no`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "confirm.html")]
pub struct ConfirmPage<'a> {
    /// The page's language.
    pub language: Language,
    /// The question.
    pub ask: &'a Confirm,
    /// The name of the End-User who is signed in.
    pub user: &'a str,
    /// The name of the client that the question names, where there is one.
    pub client: Option<&'a str>,
}

impl ConfirmPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("ask-title")
    }

    /// What comes after a yes.
    fn landing(&self) -> Cow<'static, str> {
        match self.client {
            Some(client) if self.ask.returns_to_client() => self.language.text_with("ask-returns", "client", client),
            _ => self.language.text("ask-stays"),
        }
    }

    /// Why the End-User is asked, each reason in a sentence.
    fn reasons(&self) -> Vec<Cow<'static, str>> {
        let mut texts = Vec::new();
        for reason in self.ask.reasons() {
            let text = self.language.text_of_code("ask", reason.code());
            texts.push(text.unwrap_or_else(|| self.language.text("ask-other")));
        }
        texts
    }
}

/// Posts a form again: a script does it, or the End-User by a button.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "resubmit.html")]
pub struct ResubmitPage<'a> {
    /// The page's language.
    pub language: Language,
    /// The form.
    pub again: &'a Resubmit,
}

impl ResubmitPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("resubmit-title")
    }
}

/// The End-User is signed out, and stays here.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage<'a> {
    /// The page's language.
    pub language: Language,
    /// Whether there was a session to end.
    pub was_signed_in: bool,
    /// The names of clients where the End-User may be signed in still.
    pub still_signed_in_at: &'a [&'a str],
    /// How many sessions of the End-User in other browsers go on; 0 where there are none or it is not known.
    pub other_sessions: u64,
}

impl SignedOutPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("signed-out-title")
    }
}

/// The End-User said no.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "declined.html")]
pub struct DeclinedPage<'a> {
    /// The page's language.
    pub language: Language,
    /// The name of the End-User, who is signed in still.
    pub user: &'a str,
    /// The name of the client that asked to sign out, where it is known.
    pub client: Option<&'a str>,
}

impl DeclinedPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("declined-title")
    }
}

/// Who is signed in, and a way out.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account.html")]
pub struct AccountPage<'a> {
    /// The page's language.
    pub language: Language,
    /// The offer to sign out.
    pub offer: &'a Confirm,
    /// The End-User's name.
    pub name: &'a str,
    /// What the End-User signs in with.
    pub username: &'a str,
    /// Since when.
    pub signed_in_at: OffsetDateTime,
    /// The clients.
    pub clients: &'a [ClientLink<'a>],
}

/// A client on the account page.
#[derive(Clone, Copy, Debug)]
pub struct ClientLink<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it is, if it has told.
    pub href: Option<&'a str>,
    /// Whether the End-User has signed in to it in this session.
    pub takes_part: bool,
}

impl AccountPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("account-title")
    }

    /// For the machine: RFC 3339, in seconds of UTC.
    fn signed_in_at_machine(&self) -> askama::Result<String> {
        let at = self.signed_in_at.to_utc();
        at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).map_err(askama::Error::custom)
    }

    /// For the End-User, in a form that both languages read.
    fn signed_in_at_text(&self) -> askama::Result<String> {
        let format = format_description!("[year]-[month]-[day], [hour]:[minute] UTC");
        self.signed_in_at.to_utc().format(format).map_err(askama::Error::custom)
    }
}
