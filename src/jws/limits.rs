//! Bounds on the input.

use crate::form;

/// Bounds on the input, checked before any work is done for it. They can be lowered, not raised.
///
/// ```
/// use oidc_logout::Limits;
///
/// let limits = Limits::default().request_bytes(16 * 1024).token_bytes(8 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Limits {
    pub(crate) request_bytes: usize,
    pub(crate) token_bytes: usize,
    pub(crate) token_header_bytes: usize,
    pub(crate) keys_tried: usize,
}

impl Limits {
    /// The largest query or form body that is read, in bytes: 64 KiB unless set lower.
    pub fn request_bytes(mut self, bytes: usize) -> Self {
        self.request_bytes = bytes.min(self.request_bytes);
        self
    }

    /// The largest token, in bytes as sent: 48 KiB unless set lower.
    pub fn token_bytes(mut self, bytes: usize) -> Self {
        self.token_bytes = bytes.min(self.token_bytes);
        self
    }

    /// The largest first segment of a token, in bytes as sent: 8 KiB unless set lower.
    pub fn token_header_bytes(mut self, bytes: usize) -> Self {
        self.token_header_bytes = bytes.min(self.token_header_bytes);
        self
    }

    /// The most keys that are tried for one token: 16 unless set lower, and at least one.
    pub fn keys_tried(mut self, keys: usize) -> Self {
        self.keys_tried = keys.clamp(1, self.keys_tried);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { request_bytes: form::MAX_BYTES, token_bytes: 48 * 1024, token_header_bytes: 8 * 1024, keys_tried: 16 }
    }
}
