//! Invented conversations with their parts and statistics.

use serde_json::{Map, Value};

use crate::invent::rng::Rng;
use crate::invent::{CONVERSATIONS_FOR, DAY, Invention, Stream, words};
use crate::workspace::body::Body;
use crate::workspace::catalogue::Admin;
use crate::workspace::contact::{Applied, Contact};
use crate::workspace::conversation::{Conversation, DEFAULTS, Figures, State, Statistics};
use crate::workspace::packed::Packed;
use crate::workspace::packing::{self, Object};

/// The odd one out has more parts than the API shows.
const LONG: u64 = 520;

/// The channels of coaching sessions, none, and spellings that are none.
const CHANNELS: &[(u64, Option<&str>)] = &[
    (21, Some("Phone")),
    (18, Some("Video Conference")),
    (22, Some("Email")),
    (25, Some("Chat")),
    (8, None),
    (2, Some("phone")),
    (1, Some("Video")),
    (1, Some("Chat ")),
    (1, Some("SMS")),
    (1, Some("")),
];

/// What is decided before anything is written.
struct Plan<'a> {
    contact: Option<&'a Contact>,
    admin: &'a str,
    channel: Option<&'static str>,
    created_at: i64,
    state: State,
    /// Where a wish to leave is written: nowhere, by the contact, by the admin.
    mention: Mention,
    n_replies: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mention {
    None,
    InSource,
    InReply,
    ByAdmin,
    OnlyLooksLikeIt,
}

/// Who may take part in conversations.
pub(super) struct Cast<'a> {
    invention: &'a Invention,
    contacts: &'a [Contact],
    admins: &'a [Admin],
    /// When each of the contacts signed up.
    signed_up_at: Vec<i64>,
}

impl<'a> Cast<'a> {
    pub(super) fn new(
        invention: &'a Invention,
        contacts: &'a [Contact],
        admins: &'a [Admin],
    ) -> Self {
        let signed_up_at = contacts.iter().map(|contact| contact.created_at).collect();
        Self { invention, contacts, admins, signed_up_at }
    }

    /// What is decided about the n-th conversation, its id, and the generator for the rest.
    fn plan(&self, number: u32) -> (Plan<'a>, u64, Rng) {
        let invention = self.invention;
        let mut rng = invention.rng(Stream::Conversation, number);
        let created_at =
            invention.instant(&mut rng, number, invention.conversations, CONVERSATIONS_FOR);
        let is_long = invention.conversations >= 1_000 && number == invention.conversations / 2;
        let age = invention.now - created_at;
        let mut plan = Plan {
            contact: self.contact(&mut rng, created_at),
            admin: &self.admins[rng.place(self.admins.len())].id,
            channel: rng.weighted(CHANNELS),
            created_at,
            state: match age < 3 * DAY {
                true => {
                    rng.weighted(&[(55, State::Open), (40, State::Closed), (5, State::Snoozed)])
                }
                false => {
                    rng.weighted(&[(8, State::Open), (87, State::Closed), (5, State::Snoozed)])
                }
            },
            mention: rng.weighted(&[
                (87, Mention::None),
                (4, Mention::InSource),
                (4, Mention::InReply),
                (3, Mention::ByAdmin),
                (2, Mention::OnlyLooksLikeIt),
            ]),
            n_replies: 0,
        };
        let jitter = rng.below(900);
        plan.n_replies = if is_long { LONG } else { rng.below(6) };
        (plan, 215_470_000_000_000 + u64::from(number) * 997 + jitter, rng)
    }

    /// One of the contacts that existed by then; some of them talk much more than others.
    fn contact(&self, rng: &mut Rng, at: i64) -> Option<&'a Contact> {
        let known = self.signed_up_at.partition_point(|signed_up_at| *signed_up_at <= at).max(1);
        let known = u64::try_from(known.min(self.contacts.len())).unwrap_or(0);
        if known == 0 || rng.below(200) == 0 {
            return None;
        }
        let bound = rng.below(known) + 1;
        let place = rng.below(bound).wrapping_mul(7_919) % known;
        self.contacts.get(usize::try_from(place).unwrap_or(0))
    }

    /// How many numbers the n-th conversation takes: one for each part and one for its source.
    pub(super) fn n_numbers(&self, number: u32) -> u64 {
        let (plan, _, mut rng) = self.plan(number);
        let mut script = Script::new(plan.created_at, self.invention.now, Parts::Counted);
        script.play(&mut rng, &plan, &mut 0);
        u64::from(script.figures.count_conversation_parts) + 1
    }
}

