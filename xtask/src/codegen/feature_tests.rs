//! Features and gates on a small manifest of two groups.

use std::collections::BTreeMap;
use std::path::Path;

use crate::codegen::manifest::Manifest;
use crate::codegen::overlay::Overlay;
use crate::codegen::{files, render};

const TWO_GROUPS: &str = r#"
[schema.cat]
id = "str"
mood = "enum(calm, wild)"
home = "@cat.home"

[schema."cat.home"]
kind = "enum(house, barn)"

[schema.dog]
name = "str"
friend = "@cat"

[schema.vet]
rooms = "[@vet.room]"

[schema."vet.room"]
patient = "@dog"

[op.ShowCat]
http = "GET /cats/{id}"
p.id = "str"
ok.200 = "@cat"

[op.ShowDog]
http = "GET /dogs/{id}"
"@" = "2.16.."
p.id = "str"
ok.200 = "@dog"

[op.ShowVet]
http = "GET /cats/{id}/vet"
"@" = "Preview"
p.id = "str"
ok.200 = "@vet"
"#;

const TWO_FEATURES: &str = r#"
emit = ["cats", "dogs"]
default = ["cats"]
groups = { cats = ["cats", "vet"], dogs = ["dogs"] }
homes = { cat = "cats", dog = "dogs" }
ids = {}
references = {}
types = {}
correction = []
"#;

/// The attribute above each item of the two groups, by the line after it.
fn attributes() -> Vec<(String, String)> {
    let manifest = Manifest::parse(TWO_GROUPS).expect("a manifest");
    let overlay = Overlay::parse(TWO_FEATURES).expect("an overlay");
    let sources = files(manifest, &overlay).expect("the manifest can be generated from");
    let mut attributes = Vec::new();
    for name in ["mod", "cats", "dogs"] {
        let source = &sources[Path::new(&format!("src/generated/{name}.rs"))];
        let mut gate = String::new();
        for line in source.lines().filter(|line| !line.starts_with("#[derive")) {
            match line.strip_prefix("#[cfg(") {
                Some(condition) => condition.trim_end_matches(")]").clone_into(&mut gate),
                None => attributes.push((line.trim().to_owned(), std::mem::take(&mut gate))),
            }
        }
    }
    attributes
}

#[test]
fn an_item_is_there_with_any_group_that_reaches_it() {
    let attributes: BTreeMap<String, String> = attributes().into_iter().collect();
    let cats = r#"feature = "cats""#;
    let dogs = r#"feature = "dogs""#;
    let preview = r#"all(feature = "preview", feature = "cats")"#;
    let either = r#"any(feature = "dogs", all(feature = "preview", feature = "cats"))"#;
    for (line, expected) in [
        // Modules: what opens any of their items.
        ("pub mod cats;", r#"any(feature = "cats", feature = "dogs")"#),
        ("pub mod dogs;", either),
        // An operation: its group, and Preview where nothing else has it.
        ("pub struct RetrieveCat {", cats),
        ("impl Operation for RetrieveCat {", cats),
        ("pub struct RetrieveDog {", dogs),
        ("pub struct RetrieveVet {", preview),
        // Types: the operations that reach them, through other types too.
        ("pub struct Vet {", preview),
        ("pub struct VetRoom {", preview),
        ("opaque_debug!(VetRoom);", preview),
        // What always comes with its file says nothing.
        ("pub struct Cat {", ""),
        ("pub struct CatHome {", ""),
        ("open_enum! {", ""),
        ("pub struct Dog {", ""),
        // Imports: the items that use them.
        ("use crate::attributes::Extra;", ""),
        ("use crate::operation::{Operation, Safety, check_version, decode_json};", dogs),
        ("use crate::generated::dogs::Dog;", preview),
        ("use crate::generated::cats::Cat;", ""),
    ] {
        assert_eq!(attributes.get(line).map(String::as_str), Some(expected), "{line}");
    }
}

fn check_feature_refusal(default: &str, emit: &str, expected: &str) {
    let overlay = TWO_FEATURES
        .replace("default = [\"cats\"]", default)
        .replace("emit = [\"cats\", \"dogs\"]", emit);
    let overlay = Overlay::parse(&overlay).expect("an overlay");
    let manifest = Manifest::parse(TWO_GROUPS).expect("a manifest");
    let error = files(manifest, &overlay).expect_err(expected);
    assert!(format!("{error:#}").contains(expected), "{error:#}");
}

#[test]
fn a_feature_that_would_hold_nothing_is_named() {
    let (default, emit) = ("default = []", "emit = [\"cats\", \"dogs\"]");
    check_feature_refusal("default = [\"cows\"]", emit, "the default group cows is not emitted");
    let cows = "emit = [\"cats\", \"cows\", \"dogs\"]";
    check_feature_refusal(default, cows, "the group cows is emitted but has no operation");
    let full = "emit = [\"cats\", \"dogs\", \"full\"]";
    check_feature_refusal(default, full, "the group full has the name of a feature");
}

#[test]
fn the_features_are_written_between_their_marks() {
    let overlay = Overlay::parse(TWO_FEATURES).expect("an overlay");
    let mark = "# <groups> Written by `cargo xtask codegen` from spec/overlay.toml.\n";
    let table = "default = [\n    \"cats\",\n]\n# Every group.\nfull = [\n    \"default\",\n    \
                 \"cats\",\n    \"dogs\",\n]\n# What only Preview has, of the groups that are \
                 on.\npreview = []\ncats = []\ndogs = []\n";
    let package = render::package(
        &format!("[features]\nown = []\n{mark}cows = []\n# </groups>\n\n[lib]\n"),
        &overlay,
    );
    let expected = format!("[features]\nown = []\n{mark}{table}# </groups>\n\n[lib]\n");
    assert_eq!(package.expect("both marks are there"), expected);
    let error = render::package("[features]\n", &overlay).expect_err("no marks");
    assert!(error.to_string().contains("Cargo.toml lacks the lines"), "{error}");
}
