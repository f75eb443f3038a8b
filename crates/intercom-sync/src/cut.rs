//! Where a first load is cut into windows of about the same number of records.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use intercom_api::{Operator, Query, SearchRequest};

/// How far the number of records before an edge may be off, as a share of a window.
const TOLERATED_SHARE: u64 = 4;

/// The search for the edges: what is known of how many records were created before when.
///
/// Edges are midnights of the workspace, where filters that compare whole days and filters that
/// compare seconds agree.
pub(crate) struct Cut {
    zone: Tz,
    total: u64,
    n_windows: u64,
    /// Records created before an instant, as the API counted them.
    counted: BTreeMap<i64, u64>,
    oldest: i64,
    newest: i64,
}

impl Cut {
    /// Of `total` records that were created from about `oldest` to `newest`.
    pub(crate) fn new(zone: Tz, total: u64, (oldest, newest): (i64, i64), n_windows: u32) -> Self {
        let n_windows = u64::from(n_windows.max(1));
        Self { zone, total, n_windows, counted: BTreeMap::new(), oldest, newest }
    }

    /// The midnights that should be counted next; none when the edges are good enough, or no
    /// midnight is better.
    pub(crate) fn guesses(&self) -> Vec<i64> {
        let mut guesses: Vec<i64> =
            self.targets().filter_map(|target| self.guess(target)).collect();
        guesses.dedup();
        guesses
    }

    /// Learns how many records were created at or after an instant.
    pub(crate) fn learn(&mut self, at: i64, n_from: u64) {
        self.counted.insert(at, self.total.saturating_sub(n_from));
    }

