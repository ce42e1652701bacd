//! Reads named members of a JSON object, strictly: a token's header and claims, client metadata.
//!
//! The twin of [`form`](crate::form): named members, each at most once, the first fault counts, and
//! of all other members only JSON's grammar matters. Nothing recurses here, so that no depth of
//! nesting can overflow the stack; `serde_json` bounds its own depth.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A fault of an object or of a named member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not one JSON object in UTF-8 that begins with `{`.
    NotAnObject,
    /// A member that is required is absent or null.
    Missing(&'static str),
    /// A member occurs twice.
    Duplicate(&'static str),
    /// A member is not of its type.
    WrongType(&'static str),
}

/// The value of a named member, reduced to what the readers of the crate need.
pub(crate) enum Value<'j> {
    Null,
    Text(Cow<'j, str>),
    Number(f64),
    List(List<'j>),
    Boolean(bool),
    /// An object, or a list in a list.
    Other,
}

/// The strings of a list, up to its end or to the first element that was not wanted.
pub(crate) struct List<'j> {
    pub(crate) texts: Vec<Cow<'j, str>>,
    pub(crate) end: ListEnd,
}

/// The reason why no further string was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListEnd {
    Complete,
    NotAString,
    /// As many strings as the reader takes.
    TooMany,
}

/// A named member of an object that was read.
pub(crate) struct Member<'j> {
    name: &'static str,
    value: Option<Value<'j>>,
}

/// A member that is there and not null.
pub(crate) struct Found<'j> {
    name: &'static str,
    value: Value<'j>,
}

/// Reads the named members of an object from its bytes.
pub(crate) fn read<'j, const N: usize>(json: &'j [u8], names: [&'static str; N]) -> Result<[Member<'j>; N], Fault> {
    let json = std::str::from_utf8(json).map_err(|_| Fault::NotAnObject)?;
    if !json.starts_with('{') {
        return Err(Fault::NotAnObject);
    }
    // Names are read as bytes, and there the parser lets a raw control character pass.
    // `min` looks at many bytes at once, `any` at one by one.
    if json.bytes().min() < Some(b' ') {
        serde_json::from_str::<IgnoredAny>(json).map_err(|_| Fault::NotAnObject)?;
    }
    let mut values = [const { None }; N];
    let mut duplicate = None;
    let object = Object {
        names: &names,
        names_as_bytes: true,
        max_texts: usize::MAX,
        found: &Cell::new(false),
        set: |index: usize, value| {
            if values.get_mut(index).is_some_and(|slot: &mut Option<Value<'j>>| slot.replace(value).is_some()) {
                duplicate = duplicate.or(names.get(index).copied());
            }
            true
        },
    };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = deserializer.deserialize_map(object).and_then(|()| deserializer.end());
    read.map_err(|_| Fault::NotAnObject)?;
    if let Some(name) = duplicate {
        return Err(Fault::Duplicate(name));
    }
    let mut names = names.into_iter();
    Ok(values.map(|value| Member { name: names.next().unwrap_or_default(), value }))
}

/// Reads the named members of an object in any format of serde, in the order in which they come.
///
/// `set` is given the place of the name and the value. It returns whether it wants more: once it
/// has found a fault, only the grammar of the rest matters. Of a list at most `max_texts` strings
/// are kept.
///
/// # Errors
/// The format's own, or `not_an_object`. What serde says of a value that is no object would hold
/// that value.
pub(crate) fn visit<'de, D: Deserializer<'de>>(
    deserializer: D,
    type_name: &'static str,
    names: &'static [&'static str],
    max_texts: usize,
    not_an_object: impl fmt::Display,
    set: impl FnMut(usize, Value<'de>) -> bool,
) -> Result<(), D::Error> {
    let found = Cell::new(false);
    let object = Object { names, names_as_bytes: false, max_texts, found: &found, set };
    deserializer
        .deserialize_struct(type_name, names, object)
        .map_err(|error| if found.get() { error } else { D::Error::custom(not_an_object) })
}

impl<'j> Member<'j> {
    pub(crate) fn optional(self) -> Option<Found<'j>> {
        match self.value {
            None | Some(Value::Null) => None,
            Some(value) => Some(Found { name: self.name, value }),
        }
    }

    pub(crate) fn required(self) -> Result<Found<'j>, Fault> {
        let missing = Fault::Missing(self.name);
        self.optional().ok_or(missing)
    }

    pub(crate) fn is_present(&self) -> bool {
        !matches!(self.value, None | Some(Value::Null))
    }
}

