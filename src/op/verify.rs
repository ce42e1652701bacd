//! Step 2: all checks of a hint, in the order in which they are made (rule 4).
//!
//! Shape comes before cryptography, because whoever sends a token chooses how much work it is. A
//! claim is believed only once the signature is verified. The one exception is a hint signed with a
//! client's secret: its unverified audience selects the client whose secret to try, and nothing
//! else.

use std::fmt;
use std::sync::Arc;

use super::client::Client;
use super::hint::{HintError, VerifiedHint, VerifyHintError};
use super::policy::ExpiredHint;
use super::settings::Settings;
use crate::crypto::Algorithm;
use crate::jws::{IdTokenClaims, KeySet, NumericDate, Token};
use crate::parameter::ClientId;

/// How far ahead of `now` `iat` and `nbf` may be, in seconds, because clocks differ.
const CLOCK_SKEW_SECONDS: f64 = 300.0;

/// How far a hint has come before the client is known.
#[derive(Debug)]
pub(crate) enum Hint {
    Verified(VerifiedHint),
    /// Its signature waits for the client's secret.
    Hmac(HmacHint),
}

/// What became of the request's hint.
#[derive(Debug)]
pub(crate) enum HintState {
    Absent,
    Checked(Hint),
    /// The policy goes on without it.
    Invalid(HintError),
}

/// A hint that is signed with the secret of a client that the host has yet to look up. Until then
/// only the client's name is used.
pub(crate) struct HmacHint {
    pub(crate) client_id: ClientId,
    algorithm: Algorithm,
    /// How much of the token is signed, in bytes.
    signed_bytes: usize,
    signature: Vec<u8>,
    /// What it proves once the signature verifies, or what else is wrong with it.
    proves: Result<VerifiedHint, HintError>,
}

/// The checks before the client is known: all of them, but for HMAC, where the key is the client's
/// secret.
///
/// `client_id` is the client that the request names beside the hint.
pub(crate) fn verify(
    settings: &Settings,
    keys: &KeySet,
    hint: &str,
    client_id: Option<&ClientId>,
    now: NumericDate,
) -> Result<Hint, VerifyHintError> {
    // Shape: `too_large`, `encrypted`, `malformed`.
    let token = Token::decode(hint, &settings.limits)?;
    let header = token.header()?;
    let claims = IdTokenClaims::read(token.claims())?;

    // `type`. A provider signs other tokens with the same keys, and they are no proof of a sign-in
    // (RFC 8725, section 3.11).
    if !is_id_token(header.typ.as_deref(), &claims) {
        return Err(HintError::Type.into());
    }

    // `algorithm`. Never from the token alone: the policy has a list, HMAC needs the client's
    // registration, and each key fits the algorithms of its type only.
    let algorithm = allowed_algorithm(settings, &header.alg).ok_or(HintError::Algorithm)?;

    if algorithm.is_hmac() {
        // The client comes before the key, which is its secret. What the token says is checked now,
        // while it is decoded, but reported only after the signature.
        let client_id = issued_to(&claims, client_id)?;
        let proves = check_claims(settings, &claims, now)
            .map(|issuer| verified(claims, issuer, client_id.clone(), algorithm, None, now));
        return Ok(Hint::Hmac(HmacHint {
            client_id,
            algorithm,
            signed_bytes: token.signing_input.len(),
            signature: token.signature().to_vec(),
            proves,
        }));
    }

    // `key`, `signature`.
    let signed = token.signing_input.as_bytes();
    let key_id =
        keys.verify(algorithm, header.kid.as_deref(), signed, token.signature(), settings.limits.keys_tried)?;

    // What a verified token says: `issuer`, `not_yet_valid`, `expired`.
    let issuer = check_claims(settings, &claims, now)?;

    // The client that it was issued to (rule 5): `audience`, `client_mismatch`.
    let client_id = issued_to(&claims, client_id)?;
    Ok(Hint::Verified(verified(claims, issuer, client_id, algorithm, key_id, now)))
}

