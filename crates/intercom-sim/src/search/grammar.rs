//! The search grammar: a request's JSON becomes a checked [`Filter`] or a refusal.

use intercom_api::{ApiVersion, Operator, Query};
use serde_json::{Map, Value};

use crate::answer::Refusal;
use crate::search::days::day_of;
use crate::search::fields::{Column, Field, Kind, OperatorRules};
use crate::search::filter::{Comparison, Filter, Leaf, Needle, Place, Source, Span, Test};
use crate::workspace::Workspace;
use crate::workspace::catalogue::{DataType, Model};
use crate::workspace::misfit;

/// How the dates of a search are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// By calendar days of the workspace's zone.
    Day,
    /// By the exact second; date attributes by UTC days.
    Second,
}

/// Attributes that a search knows by the definitions of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attributes {
    None,
    /// `custom_attributes.{name}`.
    Custom(Model),
    /// `ticket_attribute.{id}`.
    Ticket,
}

/// What a query may say.
pub(crate) struct Grammar<'a> {
    pub(crate) fields: &'static [Field],
    pub(crate) rules: OperatorRules,
    pub(crate) precision: Precision,
    /// The attributes that can be searched besides the fields.
    pub(crate) attributes: Attributes,
    pub(crate) version: ApiVersion,
    pub(crate) workspace: &'a Workspace,
}

