//! The fields of an event that mean something, found in one pass over each of its objects.

use crate::event::{Event, Value};

/// An event's own fields and those of its context.
#[derive(Clone, Copy, Default)]
pub(crate) struct Message<'e> {
    pub(crate) kind: Option<Value<'e>>,
    pub(crate) user_id: Option<Value<'e>>,
    pub(crate) anonymous_id: Option<Value<'e>>,
    pub(crate) message_id: Option<Value<'e>>,
    pub(crate) group_id: Option<Value<'e>>,
    pub(crate) event: Option<Value<'e>>,
    pub(crate) resource: Option<Value<'e>>,
    pub(crate) action: Option<Value<'e>>,
    pub(crate) properties: Option<Value<'e>>,
    pub(crate) timestamp: Option<Value<'e>>,
    pub(crate) original_timestamp: Option<Value<'e>>,
    pub(crate) sent_at: Option<Value<'e>>,
    pub(crate) received_at: Option<Value<'e>>,
    pub(crate) channel: Option<Value<'e>>,
    pub(crate) integrations: Option<Value<'e>>,
    pub(crate) identifiers: Option<Value<'e>>,
    pub(crate) record_fields: Option<Value<'e>>,
    pub(crate) user_attributes: Option<Value<'e>>,
    pub(crate) status_code: Option<Value<'e>>,
    pub(crate) last_seen_at: Option<Value<'e>>,
    /// `traits`.
    pub(crate) traits: Option<Value<'e>>,
    pub(crate) context: Context<'e>,
    /// The fields of `traits`.
    pub(crate) own: Traits<'e>,
    /// The fields of `context.traits`.
    pub(crate) of_context: Traits<'e>,
}

/// The fields of `context`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Context<'e> {
    pub(crate) whole: Option<Value<'e>>,
    pub(crate) traits: Option<Value<'e>>,
    pub(crate) user_agent: Option<Value<'e>>,
    pub(crate) external_id: Option<Value<'e>>,
    pub(crate) mapped_to_destination: Option<Value<'e>>,
    pub(crate) timestamp: Option<Value<'e>>,
    pub(crate) app: Option<Value<'e>>,
}

