//! Scrolls: all objects of a kind, a hundred at a time, until a page is empty.

use std::collections::BTreeMap;

use crate::answer::Refusal;
use crate::json::Object;
use crate::routes::Call;
use crate::workspace::Workspace;
use crate::workspace::table::Slot;

/// How many objects a page has.
pub(super) const PAGE: usize = 100;
/// A scroll that nobody continues for so many seconds is closed.
const IDLE: i64 = 60;

/// What is scrolled over; a workspace has one open scroll of each kind, whatever the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Companies,
    Users,
    Leads,
}

/// The open scrolls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scrolls {
    open: BTreeMap<Kind, Scroll>,
    /// Whether a scroll broke off on purpose.
    has_broken_off: bool,
}

#[derive(Debug, Clone)]
struct Scroll {
    param: String,
    next: Slot,
    /// How many pages were read.
    n_pages: u32,
    used_at: i64,
}

/// A page of a scroll.
pub(super) struct Page {
    pub(super) slots: Vec<Slot>,
    param: String,
}

impl Page {
    /// What stands beside the entries.
    pub(super) fn render(&self, object: &mut Object<'_>) {
        object.raw("pages", b"null").raw("total_count", b"null");
        object.field("scroll_param", &self.param);
    }
}

/// Begins or continues a scroll. `rest` finds the first [`PAGE`] slots from one on.
pub(super) fn advance(
    call: &mut Call<'_>,
    kind: Kind,
    rest: impl FnOnce(&Workspace, Slot) -> Vec<Slot>,
) -> Result<Page, Refusal> {
    let now = call.now;
    let open = call.session.scrolls.open.remove(&kind).filter(|open| now - open.used_at <= IDLE);
    let scroll = match (open, call.query("scroll_param")) {
        (Some(open), Some(param)) if open.param == param => open,
        (open, Some(_)) => {
            call.session.scrolls.open.extend(open.map(|open| (kind, open)));
            return Err(Refusal::new(404, "not_found", "scroll parameter not found"));
        }
        (Some(open), None) => {
            call.session.scrolls.open.insert(kind, open);
            let message = "scroll already exists for this workspace";
            return Err(Refusal::new(400, "scroll_exists", message));
        }
        (None, None) => {
            let param = format!("{:08x}-5c20-4000-8000-{now:012x}", call.workspace.next_number());
            Scroll { param, next: 0, n_pages: 0, used_at: now }
        }
    };
    let n_pages = scroll.n_pages + 1;
    if call.settings.scroll_fails_at == Some(n_pages) && !call.session.scrolls.has_broken_off {
        call.session.scrolls.has_broken_off = true;
        let message = "Request failed due to an internal error: restart the scroll operation";
        return Err(Refusal::new(500, "server_error", message));
    }
    let slots = rest(call.workspace, scroll.next);
    let page = Page { param: scroll.param.clone(), slots };
    // The empty page at the end closes the scroll.
    if let Some(last) = page.slots.last() {
        let advanced = Scroll { next: last + 1, n_pages, used_at: now, ..scroll };
        call.session.scrolls.open.insert(kind, advanced);
    }
    Ok(page)
}