impl Grammar<'_> {
    /// Checks a query.
    pub(crate) fn filter(&self, query: &Value) -> Result<Filter, Refusal> {
        match query {
            Value::Object(fields) if !fields.is_empty() => self.part(fields, 1),
            Value::Object(_) | Value::Null => Err(Refusal::invalid("query must not be empty")),
            _ => Err(Refusal::invalid("query must be an object")),
        }
    }

    fn part(&self, part: &Map<String, Value>, depth: usize) -> Result<Filter, Refusal> {
        let operator = part.get("operator").and_then(Value::as_str);
        let operator = operator.ok_or_else(|| Refusal::invalid("a filter has no operator"))?;
        let value = part.get("value").unwrap_or(&Value::Null);
        match (operator, part.get("field")) {
            ("AND", None) => Ok(Filter::All(self.group(value, depth)?)),
            ("OR", None) => Ok(Filter::Any(self.group(value, depth)?)),
            (_, Some(Value::String(field))) => self.leaf(field, operator, value),
            (_, _) => Err(Refusal::invalid("a filter has no field")),
        }
    }

    fn group(&self, value: &Value, depth: usize) -> Result<Vec<Filter>, Refusal> {
        let Value::Array(parts) = value else {
            return Err(Refusal::invalid("the value of AND and OR must be a list of filters"));
        };
        if depth > Query::MAX_DEPTH {
            let message = format!("filters may be nested {} deep", Query::MAX_DEPTH);
            return Err(Refusal::invalid(message));
        }
        if parts.is_empty() {
            return Err(Refusal::invalid("AND and OR must not be empty"));
        }
        if parts.len() > Query::MAX_FILTERS {
            let message = format!("AND and OR take at most {} filters", Query::MAX_FILTERS);
            return Err(Refusal::invalid(message));
        }
        parts
            .iter()
            .map(|part| match part {
                Value::Object(fields) => self.part(fields, depth + 1),
                _ => Err(Refusal::invalid("a filter must be an object")),
            })
            .collect()
    }

    fn leaf(&self, name: &str, operator: &str, value: &Value) -> Result<Filter, Refusal> {
        let (source, kind) = self.field(name)?;
        let operator = Operator::ALL
            .into_iter()
            .find(|known| known.as_str() == operator)
            .ok_or_else(|| Refusal::invalid(format!("{operator} is not an operator")))?;
        let takes =
            self.rules.iter().any(|(rule, kinds)| *rule == operator && kinds.contains(&kind));
        if !takes {
            let message = format!("{} cannot be used with {name}", operator.as_str());
            return Err(Refusal::invalid(message).field(name));
        }
        let is_priority = source == Source::Column(Column::Priority);
        let value = if is_priority { older_priorities(value) } else { value.clone() };
        // What has no date is none of these dates, as with every other kind of field. The two
        // instants that are always there need no detour.
        let always = [Source::Column(Column::CreatedAt), Source::Column(Column::UpdatedAt)];
        let affirmed = match operator {
            Operator::NotEquals => Some(Operator::Equals),
            Operator::NotIn => Some(Operator::In),
            _ => None,
        };
        let is_date = matches!(kind, Kind::Instant | Kind::Day) && !always.contains(&source);
        if let Some(affirmed) = affirmed.filter(|_| is_date && !value.is_null()) {
            let test = self.test(name, kind, affirmed, &value)?;
            return Ok(Filter::Not(Box::new(Filter::Leaf(Leaf { source, test }))));
        }
        let test = self.test(name, kind, operator, &value)?;
        Ok(Filter::Leaf(Leaf { source, test }))
    }

    /// Where a field is read and what it holds.
    pub(crate) fn field(&self, name: &str) -> Result<(Source, Kind), Refusal> {
        let known =
            self.fields.iter().find(|f| f.name == name && f.versions.contains(self.version));
        if let Some(field) = known {
            return Ok((Source::Column(field.column), field.kind));
        }
        if let Some((attribute, data_type)) = self.attribute(name) {
            let kind = match data_type {
                DataType::String => Kind::Text,
                DataType::Integer => Kind::Integer,
                DataType::Float => Kind::Float,
                DataType::Boolean => Kind::Boolean,
                DataType::Date => Kind::Day,
            };
            return Ok((Source::Attribute(attribute.into()), kind));
        }
        let message = format!("{name} is not a valid search field");
        Err(Refusal::new(400, "invalid_field", message).field(name))
    }

    /// The attribute that a field names, and what it holds.
    fn attribute<'n>(&'n self, name: &'n str) -> Option<(&'n str, DataType)> {
        match self.attributes {
            Attributes::None => None,
            Attributes::Custom(model) => {
                let attribute = name.strip_prefix("custom_attributes.")?;
                Some((attribute, self.workspace.attribute(model, attribute)?.data_type))
            }
            Attributes::Ticket => {
                let id = name.strip_prefix("ticket_attribute.")?;
                let mut all = self.workspace.ticket_types.iter().flat_map(|t| &t.attributes);
                let definition = all.find(|definition| definition.id.to_string() == id)?;
                Some((definition.name, definition.data_type))
            }
        }
    }

    fn test(
        &self,
        name: &str,
        kind: Kind,
        operator: Operator,
        value: &Value,
    ) -> Result<Test, Refusal> {
        let wants_list = matches!(operator, Operator::In | Operator::NotIn);
        let values = match value {
            Value::Array(values) if wants_list && !values.is_empty() => values.as_slice(),
            Value::Array(_) => return Err(mismatch(name, kind, wants_list)),
            _ if wants_list => return Err(mismatch(name, kind, wants_list)),
            value => std::slice::from_ref(value),
        };
        let misfit = || mismatch(name, kind, wants_list);
        let is_negated =
            matches!(operator, Operator::NotEquals | Operator::NotIn | Operator::NotContains);
        let is_null = values.iter().all(Value::is_null);
        match (kind, operator) {
            (_, Operator::Equals | Operator::NotEquals) if is_null => {
                Ok(Test::Among { needles: vec![Needle::Null], is_negated })
            }
            (Kind::Instant | Kind::Day, operator) => {
                let instants = values.iter().map(|value| misfit::whole(value).ok_or_else(misfit));
                let instants = instants.collect::<Result<Vec<i64>, _>>()?;
                Ok(Test::Within(self.spans(kind, operator, &instants).ok_or_else(misfit)?))
            }
            (Kind::Words, operator) => {
                let needles = values.iter().map(|value| match needle(kind, value) {
                    Some(Needle::Text(text)) => Ok(text.to_lowercase()),
                    _ => Err(misfit()),
                });
                let needles = needles.collect::<Result<Vec<_>, _>>()?;
                let place = match operator {
                    Operator::StartsWith => Place::Start,
                    Operator::EndsWith => Place::End,
                    _ => Place::Whole,
                };
                Ok(Test::Word { place, needles, is_negated })
            }
            (_, Operator::Equals | Operator::NotEquals | Operator::In | Operator::NotIn) => {
                let needles = values.iter().map(|value| needle(kind, value).ok_or_else(misfit));
                Ok(Test::Among { needles: needles.collect::<Result<_, _>>()?, is_negated })
            }
            (_, Operator::Contains | Operator::NotContains) => {
                like(Place::Anywhere, kind, value, is_negated).ok_or_else(misfit)
            }
            (_, Operator::StartsWith) => {
                like(Place::Start, kind, value, is_negated).ok_or_else(misfit)
            }
            (_, Operator::EndsWith) => like(Place::End, kind, value, is_negated).ok_or_else(misfit),
            (_, Operator::GreaterThan) => compare(Comparison::Greater, value).ok_or_else(misfit),
            (_, Operator::LessThan) => compare(Comparison::Less, value).ok_or_else(misfit),
            (_, Operator::AtLeast) => compare(Comparison::AtLeast, value).ok_or_else(misfit),
            (_, Operator::AtMost) => compare(Comparison::AtMost, value).ok_or_else(misfit),
        }
    }

    /// The instants that a comparison with dates accepts; `None` when a date lies outside the
    /// calendar.
    fn spans(&self, kind: Kind, operator: Operator, instants: &[i64]) -> Option<Vec<Span>> {
        let units = instants.iter().map(|&instant| match (self.precision, kind) {
            (Precision::Day, _) => day_of(instant, self.workspace.timezone()),
            (Precision::Second, Kind::Day) => day_of(instant, chrono_tz::UTC),
            (Precision::Second, _) => Some((instant, instant.saturating_add(1))),
        });
        let units = units.collect::<Option<Vec<(i64, i64)>>>()?;
        let &(from, until) = units.first()?;
        let span = |from, until| vec![Span { from, until }];
        Some(match operator {
            Operator::GreaterThan => span(until, i64::MAX),
            Operator::LessThan => span(i64::MIN, from),
            Operator::AtLeast => span(from, i64::MAX),
            Operator::AtMost => span(i64::MIN, until),
            Operator::NotEquals | Operator::NotIn => outside(units),
            _ => inside(units),
        })
    }
}