/// The n-th conversation; `numbers` is the last number that was given to a part.
pub(super) fn conversation(cast: &Cast<'_>, number: u32, numbers: &mut u64) -> Conversation {
    let (invention, contacts) = (cast.invention, cast.contacts);
    let (plan, id, mut rng) = cast.plan(number);
    let mut conversation = Conversation::blank(id.to_string(), plan.created_at);
    let mut script =
        Script::new(plan.created_at, invention.now, Parts::Written(Vec::with_capacity(512)));
    script.play(&mut rng, &plan, numbers);
    conversation.state = plan.state;
    conversation.is_priority = rng.percent(6);
    conversation.contacts = contact_list(&mut rng, contacts, plan.contact);
    let assignee = rng.percent(93).then(|| plan.admin.parse().ok()).flatten();
    conversation.admin_assignee_id = assignee;
    conversation.team_assignee_id = rng.percent(40).then(|| rng.between(2_101, 2_103));
    if plan.state == State::Open && script.is_waiting {
        conversation.waiting_since = u32::try_from(script.at).ok();
    }
    if plan.state == State::Snoozed {
        conversation.snoozed_until = u32::try_from(invention.now + rng.between(1, 7) * DAY).ok();
    }
    if rng.percent(15) {
        let tag = u32::try_from(rng.below(u64::try_from(words::TAGS.len()).unwrap_or(1)));
        conversation.tags.push(Applied { tag: tag.unwrap_or(0), applied_at: script.at });
    }
    // Some are touched again long after their end.
    conversation.updated_at =
        if rng.percent(8) { rng.between(script.at, invention.now) } else { script.at };
    conversation.body = body(&mut rng, &plan, &script, numbers);
    conversation.figures = match rng.percent(1) {
        true => Figures::None,
        false => Figures::Known(Box::new(script.figures)),
    };
    conversation.parts = script.parts.finish();
    conversation
}

fn contact_list(rng: &mut Rng, contacts: &[Contact], first: Option<&Contact>) -> Box<str> {
    let Some(first) = first else { return "".into() };
    if rng.percent(1) {
        let second = &contacts[rng.place(contacts.len())];
        if second.id != first.id {
            return format!("{},{}", first.id, second.id).into();
        }
    }
    first.id.clone()
}

/// What becomes of the parts.
enum Parts {
    /// They are written: a packed list while it grows.
    Written(Vec<u8>),
    /// They are counted only.
    Counted,
}

impl Parts {
    fn push(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        if let Self::Written(list) = self {
            packing::object(list, fill);
        }
    }

    fn finish(self) -> Packed {
        match self {
            Self::Written(entries) => Packed::list_of(&entries),
            Self::Counted => Packed::list_of(&[]),
        }
    }
}

/// What happens in a conversation, step by step.
struct Script {
    at: i64,
    now: i64,
    created_at: i64,
    figures: Statistics,
    parts: Parts,
    is_waiting: bool,
}

impl Script {
    fn new(created_at: i64, now: i64, parts: Parts) -> Self {
        Self {
            at: created_at,
            now,
            created_at,
            figures: Statistics::default(),
            parts,
            is_waiting: true,
        }
    }

    fn play(&mut self, rng: &mut Rng, plan: &Plan<'_>, numbers: &mut u64) {
        if rng.percent(80) {
            self.step(rng, 60, 3_600);
            self.assign(plan, numbers);
        }
        for turn in 0..plan.n_replies {
            // Long conversations are quick ones, so that they end before now.
            let pause = if plan.n_replies > 10 { 120 } else { 20 * 3_600 };
            self.step(rng, 30, pause);
            let body = line(rng, plan, turn);
            if turn.is_multiple_of(2) {
                self.by_admin(plan, numbers, "comment", Some(body));
            } else {
                self.by_contact(plan, numbers, "comment", body);
            }
        }
        if plan.state == State::Snoozed {
            self.step(rng, 60, 3_600);
            self.by_admin(plan, numbers, "snoozed", None);
        }
        if plan.state == State::Closed {
            self.step(rng, 60, 2 * DAY);
            self.close(plan, numbers);
            if rng.percent(7) {
                self.step(rng, 600, 5 * DAY);
                self.by_contact(plan, numbers, "open", rng.pick(words::FOLLOW_UPS));
                self.figures.count_reopens += 1;
                self.step(rng, 600, DAY);
                self.close(plan, numbers);
            }
        }
    }

