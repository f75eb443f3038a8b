//! Entries into bytes: of each name one, in order.

use super::{Entries, Entry, Form, MAX_TEXT, offset};
use crate::event::Document;
use crate::note::{NoteKind, Notes};
use crate::write::{Object, push_compact, push_number, push_text};

impl Entries {
    fn key_of(&self, entry: &Entry) -> &[u8] {
        &self.keys[entry.key_start as usize..entry.key_end as usize]
    }

    /// Of entries with the same name the first keeps its place and gets the value of the last.
    pub(crate) fn resolve(&mut self, notes: &mut Notes) {
        if !std::mem::take(&mut self.may_repeat) {
            return;
        }
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(0..offset(self.list.len()));
        let key = |index: &u32| self.key_of(&self.list[*index as usize]);
        // What is whole counts less than what is flat, wherever it stands.
        let is_flat = |index: &u32| !self.list[*index as usize].is_rich;
        order.sort_unstable_by(|a, b| {
            key(a).cmp(key(b)).then(is_flat(a).cmp(&is_flat(b))).then(a.cmp(b))
        });
        let mut start = 0;
        while start < order.len() {
            let first = order[start] as usize;
            let same = order[start..]
                .iter()
                .take_while(|&&index| {
                    self.key_of(&self.list[index as usize]) == self.key_of(&self.list[first])
                })
                .count();
            let last = self.list[order[start + same - 1] as usize];
            for &index in &order[start + 1..start + same] {
                if self.list[index as usize].source == last.source
                    && self.list[first].source == last.source
                {
                    notes.push_key(NoteKind::KeyCollision, self.key_of(&self.list[first]));
                }
                self.list[index as usize].is_replaced = true;
            }
            let entry = &mut self.list[first];
            (entry.position, entry.form, entry.source) = (last.position, last.form, last.source);
            entry.is_rich = last.is_rich;
            start += same;
        }
        self.order = order;
    }

    /// Whether nothing is to be written.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Writes the entries as one object, in order.
    pub(crate) fn write(&self, out: &mut Vec<u8>, document: &Document<'_>) {
        let mut object = Object::open(out);
        for entry in self.list.iter().filter(|entry| !entry.is_replaced) {
            self.write_entry(entry, &mut object, document);
        }
        object.close();
    }

    /// Writes the most important entries: amounts and links, then those of the priority list, then
    /// the others, each in the order sent. `max` 0 is no limit.
    pub(crate) fn write_ranked(
        &mut self,
        out: &mut Vec<u8>,
        document: &Document<'_>,
        max: usize,
        priority: &[String],
        notes: &mut Notes,
    ) {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        let entry = |index: &u32| &self.list[*index as usize];
        let live = || (0..offset(self.list.len())).filter(|index| !entry(index).is_replaced);
        if self.list.iter().any(|entry| entry.is_rich) {
            order.extend(live().filter(|index| entry(index).is_rich));
        }
        let n_rich = order.len();
        order.extend(live().filter(|index| !entry(index).is_rich));
        if !priority.is_empty() {
            let rank = |index: &u32| {
                let key = self.key_of(entry(index));
                priority.iter().position(|name| name.as_bytes() == key).unwrap_or(usize::MAX)
            };
            // Stable, so that equals stay in the order sent.
            order[n_rich..].sort_by_cached_key(rank);
        }
        let n_kept = if max == 0 { order.len() } else { max.min(order.len()) };
        let mut object = Object::open(out);
        for &index in &order[..n_kept] {
            self.write_entry(&self.list[index as usize], &mut object, document);
        }
        object.close();
        for &index in &order[n_kept..] {
            notes.push_key(NoteKind::MetadataDropped, self.key_of(&self.list[index as usize]));
        }
        self.order = order;
    }

    fn write_entry(&self, entry: &Entry, object: &mut Object<'_>, document: &Document<'_>) {
        let out = object.spelled_field(self.key_of(entry));
        let value = document.at(entry.position);
        match entry.form {
            Form::Sent => out.extend_from_slice(value.source().as_bytes()),
            Form::Seconds(seconds) => push_number(out, seconds),
            Form::JsonText => {
                let mut json = Vec::new();
                push_compact(&mut json, value);
                push_text(out, &String::from_utf8_lossy(&json));
            }
            Form::Character(character) => push_text(out, character.encode_utf8(&mut [0; 4])),
            Form::Cut => {
                let text = value.as_text().unwrap_or_default();
                push_text(out, &text.chars().take(MAX_TEXT).collect::<String>());
            }
        }
    }
}
