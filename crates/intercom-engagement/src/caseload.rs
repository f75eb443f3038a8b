//! The caseload report: members by the time since their last session.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::iter;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use crate::redact::opaque_debug;
use crate::{
    Bucket, BucketCounts, Cell, Channel, ChannelSet, Directory, LookbackDays, Session, Sessions,
    Table, UnixSecond,
};

/// What to report on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CaseloadParams {
    /// How far back to look.
    pub lookback: LookbackDays,
    /// By which rules a session is in the window.
    pub rules: Rules,
}

/// Which instant of a session decides whether it is in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// When it took place.
    #[default]
    Standard,
    /// When its conversation last changed: a late change brings back a session older than the
    /// window.
    Original,
}

/// Members with at least one session in the window, and those sessions.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseloadReport<'a> {
    /// How far back the report looks.
    pub lookback_days: LookbackDays,
    /// The instant that "ago" refers to.
    #[serde(serialize_with = "whole_second")]
    pub generated_at: DateTime<Utc>,
    /// How many members there are.
    pub total_members: u64,
    /// How many members are in each class.
    pub summary: BucketCounts,
    /// One row per member: latest session first, then by id.
    pub members: Vec<CaseloadMember<'a>>,
    /// One row per session: latest first, then by member, coach and channel.
    pub sessions: Vec<CaseloadSession<'a>>,
}

/// A member in the window.
///
/// `Debug` shows ids and no names, which are personal.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseloadMember<'a> {
    /// The id.
    pub member_id: &'a str,
    /// The name, if known.
    pub member_name: Option<&'a str>,
    /// The e-mail address, if known.
    pub member_email: Option<&'a str>,
    /// The client, if known.
    pub client: Option<&'a str>,
    /// Everyone who coached the member in the window, by id.
    pub coach_ids: Vec<&'a str>,
    /// Their names, in the same order; an id stands for an unknown name.
    pub coach_names: Vec<&'a str>,
    /// Every channel of the member in the window, by name.
    pub channels_used: ChannelSet,
    /// The same as one label.
    #[serde(serialize_with = "as_text")]
    pub channel_combo: ChannelSet,
    /// When the last session took place.
    pub last_session_at: UnixSecond,
    /// How many days ago that was.
    pub days_since_last_session: f64,
    /// The class of that number of days.
    #[serde(rename = "buckets", serialize_with = "Bucket::serialize_flags")]
    pub bucket: Bucket,
}

opaque_debug!(CaseloadMember<'_>, |it| {
    member_id: it.member_id,
    coach_ids: it.coach_ids,
    channels_used: it.channels_used,
    last_session_at: it.last_session_at,
    bucket: it.bucket,
});

/// A session in the window.
///
/// `Debug` shows ids and no names, which are personal.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseloadSession<'a> {
    /// The member's id.
    pub member_id: &'a str,
    /// The member's name, if known.
    pub member_name: Option<&'a str>,
    /// The member's e-mail address, if known.
    pub member_email: Option<&'a str>,
    /// The member's client, if known.
    pub client: Option<&'a str>,
    /// The coach's id, if someone is assigned.
    pub coach_id: Option<&'a str>,
    /// The coach's name, if known.
    pub coach_name: Option<&'a str>,
    /// The medium.
    pub channel: Channel,
    /// When it took place.
    pub time: UnixSecond,
    /// How many days ago that was.
    pub days_since: f64,
}

opaque_debug!(CaseloadSession<'_>, |it| {
    member_id: it.member_id,
    coach_id: it.coach_id,
    channel: it.channel,
    time: it.time,
});

/// Reports on the sessions in the window; the order of `sessions` does not matter.
#[must_use]
pub fn caseload<'a>(
    sessions: &'a Sessions,
    directory: &'a Directory,
    params: &CaseloadParams,
    now: DateTime<Utc>,
) -> CaseloadReport<'a> {
    let mut rows: Vec<usize> =
        (0..sessions.len()).filter(|&row| in_window(&sessions.get(row), params, now)).collect();
    rows.sort_by_cached_key(|&row| {
        let session = sessions.get(row);
        (Reverse(session.at), session.member, session.coach, session.channel)
    });

    let members = members(sessions, directory, &rows, now);
    CaseloadReport {
        lookback_days: params.lookback,
        generated_at: now,
        total_members: members.len() as u64,
        summary: members.iter().map(|member| member.bucket).collect(),
        sessions: rows.iter().map(|&row| session_row(sessions.get(row), directory, now)).collect(),
        members,
    }
}

