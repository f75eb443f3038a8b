//! How the server and the program end while clients are in the middle of something.

use std::time::Duration;

use intercom_sim::{SimClock, SimSettings, SimTransport, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use crate::support::{NOW, simulator_with};

const HALVES: [&str; 3] = [
    "GET /me HTTP/1.1\r\nHost: local",
    "POST /contacts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    "POST /contacts HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
];

#[tokio::test(start_paused = true)]
async fn half_a_request_holds_the_server_for_three_seconds() {
    for half in HALVES {
        let simulator = simulator_with(3, 3, SimSettings::default());
        let transport = SimTransport::new(simulator, SimClock::frozen(NOW));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let serving = tokio::spawn(server::serve_until(listener, transport, stopped));
        // A call that is answered shows that the server is at work.
        let mut whole = TcpStream::connect(address).await.expect("the server listens");
        let request = "GET /me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let mut client = TcpStream::connect(address).await.expect("the server listens");
        client.write_all(half.as_bytes()).await.expect("the half is sent");
        whole.write_all(request.as_bytes()).await.expect("the request is sent");
        let mut answer = String::new();
        whole.read_to_string(&mut answer).await.expect("the answer is text");
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        let asked_at = Instant::now();
        stop.send(()).expect("the server waits for it");
        let ended = timeout(Duration::from_secs(60), serving).await.expect("it ends in time");
        ended.expect("it does not panic").expect("in good order");
        assert!(asked_at.elapsed() <= Duration::from_secs(4), "{:?}", asked_at.elapsed());
        drop(client);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_holds_the_server_for_three_seconds() {
    // More than lies between a server and a client that does not read.
    let faults = "[[fault]]\nroute = \"GET /me\"\nanswer = \"oversized\"";
    let faults = faults.parse().expect("the faults are well written");
    let simulator = simulator_with(3, 3, SimSettings { faults, ..SimSettings::default() });
    let transport = SimTransport::new(simulator, SimClock::frozen(NOW));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let serving = tokio::spawn(server::serve_until(listener, transport, stopped));
    let mut client = TcpStream::connect(address).await.expect("the server listens");
    let request = "GET /me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer any\r\n\r\n";
    client.write_all(request.as_bytes()).await.expect("the request is sent");
    let mut begun = [0; 12];
    client.read_exact(&mut begun).await.expect("the answer begins");
    assert_eq!(&begun, b"HTTP/1.1 200");
    let asked_at = Instant::now();
    stop.send(()).expect("the server waits for it");
    let ended = timeout(Duration::from_secs(60), serving).await.expect("it ends in time");
    ended.expect("it does not panic").expect("in good order");
    assert!(asked_at.elapsed() >= Duration::from_secs(3), "the answer was under way");
    assert!(asked_at.elapsed() <= Duration::from_secs(4), "{:?}", asked_at.elapsed());
    drop(client);
}

#[cfg(unix)]
mod program {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpStream;
    use std::process::{Child, ChildStderr, Command, Stdio};

    use serde_json::Value;

    /// The program over an empty workspace, where it listens, and the rest of its log.
    fn start() -> (Child, String, BufReader<ChildStderr>) {
        let mut process = Command::new(env!("CARGO_BIN_EXE_intercom-sim"))
            .args(["--listen", "127.0.0.1:0", "--contacts", "0", "--conversations", "0"])
            .args(["--log-format", "json"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut log = BufReader::new(process.stderr.take().expect("a log"));
        let address = log.by_ref().lines().find_map(|line| {
            let entry: Value = serde_json::from_str(&line.ok()?).ok()?;
            Some(entry["fields"]["url"].as_str()?.strip_prefix("http://")?.to_owned())
        });
        (process, address.expect("it says where it listens"), log)
    }

    fn signal(process: &Child, name: &str) {
        let sent = Command::new("kill").args([name, &process.id().to_string()]).status();
        assert!(sent.expect("there is a kill").success(), "{name}");
    }

    /// One whole call, after which the handlers of signals are in place.
    fn call(address: &str) {
        let mut stream = TcpStream::connect(address).expect("the program listens");
        let request = "GET /me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("the request is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the answer is text");
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    }

    #[test]
    fn either_signal_ends_it_in_good_order() {
        for name in ["-INT", "-TERM"] {
            let (mut process, address, _log) = start();
            call(&address);
            signal(&process, name);
            let status = process.wait().expect("it ends");
            assert_eq!(status.code(), Some(0), "{name}");
        }
    }

    #[test]
    fn a_second_signal_ends_it_at_once() {
        let (mut process, address, _log) = start();
        let mut client = TcpStream::connect(&address).expect("the program listens");
        client.write_all(b"GET /me HTTP/1.1\r\n").expect("half a request is sent");
        call(&address);
        signal(&process, "-INT");
        signal(&process, "-TERM");
        let status = process.wait().expect("it ends");
        assert_eq!(status.code(), Some(130));
    }
}
