//! Operation structs with their implementations.

use super::imports::Imports;
use super::structs::{field, shown_ids};
use super::{field_doc, spelled};
use crate::codegen::overlay::Safety;
use crate::codegen::plan::{Body, Field, Operation, Page, PageKind, Role, Rust, Spelling};
use crate::codegen::versions::{Version, Versions};

/// The struct of an operation and everything about it.
pub(super) fn render(operation: &Operation, imports: &mut Imports<'_>) -> String {
    imports.begin(&operation.name);
    let mut source = structure(operation, imports);
    source += &inherent(operation, imports);
    source += &implementation(operation, imports);
    if let Some(page) = &operation.page {
        source += &paged(operation, page, imports);
    }
    imports.add("crate::redact", "opaque_debug");
    let ids = shown_ids(&operation.path);
    source + &format!("{}opaque_debug!({}{ids});\n\n", imports.attribute(), operation.name)
}

/// Whether nothing has to be sent.
fn is_optional(operation: &Operation) -> bool {
    operation.fields().all(|field| !field.required) && !matches!(operation.body, Body::Search)
}

fn structure(operation: &Operation, imports: &mut Imports<'_>) -> String {
    let is_json = matches!(operation.body, Body::Fields { .. });
    let mut derives = vec!["Clone", "PartialEq"];
    if is_optional(operation) {
        derives.insert(1, "Default");
    }
    if is_json {
        derives.push("Serialize");
        imports.add("serde", "Serialize");
    }
    let range = operation.versions.describe();
    let range = range.map_or_else(String::new, |range| format!("; {range}"));
    let head = format!(
        "/// `{} {}`{range}.\n{}#[derive({})]\npub struct {}",
        operation.method,
        operation.route,
        imports.attribute(),
        derives.join(", "),
        operation.name
    );
    let mut fields = String::new();
    for entry in operation.path.iter().chain(&operation.query) {
        fields += &field_doc(entry);
        if is_json {
            fields += "#[serde(skip)]\n";
        }
        fields += &format!("pub {}: {},\n", entry.name, imports.field(entry));
    }
    match &operation.body {
        Body::None => {}
        Body::Search => {
            fields += &format!(
                "/// What to look for, in which order, which page.\npub search: {},\n",
                imports.kind(&Rust::Search)
            );
        }
        Body::Form(body) => {
            for entry in body {
                fields += &field_doc(entry);
                fields += &format!("pub {}: {},\n", entry.name, imports.field(entry));
            }
        }
        Body::Fields { fields: body, .. } => {
            for entry in body {
                fields += &field(entry, spelled(entry), Role::Request, imports);
            }
            imports.add("crate::attributes", "Extra");
            fields += "/// Further fields of the body: unknown ones, and null for one to be cleared.\n\
                       #[serde(flatten)]\npub extra: Extra,\n";
        }
    }
    if fields.is_empty() { head + ";\n\n" } else { format!("{head} {{\n{fields}}}\n\n") }
}

fn inherent(operation: &Operation, imports: &mut Imports<'_>) -> String {
    imports.add("crate::request", "Endpoint");
    imports.add("crate::request", "Method");
    imports.add("crate::operation", "Safety");
    let method = match operation.method.as_str() {
        "GET" => "Get",
        "POST" => "Post",
        "PUT" => "Put",
        "PATCH" => "Patch",
        _ => "Delete",
    };
    let new = if is_optional(operation) { String::new() } else { constructor(operation, imports) };
    format!(
        "{attribute}impl {name} {{\nconst ENDPOINT: Endpoint = Endpoint {{ operation: {name:?}, safety: \
         {safety}, method: Method::{method}, route: {route:?} }};\n\n{new}}}\n\n",
        attribute = imports.attribute(),
        name = operation.name,
        safety = safety(operation.safety),
        route = operation.route,
    )
}

fn constructor(operation: &Operation, imports: &mut Imports<'_>) -> String {
    let (mut parameters, mut values) = (Vec::new(), Vec::new());
    for field in operation.fields() {
        if field.required {
            parameters.push(format!("{}: {}", field.name, imports.field(field)));
            values.push(field.name.clone());
        } else {
            values.push(format!("{}: None", field.name));
        }
    }
    match operation.body {
        Body::None | Body::Form(_) => {}
        Body::Search => {
            parameters.push(format!("search: {}", imports.kind(&Rust::Search)));
            values.push("search".to_owned());
        }
        Body::Fields { .. } => values.push("extra: Extra::new()".to_owned()),
    }
    format!(
        "/// With what has to be sent.\npub fn new({}) -> Self {{\nSelf {{ {} }}\n}}\n",
        parameters.join(", "),
        values.join(", ")
    )
}

