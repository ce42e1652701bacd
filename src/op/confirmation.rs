//! The confirmation's proof (rule 8): that this provider asked this End-User, in this session,
//! about this request, lately.
//!
//! The proof travels through the End-User's browser as a hidden field, and comes back with the
//! answer. It is a seal over everything that the answer depends on.

use time::OffsetDateTime;

use super::reasons::ConfirmReason;
use super::redirect::Location;
use super::refusal::{HostError, RefusalReason};
use super::request::LogoutRequest;
use super::session::Session;
use super::settings::Settings;
use crate::seal::Seal;

/// The time within which a confirmation page can be answered, in seconds.
const MAX_AGE_SECONDS: i64 = 600;

/// The most that the clock of the instance that made the page may be ahead, in seconds.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// Sets this use of the secret apart from every other.
const LABEL: &[u8] = b"oidc-logout confirmation 1";

/// Makes the proof for a page. Fails only if the library cannot compute the MAC.
pub(crate) fn prove(
    settings: &Settings,
    session: &Session,
    request: &LogoutRequest,
    location: Option<&Location>,
    now: OffsetDateTime,
) -> Result<String, RefusalReason> {
    let seal = Seal::new(&settings.secret, LABEL, fields(settings, session, request, location), now);
    seal.map(|seal| seal.to_string()).ok_or(RefusalReason::HostError(HostError::Mac))
}

/// Checks the proof that an answer carries.
pub(crate) fn check(
    settings: &Settings,
    session: &Session,
    request: &LogoutRequest,
    location: Option<&Location>,
    now: OffsetDateTime,
) -> Result<(), ConfirmReason> {
    let seal = request.confirmation().and_then(|proof| Seal::read(proof.as_str()));
    let seal = seal.ok_or(ConfirmReason::ConfirmationInvalid)?;
    let genuine = seal.is_genuine(&settings.secret, LABEL, fields(settings, session, request, location));
    let age = seal.age_seconds(now);
    if !genuine || age < -CLOCK_SKEW_SECONDS {
        Err(ConfirmReason::ConfirmationInvalid)
    } else if age > MAX_AGE_SECONDS {
        Err(ConfirmReason::ConfirmationExpired)
    } else {
        Ok(())
    }
}

/// Everything that the answer depends on.
fn fields<'f>(
    settings: &'f Settings,
    session: &'f Session,
    request: &'f LogoutRequest,
    location: Option<&'f Location>,
) -> impl Iterator<Item = &'f [u8]> {
    let values = request.parameters().map(|(_, value)| value.unwrap_or_default().as_bytes());
    // A location is never empty, so the empty text is the signed-out page.
    let location = location.map_or("", Location::as_str).as_bytes();
    [settings.issuer.as_bytes(), session.binding.as_slice()].into_iter().chain(values).chain([location])
}
