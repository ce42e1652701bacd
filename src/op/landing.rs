//! The place where the End-User ends up after a logout.

use super::exchange::{Exchange, exchange_accessors};
use super::front_channel::{self, FrontChannelPage};
use super::notices::{FrontChannelFrame, Told};
use super::redirect::{Location, LogoutRedirect};
use crate::answer::Headers;

/// The place where the End-User ends up.
#[derive(Debug)]
#[must_use = "the End-User must be answered"]
pub enum Landing {
    /// At the client.
    Redirect(LogoutRedirect),
    /// At the client, after a page that tells other clients in frames.
    FrontChannel(FrontChannelPage),
    /// On the provider's own page that says so.
    SignedOutPage(SignedOutPage),
}

impl Landing {
    pub(crate) fn new(location: Option<Location>, exchange: Exchange, told: Told) -> Self {
        let Some(location) = location else {
            return Self::SignedOutPage(SignedOutPage { exchange, told });
        };
        let redirect = LogoutRedirect::new(location, exchange);
        if told.frames().is_empty() {
            Self::Redirect(redirect)
        } else {
            Self::FrontChannel(FrontChannelPage::new(redirect, told))
        }
    }

    /// `303` for a redirect, `200` for a page.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Redirect(to) => to.status(),
            Self::FrontChannel(page) => page.status(),
            Self::SignedOutPage(page) => page.status(),
        }
    }

    /// The headers, with `location` for a redirect.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        match self {
            Self::Redirect(to) => to.headers(),
            Self::FrontChannel(page) => page.headers(),
            Self::SignedOutPage(page) => page.headers(),
        }
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        match self {
            Self::Redirect(to) => to.exchange(),
            Self::FrontChannel(page) => page.exchange(),
            Self::SignedOutPage(page) => page.exchange(),
        }
    }

    exchange_accessors!(through exchange);
}

/// The provider's page that says that the End-User is signed out.
///
/// Where clients are told through the browser, it holds their [frames](Self::frames), as a
/// [`FrontChannelPage`] does, but needs no script: nobody goes on from here.
#[derive(Debug)]
#[must_use = "the page must be shown"]
pub struct SignedOutPage {
    exchange: Exchange,
    told: Told,
}

impl SignedOutPage {
    /// Always `200`.
    #[must_use]
    pub fn status(&self) -> u16 {
        200
    }

    /// The frames that the page must hold, if any: see [`FrontChannelPage`] for their attributes.
    #[must_use]
    pub fn frames(&self) -> &[FrontChannelFrame] {
        self.told.frames()
    }

    /// Who was told that the session has ended, and who was not.
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// The headers of a page that redirects nowhere.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        let headers =
            if self.frames().is_empty() { Headers::page(&[]) } else { front_channel::headers(self.frames(), "") };
        headers.logged_out(self.exchange.is_logged_out)
    }

    exchange_accessors!();
}
