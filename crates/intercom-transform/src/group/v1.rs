//! Group with 1.4: write the company, then the user with it, then tag the company.

use crate::company::CompanySource;
use crate::event::Value;
use crate::outcome::Purpose;
use crate::pick::{Expected, Skip, first};
use crate::plan::{Plan, Send, Target, Task, WRITE_USER, WriteCompany};
use crate::planner::Planner;
use crate::rejection::Rejection;
use crate::settings::{GroupOutcome, TraitSources, Typing};
use crate::write::Object;

pub(super) fn plan(mut planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    let settings = planner.settings;
    if settings.typing == Typing::Checked
        && let Some(missing) = planner.missing_group()
    {
        return Err(missing);
    }
    let person = planner.person()?;
    let company = planner.group_company();
    planner.write_company(&company)?;
    let mut tasks = Vec::with_capacity(3);
    tasks.push(Task::Company(WriteCompany { body: planner.take_body() }));
    if planner.write_attached_user(&company)? {
        let body = planner.take_body();
        tasks.push(Task::Send(Send {
            purpose: Purpose::Attach,
            target: Target::Path(&WRITE_USER),
            body,
        }));
    }
    tasks.extend(planner.tags().map(Task::Tags));
    let version = planner.version();
    let mut plan = Plan::new(settings, version, person.identity(), tasks, planner.notes);
    if settings.group_outcome == GroupOutcome::Suppressed {
        plan.suppress();
    }
    Ok(plan)
}

impl<'e> Planner<'e, '_> {
    /// Writes the user who belongs to the company; false when the event names none.
    fn write_attached_user(&mut self, company: &CompanySource<'e, '_>) -> Result<bool, Rejection> {
        let message = self.message;
        let is_original = self.settings.traits == TraitSources::Single;
        let user = if is_original { message.user_id } else { self.user_id(Skip::Empty) };
        let anonymous = message.anonymous_id.filter(|_| self.settings.send_anonymous_id);
        let user = first([user, anonymous], Skip::Falsy);
        let email = first([message.of_context.email], Skip::Falsy);
        if user.is_none() && email.is_none() {
            return Ok(false);
        }
        let user = self.check.check(user, Expected::Id)?;
        let email = self.check.check(email, Expected::Text)?;
        let name = if is_original { message.own.name } else { company.fields[0].name };
        let id = if is_original { message.group_id } else { company.id };
        let mut object = Object::open(self.body);
        self.check.write_id(&mut object, "user_id", user);
        object.optional("email", email);
        let list = object.field("companies");
        list.push(b'[');
        let mut entry = Object::open(list);
        let present = |value: Option<Value<'e>>| value.filter(|value| value.is_truthy());
        self.check.write_id(&mut entry, "company_id", present(id));
        self.check.write_id(&mut entry, "name", present(name));
        entry.close();
        self.body.push(b']');
        self.body.push(b'}');
        Ok(true)
    }
}
