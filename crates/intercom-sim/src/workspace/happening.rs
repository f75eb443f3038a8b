//! What happens without changing a row of a table, for whoever wants to be told.

use crate::workspace::Workspace;
use crate::workspace::journal::Event;
use crate::workspace::table::Slot;

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// A contact did something.
    Event { contact: Slot, event: Event },
    /// A contact was attached to a type of messages, or detached from it.
    Subscription { contact: Slot, kind: usize, is_attached: bool },
    /// A job in the background is done.
    Job { id: u64, resource_type: &'static str, resource_id: Option<String> },
}

impl Workspace {
    /// Begins to write down what happens.
    pub(crate) fn record_happenings(&mut self) {
        self.happenings = Some(Vec::new());
    }

    /// Writes down what happened, while somebody wants to know.
    pub(crate) fn tell(&mut self, happening: Happening) {
        if let Some(happenings) = &mut self.happenings {
            happenings.push(happening);
        }
    }

    /// What happened since the last time.
    pub(crate) fn take_happenings(&mut self) -> Vec<Happening> {
        self.happenings.as_mut().map(std::mem::take).unwrap_or_default()
    }
}
