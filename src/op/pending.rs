//! Step 3: a request that waits for what only the host knows.

use std::sync::Arc;

use time::OffsetDateTime;

use super::client::Client;
use super::decide::Facts;
use super::decision::Decision;
use super::exchange::Exchange;
use super::hint::VerifiedHint;
use super::refusal::{Refusal, RefusalReason};
use super::request::LogoutRequest;
use super::session::Session;
use super::settings::Settings;
use super::verify::{Hint, HintState};
use crate::parameter::ClientId;

/// A request that passed the first half of the checks, and waits for what only the host knows.
///
/// The host looks up the client that [`client_id`](Self::client_id) names, and the session that came
/// with the request *as that client knows it*, by its own means. Then it calls
/// [`decide`](Self::decide).
#[derive(Debug)]
#[must_use = "the request must be decided"]
pub struct Pending {
    pub(crate) settings: Arc<Settings>,
    pub(crate) request: LogoutRequest,
    pub(crate) hint: HintState,
    pub(crate) now: OffsetDateTime,
}

impl Pending {
    /// The client to look up: the one that the hint was issued to, else the one that `client_id`
    /// names. `None` when the request names none.
    ///
    /// The name in a hint signed with HMAC is not verified yet: use it to look the client up, and
    /// for nothing else.
    #[must_use]
    pub fn client_id(&self) -> Option<&ClientId> {
        match &self.hint {
            HintState::Checked(Hint::Verified(hint)) => Some(hint.client_id()),
            HintState::Checked(Hint::Hmac(hint)) => Some(&hint.client_id),
            HintState::Absent | HintState::Invalid(_) => self.request.client_id(),
        }
    }

    /// The hint, if it is verified already. It may still be refused, because the client can be
    /// registered for another algorithm.
    #[must_use]
    pub fn hint(&self) -> Option<&VerifiedHint> {
        match &self.hint {
            HintState::Checked(Hint::Verified(hint)) => Some(hint),
            HintState::Absent | HintState::Checked(Hint::Hmac(_)) | HintState::Invalid(_) => None,
        }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &LogoutRequest {
        &self.request
    }

    /// Decides. `client` is the client that [`client_id`](Self::client_id) named, or `None` if there
    /// is no such client; `session` is the session that the request came with, or `None` if nobody
    /// is signed in.
    ///
    /// Nothing is kept between requests: the same arguments give the same decision.
    pub fn decide(self, client: Option<&Client>, session: Option<&Session>) -> Decision {
        let misused = client.is_some_and(|client| Some(client.id()) != self.client_id());
        let Self { settings, request, hint, now } = self;
        let mut exchange = Exchange::new(request);
        if misused {
            return Refusal::new(RefusalReason::HostError, exchange).into();
        }
        match Facts::gather(&settings, &mut exchange, hint, client, now) {
            Ok(facts) => facts.decide(exchange, session),
            Err(reason) => Refusal::new(reason, exchange).into(),
        }
    }
}
