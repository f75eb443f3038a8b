//! The routes of API 1.4.

mod bulk;
mod conversations;
mod leads;
mod lists;
mod operations;
mod scrolls;
mod surroundings;
mod users;

use std::collections::{BTreeMap, BTreeSet};

use intercom_api::v1::{
    Admin, AdminCounts, AdminList, App, AppCounts, Attachment, Avatar, Company, CompanyList,
    Conversation, ConversationCounts, ConversationList, ConversationMessage, ConversationPart,
    ConversationPartList, ConversationRating, Counts, DeletionRequest, Event, EventList,
    EventSummary, EventSummaryList, FailedJobItem, FirstReply, Job, JobErrorList, JobItemError,
    JobLinks, JobTask, LeadList, LocationData, Message, NamedCounts, Note, NoteList, Pages,
    Participant, Person, Segment, SegmentList, SocialProfile, SocialProfileList, Tag, TagList,
    Total, UserList,
};
use intercom_api::{ApiVersion, Method, Operation, PageView, Paged, decode_item};
use intercom_sim::Simulator;
use serde_json::Value;

use crate::support::{NOW, read, request, simulator};

/// A workspace that is called in version 1.4, and the second it is called at.
struct Legacy {
    sim: Simulator,
    now: i64,
    /// The operations that were answered.
    answered: BTreeSet<&'static str>,
}

impl Legacy {
    fn new(contacts: u32, conversations: u32) -> Self {
        Self::of(simulator(contacts, conversations))
    }

    fn of(sim: Simulator) -> Self {
        Self { sim, now: NOW, answered: BTreeSet::new() }
    }

    /// Executes an operation; nothing of its answer may be unknown to `intercom_api::v1`.
    fn run<O: Operation>(&mut self, operation: &O) -> O::Output
    where
        O::Output: Known,
    {
        let request = operation.request(ApiVersion::V1_4).expect("a 1.4 request");
        let response = self.sim.handle(&request, self.now);
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert!(matches!(response.status, 200 | 202), "{}: {text}", O::NAME);
        let decoded = O::decode(&response).unwrap_or_else(|error| panic!("{error}: {text}"));
        let mut unknown = BTreeSet::new();
        decoded.collect(&mut unknown);
        assert_eq!(unknown, BTreeSet::new(), "{}", O::NAME);
        self.answered.insert(O::NAME);
        decoded
    }

    /// Every page of a list; `between` is called after each.
    fn walk<O: Paged>(
        &mut self,
        operation: &O,
        mut between: impl FnMut(&mut Self),
    ) -> Vec<O::Item> {
        let mut items = Vec::new();
        let mut request = operation.request(ApiVersion::V1_4).expect("a 1.4 request");
        for _ in 0..1_000 {
            let response = self.sim.handle(&request, self.now);
            assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
            let page = PageView::read::<O>(&response).expect("a page");
            let decoded = page.items.iter().map(|item| decode_item::<O>(item).expect("an entry"));
            items.extend(decoded);
            let Some(next) = page.next else { return items };
            request = operation.request_at(ApiVersion::V1_4, &next).expect("a next request");
            between(self);
        }
        panic!("the walk has no end")
    }

    fn send(&mut self, method: Method, target: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = request(method, target, body);
        request.version = ApiVersion::V1_4;
        read(&self.sim.handle(&request, self.now))
    }

    fn get(&mut self, target: &str) -> (u16, Value) {
        self.send(Method::Get, target, None)
    }

    fn post(&mut self, target: &str, body: &Value) -> (u16, Value) {
        self.send(Method::Post, target, Some(body))
    }

    /// A call of 2.16.
    fn modern(&mut self, method: Method, target: &str, body: Option<&Value>) -> (u16, Value) {
        read(&self.sim.handle(&request(method, target, body), self.now))
    }

    /// The status and code of a refused call.
    fn refused(&mut self, method: Method, target: &str, body: Option<&Value>) -> (u16, String) {
        let (status, body) = self.send(method, target, body);
        (status, crate::support::code(&body).to_owned())
    }
}

/// An answer that can tell which of its fields have no place in its type.
trait Known {
    fn collect(&self, unknown: &mut BTreeSet<String>);
}

impl Known for () {
    fn collect(&self, _: &mut BTreeSet<String>) {}
}

impl<T: Known> Known for Option<T> {
    fn collect(&self, unknown: &mut BTreeSet<String>) {
        self.iter().for_each(|value| value.collect(unknown));
    }
}

impl<T: Known> Known for Vec<T> {
    fn collect(&self, unknown: &mut BTreeSet<String>) {
        self.iter().for_each(|value| value.collect(unknown));
    }
}

macro_rules! known {
    ($($name:ident { $($inner:ident),* },)+) => {$(
        impl Known for $name {
            fn collect(&self, unknown: &mut BTreeSet<String>) {
                let own: BTreeMap<_, _> = self.extra.iter().collect();
                unknown.extend(own.keys().map(|key| format!("{}.{key}", stringify!($name))));
                $(self.$inner.collect(unknown);)*
            }
        }
    )+};
}

known! {
    Admin { avatar, app },
    AdminCounts {},
    AdminList { admins },
    App {},
    AppCounts { company, user, lead, tag, segment },
    Attachment {},
    Avatar {},
    Company { tags, segments },
    CompanyList { companies, pages },
    Conversation {
        user, customers, assignee, conversation_message, customer_first_reply, conversation_parts,
        conversation_rating, tags
    },
    ConversationCounts { admin },
    ConversationList { conversations, pages },
    ConversationMessage { author, attachments },
    ConversationPart { assigned_to, author, attachments },
    ConversationPartList { conversation_parts },
    ConversationRating { customer, teammate },
    Counts { conversation, user, company },
    DeletionRequest {},
    Event {},
    EventList { events, pages },
    EventSummary {},
    EventSummaryList { events },
    FailedJobItem { error },
    FirstReply {},
    Job { links, tasks },
    JobErrorList { items, pages },
    JobItemError {},
    JobLinks {},
    JobTask {},
    LeadList { contacts, pages },
    LocationData {},
    Message { owner },
    NamedCounts {},
    Note { author, user },
    NoteList { notes, pages },
    Pages {},
    Participant {},
    Person { avatar, location_data, social_profiles, companies, segments, tags },
    Segment {},
    SegmentList { segments, pages },
    SocialProfile {},
    SocialProfileList { social_profiles },
    Tag { applied_by },
    TagList { tags },
    Total {},
    UserList { users, pages },
}
