//! An invented workspace: the same seed gives the same bytes.
//!
//! Everything later systems look for is in it: paying and leaving customers, seats and storage
//! close to their limits, members with and without coaching sessions, ratings, names that break
//! careless code, odd spellings, ties and gaps.

mod billing;
mod contacts;
mod conversations;
mod live;
pub(crate) mod rng;
mod usage;
pub(crate) mod words;

use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use crate::invent::conversations::Cast;
use crate::invent::rng::Rng;
use crate::parallel::Rounds;
use crate::workspace::catalogue::{
    Admin, DataAttribute, DataType, Model, Profile, Tag, Tags, Team,
};
use crate::workspace::change::MACHINE;
use crate::workspace::company::{self, Company};
use crate::workspace::contact::Contact;
use crate::workspace::conversation::Conversation;
use crate::workspace::journal::{Event, Note, Subject};
use crate::workspace::packed::Packed;
use crate::workspace::table::Slot;
use crate::workspace::{Parts, WRITTEN_ATTRIBUTES, Workspace};

/// What to invent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invention {
    /// The number of contacts.
    pub contacts: u32,
    /// The number of conversations.
    pub conversations: u32,
    /// The seed: the same one gives the same workspace.
    pub seed: u64,
    /// The instant at which the workspace is looked at; nothing in it is later.
    pub now: i64,
    /// The zone of the workspace.
    pub timezone: Tz,
}

impl Default for Invention {
    /// 200 contacts and 800 conversations on a Friday noon in New York.
    fn default() -> Self {
        Self {
            contacts: 200,
            conversations: 800,
            seed: 1,
            now: 1_763_744_400,
            timezone: chrono_tz::America::New_York,
        }
    }
}

/// How far the making of a large workspace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being made.
    pub of: Stage,
    /// How many there are by now.
    pub done: u32,
    /// How many there will be.
    pub total: u32,
}

/// What takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Users and leads are invented.
    Contacts,
    /// Conversations with their parts are invented.
    Conversations,
    /// Groups of fields are read for searches.
    Searches,
}

const DAY: i64 = 86_400;
/// Contacts signed up over so many days.
const CONTACTS_FOR: i64 = 1_095 * DAY;
/// Conversations were begun over so many days.
const CONVERSATIONS_FOR: i64 = 400 * DAY;

/// The streams of numbers; see [`Rng::new`].
#[derive(Debug, Clone, Copy)]
enum Stream {
    Contact = 1,
    Conversation,
    Company,
    Event,
    Live,
}

impl Invention {
    fn rng(&self, stream: Stream, number: u32) -> Rng {
        Rng::new(self.seed, stream as u64, number.into())
    }

    /// The instant of the n-th of `count` things that happened over a span until now, more of
    /// them recently; in order, whatever the jitter.
    fn instant(&self, rng: &mut Rng, number: u32, count: u32, span: i64) -> i64 {
        let jitter = f64::from(u32::try_from(rng.below(1 << 20)).unwrap_or(0)) / f64::from(1 << 20);
        let share = (f64::from(number) + jitter) / f64::from(count.max(1));
        // Square roots are exact to the last bit on every machine; powers are not.
        #[expect(clippy::cast_possible_truncation, reason = "a span of seconds")]
        #[expect(clippy::cast_precision_loss, reason = "a span of seconds")]
        let offset = (share.sqrt() * span as f64) as i64;
        self.now - span + offset
    }

    fn n_companies(&self) -> u32 {
        (self.contacts / 12).clamp(u32::from(self.contacts > 0), 20_000)
    }
}

impl Workspace {
    /// Invents a workspace.
    pub fn invent(invention: &Invention) -> Self {
        Self::invent_telling(invention, &mut |_| {})
    }

