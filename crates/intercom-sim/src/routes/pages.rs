//! The page object of lists, in its two forms.

use serde_json::Value;
use url::form_urlencoded;

use crate::answer::Refusal;
use crate::json::Object;
use crate::routes::Call;
use crate::search::{Page, PageLimits};
use crate::workspace::misfit;

/// `total_count` and `pages` of a list that continues by cursor.
pub(crate) fn by_cursor(object: &mut Object<'_>, page: &Page) {
    object.field("total_count", &page.total);
    object.object("pages", |pages| {
        pages.field("type", "pages").field("page", &page.number);
        if let Some(after) = &page.next {
            pages.object("next", |next| {
                next.field("page", &(page.number + 1)).field("starting_after", after);
            });
        }
        pages.field("per_page", &page.per_page);
        pages.field("total_pages", &page.total.div_ceil(page.per_page));
    });
}

/// Lists that can be scrolled over end here; larger workspaces must scroll.
pub(crate) const MAX_LISTED: usize = 10_000;

/// One page of a list that continues by page number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberedPage<'c> {
    pub(crate) number: usize,
    pub(crate) per_page: usize,
    pub(crate) total: usize,
    /// Where the URL of the next page begins.
    pub(crate) origin: &'c str,
}

impl<'c> NumberedPage<'c> {
    /// The page of `total` entries that the query asks for.
    pub(crate) fn asked(
        call: &Call<'c>,
        limits: PageLimits,
        total: usize,
    ) -> Result<Self, Refusal> {
        let given = |name| call.query(name).map(Value::from);
        Self::of(call, limits, total, (given("page").as_ref(), given("per_page").as_ref()))
    }

    /// The page of `total` entries with this number and length.
    pub(crate) fn of(
        call: &Call<'c>,
        limits: PageLimits,
        total: usize,
        (page, per_page): (Option<&Value>, Option<&Value>),
    ) -> Result<Self, Refusal> {
        let per_page = limits.length(per_page)?;
        let number = page.filter(|page| !page.is_null()).map_or(Some(1), misfit::whole);
        let number = number.and_then(|number| usize::try_from(number).ok()).filter(|n| *n >= 1);
        let number = number
            .ok_or_else(|| Refusal::invalid("page must be a positive integer").field("page"))?;
        Ok(Self { number, per_page, total, origin: call.origin })
    }

    /// Refuses a page behind the end of what lists show.
    pub(crate) fn refuse_beyond_cap(self) -> Result<(), Refusal> {
        let cap = MAX_LISTED.next_multiple_of(self.per_page.max(1));
        if self.number.saturating_mul(self.per_page) > cap {
            let message = "page limit reached, please use scroll API";
            return Err(Refusal::new(400, "bad_request", message));
        }
        Ok(())
    }

    /// The entries on this page.
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        let start = self.number.saturating_sub(1).saturating_mul(self.per_page).min(self.total);
        start..start.saturating_add(self.per_page).min(self.total)
    }

    /// `total_count` and `pages`, the next page as a URL.
    pub(crate) fn render(self, object: &mut Object<'_>, path: &str) {
        object.field("total_count", &self.total);
        self.render_pages(object, path);
    }

    /// `pages` alone; the path may have a query.
    pub(crate) fn render_pages(self, object: &mut Object<'_>, path: &str) {
        let n_pages = self.total.div_ceil(self.per_page.max(1));
        let mark = if path.contains('?') { '&' } else { '?' };
        let next = (self.number < n_pages).then(|| {
            let (origin, per_page) = (self.origin, self.per_page);
            format!("{origin}{path}{mark}page={}&per_page={per_page}", self.number + 1)
        });
        object.object("pages", |pages| {
            pages.field("type", "pages").field("next", &next).field("page", &self.number);
            pages.field("per_page", &self.per_page).field("total_pages", &n_pages);
        });
    }
}

/// A path with what the query asks for besides a page.
pub(crate) fn filtered(call: &Call<'_>, path: &str) -> String {
    let others = call.query.iter().filter(|(name, _)| name != "page" && name != "per_page");
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(others).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
