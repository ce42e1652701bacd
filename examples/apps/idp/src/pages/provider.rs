//! The provider's pages, except the error pages.

use std::borrow::Cow;

use askama::Template;
use oidc_logout::op::{self, Confirm, Resubmit};
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
    /// The hidden fields of the form.
    pub fields: Fields<'a>,
    /// The name of the client that the End-User signs in to, if there is one.
    pub client: Option<&'a str>,
    /// Where the browser goes next: an origin or a scheme.
    pub leads_to: &'a str,
    /// The initial content of the field: the name typed before, or the `login_hint`.
    pub username: &'a str,
    /// What was wrong with the previous form.
    pub error: Option<SignInError>,
}

/// Why nobody is signed in yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInError {
    /// The user name or the password is wrong. The page does not say which, so that nobody can
    /// probe for users.
    Credentials,
    /// A field was left empty.
    Missing {
        /// The user name is missing.
        username: bool,
        /// The password is missing.
        password: bool,
    },
    /// The form does not belong to this browser, or the browser no longer has the form's cookie.
    Expired,
}

impl SignInPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("sign-in-title")
    }

    /// Whether the user name and the password are at fault.
    fn at_fault(&self) -> (bool, bool) {
        match self.error {
            Some(SignInError::Credentials) => (true, true),
            Some(SignInError::Missing { username, password }) => (username, password),
            Some(SignInError::Expired) | None => (false, false),
        }
    }
}

/// Asks the End-User whether to sign out. The form posts `confirm` with `yes` or `no`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "confirm.html")]
pub struct ConfirmPage<'a> {
    /// The page's language.
    pub language: Language,
    /// The question.
    pub ask: &'a Confirm,
    /// The name of the signed-in End-User.
    pub user: &'a str,
    /// The name of the client that the request is made for, if there is one.
    pub client: Option<&'a str>,
}

impl ConfirmPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("ask-title")
    }

    /// Where a yes leads.
    fn landing(&self) -> Cow<'static, str> {
        match self.client {
            Some(client) if self.ask.returns_to_client() => self.language.text_with("ask-returns", "client", client),
            _ => self.language.text("ask-stays"),
        }
    }

    /// Why the End-User is asked: one sentence per reason.
    fn reasons(&self) -> Vec<Cow<'static, str>> {
        let mut texts = Vec::new();
        for reason in self.ask.reasons() {
            let text = self.language.text_of_code("ask", reason.code());
            texts.push(text.unwrap_or_else(|| self.language.text("ask-other")));
        }
        texts
    }
}

/// Posts a form again, by a script or by a button.
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

/// The End-User is signed out and is not sent back to a client.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage<'a> {
    /// The page's language.
    pub language: Language,
    /// What has ended.
    pub ended: Ended,
    /// The clients that took part in it.
    pub clients: ToldClients<'a>,
    /// How many sessions the End-User still has in other browsers; 0 if there are none or nobody
    /// was signed in.
    pub other_sessions: u64,
}

/// Which clients know that the session has ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct ToldClients<'a> {
    /// Those that have answered that it has ended there.
    pub told: &'a [ClientName<'a>],
    /// Those that this page tells.
    pub frames: &'a [ClientFrame<'a>],
    /// Those that could not be reached yet.
    pub pending: &'a [ClientName<'a>],
    /// Those that cannot be told: the End-User may still be signed in there.
    pub not_told: &'a [ClientName<'a>],
}

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientName<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its home page, if it has registered one.
    pub href: Option<&'a str>,
}

/// A client that is told by a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientFrame<'a> {
    /// The client.
    pub client: ClientName<'a>,
    /// The address of the frame.
    pub src: &'a str,
}

/// The session that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The one of this browser.
    InThisBrowser,
    /// Another one, which the request named.
    Elsewhere,
    /// All of the End-User's.
    Everywhere,
    /// None: nobody was signed in.
    Nothing,
}

impl SignedOutPage<'_> {
    fn text(&self) -> Cow<'static, str> {
        self.language.text(match self.ended {
            Ended::InThisBrowser => "signed-out-ended",
            Ended::Elsewhere => "signed-out-elsewhere",
            Ended::Everywhere => "signed-out-everywhere",
            Ended::Nothing => "signed-out-nobody",
        })
    }

    fn title(&self) -> Cow<'static, str> {
        self.language.text("signed-out-title")
    }
}

/// Tells clients in frames, and then sends the End-User back to the client that asked.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "front_channel.html")]
pub struct FrontChannelPage<'a> {
    /// The page's language.
    pub language: Language,
    /// Where the End-User goes on to.
    pub page: &'a op::FrontChannelPage,
    /// The frames.
    pub frames: &'a [ClientFrame<'a>],
    /// The name of the client to go back to, if it is known.
    pub client: Option<&'a str>,
}

impl FrontChannelPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("front-channel-title")
    }

    fn script() -> &'static str {
        op::FrontChannelPage::SCRIPT
    }

    /// What happens by itself.
    fn goes_on(&self) -> Cow<'static, str> {
        match self.client {
            Some(client) => self.language.text_with("front-channel-goes-on", "client", client),
            None => self.language.text("front-channel-goes-on-unnamed"),
        }
    }

    fn go_on(&self) -> Cow<'static, str> {
        match self.client {
            Some(client) => self.language.text_with("front-channel-continue", "client", client),
            None => self.language.text("front-channel-continue-unnamed"),
        }
    }
}

/// The End-User said no.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "declined.html")]
pub struct DeclinedPage<'a> {
    /// The page's language.
    pub language: Language,
    /// The name of the End-User, who is still signed in.
    pub user: &'a str,
    /// The name of the client that asked for the sign-out, if it is known.
    pub client: Option<&'a str>,
}

impl DeclinedPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("declined-title")
    }
}

/// Shows who is signed in, and a button to sign out.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account.html")]
pub struct AccountPage<'a> {
    /// The page's language.
    pub language: Language,
    /// The offer to sign out.
    pub offer: &'a Confirm,
    /// The End-User's name.
    pub name: &'a str,
    /// The End-User's user name.
    pub username: &'a str,
    /// When the End-User signed in.
    pub signed_in_at: OffsetDateTime,
    /// The clients of this session, and the demo client.
    pub clients: &'a [ClientLink<'a>],
    /// The hidden fields of the form that ends all sessions of the End-User.
    pub everywhere: Fields<'a>,
}

/// A client on the account page.
#[derive(Clone, Copy, Debug)]
pub struct ClientLink<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its home page, if it has registered one.
    pub href: Option<&'a str>,
    /// Whether the End-User has signed in to it in this session.
    pub takes_part: bool,
}

impl AccountPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("account-title")
    }

    /// For programs: RFC 3339 in UTC, without fractions of a second.
    fn signed_in_at_machine(&self) -> askama::Result<String> {
        let at = self.signed_in_at.to_utc();
        at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).map_err(askama::Error::custom)
    }

    /// For the End-User, in a form that suits both languages.
    fn signed_in_at_text(&self) -> askama::Result<String> {
        let format = format_description!("[year]-[month]-[day], [hour]:[minute] UTC");
        self.signed_in_at.to_utc().format(format).map_err(askama::Error::custom)
    }
}