    /// Invents a workspace and tells how far it is, many times while a large one is being invented.
    pub fn invent_telling(invention: &Invention, tell: &mut dyn FnMut(Progress)) -> Self {
        let admins = admins();
        let mut tags = Tags::default();
        for (id, name) in (7_001..).zip(words::TAGS) {
            tags.push(Tag { id: format!("{id}").into(), name: (*name).into() });
        }
        let mut companies: Vec<Company> =
            (0..invention.n_companies()).map(|number| company(invention, number)).collect();
        let mut contacts: Vec<Contact> = Vec::with_capacity(invention.contacts as usize);
        for round in Rounds::of(invention.contacts) {
            let invent = |n| contacts::contact(invention, n);
            let invented = round.each(|part| part.map(invent).collect::<Vec<_>>());
            contacts.extend(invented.into_iter().flatten());
            tell(Progress { of: Stage::Contacts, done: round.end(), total: invention.contacts });
        }
        for (member, contact) in (0..).zip(&contacts) {
            for place in &contact.companies {
                if let Some(company) = companies.get_mut(*place as usize) {
                    company.members.push(member);
                }
            }
        }
        let mut numbers = 900_000_000;
        let conversations = conversations(invention, &contacts, &admins, &mut numbers, tell);
        let profile = Profile {
            id_code: format!("sim{:05x}", invention.seed & 0xf_ffff).into(),
            name: "Invented workspace".into(),
            region: "US".into(),
            timezone: invention.timezone,
            created_at: invention.now - CONTACTS_FOR,
        };
        let parts = Parts {
            attributes: attributes(profile.created_at),
            profile,
            contacts,
            conversations,
            companies,
            teams: teams(&admins),
            admins,
            tags,
            last_number: numbers,
        };
        let mut workspace = Self::assemble(parts).expect("invented ids count upwards");
        write_journal(&mut workspace, invention);
        workspace
    }
}

fn conversations(
    invention: &Invention,
    contacts: &[Contact],
    admins: &[Admin],
    numbers: &mut u64,
    tell: &mut dyn FnMut(Progress),
) -> Vec<Conversation> {
    let cast = Cast::new(invention, contacts, admins);
    let mut conversations = Vec::with_capacity(invention.conversations as usize);
    for round in Rounds::of(invention.conversations) {
        // Numbers run through all conversations, so each part must know how many those before it
        // take.
        let counts = round.each(|part| part.map(|n| cast.n_numbers(n)).sum::<u64>());
        let firsts = counts.iter().scan(*numbers, |next, count| {
            *next += count;
            Some(*next - count)
        });
        let firsts: Vec<u64> = firsts.collect();
        *numbers += counts.iter().sum::<u64>();
        let invented = round.each_with(firsts, |part, mut number| {
            part.map(|n| conversations::conversation(&cast, n, &mut number)).collect::<Vec<_>>()
        });
        conversations.extend(invented.into_iter().flatten());
        let (done, total) = (round.end(), invention.conversations);
        tell(Progress { of: Stage::Conversations, done, total });
    }
    conversations
}

fn admins() -> Vec<Admin> {
    let admins = (814_860..).zip(words::ADMINS).map(|(id, name)| {
        let email = format!("{}@coach.example", name.to_lowercase().replace(' ', "."));
        let team = 2_101 + (id - 814_860) % 3;
        let is_away = id % 5 == 4;
        let fields = json!({
            "type": "admin", "id": id.to_string(), "name": name, "email": email,
            "job_title": if team == 2_102 { "Coach" } else { "Support" },
            "away_mode_enabled": is_away, "away_mode_reassign": false, "has_inbox_seat": true,
            "team_ids": [team],
        });
        let Value::Object(fields) = fields else { return None };
        Admin::from_fields(fields)
    });
    admins.flatten().collect()
}

fn teams(admins: &[Admin]) -> Vec<Team> {
    let names = [(2_101, "Support"), (2_102, "Coaching"), (2_103, "Sales")];
    let teams = names.into_iter().map(|(id, name)| {
        let is_member =
            |admin: &&Admin| admin.fields.get("team_ids").is_some_and(|ids| *ids == json!([id]));
        let members = admins.iter().filter(is_member).filter_map(|admin| admin.id.parse().ok());
        Team { id: format!("{id}").into(), name: name.into(), admin_ids: members.collect() }
    });
    teams.collect()
}

