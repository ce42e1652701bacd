//! Compact JWS (RFC 7515): framing, limits, key sets, and the claims of an ID Token.

/// The member of `events` that makes a token a logout token (Back-Channel Logout 1.0, section 2.4).
pub(crate) const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

mod id_token;
mod keys;
mod limits;
mod numeric_date;
mod token;

pub(crate) use id_token::IdTokenClaims;
pub(crate) use keys::KeyFault;
pub use keys::{KeySet, KeySetError, UnusableKey};
pub use limits::Limits;
pub use numeric_date::NumericDate;
pub use token::{MalformedToken, TokenSegment};
pub(crate) use token::{Token, TokenBytes, TokenFault};
