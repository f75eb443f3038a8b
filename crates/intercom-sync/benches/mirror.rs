//! How fast a workspace is mirrored, and with how many calls: `cargo bench -p intercom-sync`.
//!
//! The simulator is a process of its own on loopback, so that the memory shown is the sync's.
//! `--case budget` loads 100,000 contacts and 50,000 conversations at 167 calls per ten seconds,
//! `--case speed` (without a `--case`) at 1,667, `--case changes` a million contacts, and then 500
//! that changed; `--case parts` fetches the parts of 20,000 conversations, one call each, at
//! `--rate 1667` calls per ten seconds. `--contacts N --conversations N` change the sizes;
//! `--url URL` names an empty database, by default a SQLite file in a temporary folder.

#![expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no result")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::DateTime;
use intercom_api::conversations::RetrieveConversation;
use intercom_api::{Operation, Request, Response};
use intercom_client::{
    Client, ClientSettings, HttpSettings, HttpTransport, Origin, Transport, TransportError,
};
use intercom_sim::{Invention, SimClock, SimSettings, SimTransport, Simulator, Workspace};
use intercom_store::Stream;
use intercom_sync::{Progress, RunReport, Sync, SyncSettings};
use serde_json::json;

/// 2025-11-21 17:00 UTC, the beginning of a window of the rate limit.
const NOW: i64 = 1_763_744_400;
const LATENCY: Duration = Duration::from_millis(50);
const PER_PAGE: u64 = 150;

fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args();
    arguments.by_ref().find(|argument| argument == name).and_then(|_| arguments.next())
}

fn number(name: &str, default: u32) -> u32 {
    argument(name).map_or(default, |number| number.parse().unwrap())
}

fn main() {
    // As many threads as `sync` has.
    let n_processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(n_processors + 2)
        .build()
        .unwrap();
    if std::env::args().any(|argument| argument == "--simulator") {
        runtime.block_on(simulate());
        return;
    }
    // Only `cargo bench` passes this; a test run builds benchmarks and does not measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    match argument("--case").as_deref() {
        Some("budget") => runtime.block_on(load(167)),
        Some("changes") => runtime.block_on(changes()),
        Some("parts") => runtime.block_on(parts(number("--rate", 1_667))),
        None | Some("speed") => runtime.block_on(load(1_667)),
        Some(other) => panic!("there is no case {other}"),
    }
}

/// A workspace that is loaded for the first time.
async fn load(rate: u32) {
    let contacts = number("--contacts", 100_000);
    let conversations = number("--conversations", 50_000);
    let mut simulated = Simulated::start(contacts, conversations, rate);
    let bench = Bench::new(&simulated.url).await;
    let started_at = simulated.begin();
    let (report, times) = bench.run(started_at).await;
    let n_calls = simulated.n_calls();
    let (contacts, conversations) = (u64::from(contacts), u64::from(conversations));
    let n_rows = contacts + conversations;
    let n_stored: u64 = report.streams.iter().map(|stream| stream.n_inserted).sum();
    assert_eq!(n_stored, n_rows, "everything is stored");

    // `/me`, and every page once.
    let least = 1 + contacts.div_ceil(PER_PAGE) + conversations.div_ceil(PER_PAGE);
    let least_time = least as f64 * 10.0 / f64::from(rate);
    let took = times.mirrored.as_secs_f64();
    println!("{n_rows} rows at {rate} calls per 10 s and {} ms", LATENCY.as_millis());
    let over = (n_calls as f64 / least as f64 - 1.0) * 100.0;
    println!("calls     {n_calls:>8}   least {least}, {over:+.1} % (bound +2 % at 167)");
    let over = (took / least_time - 1.0) * 100.0;
    println!("mirrored  {took:>8.2} s least {least_time:.2} s, {over:+.1} % (bound +5 % at 167)");
    let per_second = n_rows as f64 / took;
    println!(
        "rate      {per_second:>8.0} rows/s (bound at 1,667: 15,000 SQLite, 10,000 PostgreSQL)"
    );
    println!("whole run {:>8.2} s with projections and customers", times.whole.as_secs_f64());
    tell_memory();
}