/// The fields of a set of traits that mean something; nulls count as absent.
#[derive(Clone, Copy, Default)]
pub(crate) struct Traits<'e> {
    pub(crate) user_id: Option<Value<'e>>,
    pub(crate) id: Option<Value<'e>>,
    pub(crate) email: Option<Value<'e>>,
    pub(crate) phone: Option<Value<'e>>,
    pub(crate) name: Option<Value<'e>>,
    pub(crate) first_names: [Option<Value<'e>>; 3],
    pub(crate) last_names: [Option<Value<'e>>; 3],
    pub(crate) avatars: [Option<Value<'e>>; 3],
    pub(crate) website: Option<Value<'e>>,
    pub(crate) role: Option<Value<'e>>,
    pub(crate) owner_id: Option<Value<'e>>,
    pub(crate) created_at: Option<Value<'e>>,
    pub(crate) last_seen_at: Option<Value<'e>>,
    pub(crate) unsubscribed: Option<Value<'e>>,
    pub(crate) company: Option<Value<'e>>,
    pub(crate) group_id: Option<Value<'e>>,
    pub(crate) plan: Option<Value<'e>>,
    pub(crate) size: Option<Value<'e>>,
    pub(crate) industry: Option<Value<'e>>,
    pub(crate) monthly_spend: Option<Value<'e>>,
    pub(crate) remote_created_at: Option<Value<'e>>,
    pub(crate) tags: Option<Value<'e>>,
    pub(crate) timestamp: Option<Value<'e>>,
    pub(crate) new_session: Option<Value<'e>>,
}

impl<'e> Message<'e> {
    pub(crate) fn read(event: &'e Event<'_>) -> Self {
        let mut message = Self::default();
        let mut context = None;
        for field in event.root().fields() {
            let slot = match &*field.name() {
                "type" => &mut message.kind,
                "userId" => &mut message.user_id,
                "anonymousId" => &mut message.anonymous_id,
                "messageId" => &mut message.message_id,
                "groupId" => &mut message.group_id,
                "event" => &mut message.event,
                "resource" => &mut message.resource,
                "action" => &mut message.action,
                "properties" => &mut message.properties,
                "timestamp" => &mut message.timestamp,
                "originalTimestamp" => &mut message.original_timestamp,
                "sentAt" => &mut message.sent_at,
                "receivedAt" => &mut message.received_at,
                "channel" => &mut message.channel,
                "integrations" => &mut message.integrations,
                "identifiers" => &mut message.identifiers,
                "fields" => &mut message.record_fields,
                "userAttributes" => &mut message.user_attributes,
                "statusCode" => &mut message.status_code,
                "last_seen_at" => &mut message.last_seen_at,
                "traits" => &mut message.traits,
                "context" => &mut context,
                _ => continue,
            };
            *slot = field.value.present();
        }
        message.context = Context::read(context);
        message.own.add(message.traits);
        message.of_context.add(message.context.traits);
        message
    }

    /// The two sets of traits, the message's first.
    pub(crate) fn both(&self) -> [&Traits<'e>; 2] {
        [&self.own, &self.of_context]
    }
}

impl<'e> Context<'e> {
    fn read(whole: Option<Value<'e>>) -> Self {
        let mut context = Self { whole, ..Self::default() };
        for field in whole.into_iter().flat_map(Value::fields) {
            let slot = match &*field.name() {
                "traits" => &mut context.traits,
                "userAgent" => &mut context.user_agent,
                "externalId" => &mut context.external_id,
                "mappedToDestination" => &mut context.mapped_to_destination,
                "timestamp" => &mut context.timestamp,
                "app" => &mut context.app,
                _ => continue,
            };
            *slot = field.value.present();
        }
        context
    }
}

impl<'e> Traits<'e> {
    /// Of a list, which only events have whose types are not checked, the fields of its elements
    /// count: the system that is replaced looks into lists. Where several elements have a field it
    /// sends all their values, which Intercom refuses; here the last one counts.
    pub(crate) fn read(object: Option<Value<'e>>) -> Self {
        let mut traits = Self::default();
        traits.add(object);
        traits
    }

    fn add(&mut self, object: Option<Value<'e>>) {
        let Some(object) = object else { return };
        self.fill(object);
        object.elements().for_each(|element| self.fill(element));
    }

    fn fill(&mut self, object: Value<'e>) {
        for field in object.fields() {
            if let Some(slot) = self.slot(&field.name()) {
                *slot = field.value.present();
            }
        }
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<Value<'e>>> {
        Some(match name {
            "userId" => &mut self.user_id,
            "id" => &mut self.id,
            "email" => &mut self.email,
            "phone" => &mut self.phone,
            "name" => &mut self.name,
            "firstName" => &mut self.first_names[0],
            "firstname" => &mut self.first_names[1],
            "first_name" => &mut self.first_names[2],
            "lastName" => &mut self.last_names[0],
            "lastname" => &mut self.last_names[1],
            "last_name" => &mut self.last_names[2],
            "avatar" => &mut self.avatars[0],
            "avatarURL" => &mut self.avatars[1],
            "avatar_URL" => &mut self.avatars[2],
            "website" => &mut self.website,
            "role" => &mut self.role,
            "ownerId" => &mut self.owner_id,
            "createdAt" => &mut self.created_at,
            "lastSeenAt" => &mut self.last_seen_at,
            "unsubscribedFromEmails" => &mut self.unsubscribed,
            "company" => &mut self.company,
            "groupId" => &mut self.group_id,
            "plan" => &mut self.plan,
            "size" => &mut self.size,
            "industry" => &mut self.industry,
            "monthlySpend" => &mut self.monthly_spend,
            "remoteCreatedAt" => &mut self.remote_created_at,
            "tags" => &mut self.tags,
            "timestamp" => &mut self.timestamp,
            "new_session" | "newSession" => &mut self.new_session,
            _ => return None,
        })
    }
}
