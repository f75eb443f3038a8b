//! A page read in one pass over its body.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::DecodeError;
use crate::paging::{Cursor, Paged, Paging, has_query, query_pairs};
use crate::response::Response;

/// A page as received: entries are still text, so that a record that does not decode costs only
/// itself.
#[derive(Debug, Clone)]
pub struct PageView<'a> {
    /// The entries, each as the JSON text that was received.
    pub items: Vec<&'a str>,
    /// Where the list continues; `None` on the last page.
    pub next: Option<Cursor>,
    /// How many entries the whole list has, when the API says so.
    pub total_count: Option<u64>,
}

impl<'a> PageView<'a> {
    /// Reads the answer of a paged operation without decoding its entries: one pass over the body.
    ///
    /// # Errors
    /// [`DecodeError`] when the body is not an object with a list under the operation's items
    /// key, or says in a way that cannot be followed where the list goes on.
    pub fn read<O: Paged>(response: &'a Response) -> Result<Self, DecodeError> {
        let fail = |path: Path, error| DecodeError::new(O::NAME, path.to_string(), error);
        let mut path = Path::Whole;
        let mut json = serde_json::Deserializer::from_slice(&response.body);
        let reader = PageReader { items_key: O::ITEMS, path: &mut path };
        let page = match reader.deserialize(&mut json) {
            Ok(page) => page,
            Err(error) => return Err(fail(path, error)),
        };
        json.end().map_err(|error| fail(Path::Whole, error))?;
        let Some(items) = page.items else {
            return Err(fail(Path::Key(O::ITEMS), de::Error::custom("the entries are missing")));
        };
        let beside = |text: Option<String>| text.filter(|text| !text.is_empty());
        let next = match O::PAGING {
            Paging::Single => None,
            // A scroll never says that it ends: an empty page does.
            Paging::Scroll if items.is_empty() => None,
            Paging::Scroll => beside(page.scroll_param).map(Cursor::Scroll),
            Paging::NextCursor => beside(page.next_cursor).map(Cursor::After),
            Paging::PageNumber => numbered(page.pages, page.page, page.total_pages)
                .and_then(|pages| next_cursor(Paging::PageNumber, pages))
                .map_err(|error| fail(Path::Key("pages.next"), error))?,
            paging => next_cursor(paging, page.pages)
                .map_err(|error| fail(Path::Key("pages.next"), error))?,
        };
        Ok(Self { items, next, total_count: page.total_count })
    }
}

/// What continues a list of this kind; an answer may hold more than its kind uses.
///
/// Lists of one kind continue in the spelling of another in some versions, so each kind takes
/// every spelling that its requests can express. One that they cannot express is an error: the
/// list must not seem complete.
fn next_cursor(paging: Paging, pages: Pages) -> Result<Option<Cursor>, serde_json::Error> {
    let unusable = || de::Error::custom("the list goes on in a way that cannot be followed");
    let by_number = match (pages.page, pages.total_pages) {
        (Some(page), Some(total)) if page < total => Some(Cursor::Page(page.saturating_add(1))),
        _ => None,
    };
    let is_numbered = pages.page.is_some() && pages.total_pages.is_some();
    match (paging, pages.next) {
        (Paging::PageNumber, Next::After(_) | Next::Page(_) | Next::Nowhere) if is_numbered => {
            Ok(by_number)
        }
        (Paging::PageNumber, Next::Url(url)) => match number_in(&url) {
            Some(page) => Ok(Some(Cursor::Page(page))),
            None if has_query(&url) => Ok(Some(Cursor::Url(url))),
            None if is_numbered => Ok(by_number),
            None => Err(unusable()),
        },
        (Paging::PageNumber | Paging::NextUrl, Next::Page(page)) => Ok(Some(Cursor::Page(page))),
        (Paging::BodyCursor, Next::Url(url)) => match cursor_in(&url) {
            Some(after) => Ok(Some(Cursor::After(after))),
            None => Err(unusable()),
        },
        (_, Next::Url(url)) if has_query(&url) => Ok(Some(Cursor::Url(url))),
        (_, Next::After(after)) => Ok(Some(Cursor::After(after))),
        (_, Next::Nowhere | Next::Page(_)) => Ok(None),
        (_, Next::Url(_) | Next::Unknown) => Err(unusable()),
    }
}

fn number_in(url: &str) -> Option<u32> {
    query_pairs(url).find(|(name, _)| name == "page")?.1.parse().ok()
}

fn cursor_in(url: &str) -> Option<String> {
    let after = query_pairs(url).find(|(name, _)| name == "starting_after")?.1;
    Some(after.into_owned()).filter(|after| !after.is_empty())
}

/// Where in the body the reader is.
enum Path {
    Whole,
    Key(&'static str),
    Entry(&'static str, usize),
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("."),
            Self::Key(key) => f.write_str(key),
            Self::Entry(key, index) => write!(f, "{key}[{index}]"),
        }
    }
}

/// What a body says, before it is known how the list continues.
#[derive(Default)]
struct RawPage<'a> {
    /// `None` when the body has no such key; `null` is an empty list.
    items: Option<Vec<&'a str>>,
    pages: Pages,
    total_count: Option<u64>,
    scroll_param: Option<String>,
    next_cursor: Option<String>,
    page: Option<&'a RawValue>,
    total_pages: Option<&'a RawValue>,
}