    /// Lets time pass, but not beyond now.
    fn step(&mut self, rng: &mut Rng, from: i64, to: i64) {
        self.at = (self.at + rng.between(from, to)).min(self.now);
    }

    fn seconds(&self) -> (Option<u32>, Option<u32>) {
        (u32::try_from(self.at).ok(), u32::try_from(self.at - self.created_at).ok())
    }

    fn part(
        &mut self,
        numbers: &mut u64,
        part_type: &str,
        (kind, id): (&str, &str),
        body: Option<&str>,
        assigned_to: Option<&str>,
    ) {
        *numbers += 1;
        self.figures.count_conversation_parts += 1;
        let at = self.at;
        self.parts.push(|part| {
            part.field("id", &numbers.to_string()).field("part_type", part_type);
            part.field("created_at", &at);
            if let Some(body) = body {
                part.field("body", body);
            }
            part.object("author", |author| {
                author.field("type", kind).field("id", id);
            });
            if let Some(admin) = assigned_to {
                part.object("assigned_to", |assignee| {
                    assignee.field("type", "admin").field("id", admin);
                });
            }
        });
    }

    fn assign(&mut self, plan: &Plan<'_>, numbers: &mut u64) {
        self.part(numbers, "assignment", ("admin", plan.admin), None, Some(plan.admin));
        let (at, since) = self.seconds();
        self.figures.count_assignments += 1;
        self.figures.first_assignment_at = at;
        self.figures.last_assignment_at = at;
        self.figures.time_to_assignment = since;
    }

    fn by_admin(&mut self, plan: &Plan<'_>, numbers: &mut u64, kind: &str, body: Option<&str>) {
        self.part(numbers, kind, ("admin", plan.admin), body, None);
        if body.is_none() {
            return;
        }
        let (at, since) = self.seconds();
        self.is_waiting = false;
        self.figures.first_admin_reply_at = self.figures.first_admin_reply_at.or(at);
        self.figures.time_to_admin_reply = self.figures.time_to_admin_reply.or(since);
        self.figures.median_time_to_reply = self.figures.time_to_admin_reply;
        self.figures.last_admin_reply_at = at;
        self.figures.last_assignment_admin_reply_at =
            self.figures.last_assignment_at.and(self.figures.last_assignment_admin_reply_at.or(at));
    }

    fn by_contact(&mut self, plan: &Plan<'_>, numbers: &mut u64, kind: &str, body: &str) {
        let Some(contact) = plan.contact else { return };
        self.part(numbers, kind, (contact.role.as_str(), &contact.id), Some(body), None);
        let (at, _) = self.seconds();
        self.is_waiting = true;
        self.figures.first_contact_reply_at = self.figures.first_contact_reply_at.or(at);
        self.figures.last_contact_reply_at = at;
    }

    fn close(&mut self, plan: &Plan<'_>, numbers: &mut u64) {
        self.part(numbers, "close", ("admin", plan.admin), None, None);
        let (at, since) = self.seconds();
        self.is_waiting = false;
        self.figures.first_close_at = self.figures.first_close_at.or(at);
        self.figures.time_to_first_close = self.figures.time_to_first_close.or(since);
        self.figures.last_close_at = at;
        self.figures.time_to_last_close = since;
        self.figures.last_closed_by_id = plan.admin.parse().ok();
        self.figures.handling_time = since.map(|since| since / 10);
    }
}

