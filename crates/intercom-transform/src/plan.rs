//! A plan: the requests of one event and the decisions between them.

mod call;
mod classify;
mod company;
mod find;
mod finished;
mod send;
mod write;

use std::fmt;

use intercom_api::{
    ApiVersion, BuildError, CompanyId, ContactId, Exchange, Request, Response, Step,
};

use crate::note::Notes;
use crate::outcome::{Outcome, Purpose};
use crate::rejection::Rejection;
use crate::settings::{
    Archived, Conflicts, Destination, Matching, MissingCompanies, Settings, UnknownUsers,
};

pub(crate) use call::{WRITE_USER, call_of};
pub(crate) use company::{Attach, CompanyKey, Detach, Tags, WriteCompany};
pub(crate) use find::{Find, Missing, Query, read};
pub(crate) use send::{Send, SendEvent, Target};
pub(crate) use write::{Action, WriteContact};

use finished::Finished;

/// The requests of one event and the decisions between them: what to send, and what becomes of it
/// whatever the API answers.
///
/// It never waits for anything. [`Client::drive`] of the client crate runs it; so does a loop over
/// [`Exchange::next`] and [`Exchange::reply`] with any answers. `Debug` shows neither bodies nor ids
/// of persons.
///
/// [`Client::drive`]: https://docs.rs/intercom-client
#[derive(Clone, PartialEq)]
pub struct Plan {
    tasks: Vec<Task>,
    /// The task in hand.
    at: usize,
    state: State,
    notes: Notes,
    /// Whether its requests must not be repeated when every task is done.
    is_suppressed: bool,
    outcome: Option<Outcome>,
}

/// One thing to do, in one or several requests.
#[derive(Clone, PartialEq)]
pub(crate) enum Task {
    Find(Find),
    Write(WriteContact),
    Detach(Detach),
    Company(WriteCompany),
    Attach(Attach),
    Tags(Tags),
    Event(SendEvent),
    Send(Send),
    Finished(Finished),
    /// The event is refused at this point, whatever was answered before.
    Refuse(Box<Rejection>),
}

/// What the tasks of a plan know.
#[derive(Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) version: ApiVersion,
    pub(crate) policy: Policy,
    pub(crate) identity: Identity,
    /// The contact, once it is known.
    pub(crate) contact: Option<ContactId>,
    /// Whether the contact is known from another plan, and may be gone.
    pub(crate) is_remembered: bool,
    /// Whether the plan has deleted the contact.
    pub(crate) is_deleted: bool,
    /// The company, as Intercom calls it.
    pub(crate) company: Option<CompanyId>,
}

/// Who the event is about.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Identity {
    /// What the customer's own system calls the user.
    pub(crate) external_id: Option<Box<str>>,
    /// The e-mail address in lower case.
    pub(crate) email: Option<Box<str>>,
}

/// The settings that decide what answers mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Policy {
    pub(crate) destination: Destination,
    pub(crate) matching: Matching,
    pub(crate) conflicts: Conflicts,
    pub(crate) archived: Archived,
    pub(crate) unknown_users: UnknownUsers,
    pub(crate) missing_companies: MissingCompanies,
}

impl Policy {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            destination: settings.destination,
            matching: settings.matching,
            conflicts: settings.conflicts,
            archived: settings.archived,
            unknown_users: settings.unknown_users,
            missing_companies: settings.missing_companies,
        }
    }
}

/// What a task makes of an answer.
pub(crate) enum Progress {
    /// The task is done.
    Next,
    /// The task has another request.
    Again,
    /// The plan begins again: what it knew was wrong.
    Restart,
    /// The plan has ended.
    End(Outcome),
}

impl Plan {
    pub(crate) fn new(
        settings: &Settings,
        version: ApiVersion,
        identity: Identity,
        tasks: Vec<Task>,
        notes: Notes,
    ) -> Self {
        let state = State {
            version,
            policy: Policy::new(settings),
            identity,
            contact: None,
            is_remembered: false,
            is_deleted: false,
            company: None,
        };
        Self { tasks, at: 0, state, notes, is_suppressed: false, outcome: None }
    }

    /// Starts from a contact that another plan has found.
    pub(crate) fn know(&mut self, contact: &ContactId) {
        self.state.contact = Some(contact.clone());
        self.state.is_remembered = true;
    }

    /// The plan ends as suppressed in place of delivered.
    pub(crate) fn suppress(&mut self) {
        self.is_suppressed = true;
    }

    /// What became of parts of the event that are not sent as they came, as far as the plan has
    /// been driven.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// How the plan ended; `None` while it has requests to send.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// The version that the requests are built for.
    pub fn version(&self) -> ApiVersion {
        self.state.version
    }

