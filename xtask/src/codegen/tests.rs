//! The generator on small descriptions, manifests and overlays.

use std::collections::BTreeMap;
use std::path::Path;

use super::description::Description;
use super::manifest::Manifest;
use super::merge::{bridge, merge};
use super::overlay::Overlay;
use super::versions::Version;
use super::yaml::Node;

const MANIFEST: &str = r#"
[schema.cat]
"@" = "2.9.."
id = "str"
name = "str?"
owner_id = "int?"
mood = "enum(calm, wild 2.14..)"
toys = "[@cat.toys]"
mother = "@cat"

[schema."cat.toys"]
label = "str"

[schema.cat_list]
data = "[@cat]"
pages = "@cat_list.pages"

[schema."cat_list.pages"]
next = "str?"

[schema.feed_request]
"|" = "(@cat|@cat_list)"
grams = "int!"

[op.ShowCat]
http = "GET /cats/{id}"
p.id = "str"
q.deep = "bool 2.16.."
ok.200 = "@cat"

[op.ListCats]
http = "GET /cats"
ok.200 = "@cat_list"

[op.feedCat]
http = "POST /cats/{id}/feed"
p.id = "str"
body = "@feed_request"
ok.202 = ""
"#;

const OVERLAY: &str = r#"
emit = ["cats"]
groups = { cats = ["cats"] }
homes = {}
ids = { cat = "CatId" }
references = { owner_id = "AdminId" }
types = {}
"#;

const FEEDING: &str = r#"
[[correction]]
why = "a meal is a meal"
merge = ["feed_request"]
safety = { once = ["FeedCat"] }
"#;

fn generate(corrections: &str) -> Result<String, String> {
    let overlay = Overlay::parse(&format!("{OVERLAY}{corrections}"));
    let manifest = Manifest::parse(MANIFEST);
    let files = manifest.and_then(|manifest| super::files(manifest, &overlay?));
    match files {
        Ok(files) => Ok(files[Path::new("src/generated/cats.rs")].clone()),
        Err(error) => Err(format!("{error:#}")),
    }
}

fn check_refusal(corrections: &str, expected: &str) {
    let error = generate(corrections).expect_err(corrections);
    assert!(error.contains(expected), "{error}");
}

#[test]
fn structs_and_operations_are_written() {
    let source = generate(FEEDING).expect("the manifest can be generated from");
    for line in [
        "    pub id: Option<CatId>,\n",
        "    /// `owner_id`.\n",
        "    pub owner_id: Option<AdminId>,\n",
        "    pub mood: Option<CatMood>,\n",
        "    pub toys: Option<Vec<CatToy>>,\n",
        "    pub mother: Option<Box<Cat>>,\n",
        "        /// `wild`; since 2.14.\n        Wild = \"wild\",\n",
        "pub struct FeedCat {\n",
        "    pub grams: i64,\n",
        "route: \"/cats/{cat_id}/feed\"",
        "impl Paged for ListCats {\n",
        "opaque_debug!(Cat { id, owner_id });\n",
    ] {
        assert!(source.contains(line), "{line}");
    }
    assert!(source.contains("check_parameter::<Self>("), "{source}");
}

#[test]
fn what_has_no_key_is_sent_once() {
    let keyed = FEEDING.replace("once =", "idempotent =");
    let key = "add = { \"feed_request.meal_key\" = \"str\" }";
    let source = generate(&format!("{keyed}{key}\nonce_without = {{ FeedCat = \"meal_key\" }}"));
    let source = source.expect("the manifest can be generated from");
    let once = "        if self.meal_key.as_deref().is_none_or(str::is_empty) {\n            \
                request.safety = Safety::Once;\n        }\n";
    assert!(source.contains(once), "{source}");
    assert!(source.contains("const SAFETY: Safety = Safety::Idempotent;"), "{source}");

    let declare =
        |safety: &str, field: &str| format!("{safety}once_without = {{ FeedCat = \"{field}\" }}");
    check_refusal(&declare(FEEDING, "grams"), "FeedCat is not idempotent to begin with");
    check_refusal(&declare(&keyed, "grams"), "the field grams of FeedCat is not an optional text");
    check_refusal(&declare(&keyed, "key"), "FeedCat has no field key");
    let unknown = format!("{FEEDING}once_without = {{ FeedDog = \"key\" }}");
    check_refusal(&unknown, "declares something about FeedDog, which is not emitted");
}

#[test]
fn what_cannot_be_expressed_is_named() {
    check_refusal("correction = []", "the body feed_request has alternatives");
    let merged = "[[correction]]\nwhy = \"\"\nmerge = [\"feed_request\"]";
    check_refusal(merged, "FeedCat is a POST whose safety the overlay does not declare");
    let union = format!("{FEEDING}set = {{ \"cat.name\" = \"(str|[str])\" }}");
    check_refusal(&union, "cat.name = \"str?\": a union; it has to be written by hand");
    let changing = format!("{FEEDING}add = {{ \"cat.size\" = \"int ..2.9; [int] 2.10..\" }}");
    check_refusal(&changing, "size = \"int ..2.9; [int] 2.10..\": the type changes by version");
    let spelled = format!("{FEEDING}add = {{ \"cat.keeper_id\" = \"int ..2.15; str 2.16..\" }}");
    check_refusal(&spelled, "cat.keeper_id is spelled by version inside a body");
    let twice = format!("{FEEDING}rename = {{ \"feed_request.grams\" = \"cat_id\" }}");
    check_refusal(&twice, "FeedCat has two parameters called cat_id");
}

