//! What logs are told about: the run, the stream and the page, and nobody.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use intercom_store::Stream;
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::database::Database;
use crate::meddler::{CONTACTS, Meddler};
use crate::world::World;

/// A span: its name with those of its parents, and its fields.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    path: Vec<&'static str>,
    fields: BTreeMap<&'static str, String>,
}

/// An event: the names of the spans it is in, and its words.
type Said = (Vec<&'static str>, String);

/// Keeps every span and the fields of every event.
#[derive(Clone, Default)]
pub(crate) struct Capture {
    // Spans end on whatever thread the run is polled on.
    spans: Arc<Mutex<Vec<(u64, Seen)>>>,
    events: Arc<Mutex<Vec<Said>>>,
}

impl Capture {
    /// The fields of every event so far, in a line each.
    pub(crate) fn said(&self) -> Vec<String> {
        let events = self.events.lock().expect("no panic");
        events.iter().map(|(_, text)| text.clone()).collect()
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).expect("a new span");
        let path = span.scope().from_root().map(|span| span.name()).collect();
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let seen = Seen { path, fields: fields.0 };
        self.spans.lock().expect("no panic").push((id.into_u64(), seen));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        // Ids are used again: the last one is meant.
        let mut spans = self.spans.lock().expect("no panic");
        let meant = spans.iter_mut().rev().find(|(known, _)| *known == id.into_u64());
        meant.expect("a known span").1.fields.extend(fields.0);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let scope = context.event_scope(event);
        let path = scope.map(|scope| scope.from_root().map(|span| span.name()).collect());
        let mut fields = Fields::default();
        event.record(&mut fields);
        let text = fields.0.into_values().collect::<Vec<_>>().join(" ");
        self.events.lock().expect("no panic").push((path.unwrap_or_default(), text));
    }
}

pub(crate) async fn a_run_a_stream_and_a_page_have_spans_without_personal_data(on: &Database) {
    let world = World::new(on);
    let odd = Meddler::rewriting(&world.sim, CONTACTS, |page| {
        page["data"][0]["created_at"] = json!("somebody@member.example");
    });
    let capture = Capture::default();
    let run = world.run_over(odd);
    run.with_subscriber(tracing_subscriber::registry().with(capture.clone())).await.expect("a run");

    let spans: Vec<Seen> =
        capture.spans.lock().expect("no panic").iter().map(|(_, seen)| seen.clone()).collect();
    let fields = |path: &[&str]| -> Vec<BTreeMap<&str, String>> {
        spans.iter().filter(|seen| seen.path == path).map(|seen| seen.fields.clone()).collect()
    };
    let run = BTreeMap::from([
        ("workspace", world.workspace().await.id().to_owned()),
        ("run", world.last_run().await.id.0.to_string()),
    ]);
    assert_eq!(fields(&["run"]), [run]);
    let streams = [Stream::Admins, Stream::Contacts, Stream::Conversations];
    let named = streams.map(|stream| BTreeMap::from([("stream", stream.name().to_owned())]));
    assert_eq!(fields(&["run", "stream"]), named);
    let mut pages: Vec<(String, String)> = fields(&["run", "stream", "page"])
        .into_iter()
        .map(|mut fields| {
            let page = fields.remove("page").expect("a number");
            let operation = fields.remove("operation").expect("a name");
            assert!(fields.is_empty(), "{fields:?}");
            (operation, page)
        })
        .collect();
    pages.sort();
    pages.dedup();
    let of_contacts = pages.iter().filter(|(operation, _)| operation == CONTACTS);
    let of_contacts: Vec<&str> = of_contacts.map(|(_, page)| page.as_str()).collect();
    assert_eq!(of_contacts, ["1", "2", "3"]);

    let events = capture.events.lock().expect("no panic").clone();
    let put_aside = events.iter().find(|(_, text)| text.contains("put aside"));
    assert_eq!(put_aside.map(|(path, _)| path.as_slice()), Some(["run", "stream"].as_slice()));
    let words = spans.iter().flat_map(|seen| seen.fields.values().cloned());
    for text in words.chain(events.into_iter().map(|(_, text)| text)) {
        check_names_nobody(&world, &text);
    }
}

/// Neither an address nor the name of a contact; no cursor, which would be Base64.
fn check_names_nobody(world: &World, text: &str) {
    assert!(!text.contains('@') && !text.contains("=="), "{text}");
    for contact in world.records(Stream::Contacts).values() {
        let contact: Value = serde_json::from_str(contact).expect("JSON");
        if let Some(name) = contact["name"].as_str().filter(|name| name.len() > 4) {
            assert!(!text.contains(name), "{name:?} is in {text}");
        }
    }
}
