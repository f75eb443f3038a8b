//! The mirror beside the workspace: every record, every part, and what is gone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::difference::{Differences, first_difference};

/// Records by id.
pub(super) type Records = BTreeMap<String, Value>;

/// What the workspace has, from a dump of the simulator.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// By the name of the list in the dump, which is that of the stream; conversations without
    /// their parts, contacts without those that are archived.
    pub(super) lists: BTreeMap<&'static str, Records>,
    /// By id.
    pub(super) parts: Records,
}

const LISTS: [&str; 5] = ["contacts", "conversations", "companies", "admins", "tags"];

impl Workspace {
    /// Reads a dump; archived contacts are dumped like others and must be named.
    pub(super) fn read(mut dump: Value, archived: &BTreeSet<String>) -> Self {
        let mut workspace = Self::default();
        for list in LISTS {
            let mut records = Records::new();
            let Value::Array(entries) = dump[list].take() else { continue };
            for mut entry in entries {
                let id = text(&entry, "id");
                if let Some(parts) =
                    entry.as_object_mut().and_then(|it| it.remove("conversation_parts"))
                    && let Some(parts) = parts["conversation_parts"].as_array()
                {
                    let parts = parts.iter().map(|part| (text(part, "id"), part.clone()));
                    workspace.parts.extend(parts);
                }
                if list != "contacts" || !archived.contains(&id) {
                    records.insert(id, entry);
                }
            }
            workspace.lists.insert(list, records);
        }
        workspace
    }

    pub(super) fn contacts(&self) -> &Records {
        static NONE: Records = Records::new();
        self.lists.get("contacts").unwrap_or(&NONE)
    }
}

/// Gives stored parts their author as it is now, where it is the same one or was merged into it.
///
/// A part shows the name and address of its author. Another name, or a merge, shows in parts that
/// were fetched long ago, and no `updated_at` tells; the mirror keeps the parts as received, and
/// its contacts and aliases say who the author is now.
pub(super) fn follow_aliases(
    stored: &mut Records,
    expected: &Records,
    aliases: &BTreeMap<String, String>,
) {
    for (id, part) in stored {
        let Some(expected) = expected.get(id) else { continue };
        let author = text(&part["author"], "id");
        let remaining = text(&expected["author"], "id");
        if author == remaining || aliases.get(&author) == Some(&remaining) {
            part["author"] = expected["author"].clone();
        }
    }
}

/// A text or a number as text.
pub(super) fn text(entry: &Value, name: &str) -> String {
    entry[name].as_str().map_or_else(|| entry[name].to_string(), str::to_owned)
}

/// The same records, no more and no fewer, each with the same content.
pub(super) fn compare(kind: &str, expected: &Records, stored: &Records) -> Differences {
    let mut differences = Differences::default();
    for (id, expected) in expected {
        match stored.get(id) {
            None => differences.add(format!("{kind} missing"), id),
            Some(stored) => {
                if let Some(place) = first_difference(expected, stored) {
                    differences.add(format!("{kind} different"), format!("{id}: {place}"));
                }
            }
        }
    }
    for id in stored.keys().filter(|id| !expected.contains_key(*id)) {
        differences.add(format!("{kind} left over"), id);
    }
    differences
}

/// What the API says of a record that is not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// 404.
    Gone,
    /// 410 with a link.
    MergedInto(String),
    /// It answers as if the record were listed.
    Here,
}

/// What is known of records that were stored once and are listed no more.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// By stream and id: what the API says.
    pub(super) fates: BTreeMap<(String, String), Fate>,
    /// By stream and id: the reason on the tombstone.
    pub(super) tombstones: BTreeMap<(String, String), String>,
    /// Stored contacts that are marked as archived.
    pub(super) archived: BTreeSet<String>,
    /// Merged contacts, with the one that remains.
    pub(super) aliases: BTreeMap<String, String>,
}