#[test]
fn a_correction_that_no_longer_applies_is_named() {
    for (correction, expected) in [
        ("drop = [\"cat.tail\"]", "cat.tail does not exist"),
        ("add = { \"cat.name\" = \"int\" }", "cat.name is described"),
        ("set = { \"cat.name\" = \"str?\" }", "cat.name is described as str?"),
        ("set = { \"cat.tail\" = \"int\" }", "no field cat.tail"),
        ("same = { cat_list = \"cat\" }", "cat lacks the field data of cat_list"),
        ("same = { dog = \"cat\" }", "no schema dog"),
        ("merge = [\"cat_list\"]", "cat_list has no alternatives"),
        ("outputs = { ShowCat = \"@cat\" }", "ShowCat is described so"),
        ("names = { ShowDog = \"RetrieveDog\" }", "no operation ShowDog"),
        ("called = { dog = \"Dog\" }", "no schema dog"),
    ] {
        let corrections = format!("{FEEDING}\n[[correction]]\nwhy = \"once true\"\n{correction}");
        check_refusal(&corrections, "the correction \"once true\" no longer applies");
        check_refusal(&corrections, expected);
    }
}

#[test]
fn an_entry_without_effect_is_named() {
    let constant = format!("{FEEDING}constants = {{ \"cat.tail\" = \"long\" }}");
    check_refusal(&constant, "entries without effect: [\"constants cat.tail\"]");
    let safety = FEEDING.replace("\"FeedCat\"", "\"FeedCat\", \"FeedDog\"");
    check_refusal(&safety, "declares something about FeedDog, which is not emitted");
}

const DESCRIPTION: &str = "
paths:
  /cats/{id}:
    parameters:
    - {name: id, in: path, required: true, schema: {type: string}}
    get:
      operationId: showCat
      tags: [Cats]
      parameters:
      - {name: deep, in: query, schema: {type: boolean}}
      responses:
        '200': {content: {application/json: {schema: {$ref: '#/components/schemas/cat'}}}}
        '404': {description: none}
components:
  schemas:
    cat:
      type: object
      required: [id]
      anyOf: [{required: [id]}]
      properties:
        id: {type: string, description: prose}
        born_at: {type: integer, format: date-time, nullable: true}
        mood: {type: string, enum: [calm, null]}
        toys: {type: array, items: {type: object, properties: {label: {type: string}}}}
        owner: {nullable: true, allOf: [{$ref: '#/components/schemas/cat'}]}
        gone: {$ref: '#/components/schemas/nowhere'}
        any: {type: object, additionalProperties: {type: number}}
        either: {oneOf: [{type: string}, {type: integer}]}
";

fn description(text: &str) -> Description {
    let document = Node::read(text).expect("yaml");
    Description::read(&document, &Description::ids(&document)).expect("a description")
}

fn version(name: &str) -> Version {
    Version::parse(name).expect("a version")
}

#[test]
fn a_description_is_read_down_to_its_facts() {
    let manifest = merge(&[(version("2.16"), description(DESCRIPTION))]).expect("facts");
    let text = manifest.to_string();
    let (_, facts) = text.split_once("\n\n").expect("a header");
    let expected = r#"[schema.cat]
"@" = "2.16"
id = "str!"
born_at = "ts?"
mood = "enum(calm)?"
toys = "[@cat.toys]"
owner = "@cat?"
gone = "any"
any = "{num}"
either = "(str|int)"

[schema."cat.toys"]
"@" = "2.16"
label = "str"

[op.showCat]
http = "GET /cats/{id}"
"@" = "2.16"
tag = "Cats"
p.id = "str"
q.deep = "bool"
ok.200 = "@cat"
"#;
    assert_eq!(facts, expected);
    let again = Manifest::parse(&text).expect("a manifest").to_string();
    assert_eq!(again, text);
}

fn with_mood(mood: &str) -> String {
    DESCRIPTION.replace("mood: {type: string, enum: [calm, null]}", mood)
}

#[test]
fn versions_become_ranges() {
    let old = with_mood("mood: {type: string, enum: [calm, wild]}");
    let newer = with_mood("mood: {type: string, enum: [calm, shy]}");
    let newest = with_mood("mood: {type: boolean}");
    let versions = [("2.14", old), ("2.15", newer), ("2.16", newest)];
    let all: Vec<_> =
        versions.into_iter().map(|(name, text)| (version(name), description(&text))).collect();
    let manifest = merge(&all).expect("facts");
    let mood = manifest.field("cat.mood").map(ToString::to_string);
    let expected = "enum(calm, wild 2.14, shy 2.15) 2.14..2.15; bool 2.16";
    assert_eq!(mood.as_deref(), Some(expected));
}

#[test]
fn the_odd_description_counts_where_a_neighbour_agrees() {
    let before = description(DESCRIPTION);
    let odd = description(&with_mood("fur: {type: string}\n        tail: {type: string}"));
    let after = description(&with_mood("mood: {type: string}\n        tail: {type: integer}"));
    let bridged = bridge(&before, &odd, &after);
    let fields: BTreeMap<_, _> = bridged.schemas[0].fields.iter().cloned().collect();
    assert!(fields.contains_key("mood"), "both neighbours have it");
    assert!(fields.contains_key("tail"), "the odd one and a neighbour have it");
    assert!(!fields.contains_key("fur"), "only the odd one has it");
}

#[test]
fn generated_files_are_what_would_be_written() {
    let drifted = super::drift().expect("the manifest can be generated from");
    assert!(drifted.is_empty(), "{drifted:?}");
}