fn line(rng: &mut Rng, plan: &Plan<'_>, turn: u64) -> &'static str {
    match (turn.is_multiple_of(2), plan.mention, turn) {
        (true, Mention::ByAdmin, 0) => rng.pick(words::ADMIN_MENTIONS),
        (true, _, _) => rng.pick(words::ANSWERS),
        (false, Mention::InReply, 1) => rng.pick(words::FAREWELLS),
        (false, _, _) => rng.pick(words::FOLLOW_UPS),
    }
}

fn body(rng: &mut Rng, plan: &Plan<'_>, script: &Script, numbers: &mut u64) -> Body {
    *numbers += 1;
    let by_admin = plan.contact.is_none() || rng.percent(10);
    let opening = match plan.mention {
        Mention::InSource if !by_admin => rng.pick(words::FAREWELLS),
        Mention::OnlyLooksLikeIt if !by_admin => rng.pick(words::FALSE_FAREWELLS),
        _ if by_admin => rng.pick(words::ANSWERS),
        _ => rng.pick(words::QUESTIONS),
    };
    let fields = Packed::object(|fields| {
        fields.object("source", |source| {
            let kind = match plan.channel {
                Some("Phone" | "phone") => "phone_call",
                Some("Email") => "email",
                _ => "conversation",
            };
            let delivered = if by_admin { "admin_initiated" } else { "customer_initiated" };
            source.field("type", kind).field("id", &numbers.to_string());
            source.field("delivered_as", delivered);
            source.field("subject", if kind == "email" { "<p>Question</p>" } else { "" });
            source.field("body", opening);
            source.object("author", |author| write_author(author, plan, by_admin));
            source.list("attachments", [], |_, ()| {}).field("url", &Value::Null);
            source.field("redacted", &false);
        });
        if let Some(channel) = plan.channel {
            fields.object("custom_attributes", |attributes| {
                attributes.field("Channel", channel);
            });
        }
        if plan.state == State::Closed || rng.percent(70) {
            fields.field("read", &true);
        }
        fields.object("teammates", |teammates| {
            teammates.field("type", "admin.list");
            teammates.list("teammates", [plan.admin], |out, id| {
                packing::object(out, |admin| {
                    admin.field("type", "admin").field("id", id);
                });
            });
        });
        if !by_admin {
            fields.object("first_contact_reply", |first| {
                first.field("created_at", &plan.created_at).field("type", "conversation");
                first.field("url", &Value::Null);
            });
        }
        if plan.state == State::Closed && rng.percent(25) {
            write_rating(fields, rng, plan, script);
        }
    });
    Body::of(fields, &DEFAULTS)
}

fn write_author(author: &mut Object<'_>, plan: &Plan<'_>, by_admin: bool) {
    match plan.contact.filter(|_| !by_admin) {
        Some(contact) => {
            author.field("type", contact.role.as_str()).field("id", &*contact.id);
            author.field("name", &contact.name()).field("email", &contact.email);
        }
        None => {
            author.field("type", "admin").field("id", plan.admin);
            let place = plan.admin.parse::<usize>().map_or(0, |id| id - 814_860);
            author.field("name", &words::ADMINS.get(place));
            author.field("email", &Value::Null);
        }
    }
}

fn write_rating(fields: &mut Object<'_>, rng: &mut Rng, plan: &Plan<'_>, script: &Script) {
    let rating = rng.weighted(&[(8, 1_i64), (7, 2), (12, 3), (28, 4), (45, 5)]);
    let remarks = words::REMARKS.iter().find(|(of, _)| *of == rating).map_or(&[][..], |(_, r)| r);
    let remark = (rng.percent(60) && !remarks.is_empty()).then(|| rng.pick(remarks));
    let asked_at = script.figures.first_close_at.map_or(script.at, i64::from);
    fields.object("conversation_rating", |object| {
        object.field("rating", &rating).field("remark", &remark.unwrap_or_default());
        object.field("created_at", &asked_at).field("updated_at", &script.at);
        object.field("contact", &reference("contact", plan.contact.map(|contact| &*contact.id)));
        object.field("teammate", &reference("admin", Some(plan.admin)));
    });
}

fn reference(kind: &str, id: Option<&str>) -> Option<Map<String, Value>> {
    let mut reference = Map::new();
    reference.insert("type".to_owned(), kind.into());
    reference.insert("id".to_owned(), id?.into());
    Some(reference)
}
