//! Framing: a compact JWS cut, decoded and read, before any cryptography.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{HintError, MalformedHint, NumericDate, Segment};

/// The three segments of a token, decoded, in one allocation.
pub(crate) struct Token<'t> {
    /// What is signed: the first two segments as sent.
    pub(crate) signing_input: &'t str,
    decoded: Vec<u8>,
    header_end: usize,
    claims_end: usize,
}

impl<'t> Token<'t> {
    /// Cuts and decodes. Sizes come first, so that nothing is done for what is too large anyway.
    pub(crate) fn decode(token: &'t str, max_bytes: usize, max_header_bytes: usize) -> Result<Self, HintError> {
        if token.len() > max_bytes {
            return Err(HintError::TooLarge);
        }
        let mut segments = token.split('.');
        let header = segments.next().unwrap_or_default();
        if header.len() > max_header_bytes {
            return Err(HintError::TooLarge);
        }
        let mut next = || segments.next();
        let (claims, signature) = match (next(), next(), next(), next(), next()) {
            (Some(claims), Some(signature), None, ..) => (claims, signature),
            (_, _, _, Some(_), None) => return Err(HintError::Encrypted),
            _ => return Err(HintError::Malformed(MalformedHint::Segments)),
        };

        // `{` shows in the first character, so that of what is no object nothing is decoded.
        for (segment, name) in [(header, Segment::Header), (claims, Segment::Claims)] {
            if !segment.starts_with('e') {
                return Err(HintError::Malformed(MalformedHint::Json(name)));
            }
        }
        let mut decoded = Vec::with_capacity(token.len());
        let mut append = |segment: &str, name| {
            URL_SAFE_NO_PAD
                .decode_vec(segment, &mut decoded)
                .map_err(|_| HintError::Malformed(MalformedHint::Base64(name)))?;
            Ok(decoded.len())
        };
        let header_end = append(header, Segment::Header)?;
        let claims_end = append(claims, Segment::Claims)?;
        append(signature, Segment::Signature)?;
        let signed = token.len().saturating_sub(signature.len()).saturating_sub(1);
        Ok(Self { signing_input: token.get(..signed).unwrap_or_default(), decoded, header_end, claims_end })
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.decoded.get(self.claims_end..).unwrap_or_default()
    }

    /// Reads header and claims. `type` is decided after both have their shape.
    pub(crate) fn read(&self) -> Result<(Header<'_>, Claims<'_>), HintError> {
        let header = self.decoded.get(..self.header_end).unwrap_or_default();
        let claims = self.decoded.get(self.header_end..self.claims_end).unwrap_or_default();
        let header = Header::read(header).map_err(HintError::Malformed)?;
        let claims = Claims::read(claims).map_err(HintError::Malformed)?;
        let is_jwt = header
            .typ
            .as_deref()
            .is_none_or(|typ| typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("application/jwt"));
        if !is_jwt || claims.has_events {
            return Err(HintError::Type);
        }
        Ok((header, claims))
    }
}

/// The members of the JOSE header that are read (RFC 7515, section 4.1).
pub(crate) struct Header<'t> {
    pub(crate) alg: Cow<'t, str>,
    pub(crate) kid: Option<Cow<'t, str>>,
    typ: Option<Cow<'t, str>>,
}

impl<'t> Header<'t> {
    fn read(json: &'t [u8]) -> Result<Self, MalformedHint> {
        let [alg, kid, typ, crit] = read_object(json, ["alg", "kid", "typ", "crit"], Segment::Header)?;
        if crit.is_present() {
            return Err(MalformedHint::Critical);
        }
        Ok(Self {
            alg: alg.required()?.text()?,
            kid: kid.optional().map(Found::text).transpose()?,
            typ: typ.optional().map(Found::text).transpose()?,
        })
    }
}

/// The claims that are read (OpenID Connect Core 1.0, section 2).
pub(crate) struct Claims<'t> {
    pub(crate) iss: Cow<'t, str>,
    pub(crate) sub: Cow<'t, str>,
    pub(crate) aud: Vec<Cow<'t, str>>,
    pub(crate) exp: NumericDate,
    pub(crate) iat: NumericDate,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) azp: Option<Cow<'t, str>>,
    pub(crate) sid: Option<Cow<'t, str>>,
    has_events: bool,
}

impl<'t> Claims<'t> {
    fn read(json: &'t [u8]) -> Result<Self, MalformedHint> {
        let names = ["iss", "sub", "aud", "exp", "iat", "nbf", "azp", "sid", "events"];
        let [iss, sub, aud, exp, iat, nbf, azp, sid, events] = read_object(json, names, Segment::Claims)?;
        Ok(Self {
            iss: iss.required()?.text()?,
            sub: sub.required()?.text()?,
            aud: aud.required()?.texts()?,
            exp: exp.required()?.date()?,
            iat: iat.required()?.date()?,
            nbf: nbf.optional().map(Found::date).transpose()?,
            azp: azp.optional().map(Found::text).transpose()?,
            sid: sid.optional().map(Found::text).transpose()?,
            has_events: events.is_present(),
        })
    }
}

