//! Framing: a compact JWS is cut, decoded and read, before any cryptography (rule 4).

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use super::Limits;
use crate::bytes;
use crate::json::{self, Found};
use crate::parameter::has_five_segments;

/// A fault of a token's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum MalformedToken {
    /// Not three segments (RFC 7515, section 7.1).
    #[error("it is not three segments with two dots between")]
    Segments,
    /// A segment is not canonical base64url without padding (RFC 7515, section 2).
    #[error("the {0} is not base64url without padding")]
    Base64(TokenSegment),
    /// A segment is not one JSON object in UTF-8 that begins with `{`.
    #[error("the {0} is not a JSON object")]
    Json(TokenSegment),
    /// A required member is absent or null.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A member occurs twice.
    #[error("{0} occurs twice")]
    Duplicate(&'static str),
    /// A member has another type than the specification gives it.
    #[error("{0} has the wrong type")]
    WrongType(&'static str),
    /// The header has `crit`. No extension is understood (RFC 7515, section 4.1.11).
    #[error("the header has crit, and no extension is understood")]
    Critical,
}

/// A segment of a compact JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenSegment {
    /// The first.
    Header,
    /// The second.
    Claims,
    /// The third.
    Signature,
}

impl fmt::Display for TokenSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Signature => "signature",
        })
    }
}

/// The reason why a text cannot be read as a token. Each role has an error type of its own for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenFault {
    TooLarge,
    /// Five segments: a JWE.
    Encrypted,
    Malformed(MalformedToken),
}

impl From<MalformedToken> for TokenFault {
    fn from(malformed: MalformedToken) -> Self {
        Self::Malformed(malformed)
    }
}

/// The three segments of a token, decoded, in one allocation.
pub(crate) struct Token<'t> {
    /// The signed part: the first two segments as sent.
    pub(crate) signing_input: &'t str,
    decoded: Vec<u8>,
    header_end: usize,
    claims_end: usize,
}

impl<'t> Token<'t> {
    /// Cuts and decodes. Sizes come first, so that a token that is too large causes no work.
    pub(crate) fn decode(token: &'t str, limits: &Limits) -> Result<Self, TokenFault> {
        if token.len() > limits.token_bytes {
            return Err(TokenFault::TooLarge);
        }
        let (header, rest) = cut(token);
        if header.len() > limits.token_header_bytes {
            return Err(TokenFault::TooLarge);
        }
        let (claims, rest) = rest.map(cut).ok_or(MalformedToken::Segments)?;
        let (signature, rest) = rest.map(cut).ok_or(MalformedToken::Segments)?;
        if rest.is_some() {
            let is_jwe = has_five_segments(token);
            return Err(if is_jwe { TokenFault::Encrypted } else { MalformedToken::Segments.into() });
        }

        // In base64url an object starts with `e`, so anything else is refused before decoding.
        for (segment, name) in [(header, TokenSegment::Header), (claims, TokenSegment::Claims)] {
            if !segment.starts_with('e') {
                return Err(MalformedToken::Json(name).into());
            }
        }
        let mut decoded = Vec::with_capacity(token.len());
        let mut append = |segment: &str, name| {
            URL_SAFE_NO_PAD.decode_vec(segment, &mut decoded).map_err(|_| MalformedToken::Base64(name))?;
            Ok::<_, MalformedToken>(decoded.len())
        };
        let header_end = append(header, TokenSegment::Header)?;
        let claims_end = append(claims, TokenSegment::Claims)?;
        append(signature, TokenSegment::Signature)?;
        let signed = token.len().saturating_sub(signature.len()).saturating_sub(1);
        Ok(Self { signing_input: token.get(..signed).unwrap_or_default(), decoded, header_end, claims_end })
    }

    /// Reads the header.
    pub(crate) fn header(&self) -> Result<Header<'_>, MalformedToken> {
        Header::read(self.decoded.get(..self.header_end).unwrap_or_default())
    }

    /// The claims, a JSON text that is not read yet.
    pub(crate) fn claims(&self) -> &[u8] {
        self.decoded.get(self.header_end..self.claims_end).unwrap_or_default()
    }

    /// The claims, kept beyond the token without copying them.
    pub(crate) fn into_claims(self) -> TokenBytes {
        TokenBytes { decoded: self.decoded, claims: self.header_end..self.claims_end }
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.decoded.get(self.claims_end..).unwrap_or_default()
    }
}

/// A segment, and what follows its dot.
fn cut(token: &str) -> (&str, Option<&str>) {
    match bytes::position(token.as_bytes(), b'.').and_then(|dot| token.split_at_checked(dot)) {
        Some((segment, rest)) => (segment, rest.strip_prefix('.')),
        None => (token, None),
    }
}

/// The claims of a token that was decoded.
#[derive(Clone)]
pub(crate) struct TokenBytes {
    decoded: Vec<u8>,
    claims: Range<usize>,
}

impl TokenBytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.decoded.get(self.claims.clone()).unwrap_or_default()
    }
}

/// The members of the JOSE header that are read (RFC 7515, section 4.1).
pub(crate) struct Header<'t> {
    pub(crate) alg: Cow<'t, str>,
    pub(crate) kid: Option<Cow<'t, str>>,
    pub(crate) typ: Option<Cow<'t, str>>,
}

impl<'t> Header<'t> {
    fn read(json: &'t [u8]) -> Result<Self, MalformedToken> {
        let malformed = MalformedToken::in_segment(TokenSegment::Header);
        let [alg, kid, typ, crit] = json::read(json, ["alg", "kid", "typ", "crit"]).map_err(&malformed)?;
        if crit.is_present() {
            return Err(MalformedToken::Critical);
        }
        Ok(Self {
            alg: alg.required().and_then(Found::text).map_err(&malformed)?,
            kid: kid.optional().map(Found::text).transpose().map_err(&malformed)?,
            typ: typ.optional().map(Found::text).transpose().map_err(&malformed)?,
        })
    }
}

impl MalformedToken {
    /// A fault of the JSON in that segment.
    pub(crate) fn in_segment(segment: TokenSegment) -> impl Fn(json::Fault) -> Self {
        move |fault| match fault {
            json::Fault::NotAnObject => Self::Json(segment),
            json::Fault::Missing(name) => Self::Missing(name),
            json::Fault::Duplicate(name) => Self::Duplicate(name),
            json::Fault::WrongType(name) => Self::WrongType(name),
        }
    }
}
