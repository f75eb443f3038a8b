//! What was requested.

use std::collections::BTreeMap;

use serde::Serialize;

/// How often each route was called and what it answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// All requests.
    pub requests: u64,
    /// Calls that came after the last one of a rate window; 429 as a fault is none of them.
    pub over_limit: u64,
    /// By route, such as `GET /contacts/{id}` or `1.4 GET /users`, then by status.
    pub routes: BTreeMap<String, BTreeMap<u16, u64>>,
}

impl Stats {
    /// How often a route was called, whatever it answered.
    pub fn calls(&self, route: &str) -> u64 {
        self.routes.get(route).map_or(0, |statuses| statuses.values().sum())
    }

    /// How often a status was answered, whatever the route.
    pub fn with_status(&self, status: u16) -> u64 {
        self.routes.values().filter_map(|statuses| statuses.get(&status)).sum()
    }

    pub(crate) fn count(&mut self, route: &str, status: u16) {
        self.requests += 1;
        let statuses = self.routes.entry(route.to_owned()).or_default();
        *statuses.entry(status).or_default() += 1;
    }
}
