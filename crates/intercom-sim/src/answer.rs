//! What a route answers: a body, or a refusal in the API's error envelope.

use crate::json;

/// A successful answer before headers are added.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: &'static str,
    /// The `Location` header.
    pub(crate) location: Option<String>,
}

const JSON: &str = "application/json; charset=utf-8";

impl Answer {
    /// 200 with a body that `write` appends.
    pub(crate) fn ok(write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut body = Vec::new();
        write(&mut body);
        Self::json(body)
    }

    /// 200 with JSON text, or without anything.
    pub(crate) const fn json(body: Vec<u8>) -> Self {
        Self { status: 200, body, content_type: JSON, location: None }
    }

    /// 200 with a file.
    pub(crate) const fn file(body: Vec<u8>) -> Self {
        Self { status: 200, body, content_type: "application/octet-stream", location: None }
    }

    /// 200 with an object.
    pub(crate) fn object(fill: impl FnOnce(&mut json::Object<'_>)) -> Self {
        Self::json(json::object_text(fill))
    }

    /// 202 without a body.
    pub(crate) const fn accepted() -> Self {
        Self { status: 202, body: Vec::new(), content_type: JSON, location: None }
    }

    /// 200 with plain text.
    pub(crate) fn text(text: String) -> Self {
        Self {
            status: 200,
            body: text.into_bytes(),
            content_type: "text/plain; charset=utf-8",
            location: None,
        }
    }

    /// 302: what is asked for lies elsewhere.
    pub(crate) const fn redirect(url: String) -> Self {
        Self { status: 302, body: Vec::new(), content_type: JSON, location: Some(url) }
    }
}

/// An error answer before headers are added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) field: Option<String>,
    /// A header of its own, by name.
    pub(crate) header: Option<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), field: None, header: None }
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.header = Some((name, value.into()));
        self
    }

    /// 400: a parameter holds something it cannot.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "parameter_invalid", message)
    }

    /// 400: a parameter is missing.
    pub(crate) fn missing(name: &str) -> Self {
        Self::new(400, "parameter_not_found", format!("{name} not specified")).field(name)
    }

    /// 404 for something that has no code of its own.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, "not_found", format!("{what} Not Found"))
    }

    /// The answer that tells it.
    pub(crate) fn answer(&self, request_id: &str) -> Answer {
        let body = self.envelope(request_id);
        Answer { status: self.status, body, content_type: JSON, location: None }
    }

    /// The error envelope.
    pub(crate) fn envelope(&self, request_id: &str) -> Vec<u8> {
        json::object_text(|object| {
            object.field("type", "error.list").field("request_id", request_id);
            object.list("errors", [self], |out, refusal| {
                json::object(out, |error| {
                    error.field("code", refusal.code).field("message", &refusal.message);
                    if let Some(field) = &refusal.field {
                        error.field("field", field);
                    }
                });
            });
        })
    }
}