fn safety(safety: Safety) -> &'static str {
    match safety {
        Safety::Read => "Safety::Read",
        Safety::Idempotent => "Safety::Idempotent",
        Safety::Once => "Safety::Once",
    }
}

/// The `VersionRange` of a set without gaps.
pub(super) fn range(versions: Versions) -> String {
    match (versions.first(), versions.last()) {
        _ if versions == Versions::ALL => "VersionRange::ALL".to_owned(),
        (Some(first), Some(Version::PREVIEW)) => {
            format!("VersionRange::since({})", first.variant())
        }
        (Some(first), Some(last)) => {
            format!("VersionRange::new({}, {})", first.variant(), last.variant())
        }
        _ => "VersionRange::ALL".to_owned(),
    }
}

fn implementation(operation: &Operation, imports: &mut Imports<'_>) -> String {
    for (module, name) in [
        ("crate::error", "BuildError"),
        ("crate::error", "DecodeError"),
        ("crate::operation", "Operation"),
        ("crate::operation", "check_version"),
        ("crate::request", "Request"),
        ("crate::response", "Response"),
        ("crate::version", "ApiVersion"),
        ("crate::version", "VersionRange"),
    ] {
        imports.add(module, name);
    }
    let output = imports.kind(&operation.output);
    let by_hand = imports.hand(&operation.output).and_then(|hand| hand.decode.as_deref());
    let (argument, decode) = match (&operation.output, by_hand) {
        (Rust::Unit, _) => ("_response", "Ok(())".to_owned()),
        (_, Some(decode)) => ("response", format!("{decode}(Self::NAME, response)")),
        _ => {
            imports.add("crate::operation", "decode_json");
            ("response", "decode_json(Self::NAME, response)".to_owned())
        }
    };
    format!(
        "{attribute}impl Operation for {name} {{\nconst NAME: &'static str = {name:?};\n\
         const SAFETY: Safety = {safety};\nconst VERSIONS: VersionRange = {versions};\n\
         type Output = {output};\n\n{request}\n\
         fn decode({argument}: &Response) -> Result<{output}, DecodeError> {{\n{decode}\n}}\n}}\n\n",
        attribute = imports.attribute(),
        name = operation.name,
        safety = safety(operation.safety),
        versions = range(operation.versions),
        request = request(operation, imports),
    )
}

fn request(operation: &Operation, imports: &mut Imports<'_>) -> String {
    let mut steps = String::from("check_version::<Self>(version)?;\n");
    for field in operation.fields() {
        steps += &parameter_check(field, operation.versions, imports);
    }
    if matches!(operation.body, Body::Search) {
        steps += "self.search.check().map_err(|source| BuildError::Query { operation: Self::NAME, \
                  source })?;\n";
    }
    let segments: Vec<String> =
        operation.path.iter().map(|field| format!("&self.{}", field.name)).collect();
    let new = format!("Request::new(&Self::ENDPOINT, version, &[{}])", segments.join(", "));
    let mut changes = String::new();
    for (name, value) in &operation.constants {
        changes += &format!("request.set_query({name:?}, {value:?});\n");
    }
    for field in &operation.query {
        changes += &query(field, imports);
    }
    if let Some(key) = &operation.once_without {
        changes += &format!(
            "if self.{key}.as_deref().is_none_or(str::is_empty) {{\nrequest.safety = Safety::Once;\n}}\n"
        );
    }
    changes += &body(operation, imports);
    if let Some(accept) = imports.hand(&operation.output).and_then(|hand| hand.accept.as_deref()) {
        changes += &format!("request.accept = {accept:?}.into();\n");
    }
    if imports.hand(&operation.output).is_some_and(|hand| hand.redirect) {
        imports.add("crate::request", "Success");
        changes += "request.success = Success::Redirect;\n";
    }
    steps += &if changes.is_empty() {
        new
    } else {
        format!("let mut request = {new}?;\n{changes}Ok(request)")
    };
    format!(
        "fn request(&self, version: ApiVersion) -> Result<Request, BuildError> {{\n{steps}\n}}\n"
    )
}

/// Refuses a parameter that the version does not know.
fn parameter_check(field: &Field, owner: Versions, imports: &mut Imports<'_>) -> String {
    let versions = field.versions.unwrap_or(owner).hull();
    if field.required || versions.intersection(owner) == owner {
        return String::new();
    }
    imports.add("crate::operation", "check_parameter");
    format!(
        "check_parameter::<Self>(version, {:?}, self.{}.is_some(), {})?;\n",
        field.wire,
        field.name,
        range(versions)
    )
}

