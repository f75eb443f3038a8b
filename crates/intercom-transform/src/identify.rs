//! Identify: what is known of a person.

mod v1;
mod v2;

use crate::mapped;
use crate::plan::Plan;
use crate::planner::Planner;
use crate::rejection::Rejection;

pub(crate) fn plan(planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    if planner.is_row() {
        return mapped::identify(planner);
    }
    if planner.settings.is_v1() { v1::plan(planner) } else { v2::plan(planner) }
}
