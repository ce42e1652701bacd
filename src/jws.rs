//! Compact JWS (RFC 7515): framing, limits, key sets, and the claims of an ID Token.

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
