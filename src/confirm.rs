//! The confirmation's proof: that this provider asked this End-User, in this session, about this request, lately.
//!
//! The proof travels through the End-User's browser as a hidden field, and comes back with the answer. It is a time and a
//! MAC over everything that the answer depends on, each part with its length before it, so that no two different inputs
//! give the same bytes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use time::OffsetDateTime;

use crate::endpoint::Settings;
use crate::hint::{Algorithm, HintError, hmac_sha256, verify_hmac};
use crate::redirect::Location;
use crate::request::LogoutRequest;
use crate::session::Session;

/// How long a confirmation page can be answered, in seconds.
const MAX_AGE_SECONDS: i64 = 600;

/// How far the clock of the instance that made the page may be ahead of this one's, in seconds.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// The shortest key, in bytes: that of the hash (RFC 7518, section 3.2).
const MIN_KEY_BYTES: usize = 32;

/// Sets this use of the key apart from any other.
const PURPOSE: &[u8] = b"oidc-logout confirmation 1";

/// The key that authenticates confirmation pages. Every instance of a provider needs the same one.
///
/// ```
/// use oidc_logout::ConfirmationKey;
///
/// # fn from_configuration() -> Vec<u8> { vec![7; 32] }
/// let key = ConfirmationKey::new(from_configuration())?;
/// # Ok::<(), oidc_logout::ConfirmationKeyTooShort>(())
/// ```
#[derive(Clone)]
pub struct ConfirmationKey(Vec<u8>);

/// The key has fewer than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a confirmation key needs at least 32 random bytes")]
pub struct ConfirmationKeyTooShort;

impl ConfirmationKey {
    /// A key of random bytes, which the host keeps secret.
    ///
    /// # Errors
    /// [`ConfirmationKeyTooShort`] below 32 bytes.
    pub fn new(key: impl Into<Vec<u8>>) -> Result<Self, ConfirmationKeyTooShort> {
        let key = key.into();
        if key.len() < MIN_KEY_BYTES { Err(ConfirmationKeyTooShort) } else { Ok(Self(key)) }
    }
}

impl fmt::Debug for ConfirmationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConfirmationKey({} bytes)", self.0.len())
    }
}

/// Why the End-User is asked. The page may say so in its own words; [`code`](Self::code) is for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfirmReason {
    /// There is no hint: anybody may have sent the request. `no_hint`.
    NoHint,
    /// The hint is invalid, and the policy goes on without it. `invalid_hint`.
    InvalidHint(HintError),
    /// The hint is another End-User's, or the session's subject for this client is not known. `other_subject`.
    OtherSubject,
    /// The hint is of another session. `other_session`.
    OtherSession,
    /// The client takes no part in this session. `no_client_session`.
    NoClientSession,
    /// The hint has no `sid`, and the policy wants one. `hint_without_sid`.
    HintWithoutSid,
    /// The client that is named is not registered. `unknown_client`.
    UnknownClient,
    /// The policy, or the client's own rule, is to ask always. `policy`.
    Policy,
    /// An answer came without the proof that this page was shown to this End-User in this session for this request.
    /// `confirmation_invalid`.
    ConfirmationInvalid,
    /// The answer came more than 10 minutes after the page was made. `confirmation_expired`.
    ConfirmationExpired,
}

impl ConfirmReason {
    /// A stable name for logs, metrics and tests, such as `other_subject`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoHint => "no_hint",
            Self::InvalidHint(_) => "invalid_hint",
            Self::OtherSubject => "other_subject",
            Self::OtherSession => "other_session",
            Self::NoClientSession => "no_client_session",
            Self::HintWithoutSid => "hint_without_sid",
            Self::UnknownClient => "unknown_client",
            Self::Policy => "policy",
            Self::ConfirmationInvalid => "confirmation_invalid",
            Self::ConfirmationExpired => "confirmation_expired",
        }
    }
}

/// Makes the proof for a page: the time in seconds, a dot, and the MAC in base64url.
pub(crate) fn prove(
    settings: &Settings,
    session: &Session,
    request: &LogoutRequest,
    location: Option<&Location>,
    now: OffsetDateTime,
) -> String {
    let time = now.unix_timestamp();
    let message = message(settings, session, request, location, time);
    match hmac_sha256(&settings.confirmation_key.0, &message) {
        Some(mac) => format!("{time}.{}", URL_SAFE_NO_PAD.encode(mac)),
        // Out of memory in the library: a page whose answer does not count is better than none.
        None => String::new(),
    }
}

/// Checks the proof that an answer carries.
pub(crate) fn check(
    settings: &Settings,
    session: &Session,
    request: &LogoutRequest,
    location: Option<&Location>,
    now: OffsetDateTime,
) -> Result<(), ConfirmReason> {
    let (time, mac) =
        request.confirmation().and_then(|proof| read(proof.as_str())).ok_or(ConfirmReason::ConfirmationInvalid)?;
    let message = message(settings, session, request, location, time);
    let keys = [Some(&settings.confirmation_key), settings.previous_confirmation_key.as_ref()];
    let genuine = keys.into_iter().flatten().any(|key| verify_hmac(Algorithm::Hs256, &key.0, &message, &mac));
    let age = now.unix_timestamp().saturating_sub(time);
    if !genuine || age < -CLOCK_SKEW_SECONDS {
        Err(ConfirmReason::ConfirmationInvalid)
    } else if age > MAX_AGE_SECONDS {
        Err(ConfirmReason::ConfirmationExpired)
    } else {
        Ok(())
    }
}

/// Time and MAC, in the one spelling that [`prove`] gives them.
fn read(proof: &str) -> Option<(i64, Vec<u8>)> {
    let (digits, mac) = proof.split_once('.')?;
    let time: i64 = digits.parse().ok()?;
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    (time.to_string() == digits).then_some((time, mac))
}

fn message(
    settings: &Settings,
    session: &Session,
    request: &LogoutRequest,
    location: Option<&Location>,
    time: i64,
) -> Vec<u8> {
    let mut message = Vec::with_capacity(2048);
    let mut part = |part: &[u8]| {
        message.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        message.extend_from_slice(part);
    };
    part(PURPOSE);
    part(settings.issuer.as_bytes());
    part(&session.binding);
    for (_, value) in request.parameters() {
        part(value.unwrap_or_default().as_bytes());
    }
    // A location is never empty, so the empty text is the signed-out page.
    part(location.map_or("", Location::as_str).as_bytes());
    part(&time.to_be_bytes());
    message
}
