//! The workspace that every row of the matrix starts from.

use std::fmt::Debug;
use std::str::FromStr;

use intercom_api::Method;
use intercom_sim::{SimSettings, Simulator};
use serde_json::{Value, json};

use crate::support::{NOW, ids, read, request, simulator_with};

/// A workspace with a few things of each kind, and the ids of those that the rows are about.
pub(super) struct World {
    pub(super) simulator: Simulator,
    /// A user with notes, tags, companies, events and merged leads.
    pub(super) contact: String,
    /// A user that no row changes.
    pub(super) other_contact: String,
    /// A user who takes part in `conversation` beside `contact`.
    pub(super) participant: String,
    /// A lead with the e-mail address of `contact`.
    pub(super) lead: String,
    pub(super) archived_contact: String,
    pub(super) conversation: String,
    pub(super) company: String,
    /// A company that `contact` is no member of.
    pub(super) other_company: String,
    pub(super) tag: String,
    /// A tag that only `ticket` has.
    pub(super) other_tag: String,
    pub(super) note: String,
    /// A ticket with `other_tag`.
    pub(super) ticket: String,
    pub(super) ticket_type: String,
    pub(super) admin: String,
    pub(super) other_admin: String,
    pub(super) team: String,
    pub(super) segment: String,
    pub(super) attribute: String,
    pub(super) job: String,
}

/// What the API calls by a name of the customer's own.
pub(super) const EXTERNAL_ID: &str = "matrix-1";
pub(super) const EMAIL: &str = "matrix@example.com";
pub(super) const COMPANY_ID: &str = "matrix-company-0";
pub(super) const COMPANY_NAME: &str = "Matrix 0";
pub(super) const TAG_NAME: &str = "matrix";

/// An id of the API's.
pub(super) fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("the workspace has valid ids")
}

impl World {
    pub(super) fn new(rate_limit: Option<u32>) -> Self {
        let settings = SimSettings { rate_limit, ..SimSettings::default() };
        let mut builder = Builder { simulator: simulator_with(0, 0, settings), n_sent: 0 };
        let user = json!({"role": "user", "email": EMAIL, "external_id": EXTERNAL_ID});
        let contact = builder.id("/contacts", &user);
        let other = json!({"role": "user", "email": "other@example.com"});
        let other_contact = builder.id("/contacts", &other);
        let bystanders: Vec<String> = (0..4)
            .map(|number| {
                let email = format!("bystander-{number}@example.com");
                builder.id("/contacts", &json!({"role": "user", "email": email}))
            })
            .collect();
        let archived = json!({"role": "user", "email": "archived@example.com"});
        let archived_contact = builder.id("/contacts", &archived);
        builder.post(&format!("/contacts/{archived_contact}/archive"), &json!({}));
        let companies = builder.companies(&contact);
        for member in bystanders {
            builder.post(&format!("/contacts/{member}/companies"), &json!({"id": companies[0]}));
        }
        let tag = builder.id("/tags", &json!({"name": TAG_NAME}));
        let other_tag = builder.id("/tags", &json!({"name": "matrix, another"}));
        builder.post(&format!("/contacts/{contact}/tags"), &json!({"id": tag}));
        let notes = format!("/contacts/{contact}/notes");
        let note = builder.id(&notes, &json!({"body": "first"}));
        for body in ["second", "third", "fourth"] {
            builder.post(&notes, &json!({"body": body}));
        }
        let lead = builder.leads(&contact);
        let (conversation, admin) = (builder.conversations(&contact), builder.admin());
        let tagging = json!({"id": tag, "admin_id": admin});
        builder.post(&format!("/conversations/{conversation}/tags"), &tagging);
        let participant = builder.id("/contacts", &json!({"email": "participant@example.com"}));
        let joining = json!({"admin_id": admin, "customer": {"intercom_user_id": participant}});
        builder.post(&format!("/conversations/{conversation}/customers"), &joining);
        let tagged: Vec<Value> = companies[..4].iter().map(|id| json!({"id": id})).collect();
        builder.post("/tags", &json!({"name": TAG_NAME, "companies": tagged}));
        builder.events(&contact);
        let (ticket_type, ticket) = builder.tickets(&contact);
        let tagging = json!({"id": other_tag, "admin_id": admin});
        builder.post(&format!("/tickets/{ticket}/tags"), &tagging);
        let attribute = json!({"name": "matrix_flag", "model": "contact", "data_type": "boolean"});
        let attribute = builder.post("/data_attributes", &attribute)["id"].to_string();
        let other_admin = builder.first("/admins", "admins", 1);
        Self {
            contact,
            other_contact,
            participant,
            lead,
            archived_contact,
            conversation,
            company: companies[0].clone(),
            other_company: companies[companies.len() - 1].clone(),
            tag,
            other_tag,
            note,
            ticket,
            ticket_type,
            admin,
            other_admin,
            team: builder.first("/teams", "teams", 0),
            segment: builder.first("/segments", "segments", 0),
            attribute,
            job: builder.job(),
            simulator: builder.simulator,
        }
    }
}

