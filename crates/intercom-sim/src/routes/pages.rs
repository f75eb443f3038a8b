//! The page object of lists, in its two forms.

use serde_json::Value;

use crate::answer::Refusal;
use crate::json::Object;
use crate::routes::Call;
use crate::search::{Page, PageLimits};

/// Where the URLs of next pages point; clients take their query only.
const BASE: &str = "https://api.intercom.io";

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

/// One page of a list that continues by page number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberedPage {
    pub(crate) number: usize,
    pub(crate) per_page: usize,
    pub(crate) total: usize,
}

impl NumberedPage {
    /// The page of `total` entries that the query asks for.
    pub(crate) fn asked(
        call: &Call<'_>,
        limits: PageLimits,
        total: usize,
    ) -> Result<Self, Refusal> {
        let per_page = limits.length(call.query("per_page").map(Value::from).as_ref())?;
        let number = match call.query("page").map(str::parse::<usize>) {
            None => 1,
            Some(Ok(number)) if number >= 1 => number,
            Some(_) => {
                return Err(Refusal::invalid("page must be a positive integer").field("page"));
            }
        };
        Ok(Self { number, per_page, total })
    }

    /// The entries on this page.
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        let start = self.number.saturating_sub(1).saturating_mul(self.per_page).min(self.total);
        start..start.saturating_add(self.per_page).min(self.total)
    }

    /// `total_count` and `pages`, the next page as a URL.
    pub(crate) fn render(self, object: &mut Object<'_>, path: &str) {
        let n_pages = self.total.div_ceil(self.per_page.max(1));
        let next = (self.number < n_pages)
            .then(|| format!("{BASE}{path}?page={}&per_page={}", self.number + 1, self.per_page));
        object.field("total_count", &self.total);
        object.object("pages", |pages| {
            pages.field("type", "pages").field("next", &next).field("page", &self.number);
            pages.field("per_page", &self.per_page).field("total_pages", &n_pages);
        });
    }
}

/// The URL that continues a list of events.
pub(crate) fn url(path_and_query: &str) -> String {
    format!("{BASE}{path_and_query}")
}
