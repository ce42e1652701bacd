//! Client metadata read from JSON, member by member, so that the error can say which one is wrong.

use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{ClientMetadata, ClientRegistrationError};
use crate::hint::Algorithm;
use crate::redirect::ApplicationType;

/// The members that are read.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Member {
    PostLogoutRedirectUris,
    IdTokenSignedResponseAlg,
    ApplicationType,
    #[serde(other)]
    Unknown,
}

impl Member {
    const NAMES: [&str; 3] = ["post_logout_redirect_uris", "id_token_signed_response_alg", "application_type"];

    fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or_default()
    }
}

/// What was read: deserializing fails only where there is no object to read.
pub(super) struct ReadMetadata(pub(super) Result<ClientMetadata, ClientRegistrationError>);

impl<'de> Deserialize<'de> for ReadMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_object = Cell::new(false);
        let read = deserializer.deserialize_struct("ClientMetadata", &Member::NAMES, Object { is_object: &is_object });
        // What serde says of another value holds the value.
        read.map_err(
            |error| if is_object.get() { error } else { D::Error::custom(ClientRegistrationError::NotAnObject) },
        )
    }
}

struct Object<'a> {
    /// Set where there is one.
    is_object: &'a Cell<bool>,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ReadMetadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with client metadata")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ReadMetadata, A::Error> {
        self.is_object.set(true);
        let mut metadata = ClientMetadata::default();
        let mut seen = Vec::with_capacity(Member::NAMES.len());
        let mut fault = None;
        while let Some(member) = map.next_key::<Member>()? {
            // After a fault only JSON's grammar matters.
            if member == Member::Unknown || fault.is_some() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value_seed(AnyValue { nested: false })?;
            let set = if seen.contains(&member) {
                Err(ClientRegistrationError::DuplicateMember { member: member.name() })
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
    /// Sets a member; `null` leaves the default.
    fn set(&mut self, member: Member, value: Value) -> Result<(), ClientRegistrationError> {
        let wrong_type = |expected| Err(ClientRegistrationError::WrongType { member: member.name(), expected });
        match (member, value) {
            (_, Value::Null) | (Member::Unknown, _) => {}
            (Member::PostLogoutRedirectUris, Value::List(uris)) => self.post_logout_redirect_uris = uris?,
            (Member::PostLogoutRedirectUris, _) => return wrong_type("an array of strings"),
            (Member::IdTokenSignedResponseAlg, Value::Text(name)) => {
                let algorithm = Algorithm::from_name(&name);
                self.id_token_signed_response_alg = algorithm.ok_or(ClientRegistrationError::UnknownAlgorithm)?;
            }
            (Member::ApplicationType, Value::Text(name)) => {
                let name = StrDeserializer::<serde::de::value::Error>::new(&name);
                let application_type = ApplicationType::deserialize(name);
                self.application_type =
                    application_type.map_err(|_| ClientRegistrationError::UnknownApplicationType)?;
            }
            (Member::IdTokenSignedResponseAlg | Member::ApplicationType, _) => return wrong_type("a string"),
        }
        Ok(())
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
