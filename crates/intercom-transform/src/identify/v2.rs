//! Identify with versions 2: look the contact up, then create or update it.

use crate::company::{self, CompanySource, Origin};
use crate::event::Value;
use crate::lookup::Purpose;
use crate::message::Traits;
use crate::note::NoteKind;
use crate::pick::{Expected, Skip, first};
use crate::plan::{Attach, Detach, Plan, Task, WriteCompany, WriteContact};
use crate::planner::Planner;
use crate::rejection::{Call, Rejection};
use crate::settings::{Destination, IdentifyCompany, Validation};

pub(super) fn plan(mut planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    let settings = planner.settings;
    let person = planner.person()?;
    let missing = (!person.is_known()).then(|| planner.missing_identity(Call::Identify));
    let is_early =
        settings.validation == Validation::First || settings.destination == Destination::IntercomV2;
    if let Some(missing) = missing.as_ref().filter(|_| is_early) {
        return Err(missing.clone());
    }
    let mut tasks = Vec::with_capacity(4);
    let identity = person.identity();
    tasks.extend(planner.find(Purpose::Identify)?.map(Task::Find));
    let company = planner.named_company();
    let leaves = company.filter(|company| company.get("remove").is_some_and(Value::is_truthy));
    tasks.extend(leaves.and_then(company::key).map(|key| Task::Detach(Detach::new(key))));
    if let Some(missing) = missing {
        if tasks.is_empty() {
            return Err(missing);
        }
        tasks.push(Task::Refuse(Box::new(missing)));
    } else {
        planner.write_contact(&person)?;
        let body = planner.take_body();
        tasks.push(Task::Write(WriteContact::upsert(body)));
    }
    if leaves.is_none() && settings.identify_company == IdentifyCompany::Attach {
        planner.attach(company, &mut tasks)?;
    }
    let remembered = planner.remembered(&identity);
    if remembered.is_some() {
        planner.notes.push(NoteKind::LookupShared, "");
    }
    let version = planner.version();
    let mut plan = Plan::new(settings, version, identity, tasks, planner.notes);
    if let Some(contact) = remembered {
        plan.know(&contact);
    }
    Ok(plan)
}

impl<'e> Planner<'e, '_> {
    /// Writes the company of the person and attaches the contact to it.
    fn attach(
        &mut self,
        company: Option<Value<'e>>,
        tasks: &mut Vec<Task>,
    ) -> Result<(), Rejection> {
        let company = self.check.check(company, Expected::ObjectOrText)?;
        let Some(company) = company.filter(|company| company.is_object()) else { return Ok(()) };
        let fields = Traits::read(Some(company));
        let id = first([fields.id], Skip::Falsy);
        let made_id = || company::name_of(company).map(|name| company::made_id(&name));
        let made_id = if id.is_some() { None } else { made_id() };
        if id.is_none() && made_id.is_none() {
            return Ok(());
        }
        let attributes = Some(company);
        let source =
            CompanySource { id, made_id, fields: [&fields; 2], attributes, origin: Origin::Person };
        self.write_company(&source)?;
        tasks.push(Task::Company(WriteCompany { body: self.take_body() }));
        tasks.push(Task::Attach(Attach));
        Ok(())
    }
}