/// A large workspace in which little has changed.
async fn changes() {
    let contacts = number("--contacts", 1_000_000);
    let mut simulated = Simulated::start(contacts, number("--conversations", 0), 1_000_000);
    let bench = Bench::new(&simulated.url).await;
    let started_at = simulated.begin();
    let (report, times) = bench.run(started_at).await;
    let per_second = report.n_fetched() as f64 / times.mirrored.as_secs_f64();
    let whole = times.whole.as_secs_f64();
    println!("{contacts} contacts: mirrored at {per_second:.0} rows/s, {whole:.1} s in all");
    tell_memory();
    simulated.ask("change 500");
    let started_at = simulated.begin();
    let (report, times) = bench.run(started_at).await;
    let changed = report.stream(Stream::Contacts).unwrap().n_changed;
    assert_eq!(changed, 500);
    let (whole, n_fetched) = (times.whole.as_secs_f64(), report.n_fetched());
    println!("500 changed of {n_fetched} fetched: {whole:.2} s");
    let after = times.whole.saturating_sub(times.answered).as_secs_f64();
    println!("after the answers {after:>8.2} s (bound 3 s)");
    tell_memory();
}

/// Conversations whose parts are not known: how much of each window of the rate limit is used.
async fn parts(rate: u32) {
    let conversations = number("--conversations", 20_000);
    let mut simulated = Simulated::start(number("--contacts", 5_000), conversations, rate);
    let streams = vec![Stream::Conversations, Stream::Parts];
    let bench = Bench::of(&simulated.url, streams).await;
    let started_at = simulated.begin();
    let (report, times) = bench.run(started_at).await;
    let n_fetched = report.stream(Stream::Parts).unwrap().n_pages;
    assert_eq!(n_fetched, u64::from(conversations), "every conversation is asked for its parts");

    let windows = bench.windows.used.lock().unwrap().clone();
    // In the first one conversations were listed, too, and the last one was not needed whole.
    let ends = (*windows.keys().next().unwrap() + 10..*windows.keys().last().unwrap()).step_by(10);
    let full: Vec<u32> = ends.map(|end| windows.get(&end).copied().unwrap_or(0)).collect();
    let (n, least) = (full.len(), full.iter().min().expect("too few calls for a full window"));
    let mean = f64::from(full.iter().sum::<u32>()) / n as f64;
    let share = |calls: f64| calls / f64::from(rate) * 100.0;
    println!("{n_fetched} part fetches at {rate} calls per 10 s and {} ms", LATENCY.as_millis());
    println!("mirrored  {:>8.2} s", times.mirrored.as_secs_f64());
    println!("windows   {n:>8}   used in full, the first and the last left out");
    let each = share(f64::from(*least));
    println!("least     {least:>8}   calls in a window, {each:.1} % of it (bound 95 %)");
    println!("mean      {mean:>8.1}   calls in a window, {:.1} % of it", share(mean));
    println!("refused   {:>8}   answers 429 (bound 0)", simulated.ask("refused"));
    tell_memory();
}

fn tell_memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.map(|line| line.trim().trim_end_matches("kB").trim());
    match kilobytes.and_then(|kilobytes| kilobytes.parse::<f64>().ok()) {
        Some(kilobytes) => println!("memory    {:>8.0} MB (bound 150 MB)", kilobytes / 1e3),
        None => println!("memory    unknown on this system"),
    }
}

/// What is measured: a sync into a database of its own.
struct Bench {
    client: Client,
    store: Arc<dyn intercom_store::Store>,
    settings: SyncSettings,
    windows: Arc<Windows>,
    _folder: tempfile::TempDir,
}

/// Since the start of a run.
#[derive(Clone, Copy, Default)]
struct Times {
    /// The last page was stored.
    answered: Duration,
    /// The last stream was complete.
    mirrored: Duration,
    whole: Duration,
}

impl Bench {
    async fn new(url: &str) -> Self {
        Self::of(url, vec![Stream::Contacts, Stream::Conversations]).await
    }

    async fn of(url: &str, streams: Vec<Stream>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = format!("sqlite://{}/intercom.db", folder.path().display());
        let store = intercom_store::open(&argument("--url").unwrap_or(file)).await.unwrap();
        let origin = Origin::parse(url).unwrap();
        let http = HttpSettings { origin, ..HttpSettings::new("dG9rOjEyMzQ=".into()) };
        let inner = HttpTransport::new(http).unwrap();
        let windows = Arc::new(Windows { inner, used: Mutex::default() });
        let client = Client::new(windows.clone(), ClientSettings::default());
        let settings = SyncSettings { streams, ..SyncSettings::default() };
        Self { client, store, settings, windows, _folder: folder }
    }

