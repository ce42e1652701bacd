//! The reader of the exports, on which other tests rely.

use crate::support::exports::{self, Export};

#[test]
fn an_export_is_known_by_its_path_and_by_the_module_that_defines_it() {
    let read = |file: &str| {
        let source = match file {
            "lib.rs" => {
                "//! Like `pub use of::Nothing;`.\n\nmod a;\npub mod op;\nuse a::Hidden;\n/// pub use a::B;\n\
                 pub use a::{\n    One, a_function, deep::{Two, deeper::Three},\n};\npub use op::Four as Shared;\n\
                 pub(crate) use a::Inner;\n"
            }
            "op.rs" => "pub use crate::a::One;\npub use self::b::Five;\npub use c::{Four};\n",
            other => panic!("no module {other}"),
        };
        source.to_owned()
    };
    let expected = [
        ("One", "One"),
        ("Shared", "op::Four"),
        ("Three", "Three"),
        ("Two", "Two"),
        ("op::Five", "op::Five"),
        ("op::Four", "op::Four"),
        ("op::One", "One"),
    ];
    let expected = expected.map(|(public, home)| Export { public: public.to_owned(), home: home.to_owned() });
    assert!(exports::exports(&read).into_iter().eq(expected));
}
