//! Seals: MACs by which the application knows again what it sent through a browser.
//!
//! A seal covers a label, which sets one use of a key apart from every other, then fields, then the
//! time at which it was made. Each part has its length before it, so that no two different inputs
//! give the same bytes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::OffsetDateTime;

use crate::crypto::{Algorithm, Secret};

/// The time in seconds since 1970, and the MAC. Written as `<time>.<MAC in base64url>`.
pub(crate) struct Seal {
    seconds: i64,
    mac: Vec<u8>,
}

impl Seal {
    /// Seals the fields under the current key. `None` only if the library cannot compute the MAC.
    pub(crate) fn new<'f>(
        secret: &Secret,
        label: &[u8],
        fields: impl IntoIterator<Item = &'f [u8]>,
        now: OffsetDateTime,
    ) -> Option<Self> {
        let seconds = now.unix_timestamp();
        let mac = secret.mac(Algorithm::Hs256, &message(label, fields, seconds))?;
        Some(Self { seconds, mac })
    }

    /// Reads a seal in the one spelling that `Display` gives it.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (digits, mac) = text.split_once('.')?;
        let seconds: i64 = digits.parse().ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        // `+5` and `05` parse too.
        (seconds.to_string() == digits).then_some(Self { seconds, mac })
    }

    /// Whether the current key or a former one sealed these fields at that time.
    pub(crate) fn is_genuine<'f>(
        &self,
        secret: &Secret,
        label: &[u8],
        fields: impl IntoIterator<Item = &'f [u8]>,
    ) -> bool {
        secret.verify(Algorithm::Hs256, &message(label, fields, self.seconds), &self.mac)
    }

    /// Its age in seconds. Negative if the clock that made it is ahead.
    pub(crate) fn age_seconds(&self, now: OffsetDateTime) -> i64 {
        now.unix_timestamp().saturating_sub(self.seconds)
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seconds, URL_SAFE_NO_PAD.encode(&self.mac))
    }
}

fn message<'f>(label: &[u8], fields: impl IntoIterator<Item = &'f [u8]>, seconds: i64) -> Vec<u8> {
    let mut message = Vec::with_capacity(2048);
    let mut part = |part: &[u8]| {
        message.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        message.extend_from_slice(part);
    };
    part(label);
    fields.into_iter().for_each(&mut part);
    part(&seconds.to_be_bytes());
    message
}
