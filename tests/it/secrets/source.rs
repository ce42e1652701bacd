//! What the source declares, so that nothing is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::exports::{self, Export};

/// The public enums, errors and types with a text, each by the name of [`Export::home`].
#[derive(Default)]
pub(super) struct Source {
    pub(super) variants: BTreeMap<String, BTreeSet<String>>,
    pub(super) errors: BTreeSet<String>,
    pub(super) texts: BTreeSet<String>,
}

/// Reads all files below `src`, as rustfmt lays them out.
pub(super) fn source() -> Source {
    let mut source = Source::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    source.read_folder(&root, "", &exports::public_modules());
    let public = public_types();
    source.variants.retain(|name, _| public.contains(name));
    source.errors.retain(|name| public.contains(name));
    source.texts.retain(|name| public.contains(name));
    for (name, variants) in &source.variants {
        assert!(variants.iter().all(|variant| variant.starts_with(char::is_uppercase)), "misread: {name} {variants:?}");
    }
    assert!(source.variants.len() > 20, "misread: {:?}", source.variants);
    assert!(source.variants.values().any(|variants| variants.len() > 15), "misread: {:?}", source.variants);
    source
}

pub(super) fn public_types() -> BTreeSet<String> {
    exports::public_types().into_iter().map(|Export { home, .. }| home).collect()
}

/// The name of [`Export::home`] for a type.
pub(super) fn type_name<T>() -> String {
    let path = std::any::type_name::<T>().trim_start_matches('&');
    let path = path.split('<').next().unwrap_or_default();
    let name = path.rsplit("::").next().unwrap_or_default();
    match exports::public_modules().iter().find(|module| path.split("::").nth(1) == Some(module.as_str())) {
        Some(module) => format!("{module}::{name}"),
        None => name.to_owned(),
    }
}

impl Source {
    /// `module` is the public module that the folder belongs to, if any.
    fn read_folder(&mut self, folder: &Path, module: &str, modules: &[String]) {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let module = if module.is_empty() && modules.iter().any(|module| module == stem) { stem } else { module };
            if path.is_dir() {
                self.read_folder(&path, module, modules);
            } else {
                self.read_file(&fs::read_to_string(&path).unwrap(), module);
            }
        }
    }

    fn read_file(&mut self, text: &str, module: &str) {
        let qualified = |name: &str| if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") };
        let mut lines = text.lines();
        let mut derives_error = false;
        while let Some(line) = lines.next() {
            let code = line.trim_start();
            let indent = line.len() - code.len();
            if code.starts_with("#[derive(") {
                let mut derive = code.to_owned();
                while !derive.contains(")]") {
                    derive.push_str(lines.next().expect("a derive ends"));
                }
                derives_error |= words(&derive).any(|word| word == "Error");
            } else if let Some(name) = name_after(code, &["pub enum ", "pub struct "]) {
                if derives_error {
                    self.errors.insert(qualified(&name));
                }
                derives_error = false;
                if code.starts_with("pub enum ") && !code.ends_with('}') {
                    let body = lines.by_ref().take_while(|line| !is_closing(line, indent));
                    let variants = body.filter_map(|line| variant(line, indent)).collect();
                    self.variants.insert(qualified(&name), variants);
                }
            } else if let Some(name) = implementor(code, "Display") {
                self.texts.insert(qualified(name));
            } else if let Some(name) = implementor(code, "Error") {
                self.errors.insert(qualified(name));
            } else if !code.is_empty() && !code.starts_with("#[") && !code.starts_with("//") && is_item(code) {
                // The derive was another item's.
                derives_error = false;
            }
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric())
}

fn name_after(code: &str, starts: &[&str]) -> Option<String> {
    let rest = starts.iter().find_map(|start| code.strip_prefix(start))?;
    words(rest).next().map(str::to_owned)
}

fn is_item(code: &str) -> bool {
    ["struct ", "enum ", "pub(", "union "].iter().any(|start| code.starts_with(start))
}

/// The line of the brace that closes an item.
fn is_closing(line: &str, indent: usize) -> bool {
    line.trim_start().starts_with('}') && line.len() - line.trim_start().len() == indent
}

/// A variant stands one level in; its fields, attributes and documentation do not.
fn variant(line: &str, indent: usize) -> Option<String> {
    let code = line.trim_start();
    let is_name = code.starts_with(char::is_uppercase) && line.len() - code.len() == indent + 4;
    is_name.then(|| words(code).next().unwrap_or_default().to_owned())
}

/// The type in `impl … Trait for Type`, however the trait's path is written.
fn implementor<'c>(code: &'c str, name: &str) -> Option<&'c str> {
    let (before, implementor) = code.strip_prefix("impl")?.split_once(" for ")?;
    let is_trait = before.rsplit([' ', ':', '>']).next() == Some(name);
    words(implementor).next().filter(|_| is_trait)
}

#[test]
fn declarations_are_found_at_any_depth() {
    let text = "\
#[derive(Clone, Debug, Error)]
#[error(\"{reason}\")]
pub struct Refusal {
    reason: Reason,
}

#[derive(Clone)]
#[derive(
    Debug,
    Error,
)]
pub enum Reason {
    /// Too large.
    #[error(
        \"it is large\"
    )]
    Large,
    Other {
        Name: &'static str,
    },
}

mod nested {
    #[derive(Clone, Error)]
    struct Private;

    #[derive(Clone)]
    pub enum Plain {
        One(u8),
    }

    impl<'a> std::fmt::Display for Plain {}
    impl core::error::Error for Other<'_> {}
    impl Debug for Private {}
}
";
    let mut source = Source::default();
    source.read_file(text, "op");
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(source.errors, set(&["op::Refusal", "op::Reason", "op::Other"]));
    assert_eq!(source.texts, set(&["op::Plain"]));
    let variants = [("op::Plain", set(&["One"])), ("op::Reason", set(&["Large", "Other"]))];
    assert_eq!(source.variants, BTreeMap::from(variants.map(|(name, variants)| (name.to_owned(), variants))));
}
