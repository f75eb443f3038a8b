//! `sync movements`: how MRR moved over a period.

use anyhow::{Context, anyhow};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use intercom_revenue::Period;
use intercom_sync::waterfall;
use program::{BadSetting, Environment, say, say_json};

use crate::arguments::{Common, Moment, Movements};
use crate::wiring::{self, Verdict, sync_settings};

pub(crate) async fn run(
    common: &Common,
    arguments: &Movements,
    now: DateTime<Utc>,
) -> anyhow::Result<Verdict> {
    let environment = Environment::read()?;
    let settings = sync_settings(common, &environment)?;
    let store = wiring::open_existing(common, &environment).await?;
    let workspace = wiring::workspace(store.as_ref(), arguments.workspace.as_deref()).await?;
    let own = workspace.timezone().and_then(|name| name.parse().ok());
    let zone = settings.timezone.or(own).unwrap_or(Tz::UTC);
    let period = period(arguments, zone, now)?;
    let report = waterfall(store.as_ref(), &workspace, &settings, period).await?;
    if arguments.json {
        say_json(&report)?;
    } else {
        say(&report.to_string())?;
    }
    Ok(if report.n_left_out == 0 { Verdict::Done } else { Verdict::LeftBehind })
}

fn period(arguments: &Movements, zone: Tz, now: DateTime<Utc>) -> anyhow::Result<Period> {
    let starts_at = match arguments.from {
        Some(Moment::Instant(at)) => Some(at),
        Some(Moment::Day(day)) => first_second(day, zone),
        None => now
            .with_timezone(&zone)
            .date_naive()
            .with_day(1)
            .and_then(|day| first_second(day, zone)),
    };
    let ends_at = match arguments.to {
        Some(Moment::Instant(at)) => Some(at),
        Some(Moment::Day(day)) => day.succ_opt().and_then(|next| first_second(next, zone)),
        // What was seen this very second belongs to it.
        None => now.checked_add_signed(TimeDelta::seconds(1)),
    };
    let (starts_at, ends_at) = starts_at.zip(ends_at).context("the period cannot be expressed")?;
    if starts_at >= ends_at {
        let period = format!("--from {starts_at} is not before --to {ends_at}");
        return Err(anyhow!(period).context(BadSetting));
    }
    Ok(Period { starts_at, ends_at })
}

/// Where midnight is skipped, the day begins with its first existing second.
fn first_second(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    let mut quarters = (0..=96).map(|quarters| midnight + TimeDelta::minutes(15 * quarters));
    let first = quarters.find_map(|local| zone.from_local_datetime(&local).earliest());
    first.map(|at| at.to_utc())
}
