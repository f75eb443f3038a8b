//! Invented contacts.

use crate::invent::rng::Rng;
use crate::invent::{CONTACTS_FOR, DAY, Invention, Stream, billing, usage, words};
use crate::workspace::body::Body;
use crate::workspace::change::MACHINE;
use crate::workspace::contact::{Applied, Contact, DEFAULTS, Role};
use crate::workspace::packed::Packed;
use crate::workspace::packing::Object;

/// Everyone at a multiple of this has a name that breaks careless code.
const HOSTILE_EVERY: u32 = 47;
/// One in so many has no e-mail: four percent, whatever the size.
const NO_EMAIL_EVERY: u32 = 25;
/// One in so many is a lead with the e-mail of an earlier contact, spelled in upper case.
const TWIN_EVERY: u32 = 61;
/// One in so many was changed by the same bulk edit, in the same second.
const BULK_EVERY: u32 = 33;

/// The n-th contact.
pub(super) fn contact(invention: &Invention, number: u32) -> Contact {
    let mut rng = invention.rng(Stream::Contact, number);
    let created_at = created_at(invention, number);
    let is_twin = number % TWIN_EVERY == TWIN_EVERY - 1;
    let role = if is_twin || rng.percent(22) { Role::Lead } else { Role::User };
    let seen_at = rng.late_between(created_at, invention.now);
    let updated_at = match number % BULK_EVERY {
        // A bulk edit ten days ago touched them all in one second.
        7 if created_at < invention.now - 10 * DAY => seen_at.max(invention.now - 10 * DAY),
        _ => rng.late_between(seen_at, invention.now),
    };
    let email = match number % NO_EMAIL_EVERY {
        24 => None,
        _ if is_twin => email(invention, number - 3).map(|email| email.to_uppercase()),
        _ => email(invention, number),
    };
    let seconds = u32::try_from(created_at.max(0)).unwrap_or(u32::MAX);
    let mut contact = Contact::blank(
        format!("{seconds:08x}{MACHINE:010x}{:06x}", number & 0xff_ffff),
        created_at,
    );
    contact.role = role;
    contact.updated_at = updated_at;
    contact.email = email.map(Into::into);
    contact.external_id = match role {
        Role::User => Some(format!("ext-{number}").into()),
        // Leads get an id of their own from the messenger.
        Role::Lead => Some(format!("{:08x}-1ead-4000-8000-{number:012x}", rng.next() >> 32).into()),
    };
    contact.owner_id = rng.percent(30).then(|| rng.between(814_860, 814_871));
    contact.tags = tags(&mut rng, number, updated_at);
    contact.companies = companies(&mut rng, invention.n_companies(), number);
    contact.body = body(&mut rng, invention, number, role, (created_at, seen_at));
    contact
}

/// When the n-th contact signed up.
pub(super) fn created_at(invention: &Invention, number: u32) -> i64 {
    let mut rng = invention.rng(Stream::Contact, number);
    invention.instant(&mut rng, number, invention.contacts, CONTACTS_FOR)
}

/// First and last name of the n-th contact, without the hostile ones.
fn plain_name(invention: &Invention, number: u32) -> (&'static str, &'static str) {
    // A generator of its own, so that twins can be told whose address they have.
    let mut rng = Rng::new(invention.seed, 77, number.into());
    (rng.pick(words::FIRST_NAMES), rng.pick(words::LAST_NAMES))
}

fn email(invention: &Invention, number: u32) -> Option<String> {
    if number % NO_EMAIL_EVERY == NO_EMAIL_EVERY - 1 {
        return None;
    }
    let (first, last) = plain_name(invention, number);
    let domain = ["example.com", "example.org", "member.example", "mail.example"];
    let domain = domain[number as usize % domain.len()];
    Some(format!("{}.{}.{number}@{domain}", first.to_lowercase(), last.to_lowercase()))
}

fn tags(rng: &mut Rng, number: u32, updated_at: i64) -> Vec<Applied> {
    let n_tags = u32::try_from(words::TAGS.len()).unwrap_or(0);
    // One contact has more tags than the list inside a contact shows.
    let chance = if number == 10 { 100 } else { 6 };
    let applied = (0..n_tags).filter(|_| rng.percent(chance));
    applied.map(|tag| Applied { tag, applied_at: updated_at }).collect()
}