/// Priorities in the words that are stored: since 2.16 answers say `high` and `none`, and searches
/// take either pair.
fn older_priorities(value: &Value) -> Value {
    match value {
        Value::String(text) if text == "high" => "priority".into(),
        Value::String(text) if text == "none" => "not_priority".into(),
        Value::Array(values) => values.iter().map(older_priorities).collect(),
        value => value.clone(),
    }
}

fn inside(mut units: Vec<(i64, i64)>) -> Vec<Span> {
    units.sort_unstable();
    units.dedup();
    units.into_iter().map(|(from, until)| Span { from, until }).collect()
}

fn outside(units: Vec<(i64, i64)>) -> Vec<Span> {
    let mut gaps = Vec::with_capacity(units.len() + 1);
    let mut from = i64::MIN;
    for span in inside(units) {
        gaps.push(Span { from, until: span.from });
        from = span.until;
    }
    gaps.push(Span { from, until: i64::MAX });
    gaps.retain(|gap| gap.from < gap.until);
    gaps
}

fn like(place: Place, kind: Kind, value: &Value, is_negated: bool) -> Option<Test> {
    let Needle::Text(text) = needle(kind, value)? else { return None };
    Some(Test::Like { place, needle: text.to_lowercase(), is_negated })
}

fn compare(comparison: Comparison, value: &Value) -> Option<Test> {
    Some(Test::Number { comparison, value: float(value)? })
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A value of the field's kind; numbers and flags may be written as texts, and ids as numbers.
fn needle(kind: Kind, value: &Value) -> Option<Needle> {
    match (kind, value) {
        (Kind::Text | Kind::Words | Kind::TagId, Value::String(text)) => {
            Some(Needle::Text(text.as_str().into()))
        }
        (Kind::Text | Kind::TagId, Value::Number(number)) => {
            Some(Needle::Text(number.to_string().into()))
        }
        (Kind::Integer, value) => {
            #[expect(clippy::cast_precision_loss, reason = "figures lie far below 2^53")]
            let number = misfit::whole(value)? as f64;
            Some(Needle::Number(number))
        }
        (Kind::Float, value) => float(value).map(Needle::Number),
        (Kind::Boolean, Value::Bool(value)) => Some(Needle::Bool(*value)),
        (Kind::Boolean, Value::String(text)) => text.parse().ok().map(Needle::Bool),
        _ => None,
    }
}

fn mismatch(name: &str, kind: Kind, wants_list: bool) -> Refusal {
    let expected = match kind {
        Kind::Text | Kind::Words | Kind::TagId => "a string",
        Kind::Integer => "an integer",
        Kind::Float => "a number",
        Kind::Boolean => "a boolean",
        Kind::Instant | Kind::Day => "a unix timestamp",
    };
    let shape = if wants_list { "a list, each entry " } else { "" };
    Refusal::invalid(format!("the value for {name} must be {shape}{expected}")).field(name)
}