impl Gone {
    /// A record that is gone has a tombstone, one that was merged an alias too; nothing that is
    /// listed has either.
    pub(super) fn compare(&self, workspace: &Workspace) -> Differences {
        let mut differences = Differences::default();
        for ((stream, id), fate) in &self.fates {
            let reason = self.tombstones.get(&(stream.clone(), id.clone())).map(String::as_str);
            let alias = self.aliases.get(id).filter(|_| stream == "contacts");
            let is_archived = stream == "contacts" && self.archived.contains(id);
            match fate {
                Fate::MergedInto(survivor) => {
                    if reason != Some("merged") {
                        let found = reason.unwrap_or("none");
                        differences.add("tombstones", format!("{id} was merged: {found}"));
                    }
                    if alias != Some(survivor) {
                        let found = alias.map_or("nowhere", String::as_str);
                        differences
                            .add("aliases", format!("{id} leads to {found}, not {survivor}"));
                    }
                }
                // A merged contact whose survivor is gone as well answers 404.
                Fate::Gone if reason.is_none() && !is_archived => {
                    differences.add("tombstones", format!("{stream} {id} is gone: none"));
                }
                Fate::Here => differences.add("lists", format!("{stream} {id} is not listed")),
                Fate::Gone => {}
            }
        }
        for (stream, id) in self.tombstones.keys() {
            if workspace.lists.get(stream.as_str()).is_some_and(|list| list.contains_key(id)) {
                differences.add("tombstones", format!("{stream} {id} is there and has one"));
            }
        }
        for id in self.aliases.keys().chain(&self.archived) {
            if workspace.contacts().contains_key(id) {
                differences.add("aliases", format!("{id} is there and taken for gone"));
            }
        }
        differences
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::json;

    use super::{Fate, Gone, Records, Workspace, compare, follow_aliases};

    fn workspace() -> Workspace {
        let part = json!({"id": "91", "body": "<p>Hi <b>you</b></p>"});
        let parts = json!({"conversation_parts": [part], "total_count": 1});
        let dump = json!({
            "contacts": [{"id": "a", "name": "Ada"}, {"id": "b"}, {"id": "z"}],
            "conversations": [{"id": 7, "state": "open", "conversation_parts": parts}],
        });
        Workspace::read(dump, &BTreeSet::from(["z".to_owned()]))
    }

    #[test]
    fn a_dump_is_read_without_archived_contacts_and_with_parts_apart() {
        let workspace = workspace();
        assert_eq!(workspace.contacts().keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(workspace.lists["conversations"]["7"], json!({"id": 7, "state": "open"}));
        assert_eq!(workspace.parts["91"]["body"], "<p>Hi <b>you</b></p>");
    }

    #[test]
    fn every_planted_difference_is_found() {
        let workspace = workspace();
        let expected = workspace.contacts();
        assert!(compare("contacts", expected, expected).is_empty());
        let mut stored = Records::new();
        stored.insert("a".to_owned(), json!({"id": "a", "name": "Eve"}));
        stored.insert("c".to_owned(), json!({"id": "c"}));
        let expected = [
            r#"contacts different: a: name is "Eve" and not "Ada""#,
            "contacts missing: b",
            "contacts left over: c",
        ];
        assert_eq!(compare("contacts", workspace.contacts(), &stored).lines(), expected);
    }

    #[test]
    fn the_author_of_a_part_may_have_another_name_or_have_been_merged_into_the_one_expected() {
        let named =
            |author: &str, name| json!({"id": "91", "author": {"id": author, "name": name}});
        let part = |author| named(author, "now");
        let records = |part| Records::from([("91".to_owned(), part)]);
        let aliases = BTreeMap::from([("m".to_owned(), "a".to_owned())]);
        for (author, is_equal) in [("m", true), ("a", true), ("x", false)] {
            let mut stored = records(named(author, "then"));
            follow_aliases(&mut stored, &records(part("a")), &aliases);
            let differences = compare("parts", &records(part("a")), &stored);
            assert_eq!(differences.is_empty(), is_equal, "{author}");
        }
    }

    fn of(id: &str) -> (String, String) {
        ("contacts".to_owned(), id.to_owned())
    }

    #[test]
    fn what_is_gone_has_a_tombstone_and_leads_on() {
        let fates = BTreeMap::from([
            (of("m"), Fate::MergedInto("a".to_owned())),
            (of("d"), Fate::Gone),
            (of("z"), Fate::Gone),
        ]);
        let right = Gone {
            fates: fates.clone(),
            tombstones: BTreeMap::from([
                (of("m"), "merged".to_owned()),
                (of("d"), "deleted".to_owned()),
            ]),
            archived: BTreeSet::from(["z".to_owned()]),
            aliases: BTreeMap::from([("m".to_owned(), "a".to_owned())]),
        };
        assert_eq!(right.compare(&workspace()).lines(), [] as [&str; 0]);
        let wrong = Gone {
            fates: fates.into_iter().chain([(of("h"), Fate::Here)]).collect(),
            tombstones: BTreeMap::from([(of("a"), "deleted".to_owned())]),
            archived: BTreeSet::new(),
            aliases: BTreeMap::from([("m".to_owned(), "b".to_owned())]),
        };
        let expected = [
            "tombstones: contacts d is gone: none",
            "lists: contacts h is not listed",
            "tombstones: m was merged: none",
            "aliases: m leads to b, not a",
            "tombstones: contacts z is gone: none",
            "tombstones: contacts a is there and has one",
        ];
        assert_eq!(wrong.compare(&workspace()).lines(), expected);
    }
}
