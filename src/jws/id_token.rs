//! The claims of an ID Token (OpenID Connect Core 1.0, section 2; rule 4): names and types. What
//! may be concluded from them is up to each role.

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
    /// Some providers name the kind of a token here: `ID`, `Bearer`, `Refresh`.
    pub(crate) typ: Option<Cow<'t, str>>,
    /// Others here: `id`, `access`.
    pub(crate) token_use: Option<Cow<'t, str>>,
    /// No ID Token has `events`: it is a security event such as a logout token (RFC 8417).
    pub(crate) has_events: bool,
    /// `scope` or `scp`, which access tokens have (RFC 9068, section 2.2.3).
    pub(crate) has_scope: bool,
    /// `client_id`, which access tokens have (RFC 9068, section 2.2).
    pub(crate) has_client_id: bool,
}

impl<'t> IdTokenClaims<'t> {
    /// Reads the claims from their JSON. The first fault in the order of the names counts.
    pub(crate) fn read(json: &'t [u8]) -> Result<Self, MalformedToken> {
        Self::members(json).map_err(MalformedToken::in_segment(TokenSegment::Claims))
    }

    fn members(json: &'t [u8]) -> Result<Self, json::Fault> {
        let names = [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "nbf",
            "azp",
            "sid",
            "typ",
            "token_use",
            "events",
            "scope",
            "scp",
            "client_id",
        ];
        let [iss, sub, aud, exp, iat, nbf, azp, sid, typ, token_use, events, scope, scp, client_id] =
            json::read(json, names)?;
        Ok(Self {
            iss: iss.required()?.text()?,
            sub: sub.required()?.text()?,
            aud: aud.required()?.texts()?,
            exp: NumericDate(exp.required()?.number()?),
            iat: NumericDate(iat.required()?.number()?),
            nbf: nbf.optional().map(Found::number).transpose()?.map(NumericDate),
            azp: azp.optional().map(Found::text).transpose()?,
            sid: sid.optional().map(Found::text).transpose()?,
            typ: typ.optional().map(Found::text).transpose()?,
            token_use: token_use.optional().map(Found::text).transpose()?,
            has_events: events.is_present(),
            has_scope: scope.is_present() || scp.is_present(),
            has_client_id: client_id.is_present(),
        })
    }
}