/// The checks that need the client: the algorithm it is pinned to, and the key of an HMAC hint.
///
/// `token` is the hint's text. `client` is the client that it was issued to, if the host found it.
pub(crate) fn with_client(hint: Hint, token: &str, client: Option<&Client>) -> Result<VerifiedHint, HintError> {
    let registered = client.and_then(Client::id_token_signed_response_alg);
    match hint {
        Hint::Verified(verified) => match registered {
            Some(algorithm) if algorithm != verified.algorithm() => Err(HintError::Algorithm),
            _ => Ok(verified),
        },
        Hint::Hmac(hmac) => {
            let client = client.ok_or(HintError::Key)?;
            // Only the client's own registration makes its secret a key for ID Tokens.
            if registered != Some(hmac.algorithm) {
                return Err(HintError::Algorithm);
            }
            let secret = client.secret().ok_or(HintError::Key)?;
            let signed = token.get(..hmac.signed_bytes).ok_or(HintError::Signature)?;
            if secret.verify(hmac.algorithm, signed.as_bytes(), &hmac.signature) {
                hmac.proves
            } else {
                Err(HintError::Signature)
            }
        }
    }
}

/// Whether neither the header nor the claims say that it is another kind of token.
fn is_id_token(typ: Option<&str>, claims: &IdTokenClaims<'_>) -> bool {
    let is_jwt = typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("application/jwt"));
    is_jwt && !claims.has_events
}

fn allowed_algorithm(settings: &Settings, name: &str) -> Option<Algorithm> {
    let allowed = &settings.policy.algorithms;
    Algorithm::from_name(name).filter(|algorithm| allowed.as_ref().is_none_or(|list| list.contains(algorithm)))
}

/// Who issued a token, and when. Returns the issuer, which is the endpoint's or a former one.
fn check_claims(settings: &Settings, claims: &IdTokenClaims<'_>, now: NumericDate) -> Result<Arc<str>, HintError> {
    let Settings { issuer, former_issuers, policy, .. } = settings;
    // Compared as a string: OpenID Connect Core 1.0, section 2, defines no other equality.
    let issuer = std::iter::once(issuer)
        .chain(former_issuers)
        .find(|issuer| ***issuer == *claims.iss)
        .ok_or(HintError::Issuer)?;
    let latest = now.0 + CLOCK_SKEW_SECONDS;
    if claims.iat.0 > latest || claims.nbf.is_some_and(|nbf| nbf.0 > latest) {
        return Err(HintError::NotYetValid);
    }
    // An expired hint is still a hint (RP-Initiated Logout 1.0, section 4), unless the policy limits
    // its age.
    #[allow(clippy::cast_precision_loss, reason = "a second more or less in 285 million years")]
    match policy.expired_hint {
        ExpiredHint::AcceptForSeconds(seconds) if now.0 - claims.exp.0 > seconds as f64 => Err(HintError::Expired),
        ExpiredHint::Accept | ExpiredHint::AcceptForSeconds(_) => Ok(Arc::clone(issuer)),
    }
}

/// The client that a token was issued to (OpenID Connect Core 1.0, section 2, `aud` and `azp`). A
/// `client_id` beside the token must be that client.
fn issued_to(claims: &IdTokenClaims<'_>, client_id: Option<&ClientId>) -> Result<ClientId, VerifyHintError> {
    let client_id = client_id.map(ClientId::as_str);
    let issued_to = match (&claims.azp, claims.aud.as_slice()) {
        (Some(azp), aud) if aud.contains(azp) => azp.as_ref(),
        (Some(_), _) => return Err(HintError::Audience.into()),
        (None, [only]) => only.as_ref(),
        // Several audiences: the request must say which of them it comes from.
        (None, several) => {
            let client_id = client_id.ok_or(HintError::Audience)?;
            if !several.iter().any(|audience| audience == client_id) {
                return Err(VerifyHintError::ClientMismatch);
            }
            client_id
        }
    };
    if client_id.is_none_or(|client_id| client_id == issued_to) {
        Ok(ClientId::new(issued_to))
    } else {
        Err(VerifyHintError::ClientMismatch)
    }
}

fn verified(
    claims: IdTokenClaims<'_>,
    issuer: Arc<str>,
    client_id: ClientId,
    algorithm: Algorithm,
    key_id: Option<Arc<str>>,
    now: NumericDate,
) -> VerifiedHint {
    VerifiedHint {
        issuer,
        client_id,
        subject: claims.sub.into_owned(),
        sid: claims.sid.map(Into::into),
        issued_at: claims.iat,
        expires_at: claims.exp,
        not_before: claims.nbf,
        algorithm,
        key_id,
        received_at: now,
    }
}

impl fmt::Debug for HmacHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacHint").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
