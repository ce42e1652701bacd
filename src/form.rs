//! Reads `application/x-www-form-urlencoded`, strictly: a query or the body of a form.
//!
//! The twin of [`json`](crate::json): named members, each at most once, the first fault counts, and
//! all other members are ignored. A lenient parser would hand on something that was never sent,
//! because it replaces broken UTF-8 and lets `%zz` pass.

use std::borrow::Cow;

use thiserror::Error;

use crate::bytes;

/// The largest query or form that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// A fault of the encoding of a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum FormFault {
    /// A `%` is not followed by two hexadecimal digits.
    #[error("a % that is not followed by two hexadecimal digits")]
    Percent,
    /// The decoded bytes are not UTF-8.
    #[error("bytes that are not UTF-8")]
    Utf8,
    /// Not base64url, in the field `encoded_parameters` of the provider's own pages.
    #[error("something that is not base64url without padding")]
    Base64,
}

/// A fault of a named member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Its value does not decode.
    Malformed(&'static str, FormFault),
    /// It occurs twice.
    Duplicate(&'static str),
}

/// The longest name of a member that is looked for, in bytes.
const MAX_NAME_BYTES: usize = 24;

/// Reads the named members of a form from left to right: the value of each, if it occurs.
///
/// An empty value is an occurrence. Whether it then counts as omitted is the caller's rule.
pub(crate) fn read<const N: usize>(form: &[u8], names: [&'static str; N]) -> Result<[Option<String>; N], Fault> {
    let mut values = [const { None }; N];
    for member in members(form) {
        let mut halves = member.splitn(2, |&byte| byte == b'=');
        let name = halves.next().unwrap_or_default();
        let value = halves.next().unwrap_or_default();
        let Some((slot, name)) = find(name, names, &mut values) else {
            continue;
        };
        let value = decode(value).map_err(|fault| Fault::Malformed(name, fault))?;
        if slot.replace(value).is_some() {
            return Err(Fault::Duplicate(name));
        }
    }
    Ok(values)
}

/// The parts between the `&`s.
fn members(form: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(form).filter(|form| !form.is_empty());
    std::iter::from_fn(move || {
        let form = rest?;
        let (member, after) = match bytes::position(form, b'&') {
            Some(end) => (form.get(..end)?, form.get(end.saturating_add(1)..)),
            None => (form, None),
        };
        rest = after.filter(|after| !after.is_empty());
        Some(member)
    })
}

/// The slot for the member of that encoded name.
fn find<'v, const N: usize>(
    encoded: &[u8],
    names: [&'static str; N],
    values: &'v mut [Option<String>; N],
) -> Option<(&'v mut Option<String>, &'static str)> {
    // Nothing is decoded that is too long even if every byte of the name is encoded.
    if encoded.len() > 3 * MAX_NAME_BYTES {
        return None;
    }
    let decoded =
        if is_escaped(encoded) { Cow::Owned(decode(encoded).ok()?.into_bytes()) } else { Cow::Borrowed(encoded) };
    let index = names.iter().position(|name| name.as_bytes() == decoded.as_ref())?;
    Some((values.get_mut(index)?, names.get(index)?))
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

    const NAMES: [&str; 2] = ["a", "post_logout_redirect_uri"];

    #[test]
    fn a_name_is_known_plain_and_with_every_byte_encoded() {
        for (index, name) in NAMES.into_iter().enumerate() {
            let encoded = name.bytes().fold(String::new(), |name, byte| format!("{name}%{byte:02x}"));
            for name in [name, &encoded] {
                let values = read(format!("{name}=v").as_bytes(), NAMES).unwrap();
                assert_eq!(values[index].as_deref(), Some("v"));
            }
        }
    }

    #[test]
    fn the_first_fault_from_left_to_right_counts() {
        let fault = |form: &str| read(form.as_bytes(), NAMES).unwrap_err();
        assert_eq!(fault("a=1&%61=2&a=%"), Fault::Duplicate("a"));
        assert_eq!(fault("a=%&a=2"), Fault::Malformed("a", FormFault::Percent));
        assert_eq!(fault("a&a"), Fault::Duplicate("a"));
        assert_eq!(fault("b=%zz&a=%ff"), Fault::Malformed("a", FormFault::Utf8));
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
