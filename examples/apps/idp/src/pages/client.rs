//! The pages of the client to try the provider with.

use std::borrow::Cow;

use askama::Template;

use super::{Fields, Language};

/// Nobody is signed in at the client.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "client_home.html")]
pub struct ClientHomePage<'a> {
    /// The page's language.
    pub language: Language,
    /// The client's name.
    pub client: &'a str,
    /// The provider's answer, if the End-User has just come back from a sign-out.
    pub signed_out: Option<Returned<'a>>,
}

impl ClientHomePage<'_> {
    fn title(&self) -> Cow<'static, str> {
        // Anybody can send the browser here. Only the right state shows that the user has signed
        // out.
        self.language.text(match self.signed_out {
            None => "client-home-title",
            Some(Returned { matches: true, .. }) => "client-signed-out-title",
            Some(Returned { matches: false, .. }) => "client-returned-title",
        })
    }
}

/// A request to the `post_logout_redirect_uri`.
#[derive(Clone, Copy, Debug)]
pub struct Returned<'a> {
    /// The `state`.
    pub state: Option<&'a str>,
    /// Whether it is the one that this client sent with this browser's request.
    pub matches: bool,
}

/// Somebody is signed in at the client. The page shows the claims and the ways to sign out.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "client_account.html")]
pub struct ClientAccountPage<'a> {
    /// The page's language.
    pub language: Language,
    /// The client's name.
    pub client: &'a str,
    /// The claims of the ID Token, name and value.
    pub claims: &'a [(&'a str, &'a str)],
    /// The logout requests to choose from.
    pub sign_outs: &'a [SignOut<'a>],
}

impl ClientAccountPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("client-account-title")
    }

    fn sign_out(&self, sign_out: &SignOut<'_>) -> Cow<'static, str> {
        self.language.text_of_code("sign-out", sign_out.variant.code()).unwrap_or_default()
    }

    fn sign_out_text(&self, sign_out: &SignOut<'_>) -> Cow<'static, str> {
        self.language.text_of_code("sign-out", &format!("{}_text", sign_out.variant.code())).unwrap_or_default()
    }
}

/// A form with nothing to fill in.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// The URL that it posts to.
    pub action: &'a str,
    /// The fields that it posts.
    pub fields: Fields<'a>,
}

/// A way to sign out.
#[derive(Clone, Copy, Debug)]
pub struct SignOut<'a> {
    /// Which one.
    pub variant: SignOutVariant,
    /// The request.
    pub request: SignOutRequest<'a>,
}

/// The request that the End-User's browser sends to the provider.
#[derive(Clone, Copy, Debug)]
pub enum SignOutRequest<'a> {
    /// A GET.
    Link {
        /// The logout endpoint, with the parameters.
        href: &'a str,
    },
    /// A POST.
    Form(Form<'a>),
}

/// The kinds of logout request, each with its result under the library's default policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignOutVariant {
    /// The ID Token as a hint: signed out and sent back.
    Hint,
    /// The same by POST. The provider's cookie is `SameSite=Lax`, so a page of the provider posts
    /// it again.
    HintPost,
    /// The `client_id` without a hint: asked, then sent back.
    ClientId,
    /// A hint without a `post_logout_redirect_uri`: signed out at the provider, and not sent back.
    NoRedirect,
    /// A `post_logout_redirect_uri` that is not registered: refused.
    UnregisteredUri,
    /// A hint whose signature does not verify: refused.
    BrokenHint,
    /// A `state` that is too long: refused.
    LongState,
}

impl SignOutVariant {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Hint,
        Self::HintPost,
        Self::ClientId,
        Self::NoRedirect,
        Self::UnregisteredUri,
        Self::BrokenHint,
        Self::LongState,
    ];

    /// A stable name for URLs and tests, such as `unregistered_uri`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::HintPost => "hint_post",
            Self::ClientId => "client_id",
            Self::NoRedirect => "no_redirect",
            Self::UnregisteredUri => "unregistered_uri",
            Self::BrokenHint => "broken_hint",
            Self::LongState => "long_state",
        }
    }
}

/// The provider sent the End-User back without an ID Token.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "client_error.html")]
pub struct ClientErrorPage<'a> {
    /// The page's language.
    pub language: Language,
    /// The client's name.
    pub client: &'a str,
    /// The `error`, such as `access_denied` (RFC 6749, section 4.1.2.1).
    pub error: &'a str,
    /// The `error_description`.
    pub description: Option<&'a str>,
}

impl ClientErrorPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("client-error-title")
    }
}
