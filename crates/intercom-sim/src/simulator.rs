//! The simulator: one request in, one answer out, at a given second.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::DateTime;
use chrono_tz::Tz;
use intercom_api::{ApiVersion, Method, Request, Response, Scope};

use crate::answer::{Answer, Refusal};
use crate::faults::answer::{FaultAnswer, PageStatus, TooManyRequests};
use crate::faults::{FaultPlan, Faults};
use crate::rate::{AppName, Apps, Budget, Limits, RateHeaders, RateWindows, RefusedCalls};
use crate::reply::{Manner, Reply};
use crate::routes::{self, Call, Route, Session};
use crate::stats::Stats;
use crate::webhooks::Webhooks;
use crate::workspace::Workspace;

/// The calls per ten seconds that the API documents for an app.
const USUAL_RATE_LIMIT: u32 = 1_667;
/// The calls per ten seconds that the API documents for a workspace.
const USUAL_WORKSPACE_LIMIT: u32 = 4_167;
/// Where URLs in answers point when no server has another address.
const USUAL_ORIGIN: &str = "https://api.intercom.io";

/// How the dates of contact searches are matched on versions 2.7 to 2.16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateMode {
    /// By whole days of the workspace's zone, as documented: `>` means from the next day on.
    #[default]
    Day,
    /// By the exact second, as Preview does and some report of stable versions.
    Second,
}

/// How a [`Simulator`] behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct SimSettings {
    /// How dates are matched in contact searches.
    pub date_mode: DateMode,
    /// The zone of the workspace; `None` keeps the workspace's own.
    pub timezone: Option<Tz>,
    /// Searches see the workspace as it was so many seconds ago, except that what was deleted is
    /// gone at once: what is new is not found yet, and what changed is found as it was.
    pub index_lag: u32,
    /// Calls per ten seconds for each app; `None` answers everything and sends no rate headers,
    /// and the workspace has no limit either.
    pub rate_limit: Option<u32>,
    /// Calls per ten seconds for all apps together.
    pub workspace_rate_limit: Option<u32>,
    /// Whether answers say where the rate limit stands.
    pub rate_headers: RateHeaders,
    /// Whether calls that a rate limit refuses count towards it and towards that of the workspace.
    pub refused_calls: RefusedCalls,
    /// Which app a token belongs to.
    pub apps: Apps,
    /// How long a transport or server waits before it answers.
    pub latency: Duration,
    /// The calls that fail on purpose.
    pub faults: Faults,
    /// What the token may do; `None` is everything. Calls that need another scope are refused.
    pub scopes: Option<BTreeSet<Scope>>,
    /// The page, from 1, at which the first scroll breaks off and must be begun again; later
    /// scrolls go through.
    pub scroll_fails_at: Option<u32>,
    /// Whether the workspace's plan has conversations and messages.
    pub plan: Plan,
    /// The version in which notifications show objects: plain text since 2.15.
    pub webhook_version: ApiVersion,
}

/// What the workspace pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plan {
    /// Everything.
    #[default]
    Active,
    /// Nothing any more: calls about conversations and messages, and the deletion of tickets, are
    /// refused with 403.
    Ended,
}

impl Default for SimSettings {
    fn default() -> Self {
        Self {
            date_mode: DateMode::Day,
            timezone: None,
            index_lag: 0,
            rate_limit: Some(USUAL_RATE_LIMIT),
            workspace_rate_limit: Some(USUAL_WORKSPACE_LIMIT),
            rate_headers: RateHeaders::Sent,
            refused_calls: RefusedCalls::Free,
            apps: Apps::default(),
            latency: Duration::ZERO,
            faults: Faults::default(),
            scopes: None,
            scroll_fails_at: None,
            plan: Plan::Active,
            webhook_version: ApiVersion::V2_16,
        }
    }
}

/// A workspace that answers like the API.
#[derive(Debug, Clone)]
pub struct Simulator {
    pub(crate) workspace: Workspace,
    pub(crate) webhooks: Option<Webhooks>,
    pub(crate) settings: SimSettings,
    /// Where URLs point that no request asked for: scheme, host and port.
    pub(crate) origin: String,
    windows: RateWindows,
    faults: FaultPlan,
    session: Session,
    stats: Stats,
    n_answers: u64,
}

