//! Step 3, second half: the End-User's session at the provider, as the client knows it.

use std::fmt;

/// The session that a request came with: the browser's sign-in at the provider.
///
/// `subject` and `sid` are given *as the client knows them*: subjects may be pairwise (OpenID
/// Connect Core 1.0, section 8.1), and the same session may have another `sid` at each client.
///
/// A cookie whose session has ended is no cookie: give no session then.
///
/// ```
/// use oidc_logout::op::Session;
///
/// # fn random_of_this_sign_in() -> [u8; 32] { [7; 32] }
/// let session = Session::new(random_of_this_sign_in(), "248289761001")
///     .sid("08a5019c-17e1-4977-8f42-65a12843ea02")
///     .takes_part(true);
/// ```
#[derive(Clone)]
#[must_use]
pub struct Session {
    pub(crate) binding: [u8; 32],
    pub(crate) subject: Option<String>,
    pub(crate) sid: Option<String>,
    pub(crate) takes_part: Option<bool>,
    pub(crate) found_by_sid: bool,
}

impl Session {
    /// A session of the End-User whom the client's ID Tokens name by this `sub`.
    ///
    /// The binding ties a confirmation to this sign-in of this browser. It must be unguessable, new
    /// for every sign-in, and never sent to a client: 32 random bytes made at sign-in and kept
    /// beside the session, or the SHA-256 of the session's secret id. It must not be a `sid`, which
    /// clients know, nor a hash of one, nor anything that outlives the sign-in.
    pub fn new(binding: [u8; 32], subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..Self::of_unknown_subject(binding) }
    }

    /// A session whose subject for this client is not known, because subjects are pairwise and the
    /// client has none for this End-User, or because no client is known. A hint then proves nothing
    /// about it, and the End-User is asked (`subject_unknown`).
    pub fn of_unknown_subject(binding: [u8; 32]) -> Self {
        Self { binding, subject: None, sid: None, takes_part: None, found_by_sid: false }
    }

    /// The session's `sid` as the client's ID Tokens have it (Front-Channel Logout 1.0, section 3).
    /// Without one, a hint's `sid` is not compared.
    pub fn sid(mut self, sid: impl Into<String>) -> Self {
        self.sid = Some(sid.into());
        self
    }

    /// Whether the client takes part in this session, if the host keeps record of it. `false` makes
    /// a hint of that client no proof: the End-User is asked (`no_client_session`).
    ///
    /// Say `true` where it is so, because the hints of clients that are registered for HMAC are no
    /// proof without it: such a client knows the secret and can write a hint about any subject.
    /// Their users are then asked every time.
    ///
    /// Read it together with the session, in one statement or transaction. Read afterwards, a
    /// parallel logout of the same browser looks like a client that takes no part.
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
