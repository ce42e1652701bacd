//! The outcome by which nothing changes.

use super::exchange::{Exchange, exchange_accessors};
use crate::answer::Headers;

/// The End-User said no: the session lives, and nothing is redirected. Show a page of the provider.
#[derive(Debug)]
#[must_use = "the End-User must be answered"]
pub struct Declined {
    exchange: Exchange,
}

impl Declined {
    pub(crate) fn new(exchange: Exchange) -> Self {
        Self { exchange }
    }

    /// Always `200`.
    #[must_use]
    pub fn status(&self) -> u16 {
        200
    }

    /// The headers of a page that redirects nowhere.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        Headers::page(&[])
    }

    exchange_accessors!();
}