fn attributes(created_at: i64) -> Vec<DataAttribute> {
    let own: &[(Model, &str, DataType)] = &[
        (Model::Company, "crm_account", DataType::String),
        (Model::Company, "seats", DataType::Integer),
        (Model::Contact, "Employer", DataType::String),
        (Model::Contact, "Enrolled Date", DataType::Date),
        (Model::Contact, "Registration Date", DataType::Date),
        (Model::Contact, "Service Code", DataType::String),
        (Model::Contact, "stripe_delinquent", DataType::Boolean),
        (Model::Contact, "stripe_id", DataType::String),
        (Model::Contact, "stripe_last_charge_amount", DataType::Integer),
        (Model::Contact, "stripe_last_charge_at", DataType::Date),
        (Model::Contact, "stripe_plan", DataType::String),
        (Model::Contact, "stripe_plan_price", DataType::Integer),
        (Model::Contact, "stripe_subscription_status", DataType::String),
    ];
    let usage =
        usage::ATTRIBUTES.iter().map(|(name, data_type)| (Model::Contact, *name, *data_type));
    let all = own.iter().copied().chain(usage).chain(WRITTEN_ATTRIBUTES.iter().copied());
    (18_001..)
        .zip(all)
        .map(|(id, (model, name, data_type))| DataAttribute {
            id,
            model,
            name: name.into(),
            data_type,
            description: "".into(),
            options: Vec::new(),
            is_archived: false,
            messenger_writable: false,
            created_at,
            updated_at: created_at,
        })
        .collect()
}

fn company(invention: &Invention, number: u32) -> Company {
    let mut rng = invention.rng(Stream::Company, number);
    let created_at = invention.instant(&mut rng, number, invention.n_companies(), CONTACTS_FOR);
    let seconds = u32::try_from(created_at.max(0)).unwrap_or(u32::MAX);
    let id = format!("{seconds:08x}{MACHINE:010x}{:06x}", number & 0xff_ffff);
    let employer = rng.pick(words::EMPLOYERS);
    let name = match number {
        0..26 => (*employer).to_owned(),
        _ => format!("{employer} {number}"),
    };
    let seats = rng.between(2, 60);
    let plan = rng.pick(&["Starter", "Team", "Enterprise"]);
    let mut fields = Map::new();
    fields.insert("company_id".to_owned(), format!("acct-{number}").into());
    fields.insert("name".to_owned(), name.into());
    fields.insert("plan".to_owned(), plan.into());
    fields.insert("size".to_owned(), rng.between(5, 9_000).into());
    fields.insert("industry".to_owned(), (rng.pick(&["Health", "Retail", "Energy"])).into());
    fields.insert("website".to_owned(), format!("https://acct-{number}.example").into());
    fields.insert("monthly_spend".to_owned(), (seats * 29).into());
    fields.insert("session_count".to_owned(), rng.between(0, 5_000).into());
    let requested_at = rng.late_between(created_at, invention.now);
    fields.insert("last_request_at".to_owned(), requested_at.into());
    fields.insert("remote_created_at".to_owned(), created_at.into());
    fields.insert("updated_at".to_owned(), requested_at.into());
    fields.insert("custom_attributes".to_owned(), json!({"seats": seats}));
    let mut company = Company::blank(id, created_at);
    company.apply(fields).expect("the fields above have the right types");
    debug_assert!(company::DEFAULTS.0.is_sorted());
    company
}

/// Notes about some contacts, and what users did in the last months.
fn write_journal(workspace: &mut Workspace, invention: &Invention) {
    const NAMES: &[&str] =
        &["project_created", "teammate_invited", "storage_threshold_reached", "logged_in"];
    for number in 0..invention.contacts {
        let mut rng = invention.rng(Stream::Event, number);
        let slot: Slot = number;
        let created_at = workspace.contacts.get(slot).map_or(invention.now, |c| c.created_at);
        let mut events = Vec::new();
        for _ in 0..rng.below(3) {
            let id = workspace.next_number();
            let metadata = Packed::object(|fields| {
                fields.field("source", "web");
            });
            let name = rng.pick(NAMES);
            let created_at = rng.late_between(created_at, invention.now);
            events.push(Event { id, name: name.into(), created_at, metadata });
        }
        if !events.is_empty() {
            workspace.events.insert(slot, events);
        }
        if rng.percent(4) {
            let id = u32::try_from(workspace.next_number()).unwrap_or(u32::MAX);
            let author = workspace.admins.first().map(|admin| admin.id.clone());
            workspace.notes.push(Note {
                id,
                subject: Subject::Contact(slot),
                author_id: author,
                body: "<p>Asked for a call back.</p>".into(),
                created_at: rng.late_between(created_at, invention.now),
            });
            workspace.contacts.change(slot, |contact| contact.n_notes += 1);
        }
    }
}
