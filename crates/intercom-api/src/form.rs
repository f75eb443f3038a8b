//! Bodies of several parts: `multipart/form-data`.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// A form whose parts are written in the order they were added.
#[derive(Default)]
pub(crate) struct Form<'a> {
    parts: Vec<Part<'a>>,
}

struct Part<'a> {
    name: &'static str,
    is_file: bool,
    content: Cow<'a, [u8]>,
}

/// What every boundary starts with; eight hexadecimal digits follow.
const PREFIX: &[u8] = b"intercom-form-";
const N_DIGITS: usize = 8;

impl<'a> Form<'a> {
    /// Adds a short value.
    pub(crate) fn text(&mut self, name: &'static str, content: impl Into<String>) {
        let content = Cow::Owned(content.into().into_bytes());
        self.parts.push(Part { name, is_file: false, content });
    }

    /// Adds a JSON file.
    pub(crate) fn file(&mut self, name: &'static str, content: &'a [u8]) {
        self.parts.push(Part { name, is_file: true, content: Cow::Borrowed(content) });
    }

    /// The media type with its boundary, and the body.
    pub(crate) fn encode(&self) -> (String, Vec<u8>) {
        let boundary = self.boundary();
        let n_bytes: usize = self.parts.iter().map(|part| part.content.len() + 200).sum();
        let mut body = Vec::with_capacity(n_bytes);
        for Part { name, is_file, content } in &self.parts {
            let mut head =
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
            if *is_file {
                head += &format!("; filename=\"{name}.json\"\r\nContent-Type: application/json");
            }
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }

    /// The first boundary that no part contains; the same parts have the same.
    fn boundary(&self) -> String {
        let taken: BTreeSet<u32> =
            self.parts.iter().flat_map(|part| numbers(&part.content)).collect();
        let free = (0..=u32::MAX).find(|number| !taken.contains(number)).unwrap_or_default();
        format!("{}{free:0N_DIGITS$x}", String::from_utf8_lossy(PREFIX))
    }
}

/// The numbers of the boundaries that occur in a content.
fn numbers(content: &[u8]) -> impl Iterator<Item = u32> {
    content.windows(PREFIX.len() + N_DIGITS).filter_map(|window| {
        let digits = window.strip_prefix(PREFIX)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    })
}
