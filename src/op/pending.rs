//! Step 3: a request that waits for what only the host knows.

use std::sync::Arc;

use time::OffsetDateTime;

use super::client::Client;
use super::decision::Decision;
use super::hint::VerifiedHint;
use super::pending_session::PendingSession;
use super::request::LogoutRequest;
use super::session::Session;
use super::settings::Settings;
use super::verify::{self, Hint, HintState};
use crate::parameter::ClientId;

/// A request that passed the first half of the checks, and waits for what only the host knows.
///
/// The host looks up the client that [`client_id`](Self::client_id) names, and the session that
/// came with the request *as that client knows it*, by its own means. Then it calls
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

    /// Verifies what needs the client: the algorithm that it is registered for, and the signature
    /// of a hint signed with its secret. `client` is the client that [`client_id`](Self::client_id)
    /// named, or `None` if there is no such client.
    ///
    /// For hosts that read the hint's claims, reject it, or look the session up by its `sid`. All
    /// others call [`decide`](Self::decide).
    pub fn with_client(self, client: Option<&Client>) -> PendingSession<'_> {
        let misused = client.is_some_and(|client| Some(client.id()) != self.client_id());
        let Self { settings, request, hint, now } = self;
        let is_hmac = matches!(hint, HintState::Checked(Hint::Hmac(_)));
        let hint = match hint {
            HintState::Absent => Ok(None),
            HintState::Invalid(error) => Err(error),
            HintState::Checked(hint) => verify::with_client(hint, client).map(Some),
        };
        PendingSession { settings, request, hint, client, is_hmac, misused, now }
    }

    /// Decides. `client` is the client that [`client_id`](Self::client_id) named, or `None` if
    /// there is no such client; `session` is the session that the request came with, or `None` if
    /// nobody is signed in.
    ///
    /// Nothing is kept between requests: the same arguments give the same decision.
    ///
    /// ```
    /// # use oidc_logout::op::{Answer, Client, Decision, LogoutEndpoint, LogoutRequest, Session};
    /// # use oidc_logout::{KeySet, Secret};
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32])?);
    /// # let now = time::OffsetDateTime::now_utc();
    /// # let pending = endpoint.receive(LogoutRequest::from_query("client_id=rp-1")?, now)?;
    /// let client = Client::builder("rp-1").build()?;
    /// let session = Session::new([1; 32], "248289761001");
    /// let decision = pending.decide(Some(&client), Some(&session));
    /// // Without a hint nothing is proven.
    /// assert!(matches!(decision, Decision::Answer(Answer::Confirm(_))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decide(self, client: Option<&Client>, session: Option<&Session>) -> Decision {
        self.with_client(client).decide(session)
    }
}