impl Simulator {
    /// A simulator over a workspace.
    pub fn new(mut workspace: Workspace, settings: SimSettings) -> Self {
        if let Some(timezone) = settings.timezone {
            workspace.set_timezone(timezone);
        }
        if settings.index_lag > 0 {
            workspace.keep_versions();
        }
        Self {
            workspace,
            webhooks: None,
            faults: FaultPlan::new(&settings.faults),
            settings,
            origin: USUAL_ORIGIN.to_owned(),
            windows: RateWindows::default(),
            session: Session::default(),
            stats: Stats::default(),
            n_answers: 0,
        }
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The workspace, for changing it behind the API's back.
    pub fn workspace_mut(&mut self) -> &mut Workspace {
        &mut self.workspace
    }

    /// The settings.
    pub fn settings(&self) -> &SimSettings {
        &self.settings
    }

    /// Replaces the faults; the replacements have seen no call yet.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = FaultPlan::new(&faults);
        self.settings.faults = faults;
    }

    /// What was requested so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The whole workspace as one JSON object; see [`Workspace::dump`].
    pub fn dump(&self) -> Vec<u8> {
        self.workspace.dump()
    }

    /// Answers a request that carries a valid token, at `now` (unix seconds).
    ///
    /// A fault of the network is not seen here; [`reply`](Self::reply) tells it.
    pub fn handle(&mut self, request: &Request, now: i64) -> Response {
        self.reply(&AppName::default(), request, now).response
    }

    /// Answers a request with a token of this app, at `now` (unix seconds), and says how the answer
    /// travels.
    pub fn reply(&mut self, app: &AppName, request: &Request, now: i64) -> Reply {
        self.reply_to(Caller { app, origin: None }, request, now)
    }

    /// Answers a request whose `Intercom-Version` names no version, with a token of this app. It
    /// counts like any other, and faults without a route strike it.
    pub fn reply_to_unknown_version(
        &mut self,
        app: &AppName,
        request: &Request,
        now: i64,
    ) -> Reply {
        self.meet(Caller { app, origin: None }, Err(unknown_version()), request, now)
    }

    /// Answers a request of this caller.
    pub(crate) fn reply_to(&mut self, caller: Caller<'_>, request: &Request, now: i64) -> Reply {
        let found = routes::find(request.version, request.method, &request.path);
        let found = found.ok_or_else(|| routes::missing(request.version, &request.path));
        self.meet(caller, found, request, now)
    }

    /// What a call meets on its way to its route: the limits, then the faults.
    fn meet(&mut self, caller: Caller<'_>, found: Found, request: &Request, now: i64) -> Reply {
        self.catch_up(now);
        let Caller { app, origin } = caller;
        let budget = self.count(app, now);
        let name = found.as_ref().map_or_else(|_| "unknown".to_owned(), |(route, _)| route.name());
        if let Some(Budget { is_exceeded: true, limit, .. }) = budget {
            self.stats.over_limit += 1;
            return prompt(self.respond(&name, Err(rate_exceeded(limit)), budget, now));
        }
        let strike = self.faults.strike(&name, request);
        for changed in strike.changes {
            changed.apply(&mut self.workspace, now);
            self.notice(now);
        }
        let incoming = Incoming { name: &name, found, request, origin, budget };
        let mut manner = Manner::Prompt;
        let response = match strike.answer {
            None | Some(FaultAnswer::Change(_)) => self.real(incoming, now),
            Some(FaultAnswer::Refused(status)) => {
                self.respond(&name, Err(status.refusal()), budget, now)
            }
            Some(FaultAnswer::StaleCursor) => {
                let refusal = Refusal::new(400, "client_error", "Invalid starting_after param");
                self.respond(&name, Err(refusal.field("starting_after")), budget, now)
            }
            Some(FaultAnswer::TooManyRequests(busy)) => self.refuse(&name, app, budget, busy, now),
            Some(FaultAnswer::Html(status)) => {
                // What does not get past the proxy is not counted behind it.
                if budget.is_some() {
                    self.windows.take_back(app);
                }
                self.page(&name, status, now)
            }
            Some(FaultAnswer::Truncated) => {
                let mut response = self.real(incoming, now);
                response.body.truncate(response.body.len() / 2);
                response
            }
            Some(FaultAnswer::Empty) => {
                let mut response = self.real(incoming, now);
                response.body.clear();
                response
            }
            Some(FaultAnswer::Oversized(bytes)) => {
                let mut response = self.real(incoming, now);
                let mut body = response.body.to_vec();
                body.resize(body.len().max(usize::try_from(bytes).unwrap_or(usize::MAX)), b' ');
                response.body = body.into();
                response
            }
            Some(FaultAnswer::Delivered(given)) => {
                manner = given;
                self.real(incoming, now)
            }
        };
        self.notice(now);
        Reply { response, manner }
    }

