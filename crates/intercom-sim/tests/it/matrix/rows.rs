//! The rows of the matrix: every operation that the simulator answers, as data.

use std::future::Future;
use std::pin::Pin;

use futures_util::TryStreamExt;
use intercom_api::{ApiVersion, Operation, Paged, Paging, Request, Response, Safety};
use intercom_client::{Client, Error};
use serde::Serialize;

use super::world::World;

pub(super) mod reads;
pub(super) mod walks;
pub(super) mod writes;

/// Work of a client, done when it is polled.
pub(super) type Work<T> = Pin<Box<dyn Future<Output = T>>>;

/// What is done with a client.
type Act<T> = Box<dyn Fn(Client) -> Work<T>>;
/// What an answer decodes to, shown as text.
type Read = Box<dyn Fn(&Response) -> Option<String>>;
/// The entries of a list as text, and how it ended.
type Walked = (Vec<String>, Result<(), Error>);

/// One operation with its parameters.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) version: ApiVersion,
    pub(super) request: Request,
    /// Sends it and shows its output as text.
    pub(super) call: Act<Result<String, Error>>,
    /// What an answer decodes to, shown as text.
    pub(super) read: Read,
}

impl Row {
    /// An operation of the newest stable version.
    fn new<O>(operation: O) -> Self
    where
        O: Operation<Output: Serialize> + Clone + 'static,
    {
        Self::shown(operation, ApiVersion::V2_16, |output| {
            serde_json::to_string(output).expect("outputs can be written")
        })
    }

    /// An operation whose output is shown in a way of its own.
    fn shown<O>(operation: O, version: ApiVersion, show: fn(&O::Output) -> String) -> Self
    where
        O: Operation + Clone + 'static,
    {
        let request = operation.request(version).expect("the version has the operation");
        Self {
            name: O::NAME,
            version,
            request,
            call: Box::new(move |client| {
                let operation = operation.clone();
                Box::pin(async move { client.execute(&operation).await.map(|o| show(&o)) })
            }),
            read: Box::new(move |response| O::decode(response).ok().map(|output| show(&output))),
        }
    }

    /// Whether the request may be repeated, as the request itself says.
    pub(super) fn safety(&self) -> Safety {
        self.request.safety
    }
}

/// A list with more than one page.
pub(super) struct Walk {
    pub(super) row: Row,
    pub(super) paging: Paging,
    /// Whether an entry that changes moves to the end.
    pub(super) is_by_update: bool,
    /// Reads the list to its end, or to its first error; the entries as text.
    pub(super) walk: Act<Walked>,
}

impl Walk {
    fn new<O>(operation: O) -> Self
    where
        O: Paged<Output: Serialize> + Clone + Send + 'static,
    {
        Self::since(operation, ApiVersion::V2_16)
    }

    fn since<O>(operation: O, version: ApiVersion) -> Self
    where
        O: Paged<Output: Serialize> + Clone + Send + 'static,
    {
        let row = Row::shown(operation.clone(), version, |output| {
            let mut output = serde_json::to_value(output).expect("outputs can be written");
            // The name of a scroll is another one each time.
            output["scroll_param"].take();
            output.to_string()
        });
        let walk = move |client: Client| -> Work<Walked> {
            let mut pages = client.pages(operation.clone());
            Box::pin(async move {
                let mut entries = Vec::new();
                loop {
                    let page = match pages.try_next().await {
                        Ok(Some(page)) => page,
                        Ok(None) => return (entries, Ok(())),
                        Err(error) => return (entries, Err(error)),
                    };
                    let view = page.view().expect("the page was read before");
                    entries.extend(view.items.iter().map(|entry| (*entry).to_owned()));
                }
            })
        };
        Self { row, paging: O::PAGING, is_by_update: false, walk: Box::new(walk) }
    }

    fn by_update(self) -> Self {
        Self { is_by_update: true, ..self }
    }
}

/// Every row.
pub(super) fn all(world: &World) -> Vec<Row> {
    let walks = walks::all(world).into_iter().map(|walk| walk.row);
    reads::all(world).into_iter().chain(walks).chain(writes::all(world)).collect()
}
