//! The repository's pages against the repository: rules, names of tests, links and paths.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::support::repository::{ROOT, files, read};

#[test]
fn a_rule_that_a_comment_names_has_a_heading() {
    let design = read("DESIGN.md");
    let mut named = BTreeSet::new();
    for file in files("src") {
        let text = read(file).to_lowercase();
        // `rule 4`, and both numbers of `rules 7 and 8`.
        for start in ["rule ", "rules "] {
            for after in text.split(start).skip(1) {
                let words = after.split([' ', ',', '.', ')', ':', '\n']).filter(|word| *word != "and");
                named.extend(words.map_while(|word| word.parse::<u32>().ok()));
            }
        }
    }
    assert!(named.len() > 3, "misread: {named:?}");
    for rule in named {
        assert!(design.contains(&format!("\n## Rule {rule}: ")), "DESIGN.md has no rule {rule}");
    }
}

#[test]
fn the_guarantees_name_every_compile_fail_test() {
    let design = read("DESIGN.md");
    for file in files("tests/compile_fail") {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(design.contains(&format!("`{name}`")), "DESIGN.md does not say what {name} guarantees");
    }
    let section = design.split("\n## ").find(|section| section.contains("`tests/compile_fail`")).expect("the section");
    let names = section.split('`').skip(1).step_by(2).filter(|code| {
        code.contains('_')
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    });
    for name in names.filter(|name| *name != "session_ended") {
        let file = format!("tests/compile_fail/{name}.rs");
        assert!(Path::new(ROOT).join(&file).exists(), "DESIGN.md: no file {file}");
    }
}

#[test]
fn the_tests_that_the_threat_model_names_exist() {
    let text = read("SECURITY.md");
    let named: Vec<_> = text.split('`').skip(1).step_by(2).collect();
    let modules = named.iter().filter_map(|name| Some(format!("tests/it/{}.rs", name.strip_prefix("it::")?)));
    let vectors = named.iter().filter_map(|name| Some(format!("tests/vectors/{}", name.strip_prefix("vectors/")?)));
    let files: BTreeSet<_> = modules.chain(vectors).collect();
    assert!(files.len() > 10, "misread: {files:?}");
    for file in files {
        assert!(Path::new(ROOT).join(&file).exists(), "SECURITY.md: no file {file}");
    }
}

#[test]
fn comments_fit_into_100_columns() {
    let folders = ["src", "examples", "tests", "benches", "fuzz/fuzz_targets", "fuzz/src"];
    let is_of_the_build = |file: &PathBuf| {
        let built = ["target", "node_modules"].map(OsStr::new);
        file.components().any(|part| built.contains(&part.as_os_str()))
    };
    let mut wide = Vec::new();
    for file in folders.into_iter().flat_map(files).filter(|file| !is_of_the_build(file)) {
        if file.extension() == Some(OsStr::new("rs")) {
            let text = read(&file);
            let lines = (1..).zip(text.lines()).filter(|(_, line)| !fits(line));
            wide.extend(lines.map(|(number, _)| format!("{}:{number}", file.display())));
        }
    }
    assert!(wide.is_empty(), "\n{}", wide.join("\n"));
}

fn fits(line: &str) -> bool {
    let comment = line.trim_start();
    // Hidden lines of examples are not read. Links and rows of tables cannot be broken.
    let cannot_break = ["/// # ", "//! # ", "//! |", "/// |"].iter().any(|start| comment.starts_with(start));
    !comment.starts_with("//") || cannot_break || comment.contains("://") || line.chars().count() <= 100
}

#[test]
fn the_page_about_benchmarks_has_the_recorded_counts() {
    let page = read("benches/README.md").replace(',', "");
    let counts = read("benches/instructions.txt");
    let counts: Vec<_> = counts.lines().skip(1).filter_map(|line| line.split_once(' ')).collect();
    assert!(counts.len() > 5, "misread: {counts:?}");
    for (name, count) in counts {
        assert!(page.contains(&format!("| `{name}` | {} |", count.trim())), "benches/README.md: {name}");
    }
}

/// A page of the documentation shows 93 columns at a width of 1280 pixels.
#[test]
fn examples_and_diagrams_fit_into_a_page() {
    let mut wide = Vec::new();
    for file in files("src") {
        let mut in_example = false;
        for (number, line) in (1..).zip(read(&file).lines()) {
            let comment = line.trim_start();
            let Some(text) = comment.strip_prefix("//!").or_else(|| comment.strip_prefix("///")) else {
                in_example = false;
                continue;
            };
            let text = text.strip_prefix(' ').unwrap_or(text);
            if text.starts_with("```") {
                in_example = !in_example;
            } else if in_example && !text.starts_with("# ") && text.chars().count() > 93 {
                wide.push(format!("{}:{number}", file.display()));
            }
        }
    }
    assert!(wide.is_empty(), "\n{}", wide.join("\n"));
}

#[test]
fn links_and_paths_of_the_pages_lead_to_files() {
    for page in [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "DESIGN.md",
        "SECURITY.md",
        "benches/README.md",
        "benches/peers/README.md",
        "tests/vectors/README.md",
    ] {
        let text = read(page);
        let folder = Path::new(page).parent().expect("a folder");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
            assert!(Path::new(ROOT).join(folder).join(file).exists(), "{page}: no file {target}");
            if !fragment.is_empty() {
                let text = if file.is_empty() { text.clone() } else { read(folder.join(file)) };
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                assert!(headings.any(|heading| anchor(heading) == fragment), "{page}: no heading {target}");
            }
        }
        // Paths in code, from the root of the repository. These words and `*` stand for any name.
        let starts = [".ci/", "benches/", "examples/", "fuzz/", "src/", "tests/"];
        for path in text.split('`').skip(1).step_by(2).filter(|code| starts.iter().any(|start| code.starts_with(start)))
        {
            let path = path.split(' ').next().unwrap_or_default();
            let is_pattern = ["*", "FILE", "NAME", "TARGET"].iter().any(|it| path.contains(it));
            assert!(is_pattern || Path::new(ROOT).join(path).exists(), "{page}: no file {path}");
        }
    }
}

/// The anchor of a heading, as repository pages and rustdoc make it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|&char| char.is_alphanumeric() || char == '-' || char == '_').collect()
}
