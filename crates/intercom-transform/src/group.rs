//! Group: what is known of a company, and who belongs to it.

mod v1;
mod v2;

use crate::company::{CompanySource, Origin};
use crate::mapped;
use crate::note::NoteKind;
use crate::pick::{Skip, first};
use crate::plan::{Plan, Tags};
use crate::planner::Planner;
use crate::rejection::{Reason, Rejection};
use crate::settings::{Destination, TraitSources, Typing};

pub(crate) fn plan(planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    if planner.is_row() {
        return mapped::group(planner);
    }
    if planner.settings.is_v1() { v1::plan(planner) } else { v2::plan(planner) }
}

impl<'e, 's> Planner<'e, 's> {
    /// Why the event names no company; `None` when it does.
    fn missing_group(&self) -> Option<Rejection> {
        let own = [self.message.group_id];
        let both = [self.message.group_id, self.message.own.group_id];
        let is_original = self.settings.typing == Typing::AsSent
            && self.settings.destination == Destination::Intercom;
        let found = if is_original { first(own, Skip::Falsy) } else { first(both, Skip::Falsy) };
        let reason = Reason::MissingGroupId { wording: self.wording() };
        found.is_none().then(|| Rejection::new("groupId", reason))
    }

    /// The company of a group call.
    fn group_company(&self) -> CompanySource<'e, 's> {
        let message = self.message;
        let is_contact_only =
            self.settings.destination == Destination::Intercom && !self.settings.is_v1();
        // Where the call has traits, those of the context are the user's.
        let (fields, attributes) = match self.settings.traits {
            TraitSources::Merged if message.traits.is_some() => ([&message.own; 2], message.traits),
            TraitSources::Merged => ([&message.of_context; 2], message.context.traits),
            TraitSources::Single if is_contact_only => {
                ([&message.own, &message.of_context], message.traits)
            }
            TraitSources::Single => {
                ([&message.own, &message.of_context], message.traits.or(message.context.traits))
            }
        };
        CompanySource {
            id: first([message.group_id, message.own.group_id], Skip::identity(self.settings)),
            made_id: None,
            fields,
            attributes,
            origin: Origin::Group,
        }
    }

    /// The tags of a group call's company.
    fn tags(&mut self) -> Option<Tags> {
        let [own, of_context] = [self.message.own.tags, self.message.of_context.tags];
        let places = match (self.settings.traits, self.settings.destination) {
            (TraitSources::Merged, _) => [own, of_context],
            (TraitSources::Single, Destination::IntercomV2) => [own.or(of_context), None],
            (TraitSources::Single, Destination::Intercom) => [None, of_context],
        };
        let mut names: Vec<Box<str>> = Vec::new();
        for place in places.into_iter().flatten() {
            let listed = place.elements();
            let single = Some(place).filter(|place| !place.is_list());
            for tag in listed.chain(single) {
                match tag.to_plain().filter(|name| tag.is_text() && !name.is_empty()) {
                    Some(name) if names.iter().any(|known| **known == *name) => {}
                    Some(name) if names.len() < MAX_TAGS => names.push(name.into()),
                    Some(_) | None => self.notes.push(NoteKind::TagsUnreadable, "tags"),
                }
            }
        }
        (!names.is_empty()).then(|| Tags::new(names))
    }
}

/// Each tag is a request.
const MAX_TAGS: usize = 50;
