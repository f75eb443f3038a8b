//! Multi-step work.

use insta::assert_snapshot;
use intercom_api::{BuildError, Exchange, Response, Safety, Step};
use intercom_client::{ClientSettings, Error};
use serde_json::json;

use crate::script::{Reply, Script, ok, text};
use crate::things::raw;

/// Sends a read for each status it still wants and results in the statuses it got.
struct Collect {
    n_wanted: usize,
    statuses: Vec<u16>,
}

impl Exchange for Collect {
    type Output = Vec<u16>;

    fn next(&mut self) -> Result<Step<Vec<u16>>, BuildError> {
        if self.statuses.len() == self.n_wanted {
            return Ok(Step::Done(self.statuses.clone()));
        }
        Ok(Step::Send(raw(Safety::Once)))
    }

    fn reply(&mut self, response: Response) {
        self.statuses.push(response.status);
    }
}

fn collect(n_wanted: usize) -> Collect {
    Collect { n_wanted, statuses: Vec::new() }
}

#[tokio::test(start_paused = true)]
async fn bad_statuses_are_answers_to_the_work() {
    let script = Script::new([text(404, ""), ok(&json!({})), text(500, "")]);
    let statuses = script.client().drive(&mut collect(3)).await.unwrap();
    assert_eq!(statuses, [404, 200, 500]);
}

#[tokio::test(start_paused = true)]
async fn interrupted_work_can_be_driven_on() {
    let script = Script::new([ok(&json!({})), Reply::MaybeSent, text(201, "")]);
    let (client, mut work) = (script.client(), collect(2));
    assert!(matches!(client.drive(&mut work).await, Err(Error::MaybeSent { .. })));
    assert_eq!(client.drive(&mut work).await.unwrap(), [200, 201]);
}

#[tokio::test(start_paused = true)]
async fn work_without_end_is_stopped() {
    let settings = ClientSettings { max_steps: 3, ..ClientSettings::default() };
    let client = Script::new((0..3).map(|_| ok(&json!({})))).client_with(settings.clone());
    let error = client.drive(&mut collect(99)).await.unwrap_err();
    assert_snapshot!(error, @"Raw (POST /raw): the work is not done after 3 requests");

    let client = Script::new((0..3).map(|_| ok(&json!({})))).client_with(settings);
    assert_eq!(client.drive(&mut collect(3)).await.unwrap().len(), 3);
}
