//! A page that is too long to be kept, read for what it says around its entries.
//!
//! JSON goes through byte by byte. Of each entry only the id stays; everything else on the page
//! stays as it is: in particular where the list goes on.

/// What stays is short, or else nothing is known.
const MOST_BYTES: usize = 64 * 1024;

/// The name of a member; longer ones are none that matter.
const LONGEST_NAME: usize = 64;

/// Where the members of the page and of an entry stand.
const PAGE: u32 = 1;
const ENTRY: u32 = 3;

pub(super) struct Skim {
    items: &'static str,
    kept: Vec<u8>,
    depth: u32,
    in_text: bool,
    is_escaped: bool,
    /// The name of a member, while it is read.
    name: Option<Vec<u8>>,
    in_items: bool,
    /// Whether the value of the entry's id is read.
    in_id: bool,
    has_id: bool,
}

impl Skim {
    /// Of a page whose entries are the member `items`.
    pub(super) fn new(items: &'static str) -> Self {
        Self {
            items,
            kept: Vec::new(),
            depth: 0,
            in_text: false,
            is_escaped: false,
            name: None,
            in_items: false,
            in_id: false,
            has_id: false,
        }
    }

    /// Reads on.
    pub(super) fn push(&mut self, part: &[u8]) {
        for &byte in part {
            match self.in_text {
                true => self.text(byte),
                false => self.structure(byte),
            }
        }
    }

    /// The page with what was kept; `None` when that was too much.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        (self.kept.len() < MOST_BYTES).then_some(self.kept)
    }

    fn text(&mut self, byte: u8) {
        self.keep(byte);
        if self.is_escaped {
            self.is_escaped = false;
            return;
        }
        match byte {
            b'\\' => self.is_escaped = true,
            b'"' => {
                self.in_text = false;
                return;
            }
            _ => {}
        }
        if let Some(name) = self.name.as_mut().filter(|name| name.len() < LONGEST_NAME) {
            name.push(byte);
        }
    }

    fn structure(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.in_text = true;
                self.keep(byte);
            }
            b'{' | b'[' => {
                self.keep(byte);
                self.depth += 1;
                if self.depth == ENTRY {
                    self.has_id = false;
                }
                self.name = self.is_among_members().then(Vec::new);
            }
            b'}' | b']' => {
                if self.depth == ENTRY && self.in_items {
                    self.in_id = false;
                    self.kept.push(byte);
                } else {
                    self.keep(byte);
                }
                self.depth = self.depth.saturating_sub(1);
                self.name = None;
            }
            b':' => {
                self.keep(byte);
                if let Some(name) = self.name.take() {
                    self.member(&name);
                }
            }
            b',' => {
                if self.depth == ENTRY && self.in_items {
                    self.in_id = false;
                } else {
                    self.keep(byte);
                }
                if self.is_among_members() {
                    self.name = Some(Vec::new());
                }
            }
            _ => self.keep(byte),
        }
    }

    /// The value of a member begins.
    fn member(&mut self, name: &[u8]) {
        if self.depth == PAGE {
            self.in_items = name == self.items.as_bytes();
        } else if name == b"id" && !self.has_id {
            (self.in_id, self.has_id) = (true, true);
            self.kept.extend_from_slice(b"\"id\":");
        }
    }

    fn is_among_members(&self) -> bool {
        self.depth == PAGE || (self.depth == ENTRY && self.in_items)
    }

    fn keep(&mut self, byte: u8) {
        let in_entry = self.in_items && self.depth >= ENTRY;
        if (!in_entry || self.in_id) && self.kept.len() < MOST_BYTES {
            self.kept.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, expected: Option<&str>) {
        for length in [1, 3, page.len()] {
            let mut skim = Skim::new("data");
            page.as_bytes().chunks(length).for_each(|part| skim.push(part));
            let kept = skim.finish().map(|kept| String::from_utf8(kept).expect("text"));
            assert_eq!(kept.as_deref(), expected, "in parts of {length}");
        }
    }

    #[test]
    fn of_an_entry_only_the_id_stays() {
        check(
            r#"{"type":"list","data":[{"type":"x","id":"a1","tags":{"data":[{"id":"t"}]},"n":[1,{"id":2}]}],"total_count":9,"pages":{"next":{"starting_after":"c"}}}"#,
            Some(
                r#"{"type":"list","data":[{"id":"a1"}],"total_count":9,"pages":{"next":{"starting_after":"c"}}}"#,
            ),
        );
        check(
            r#"{ "pages": {"next": null}, "data": [ {"name": "b"}, {"id": 7, "id": 8} ] }"#,
            Some(r#"{ "pages": {"next": null}, "data": [ {}, {"id": 7} ] }"#),
        );
    }

    #[test]
    fn texts_may_hold_what_looks_like_json() {
        check(
            r#"{"data":[{"body":"}],\"id\":\"no\",\"pages\":{","id":"yes","z":"\\"}],"pages":{"next":"}"}}"#,
            Some(r#"{"data":[{"id":"yes"}],"pages":{"next":"}"}}"#),
        );
    }

    #[test]
    fn what_would_stay_and_is_long_is_not_known() {
        let long = format!(r#"{{"data":[{{"id":"{}"}}]}}"#, "x".repeat(MOST_BYTES));
        check(&long, None);
        let other = format!(r#"{{"data":[{{"text":"{}","id":1}}]}}"#, "x".repeat(MOST_BYTES));
        check(&other, Some(r#"{"data":[{"id":1}]}"#));
    }
}
