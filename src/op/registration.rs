//! Registration: what the provider lets a client register, and the judgement over what it asks for.

mod channels;
mod error;
mod redirect;
mod rules;

pub use channels::{BackChannelUri, ChannelUriError, FrontChannelUri};
pub use error::RegistrationError;
pub use redirect::RegisteredRedirect;
pub use rules::RegistrationRules;
