//! Registration: what the provider lets a client register, and the judgement over what it asks for.

mod error;
mod redirect;
mod rules;

pub use error::RegistrationError;
pub use redirect::RegisteredRedirect;
pub use rules::RegistrationRules;