/// The value of a member that is read, as far as it matters.
enum Value<'t> {
    Null,
    Text(Cow<'t, str>),
    Number(f64),
    /// A list of strings.
    Texts(Vec<Cow<'t, str>>),
    Other,
}

/// One of the members that are read: absent, or with its value.
struct Member<'t> {
    name: &'static str,
    value: Option<Value<'t>>,
}

/// A member that is there, and not null.
struct Found<'t> {
    name: &'static str,
    value: Value<'t>,
}

impl<'t> Member<'t> {
    fn optional(self) -> Option<Found<'t>> {
        let name = self.name;
        match self.value {
            None | Some(Value::Null) => None,
            Some(value) => Some(Found { name, value }),
        }
    }

    fn required(self) -> Result<Found<'t>, MalformedHint> {
        let name = self.name;
        self.optional().ok_or(MalformedHint::Missing(name))
    }

    fn is_present(&self) -> bool {
        !matches!(self.value, None | Some(Value::Null))
    }
}

impl<'t> Found<'t> {
    fn text(self) -> Result<Cow<'t, str>, MalformedHint> {
        match self.value {
            Value::Text(text) => Ok(text),
            _ => Err(MalformedHint::WrongType(self.name)),
        }
    }

    /// A string or a non-empty list of strings.
    fn texts(self) -> Result<Vec<Cow<'t, str>>, MalformedHint> {
        match self.value {
            Value::Text(text) => Ok(vec![text]),
            Value::Texts(texts) if !texts.is_empty() => Ok(texts),
            _ => Err(MalformedHint::WrongType(self.name)),
        }
    }

    fn date(self) -> Result<NumericDate, MalformedHint> {
        match self.value {
            Value::Number(seconds) if seconds.is_finite() => Ok(NumericDate(seconds)),
            _ => Err(MalformedHint::WrongType(self.name)),
        }
    }
}

/// Reads the named members of a JSON object. Of the others only JSON's grammar is asked.
fn read_object<'t, const N: usize>(
    json: &'t [u8],
    names: [&'static str; N],
    segment: Segment,
) -> Result<[Member<'t>; N], MalformedHint> {
    let broken = MalformedHint::Json(segment);
    let json = std::str::from_utf8(json).map_err(|_| broken)?;
    if !json.starts_with('{') {
        return Err(broken);
    }
    // Names are read as bytes below, where the parser does not mind a raw control character.
    // `min` looks at many bytes at once, `any` at one by one.
    if json.bytes().min() < Some(b' ') {
        serde_json::from_str::<IgnoredAny>(json).map_err(|_| broken)?;
    }
    let mut object = Object { members: names.map(|name| Member { name, value: None }), duplicate: None };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_map(&mut object).and_then(|()| deserializer.end()).map_err(|_| broken)?;
    match object.duplicate {
        Some(name) => Err(MalformedHint::Duplicate(name)),
        None => Ok(object.members),
    }
}

struct Object<'t, const N: usize> {
    members: [Member<'t>; N],
    duplicate: Option<&'static str>,
}

impl<'t, const N: usize> Visitor<'t> for &mut Object<'t, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(index) = map.next_key_seed(Name(&self.members))? {
            match index.and_then(|index| self.members.get_mut(index)) {
                Some(member) => {
                    let value = map.next_value_seed(AnyValue { nested: false })?;
                    if member.value.replace(value).is_some() {
                        self.duplicate.get_or_insert(member.name);
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Finds a member by its name, compared after unescaping. As bytes: an unknown name may hold a lone surrogate, which is
/// JSON's grammar but no string.
struct Name<'m, 't>(&'m [Member<'t>]);

impl<'de> DeserializeSeed<'de> for Name<'_, '_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Name<'_, '_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|member| member.name.as_bytes() == name))
    }
}

/// Takes any value, without recursion: what is nested deeper than a list's elements is skipped.
struct AnyValue {
    nested: bool,
}

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    #[allow(clippy::cast_precision_loss, reason = "a second more or less in 285 million years")]
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(number as f64))
    }

    #[allow(clippy::cast_precision_loss, reason = "a second more or less in 285 million years")]
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        if self.nested {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Other);
        }
        let mut texts = Vec::new();
        while let Some(element) = list.next_element_seed(AnyValue { nested: true })? {
            if let Value::Text(text) = element {
                texts.push(text);
            } else {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Value::Other);
            }
        }
        Ok(Value::Texts(texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_key_seed(Name(&[]))?.is_some() {
            map.next_value::<IgnoredAny>()?;
        }
        Ok(Value::Other)
    }
}
