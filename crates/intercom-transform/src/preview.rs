//! What a plan would send, without sending it.

use bytes::Bytes;
use intercom_api::{BuildError, Exchange, Request, Response, Step};

use crate::note::Notes;
use crate::outcome::{Outcome, Purpose};
use crate::plan::Plan;

/// What a preview takes for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Assumption {
    /// What is looked up exists: contact [`CONTACT_ID`], company [`COMPANY_ID`].
    Found,
    /// Nobody is found; everything that is written is accepted.
    Missing,
}

/// The contact of a preview.
pub const CONTACT_ID: &str = "CONTACT_ID";
/// The company of a preview.
pub const COMPANY_ID: &str = "COMPANY_ID";

/// What a plan would send.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The requests in order, each with what it is for.
    pub requests: Vec<(Purpose, Request)>,
    /// How it would end.
    pub outcome: Outcome,
    /// What would be left out or changed.
    pub notes: Notes,
}

/// What a plan would send if the API answered as assumed. The plan itself stays where it is.
///
/// # Errors
/// [`BuildError`] when a request cannot be built.
pub fn preview(plan: &Plan, assumption: Assumption) -> Result<Preview, BuildError> {
    let mut plan = plan.clone();
    let mut requests = Vec::new();
    loop {
        let purpose = plan.purpose();
        match (plan.next()?, purpose) {
            (Step::Done(outcome), _) => {
                return Ok(Preview { requests, outcome, notes: plan.notes().clone() });
            }
            (Step::Send(request), Some(purpose)) => {
                plan.reply(answer(purpose, assumption));
                requests.push((purpose, request));
            }
            // A request always has a purpose.
            (Step::Send(_), None) => {
                let (outcome, notes) = (Outcome::Delivered, plan.notes().clone());
                return Ok(Preview { requests, outcome, notes });
            }
        }
    }
}

fn answer(purpose: Purpose, assumption: Assumption) -> Response {
    let body = match (purpose, assumption) {
        (Purpose::FindContact, Assumption::Found) => {
            r#"{"type":"list","total_count":1,"data":[{"id":"CONTACT_ID"}]}"#
        }
        (Purpose::FindContact, Assumption::Missing) => {
            r#"{"type":"list","total_count":0,"data":[]}"#
        }
        (Purpose::FindCompany, Assumption::Missing) => "{}",
        (Purpose::WriteCompany | Purpose::FindCompany, _) => r#"{"id":"COMPANY_ID"}"#,
        (Purpose::SendEvent, _) => "",
        _ => r#"{"id":"CONTACT_ID"}"#,
    };
    let status = if purpose == Purpose::SendEvent { 202 } else { 200 };
    Response::new(status, Bytes::from_static(body.as_bytes()))
}
