//! What the ids in sessions stand for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::redact::opaque_debug;

/// Members and coaches by id; whoever is missing is reported without a name.
///
/// `Debug` counts them: names and addresses are personal.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// Members by id.
    pub members: BTreeMap<String, MemberProfile>,
    /// The names of coaches by id.
    pub coaches: BTreeMap<String, String>,
}

opaque_debug!(Directory, |it| { n_members: it.members.len(), n_coaches: it.coaches.len() });

/// What reports show of a member.
///
/// `Debug` shows none of it: names and addresses are personal.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberProfile {
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The client or employer that sent the member.
    pub client: Option<String>,
}

opaque_debug!(MemberProfile);

impl Directory {
    pub(crate) fn coach_name(&self, id: &str) -> Option<&str> {
        self.coaches.get(id).map(String::as_str)
    }
}
