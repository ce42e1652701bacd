//! What the source declares, so that nothing is left out.

use super::*;

/// What the source declares.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) variants: BTreeMap<String, BTreeSet<String>>,
    pub(crate) errors: BTreeSet<String>,
    pub(crate) texts: BTreeSet<String>,
}

/// Reads the public enums, the errors and the types with a text out of `src`, as rustfmt lays them out.
pub(crate) fn source() -> Source {
    let mut source = Source::default();
    read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut source);
    let public = exports::public_types();
    source.variants.retain(|name, _| public.contains(name));
    source.errors.retain(|name| public.contains(name));
    source.texts.retain(|name| public.contains(name));
    assert!(source.variants["RefusalReason"].len() > 15, "misread: {:?}", source.variants);
    source
}

pub(crate) fn read_folder(folder: &Path, source: &mut Source) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_folder(&path, source);
        } else {
            read_file(&std::fs::read_to_string(path).unwrap(), source);
        }
    }
}

pub(crate) fn read_file(text: &str, source: &mut Source) {
    let mut is_error = false;
    let mut within = None;
    for line in text.lines() {
        let name_after = |start: &str| {
            let rest = line.strip_prefix(start)?;
            rest.split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned)
        };
        if line.starts_with("#[derive(") {
            is_error = line.split(|c: char| !c.is_alphanumeric()).any(|name| name == "Error");
        }
        if let Some(name) = name_after("pub enum ").or_else(|| name_after("pub struct ")) {
            if line.starts_with("pub enum ") {
                within = Some(name.clone());
                source.variants.entry(name.clone()).or_default();
            }
            if is_error {
                source.errors.insert(name);
            }
            is_error = false;
        } else if let Some(name) = name_after("impl fmt::Display for ") {
            source.texts.insert(name);
        } else if let Some(name) = name_after("impl std::error::Error for ") {
            source.errors.insert(name);
        } else if line.starts_with('}') {
            within = None;
        } else if let (Some(name), Some(variant)) = (&within, name_after("    "))
            && variant.starts_with(char::is_uppercase)
        {
            source.variants.entry(name.clone()).or_default().insert(variant);
        }
    }
}
