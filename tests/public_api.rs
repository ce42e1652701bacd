//! The public API names types and traits of this crate, of the standard library, and of a few
//! allowed crates.
//!
//! The test reads rustdoc's JSON, which stable Rust writes if `RUSTC_BOOTSTRAP` is set. It demands
//! that exactly the allowed crates are found. So it also fails if the JSON format changes and the
//! walk finds nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

mod support;

use support::{exports, nested};

/// The traits of `serde` live in `serde_core`.
const ALLOWED: [&str; 2] = ["serde_core", "time"];
/// A page of the documentation, and the role. Everything else is exported at the root.
const MODULES: [&str; 2] = ["design", "op"];
const STD: [&str; 3] = ["alloc", "core", "std"];

#[test]
#[ignore = "reads rustdoc's JSON, which is not stable: .ci/run runs it"]
fn the_public_api_names_allowed_crates_only() {
    let api = &*API;
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for item in api["index"].as_object().expect("index").values() {
        let implementation = &item["inner"]["impl"];
        // Auto traits, and impls of other crates for every `T`, are not written in this crate.
        let inherited = implementation["is_synthetic"] == true || implementation["blanket_impl"].is_object();
        if item["crate_id"] == 0 && !inherited {
            references(&item["inner"], &mut |id, text| {
                let owner = owner(api, id);
                if owner != "(this)" && !STD.contains(&owner) {
                    let at = &item["span"];
                    found.entry(owner).or_default().insert(format!(
                        "{}:{} {} names {text}",
                        at["filename"].as_str().unwrap_or("?"),
                        at["begin"][0],
                        item["name"].as_str().unwrap_or("impl or use"),
                    ));
                }
            });
        }
    }
    let crates: Vec<_> = found.keys().copied().collect();
    found.retain(|owner, _| !ALLOWED.contains(owner));
    assert_eq!(crates, ALLOWED, "not allowed: {found:#?}");
}

/// The other tests read the exports from the source. This one checks that they find all of them.
#[test]
#[ignore = "reads rustdoc's JSON, which is not stable: .ci/run runs it"]
fn the_public_types_are_those_that_the_source_names() {
    let mut exported = BTreeSet::new();
    let (names, modules) = items_of(&API["root"]);
    exported.extend(names);
    for (module, id) in &modules {
        let (names, modules) = items_of(id);
        assert!(modules.is_empty(), "public modules in {module}: {modules:?}");
        exported.extend(names.iter().map(|name| format!("{module}::{name}")));
    }
    assert!(modules.keys().map(String::as_str).eq(MODULES), "{modules:?}");
    assert_eq!(modules.into_keys().collect::<Vec<_>>(), exports::public_modules());
    let is_type = |name: &String| name.rsplit("::").next().is_some_and(|name| name.starts_with(char::is_uppercase));
    let (types, functions): (BTreeSet<_>, BTreeSet<_>) = exported.into_iter().partition(is_type);
    assert_eq!(types, exports::public_types().into_iter().map(|export| export.public).collect());
    assert_eq!(functions.into_iter().collect::<Vec<_>>(), ["form_action_source"]);
}

/// The names that a module exports with `pub use`, and its public modules. A module may hold
/// nothing else.
fn items_of(module: &Value) -> (BTreeSet<String>, BTreeMap<String, Value>) {
    let index = API["index"].as_object().expect("index");
    let mut names = BTreeSet::new();
    let mut modules = BTreeMap::new();
    for id in index[&module.to_string()]["inner"]["module"]["items"].as_array().expect("items") {
        let item = &index[&id.to_string()];
        if item["inner"]["module"].is_object() {
            modules.insert(item["name"].as_str().expect("a module has a name").to_owned(), id.clone());
        } else {
            let name = item["inner"]["use"]["name"].as_str().expect("nothing but `pub use` and `pub mod`");
            names.insert(name.to_owned());
        }
    }
    (names, modules)
}

/// Calls `hit` for each path to a type, trait or re-exported item in `node`.
fn references<'a>(node: &'a Value, hit: &mut impl FnMut(&'a Value, &'a str)) {
    match node {
        Value::Object(map) => {
            let text = map.get("path").or_else(|| map.get("source"));
            if let (Some(id), Some(Value::String(text))) = (map.get("id"), text) {
                hit(id, text);
            }
            map.values().for_each(|child| references(child, hit));
        }
        Value::Array(list) => list.iter().for_each(|child| references(child, hit)),
        _ => {}
    }
}

/// The name of the crate that defines the item `id`.
fn owner<'a>(api: &'a Value, id: &Value) -> &'a str {
    let id = id.to_string();
    let item = [&api["paths"][&id], &api["index"][&id]].into_iter().find(|item| item.is_object());
    match item.map(|item| &item["crate_id"]) {
        None => "(unknown)",
        Some(crate_id) if *crate_id == 0 => "(this)",
        Some(crate_id) => api["external_crates"][crate_id.to_string()]["name"].as_str().expect("crate name"),
    }
}

static API: LazyLock<Value> = LazyLock::new(|| {
    let status = nested::cargo("rustdoc")
        .args(["--", "-Zunstable-options", "--output-format=json", "--document-hidden-items"])
        .status()
        .expect("cargo starts");
    assert!(status.success(), "cargo rustdoc: {status}");
    let json = nested::target().join(format!("doc/{}.json", nested::CRATE));
    serde_json::from_slice(&std::fs::read(json).expect("rustdoc JSON")).expect("JSON")
});
