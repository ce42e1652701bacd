//! The outcome by which a session ends.

use std::fmt;
use std::sync::Arc;

use super::exchange::{Exchange, SessionFound, exchange_accessors};
use super::landing::Landing;
use super::notices::{EndedSession, Notices, Participant, Told};
use super::redirect::Location;
use super::settings::Settings;

/// A session to end. The only way to the [`Landing`] is to say that it was ended.
#[must_use = "the session must be ended"]
pub struct EndSession {
    exchange: Exchange,
    location: Option<Location>,
    settings: Arc<Settings>,
}

impl EndSession {
    pub(crate) fn new(exchange: Exchange, location: Option<Location>, settings: Arc<Settings>) -> Self {
        Self { exchange, location, settings }
    }

    /// Whether the session was [found by the hint's `sid`](super::PendingSession::sid_to_find), and
    /// not by a cookie. Then do not clear the cookie of this browser: the session is another
    /// browser's.
    #[must_use]
    pub fn is_found_by_sid(&self) -> bool {
        self.exchange.session == Some(SessionFound::BySid)
    }

    /// Whether the End-User will be sent back to the client, and not to the signed-out page. Known
    /// before the session ends, for what that page needs to look up.
    #[must_use]
    pub fn returns_to_client(&self) -> bool {
        self.location.is_some()
    }

    /// Plans the notices to the clients that take part in the session, the one that asks for the
    /// logout among them: see [`Notices`].
    ///
    /// Clients that can only be told in a frame are reported as not told where there is no page for
    /// it: the request is itself in a frame, or the session is another browser's.
    pub fn notices<'c>(
        &self,
        ended: &EndedSession,
        participants: impl IntoIterator<Item = Participant<'c>>,
    ) -> Notices {
        let may_show_frames = !self.is_found_by_sid() && !self.exchange.request.headers.is_embedded;
        Notices::plan(&self.settings.issuer, ended, participants, may_show_frames)
    }

    /// The landing, once the host has ended the session on its server and told the clients that
    /// take part in it (RP-Initiated Logout 1.0, section 2, wants them notified). `told` comes from
    /// the [notices](Self::notices). A provider that sends none says [`Told::nobody`].
    ///
    /// ```
    /// use oidc_logout::op::{Answer, EndSession, Told};
    ///
    /// # struct Db;
    /// # impl Db { fn end_session(&self, _: &str) -> std::io::Result<()> { Ok(()) } }
    /// fn end(db: &Db, cookie: &str, end: EndSession) -> std::io::Result<Answer> {
    ///     db.end_session(cookie)?; // fails: the session lives, and nobody is told otherwise
    ///     Ok(end.session_ended(Told::nobody()).into())
    /// }
    /// ```
    #[doc(alias = "logout")]
    #[doc(alias = "single logout")]
    pub fn session_ended(self, told: Told) -> Landing {
        // The browser of a session that was found by its sid is another one than this.
        let is_logged_out = self.settings.login_status && !self.is_found_by_sid();
        Landing::new(self.location, Exchange { is_logged_out, ..self.exchange }, told)
    }

    exchange_accessors!();
}

/// Without the settings: outcomes are logged, configuration is not.
impl fmt::Debug for EndSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndSession")
            .field("exchange", &self.exchange)
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}
