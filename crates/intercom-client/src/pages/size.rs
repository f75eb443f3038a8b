//! How many entries a request asks for, and the same request for fewer.

use std::borrow::Cow;

use serde_json::{Map, Value};

use intercom_api::{Paging, Request};

/// What the API sends when nobody says.
const USUAL: u32 = 50;

const PER_PAGE: &str = "per_page";

/// How many entries a page has; `None` where the API continues by counting pages, of which one of
/// another length would begin elsewhere, or does not let itself be asked.
pub(super) fn page_size(request: &Request, paging: Paging) -> Option<u32> {
    let asked = match paging {
        Paging::BodyCursor => {
            let body = body(request)?;
            body.get("pagination").and_then(|pagination| pagination[PER_PAGE].as_u64())
        }
        Paging::QueryCursor | Paging::NextCursor => {
            let mut query = request.query.iter();
            let per_page = query.find(|(name, _)| name == PER_PAGE);
            per_page.and_then(|(_, value)| value.parse().ok())
        }
        Paging::NextUrl | Paging::PageNumber | Paging::Scroll | Paging::Single => return None,
    };
    Some(asked.and_then(|asked| u32::try_from(asked).ok()).unwrap_or(USUAL).max(1))
}

/// Lets the request ask for so many entries.
pub(super) fn set_page_size(request: &mut Request, paging: Paging, size: u32) {
    if paging == Paging::BodyCursor {
        let Some(mut body) = body(request) else { return };
        let pagination = body.entry("pagination").or_insert_with(|| Map::new().into());
        if let Value::Object(pagination) = pagination {
            pagination.insert(PER_PAGE.to_owned(), size.into());
        }
        request.body = Some(Value::Object(body).to_string().into());
    } else {
        request.query.retain(|(name, _)| name != PER_PAGE);
        request.query.push((Cow::Borrowed(PER_PAGE), size.to_string()));
    }
}

fn body(request: &Request) -> Option<Map<String, Value>> {
    serde_json::from_slice(request.body.as_deref()?).ok()
}
