//! The place where the End-User ends up after a logout.

use super::exchange::{Exchange, exchange_accessors};
use super::redirect::{Location, LogoutRedirect};
use crate::answer::Headers;

/// The place where the End-User ends up.
#[derive(Debug)]
#[must_use = "the End-User must be answered"]
pub enum Landing {
    /// At the client.
    Redirect(LogoutRedirect),
    /// On the provider's own page that says so.
    SignedOutPage(SignedOutPage),
}

impl Landing {
    pub(crate) fn new(location: Option<Location>, exchange: Exchange) -> Self {
        match location {
            Some(location) => Self::Redirect(LogoutRedirect::new(location, exchange)),
            None => Self::SignedOutPage(SignedOutPage { exchange }),
        }
    }

    /// `303` for a redirect, `200` for the page.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Redirect(to) => to.status(),
            Self::SignedOutPage(page) => page.status(),
        }
    }

    /// The headers, with `location` for a redirect.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        match self {
            Self::Redirect(to) => to.headers(),
            Self::SignedOutPage(page) => page.headers(),
        }
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        match self {
            Self::Redirect(to) => to.exchange(),
            Self::SignedOutPage(page) => page.exchange(),
        }
    }

    exchange_accessors!(through exchange);
}

/// The provider's page that says that the End-User is signed out.
#[derive(Debug)]
#[must_use = "the page must be shown"]
pub struct SignedOutPage {
    exchange: Exchange,
}

impl SignedOutPage {
    /// Always `200`.
    #[must_use]
    pub fn status(&self) -> u16 {
        200
    }

    /// The headers of a page that redirects nowhere.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        Headers::page(&[]).logged_out(self.exchange.is_logged_out)
    }

    exchange_accessors!();
}
