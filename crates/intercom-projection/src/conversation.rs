//! A conversation as a coaching session and as support activity.

use chrono::{DateTime, Utc};
use intercom_api::contacts::ContactReference;
use intercom_api::conversations::{
    AuthorType, Conversation, ConversationPart, ConversationSourceType, ConversationState,
    ConversationStatistics,
};
use intercom_api::{ContactId, Id, Timestamp};
use intercom_engagement::{Channel, Session, UnixSecond};
use serde::Serialize;

use crate::names::AttributeNames;
use crate::oddity::{Oddities, Projected};
use crate::scalar::after_1970;
use crate::{CancelMention, MentionRule, OddityCode, Rating, SupportFacts, cancel_mention};

/// What is known about a conversation; ids are borrowed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationFacts<'a> {
    /// The contacts who take part, each once, in order.
    pub contact_ids: Vec<&'a str>,
    /// How it began, such as `email` or `phone_call`.
    pub source: Option<&'a str>,
    /// When it last changed in any way.
    pub updated_at: Option<DateTime<Utc>>,
    /// What it adds to the counts of each of its contacts.
    pub support: SupportFacts,
    /// The coaching session it is, or why it is none.
    pub session: Result<Session<'a>, NotASession>,
}

/// Why a conversation is not a coaching session; the first reason that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotASession {
    /// It is open or snoozed.
    NotClosed,
    /// Nobody recorded its channel.
    NoChannel,
    /// Its channel is not exactly one of those that count.
    UnknownChannel,
    /// No contact takes part.
    NoContact,
    /// None of its times can be meant.
    NoTime,
}

/// Reads a conversation with the parts it came with and those given, which may be the same.
#[must_use]
pub fn conversation<'a>(
    conversation: &'a Conversation,
    parts: &[ConversationPart],
    names: &AttributeNames,
    mentions: MentionRule,
) -> Projected<ConversationFacts<'a>> {
    let mut oddities = Oddities::default();
    let created_at = oddities.instant("created_at", conversation.created_at);
    let updated_at = oddities.instant("updated_at", conversation.updated_at);
    let contact_ids = contact_ids(conversation);
    let statistics = conversation.statistics.as_ref();
    let facts = ConversationFacts {
        source: source_kind(conversation),
        updated_at,
        support: SupportFacts {
            created_at,
            is_open: is_open(conversation),
            rating: rating(conversation, &mut oddities),
            cancel_mention: latest_mention(conversation, parts, created_at, mentions),
            first_reply_for: seconds(of_customer(conversation, statistics, |it| {
                it.time_to_admin_reply
            })),
            first_close_for: seconds(statistics.and_then(|it| it.time_to_first_close)),
            last_close_for: seconds(statistics.and_then(|it| it.time_to_last_close)),
            n_reopens: seconds(statistics.and_then(|it| it.count_reopens)),
        },
        session: session(conversation, contact_ids.first().copied(), names),
        contact_ids,
    };
    oddities.with(facts)
}

fn source_kind(conversation: &Conversation) -> Option<&str> {
    conversation.source.as_ref()?.kind.as_ref().map(ConversationSourceType::as_str)
}

