//! Secret keys for HMAC: the current one, and the former ones that still verify.

use std::fmt;

use subtle::ConstantTimeEq as _;
use thiserror::Error;

use super::{Algorithm, hmac};

/// A secret key of random bytes, together with the former ones that still verify.
///
/// The crate makes MACs with it, for example for the provider's confirmation pages. All instances
/// of an application must have the same secret. `Debug` shows lengths and no bytes.
///
/// To rotate it, make the new key the current one, and keep the former one until everything that it
/// authenticated has expired. A confirmation page can be answered for 10 minutes.
///
/// ```
/// use oidc_logout::Secret;
///
/// # fn from_configuration(_: &str) -> Vec<u8> { vec![7; 32] }
/// let secret = Secret::new(from_configuration("current"))?
///     .with_previous(from_configuration("previous"))?;
/// # Ok::<(), oidc_logout::SecretTooShort>(())
/// ```
#[derive(Clone)]
pub struct Secret {
    current: Vec<u8>,
    previous: Vec<Vec<u8>>,
}

/// A secret key is shorter than [32 bytes](Secret::MIN_BYTES).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("a secret key must have at least 32 random bytes")]
pub struct SecretTooShort;

impl Secret {
    /// The length of the shortest key, in bytes: that of a SHA-256 hash (RFC 7518, section 3.2).
    pub const MIN_BYTES: usize = 32;

    /// Makes a secret from random bytes, which the host must keep secret.
    ///
    /// ```
    /// use oidc_logout::{Secret, SecretTooShort};
    ///
    /// assert!(Secret::new([7; 32]).is_ok()); // in earnest, 32 bytes of a random generator
    /// assert_eq!(Secret::new("correct horse").unwrap_err(), SecretTooShort);
    /// ```
    ///
    /// # Errors
    /// [`SecretTooShort`] below [32 bytes](Self::MIN_BYTES).
    pub fn new(key: impl Into<Vec<u8>>) -> Result<Self, SecretTooShort> {
        Ok(Self { current: long_enough(key.into())?, previous: Vec::new() })
    }

    /// Adds a former key. MACs made with it still verify. New ones are never made with it.
    ///
    /// # Errors
    /// [`SecretTooShort`] below [32 bytes](Self::MIN_BYTES).
    #[doc(alias = "rotate")]
    pub fn with_previous(mut self, key: impl Into<Vec<u8>>) -> Result<Self, SecretTooShort> {
        self.previous.push(long_enough(key.into())?);
        Ok(self)
    }

    /// A `client_secret` and former ones, of any length, because a client that is not registered
    /// for HMAC may have a short one.
    pub(crate) fn of_client(current: Vec<u8>, previous: Vec<Vec<u8>>) -> Self {
        Self { current, previous }
    }

    /// The HMAC of a message under the current key. `None` if the algorithm is no HMAC, the key is
    /// too short for it, or the backend fails.
    pub(crate) fn mac(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        hmac(algorithm, &self.current, message)
    }

    /// Whether this is the HMAC of the message under the current key or a former one.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], mac: &[u8]) -> bool {
        std::iter::once(&self.current).chain(&self.previous).any(|key| {
            // `ct_eq` compares the lengths first and then every byte, in constant time.
            hmac(algorithm, key, message).is_some_and(|expected| bool::from(expected.as_slice().ct_eq(mac)))
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes, {} previous)", self.current.len(), self.previous.len())
    }
}

fn long_enough(key: Vec<u8>) -> Result<Vec<u8>, SecretTooShort> {
    if key.len() < Secret::MIN_BYTES { Err(SecretTooShort) } else { Ok(key) }
}
