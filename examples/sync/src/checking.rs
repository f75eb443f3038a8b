//! `sync check`: everything a run needs, a line each.

use intercom_store::Store;
use intercom_sync::{Finding, State};
use program::{Environment, causes, say, say_json};

use crate::advising::remedy;
use crate::arguments::{Common, Json};
use crate::telling::counted;
use crate::wiring::{self, Verdict, Wiring, sync_settings};

pub(crate) async fn run(common: &Common, arguments: &Json) -> anyhow::Result<Verdict> {
    let environment = Environment::read()?;
    let settings = sync_settings(common, &environment)?;
    let mut findings = Vec::new();
    let opened = wiring::open(common, &environment).await;
    // The API can be looked at without the database.
    let store = match opened {
        Ok(store) => {
            findings.push(database(store.as_ref()).await);
            store
        }
        Err(error) => {
            let remedy = remedy(error.as_ref()).unwrap_or("see --database or DATABASE_URL");
            findings.push(Finding::not_good(
                State::Bad,
                "database",
                causes(error.as_ref()),
                remedy,
            ));
            intercom_store::open("sqlite::memory:").await?
        }
    };
    let wiring = Wiring::over(store, common, &environment)?;
    let checked = wiring.sync(settings).check().await;
    wiring.close().await;
    findings.extend(checked?);
    let n_bad = findings.iter().filter(|finding| finding.state == State::Bad).count();
    if arguments.json {
        say_json(&findings)?;
    } else {
        for finding in &findings {
            say(&line(finding))?;
        }
    }
    Ok(if n_bad == 0 { Verdict::Done } else { Verdict::LeftBehind })
}

async fn database(store: &dyn Store) -> Finding {
    let looked = async {
        store.check_writable().await?;
        store.workspaces().await
    };
    match looked.await {
        Ok(known) => {
            let known = counted(known.len() as u64, "workspace", "workspaces");
            Finding::good("database", format!("can be written, {known} known"))
        }
        Err(error) => {
            let remedy =
                remedy(&error).unwrap_or("the database opens but does not answer; see its own log");
            Finding::not_good(State::Bad, "database", causes(&error), remedy)
        }
    }
}

/// A mark, what was looked at, what was found, and what to do.
fn line(finding: &Finding) -> String {
    let Finding { subject, state, detail, remedy } = finding;
    let mark = match state {
        State::Good => "✓",
        State::Lacking => "!",
        State::Bad => "✗",
    };
    match remedy {
        Some(remedy) => format!("{mark} {subject}: {detail}\n    → {remedy}"),
        None => format!("{mark} {subject}: {detail}"),
    }
}