impl World {
    /// The workspace with more companies than a page of a scroll has.
    pub(super) fn crowded(rate_limit: Option<u32>) -> Self {
        let mut world = Self::new(rate_limit);
        let mut builder = Builder { simulator: world.simulator, n_sent: 500 };
        for number in 0..110 {
            builder.post("/companies", &json!({"company_id": format!("crowd-{number}")}));
        }
        world.simulator = builder.simulator;
        world
    }
}

/// Fills a workspace through the API.
struct Builder {
    simulator: Simulator,
    n_sent: i64,
}

impl Builder {
    /// Sends each request in a rate window of its own.
    fn send(&mut self, method: Method, target: &str, body: Option<&Value>) -> Value {
        self.n_sent += 1;
        let at = NOW - 10_000 + 10 * self.n_sent;
        let (status, answer) = read(&self.simulator.handle(&request(method, target, body), at));
        assert!(status < 300, "{method} {target}: {status} {answer}");
        answer
    }

    fn post(&mut self, target: &str, body: &Value) -> Value {
        self.send(Method::Post, target, Some(body))
    }

    /// The id of what a call creates.
    fn id(&mut self, target: &str, body: &Value) -> String {
        let created = self.post(target, body);
        created["id"].as_str().expect("what is created has an id").to_owned()
    }

    /// The id at a place of a list.
    fn first(&mut self, target: &str, key: &str, place: usize) -> String {
        let listed = self.send(Method::Get, target, None);
        ids(&listed, key).swap_remove(place)
    }

    fn admin(&mut self) -> String {
        self.first("/admins", "admins", 0)
    }

    fn companies(&mut self, contact: &str) -> Vec<String> {
        let companies = (0..6).map(|number| {
            let fields = json!({
                "company_id": format!("matrix-company-{number}"), "name": format!("Matrix {number}"),
            });
            self.id("/companies", &fields)
        });
        let mut companies: Vec<String> = companies.collect();
        // A deleted company is a job.
        let deleted = companies.pop().expect("there are six");
        self.send(Method::Delete, &format!("/companies/{deleted}"), None);
        for company in &companies[..4] {
            self.post(&format!("/contacts/{contact}/companies"), &json!({"id": company}));
        }
        companies
    }

    /// Merges three leads into a contact, and leaves one that can be merged.
    fn leads(&mut self, contact: &str) -> String {
        let lead = json!({"role": "lead", "email": EMAIL});
        for _ in 0..3 {
            let merged = self.id("/contacts", &lead);
            self.post("/contacts/merge", &json!({"from": merged, "into": contact}));
        }
        self.id("/contacts", &lead)
    }

    /// Begins conversations and deletes some.
    fn conversations(&mut self, contact: &str) -> String {
        let begun = json!({"from": {"type": "user", "id": contact}, "body": "Hello"});
        let begin = |builder: &mut Self| {
            let message = builder.post("/conversations", &begun);
            message["conversation_id"].as_str().expect("it has begun").to_owned()
        };
        for _ in 0..4 {
            let id = begin(self);
            self.send(Method::Delete, &format!("/conversations/{id}"), None);
        }
        for _ in 0..4 {
            begin(self);
        }
        begin(self)
    }

    /// Submits more events than a page holds.
    fn events(&mut self, contact: &str) {
        for second in 0..120 {
            let event = json!({"event_name": "seen", "created_at": NOW - second, "id": contact});
            self.post("/events", &event);
        }
    }

    fn tickets(&mut self, contact: &str) -> (String, String) {
        let ticket_type = self.first("/ticket_types", "data", 0);
        let ticket = json!({"ticket_type_id": ticket_type, "contacts": [{"id": contact}]});
        for _ in 0..3 {
            self.post("/tickets", &ticket);
        }
        let ticket = self.id("/tickets", &ticket);
        (ticket_type, ticket)
    }

    /// A finished export.
    fn job(&mut self) -> String {
        let span = json!({"created_at_after": 1, "created_at_before": NOW});
        let job = self.post("/export/content/data", &span);
        job["job_identifier"].as_str().expect("a job has an id").to_owned()
    }
}