fn contact_ids(conversation: &Conversation) -> Vec<&str> {
    let references = conversation.contacts.as_ref().and_then(|list| list.contacts.as_deref());
    let mut ids = Vec::new();
    for id in references.unwrap_or_default().iter().filter_map(reference_id) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

fn reference_id(reference: &ContactReference) -> Option<&str> {
    reference.id.as_ref().map(ContactId::as_str)
}

fn is_open(conversation: &Conversation) -> bool {
    conversation.open.unwrap_or(match conversation.state {
        Some(ConversationState::Open | ConversationState::Snoozed) => true,
        Some(ConversationState::Closed | ConversationState::Other(_)) | None => false,
    })
}

fn rating(conversation: &Conversation, oddities: &mut Oddities) -> Option<Rating> {
    let given = conversation.conversation_rating.as_ref()?.rating;
    let read = given.map(|rating| Rating::new(rating).ok_or(OddityCode::NotARating)).transpose();
    oddities.accept(format_args!("conversation_rating.rating"), read)
}

/// A figure of the statistics that only means something when a customer began.
fn of_customer<T>(
    conversation: &Conversation,
    statistics: Option<&ConversationStatistics>,
    figure: impl Fn(&ConversationStatistics) -> Option<T>,
) -> Option<T> {
    let began = conversation.source.as_ref().and_then(|source| source.delivered_as.as_deref());
    let by_customer = began.is_none_or(|began| began == "customer_initiated");
    statistics.filter(|_| by_customer).and_then(figure)
}

/// A count from zero up: some versions spell "never" as a number below.
fn seconds(figure: Option<i64>) -> Option<u32> {
    figure.and_then(|figure| u32::try_from(figure).ok())
}

/// The latest mention of leaving in what customers wrote; bots and admins do not count.
fn latest_mention(
    conversation: &Conversation,
    parts: &[ConversationPart],
    created_at: Option<DateTime<Utc>>,
    rule: MentionRule,
) -> Option<CancelMention> {
    let opening = conversation.source.iter().filter_map(|source| {
        let author = source.author.as_ref();
        let by_customer = match author.and_then(|author| author.kind.as_ref()) {
            Some(author) => is_customer(author),
            None => source.delivered_as.as_deref() == Some("customer_initiated"),
        };
        let message = Message {
            body: source.body.as_deref().filter(|_| by_customer)?,
            author: author.and_then(|author| author.id.as_ref()).map(Id::as_str),
            written_at: created_at,
        };
        message.mention(rule)
    });
    let own = conversation.conversation_parts.as_ref();
    let own = own.and_then(|list| list.conversation_parts.as_deref()).unwrap_or_default();
    let replies = own.iter().chain(parts).filter_map(|part| {
        let author = part.author.as_ref()?;
        let message = Message {
            body: part.body.as_deref().filter(|_| author.kind.as_ref().is_some_and(is_customer))?,
            author: author.id.as_ref().map(Id::as_str),
            written_at: part.created_at.and_then(|at| after_1970(at.as_unix())),
        };
        message.mention(rule)
    });
    opening.chain(replies).max_by_key(|mention| mention.written_at)
}

fn is_customer(author: &AuthorType) -> bool {
    matches!(author, AuthorType::User | AuthorType::Lead | AuthorType::Contact)
}

/// Something that a customer wrote.
struct Message<'a> {
    body: &'a str,
    author: Option<&'a str>,
    written_at: Option<DateTime<Utc>>,
}

impl Message<'_> {
    fn mention(&self, rule: MentionRule) -> Option<CancelMention> {
        Some(CancelMention {
            mention: cancel_mention(self.body, rule)?,
            contact_id: self.author.map(str::to_owned),
            written_at: self.written_at,
        })
    }
}

fn session<'a>(
    conversation: &'a Conversation,
    member: Option<&'a str>,
    names: &AttributeNames,
) -> Result<Session<'a>, NotASession> {
    match conversation.state {
        Some(ConversationState::Closed) => {}
        Some(
            ConversationState::Open | ConversationState::Snoozed | ConversationState::Other(_),
        )
        | None => return Err(NotASession::NotClosed),
    }
    let attributes = conversation.custom_attributes.as_ref();
    let found = attributes.and_then(|attributes| names.channel.find(attributes));
    let name = found.ok_or(NotASession::NoChannel)?.value.as_str();
    let channel = name.and_then(Channel::from_name).ok_or(NotASession::UnknownChannel)?;
    let member = member.ok_or(NotASession::NoContact)?;
    let at = session_at(conversation).ok_or(NotASession::NoTime)?;
    let updated_at = second(conversation.updated_at).unwrap_or(at);
    Ok(Session { member, coach: coach(conversation), channel, at, updated_at })
}

/// The first of these times that can be meant: zero is how the API spells "never".
fn session_at(conversation: &Conversation) -> Option<UnixSecond> {
    let statistics = conversation.statistics.as_ref();
    [
        statistics.and_then(|statistics| statistics.last_close_at),
        statistics.and_then(|statistics| statistics.last_admin_reply_at),
        conversation.updated_at,
        conversation.created_at,
    ]
    .into_iter()
    .find_map(second)
}

fn second(timestamp: Option<Timestamp>) -> Option<UnixSecond> {
    UnixSecond::new(timestamp?.as_unix())
}

/// The admin the conversation is assigned to; zero is how some versions spell "nobody".
fn coach(conversation: &Conversation) -> Option<&str> {
    let id = conversation.admin_assignee_id.as_ref()?.as_str();
    Some(id).filter(|&id| id != "0")
}