    /// The contact that the event is about, as far as answers have told.
    pub fn contact_id(&self) -> Option<&ContactId> {
        self.state.contact.as_ref()
    }

    /// What the request that [`Exchange::next`] yields is for; `None` at the end.
    pub fn purpose(&self) -> Option<Purpose> {
        if self.outcome.is_some() {
            return None;
        }
        self.tasks[self.at..].iter().find_map(|task| task.purpose(&self.state))
    }

    pub(crate) fn has_deleted(&self) -> bool {
        self.state.is_deleted
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.state.identity
    }

    fn advance(&mut self, progress: Progress) {
        match progress {
            Progress::Next => self.at += 1,
            Progress::Again => {}
            Progress::Restart => {
                self.at = 0;
                self.state.contact = None;
                self.state.is_remembered = false;
            }
            Progress::End(outcome) => self.outcome = Some(outcome),
        }
    }
}

impl Exchange for Plan {
    type Output = Outcome;

    fn next(&mut self) -> Result<Step<Outcome>, BuildError> {
        loop {
            if let Some(outcome) = &self.outcome {
                return Ok(Step::Done(outcome.clone()));
            }
            let Some(task) = self.tasks.get(self.at) else {
                let is_delivered = !self.is_suppressed;
                self.outcome =
                    Some(if is_delivered { Outcome::Delivered } else { Outcome::Suppressed });
                continue;
            };
            if let Task::Refuse(rejection) = task {
                self.outcome = Some(Outcome::Rejected((**rejection).clone()));
                continue;
            }
            match task.request(&self.state)? {
                Some(request) => return Ok(Step::Send(request)),
                None => self.at += 1,
            }
        }
    }

    fn reply(&mut self, response: Response) {
        let Some(task) = self.tasks.get_mut(self.at).filter(|_| self.outcome.is_none()) else {
            return;
        };
        let progress = task.reply(&mut self.state, &mut self.notes, &response);
        self.advance(progress);
    }
}

impl Task {
    /// The request to send; `None` when there is nothing to do.
    fn request(&self, state: &State) -> Result<Option<Request>, BuildError> {
        match self {
            Self::Find(task) => task.request(state),
            Self::Write(task) => task.request(state),
            Self::Detach(task) => task.request(state),
            Self::Company(task) => task.request(state),
            Self::Attach(task) => task.request(state),
            Self::Tags(task) => task.request(state),
            Self::Event(task) => task.request(state),
            Self::Send(task) => task.request(state),
            Self::Finished(task) => task.request(),
            Self::Refuse(_) => Ok(None),
        }
    }

    fn reply(&mut self, state: &mut State, notes: &mut Notes, response: &Response) -> Progress {
        match self {
            Self::Find(task) => task.reply(state, notes, response),
            Self::Write(task) => task.reply(state, notes, response),
            Self::Detach(task) => task.reply(state, notes, response),
            Self::Company(task) => task.reply(state, response),
            Self::Attach(task) => task.reply(state, response),
            Self::Tags(task) => task.reply(state, response),
            Self::Event(task) => task.reply(state, notes, response),
            Self::Send(task) => task.reply(state, notes, response),
            Self::Finished(task) => task.reply(response),
            Self::Refuse(_) => Progress::Next,
        }
    }

    /// What the task's next request is for; `None` when it has none.
    fn purpose(&self, state: &State) -> Option<Purpose> {
        match self {
            Self::Find(task) => task.purpose(state),
            Self::Write(task) => task.purpose(state),
            Self::Detach(task) => task.purpose(state),
            Self::Company(_) => Some(Purpose::WriteCompany),
            Self::Attach(task) => task.purpose(state),
            Self::Tags(task) => task.purpose(state),
            Self::Event(task) => Some(task.purpose()),
            Self::Send(task) => task.purpose(state),
            Self::Finished(task) => Some(task.purpose),
            Self::Refuse(_) => None,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Find(_) => "find",
            Self::Write(_) => "write",
            Self::Detach(_) => "detach",
            Self::Company(_) => "company",
            Self::Attach(_) => "attach",
            Self::Tags(_) => "tags",
            Self::Event(_) => "event",
            Self::Send(_) => "send",
            Self::Finished(_) => "finished",
            Self::Refuse(_) => "refuse",
        }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tasks: Vec<&str> = self.tasks.iter().map(Task::name).collect();
        f.debug_struct("Plan")
            .field("version", &self.state.version)
            .field("tasks", &tasks)
            .field("at", &self.at)
            .field("notes", &self.notes)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
