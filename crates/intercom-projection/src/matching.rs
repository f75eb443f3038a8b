//! Which contact speaks for a customer when several share an address.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::ContactFacts;
use crate::contact::Role;

/// How the contact is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchRule {
    /// A user before a lead or visitor, then the most recently updated.
    #[default]
    UsersFirst,
    /// The most recently updated, whatever its role.
    Seed,
}

/// The contact to make the customer of; ties go to the lowest id, so that runs agree.
#[must_use]
pub fn primary_contact<'a>(
    contacts: impl IntoIterator<Item = &'a ContactFacts>,
    rule: MatchRule,
) -> Option<&'a ContactFacts> {
    contacts.into_iter().max_by_key(|contact| {
        let is_user = match rule {
            MatchRule::UsersFirst => contact.role == Role::User,
            MatchRule::Seed => false,
        };
        (is_user, contact.updated_at, Reverse(&contact.id))
    })
}
