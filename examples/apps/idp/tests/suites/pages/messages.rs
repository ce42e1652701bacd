//! The messages: both languages have the same ones, and none is missing or unused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::samples::{codes, samples};
use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;
use idp::pages::{Language, PageError, SignOutVariant};

const LOCALES: [(&str, &str); 2] =
    [("en", include_str!("../../../locales/en.ftl")), ("es", include_str!("../../../locales/es.ftl"))];

/// Each message with its text.
fn messages(source: &str) -> BTreeMap<&str, String> {
    let mut messages: BTreeMap<&str, String> = BTreeMap::new();
    let mut id = "";
    for line in source.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with(' ') {
            messages.get_mut(id).unwrap().push_str(line);
        } else {
            let (name, text) = line.split_once(" =").unwrap();
            id = name;
            assert!(messages.insert(id, text.to_owned()).is_none(), "{id} twice");
        }
    }
    messages
}

fn variables(text: &str) -> BTreeSet<&str> {
    text.split('$').skip(1).map(|rest| rest.split([' ', '}']).next().unwrap()).collect()
}

fn fluent_finds(source: &str) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![]);
    bundle.add_resource(FluentResource::try_new(source.to_owned()).unwrap()).unwrap();
    bundle
}

#[test]
fn both_languages_have_the_same_messages() {
    assert_eq!(LOCALES.map(|(tag, _)| tag), Language::ALL.map(Language::tag));
    let [english, spanish] = LOCALES.map(|(_, source)| messages(source));
    assert_eq!(english.keys().collect::<Vec<_>>(), spanish.keys().collect::<Vec<_>>());
    for (id, text) in &english {
        assert_eq!(variables(text), variables(&spanish[id]), "{id}");
        let same_word = ["client-claim", "client-error-code"].contains(id);
        assert_eq!(text == &spanish[id], same_word, "{id} is not translated");
    }
    for (tag, source) in LOCALES {
        let bundle = fluent_finds(source);
        for id in messages(source).keys() {
            assert!(bundle.get_message(id).unwrap().value().is_some(), "{tag}: {id}");
        }
    }
}

/// The texts that follow one of these in the templates and the source, up to the quote.
fn named(sources: &str, before: &str) -> BTreeSet<String> {
    sources.split(before).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directories = [root.join("templates"), root.join("src/pages")];
    let files = directories.iter().flat_map(|directory| fs::read_dir(directory).unwrap());
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn every_message_is_there_and_is_used() {
    let sources = sources();
    let defined: BTreeSet<String> = messages(LOCALES[0].1).into_keys().map(str::to_owned).collect();
    let mut by_call = BTreeSet::new();
    for call in ["text(\"", "text_with(\"", "text_with_number(\""] {
        by_call.extend(named(&sources, call));
    }
    by_call.remove("no-such-message");
    assert!(by_call.is_subset(&defined), "{:?}", by_call.difference(&defined));

    let of = |prefix: &str, code: &str| format!("{prefix}-{}", code.replace('_', "-"));
    let mut by_code: BTreeSet<String> = BTreeSet::new();
    for (name, prefix) in [("RefusalReason", "refusal"), ("HintError", "hint"), ("ConfirmReason", "ask")] {
        let codes = codes(name).into_iter().filter(|code| code != "id_token_hint_invalid");
        by_code.extend(codes.map(|code| of(prefix, &code)));
    }
    by_code.extend(PageError::ALL.iter().map(|error| of("error", error.code())));
    for variant in SignOutVariant::ALL {
        by_code.extend([of("sign-out", variant.code()), of("sign-out", &format!("{}_text", variant.code()))]);
    }
    assert!(by_code.len() > 50, "misread: {by_code:?}");
    assert!(by_code.is_subset(&defined), "{:?}", by_code.difference(&defined));

    let unused = |id: &&String| !by_code.contains(*id) && !sources.contains(&format!("\"{id}\""));
    assert_eq!(defined.iter().filter(unused).collect::<Vec<_>>(), [] as [&String; 0]);
}

#[test]
fn no_page_shows_a_missing_message() {
    for language in Language::ALL {
        for sample in samples(language, "value") {
            let html = sample.html;
            assert!(!html.contains("{$") && !html.contains("{ $"), "{}: a variable is missing", sample.name);
            for rest in html.split('[').skip(1) {
                let id = rest.split(']').next().unwrap();
                let is_id = id.chars().all(|char| char.is_ascii_lowercase() || char == '-');
                assert!(!is_id, "{}: {id}", sample.name);
            }
        }
    }
}

#[test]
fn each_reason_to_ask_has_words_of_its_own() {
    for (tag, source) in LOCALES {
        let messages = messages(source);
        let codes = codes("ConfirmReason");
        let words: BTreeSet<_> =
            codes.iter().map(|code| &messages[format!("ask-{}", code.replace('_', "-")).as_str()]).collect();
        assert_eq!(words.len(), codes.len(), "{tag}");
    }
}
