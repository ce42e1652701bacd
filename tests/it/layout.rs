//! The layout of `src/`: which file may name which. Roles stand on shared ground, nothing imports
//! upwards, and there is no import cycle.
//!
//! Read are the paths of the code, in `use` lines, inline and in macro bodies. Comments do not
//! count, so documentation may link anywhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::repository;

/// The areas from top to bottom: a file may name its own area and those below it.
const AREAS: [&str; 15] = [
    "lib",
    "design",
    "rp",
    "op",
    "metadata",
    "jws",
    "seal",
    "crypto",
    "answer",
    "request_headers",
    "form",
    "json",
    "uri",
    "parameter",
    "bytes",
];

/// The roles, which must not know each other.
const ROLES: [&str; 2] = ["op", "rp"];

#[test]
fn the_source_keeps_its_layout() {
    let faults = faults(&read());
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_file_has_an_area_and_every_area_but_the_role_to_come_has_a_file() {
    let found: BTreeSet<_> = read().keys().map(|file| area(file).to_owned()).collect();
    let unknown: Vec<_> = found.iter().filter(|area| !AREAS.contains(&area.as_str())).collect();
    assert!(unknown.is_empty(), "give them a place in the order: {unknown:?}");
    let missing: Vec<_> = AREAS.into_iter().filter(|area| !found.contains(*area)).collect();
    assert_eq!(missing, ["rp"]);
}

#[test]
fn wrong_imports_are_found_with_their_lines() {
    let planted = |file: &str, text: &str| {
        let mut sources = read();
        sources.entry(file.to_owned()).or_default().push_str(text);
        faults(&sources)
    };
    for (file, text, fault) in [
        ("src/uri.rs", "\nuse crate::op::Client;", "the ground names a role"),
        ("src/json.rs", "\nfn f() { let _ = crate::op::request::Method::Get; }", "the ground names a role"),
        ("src/json.rs", "\nmacro_rules! m { () => { $crate::op::Client } }", "the ground names a role"),
        ("src/crypto/secret.rs", "\nuse crate::{json::Value, jws::{Token, KeySet}};", "imports upwards"),
        ("src/crypto/secret.rs", "\nuse super::super::jws::Token;", "imports upwards"),
        ("src/rp.rs", "\nuse crate::op::Client;", "one role names the other"),
        ("src/op/client.rs", "\nuse crate::rp::RelyingParty;", "one role names the other"),
        ("src/op/hint.rs", "\nuse super::verify::Hint;", "an import cycle"),
        ("src/op/hint.rs", "\nuse super::Pending;", "an import cycle"),
    ] {
        let found = planted(file, text);
        assert!(found.iter().any(|found| found.contains(fault)), "{file}{text}\n{found:?}");
        let line = format!("{file}:{}:", read().get(file).map_or(0, |text| text.lines().count()) + 2);
        let is_there = found.iter().any(|found| found.contains(&line));
        assert!(is_there, "no line {line} in {found:?}");
    }
    for (file, text) in [
        ("src/uri.rs", "\n/// [`Client`](crate::op::Client) and `crate::op`."),
        ("src/uri.rs", "\n/* crate::op::Client */"),
        ("src/uri.rs", "\nconst TEXT: &str = \"crate::op::Client\";"),
    ] {
        assert_eq!(planted(file, text), [""; 0], "{text}");
    }
}

/// The source files by their path from the root of the repository.
fn read() -> BTreeMap<String, String> {
    let sources = repository::files("src").into_iter();
    sources.map(|file| (file.to_string_lossy().replace('\\', "/"), repository::read(&file))).collect()
}

/// The area of a file: `src/op/client.rs` and `src/op.rs` belong to `op`.
fn area(file: &str) -> &str {
    let path = file.strip_prefix("src/").unwrap_or(file);
    path.split(['/', '.']).next().unwrap_or_default()
}

/// The module of a file, without `crate`.
fn module(file: &str) -> Vec<String> {
    let path = file.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")).unwrap_or(file);
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// A path that a file names, absolute and without `crate`.
struct Named {
    line: usize,
    path: Vec<String>,
}

fn faults(sources: &BTreeMap<String, String>) -> Vec<String> {
    let files: BTreeMap<Vec<String>, &str> = sources.keys().map(|file| (module(file), file.as_str())).collect();
    let named: BTreeMap<&str, Vec<Named>> =
        sources.iter().map(|(file, text)| (file.as_str(), paths(&module(file), text, &files))).collect();
    let mut faults = Vec::new();
    let mut arrows: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (file, names) in &named {
        for Named { line, path } in names {
            let (from, text) = (area(file), format!("crate::{}", path.join("::")));
            let to = path.first().map_or("lib", String::as_str);
            let place = |area| AREAS.iter().position(|known| *known == area);
            let fault = match (place(from), place(to)) {
                _ if ROLES.contains(&from) && ROLES.contains(&to) && from != to => "one role names the other",
                _ if from != "lib" && !ROLES.contains(&from) && ROLES.contains(&to) => "the ground names a role",
                (Some(from), Some(to)) if to < from => "imports upwards",
                _ => "",
            };
            if !fault.is_empty() {
                faults.push(format!("{file}:{line}: {fault}: {text}"));
            }
            if let Some(target) = target(path, &files, &named)
                && target != *file
            {
                arrows.entry(*file).or_default().entry(target).or_insert(*line);
            }
        }
    }
    faults.extend(cycles(&arrows));
    faults
}

/// The file that defines what a path names: re-exports are followed.
fn target<'f>(
    path: &[String],
    files: &BTreeMap<Vec<String>, &'f str>,
    named: &BTreeMap<&str, Vec<Named>>,
) -> Option<&'f str> {
    let length = (0..=path.len()).rev().find(|&length| files.contains_key(&path[..length]))?;
    let file = files[&path[..length]];
    let Some(name) = path.get(length) else { return Some(file) };
    let re_exported = named[file].iter().find(|named| named.path.last() == Some(name) && named.path.len() > length);
    match re_exported {
        Some(named_there) if named_there.path != path => target(&named_there.path, files, named),
        _ => Some(file),
    }
}

