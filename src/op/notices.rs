//! The provider's notices: every client that takes part in a session learns that it has ended
//! (rules 11 to 17).
//!
//! [`Notices`] are planned from the participants of a session. A [`BackChannelNotice`] is stored
//! with the end of the session, and delivered by attempts, each with a [logout
//! token](UnsignedLogoutToken) of its own. [`Told`] says what came of it, and leads to the landing.

mod attempt;
mod notice;
mod participant;
mod plan;
mod schedule;
mod stored;
mod token;

pub use attempt::{Claim, DeliveryFault, Next, Reply};
pub use notice::BackChannelNotice;
pub use participant::{EndedSession, Participant};
pub use plan::{FrontChannelFrame, NotTold, NotToldCause, Notices, Told};
pub use schedule::Schedule;
pub use token::{BackChannelRequest, LogoutToken, SignatureError, SigningInput, UnsignedLogoutToken};
