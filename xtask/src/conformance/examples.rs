//! The response examples of an official description.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::codegen::description::{nodes, route};
use crate::codegen::yaml::Node;

/// One example of an answer.
#[derive(Debug)]
pub(super) struct Example {
    /// The operation's id.
    pub(super) operation: String,
    pub(super) status: u16,
    pub(super) name: String,
    pub(super) body: Value,
}

/// Every example of an answer in a description; `ids` are the operations' ids by route.
pub(super) fn of(document: &Node, ids: &BTreeMap<String, String>) -> Vec<Example> {
    let mut found = Vec::new();
    for (method, path, _, node) in nodes(document) {
        let Some(operation) = ids.get(&route(method, path)) else { continue };
        for (status, answer) in node.get("responses").map_or(&[][..], Node::entries) {
            // `default` is not a status; nothing is known about when it is sent.
            let Ok(status) = status.parse() else { continue };
            let answer = answer
                .text("$ref")
                .and_then(|reference| reference.strip_prefix("#/components/responses/"))
                .and_then(|name| document.at(&["components", "responses", name]))
                .unwrap_or(answer);
            let Some(content) = answer.at(&["content", "application/json"]) else { continue };
            found.extend(bodies(content).into_iter().map(|(name, body)| Example {
                operation: operation.clone(),
                status,
                name: name.replace(' ', "_"),
                body: body.to_json(),
            }));
        }
    }
    found
}

fn bodies(content: &Node) -> Vec<(&str, &Node)> {
    let named = content.get("examples").map_or(&[][..], Node::entries);
    let named = named.iter().filter_map(|(name, node)| Some((name.as_str(), node.get("value")?)));
    named.chain(content.get("example").map(|body| ("example", body))).collect()
}
