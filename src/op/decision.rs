//! Step 5: the decision.

use super::answer::Answer;
use super::end_session::EndSession;
use super::exchange::{Exchange, exchange_accessors};
use super::refusal::Refusal;

/// The next step of the host: end a session first, or answer at once.
///
/// Exhaustive on purpose: a new outcome should stop a host's build until it is handled.
#[derive(Debug)]
#[must_use = "the decision must be carried out"]
pub enum Decision {
    /// Somebody is signed in, and the request proves that it belongs to the session, or the
    /// End-User said yes: end it. [`EndSession::session_ended`] then gives the answer.
    EndSession(EndSession),
    /// Nothing is to be ended. Answer the End-User.
    Answer(Answer),
}

impl Decision {
    pub(crate) fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::EndSession(end) => Some(end.exchange()),
            Self::Answer(answer) => answer.exchange(),
        }
    }

    exchange_accessors!(optional through exchange);
}

impl From<Answer> for Decision {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        Self::Answer(refusal.into())
    }
}
