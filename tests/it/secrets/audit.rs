//! What was written, and the search for a mark in it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::error::Error;
use std::fmt::{Debug, Display};
use std::sync::LazyLock;

use serde_json::Value;

use super::source::type_name;
use super::{CONFIGURED, NUMBERS, SECRET, SHOWS_CONFIGURATION};
use crate::support::token::{base64, token};

/// What was written so far, and what was found in it.
#[derive(Default)]
pub(crate) struct Audit {
    /// The types that were searched; of enums the variants.
    pub(crate) variants: BTreeMap<String, BTreeSet<String>>,
    pub(crate) errors: BTreeSet<String>,
    pub(crate) texts: BTreeSet<String>,
    pub(crate) searched: HashSet<String>,
    /// Who shows which secret, with an example.
    pub(crate) leaks: BTreeMap<String, String>,
    pub(crate) misspelt: BTreeSet<String>,
    /// Secrets that carry no mark: segments of tokens, proofs.
    pub(crate) unmarked: BTreeSet<String>,
}

impl Audit {
    /// Searches what `Debug` writes.
    pub(crate) fn debug<T: Debug>(&mut self, value: &T) {
        let name = type_name::<T>();
        for text in [format!("{value:?}"), format!("{value:#?}"), format!("{value:x?}")] {
            self.search(&name, "Debug", &text);
        }
        let text = format!("{value:?}");
        let variant = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        self.variants.entry(name).or_default().insert(variant.to_owned());
    }

    /// Searches what `Debug` and `Display` write.
    pub(crate) fn text<T: Debug + Display>(&mut self, value: &T) {
        self.debug(value);
        self.texts.insert(type_name::<T>());
        self.search(&type_name::<T>(), "Display", &value.to_string());
    }

    /// Searches an error and all that it says caused it.
    pub(crate) fn error<T: Error + 'static>(&mut self, error: &T) {
        self.text(error);
        let name = type_name::<T>();
        self.errors.insert(name.clone());
        let mut next: Option<&dyn Error> = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            self.search(&name, "an error", &text);
            self.search(&name, "an error", &format!("{error:?}"));
            let starts_low = text.starts_with(|first: char| first.is_lowercase());
            if !starts_low || text.ends_with('.') || text.contains('\n') || MARKS[1].is_in(&text) {
                self.misspelt.insert(format!("{name}: {text}"));
            }
            next = error.source();
        }
    }

    pub(crate) fn search(&mut self, name: &str, writer: &str, text: &str) {
        // Most outcomes look the same.
        if !self.searched.insert(format!("{writer} of {name}: {text}")) {
            return;
        }
        let last_name = name.rsplit("::").next().unwrap_or_default();
        let configured = SHOWS_CONFIGURATION.contains(&last_name);
        let marks = MARKS.iter().filter(|mark| !(configured && mark.plain == CONFIGURED));
        let marks = marks.filter(|mark| mark.is_in(text)).map(|mark| mark.plain);
        // A date that was asked for is shown.
        let numbers = NUMBERS.iter().copied().filter(|_| last_name != "NumericDate");
        let numbers = numbers.filter(|number| text.contains(number));
        let unmarked = self.unmarked.iter().any(|secret| text.contains(secret)).then_some("a token or a proof");
        for secret in marks.chain(numbers).chain(unmarked) {
            self.leaks.entry(format!("{writer} of {name} shows {secret}")).or_insert_with(|| text.to_owned());
        }
    }

    /// A token, whose segments are secrets too.
    pub(crate) fn token(&mut self, header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let token = token(header.to_string(), claims.to_string(), sign);
        self.unmarked.extend(token.split('.').map(str::to_owned));
        token
    }
}

pub(crate) static MARKS: LazyLock<[Mark; 2]> = LazyLock::new(|| [Mark::new(SECRET), Mark::new(CONFIGURED)]);

/// A mark and how it looks encoded.
pub(crate) struct Mark {
    pub(crate) plain: &'static str,
    /// Sought in lower case and without white space.
    pub(crate) dense: Vec<String>,
    base64: Vec<String>,
}

impl Mark {
    pub(crate) fn new(mark: &'static str) -> Self {
        let each = |write: fn(u8) -> String, between: &str| mark.bytes().map(write).collect::<Vec<_>>().join(between);
        let hex = |byte| format!("{byte:02x}");
        Self {
            plain: mark,
            dense: vec![
                mark.to_owned(),
                each(hex, ""),
                each(hex, ","),
                each(|byte| format!("%{byte:02x}"), ""),
                each(|byte| byte.to_string(), ","),
            ],
            base64: (0..3).map(|shift| base64_core(mark, shift)).collect(),
        }
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        let dense: String = text.split_whitespace().collect::<String>().to_lowercase();
        self.dense.iter().any(|form| dense.contains(form)) || self.base64.iter().any(|form| text.contains(form))
    }
}

/// What of the mark's base64 does not depend on the bytes around it, after `shift` bytes of a
/// group.
pub(crate) fn base64_core(mark: &str, shift: usize) -> String {
    let bytes = [vec![0; shift], mark.as_bytes().to_vec()].concat();
    let from = (shift * 8).div_ceil(6);
    let until = bytes.len() * 8 / 6;
    base64(&bytes).chars().take(until).skip(from).collect()
}
