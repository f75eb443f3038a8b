//! The lists inside a contact.

use crate::ext::{CutList, Members};
use crate::generated::companies::{Company, ListContactCompanies};
use crate::generated::contacts::{ContactCompanies, ContactNotes, ContactTags};
use crate::generated::notes::{ListContactNotes, Note};
use crate::generated::references::AddressableList;
use crate::generated::tags::{ListContactTags, Tag};
use crate::id::{CompanyId, ContactId, Id, NoteId, TagId};

/// The most entries of one page of a contact's companies or notes.
const PER_PAGE: i64 = 50;

impl CutList for ContactTags {
    type Id = TagId;
    type Whole = ListContactTags;

    fn members(&self, contact_id: &ContactId) -> Members<TagId, ListContactTags> {
        let Self { data, has_more, total_count, .. } = self;
        match known(data.as_deref(), *has_more, *total_count, reference) {
            Some(ids) => Members::Known(ids.into_iter().map(TagId).collect()),
            None => Members::Listed(ListContactTags::new(contact_id.clone())),
        }
    }

    fn id_of(entry: Tag) -> Option<TagId> {
        entry.id
    }
}

impl CutList for ContactCompanies {
    type Id = CompanyId;
    type Whole = ListContactCompanies;

    fn members(&self, contact_id: &ContactId) -> Members<CompanyId, ListContactCompanies> {
        let Self { data, has_more, total_count, .. } = self;
        match known(data.as_deref(), *has_more, *total_count, |company| company.id.clone()) {
            Some(ids) => Members::Known(ids),
            None => Members::Listed(ListContactCompanies {
                per_page: Some(PER_PAGE),
                ..ListContactCompanies::new(contact_id.clone())
            }),
        }
    }

    fn id_of(entry: Company) -> Option<CompanyId> {
        entry.id
    }
}

impl CutList for ContactNotes {
    type Id = NoteId;
    type Whole = ListContactNotes;

    fn members(&self, contact_id: &ContactId) -> Members<NoteId, ListContactNotes> {
        let Self { data, has_more, total_count, .. } = self;
        match known(data.as_deref(), *has_more, *total_count, reference) {
            Some(ids) => Members::Known(ids.into_iter().map(NoteId).collect()),
            None => Members::Listed(ListContactNotes {
                per_page: Some(PER_PAGE),
                ..ListContactNotes::new(contact_id.clone())
            }),
        }
    }

    fn id_of(entry: Note) -> Option<NoteId> {
        entry.id
    }
}

fn reference(entry: &AddressableList) -> Option<Id> {
    entry.id.clone()
}

/// The ids of all entries; `None` when there are more, or one is not named.
fn known<E, I>(
    data: Option<&[E]>,
    has_more: Option<bool>,
    total_count: Option<i64>,
    id: impl Fn(&E) -> Option<I>,
) -> Option<Vec<I>> {
    let data = data.unwrap_or_default();
    let n_known = i64::try_from(data.len()).unwrap_or(i64::MAX);
    if has_more == Some(true) || total_count.is_some_and(|total| total > n_known) {
        return None;
    }
    data.iter().map(id).collect()
}
