//! Segments in a query: their rules take their place, so that no row is asked which it belongs to.

use std::borrow::Cow;

use crate::search::fields::Column;
use crate::search::filter::{Filter, Found, Leaf, Needle, Source, Span, Test};
use crate::workspace::Workspace;
use crate::workspace::catalogue::Membership;
use crate::workspace::contact::Role;

/// The query with the rules of the segments it names, as they are at `now`.
pub(super) fn resolved(filter: &Filter, workspace: &Workspace, now: i64) -> Filter {
    let all = |parts: &[Filter]| parts.iter().map(|p| resolved(p, workspace, now)).collect();
    match filter {
        Filter::Leaf(leaf) if leaf.source == Source::Column(Column::SegmentIds) => {
            members(&leaf.test, leaf, workspace, now)
        }
        Filter::Leaf(leaf) => Filter::Leaf(leaf.clone()),
        Filter::All(parts) => Filter::All(all(parts)),
        Filter::Any(parts) => Filter::Any(all(parts)),
        Filter::Not(part) => Filter::Not(Box::new(resolved(part, workspace, now))),
    }
}

fn members(test: &Test, leaf: &Leaf, workspace: &Workspace, now: i64) -> Filter {
    let mut affirmed = test.clone();
    let is_negated = match &mut affirmed {
        Test::Among { is_negated, .. }
        | Test::Like { is_negated, .. }
        | Test::Word { is_negated, .. } => std::mem::take(is_negated),
        Test::Within(_) | Test::Number { .. } => false,
    };
    let named = workspace.segments.iter().filter(|segment| {
        affirmed.accepts(&Found::Texts(vec![Cow::Borrowed(&*segment.id)]), &leaf.source)
    });
    let rules = named.map(|segment| rule(segment.membership, workspace, now));
    let any = Filter::Any(rules.collect());
    if is_negated { Filter::Not(Box::new(any)) } else { any }
}

/// What [`Workspace::belongs`] says about a contact, as a query.
fn rule(membership: Membership, workspace: &Workspace, now: i64) -> Filter {
    let equal = |column: Column, text: &str| {
        let test = Test::Among { needles: vec![Needle::Text(text.into())], is_negated: false };
        Filter::Leaf(Leaf { source: Source::Column(column), test })
    };
    let role = |role: Role| equal(Column::Role, role.as_str());
    let since = |column: Column, days: i64| {
        let spans = vec![Span { from: now - days * 86_400, until: i64::MAX }];
        Filter::Leaf(Leaf { source: Source::Column(column), test: Test::Within(spans) })
    };
    let seen = |days: i64| since(Column::Stored("last_seen_at"), days);
    match membership {
        Membership::Users => role(Role::User),
        Membership::Leads => role(Role::Lead),
        Membership::CreatedFor(days) => since(Column::CreatedAt, days),
        Membership::SeenFor(days) => seen(days),
        Membership::UnseenFor(days) => {
            Filter::All(vec![role(Role::User), Filter::Not(Box::new(seen(days)))])
        }
        Membership::Tagged(place) => match workspace.tags.get(place) {
            Some(tag) => equal(Column::TagIds, &tag.id),
            None => Filter::Any(Vec::new()),
        },
    }
}
