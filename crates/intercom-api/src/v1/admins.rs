//! Admins, among whom 1.x lists teams.

use crate::id::{AdminId, Id, TeamId, WorkspaceId};
use crate::redact::opaque_debug;
use crate::timestamp::Timestamp;
use crate::v1::call::{object, operation, paged};
use crate::v1::person::Avatar;

/// `GET /admins`: all admins and teams at once.
///
/// Source: intercom-node, `admin.js`; intercom-java 2.x, `admins.json`.
#[derive(Clone, Default, PartialEq)]
pub struct ListAdmins;

operation! { ListAdmins(Read, Get, "/admins") -> AdminList }
paged! { ListAdmins: Single, "admins" of Admin }
opaque_debug!(ListAdmins);

/// `GET /admins/{admin_id}`.
///
/// Source: intercom-java 2.x `Admin.find`.
#[derive(Clone, PartialEq)]
pub struct RetrieveAdmin {
    /// `admin_id`.
    pub admin_id: AdminId,
}

impl RetrieveAdmin {
    /// With what has to be sent.
    pub fn new(admin_id: AdminId) -> Self {
        Self { admin_id }
    }
}

operation! { RetrieveAdmin(Read, Get, "/admins/{admin_id}": admin_id) -> Admin }
opaque_debug!(RetrieveAdmin { admin_id });

/// `GET /me`: the admin whose token it is, with the workspace; of an OAuth token only.
///
/// Source: reference 1.2, "View the current admin and app".
#[derive(Clone, Default, PartialEq)]
pub struct RetrieveMe;

operation! { RetrieveMe(Read, Get, "/me") -> Admin }
opaque_debug!(RetrieveMe);

object! {
    /// An admin, or a team: `kind` is `admin` or `team`.
    ///
    /// Source: intercom-java 2.x, `admins.json`; reference 1.2, "View the current admin and app",
    /// for the app; the canvas kit reference 1.2, "Admin", for the job title.
    pub struct Admin [kind, id, team_ids, admin_ids] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: Id,
        /// `name`.
        name: String,
        /// `email`.
        email: String,
        /// `email_verified`; of the caller only.
        email_verified: bool,
        /// `job_title`.
        job_title: String,
        /// `away_mode_enabled`.
        away_mode_enabled: bool,
        /// `away_mode_reassign`.
        away_mode_reassign: bool,
        /// `avatar`.
        avatar: Avatar,
        /// `team_ids` of an admin.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        team_ids: Vec<TeamId>,
        /// `admin_ids` of a team.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        admin_ids: Vec<AdminId>,
        /// `app`; of the caller only.
        app: App,
    }
}

object! {
    /// A workspace.
    ///
    /// Source: reference 1.2, "View the current admin and app".
    pub struct App [id_code] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id_code`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id_code: WorkspaceId,
        /// `name`.
        name: String,
        /// `region`.
        region: String,
        /// `created_at`, unix seconds.
        created_at: Timestamp,
        /// `identity_verification`.
        identity_verification: bool,
    }
}

object! {
    /// All admins and teams.
    ///
    /// Source: intercom-java 2.x, `admins.json`.
    pub struct AdminList {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `admins`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        admins: Vec<Admin>,
    }
}
