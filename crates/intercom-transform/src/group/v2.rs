//! Group with versions 2: write the company, attach the contact, tag the company.

use crate::lookup::Purpose;
use crate::note::NoteKind;
use crate::plan::{Attach, Plan, Task, WriteCompany};
use crate::planner::Planner;
use crate::rejection::Rejection;
use crate::settings::{Destination, GroupOrder, GroupOutcome, Validation};

pub(super) fn plan(mut planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    let missing = planner.missing_group();
    let settings = planner.settings;
    let is_original = settings.validation == Validation::AfterLookup
        && settings.destination == Destination::Intercom;
    if let Some(missing) = missing.as_ref().filter(|_| !is_original) {
        return Err(missing.clone());
    }
    let person = planner.person()?;
    let find = match planner.find(Purpose::Group) {
        Ok(find) => find.map(Task::Find),
        Err(refused) if settings.validation == Validation::AfterLookup => {
            Some(Task::Refuse(Box::new(refused)))
        }
        Err(refused) => return Err(refused),
    };
    let mut tasks = Vec::with_capacity(4);
    if let Some(missing) = missing {
        tasks.extend(find);
        tasks.push(Task::Refuse(Box::new(missing)));
        let (version, notes) = (planner.version(), planner.notes);
        return Ok(Plan::new(settings, version, person.identity(), tasks, notes));
    }
    let company = planner.group_company();
    planner.write_company(&company)?;
    let write = Task::Company(WriteCompany { body: planner.take_body() });
    let is_company_first = settings.group_order == GroupOrder::CompanyFirst
        || settings.destination == Destination::IntercomV2;
    if is_company_first {
        tasks.push(write);
        tasks.extend(find);
    } else {
        tasks.extend(find);
        tasks.push(write);
    }
    tasks.push(Task::Attach(Attach));
    tasks.extend(planner.tags().map(Task::Tags));
    let identity = planner.group_identity(&person);
    let remembered = planner.remembered(&identity);
    if remembered.is_some() {
        planner.notes.push(NoteKind::LookupShared, "");
    }
    let version = planner.version();
    let mut plan = Plan::new(settings, version, identity, tasks, planner.notes);
    if let Some(contact) = remembered {
        plan.know(&contact);
    }
    if settings.group_outcome == GroupOutcome::Suppressed {
        plan.suppress();
    }
    Ok(plan)
}
