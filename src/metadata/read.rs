//! Client metadata read from JSON, member by member, so that the error can say which one is wrong.

use std::fmt;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{ClientMetadata, ClientRegistrationError};
use crate::hint::Algorithm;
use crate::redirect::ApplicationType;

const POST_LOGOUT_REDIRECT_URIS: &str = "post_logout_redirect_uris";
const ID_TOKEN_SIGNED_RESPONSE_ALG: &str = "id_token_signed_response_alg";
const APPLICATION_TYPE: &str = "application_type";
const MEMBERS: [&str; 3] = [POST_LOGOUT_REDIRECT_URIS, ID_TOKEN_SIGNED_RESPONSE_ALG, APPLICATION_TYPE];

/// What was read: deserializing fails only where there is no object to read.
pub(super) struct ReadMetadata(pub(super) Result<ClientMetadata, ClientRegistrationError>);

impl<'de> Deserialize<'de> for ReadMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("ClientMetadata", &MEMBERS, Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = ReadMetadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with client metadata")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ReadMetadata, A::Error> {
        let mut metadata = ClientMetadata::default();
        let mut seen = Vec::with_capacity(MEMBERS.len());
        let mut fault = None;
        while let Some(member) = map.next_key_seed(Name)? {
            // After a fault only JSON's grammar matters.
            let Some(member) = member.filter(|_| fault.is_none()) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value_seed(AnyValue { nested: false })?;
            let set = if seen.contains(&member) {
                Err(ClientRegistrationError::DuplicateMember { member })
            } else {
                metadata.set(member, value)
            };
            seen.push(member);
            fault = set.err();
        }
        Ok(ReadMetadata(fault.map_or(Ok(metadata), Err)))
    }
}

impl ClientMetadata {
    /// Sets a member of [`MEMBERS`]; `null` leaves the default.
    fn set(&mut self, member: &'static str, value: Value) -> Result<(), ClientRegistrationError> {
        let wrong_type = |expected| Err(ClientRegistrationError::WrongType { member, expected });
        match (member, value) {
            (_, Value::Null) => {}
            (POST_LOGOUT_REDIRECT_URIS, Value::List(uris)) => self.post_logout_redirect_uris = uris?,
            (POST_LOGOUT_REDIRECT_URIS, _) => return wrong_type("an array of strings"),
            (ID_TOKEN_SIGNED_RESPONSE_ALG, Value::Text(name)) => {
                let algorithm = Algorithm::from_name(&name);
                self.id_token_signed_response_alg = algorithm.ok_or(ClientRegistrationError::UnknownAlgorithm)?;
            }
            (_, Value::Text(name)) => {
                let name = StrDeserializer::<serde::de::value::Error>::new(&name);
                let application_type = ApplicationType::deserialize(name);
                self.application_type =
                    application_type.map_err(|_| ClientRegistrationError::UnknownApplicationType)?;
            }
            _ => return wrong_type("a string"),
        }
        Ok(())
    }
}

/// Finds a member by its name.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(MEMBERS.into_iter().find(|member| *member == name))
    }
}

/// The value of a member that is read, as far as it matters.
enum Value {
    Null,
    Text(String),
    List(Result<Vec<String>, ClientRegistrationError>),
    Other,
}

/// Takes any value, without recursion: what is nested deeper than a list's elements is skipped.
struct AnyValue {
    nested: bool,
}

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let value = if self.nested { Value::Other } else { Value::List(read_texts(&mut list)?) };
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(value)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }
}

/// Reads strings until there is nothing more, too much, or something else.
fn read_texts<'de, A: SeqAccess<'de>>(list: &mut A) -> Result<Result<Vec<String>, ClientRegistrationError>, A::Error> {
    let mut texts = Vec::new();
    while let Some(element) = list.next_element_seed(AnyValue { nested: true })? {
        if texts.len() == ClientMetadata::MAX_POST_LOGOUT_REDIRECT_URIS {
            return Ok(Err(ClientRegistrationError::TooManyUris));
        }
        match element {
            Value::Text(text) => texts.push(text),
            _ => return Ok(Err(ClientRegistrationError::UriNotAString { index: texts.len() })),
        }
    }
    Ok(Ok(texts))
}
