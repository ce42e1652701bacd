//! The answer to the End-User, once no session must end first.

use super::confirm::Confirm;
use super::declined::Declined;
use super::exchange::{Exchange, exchange_accessors};
use super::landing::Landing;
use super::refusal::Refusal;
use super::resubmit::Resubmit;
use crate::answer::Headers;

/// An answer to the End-User: a status, headers, and what the host's page shows.
///
/// A host sends [`status`](Self::status) and [`headers`](Self::headers) whatever the answer is, and
/// chooses a template by the variant. Exhaustive on purpose.
#[derive(Debug)]
#[must_use = "the End-User must be answered"]
pub enum Answer {
    /// The End-User ends up at the client or on the signed-out page: the session
    /// [has ended](super::EndSession::session_ended), or there was none. Logout is idempotent.
    Landing(Landing),
    /// Ask the End-User first.
    Confirm(Confirm),
    /// The End-User said no, and stays signed in.
    Declined(Declined),
    /// Post the same parameters again, from a page of the provider, because the browser may have
    /// withheld the session's cookie.
    Resubmit(Resubmit),
    /// Show an error page.
    Refuse(Refusal),
}

impl Answer {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Landing(landing) => landing.status(),
            Self::Confirm(ask) => ask.status(),
            Self::Declined(no) => no.status(),
            Self::Resubmit(again) => again.status(),
            Self::Refuse(refusal) => refusal.status(),
        }
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        match self {
            Self::Landing(landing) => landing.headers(),
            Self::Confirm(ask) => ask.headers(),
            Self::Declined(no) => no.headers(),
            Self::Resubmit(again) => again.headers(),
            Self::Refuse(refusal) => refusal.headers(),
        }
    }

    pub(crate) fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Landing(landing) => Some(landing.exchange()),
            Self::Confirm(ask) => Some(ask.exchange()),
            Self::Declined(no) => Some(no.exchange()),
            Self::Resubmit(again) => Some(again.exchange()),
            Self::Refuse(refusal) => refusal.exchange(),
        }
    }

    exchange_accessors!(optional through exchange);
}

impl From<Landing> for Answer {
    fn from(landing: Landing) -> Self {
        Self::Landing(landing)
    }
}

impl From<Confirm> for Answer {
    fn from(ask: Confirm) -> Self {
        Self::Confirm(ask)
    }
}

impl From<Declined> for Answer {
    fn from(no: Declined) -> Self {
        Self::Declined(no)
    }
}

impl From<Resubmit> for Answer {
    fn from(again: Resubmit) -> Self {
        Self::Resubmit(again)
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}
