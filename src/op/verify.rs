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
use crate::jws::{IdTokenClaims, KeySet, NumericDate, Token, TokenBytes};
use crate::parameter::ClientId;

/// The most that `iat` and `nbf` may be ahead of `now`, in seconds, because clocks differ.
const CLOCK_SKEW_SECONDS: f64 = 300.0;

/// A hint as far as it can be checked before the client is known.
#[derive(Debug)]
pub(crate) enum Hint {
    Verified(VerifiedHint),
    /// Its signature waits for the client's secret.
    Hmac(HmacHint),
}

/// The state of the request's hint before the client is known.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one for each request, and most have a hint")]
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
    /// The signed part of the token.
    signed: String,
    signature: Vec<u8>,
    /// The proof, once the signature verifies, or another fault of the hint.
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
        let issuer = check_claims(settings, &claims, now);
        let (signed, signature) = (token.signing_input.to_owned(), token.signature().to_vec());
        let verified = verified(&claims, client_id.clone(), algorithm, now);
        let proves = issuer.map(|issuer| verified(issuer, None, token.into_claims()));
        return Ok(Hint::Hmac(HmacHint { client_id, algorithm, signed, signature, proves }));
    }

    // `key`, `signature`.
    let signed = token.signing_input.as_bytes();
    let kid = header.kid.as_deref();
    let key_id = keys.verify(algorithm, kid, signed, token.signature(), settings.limits.keys_tried)?;

    // What a verified token says: `issuer`, `not_yet_valid`, `expired`.
    let issuer = check_claims(settings, &claims, now)?;

    // The client that it was issued to (rule 5): `audience`, `client_mismatch`.
    let client_id = issued_to(&claims, client_id)?;
    let verified = verified(&claims, client_id, algorithm, now);
    Ok(Hint::Verified(verified(issuer, key_id, token.into_claims())))
}

/// The checks that need the client: the algorithm it is pinned to, and the key of an HMAC hint.
///
/// `client` is the client that the hint was issued to, if the host found it.
pub(crate) fn with_client(hint: Hint, client: Option<&Client>) -> Result<VerifiedHint, HintError> {
    let registered = client.and_then(Client::id_token_signed_response_alg);
    match hint {
        Hint::Verified(verified) => match registered {
            Some(algorithm) if algorithm != verified.algorithm() => Err(HintError::ClientAlgorithm),
            _ => Ok(verified),
        },
        Hint::Hmac(hmac) => {
            // Only the client's own registration makes its secret a key for ID Tokens.
            if client.is_some() && registered != Some(hmac.algorithm) {
                return Err(HintError::ClientAlgorithm);
            }
            let secret = client.and_then(Client::secret).ok_or(HintError::ClientSecret)?;
            if secret.verify(hmac.algorithm, hmac.signed.as_bytes(), &hmac.signature) {
                hmac.proves
            } else {
                Err(HintError::ClientSignature)
            }
        }
    }
}

/// Whether neither the header nor the claims say that it is another kind of token.
///
/// Providers name the kind in different places. A token that names none is taken for an ID Token,
/// because ID Tokens need not name it (OpenID Connect Core 1.0, section 2).
fn is_id_token(typ: Option<&str>, claims: &IdTokenClaims<'_>) -> bool {
    let is_jwt = typ.is_none_or(|typ| ["JWT", "application/jwt"].iter().any(|jwt| typ.eq_ignore_ascii_case(jwt)));
    let is_named_otherwise = claims.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("ID"))
        || claims.token_use.as_deref().is_some_and(|token_use| token_use != "id");
    // An ID Token may have a scope. Together with a client_id, or for another audience than the
    // client, it is an access token (RFC 9068).
    let is_for_another = claims.azp.as_ref().is_some_and(|azp| !claims.aud.contains(azp));
    let is_access_token = claims.has_scope && (claims.has_client_id || is_for_another);
    is_jwt && !claims.has_events && !is_named_otherwise && !is_access_token
}

fn allowed_algorithm(settings: &Settings, name: &str) -> Option<Algorithm> {
    let allowed = &settings.policy.algorithms;
    Algorithm::from_name(name).filter(|algorithm| allowed.as_ref().is_none_or(|list| list.contains(algorithm)))
}

/// Checks the issuer and the times of a token. Returns the issuer, which is the endpoint's or a
/// former one.
fn check_claims(settings: &Settings, claims: &IdTokenClaims<'_>, now: NumericDate) -> Result<Arc<str>, HintError> {
    let Settings { issuer, former_issuers, policy, .. } = settings;
    // Compared as a string: OpenID Connect Core 1.0, section 2, defines no other equality.
    let issuer = std::iter::once(issuer)
        .chain(former_issuers)
        .find(|issuer| ***issuer == *claims.iss)
        .ok_or(HintError::Issuer)?;
    let latest = now.0 + CLOCK_SKEW_SECONDS;
    if claims.iat.0 > latest {
        return Err(HintError::NotYetValid("iat"));
    }
    if claims.nbf.is_some_and(|nbf| nbf.0 > latest) {
        return Err(HintError::NotYetValid("nbf"));
    }
    // An expired hint is still a hint (RP-Initiated Logout 1.0, section 4), unless the policy
    // limits its age.
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
        // The party that it was issued to, even if it is meant for another audience. Then the
        // request must say so too.
        (Some(azp), aud) if aud.contains(azp) || client_id == Some(azp) => azp.as_ref(),
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

/// Takes over what the claims say. The rest is added once it is known, together with the token's
/// bytes, which the claims borrow from until then.
fn verified(
    claims: &IdTokenClaims<'_>,
    client_id: ClientId,
    algorithm: Algorithm,
    now: NumericDate,
) -> impl FnOnce(Arc<str>, Option<Arc<str>>, TokenBytes) -> VerifiedHint + use<> {
    let (subject, sid) = (claims.sub.as_ref().to_owned(), claims.sid.as_deref().map(str::to_owned));
    let (issued_at, expires_at, not_before) = (claims.iat, claims.exp, claims.nbf);
    move |issuer, key_id, claims| VerifiedHint {
        issuer,
        client_id,
        subject,
        sid,
        issued_at,
        expires_at,
        not_before,
        algorithm,
        key_id,
        received_at: now,
        claims,
    }
}

impl fmt::Debug for HmacHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacHint").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
