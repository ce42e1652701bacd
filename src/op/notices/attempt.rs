//! An attempt: who makes it, what came of it, what follows.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Whether a notice can be attempted now: see [`claim`](super::BackChannelNotice::claim).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a claim must be stored before the attempt is made"]
pub enum Claim {
    /// Yes. Store the notice, then make the attempt with this number, counted from 1.
    Attempt(u32),
    /// Not now: it is not due, somebody else makes an attempt, it was delivered or has failed.
    No,
    /// Not any more: too much time has passed since the session ended. Store the notice, which has
    /// failed.
    TooLate,
}

/// What came of an attempt.
#[derive(Clone, Copy)]
pub enum Reply<'r> {
    /// The client answered with this status and, if it sent one, this `Retry-After`. The body does
    /// not count: read a few KiB of it at most.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The value of the header `Retry-After`: seconds, or a date in the form that RFC 9110,
        /// section 5.6.7 prefers. Anything else is ignored.
        retry_after: Option<&'r str>,
    },
    /// There was no answer, or no request.
    Fault(DeliveryFault),
}

impl std::fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answer { status, .. } => f.debug_struct("Answer").field("status", status).finish_non_exhaustive(),
            Self::Fault(fault) => f.debug_tuple("Fault").field(fault).finish(),
        }
    }
}

/// The reason why an attempt did not deliver a notice, for logs and for whoever watches the
/// clients.
///
/// It serializes to its [code](Self::code), and `Status` to the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum DeliveryFault {
    /// The client answered with a status that is neither 200 nor 204. `408`, `425`, `429` and `5xx`
    /// are tried again; so is `400`, which can mean that the logout failed at the client
    /// (Back-Channel Logout 1.0, section 2.8), up to three attempts in all. Every other status is
    /// final, redirects too. `status`
    #[error("the client answered with status {0}")]
    Status(u16),
    /// No answer came in time. Tried again. `timeout`
    #[error("the client did not answer in time")]
    Timeout,
    /// The connection failed: no address, nobody listens, TLS, a broken answer. Tried again.
    /// `transport`
    #[error("no connection to the client, or it broke")]
    Transport,
    /// The [address rules](crate::op::AddressRules) do not allow the client's address. Final.
    /// `address_blocked`
    #[error("the client's address is one that this provider does not connect to")]
    AddressBlocked,
    /// The client is not registered any more. Final. `client_gone`
    #[error("the client is not registered any more")]
    ClientGone,
    /// The client has no `backchannel_logout_uri` any more, or none that can be used. Final.
    /// `no_channel`
    #[error("the client has no usable backchannel_logout_uri")]
    NoChannel,
    /// No key, or no secret long enough, for the client's algorithm. Final. `key_gone`
    #[error("there is no key for the algorithm of the client's ID Tokens")]
    KeyGone,
    /// The client requires a `sid` by now, and the notice has none. Final. `session_required`
    #[error("the client requires a sid, and has none in this session")]
    SessionRequired,
    /// Too much time has passed since the session ended. Final. `too_late`
    #[error("too much time has passed since the session ended")]
    TooLate,
}

impl DeliveryFault {
    /// A stable name for logs and tests, such as `timeout`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Timeout => "timeout",
            Self::Transport => "transport",
            Self::AddressBlocked => "address_blocked",
            Self::ClientGone => "client_gone",
            Self::NoChannel => "no_channel",
            Self::KeyGone => "key_gone",
            Self::SessionRequired => "session_required",
            Self::TooLate => "too_late",
        }
    }

    /// Whether another attempt may do better.
    pub(crate) fn may_pass(self, attempts: u32) -> bool {
        match self {
            Self::Status(status) => match status {
                408 | 425 | 429 | 500..=599 => true,
                400 => attempts < 3,
                _ => false,
            },
            Self::Timeout | Self::Transport => true,
            _ => false,
        }
    }
}

/// What follows an attempt: see [`record`](super::BackChannelNotice::record).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the notice must be stored"]
pub enum Next {
    /// The client has been told.
    Delivered,
    /// Another attempt is due at this time.
    RetryAt(OffsetDateTime),
    /// There will be no other attempt.
    Failed(DeliveryFault),
    /// Nothing has changed: the claim of this attempt was lost to another one, and only a success
    /// would still count.
    ClaimLost,
}

/// The wait that `Retry-After` asks for (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(value: &str, now: OffsetDateTime) -> Option<std::time::Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are a long time.
        return Some(std::time::Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = OffsetDateTime::parse(value, &Rfc2822).ok()?;
    let seconds = at.unix_timestamp().saturating_sub(now.unix_timestamp());
    // A time that has passed asks for no wait.
    Some(std::time::Duration::from_secs(seconds.try_into().unwrap_or(0)))
}

/// How a fault is stored: the number of a status, or the code of another.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Status(u16),
    Code(String),
}

impl Serialize for DeliveryFault {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Status(status) => Stored::Status(*status),
            fault => Stored::Code(fault.code().to_owned()),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DeliveryFault {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const PLAIN: [DeliveryFault; 8] = [
            DeliveryFault::Timeout,
            DeliveryFault::Transport,
            DeliveryFault::AddressBlocked,
            DeliveryFault::ClientGone,
            DeliveryFault::NoChannel,
            DeliveryFault::KeyGone,
            DeliveryFault::SessionRequired,
            DeliveryFault::TooLate,
        ];
        let unknown = || serde::de::Error::custom("the fault is neither a status nor a known code");
        match Stored::deserialize(deserializer).map_err(|_| unknown())? {
            Stored::Status(status) => Ok(Self::Status(status)),
            Stored::Code(code) => PLAIN.into_iter().find(|fault| fault.code() == code).ok_or_else(unknown),
        }
    }
}
