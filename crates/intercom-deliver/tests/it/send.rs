//! Sending whole files to a simulated workspace.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::DateTime;
use intercom_deliver::{
    Error, Extent, Journal, SendCounts, SendOptions, SendReport, Sinks, send_lines,
};
use intercom_transform::Settings;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::api::{Api, Fault, NOW};

/// Memory that can be read while it is written.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn lines(&self) -> Vec<Value> {
        let text = self.0.lock().expect("no panic").clone();
        let text = String::from_utf8(text).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Run {
    outcomes: Memory,
    rejected: Memory,
    journal: Option<Journal>,
    /// Ends the run once so many lines are delivered.
    stop_after: Option<u64>,
    patience: Option<Duration>,
}

impl Run {
    async fn send(&self, api: &Arc<Api>, events: &str) -> Result<SendReport, Error> {
        Self { outcomes: self.outcomes.clone(), rejected: self.rejected.clone(), ..Self::default() }
            .send_all(api, events)
            .await
    }

    async fn send_all(self, api: &Arc<Api>, events: &str) -> Result<SendReport, Error> {
        let stop = Arc::new(Notify::new());
        let (stopper, stop_after) = (stop.clone(), self.stop_after);
        let told = move |counts: SendCounts| {
            if stop_after.is_some_and(|n| counts.n_delivered >= n) {
                stopper.notify_one();
            }
        };
        let sinks = Sinks {
            outcomes: Box::new(self.outcomes),
            rejected: Some(Box::new(self.rejected)),
            told: Box::new(told),
        };
        let options = SendOptions::new(DateTime::from_timestamp(NOW, 0).expect("a time"));
        let options = match self.patience {
            Some(patience) => SendOptions { patience, ..options },
            None => options,
        };
        let input = io::Cursor::new(events.to_owned());
        let (client, settings) = (api.client(), Settings::default());
        let stopped = async move { stop.notified().await };
        send_lines(input, client, settings, sinks, self.journal, options, stopped).await
    }
}

/// `n` events for each user, the users in turn.
fn tracks(n_users: usize, n: usize) -> String {
    let mut events = String::new();
    for number in 0..n {
        for user in 0..n_users {
            let at = format!("2026-03-01T{:02}:{:02}:00Z", number / 60, number % 60);
            let event = json!({"type": "track", "event": "paid", "userId": format!("u{user}"),
                "timestamp": at, "properties": {"n": number}});
            events += &format!("{event}\n");
        }
    }
    events
}

fn each_once(n_users: usize, n: u64) -> BTreeMap<String, Vec<u64>> {
    (0..n_users).map(|user| (format!("u{user}"), (0..n).collect())).collect()
}

fn codes(lines: &[Value]) -> Vec<(u64, &str)> {
    let mut codes: Vec<_> = lines
        .iter()
        .map(|line| {
            let code = line["rejection"]["code"].as_str().expect("a code");
            (line["line"].as_u64().expect("a number"), code)
        })
        .collect();
    codes.sort_unstable();
    codes
}

#[tokio::test(start_paused = true)]
async fn events_arrive_in_order_per_user_and_of_users_at_the_same_time() {
    let (api, run) = (Api::well(), Run::default());
    let report = run.send(&api, &tracks(20, 10)).await.expect("it ends");
    assert!(report.is_complete(), "{report:?}");
    assert_eq!((report.counts.n_lines, report.counts.n_delivered), (200, 200));
    assert_eq!(api.numbers(), each_once(20, 10));
    assert!(api.most_under_way() > 3, "{}", api.most_under_way());
    let outcomes = run.outcomes.lines();
    let mut numbers: Vec<_> = outcomes.iter().filter_map(|line| line["line"].as_u64()).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=200));
    assert!(outcomes.iter().all(|line| line["outcome"] == "delivered"), "{outcomes:?}");
}

