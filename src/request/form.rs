//! Reading `application/x-www-form-urlencoded`, strictly.

use std::borrow::Cow;
use std::fmt;
use std::io::BufRead as _;
use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Method;
use crate::refusal::{FormFault, Parameter, RefusalReason};

/// How long the name of a known parameter can be: from `state` to `post_logout_redirect_uri` with every byte encoded.
const KNOWN_NAME_BYTES: RangeInclusive<usize> = 5..=3 * 24;

/// The decoded values so far, one slot a parameter.
#[derive(Clone, Default)]
pub(super) struct Values([Option<String>; Parameter::ALL.len()]);

impl Values {
    /// Reads the members of a form from left to right; the first fault counts.
    pub(super) fn read(&mut self, form: &[u8], method: Method) -> Result<(), RefusalReason> {
        let mut encoded = Vec::new();
        for member in members(form) {
            let mut halves = member.splitn(2, |&byte| byte == b'=');
            let name = halves.next().unwrap_or_default();
            let value = halves.next().unwrap_or_default();
            let Some(parameter) = Parameter::from_encoded(name, method) else {
                continue;
            };
            if parameter == Parameter::EncodedParameters {
                encoded.push(value);
                continue;
            }
            let value = decode(value).map_err(|fault| RefusalReason::MalformedRequest { parameter, fault })?;
            if !self.put(parameter, value) {
                return Err(RefusalReason::DuplicateParameter { parameter });
            }
        }
        // The provider's own pages send it. From anybody else it is a parameter that is not known.
        if !self.is_of_own_page() {
            return Ok(());
        }
        let parameter = Parameter::EncodedParameters;
        let encoded = match encoded.as_slice() {
            [] => return Ok(()),
            [only] => decode(only),
            _ => return Err(RefusalReason::DuplicateParameter { parameter }),
        };
        let form = encoded
            .and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).map_err(|_| FormFault::Base64))
            .map_err(|fault| RefusalReason::MalformedRequest { parameter, fault })?;
        self.read(&form, Method::Get)
    }

    fn is_of_own_page(&self) -> bool {
        let has = |parameter: Parameter| self.0.get(parameter as usize).is_some_and(Option::is_some);
        has(Parameter::Confirmation) || has(Parameter::Resubmitted)
    }

    /// Whether it was the first of its name. An empty value counts as an occurrence.
    pub(super) fn put(&mut self, parameter: Parameter, value: String) -> bool {
        match self.0.get_mut(parameter as usize) {
            Some(slot @ None) => {
                *slot = Some(value);
                true
            }
            _ => false,
        }
    }

    /// The value, where there is one that is not empty.
    pub(super) fn take(&mut self, parameter: Parameter) -> Option<String> {
        let slot = self.0.get_mut(parameter as usize)?;
        slot.take().filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set =
            Parameter::ALL.iter().filter(|&&parameter| self.0.get(parameter as usize).is_some_and(Option::is_some));
        f.debug_set().entries(set).finish()
    }
}

/// What stands between the `&`s. `skip_until` looks at many bytes at once, `split` at one by one; reading from a slice
/// cannot fail.
fn members(mut form: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let rest = form;
        let length = form.skip_until(b'&').ok().filter(|&length| length > 0)?;
        let member = rest.get(..length)?;
        Some(member.strip_suffix(b"&").unwrap_or(member))
    })
}

impl Parameter {
    /// The parameter of that encoded name, where the method lets it be one.
    fn from_encoded(name: &[u8], method: Method) -> Option<Self> {
        if !KNOWN_NAME_BYTES.contains(&name.len()) {
            return None;
        }
        let name = if is_escaped(name) { Cow::Owned(decode(name).ok()?.into_bytes()) } else { Cow::Borrowed(name) };
        let known = match method {
            Method::Get => Self::SPECIFIED.as_slice(),
            Method::Post => Self::ALL.as_slice(),
        };
        known.iter().copied().find(|parameter| parameter.name().as_bytes() == name.as_ref())
    }
}

/// Decodes `application/x-www-form-urlencoded`, strictly: nothing is replaced, nothing guessed.
pub(crate) fn decode(encoded: &[u8]) -> Result<String, FormFault> {
    let bytes = if is_escaped(encoded) {
        let mut bytes = Vec::with_capacity(encoded.len());
        let mut rest = encoded.iter();
        while let Some(&byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let high = hex_digit(rest.next()).ok_or(FormFault::Percent)?;
                    let low = hex_digit(rest.next()).ok_or(FormFault::Percent)?;
                    high << 4 | low
                }
                byte => byte,
            });
        }
        bytes
    } else {
        encoded.to_vec()
    };
    String::from_utf8(bytes).map_err(|_| FormFault::Utf8)
}

/// Whether anything in it is encoded. `max` looks at many bytes at once, `any` at one by one.
fn is_escaped(encoded: &[u8]) -> bool {
    encoded.iter().map(|&byte| u8::from(byte == b'%' || byte == b'+')).max() == Some(1)
}

fn hex_digit(digit: Option<&u8>) -> Option<u8> {
    let digit = char::from(*digit?).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known_plain_and_with_every_byte_encoded() {
        for parameter in Parameter::ALL {
            let encoded = parameter.name().bytes().fold(String::new(), |name, byte| format!("{name}%{byte:02x}"));
            assert_eq!(Parameter::from_encoded(parameter.name().as_bytes(), Method::Post), Some(parameter));
            assert_eq!(Parameter::from_encoded(encoded.as_bytes(), Method::Post), Some(parameter));
        }
    }

    #[test]
    fn members_are_what_stands_between_the_ampersands() {
        for form in ["", "a", "a&b", "&", "&&a&&b&&"] {
            let split: Vec<_> = form.split('&').filter(|member| !member.is_empty()).collect();
            let members: Vec<_> = members(form.as_bytes()).filter(|member| !member.is_empty()).collect();
            assert_eq!(members, split.iter().map(|member| member.as_bytes()).collect::<Vec<_>>());
        }
    }
}
