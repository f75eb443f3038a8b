//! Product usage attributes: seats, storage, projects, features, inactivity.

use chrono::DateTime;

use crate::invent::rng::Rng;
use crate::invent::{DAY, words};
use crate::workspace::catalogue::DataType;
use crate::workspace::packing::Object;

pub(super) const ATTRIBUTES: &[(&str, DataType)] = &[
    ("active_projects", DataType::Integer),
    ("api_usage_last_30_days", DataType::Integer),
    ("days_since_last_login", DataType::Integer),
    ("days_since_last_project", DataType::Integer),
    ("departments_using", DataType::String),
    ("enterprise_features_tried", DataType::String),
    ("gv_version", DataType::String),
    ("integrations_enabled", DataType::String),
    ("last_active_date", DataType::String),
    ("last_project_created", DataType::String),
    ("last_teammate_invited", DataType::String),
    ("login_frequency_30_days", DataType::Integer),
    ("plan_type", DataType::String),
    ("projects_count", DataType::Integer),
    ("projects_last_30_days", DataType::Integer),
    ("storage_limit_mb", DataType::Integer),
    ("storage_percent", DataType::Integer),
    ("storage_used_mb", DataType::Integer),
    ("teammates_count", DataType::Integer),
    ("teammates_invited_last_30_days", DataType::Integer),
    ("user_type", DataType::String),
    ("workspaces_count", DataType::Integer),
];

/// Writes the usage of a user who was last seen at `seen_at`.
pub(super) fn write(attributes: &mut Object<'_>, rng: &mut Rng, seen_at: i64, now: i64) {
    let plan = rng.weighted(&[(35, "free"), (45, "team"), (20, "enterprise")]);
    let idle_days = (now - seen_at) / DAY;
    let (limit, team) = match plan {
        "free" => (512, rng.between(1, 3)),
        "team" => (1_024, rng.between(1, 10)),
        _ => (20_480, rng.between(5, 80)),
    };
    // One in eight is close to the limit of the storage.
    let percent = if rng.percent(12) { rng.between(80, 100) } else { rng.between(0, 79) };
    let projects = rng.between(0, 14) + if rng.percent(20) { rng.between(8, 60) } else { 0 };
    let recent = if idle_days > 30 { 0 } else { rng.between(0, projects.min(14)) };
    let project_at = seen_at - rng.between(0, 20) * DAY - rng.between(0, DAY);
    attributes.field("gv_version", &format!("1.{}.{}", rng.between(70, 84), rng.between(0, 9)));
    attributes.field("plan_type", plan);
    attributes.field("user_type", rng.weighted(&[(80, "primary"), (20, "guest")]));
    attributes.field("projects_count", &projects).field("projects_last_30_days", &recent);
    attributes.field("active_projects", &rng.between(0, projects.min(9)));
    attributes.field("last_project_created", &(projects > 0).then(|| iso(project_at)));
    let invited = if rng.percent(30) { rng.between(1, team) } else { 0 };
    attributes.field("teammates_count", &team);
    attributes.field("teammates_invited_last_30_days", &invited);
    attributes.field("last_teammate_invited", &(team > 1).then(|| iso(seen_at - DAY)));
    attributes.field("storage_limit_mb", &limit).field("storage_percent", &percent);
    attributes.field("storage_used_mb", &(limit * percent / 100));
    let tried = if rng.percent(15) { some(rng, words::FEATURES, 3) } else { Vec::new() };
    list(attributes, rng, "enterprise_features_tried", &tried);
    let enabled = some(rng, words::INTEGRATIONS, 3);
    list(attributes, rng, "integrations_enabled", &enabled);
    attributes.field("api_usage_last_30_days", &rng.between(0, 2_000));
    attributes.field("workspaces_count", &rng.weighted(&[(80, 1_i64), (15, 2), (5, 4)]));
    attributes.field("departments_using", &some(rng, words::DEPARTMENTS, 3));
    attributes.field("days_since_last_login", &idle_days);
    attributes.field("days_since_last_project", &((now - project_at) / DAY));
    let logins = if idle_days > 30 { 0 } else { rng.between(1, 25) };
    attributes.field("login_frequency_30_days", &logins);
    attributes.field("last_active_date", &iso(seen_at));
}

/// Some entries of a list, without repetition, in its order.
fn some(rng: &mut Rng, list: &[&'static str], at_most: u64) -> Vec<&'static str> {
    let chance = 100 * at_most / u64::try_from(list.len().max(1)).unwrap_or(1) / 2;
    list.iter().copied().filter(|_| rng.percent(chance)).collect()
}

/// A list of texts; one in twenty comes as JSON in a text, as some senders write it.
fn list(attributes: &mut Object<'_>, rng: &mut Rng, name: &str, entries: &[&str]) {
    if rng.percent(5) {
        let mut text = Vec::new();
        crate::json::value(&mut text, entries);
        attributes.field(name, &*String::from_utf8_lossy(&text));
    } else {
        attributes.field(name, entries);
    }
}

/// RFC 3339 text of an instant.
pub(super) fn iso(seconds: i64) -> String {
    let at = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