    /// Does what was put off until now.
    pub(crate) fn catch_up(&mut self, now: i64) {
        self.workspace.wake(now);
        routes::v1::jobs::work(&mut self.workspace, &self.settings, &mut self.session, now);
        self.notice(now);
    }

    /// Does what a call of the newest stable version would do, without the call: no limit, scope or
    /// fault stands in its way, and it is not counted.
    #[cfg(feature = "server")]
    pub(crate) fn act(
        &mut self,
        (method, path): (Method, &str),
        body: &serde_json::Value,
        now: i64,
    ) -> Result<Vec<u8>, Refusal> {
        let version = ApiVersion::V2_16;
        let found = routes::find(version, method, path);
        let (route, parameters) = found.ok_or_else(|| Refusal::not_found("Resource"))?;
        let answer = (route.run)(&mut Call {
            workspace: &mut self.workspace,
            settings: &self.settings,
            session: &mut self.session,
            now,
            origin: &self.origin,
            version,
            parameters,
            query: &[],
            body: body.to_string().as_bytes(),
        });
        Ok(answer?.body)
    }

    /// Counts a call towards the limits of its app and of the workspace.
    fn count(&mut self, app: &AppName, now: i64) -> Option<Budget> {
        let own = self.settings.rate_limit?;
        let limits = Limits { app: Some(own), workspace: self.settings.workspace_rate_limit };
        self.windows.call(app, limits, self.settings.refused_calls, now)
    }

    /// What the workspace answers.
    fn real(&mut self, incoming: Incoming<'_>, now: i64) -> Response {
        let Incoming { name, found, request, origin, budget } = incoming;
        let lag = i64::from(self.settings.index_lag);
        let until = now.saturating_sub(lag);
        let searched = found.as_ref().ok().filter(|_| lag > 0);
        let present = searched.and_then(|(route, _)| self.workspace.rewind(route.path, until));
        let result = found.and_then(|found| self.run(found, request, origin, now));
        if let Some(present) = present {
            self.workspace.restore(present);
        }
        self.respond(name, result, budget, now)
    }

    /// A 429 that no limit demanded; it counts as one that a limit did.
    fn refuse(
        &mut self,
        name: &str,
        app: &AppName,
        budget: Option<Budget>,
        busy: TooManyRequests,
        now: i64,
    ) -> Response {
        if budget.is_some() && self.settings.refused_calls == RefusedCalls::Free {
            self.windows.take_back(app);
        }
        let limit = budget.map_or(USUAL_RATE_LIMIT, |budget| budget.limit);
        let shown = match busy.headers {
            RateHeaders::Sent => Some(Budget::spent(limit, now)),
            RateHeaders::Absent => None,
        };
        let mut response = self.respond(name, Err(rate_exceeded(limit)), shown, now);
        if let Some(seconds) = busy.retry_after {
            response.headers.push("Retry-After", seconds.to_string());
        }
        response
    }

    /// What a proxy says when it does not reach the API: nothing of the API's own.
    fn page(&mut self, name: &str, status: PageStatus, now: i64) -> Response {
        self.stats.count(name, status.get());
        let mut response = Response::new(status.get(), PAGE.to_owned());
        response.headers.push("Content-Type", "text/html");
        response.headers.push("Date", http_date(now));
        response
    }

    fn run(
        &mut self,
        (route, parameters): (&Route, Vec<String>),
        request: &Request,
        origin: Option<&str>,
        now: i64,
    ) -> Result<Answer, Refusal> {
        if !route.versions.contains(request.version) {
            return Err(unknown_version());
        }
        match self.missing_scope(route) {
            Some(scope) => Err(forbidden(&scope)),
            None if self.is_unpaid(route) => Err(unpaid()),
            None if !is_json(request) => Err(not_json()),
            None => (route.run)(&mut Call {
                workspace: &mut self.workspace,
                settings: &self.settings,
                session: &mut self.session,
                now,
                origin: origin.unwrap_or(&self.origin),
                version: request.version,
                parameters,
                query: &request.query,
                body: request.body.as_deref().unwrap_or_default(),
            }),
        }
    }

