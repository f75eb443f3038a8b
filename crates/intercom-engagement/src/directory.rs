//! What the ids in sessions stand for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Members and coaches by id; whoever is missing is reported without a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Members by id.
    pub members: BTreeMap<String, MemberProfile>,
    /// The names of coaches by id.
    pub coaches: BTreeMap<String, String>,
}

/// What reports show of a member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberProfile {
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The client or employer that sent the member.
    pub client: Option<String>,
}

impl Directory {
    pub(crate) fn coach_name(&self, id: &str) -> Option<&str> {
        self.coaches.get(id).map(String::as_str)
    }
}
