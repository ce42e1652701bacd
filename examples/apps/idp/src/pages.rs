//! The pages. Each is a struct with the values it shows, rendered by a template of the same name.
//! Pass values unescaped: the templates escape them. The server sets status and headers, or the
//! library does if the page shows one of its outcomes.
//!
//! ```
//! use askama::Template as _;
//! use idp::pages::{Ended, Language, SignedOutPage, ToldClients};
//!
//! let language = Language::negotiate(None, Some("es-MX, en;q=0.5"));
//! let (ended, clients, other_sessions) = (Ended::InThisBrowser, ToldClients::default(), 0);
//! let page = SignedOutPage { language, ended, clients, other_sessions };
//! assert!(page.render()?.contains("<h1>Has cerrado la sesión</h1>"));
//! # Ok::<(), askama::Error>(())
//! ```
//!
//! Every page works without JavaScript. The attribute `lang` names its language: send that as
//! `content-language` too.

mod client;
mod error;
mod language;
mod provider;

pub use client::{
    ClientAccountPage, ClientErrorPage, ClientHomePage, Form, Returned, SignOut, SignOutRequest, SignOutVariant,
};
pub use error::{ErrorPage, PageError, RefusalPage, TooManyAttemptsPage};
pub use language::Language;
pub use provider::{
    AccountPage, ClientFrame, ClientLink, ClientName, ConfirmPage, DeclinedPage, Ended, FrontChannelPage, ResubmitPage,
    SignInError, SignInPage, SignedOutPage, ToldClients,
};

/// The hidden fields of a form, name and value.
pub type Fields<'a> = &'a [(&'a str, &'a str)];

/// Allows what every page loads, and nothing else.
///
/// The library sends a second policy with its outcomes, and browsers enforce both. This one has no
/// `form-action`: browsers apply that to every redirect after a form, and only the page at hand
/// knows where its form leads.
pub const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same for a page with frames, and with the script that follows them. The library's policy
/// says which frames these are.
#[must_use]
pub fn policy_with_frames() -> String {
    let script = oidc_logout::op::FrontChannelPage::SCRIPT_HASH;
    format!(
        "default-src 'none'; style-src 'self'; script-src '{script}'; frame-src http: https:; img-src 'self'; \
        base-uri 'none'; frame-ancestors 'none'"
    )
}

/// A file that the pages load.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// The path that the pages load it from.
    pub path: &'static str,
    /// The value of `content-type`.
    pub content_type: &'static str,
    /// The file.
    pub body: &'static str,
}

/// All files. A file keeps its name when its content changes, so let caches keep them for minutes
/// only.
pub const ASSETS: [Asset; 3] = [
    Asset {
        path: "/assets/style.css",
        content_type: "text/css; charset=utf-8",
        body: include_str!("../assets/style.css"),
    },
    Asset {
        path: "/assets/resubmit.js",
        content_type: "text/javascript; charset=utf-8",
        body: include_str!("../assets/resubmit.js"),
    },
    Asset { path: "/assets/icon.svg", content_type: "image/svg+xml", body: include_str!("../assets/icon.svg") },
];