    /// The scope that a route asks for and the token lacks.
    fn missing_scope(&self, route: &Route) -> Option<Scope> {
        let granted = self.settings.scopes.as_ref()?;
        route.scope().filter(|scope| !granted.contains(scope))
    }

    /// Whether the plan that ended is needed for a route.
    fn is_unpaid(&self, route: &Route) -> bool {
        let is_inbox = route.path.starts_with("/conversations")
            && route.path != "/conversations/attributes"
            || route.path == "/messages"
            || (route.method, route.path) == (Method::Delete, "/tickets/{id}");
        self.settings.plan == Plan::Ended && is_inbox
    }

    /// Answers a request without a token, or with one nobody gave out.
    pub fn handle_unauthorized(&mut self, request: &Request, now: i64) -> Response {
        let found = routes::find(request.version, request.method, &request.path);
        let name = found.map_or_else(|| "unknown".to_owned(), |(route, _)| route.name());
        let refusal = Refusal::new(401, "unauthorized", "Access Token Invalid");
        self.respond(&name, Err(refusal), None, now)
    }

    fn respond(
        &mut self,
        name: &str,
        result: Result<Answer, Refusal>,
        budget: Option<Budget>,
        now: i64,
    ) -> Response {
        self.n_answers += 1;
        let request_id =
            format!("{:08x}-0000-4000-8000-{:012x}", now & 0xffff_ffff, self.n_answers);
        let (answer, header) = match result {
            Ok(answer) => (answer, None),
            Err(refusal) => (refusal.answer(&request_id), refusal.header),
        };
        let Answer { status, body, content_type, location } = answer;
        self.stats.count(name, status);
        let mut response = Response::new(status, body);
        response.headers.push("Content-Type", content_type);
        response.headers.push("Date", http_date(now));
        response.headers.push("X-Request-Id", request_id);
        if let Some(location) = location {
            response.headers.push("Location", location);
        }
        if let Some((name, value)) = header {
            response.headers.push(name, value);
        }
        if let Some(budget) = budget.filter(|_| self.settings.rate_headers == RateHeaders::Sent) {
            response.headers.push("X-RateLimit-Limit", budget.limit.to_string());
            response.headers.push("X-RateLimit-Remaining", budget.remaining.to_string());
            response.headers.push("X-RateLimit-Reset", budget.reset.to_string());
        }
        response
    }
}

/// Who calls.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) app: &'a AppName,
    /// Where the caller reached the simulator: scheme, host and port.
    pub(crate) origin: Option<&'a str>,
}

/// The route of a call with what its parameters are, or why there is none.
type Found = Result<(&'static Route, Vec<String>), Refusal>;

/// A call that limits and faults have let through.
struct Incoming<'a> {
    name: &'a str,
    found: Found,
    request: &'a Request,
    origin: Option<&'a str>,
    budget: Option<Budget>,
}

/// The page of a proxy.
const PAGE: &str = "<html>\r\n<head><title>Bad Gateway</title></head>\r\n<body>\r\n\
                    <center><h1>Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

fn prompt(response: Response) -> Reply {
    Reply { response, manner: Manner::Prompt }
}

fn rate_exceeded(limit: u32) -> Refusal {
    let message = format!("Exceeded rate limit of {limit} in 10_seconds");
    Refusal::new(429, "rate_limit_exceeded", message)
}

/// A 403 names the scope by its label in lower case, its words joined.
fn forbidden(scope: &Scope) -> Refusal {
    let name = scope.label().to_ascii_lowercase().replace(' ', "_");
    let message = format!("The token lacks the required scope ({name})");
    Refusal::new(403, "forbidden", message)
}

/// Whether a body is JSON, or what programs call it that do not say.
fn is_json(request: &Request) -> bool {
    let kind = request.content_type.split(';').next().unwrap_or_default().trim();
    request.body.is_none()
        || matches!(kind, "application/json" | "application/x-www-form-urlencoded" | "")
}

fn not_json() -> Refusal {
    Refusal::new(415, "bad_request", "the body must be application/json")
}

fn unpaid() -> Refusal {
    Refusal::new(403, "api_plan_restricted", "Active subscription needed.")
}

fn unknown_version() -> Refusal {
    let message = "Requested resource is not available in current API version";
    Refusal::new(400, "intercom_version_invalid", message)
}

fn http_date(now: i64) -> String {
    let at = DateTime::from_timestamp(now, 0).unwrap_or_default();
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