fn in_window(session: &Session<'_>, params: &CaseloadParams, now: DateTime<Utc>) -> bool {
    match params.rules {
        Rules::Standard => session.at.days_until(now) <= params.lookback.get(),
        Rules::Original => session.updated_at.days_until(now) < params.lookback.get(),
    }
}

/// `rows` are latest first, so the first row of a member is the member's last session.
fn members<'a>(
    sessions: &'a Sessions,
    directory: &'a Directory,
    rows: &[usize],
    now: DateTime<Utc>,
) -> Vec<CaseloadMember<'a>> {
    let mut position: Vec<Option<usize>> = vec![None; sessions.n_members()];
    let mut members: Vec<CaseloadMember<'a>> = Vec::new();
    for &row in rows {
        let session = sessions.get(row);
        let index = *position[sessions.member_index(row)].get_or_insert_with(|| {
            members.push(member_row(&session, directory, now));
            members.len() - 1
        });
        let member = &mut members[index];
        member.channels_used.insert(session.channel);
        member.coach_ids.extend(session.coach);
    }
    for member in &mut members {
        member.channel_combo = member.channels_used;
        member.coach_ids.sort_unstable();
        member.coach_ids.dedup();
        let name = |&id: &&'a str| directory.coach_name(id).unwrap_or(id);
        member.coach_names = member.coach_ids.iter().map(name).collect();
    }
    members
}

fn member_row<'a>(
    last: &Session<'a>,
    directory: &'a Directory,
    now: DateTime<Utc>,
) -> CaseloadMember<'a> {
    let profile = directory.members.get(last.member);
    let days = last.at.days_until(now);
    CaseloadMember {
        member_id: last.member,
        member_name: profile.and_then(|profile| profile.name.as_deref()),
        member_email: profile.and_then(|profile| profile.email.as_deref()),
        client: profile.and_then(|profile| profile.client.as_deref()),
        coach_ids: Vec::new(),
        coach_names: Vec::new(),
        channels_used: ChannelSet::default(),
        channel_combo: ChannelSet::default(),
        last_session_at: last.at,
        days_since_last_session: days,
        bucket: Bucket::of(days),
    }
}

fn session_row<'a>(
    session: Session<'a>,
    directory: &'a Directory,
    now: DateTime<Utc>,
) -> CaseloadSession<'a> {
    let profile = directory.members.get(session.member);
    CaseloadSession {
        member_id: session.member,
        member_name: profile.and_then(|profile| profile.name.as_deref()),
        member_email: profile.and_then(|profile| profile.email.as_deref()),
        client: profile.and_then(|profile| profile.client.as_deref()),
        coach_id: session.coach,
        coach_name: session.coach.and_then(|coach| directory.coach_name(coach)),
        channel: session.channel,
        time: session.at,
        days_since: session.at.days_until(now),
    }
}

impl CaseloadReport<'_> {
    /// Members by channel combination and class, with a row of totals.
    #[must_use]
    pub fn bucket_table(&self) -> Table {
        let mut by_combination: BTreeMap<String, BucketCounts> = BTreeMap::new();
        for member in &self.members {
            by_combination.entry(member.channel_combo.to_string()).or_default().add(member.bucket);
        }
        let total = ("Total".to_owned(), self.summary);
        Table {
            headers: iter::once("Channels")
                .chain(Bucket::ALL.map(Bucket::label))
                .chain(["Total"])
                .collect(),
            rows: by_combination
                .into_iter()
                .chain([total])
                .map(|(label, counts)| {
                    let cells = Bucket::ALL.map(|bucket| Cell::Count(counts.get(bucket)));
                    iter::once(Cell::Text(label))
                        .chain(cells)
                        .chain([Cell::Count(counts.total())])
                        .collect()
                })
                .collect(),
        }
    }
}

fn whole_second<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn as_text<S: Serializer>(channels: &ChannelSet, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(channels)
}
