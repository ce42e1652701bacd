//! Between steps 3 and 4: the client is known, and the request waits for the session.

use std::sync::Arc;

use time::OffsetDateTime;

use super::client::Client;
use super::decide::Facts;
use super::decision::Decision;
use super::exchange::{Exchange, SessionFound};
use super::hint::{HintError, VerifiedHint};
use super::policy::OnBadHint;
use super::refusal::{HostError, Refusal, RefusalReason};
use super::request::LogoutRequest;
use super::session::Session;
use super::settings::Settings;
use super::without_cookie;
use crate::parameter::ClientId;

/// A request whose client is known, and whose hint has passed its checks or failed one.
///
/// Hosts that want to read the hint's claims, reject it, or look the session up by the hint's `sid`
/// stop here. For all others [`Pending::decide`](super::Pending::decide) goes through in one call.
#[derive(Debug)]
#[must_use = "the request must be decided"]
pub struct PendingSession<'c> {
    pub(crate) settings: Arc<Settings>,
    pub(crate) request: LogoutRequest,
    pub(crate) hint: Result<Option<VerifiedHint>, HintError>,
    pub(crate) client: Option<&'c Client>,
    /// The hint is signed with HMAC, so that a client's name in a refused one proves nothing.
    pub(crate) is_hmac: bool,
    /// The host gave another client than was asked for.
    pub(crate) misused: bool,
    pub(crate) now: OffsetDateTime,
}

impl<'c> PendingSession<'c> {
    /// The hint, if it is verified.
    #[must_use]
    pub fn hint(&self) -> Option<&VerifiedHint> {
        self.hint.as_ref().ok().and_then(Option::as_ref)
    }

    /// The client the request is made for, if the host found it.
    ///
    /// If the hint is invalid and the policy goes on without it, only the parameter `client_id`
    /// names a client. If the request is refused for it, a hint signed with HMAC names none,
    /// because anybody may have written it.
    #[must_use]
    pub fn client_id(&self) -> Option<&ClientId> {
        self.effective_client().map(Client::id)
    }

    fn effective_client(&self) -> Option<&'c Client> {
        let counts = match (&self.hint, self.settings.policy.on_bad_hint) {
            (Ok(_), _) => true,
            (Err(_), OnBadHint::Confirm) => self.request.client_id().is_some(),
            (Err(_), OnBadHint::Refuse) => !self.is_hmac,
        };
        self.client.filter(|_| counts)
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &LogoutRequest {
        &self.request
    }

    /// Rejects a verified hint for reasons of the host's own, such as a claim that tells its tokens
    /// apart. The policy's `on_bad_hint` then applies: the request is refused with
    /// `id_token_hint_invalid` and the detail `rejected`, or goes on as if there were no hint.
    /// Without a verified hint this changes nothing.
    ///
    /// ```
    /// # use oidc_logout::op::{Decision, PendingSession, Session};
    /// # #[derive(serde::Deserialize)]
    /// # struct Claims { tenant: String }
    /// fn decide(pending: PendingSession<'_>, session: Option<&Session>) -> Decision {
    ///     let is_ours = pending.hint().is_none_or(|hint| {
    ///         hint.claims::<Claims>().is_ok_and(|claims| claims.tenant == "acme")
    ///     });
    ///     let pending = if is_ours { pending } else { pending.reject_hint() };
    ///     pending.decide(session)
    /// }
    /// ```
    pub fn reject_hint(mut self) -> Self {
        if let Ok(Some(_)) = self.hint {
            self.hint = Err(HintError::Rejected);
        }
        self
    }