/// The page numbers, which some lists have beside their entries and not in `pages`.
fn numbered(
    pages: Pages,
    page: Option<&RawValue>,
    total_pages: Option<&RawValue>,
) -> Result<Pages, serde_json::Error> {
    let read = |known: Option<u32>, beside: Option<&RawValue>| match (known, beside) {
        (None, Some(raw)) => number(&mut serde_json::Deserializer::from_str(raw.get())),
        (known, _) => Ok(known),
    };
    Ok(Pages {
        next: pages.next,
        page: read(pages.page, page)?,
        total_pages: read(pages.total_pages, total_pages)?,
    })
}

struct PageReader<'p> {
    items_key: &'static str,
    path: &'p mut Path,
}

impl<'de> DeserializeSeed<'de> for PageReader<'_> {
    type Value = RawPage<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawPage<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PageReader<'_> {
    type Value = RawPage<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of a list")
    }

    /// Of keys that come twice, the last one counts.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawPage<'de>, A::Error> {
        let Self { items_key, path } = self;
        let mut page = RawPage::default();
        loop {
            *path = Path::Whole;
            let Some(key) = map.next_key_seed(KeyReader { items_key })? else {
                return Ok(page);
            };
            match key {
                Key::Items => {
                    *path = Path::Key(items_key);
                    let reader = ItemsReader { items_key, path: &mut *path };
                    page.items = Some(map.next_value_seed(reader)?);
                }
                Key::Pages => {
                    *path = Path::Key("pages");
                    page.pages = map.next_value::<Option<Pages>>()?.unwrap_or_default();
                }
                Key::TotalCount => page.total_count = lenient(map.next_value()?),
                Key::ScrollParam => page.scroll_param = lenient(map.next_value()?),
                Key::NextCursor => page.next_cursor = lenient(map.next_value()?),
                Key::Page => page.page = Some(map.next_value()?),
                Key::TotalPages => page.total_pages = Some(map.next_value()?),
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
    }
}

/// A value of the wanted type, or nothing.
fn lenient<'de, T: Deserialize<'de>>(raw: &'de RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

enum Key {
    Items,
    Pages,
    TotalCount,
    ScrollParam,
    NextCursor,
    Page,
    TotalPages,
    Other,
}

struct KeyReader {
    items_key: &'static str,
}

impl<'de> DeserializeSeed<'de> for KeyReader {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeyReader {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            key if key == self.items_key => Key::Items,
            "pages" => Key::Pages,
            "total_count" => Key::TotalCount,
            "scroll_param" => Key::ScrollParam,
            "next_cursor" => Key::NextCursor,
            "page" => Key::Page,
            "total_pages" => Key::TotalPages,
            _ => Key::Other,
        })
    }
}

struct ItemsReader<'p> {
    items_key: &'static str,
    path: &'p mut Path,
}

impl<'de> DeserializeSeed<'de> for ItemsReader<'_> {
    type Value = Vec<&'de str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemsReader<'_> {
    type Value = Vec<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries, or null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        let mut index = 0;
        loop {
            *self.path = Path::Entry(self.items_key, index);
            let Some(item) = list.next_element::<&'de RawValue>()? else {
                return Ok(items);
            };
            if item.get() != "null" {
                items.push(item.get());
            }
            index += 1;
        }
    }
}

#[derive(Default, Deserialize)]
struct Pages {
    #[serde(default)]
    next: Next,
    #[serde(default, deserialize_with = "number")]
    page: Option<u32>,
    #[serde(default, deserialize_with = "number")]
    total_pages: Option<u32>,
}

/// A number, in digits or as text. One that is too large to count pages is an error: the list
/// must not seem complete.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number<'a> {
        Digits(u32),
        #[serde(borrow)]
        Text(Cow<'a, str>),
    }

    match Option::<Number<'_>>::deserialize(deserializer)? {
        Some(Number::Text(text)) if text.is_empty() => Ok(None),
        Some(Number::Text(text)) => text.parse().map(Some).map_err(de::Error::custom),
        Some(Number::Digits(number)) => Ok(Some(number)),
        None => Ok(None),
    }
}

/// What stands in `pages.next`.
#[derive(Default)]
enum Next {
    After(String),
    Url(String),
    Page(u32),
    #[default]
    Nowhere,
    Unknown,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NextShape {
    Url(String),
    Object {
        #[serde(default)]
        starting_after: Option<TextOrNumber>,
        #[serde(default)]
        page: Option<u32>,
    },
    Flag(bool),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Number(u64),
}

impl<'de> Deserialize<'de> for Next {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::<NextShape>::deserialize(deserializer)? {
            None | Some(NextShape::Flag(false)) => Self::Nowhere,
            Some(NextShape::Url(url)) if url.is_empty() => Self::Nowhere,
            Some(NextShape::Url(url)) => Self::Url(url),
            Some(NextShape::Object { starting_after, page }) => match (starting_after, page) {
                (Some(TextOrNumber::Number(after)), _) => Self::After(after.to_string()),
                (Some(TextOrNumber::Text(after)), _) if !after.is_empty() => Self::After(after),
                (_, Some(page)) => Self::Page(page),
                (_, None) => Self::Nowhere,
            },
            Some(NextShape::Flag(true) | NextShape::Other(_)) => Self::Unknown,
        })
    }
}
