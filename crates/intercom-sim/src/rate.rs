//! Calls per ten seconds, in fixed windows that begin at multiples of ten seconds: one budget for
//! each app, and one that all apps of the workspace share.

use std::collections::BTreeMap;
use std::fmt;

/// The length of a window.
const WINDOW: i64 = 10;

/// Whether answers say where the rate limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RateHeaders {
    /// In the three headers `X-RateLimit-…`.
    #[default]
    Sent,
    /// Not at all.
    Absent,
}

/// Whether calls that a rate limit refuses count, which the API does not document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefusedCalls {
    /// They cost nothing.
    #[default]
    Free,
    /// They count like answered ones: an app above its own limit uses up that of the workspace.
    Counted,
}

/// An app of the workspace. Every token belongs to one, and its calls are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct AppName(String);

impl AppName {
    /// The app of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name; empty for the app of all tokens that [`Apps`] do not list.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which app a token belongs to. Tokens that are not listed belong to one app without a name.
///
/// `Debug` shows the apps, never the tokens.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Apps(BTreeMap<String, AppName>);

impl Apps {
    /// Lists a token; one that was listed before belongs to this app only.
    pub fn insert(&mut self, token: impl Into<String>, app: AppName) {
        self.0.insert(token.into(), app);
    }

    /// The app of a token.
    pub fn of(&self, token: &str) -> AppName {
        self.0.get(token).cloned().unwrap_or_default()
    }
}

impl fmt::Debug for Apps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.values()).finish()
    }
}

/// What may be called per window; `None` is no limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) app: Option<u32>,
    pub(crate) workspace: Option<u32>,
}

/// What the headers of an answer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Unix seconds at which the window ends.
    pub(crate) reset: i64,
    /// Whether this call was one too many.
    pub(crate) is_exceeded: bool,
}

impl Budget {
    /// The budget of a call that is refused whatever was called before.
    pub(crate) fn spent(limit: u32, now: i64) -> Self {
        Self { limit, remaining: 0, reset: start(now) + WINDOW, is_exceeded: true }
    }
}

/// Counts the calls of the current window.
#[derive(Debug, Clone, Default)]
pub(crate) struct RateWindows {
    start: i64,
    by_app: BTreeMap<AppName, u32>,
    n_calls: u32,
}

impl RateWindows {
    /// Counts one call and returns the tighter of its budgets.
    pub(crate) fn call(
        &mut self,
        app: &AppName,
        limits: Limits,
        refused: RefusedCalls,
        now: i64,
    ) -> Option<Budget> {
        if start(now) != self.start {
            *self = Self { start: start(now), ..Self::default() };
        }
        let n_own = self.by_app.get(app).copied().unwrap_or(0);
        let counted = [(limits.app, n_own), (limits.workspace, self.n_calls)];
        let budgets = counted.into_iter().filter_map(|(limit, n_calls)| {
            let limit = limit?;
            let left = limit.saturating_sub(n_calls);
            let reset = self.start + WINDOW;
            let remaining = left.saturating_sub(1);
            Some(Budget { limit, remaining, reset, is_exceeded: left == 0 })
        });
        // The app's own budget stands first, so it is named when both leave the same.
        let budget = budgets.min_by_key(|budget| (!budget.is_exceeded, budget.remaining));
        let is_refused = budget.is_some_and(|budget| budget.is_exceeded);
        if !is_refused || refused == RefusedCalls::Counted {
            self.by_app.insert(app.clone(), n_own.saturating_add(1));
            self.n_calls = self.n_calls.saturating_add(1);
        }
        budget
    }

    /// Takes back the call that was counted last, because it is refused after all.
    pub(crate) fn take_back(&mut self, app: &AppName) {
        if let Some(n_calls) = self.by_app.get_mut(app) {
            *n_calls = n_calls.saturating_sub(1);
        }
        self.n_calls = self.n_calls.saturating_sub(1);
    }
}

fn start(now: i64) -> i64 {
    now - now.rem_euclid(WINDOW)
}
