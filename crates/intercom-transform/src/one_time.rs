//! Attributes that an event sets once and for all, such as `opened_tour`.

use crate::event::Value;
use crate::note::NoteKind;
use crate::outcome::Purpose;
use crate::person::Person;
use crate::plan::{Find, Send, Target, Task, WRITE_USER};
use crate::planner::Planner;
use crate::write::Object;

/// The attribute that is no event: the version of the app that the person used last.
const VERSION: &str = "last_known_version";

impl<'e> Planner<'e, '_> {
    /// What sets the attribute of an event's name, after the event itself.
    pub(crate) fn one_time(&mut self, event_name: &str, person: &Person<'e>) -> Vec<Task> {
        let settings = self.settings;
        let is_one = |name: &&String| **name == event_name && *name != VERSION;
        let Some(name) = settings.one_time_attributes.iter().find(is_one) else {
            return Vec::new();
        };
        self.notes.push(NoteKind::OneTimeAttribute, name);
        let mut object = Object::open(self.body);
        if settings.is_v1() {
            self.check.write_id(&mut object, "user_id", person.id);
            object.optional("email", person.email);
        }
        let mut attributes = Object::open(object.field("custom_attributes"));
        attributes.boolean(name, true);
        attributes.close();
        object.close();
        let (purpose, body) = (Purpose::SetAttribute, self.take_body());
        if settings.is_v1() {
            return vec![Task::Send(Send { purpose, target: Target::Path(&WRITE_USER), body })];
        }
        let identity = person.identity();
        let fields = [("external_id", &identity.external_id), ("email", &identity.email)];
        let lookups: Vec<(&str, &str)> =
            fields.iter().filter_map(|(field, text)| Some((*field, text.as_deref()?))).collect();
        if lookups.is_empty() {
            return Vec::new();
        }
        let send = Send { purpose, target: Target::Contact, body };
        vec![Task::Find(Find::by_texts(&lookups)), Task::Send(send)]
    }

    /// The version of the app in use, where it is kept as an attribute.
    pub(crate) fn app_version(&self) -> Option<(&'static str, Value<'e>)> {
        if !self.settings.one_time_attributes.iter().any(|name| name == VERSION) {
            return None;
        }
        let version = self.message.context.app?.get("version")?;
        version.is_text().then_some((VERSION, version))
    }
}