    /// The session to look up by the hint's `sid`, when the request came without the cookie of a
    /// session. `None` when the policy or the request does not allow it.
    ///
    /// Clients' servers and scripts send an ID Token without any cookie, and expect that its
    /// session ends. The look-up is offered under the policy `session_by_sid`, for a verified hint
    /// with a `sid`, if nobody would be signed in otherwise: where the browser says that it sent
    /// every cookie, or where no browser is at work. Otherwise any page could post an ID Token of
    /// its own, and a user whose cookie was withheld would read that they are signed out.
    ///
    /// Look the session up by client **and** `sid`. Do not fall back from a `sid` without a session
    /// to the user, and do not clear the browser's cookie for a session that was found this way: it
    /// is another browser's.
    ///
    /// ```
    /// # use oidc_logout::op::{Decision, PendingSession, Session};
    /// # struct Db;
    /// # impl Db {
    /// #     fn session_of(&self, _: &str) -> Option<Session> { None }
    /// #     fn session_by_sid(&self, _: &str, _: &str) -> Option<Session> { None }
    /// # }
    /// fn decide(db: &Db, pending: PendingSession<'_>, cookie: Option<&str>) -> Decision {
    ///     let mut session = cookie.and_then(|cookie| db.session_of(cookie));
    ///     if session.is_none()
    ///         && let Some(look_up) = pending.sid_to_find()
    ///     {
    ///         let found = db.session_by_sid(look_up.client_id().as_str(), look_up.sid());
    ///         session = found.map(|session| look_up.found(session));
    ///     }
    ///     pending.decide(session.as_ref())
    /// }
    /// ```
    #[must_use]
    pub fn sid_to_find(&self) -> Option<SidToFind<'_>> {
        let hint = self.hint()?;
        let sid = hint.sid()?;
        if !without_cookie::may_find_by_sid(&self.settings.policy, &self.request) || self.misused {
            return None;
        }
        // A request that is refused for its redirect must not tell whether the session lives.
        Facts::gather(&self.settings, &self.request, Ok(Some(hint)), self.client, self.now).ok()?;
        Some(SidToFind { client_id: hint.client_id(), sid })
    }

    /// Decides. `session` is the session that the request came with, as this client knows it, or
    /// `None` if nobody is signed in.
    ///
    /// Nothing is kept between requests: the same arguments give the same decision.
    pub fn decide(self, session: Option<&Session>) -> Decision {
        let client = self.effective_client();
        let Self { settings, request, hint, misused, now, .. } = self;
        let mut exchange = Exchange::new(request);
        exchange.session = session.map(SessionFound::of);
        if misused {
            return Refusal::new(RefusalReason::HostError(HostError::OtherClient), exchange).into();
        }
        exchange.client_id = client.map(|client| client.id().clone());
        match hint {
            Ok(hint) => exchange.hint = hint,
            Err(error) => exchange.invalid_hint = Some(error),
        }
        let hint = exchange.invalid_hint.map_or(Ok(exchange.hint.as_ref()), Err);
        match Facts::gather(&settings, &exchange.request, hint, client, now) {
            Ok(facts) => facts.decide(exchange, session),
            Err(reason) => Refusal::new(reason, exchange).into(),
        }
    }
}

/// A session to look up by the `sid` of a verified hint; see
/// [`PendingSession::sid_to_find`]. Only out of it can a session be given as found that way.
#[derive(Clone, Copy)]
#[must_use = "the session must be looked up"]
pub struct SidToFind<'p> {
    client_id: &'p ClientId,
    sid: &'p str,
}

impl SidToFind<'_> {
    /// The client whose `sid` it is. The same `sid` of another client is another session.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        self.client_id
    }

    /// The `sid` to look up.
    #[must_use]
    pub fn sid(&self) -> &str {
        self.sid
    }

    /// Marks the session that was found. The decision then also limits the age of the hint, by the
    /// policy's `session_by_sid`, and never asks, because nobody is there to answer.
    ///
    /// Give it to the [`decide`](PendingSession::decide) of the same request, and to no other.
    pub fn found(self, session: Session) -> Session {
        Session { found_by_sid: true, ..session }
    }
}

impl std::fmt::Debug for SidToFind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SidToFind").finish_non_exhaustive()
    }
}
