//! Step 3, second half: the End-User's session at the provider, as the client knows it.

use std::fmt;

/// The session that a request came with: the browser's sign-in at the provider.
///
/// `subject` and `sid` are given *as the client knows them*: subjects may be pairwise (`OpenID` Connect Core 1.0, section
/// 8.1), and the same session may have another `sid` at each client.
///
/// ```
/// use oidc_logout::op::Session;
///
/// # fn random_of_this_sign_in() -> [u8; 32] { [7; 32] }
/// let session = Session::new(random_of_this_sign_in())
///     .subject("248289761001")
///     .sid("08a5019c-17e1-4977-8f42-65a12843ea02");
/// ```
#[derive(Clone)]
#[must_use]
pub struct Session {
    pub(crate) binding: [u8; 32],
    pub(crate) subject: Option<String>,
    pub(crate) sid: Option<String>,
    pub(crate) takes_part: Option<bool>,
}

impl Session {
    /// A session of which only the binding is known.
    ///
    /// The binding ties a confirmation to this sign-in of this browser. It has to be unguessable and new for every
    /// sign-in, and it must never be sent to a client: 32 random bytes made at sign-in and kept beside the session, or the
    /// SHA-256 of the session's secret id.
    pub fn new(binding: [u8; 32]) -> Self {
        Self { binding, subject: None, sid: None, takes_part: None }
    }

    /// The End-User's `sub` as the client's ID Tokens have it. Without one, a hint's subject counts as another's, and
    /// the End-User is asked.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The session's `sid` as the client's ID Tokens have it (Front-Channel Logout 1.0, section 3). Without one, a hint's
    /// `sid` is not compared.
    pub fn sid(mut self, sid: impl Into<String>) -> Self {
        self.sid = Some(sid.into());
        self
    }

    /// Whether the client takes part in this session, where the host keeps record of it. `false` makes a hint of that
    /// client no proof: the End-User is asked.
    pub fn takes_part(mut self, takes_part: bool) -> Self {
        self.takes_part = Some(takes_part);
        self
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("subject", &self.subject.is_some())
            .field("sid", &self.sid.is_some())
            .field("takes_part", &self.takes_part)
            .finish_non_exhaustive()
    }
}