const NO_SCOPE: &str = r#"{"errors":[{"code":"forbidden","message":"The token lacks the required scope (`write_events`)"}]}"#;
const NO_PLAN: &str =
    r#"{"errors":[{"code":"api_plan_restricted","message":"Active subscription needed."}]}"#;

#[tokio::test(start_paused = true)]
async fn trouble_that_passes_pauses_and_rejects_nothing() {
    for fault in [
        Fault::Status(503),
        Fault::Status(500),
        Fault::Status(429),
        Fault::Status(402),
        Fault::Status(403),
        Fault::Refusal(403, NO_SCOPE),
        Fault::Refusal(403, NO_PLAN),
        Fault::NoToken,
        Fault::NoConnection,
    ] {
        let api = Api::new(move |number, _| (number < 400).then_some(fault));
        let run = Run { patience: Some(Duration::from_secs(86_400)), ..Run::default() };
        let (outcomes, rejected) = (run.outcomes.clone(), run.rejected.clone());
        let report = run.send_all(&api, &tracks(5, 4)).await.expect("it ends");
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(api.numbers(), each_once(5, 4));
        assert_eq!((outcomes.lines().len(), rejected.lines().len()), (20, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn without_any_success_the_run_gives_up_and_leaves_the_lines_behind() {
    let api = Api::new(|number, _| (number > 30).then_some(Fault::NoToken));
    let run = Run { patience: Some(Duration::from_secs(600)), ..Run::default() };
    let (outcomes, rejected) = (run.outcomes.clone(), run.rejected.clone());
    let began = tokio::time::Instant::now();
    let report = run.send_all(&api, &tracks(4, 50)).await.expect("it ends");
    assert_eq!(report.extent, Extent::GaveUp);
    assert!(!report.is_complete());
    let SendCounts { n_lines, n_delivered, n_left_behind, n_rejected, .. } = report.counts;
    assert_eq!((n_lines, n_delivered + n_left_behind, n_rejected), (200, 200, 0));
    assert!(n_left_behind > 0 && report.counts.first_left_behind.is_some());
    assert!(began.elapsed() >= Duration::from_secs(600), "{:?}", began.elapsed());
    assert_eq!((outcomes.lines().len(), rejected.lines().len()), (200, 0));
}

#[tokio::test(start_paused = true)]
async fn a_line_that_the_api_cannot_bear_is_left_behind_with_the_later_ones_of_its_user() {
    let poison = |body: &str| body.contains(r#""user_id":"u1""#) && body.contains(r#""n":3}"#);
    let api = Api::new(move |_, body| poison(body).then_some(Fault::Status(500)));
    let run = Run::default();
    let report = run.send(&api, &tracks(3, 40)).await.expect("it ends");
    assert_eq!(report.extent, Extent::Whole);
    // Lines of u1 are 2, 5, 8, 11, …; the fourth of its forty is the first that stays.
    let SendCounts { n_left_behind, first_left_behind, .. } = report.counts;
    assert_eq!((n_left_behind, first_left_behind), (37, Some(11)));
    let mut expected = each_once(3, 40);
    expected.insert("u1".to_owned(), vec![0, 1, 2]);
    assert_eq!(api.numbers(), expected);
    assert!(run.rejected.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_scope_that_is_missing_rejects_no_line_and_one_line_that_may_not_be_sent_is_rejected() {
    // Found out at the eleventh event: the others were sent with the same token.
    let is_refused = |body: &str| body.contains(r#""user_id":"u1""#) && body.contains(r#""n":5}"#);
    let api = Api::new(move |_, body| is_refused(body).then_some(Fault::Status(403)));
    let run = Run::default();
    let report = run.send(&api, &tracks(2, 20)).await.expect("it ends");
    let SendCounts { n_delivered, n_rejected, n_left_behind, .. } = report.counts;
    assert_eq!((n_delivered, n_rejected, n_left_behind), (39, 1, 0));
    assert_eq!(codes(&run.rejected.lines()), [(12, "refused")]);
    // What names a scope, or comes before anything was accepted, is about all lines.
    for fault in [Fault::Refusal(403, NO_SCOPE), Fault::Status(403)] {
        let api = Api::new(move |number, _| {
            let is_late = matches!(fault, Fault::Refusal(..)) && number < 20;
            (!is_late).then_some(fault)
        });
        let run = Run { patience: Some(Duration::from_secs(600)), ..Run::default() };
        let rejected = run.rejected.clone();
        let report = run.send_all(&api, &tracks(2, 20)).await.expect("it ends");
        assert_eq!(report.extent, Extent::GaveUp);
        let SendCounts { n_rejected, n_left_behind, .. } = report.counts;
        assert!(n_rejected == 0 && n_left_behind > 0, "{report:?}");
        assert!(rejected.lines().is_empty());
        assert!(api.n_calls() < 60, "{} calls", api.n_calls());
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_time_was_when_the_run_began() {
    let api = Api::well();
    let run = Run::default();
    let track = "{\"type\":\"track\",\"event\":\"paid\",\"userId\":\"u1\"}\n";
    let report = run.send(&api, &track.repeat(2)).await.expect("it ends");
    assert!(report.is_complete());
    assert_eq!(api.seconds(), [NOW, NOW + 1]);
    assert!(run.outcomes.lines()[0]["notes"].to_string().contains("time_assumed"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_delivered_goes_to_the_rejected_with_its_reason() {
    let api = Api::new(|_, body| body.contains("refuse me").then_some(Fault::Status(400)));
    let run = Run::default();
    let good = tracks(1, 1);
    let events = format!(
        "{good}not json\n{{\"type\":\"track\",\"event\":\"a\"}}\n\n\
         {{\"type\":\"track\",\"event\":\"refuse me\",\"userId\":\"u0\",\"messageId\":\"m5\"}}\n"
    );
    let report = run.send(&api, &events).await.expect("it ends");
    assert_eq!(report.extent, Extent::Whole);
    let SendCounts { n_lines, n_delivered, n_rejected, n_left_behind, .. } = report.counts;
    assert_eq!((n_lines, n_delivered, n_rejected, n_left_behind), (5, 1, 3, 0));
    let rejected = run.rejected.lines();
    let expected = [(2, "not_json"), (3, "missing_identity"), (5, "refused")];
    assert_eq!(codes(&rejected), expected);
    let of = |number: u64| rejected.iter().find(|line| line["line"] == number).expect("a line");
    assert_eq!(of(2)["text"], "not json");
    assert_eq!(of(5)["event"]["messageId"], "m5");
    assert_eq!(of(5)["rejection"]["status"], 400);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_run_finishes_what_is_in_flight_and_the_next_one_sends_the_rest_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sent.journal");
    let (api, events) = (Api::well(), tracks(7, 30));
    let journal = || Some(Journal::open(&path).expect("a journal"));
    let first = Run { journal: journal(), stop_after: Some(40), ..Run::default() };
    let first = first.send_all(&api, &events).await.expect("it ends");
    assert!(!first.is_complete());
    assert!((40..210).contains(&first.counts.n_delivered), "{first:?}");
    let sent: usize = api.numbers().values().map(Vec::len).sum();
    assert_eq!(sent as u64, first.counts.n_delivered);
    // As if the process had been killed while it wrote an entry.
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("the journal");
    file.write_all(b"209 00ab").expect("written");
    let second = Run { journal: journal(), ..Run::default() };
    let second = second.send_all(&api, &events).await.expect("it ends");
    assert!(second.is_complete(), "{second:?}");
    assert_eq!(second.counts.n_skipped, first.counts.n_delivered);
    assert_eq!(second.counts.n_lines, 210);
    assert_eq!(api.numbers(), each_once(7, 30));
    let n_calls = api.n_calls();
    let third = Run { journal: journal(), ..Run::default() };
    let third = third.send_all(&api, &events).await.expect("it ends");
    assert_eq!((third.counts.n_skipped, api.n_calls()), (210, n_calls));
    check_names_nobody(&path);
}

/// The number of a line, a short digest of its text, and what became of it: nothing else.
fn check_names_nobody(journal: &std::path::Path) {
    let text = std::fs::read_to_string(journal).expect("the journal");
    let mut entries = text.lines();
    assert_eq!(entries.next(), Some("intercom-deliver journal 1"));
    for entry in entries {
        let [line, digest, became] = entry.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{entry}")
        };
        assert!(line.parse::<u32>().is_ok(), "{entry}");
        assert!(digest.len() == 16 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{entry}");
        assert!(["delivered", "rejected"].contains(&became), "{entry}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_run_keeps_the_seconds_that_an_earlier_one_took() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sent.journal");
    let track = "{\"type\":\"track\",\"event\":\"paid\",\"userId\":\"u1\",\
                 \"timestamp\":\"2026-03-01T11:00:00Z\"}\n";
    let api = Api::well();
    for n_lines in [1, 2, 3] {
        let journal = Some(Journal::open(&path).expect("a journal"));
        let run = Run { journal, ..Run::default() };
        let report = run.send_all(&api, &track.repeat(n_lines)).await.expect("it ends");
        assert!(report.is_complete());
    }
    let first = NOW - 3600;
    assert_eq!(api.seconds(), [first, first + 1, first + 2]);
}

#[tokio::test(start_paused = true)]
async fn a_changed_input_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sent.journal");
    let (api, events) = (Api::well(), tracks(1, 3));
    let journal = || Some(Journal::open(&path).expect("a journal"));
    let run = Run { journal: journal(), ..Run::default() };
    run.send_all(&api, &events).await.expect("it ends");
    let n_calls = api.n_calls();
    let run = Run { journal: journal(), ..Run::default() };
    let changed = events.replacen("\"n\":1", "\"n\":7", 1);
    let ended = run.send_all(&api, &changed).await;
    assert!(matches!(ended, Err(Error::Changed { line: 2 })), "{ended:?}");
    assert_eq!(api.n_calls(), n_calls);
}

#[test]
fn a_journal_belongs_to_one_process_and_other_files_stay_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sent.journal");
    let _held = Journal::open(&path).expect("a journal");
    assert!(matches!(Journal::open(&path), Err(Error::JournalInUse)));
    let path = folder.path().join("events.ndjson");
    let header = "intercom-deliver journal 1\n";
    for (text, line) in [("{}\n", 1), (&format!("{header}1 x delivered\n"), 2)] {
        std::fs::write(&path, text).expect("written");
        let opened = Journal::open(&path);
        assert!(matches!(opened, Err(Error::NotAJournal { line: l }) if l == line), "{opened:?}");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), text);
    }
}

#[tokio::test(start_paused = true)]
async fn outcomes_that_nobody_reads_end_the_run_and_the_journal_is_kept() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sent.journal");
    let api = Api::well();
    let sinks = Sinks { outcomes: Box::new(Closed), rejected: None, told: Box::new(|_| {}) };
    let options = SendOptions::new(DateTime::from_timestamp(NOW, 0).expect("a time"));
    let input = io::Cursor::new(tracks(3, 200));
    let journal = Some(Journal::open(&path).expect("a journal"));
    let (client, settings) = (api.client(), Settings::default());
    let never = std::future::pending();
    let ended = send_lines(input, client, settings, sinks, journal, options, never).await;
    assert!(ended.is_err_and(|error| error.is_broken_pipe()));
    let n_sent: usize = api.numbers().values().map(Vec::len).sum();
    assert!(n_sent < 600, "{n_sent}");
    let journal = std::fs::read_to_string(&path).expect("text");
    assert_eq!(journal.lines().count(), n_sent + 1);
}
