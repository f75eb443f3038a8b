//! Calendar days of a zone as spans of unix seconds.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// The day in `zone` that contains an instant: its first second and that of the next day.
///
/// Days with a change of clocks have 23 or 25 hours. Where midnight is skipped, the day begins
/// with its first existing second; where it happens twice, with the first one.
pub(crate) fn day_of(instant: i64, zone: Tz) -> Option<(i64, i64)> {
    let date = DateTime::from_timestamp(instant, 0)?.with_timezone(&zone).date_naive();
    let next = date.checked_add_days(Days::new(1))?;
    Some((first_second(date, zone)?, first_second(next, zone)?))
}

fn first_second(date: NaiveDate, zone: Tz) -> Option<i64> {
    let midnight = date.and_time(NaiveTime::MIN);
    // No zone ever skipped more than a day; changes of clocks are multiples of a quarter hour.
    (0..=96)
        .map(|quarters| midnight + TimeDelta::minutes(15 * quarters))
        .find_map(|local| zone.from_local_datetime(&local).earliest())
        .map(|at| at.timestamp())
}
