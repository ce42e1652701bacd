//! The tables of codes in `DESIGN.md` against the source: none missing, none too many.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::repository::{files, read};

/// The codes of each type that has them.
type Codes = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_tables_of_codes_hold_every_code_and_no_other() {
    let in_source: Codes = files("src").into_iter().flat_map(|file| codes_of_source(&read(file))).collect();
    assert!(in_source.len() >= 5 && in_source.values().all(|codes| !codes.is_empty()), "misread: {in_source:?}");
    let faults = differences(&in_source, &codes_of_tables(&read("DESIGN.md")));
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn a_code_that_is_missing_or_gone_is_reported() {
    let source = "impl A {\n    pub fn code(self) -> &'static str {\n        match self {\n            \
                  Self::One => \"one\",\n            Self::Two { .. } => \"two\",\n        }\n    }\n\n    \
                  pub fn other(self) -> &'static str {\n        \"three\"\n    }\n}\n";
    let tables = "## Codes\n\n### First: `A`\n\n| code | what to do |\n|---|---|\n| `one` | `this` |\n| `four` | |\n\
                  \n### Second: `B`\n\n| `five` | |\n\n## Next\n\n### Third: `C`\n\n| `six` | |\n";
    let faults = differences(&codes_of_source(source), &codes_of_tables(tables));
    let expected = ["A: `two` is missing in the table", "A: `four` is no code", "B: has no function `code`"];
    assert_eq!(faults, expected);
}

#[test]
fn the_table_of_refusals_has_their_status() {
    let source = read("src/op/refusal.rs");
    let (_, source) = source.split_once("\nimpl RefusalReason {\n").expect("the type");
    let arms = |function: &str, variant: &str| -> Vec<(String, String)> {
        let arms = body(source, function).lines().filter_map(|line| line.trim().split_once(" => "));
        let name = |text: &str| text.split(|char: char| !char.is_alphanumeric()).next().unwrap_or_default().to_owned();
        let value = |text: &str| text.trim_end_matches(',').trim_matches('"').to_owned();
        // `A::One | A::Two => 400` is two arms.
        arms.flat_map(|(variants, text)| variants.split(variant).skip(1).map(move |it| (name(it), value(text))))
            .collect()
    };
    let statuses: BTreeMap<_, _> = arms("status", "RefusalReason::").into_iter().collect();
    let codes = arms("code", "Self::");
    assert!(statuses.len() >= 5 && codes.len() >= 18, "misread: {statuses:?} {codes:?}");
    let design = read("DESIGN.md");
    for (variant, code) in codes {
        let status = statuses.get(&variant).map_or("400", String::as_str);
        assert!(design.contains(&format!("\n| `{code}` | {status} | ")), "{code} is answered with {status}");
    }
}

/// What the types of a file return from `code`, as rustfmt lays it out.
fn codes_of_source(source: &str) -> Codes {
    let mut codes = Codes::new();
    for implementation in format!("\n{source}").split("\nimpl ").skip(1) {
        let implementation = implementation.split("\n}\n").next().unwrap_or_default();
        let name = implementation.split([' ', '<']).next().unwrap_or_default();
        let strings: BTreeSet<_> =
            body(implementation, "code").split('"').skip(1).step_by(2).map(str::to_owned).collect();
        if !strings.is_empty() {
            codes.entry(name.to_owned()).or_default().extend(strings);
        }
    }
    codes
}

/// The body of a method of that name that takes `self`, or nothing.
fn body<'s>(source: &'s str, function: &str) -> &'s str {
    let after = [format!("fn {function}(self)"), format!("fn {function}(&self)")]
        .iter()
        .find_map(|head| source.split_once(head.as_str()).map(|(_, after)| after));
    after.unwrap_or_default().split("\n    }\n").next().unwrap_or_default()
}

/// The first column of the tables below `## Codes`, by the type that each heading names.
fn codes_of_tables(design: &str) -> Codes {
    let section = design.split("## Codes\n").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut codes = Codes::new();
    for table in section.split("\n### ").skip(1) {
        let heading = table.lines().next().unwrap_or_default();
        let name = heading.rsplit('`').nth(1).expect("the heading ends with the name of a type");
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        codes.insert(name.to_owned(), rows.map(str::to_owned).collect());
    }
    codes
}

/// What one of the two has and the other lacks.
fn differences(in_source: &Codes, in_tables: &Codes) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, codes) in in_source {
        match in_tables.get(name) {
            None => faults.push(format!("{name}: has no table in DESIGN.md")),
            Some(table) => {
                faults.extend(codes.difference(table).map(|code| format!("{name}: `{code}` is missing in the table")));
                faults.extend(table.difference(codes).map(|code| format!("{name}: `{code}` is no code")));
            }
        }
    }
    let unknown = in_tables.keys().filter(|name| !in_source.contains_key(*name));
    faults.extend(unknown.map(|name| format!("{name}: has no function `code`")));
    faults
}
