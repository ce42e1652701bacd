//! The session that ends, and the clients that take part in it.

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::op::client::Client;

/// A session that ends, by whatever cause: a sign-out, another user who signs in, expiry, a changed
/// password, a deleted user, an operator.
///
/// `id` is the host's own name for the session, which it never uses again for another one. With it
/// the host stores a notice [at most once](super::BackChannelNotice::key). No client sees it. It
/// must not be the secret of the session's cookie, because notices are kept for a while.
///
/// ```
/// use oidc_logout::op::EndedSession;
///
/// let ended = EndedSession::new("session-4711", time::OffsetDateTime::now_utc());
/// ```
#[derive(Clone)]
#[must_use]
pub struct EndedSession {
    pub(crate) id: Arc<str>,
    pub(crate) at: OffsetDateTime,
}

impl EndedSession {
    /// A session that ends at this time, the host's own.
    pub fn new(id: impl Into<String>, at: OffsetDateTime) -> Self {
        Self { id: id.into().into(), at }
    }
}

impl fmt::Debug for EndedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndedSession").field("at", &self.at).finish_non_exhaustive()
    }
}

/// A client that takes part in the session: one whose ID Tokens name it. The client that asks for
/// the logout is one of them, and is told too (RP-Initiated Logout 1.0, section 2).
///
/// `sid` and subject are those of the client's ID Tokens. Give each client once.
///
/// ```
/// use oidc_logout::op::{Client, Participant};
///
/// # let client = Client::builder("rp-1").build()?;
/// let participant = Participant::new(&client, "08a5019c-17e1-4977-8f42-65a12843ea02")
///     .subject("248289761001");
/// # Ok::<(), oidc_logout::op::ClientError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Participant<'c> {
    pub(crate) client: &'c Client,
    pub(crate) sid: Option<String>,
    pub(crate) subject: Option<String>,
}

impl<'c> Participant<'c> {
    /// A client that knows the session by this `sid`.
    pub fn new(client: &'c Client, sid: impl Into<String>) -> Self {
        Self { client, sid: present(sid), subject: None }
    }

    /// Adds the subject. Send it where it is known: some clients expect it.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = present(subject);
        self
    }

    /// A client that has no `sid`. It is told by the subject alone, which ends **all** its sessions
    /// of that user (Back-Channel Logout 1.0, section 2.6). So the notice is dated at the end of
    /// the session, and not sent later than two minutes after it: a later one would end sessions
    /// that began since.
    pub fn without_sid(client: &'c Client, subject: impl Into<String>) -> Self {
        Self { client, sid: None, subject: present(subject) }
    }
}

/// An empty text names nobody.
fn present(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !text.is_empty())
}

impl fmt::Debug for Participant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Participant")
            .field("client_id", self.client.id())
            .field("sid", &self.sid.is_some())
            .field("subject", &self.subject.is_some())
            .finish()
    }
}