    /// The best edges known; fewer than asked for when the records do not allow more.
    pub(crate) fn edges(&self) -> Vec<i64> {
        let divides = |n_before: u64| n_before > 0 && n_before < self.total;
        let best = |target: u64| {
            let counted = self.counted.iter().filter(|(_, n_before)| divides(**n_before));
            counted.min_by_key(|(_, n_before)| n_before.abs_diff(target)).map(|(&at, _)| at)
        };
        let mut edges: Vec<i64> = self.targets().filter_map(best).collect();
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    fn targets(&self) -> impl Iterator<Item = u64> {
        let (total, n_windows) = (u128::from(self.total), u128::from(self.n_windows));
        (1..n_windows).map(move |n| u64::try_from(total * n / n_windows).unwrap_or(u64::MAX))
    }

    /// The midnight at which `target` records should have been created, by a straight line between
    /// what is known on both sides of it.
    fn guess(&self, target: u64) -> Option<i64> {
        let tolerated = self.total / self.n_windows / TOLERATED_SHARE;
        let mut before = (self.oldest, 0);
        let mut after = (self.newest, self.total);
        for (&at, &n_before) in &self.counted {
            if n_before.abs_diff(target) <= tolerated {
                return None;
            }
            if n_before < target && at > before.0 {
                before = (at, n_before);
            }
            if n_before > target && at < after.0 {
                after = (at, n_before);
            }
        }
        let (span, n_within) = (after.0.checked_sub(before.0)?, after.1.checked_sub(before.1)?);
        let share = i128::from(target - before.1) * i128::from(span) / i128::from(n_within.max(1));
        let at = before.0.checked_add(i64::try_from(share).ok()?)?;
        let midnight = midnight(at, self.zone)?;
        (midnight > before.0 && midnight < after.0).then_some(midnight)
    }
}

/// The first second of the day that an instant lies in.
fn midnight(at: i64, zone: Tz) -> Option<i64> {
    let date = DateTime::from_timestamp(at, 0)?.with_timezone(&zone).date_naive();
    first_second(date, zone).or_else(|| first_second(date.checked_sub_days(Days::new(1))?, zone))
}

/// Where midnight is skipped, the day begins with its first existing second; where it happens
/// twice, with the first one.
fn first_second(date: NaiveDate, zone: Tz) -> Option<i64> {
    let midnight = date.and_time(NaiveTime::MIN);
    // Clocks are changed by multiples of a quarter hour, and never by more than a day.
    (0..=96)
        .map(|quarters| midnight + TimeDelta::minutes(15 * quarters))
        .find_map(|local| zone.from_local_datetime(&local).earliest())
        .map(|at| at.timestamp())
}

/// The search for the records created in a window, oldest first; 0 stands for no beginning.
pub(crate) fn created_within(from: i64, until: Option<i64>, per_page: u32) -> SearchRequest {
    let before = until.map(|until| Query::field("created_at", Operator::LessThan, until));
    let query = match (from, before) {
        (0, Some(before)) => before,
        (_, None) => created_from(from),
        (_, Some(before)) => Query::all([created_from(from), before]),
    };
    SearchRequest::new(query).ascending("created_at").per_page(per_page)
}

/// `=` and `>`: where days are compared, `>` alone would skip the first.
pub(crate) fn created_from(from: i64) -> Query {
    Query::any([
        Query::field("created_at", Operator::Equals, from),
        Query::field("created_at", Operator::GreaterThan, from),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    /// The edges for records that were created at `created`, counted by seconds.
    fn cut(zone: Tz, created: &[i64], n_windows: u32) -> (Vec<i64>, usize) {
        let span = (created[0], created[created.len() - 1] + 1);
        let mut cut = Cut::new(zone, created.len() as u64, span, n_windows);
        let mut n_counted = 0;
        for _ in 0..2 {
            for at in cut.guesses() {
                n_counted += 1;
                cut.learn(at, created.iter().filter(|&&created| created >= at).count() as u64);
            }
        }
        (cut.edges(), n_counted)
    }

    fn sizes(created: &[i64], edges: &[i64]) -> Vec<usize> {
        let mut bounds = vec![i64::MIN];
        bounds.extend(edges);
        bounds.push(i64::MAX);
        let n_within = |pair: &[i64]| {
            created.iter().filter(|&&created| pair[0] <= created && created < pair[1]).count()
        };
        bounds.windows(2).map(n_within).collect()
    }

    #[test]
    fn records_that_come_evenly_are_cut_evenly_with_one_count_an_edge() {
        let start = 1_600_000_000;
        let created: Vec<i64> = (0..10_000).map(|n| start + n * DAY / 25).collect();
        let (edges, n_counted) = cut(chrono_tz::America::New_York, &created, 4);
        assert_eq!(n_counted, 3);
        let sizes = sizes(&created, &edges);
        assert!(sizes.iter().all(|size| (2_400..2_600).contains(size)), "{sizes:?}");
    }

    #[test]
    fn records_that_come_ever_faster_are_cut_after_two_rounds() {
        let start = 1_600_000_000;
        let days = |n: i64| f64::from(i32::try_from(n).expect("small")).sqrt() * 10.0;
        #[expect(clippy::cast_possible_truncation, reason = "seconds of some years")]
        let created: Vec<i64> = (0..10_000).map(|n| start + (days(n) * 86_400.0) as i64).collect();
        let (edges, n_counted) = cut(Tz::UTC, &created, 4);
        assert!(edges.len() == 3 && n_counted <= 6, "{edges:?} after {n_counted} counts");
        let largest = sizes(&created, &edges).into_iter().max();
        assert!(largest < Some(3_750), "{largest:?}");
    }

    #[test]
    fn edges_are_midnights_of_the_zone_also_where_clocks_change() {
        for zone in [
            chrono_tz::Pacific::Kiritimati,
            chrono_tz::Pacific::Pago_Pago,
            chrono_tz::America::Sao_Paulo,
            chrono_tz::Asia::Beirut,
            chrono_tz::Africa::Cairo,
        ] {
            let created: Vec<i64> = (0..4_000).map(|n| 1_500_000_000 + n * DAY / 8).collect();
            let (edges, _) = cut(zone, &created, 12);
            assert!(edges.len() > 8, "{zone} {edges:?}");
            for edge in edges {
                let day = |at: i64| {
                    let at = DateTime::from_timestamp(at, 0).expect("in range");
                    at.with_timezone(&zone).date_naive()
                };
                assert_eq!(day(edge).pred_opt(), Some(day(edge - 1)), "{zone} {edge}");
            }
        }
    }

    #[test]
    fn a_day_is_not_cut() {
        let start = 1_600_041_600;
        let created: Vec<i64> = (0..1_000).map(|n| start + n).collect();
        assert!(cut(Tz::UTC, &created, 4).0.is_empty());
        assert!(Cut::new(Tz::UTC, 0, (0, 0), 4).edges().is_empty());
    }
}
