//! The whole workspace as text, in pieces: a large one is never held as text at once.

use intercom_api::ApiVersion;

use crate::json;
use crate::workspace::Workspace;
use crate::workspace::render::WithParts;
use crate::workspace::table::{Record, Slot, Table};

/// A piece ends with the row that makes it so long, in bytes.
const PIECE: usize = 1 << 20;

/// The lists of a dump, one for each file of a data set.
const LISTS: [&str; 5] = ["contacts", "conversations", "companies", "admins", "tags"];

/// How far a dump is.
#[derive(Debug, Default)]
pub(crate) struct Dumped {
    list: usize,
    /// The first row of the list that is not written yet.
    next: Slot,
    is_begun: bool,
    has_entries: bool,
}

impl Dumped {
    fn separate(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.has_entries, true) {
            out.push(b',');
        }
    }

    /// Appends rows of a table until the piece is full; whether the table's end is reached.
    fn rows<R: Record>(
        &mut self,
        out: &mut Vec<u8>,
        table: &Table<R>,
        write: impl Fn(&mut Vec<u8>, &R),
    ) -> bool {
        for (slot, row) in table.iter_from(self.next) {
            if out.len() >= PIECE {
                return false;
            }
            self.separate(out);
            write(out, row);
            self.next = slot + 1;
        }
        true
    }
}

impl Workspace {
    /// The whole workspace as one JSON object: a list of API objects for each file of a data set.
    pub fn dump(&self) -> Vec<u8> {
        let (mut dumped, mut whole) = (Dumped::default(), Vec::new());
        while let Some(piece) = self.dump_piece(&mut dumped) {
            whole.extend(piece);
        }
        whole
    }

    /// The next piece of a dump, about a megabyte; `None` behind its end. What changes between two
    /// pieces is told as it is when its turn comes.
    pub(crate) fn dump_piece(&self, dumped: &mut Dumped) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        while out.len() < PIECE
            && let Some(name) = LISTS.get(dumped.list)
        {
            if !std::mem::replace(&mut dumped.is_begun, true) {
                out.push(if dumped.list == 0 { b'{' } else { b',' });
                json::value(&mut out, name);
                out.extend_from_slice(b":[");
            }
            if self.dump_rows(&mut out, dumped) {
                out.push(b']');
                *dumped = Dumped { list: dumped.list + 1, ..Dumped::default() };
                if dumped.list == LISTS.len() {
                    out.push(b'}');
                }
            }
        }
        (!out.is_empty()).then_some(out)
    }

    /// Appends entries of the list that is under way; whether its end is reached.
    fn dump_rows(&self, out: &mut Vec<u8>, dumped: &mut Dumped) -> bool {
        let version = ApiVersion::V2_16;
        match dumped.list {
            0 => dumped.rows(out, &self.contacts, |out, contact| {
                self.render_contact(out, contact, version);
            }),
            1 => dumped.rows(out, &self.conversations, |out, conversation| {
                self.render_conversation(out, conversation, version, WithParts::Yes);
            }),
            2 => dumped.rows(out, &self.companies, |out, company| {
                self.render_company(out, company);
            }),
            3 => {
                for admin in &self.admins {
                    dumped.separate(out);
                    json::value(out, &admin.fields);
                }
                true
            }
            _ => {
                for (_, tag) in self.tags.iter() {
                    dumped.separate(out);
                    json::object(out, |object| tag.render(object));
                }
                true
            }
        }
    }
}
