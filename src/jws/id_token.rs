//! The claims of an ID Token (OpenID Connect Core 1.0, section 2): names and types. What may be
//! concluded from them is up to each role.

use std::borrow::Cow;

use super::{MalformedToken, NumericDate, TokenSegment};
use crate::json::{self, Found};

/// The claims that are read.
pub(crate) struct IdTokenClaims<'t> {
    pub(crate) iss: Cow<'t, str>,
    pub(crate) sub: Cow<'t, str>,
    /// A string, or a list of at least one.
    pub(crate) aud: Vec<Cow<'t, str>>,
    pub(crate) exp: NumericDate,
    pub(crate) iat: NumericDate,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) azp: Option<Cow<'t, str>>,
    pub(crate) sid: Option<Cow<'t, str>>,
    /// No ID Token has `events`: it is a security event such as a logout token (RFC 8417).
    pub(crate) has_events: bool,
}

impl<'t> IdTokenClaims<'t> {
    /// Reads the claims from their JSON. The first fault in the order of the names counts.
    pub(crate) fn read(json: &'t [u8]) -> Result<Self, MalformedToken> {
        Self::members(json).map_err(MalformedToken::in_segment(TokenSegment::Claims))
    }

    fn members(json: &'t [u8]) -> Result<Self, json::Fault> {
        let names = ["iss", "sub", "aud", "exp", "iat", "nbf", "azp", "sid", "events"];
        let [iss, sub, aud, exp, iat, nbf, azp, sid, events] = json::read(json, names)?;
        Ok(Self {
            iss: iss.required()?.text()?,
            sub: sub.required()?.text()?,
            aud: aud.required()?.texts()?,
            exp: NumericDate(exp.required()?.number()?),
            iat: NumericDate(iat.required()?.number()?),
            nbf: nbf.optional().map(Found::number).transpose()?.map(NumericDate),
            azp: azp.optional().map(Found::text).transpose()?,
            sid: sid.optional().map(Found::text).transpose()?,
            has_events: events.is_present(),
        })
    }
}
