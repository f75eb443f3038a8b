//! `deliver plan`.

use std::fs::File;
use std::io::{BufReader, stdin, stdout};
use std::num::NonZeroUsize;

use anyhow::Context;
use chrono::{DateTime, Utc};
use intercom_deliver::{Answers, Replies, plan_lines};
use intercom_transform::Assumption;
use program::{BadSetting, Environment, complain};

use crate::arguments::{Assume, Plan};
use crate::progress::{Progress, counted};
use crate::settings;

/// Plans standard input to standard output.
pub(crate) fn run(arguments: &Plan, now: DateTime<Utc>) -> anyhow::Result<()> {
    let settings = settings::read(arguments.settings.as_deref(), &Environment::read()?, now)?;
    let answers = answers(arguments)?;
    let workers = match arguments.threads {
        Some(threads) => NonZeroUsize::new(threads.into()).unwrap_or(NonZeroUsize::MIN),
        None => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    let progress = Progress::new();
    let mut told = |counts: intercom_deliver::PlanCounts| {
        progress.show(counts.n_lines, counts.n_rejected);
    };
    let planned = plan_lines(stdin(), &mut stdout(), &settings, &answers, workers, &mut told);
    progress.clear();
    let counts = planned?;
    let (read, n_rejected) = (counted(counts.n_lines, "line", "lines"), counts.n_rejected);
    complain(&format!("{read} read, {} planned, {n_rejected} rejected", counts.n_planned));
    Ok(())
}

fn answers(arguments: &Plan) -> anyhow::Result<Answers> {
    if let Some(path) = &arguments.replies {
        let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()));
        let file = file.context(BadSetting)?;
        let replies = Replies::read(BufReader::new(file));
        return Ok(Answers::Recorded(replies.with_context(|| path.display().to_string())?));
    }
    Ok(match arguments.assume {
        Some(Assume::Found) => Answers::Assumed(Assumption::Found),
        Some(Assume::Missing) => Answers::Assumed(Assumption::Missing),
        None => Answers::Both,
    })
}