    async fn run(&self, now: i64) -> (RunReport, Times) {
        let sync = Sync::new(self.client.clone(), Arc::clone(&self.store), self.settings.clone());
        let watch = Watch { began_at: Instant::now(), times: Mutex::default() };
        let now = DateTime::from_timestamp(now, 0).unwrap();
        let report = sync.run(now, &watch).await.unwrap();
        let times = *watch.times.lock().unwrap();
        (report, Times { whole: watch.began_at.elapsed(), ..times })
    }
}

/// Notes what answers say of the rate limit: the simulator's own count of each window.
struct Windows {
    inner: HttpTransport,
    /// By the end of a window in which parts were fetched: the calls it counted. Calls are answered
    /// side by side.
    used: Mutex<BTreeMap<i64, u32>>,
}

#[async_trait]
impl Transport for Windows {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let response = self.inner.send(request).await?;
        if request.operation == RetrieveConversation::NAME {
            let told = |name: &str| response.headers.get(name)?.parse::<i64>().ok();
            let told = |name: &str| told(&format!("X-RateLimit-{name}")).unwrap();
            let (reset, n_used) = (told("Reset"), told("Limit") - told("Remaining"));
            let mut used = self.used.lock().unwrap();
            let most = used.entry(reset).or_default();
            *most = u32::try_from(n_used).unwrap().max(*most);
        }
        Ok(response)
    }
}

struct Watch {
    began_at: Instant,
    // The progress of a run is told through a shared reference.
    times: Mutex<Times>,
}

impl Progress for Watch {
    fn pulled(&self, _: Stream, _: u64, _: Option<u64>) {
        self.times.lock().unwrap().answered = self.began_at.elapsed();
    }

    fn finished(&self, _: Stream, _: u64) {
        self.times.lock().unwrap().mirrored = self.began_at.elapsed();
    }

    fn projected(&self, _: Stream, _: u64) {}

    fn customers(&self, _: u64) {}
}

/// The process of the simulator.
struct Simulated {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Simulated {
    fn start(contacts: u32, conversations: u32, rate: u32) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--simulator").args(["--contacts", &contacts.to_string()]);
        command.args(["--conversations", &conversations.to_string()]);
        command.args(["--rate", &rate.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (output, url) = (BufReader::new(output), String::new());
        let mut simulated = Self { child, input, output, url };
        simulated.url = simulated.answer();
        simulated
    }

    /// Starts a window of the rate limit; what the clock shows then.
    fn begin(&mut self) -> i64 {
        self.ask("begin").parse().unwrap()
    }

    fn n_calls(&mut self) -> u64 {
        self.ask("calls").parse().unwrap()
    }

    fn ask(&mut self, what: &str) -> String {
        writeln!(self.input, "{what}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The simulator: answers calls, and questions on its standard input.
async fn simulate() {
    let invention = Invention {
        contacts: number("--contacts", 0),
        conversations: number("--conversations", 0),
        now: NOW,
        ..Invention::default()
    };
    let settings = SimSettings {
        rate_limit: Some(number("--rate", 1_667)),
        workspace_rate_limit: None,
        latency: LATENCY,
        ..SimSettings::default()
    };
    let mut workspace = Workspace::invent(&invention);
    workspace.prepare_searches(NOW, &mut |_| {});
    let clock = SimClock::running(NOW);
    let transport = SimTransport::new(Simulator::new(workspace, settings), clock.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(intercom_sim::server::serve(listener, transport.clone()));
    let questions = tokio::task::spawn_blocking(move || {
        for question in std::io::stdin().lines() {
            let question = question.unwrap();
            match question.split_once(' ') {
                Some(("change", n)) => change(&transport, n.parse().unwrap()),
                _ if question == "calls" => println!("{}", transport.stats().requests),
                _ if question == "refused" => println!("{}", transport.stats().with_status(429)),
                _ => {
                    clock.advance(10 - clock.now() % 10);
                    println!("{}", clock.now());
                }
            }
        }
    });
    questions.await.unwrap();
}

fn change(transport: &SimTransport, n_contacts: usize) {
    let now = transport.now();
    transport.with(|simulator| {
        let workspace = simulator.workspace_mut();
        let ids: Vec<String> = workspace.contact_ids().map(str::to_owned).collect();
        for id in ids.iter().step_by(ids.len() / n_contacts).take(n_contacts) {
            let patch = json!({"custom_attributes": {"round": 1}});
            workspace.update_contact(id, patch, now).unwrap();
        }
    });
    println!("changed");
}
