//! What the crate exports, read from its source: a list that nobody has to keep.

use std::collections::BTreeSet;

/// The names in the `pub use` of `src/lib.rs`, all of them types.
pub(crate) fn public_types() -> BTreeSet<String> {
    let names: BTreeSet<_> = include_str!("../../src/lib.rs")
        .split(';')
        .filter_map(|item| item.split_once("pub use ")?.1.rsplit_once("::"))
        .flat_map(|(_, names)| names.trim_matches(['{', '}']).split(','))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    let is_name = |name: &String| name.chars().all(char::is_alphanumeric) && name.starts_with(char::is_uppercase);
    assert!(names.len() > 40 && names.iter().all(is_name), "misread: {names:?}");
    names
}