/// One message for each arrow that closes a circle.
fn cycles(arrows: &BTreeMap<&str, BTreeMap<&str, usize>>) -> Vec<String> {
    let reaches = |from: &str, to: &str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(file) = open.pop() {
            if file == to {
                return true;
            }
            if seen.insert(file) {
                open.extend(arrows.get(file).into_iter().flat_map(BTreeMap::keys));
            }
        }
        false
    };
    let all = arrows.iter().flat_map(|(from, to)| to.iter().map(move |(to, line)| (from, to, line)));
    all.filter(|(from, to, _)| reaches(to, from))
        .map(|(from, to, line)| format!("{from}:{line}: an import cycle: {to} reaches back"))
        .collect()
}

/// The paths in the code that begin with `crate`, `super`, `self` or a child module.
fn paths(module: &[String], text: &str, files: &BTreeMap<Vec<String>, &str>) -> Vec<Named> {
    let tokens = tokens(text);
    let mut paths = Vec::new();
    let mut depth = Depth::default();
    for at in 0..tokens.len() {
        depth.see(&tokens, at);
        let (line, token) = &tokens[at];
        let follows_path = at > 0 && tokens[at - 1].1 == "::";
        let leads = tokens.get(at + 1).is_some_and(|(_, next)| next == "::");
        if follows_path || !leads {
            continue;
        }
        let child: Vec<_> = module.iter().cloned().chain([token.clone()]).collect();
        let base = match token.as_str() {
            "crate" => Vec::new(),
            // Inside an inline module, `super` is this file and `self` the inline module.
            "super" => module[..module.len().saturating_sub(usize::from(!depth.is_inline()))].to_vec(),
            "self" => module.to_vec(),
            _ if files.contains_key(&child) => child,
            _ => continue,
        };
        tree(&tokens, at + 2, base, *line, &mut paths);
    }
    paths
}

/// Reads what follows a `::`, with groups in braces. Returns where it ends.
fn tree(
    tokens: &[(usize, String)],
    mut at: usize,
    mut base: Vec<String>,
    line: usize,
    paths: &mut Vec<Named>,
) -> usize {
    loop {
        match tokens.get(at).map(|(_, token)| token.as_str()) {
            Some("super") => {
                base.pop();
            }
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|(_, token)| token != "}") {
                    at = match tokens[at].1.as_str() {
                        "," => at + 1,
                        _ => tree(tokens, at, base.clone(), tokens[at].0, paths),
                    };
                }
                return at + 1;
            }
            Some("self") => {}
            Some(name) if is_name(name) => base.push(name.to_owned()),
            _ => {}
        }
        at += 1;
        if tokens.get(at).is_none_or(|(_, token)| token != "::") {
            break;
        }
        at += 1;
    }
    // `as` gives it another name here, which nothing in this crate does across files.
    if tokens.get(at).is_some_and(|(_, token)| token == "as") {
        at += 2;
    }
    paths.push(Named { line, path: base });
    at
}

/// Whether the place is inside `mod name { … }`.
#[derive(Default)]
struct Depth {
    braces: usize,
    inline: Vec<usize>,
}

impl Depth {
    fn see(&mut self, tokens: &[(usize, String)], at: usize) {
        match tokens[at].1.as_str() {
            "{" => {
                self.braces += 1;
                if at >= 2 && tokens[at - 2].1 == "mod" {
                    self.inline.push(self.braces);
                }
            }
            "}" => {
                if self.inline.last() == Some(&self.braces) {
                    self.inline.pop();
                }
                self.braces = self.braces.saturating_sub(1);
            }
            _ => {}
        }
    }

    fn is_inline(&self) -> bool {
        !self.inline.is_empty()
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Names and punctuation with their lines, without comments and the contents of strings.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    let starts = |at: usize, with: &str| chars[at..].iter().take(with.len()).copied().eq(with.chars());
    while at < chars.len() {
        let start = at;
        let char = chars[at];
        if starts(at, "//") {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            while at < chars.len() && !starts(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if char == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if char == '\'' {
            // A character, or a lifetime.
            let is_char = chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'');
            at += 1;
            if is_char {
                while at < chars.len() && chars[at] != '\'' {
                    at += if chars[at] == '\\' { 2 } else { 1 };
                }
                at += 1;
            }
        } else if char.is_alphabetic() || char == '_' {
            while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                at += 1;
            }
            tokens.push((line, chars[start..at].iter().collect()));
        } else if starts(at, "::") {
            at += 2;
            tokens.push((line, "::".to_owned()));
        } else {
            at += 1;
            if "{},;".contains(char) {
                tokens.push((line, char.to_string()));
            }
        }
        line += chars[start..at.min(chars.len())].iter().filter(|&&char| char == '\n').count();
    }
    tokens
}
