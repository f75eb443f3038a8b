//! What a run prints for people.

use std::iter;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{Cell, CellAlignment, Table};
use intercom_engagement::CaseloadReport;
use intercom_revenue::{Alert, Money};
use intercom_sync::{CustomerAlert, MrrReport, RunReport};
use intercom_text::printable;

use crate::document::TopCustomer;

/// How much each stream fetched and how much of it was new, the metrics of the run as JSON, and
/// its log entry.
pub(crate) fn sync(report: &RunReport) -> anyhow::Result<String> {
    let mut table = bordered(&["stream", "pages", "fetched", "new", "changed", "unchanged"]);
    for stream in &report.streams {
        let counts = [
            stream.n_pages,
            stream.n_fetched,
            stream.n_inserted,
            stream.n_changed,
            stream.n_unchanged,
        ];
        let mut row = vec![Cell::new(stream.stream)];
        row.extend(counts.map(number));
        table.add_row(row);
    }
    let metrics = serde_json::to_string_pretty(&report.metrics)?;
    Ok(format!("{table}\n{metrics}\n{}", report.log_entry()))
}

/// The customers with the highest MRR, a line each.
pub(crate) fn top_mrr(customers: &[TopCustomer]) -> String {
    let mut table = bordered(&["", "customer", "e-mail", "plan", "", "MRR", "ARR", "LTV"]);
    for (rank, customer) in customers.iter().enumerate() {
        let text = |value: &Option<String>| Cell::new(printable(value.as_deref().unwrap_or("–")));
        let amount = |value: &Option<String>| text(value).set_alignment(CellAlignment::Right);
        table.add_row([
            number(rank as u64 + 1),
            text(&customer.name),
            Cell::new(printable(&customer.email)),
            text(&customer.plan_name),
            text(&customer.currency),
            amount(&customer.mrr),
            amount(&customer.arr),
            amount(&customer.ltv),
        ]);
    }
    table.to_string()
}

/// How MRR moved between two syncs, and the alerts of the second.
pub(crate) fn found(report: &MrrReport, told: &[CustomerAlert]) -> String {
    let (moved, told) = (movements(report), alerts(told));
    format!("\nHow MRR moved between the two\n{moved}\n\nThe alerts of the second sync\n{told}")
}

/// From the MRR at the start to the MRR at the end and how much was retained, a column a currency.
fn movements(report: &MrrReport) -> String {
    let currencies: Vec<String> = report.by_currency.keys().map(ToString::to_string).collect();
    let headers: Vec<&str> = iter::once("").chain(currencies.iter().map(String::as_str)).collect();
    let mut table = bordered(&headers);
    let mut rows: Vec<(&str, Vec<String>)> = Vec::new();
    for waterfall in report.by_currency.values() {
        let lines = waterfall.named_lines();
        let amounts = lines.iter().map(|line| (line.name, line.amount.amount().to_string()));
        for (place, (name, value)) in amounts.chain(waterfall.retention_in_percent()).enumerate() {
            match rows.get_mut(place) {
                Some((_, values)) => values.push(value),
                None => rows.push((name, vec![value])),
            }
        }
    }
    for (name, values) in rows {
        table.add_row(iter::once(name.to_owned()).chain(values));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// What a sync found worth telling, a line each.
fn alerts(alerts: &[CustomerAlert]) -> String {
    let mut table = bordered(&["alert", "e-mail", "MRR before", "MRR after"]);
    let money = |money: Money| format!("{} {}", money.currency, money.amount());
    for CustomerAlert { email, alert } in alerts {
        let (before, after) = match alert {
            Alert::NewHighValueCustomer { mrr } => (String::new(), money(*mrr)),
            Alert::LargeMrrChange { from, to, .. } => (money(*from), money(*to)),
            Alert::CancelMention | Alert::PaymentDelinquent => (String::new(), String::new()),
        };
        let amount = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        let kind = Cell::new(alert.kind().name().replace('_', " "));
        table.add_row([kind, Cell::new(printable(email)), amount(before), amount(after)]);
    }
    table.to_string()
}

/// Members by the time since their last session.
pub(crate) fn caseload(report: &CaseloadReport<'_>) -> String {
    let buckets = report.bucket_table();
    let headers: Vec<&str> = buckets.headers.iter().map(AsRef::as_ref).collect();
    let mut table = bordered(&headers);
    for row in &buckets.rows {
        table.add_row(row.iter().map(|cell| Cell::new(cell.to_string())));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

fn bordered(headers: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_header(headers);
    table
}

fn number(value: u64) -> Cell {
    Cell::new(value).set_alignment(CellAlignment::Right)
}

/// So many customers, in words.
pub(crate) fn customers(n: usize) -> String {
    counted(n as u64, "customer", "customers")
}

/// A number with its noun.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