impl<'j> Found<'j> {
    pub(crate) fn text(self) -> Result<Cow<'j, str>, Fault> {
        match self.value {
            Value::Text(text) => Ok(text),
            _ => Err(Fault::WrongType(self.name)),
        }
    }

    /// A string or a non-empty list of strings.
    pub(crate) fn texts(self) -> Result<Vec<Cow<'j, str>>, Fault> {
        match self.value {
            Value::Text(text) => Ok(vec![text]),
            Value::List(List { texts, end: ListEnd::Complete }) if !texts.is_empty() => Ok(texts),
            _ => Err(Fault::WrongType(self.name)),
        }
    }

    /// A finite number.
    pub(crate) fn number(self) -> Result<f64, Fault> {
        match self.value {
            Value::Number(number) if number.is_finite() => Ok(number),
            _ => Err(Fault::WrongType(self.name)),
        }
    }
}

struct Object<'o, F> {
    names: &'o [&'static str],
    names_as_bytes: bool,
    max_texts: usize,
    /// Set once there is an object.
    found: &'o Cell<bool>,
    set: F,
}

impl<'de, F: FnMut(usize, Value<'de>) -> bool> Visitor<'de> for Object<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.found.set(true);
        let mut wants_more = true;
        let name = Name { names: self.names, as_bytes: self.names_as_bytes };
        while let Some(index) = map.next_key_seed(name)? {
            match index.filter(|_| wants_more) {
                Some(index) => {
                    let Self { names_as_bytes, max_texts, .. } = self;
                    let value = map.next_value_seed(AnyValue { nested: false, names_as_bytes, max_texts })?;
                    wants_more = (self.set)(index, value);
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Finds a member by its name, compared after unescaping.
///
/// In JSON text the name is read as bytes, because an unknown name may hold a lone surrogate, which
/// JSON's grammar allows and a string cannot hold.
#[derive(Clone, Copy)]
struct Name<'o> {
    names: &'o [&'static str],
    as_bytes: bool,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.as_bytes { deserializer.deserialize_bytes(self) } else { deserializer.deserialize_identifier(self) }
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        self.visit_bytes(name.as_bytes())
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(self.names.iter().position(|known| known.as_bytes() == name))
    }
}

/// Takes any value, and skips whatever is nested deeper than the elements of a list.
#[derive(Clone, Copy)]
struct AnyValue {
    nested: bool,
    names_as_bytes: bool,
    max_texts: usize,
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

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Self::Value, E> {
        Ok(Value::Boolean(boolean))
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

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        let mut end = ListEnd::Complete;
        // A list in a list is skipped.
        if !self.nested {
            while let Some(element) = list.next_element_seed(AnyValue { nested: true, ..self })? {
                end = match element {
                    _ if texts.len() == self.max_texts => ListEnd::TooMany,
                    Value::Text(text) => {
                        texts.push(text);
                        continue;
                    }
                    _ => ListEnd::NotAString,
                };
                break;
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(if self.nested { Value::Other } else { Value::List(List { texts, end }) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let name = Name { names: &[ARBITRARY_PRECISION], as_bytes: self.names_as_bytes };
        let mut value = Value::Other;
        while let Some(index) = map.next_key_seed(name)? {
            match index {
                Some(_) => value = map.next_value_seed(NumberText)?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(value)
    }
}

/// The name by which `serde_json` hands on a number as a map of one member, if any crate of the
/// host's build enables its feature `arbitrary_precision`.
const ARBITRARY_PRECISION: &str = "$serde_json::private::Number";

/// Takes the text of such a number. The parser hands it on as an owned string, which it never does
/// for a string of the JSON text, so an object that only looks like it is no number.
struct NumberText;

impl<'de> DeserializeSeed<'de> for NumberText {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_string(self)
    }
}

impl<'de> Visitor<'de> for NumberText {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text of a number")
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(text.parse().map_or(Value::Other, Value::Number))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_looks_like_a_number_of_the_parser_is_none() {
        let json = br#"{"exp": {"$serde_json::private::Number": "5"}}"#;
        let [exp] = read(json, ["exp"]).unwrap();
        assert_eq!(exp.required().and_then(Found::number), Err(Fault::WrongType("exp")));
    }
}