fn query(field: &Field, imports: &Imports<'_>) -> String {
    if imports.hand(&field.kind).is_some_and(|hand| hand.flatten) {
        return format!("self.{}.set_query(&mut request);\n", field.name);
    }
    let value = if field.required {
        format!("Some(&self.{})", field.name)
    } else {
        format!("self.{}.as_ref()", field.name)
    };
    format!("request.set_parameter({:?}, {value});\n", field.wire)
}

/// A form with the fields that are given.
fn form(fields: &[Field], imports: &mut Imports<'_>) -> String {
    imports.add("crate::form", "Form");
    let mut source = "let mut form = Form::default();\n".to_owned();
    for field in fields {
        let part = match &field.kind {
            Rust::Bytes => format!("form.file({:?}, value)", field.wire),
            Rust::Text | Rust::Id(_) => format!("form.text({:?}, value.as_str())", field.wire),
            _ => format!("form.text({:?}, value.to_string())", field.wire),
        };
        source += &format!("if let Some(value) = &self.{} {{\n{part};\n}}\n", field.name);
    }
    source + "let (content_type, bytes) = form.encode();\nrequest.set_body(content_type, bytes);\n"
}

fn body(operation: &Operation, imports: &mut Imports<'_>) -> String {
    let (fields, constants) = match &operation.body {
        Body::None => return String::new(),
        Body::Form(fields) => return form(fields, imports),
        Body::Search => return "request.set_json(&self.search)?;\n".to_owned(),
        Body::Fields { fields, constants } => (fields, constants),
    };
    let mut respelled = String::new();
    for field in fields {
        if let Some(adapt) = adapter(field, imports) {
            respelled += &format!("{adapt}(&mut body.{}, version);\n", field.name);
        }
        if let Spelling::NumberIn(numbers) = field.spelling {
            respelled += &format!(
                "body.{0} = body.{0}.respelled(Spelling::number_if({1}.contains(version)));\n",
                field.name,
                range(numbers)
            );
        }
    }
    let place = if respelled.is_empty() { "self" } else { "&body" };
    if !respelled.is_empty() {
        if respelled.contains("Spelling::") {
            imports.add("crate::id", "Respell");
            imports.add("crate::id", "Spelling");
        }
        respelled.insert_str(0, "let mut body = self.clone();\n");
    }
    let set = if constants.is_empty() {
        format!("request.set_json({place})?;\n")
    } else {
        let constants: Vec<String> =
            constants.iter().map(|(name, value)| format!("({name:?}, {value:?})")).collect();
        format!("request.set_json_with(&[{}], {place})?;\n", constants.join(", "))
    };
    respelled + &set
}

/// What gives a field the shape that a version wants.
fn adapter(field: &Field, imports: &Imports<'_>) -> Option<String> {
    let kind = match &field.kind {
        Rust::List(inner) => inner,
        kind => kind,
    };
    imports.hand(kind)?.adapt.clone()
}

fn paged(operation: &Operation, page: &Page, imports: &mut Imports<'_>) -> String {
    imports.add("crate::paging", "Paged");
    imports.add("crate::paging", "Paging");
    let kind = match page.kind {
        PageKind::BodyCursor => "BodyCursor",
        PageKind::QueryCursor => "QueryCursor",
        PageKind::NextUrl => "NextUrl",
        PageKind::PageNumber | PageKind::BodyPageNumber => "PageNumber",
        PageKind::Scroll => "Scroll",
        PageKind::NextCursor => "NextCursor",
        PageKind::Single => "Single",
    };
    let next = match page.kind {
        PageKind::BodyCursor => {
            "let mut next = self.clone();\nnext.search = self.search.after(Self::NAME, cursor)?;\n"
        }
        PageKind::BodyPageNumber => {
            "let Cursor::Page(page) = cursor else {\n\
             return Err(BuildError::Cursor { operation: Self::NAME });\n};\n\
             let mut next = self.clone();\nnext.page = Some(i64::from(*page));\n"
        }
        _ => "",
    };
    let request_at = if next.is_empty() {
        String::new()
    } else {
        imports.add("crate::paging", "Cursor");
        format!(
            "\nfn request_at(&self, version: ApiVersion, cursor: &Cursor) -> Result<Request, \
             BuildError> {{\n{next}next.request(version)\n}}\n"
        )
    };
    format!(
        "{}impl Paged for {} {{\ntype Item = {};\nconst PAGING: Paging = Paging::{kind};\n\
         const ITEMS: &'static str = {:?};\n{request_at}}}\n\n",
        imports.attribute(),
        operation.name,
        imports.kind(&page.item),
        page.items
    )
}