fn companies(rng: &mut Rng, n_companies: u32, number: u32) -> Vec<u32> {
    let n_memberships = match number {
        11 => 12.min(n_companies),
        _ => rng.weighted(&[(30, 0), (66, 1), (4, 2)]),
    };
    let first = rng.below(n_companies.max(1).into());
    let first = u32::try_from(first).unwrap_or(0);
    (0..n_memberships.min(n_companies)).map(|step| (first + step) % n_companies).collect()
}

fn body(
    rng: &mut Rng,
    invention: &Invention,
    number: u32,
    role: Role,
    (created_at, seen_at): (i64, i64),
) -> Body {
    let now = invention.now;
    let fields = Packed::object(|fields| {
        write_name(fields, rng, invention, number);
        fields.field("last_seen_at", &seen_at);
        if role == Role::User {
            fields.field("signed_up_at", &created_at);
        }
        if rng.percent(60) {
            fields.field("last_contacted_at", &rng.between(created_at, seen_at));
            fields.field("last_replied_at", &rng.between(created_at, seen_at));
        }
        if rng.percent(50) {
            fields.field("last_email_opened_at", &rng.between(created_at, seen_at));
        }
        if rng.percent(40) {
            fields.field("phone", &format!("+1555{:07}", rng.below(10_000_000)));
        }
        if rng.percent(90) {
            let [city, region, country, code, continent] = rng.pick(words::PLACES);
            fields.object("location", |place| {
                place.field("type", "location").field("country", country);
                place.field("region", region).field("city", city);
                place.field("country_code", code).field("continent_code", continent);
            });
        }
        let [browser, version, os] = rng.pick(words::BROWSERS);
        fields.field("browser", browser).field("browser_version", version).field("os", os);
        fields.field("browser_language", rng.pick(words::LANGUAGES));
        if rng.percent(5) {
            fields.field("unsubscribed_from_emails", &true);
        }
        if rng.percent(2) {
            fields.field("has_hard_bounced", &true);
        }
        fields.object("custom_attributes", |attributes| {
            write_membership(attributes, rng, created_at, now);
            if role == Role::User && rng.percent(90) {
                usage::write(attributes, rng, seen_at, now);
            }
            if role == Role::User && rng.percent(60) {
                billing::write(attributes, rng, created_at, now);
            }
        });
    });
    Body::of(fields, &DEFAULTS)
}

fn write_name(fields: &mut Object<'_>, rng: &mut Rng, invention: &Invention, number: u32) {
    if number % HOSTILE_EVERY == HOSTILE_EVERY - 1 {
        let place = (number / HOSTILE_EVERY) as usize % words::HOSTILE_NAMES.len();
        fields.field("name", words::HOSTILE_NAMES[place]);
    } else if rng.percent(96) {
        let (first, last) = plain_name(invention, number);
        fields.field("name", &format!("{first} {last}"));
    }
}

/// What a coaching programme knows about its members.
fn write_membership(attributes: &mut Object<'_>, rng: &mut Rng, created_at: i64, now: i64) {
    if rng.percent(70) {
        let hostile = rng.percent(2);
        let employers = if hostile { words::HOSTILE_EMPLOYERS } else { words::EMPLOYERS };
        attributes.field("Employer", rng.pick(employers));
    }
    // Date attributes hold midnight UTC of a day.
    let registered_on = rng.between(created_at, now).div_euclid(DAY) * DAY;
    match rng.below(100) {
        0..58 => {
            attributes.field("Registration Date", &registered_on);
        }
        58..62 => {
            attributes.field("Enrolled Date", &registered_on);
        }
        62 => {
            attributes.field("Registration Date", &usage::iso(registered_on));
        }
        _ => {}
    }
    if rng.percent(50) {
        attributes.field("Service Code", rng.pick(words::SERVICE_CODES));
    }
    if rng.percent(20) {
        // Written by an earlier run and out of date by now.
        let status = ["Engaged", "At Risk", "Unengaged"];
        attributes.field("Engagement Status", rng.pick(&status));
        attributes.field("Last Coaching Call", &rng.between(created_at, now));
    }
}
