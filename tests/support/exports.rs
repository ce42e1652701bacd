//! What the crate exports, read from its source: a list that nobody has to keep.

use std::collections::BTreeSet;
use std::path::Path;

use super::repository;

/// A type that hosts can name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Export {
    /// Such as `Client`, or `op::Decision`.
    pub(crate) public: String,
    /// The same for the module that it is defined in: `op::…` for what stands below `src/op/`.
    pub(crate) home: String,
}

/// The public modules of the crate: those that `lib.rs` declares with `pub mod`.
pub(crate) fn public_modules() -> Vec<String> {
    modules_in(&read("lib.rs"))
}

/// The types that `lib.rs` and the public modules export with `pub use`.
pub(crate) fn public_types() -> BTreeSet<Export> {
    let exports = exports(&read);
    assert!(exports.len() > 40, "misread: {exports:?}");
    exports
}

fn read(file: &str) -> String {
    repository::read(Path::new("src").join(file))
}

fn modules_in(source: &str) -> Vec<String> {
    items(source, "pub mod ")
}

/// The same for any source.
pub(crate) fn exports(read: &dyn Fn(&str) -> String) -> BTreeSet<Export> {
    let root = read("lib.rs");
    let modules = modules_in(&root);
    let mut exports = of_module(&root, "", &modules);
    for module in &modules {
        let source = read(&format!("{module}.rs"));
        // A page of documentation.
        if source.lines().all(|line| line.is_empty() || line.starts_with("#![doc")) {
            continue;
        }
        let of_module = of_module(&source, module, &modules);
        assert!(!of_module.is_empty(), "{module} exports nothing");
        exports.extend(of_module);
    }
    exports
}

fn of_module(source: &str, module: &str, modules: &[String]) -> BTreeSet<Export> {
    let mut paths = Vec::new();
    for tree in items(source, "pub use ") {
        flatten("", &tree, &mut paths);
    }
    paths.into_iter().filter(|path| !is_function(path)).map(|path| export(&path, module, modules)).collect()
}

fn is_function(path: &str) -> bool {
    let name = path.rsplit("::").next().unwrap_or_default();
    name.contains('_') && name.chars().all(|character| character.is_ascii_lowercase() || character == '_')
}

fn export(path: &str, module: &str, modules: &[String]) -> Export {
    let (path, renamed) = path.split_once(" as ").map_or((path, None), |(path, name)| (path, Some(name)));
    // From the root of the crate, where the path does not begin there itself.
    let from_root = match path.strip_prefix("crate::") {
        Some(path) => path.to_owned(),
        None => join(module, path.strip_prefix("self::").unwrap_or(path)),
    };
    let (first, name) = (from_root.split("::").next(), from_root.rsplit("::").next());
    let is_type = |name: &str| name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphanumeric);
    let name = name.filter(|name| is_type(name)).unwrap_or_else(|| panic!("misread: {path}"));
    let home = modules.iter().find(|module| Some(module.as_str()) == first).map_or("", String::as_str);
    Export { public: join(module, renamed.unwrap_or(name)), home: join(home, name) }
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

/// What follows `start` in each item that begins with it at the start of a line, as rustfmt lays
/// them out.
fn items(source: &str, start: &str) -> Vec<String> {
    let code: Vec<_> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = format!("\n{}", code.join("\n"));
    let start = format!("\n{start}");
    let items = code.split(&start).skip(1).map(|item| {
        let (item, _) = item.split_once(';').expect("an item ends with a semicolon");
        item.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    items.collect()
}

/// `a::{b, c::D}` as `a::b` and `a::c::D`.
fn flatten(before: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((start, list)) = tree.split_once('{') else {
        if !tree.is_empty() {
            paths.push(format!("{before}{tree}"));
        }
        return;
    };
    let list = list.strip_suffix('}').unwrap_or_else(|| panic!("misread: {tree}"));
    let mut depth = 0;
    let elements = list.split(|character| {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    });
    for element in elements {
        flatten(&format!("{before}{start}"), element, paths);
    }
}
