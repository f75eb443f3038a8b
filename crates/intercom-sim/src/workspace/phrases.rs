//! The names and texts that most objects of a workspace share; see [`Packed`](super::packed::Packed).
//!
//! What is missing here is kept too, only spelled out.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use crate::invent::words;
use crate::workspace::packed::{FIRST_NAME, FIRST_PHRASE};

/// Names of fields, at most 254.
pub(super) const NAMES: &[&str] = &[
    "type",
    "id",
    "name",
    "email",
    "created_at",
    "author",
    "part_type",
    "body",
    "assigned_to",
    "amount",
    "currency",
    "status",
    "created",
    "plan",
    "nickname",
    "interval",
    "interval_count",
    "quantity",
    "current_period_start",
    "current_period_end",
    "canceled_at",
    "cancel_at_period_end",
    "source",
    "delivered_as",
    "subject",
    "attachments",
    "url",
    "redacted",
    "custom_attributes",
    "Channel",
    "read",
    "teammates",
    "admins",
    "first_contact_reply",
    "conversation_rating",
    "rating",
    "remark",
    "updated_at",
    "contact",
    "teammate",
    "last_seen_at",
    "signed_up_at",
    "last_contacted_at",
    "last_replied_at",
    "last_email_opened_at",
    "last_email_clicked_at",
    "phone",
    "location",
    "country",
    "region",
    "city",
    "country_code",
    "continent_code",
    "browser",
    "browser_version",
    "browser_language",
    "os",
    "unsubscribed_from_emails",
    "marked_email_as_spam",
    "has_hard_bounced",
    "avatar",
    "image_url",
    "language_override",
    "referrer",
    "data",
    "stripe_id",
    "stripe_plan",
    "stripe_plan_price",
    "stripe_subscription_status",
    "stripe_delinquent",
    "stripe_last_charge_amount",
    "stripe_last_charge_at",
    "size",
    "industry",
    "website",
    "monthly_spend",
    "session_count",
    "last_request_at",
    "remote_created_at",
    "seats",
    "crm_account",
    "title",
    "topics",
    "ai_agent",
    "ai_agent_participated",
    "linked_objects",
    "sla_applied",
    "company",
    "ticket",
    "external_id",
    "Stripe Subscriptions",
    "Stripe Payments",
    "Employer",
    "Registration Date",
    "Enrolled Date",
    "Service Code",
    "Engagement Status",
    "Last Coaching Call",
    "Last Coaching Session",
    "active_projects",
    "api_usage_last_30_days",
    "days_since_last_login",
    "days_since_last_project",
    "departments_using",
    "enterprise_features_tried",
    "gv_version",
    "integrations_enabled",
    "last_active_date",
    "last_project_created",
    "last_teammate_invited",
    "login_frequency_30_days",
    "plan_type",
    "projects_count",
    "projects_last_30_days",
    "storage_limit_mb",
    "storage_percent",
    "storage_used_mb",
    "teammates_count",
    "teammates_invited_last_30_days",
    "user_type",
    "workspaces_count",
];

/// The code of a name; `None` when it must be spelled out.
pub(super) fn name_code(name: &str) -> Option<u8> {
    static CODES: LazyLock<HashMap<&str, u8, Quick>> =
        LazyLock::new(|| NAMES.iter().copied().zip(FIRST_NAME..).collect());
    CODES.get(name).copied()
}

/// The place of a text; `None` when it must be spelled out.
pub(super) fn place(text: &str) -> Option<usize> {
    TEXTS.places.get(text).copied()
}

/// The text at a place.
pub(super) fn phrase(place: usize) -> &'static str {
    TEXTS.by_place.get(place).copied().unwrap_or_default()
}

/// One byte behind a tag tells this many places more than the tags do.
const MAX_PHRASES: usize = 256 - FIRST_PHRASE + 256;

struct Texts {
    by_place: Vec<&'static str>,
    places: HashMap<&'static str, usize, Quick>,
}

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    let mut texts = Texts { by_place: Vec::new(), places: HashMap::default() };
    for text in PHRASES.iter().copied().chain(words::all()) {
        let place = texts.by_place.len();
        if place < MAX_PHRASES && !texts.places.contains_key(text) {
            texts.places.insert(text, place);
            texts.by_place.push(text);
        }
    }
    texts
});

/// Tables that nobody can fill need no defence against chosen keys.
type Quick = BuildHasherDefault<QuickHasher>;

#[derive(Default)]
struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        for chunk in chunks.iter().chain([&last]) {
            let mixed = (self.0 ^ u64::from_le_bytes(*chunk)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.0 = mixed ^ mixed >> 29;
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.0 ^= u64::from(byte);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

const PHRASES: &[&str] = &[
    "",
    "admin",
    "user",
    "lead",
    "contact",
    "bot",
    "team",
    "comment",
    "assignment",
    "close",
    "open",
    "snoozed",
    "note",
    "conversation",
    "email",
    "phone_call",
    "customer_initiated",
    "admin_initiated",
    "admin.list",
    "list",
    "location",
    "<p>Question</p>",
    "usd",
    "eur",
    "jpy",
    "succeeded",
    "failed",
    "refunded",
    "active",
    "trialing",
    "past_due",
    "canceled",
    "unpaid",
    "incomplete",
    "month",
    "year",
    "week",
    "free",
    "enterprise",
    "primary",
    "guest",
    "Phone",
    "Video Conference",
    "Email",
    "Chat",
    "phone",
    "Video",
    "Chat ",
    "SMS",
    "starter-m",
    "team-m",
    "pro-m",
    "team-y",
    "pro-y",
    "business-m",
    "team-q",
    "lite-w",
    "Starter",
    "Team",
    "Pro Plan",
    "Team yearly",
    "Pro yearly",
    "Business",
    "Team quarterly",
    "Lite weekly",
    "Free",
    "Enterprise",
    "Health",
    "Retail",
    "Energy",
    "Engaged",
    "At Risk",
    "Unengaged",
    "subscription",
    "avatar",
];
