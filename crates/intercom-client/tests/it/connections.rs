//! Connections and futures: reused, sendable, safe to drop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, TryStreamExt};
use intercom_api::Safety;
use intercom_client::{
    BudgetSettings, Client, ClientSettings, Download, Error, Items, Origin, Pages, Pool, RateLedger,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::{bind, read_request, settings};
use crate::things::{FindThing, LinkThings, ListThings, SearchThings, raw};

/// Counts connections and requests; keeps every connection open.
#[derive(Default)]
struct Tally {
    n_connections: AtomicUsize,
    n_requests: AtomicUsize,
    /// Requests that get no answer, counted from the first.
    n_silent: AtomicUsize,
}

async fn serve() -> (Client, Arc<Tally>) {
    serve_with(ClientSettings::default()).await
}

async fn serve_with(behaviour: ClientSettings) -> (Client, Arc<Tally>) {
    let (origin, tally) = count().await;
    (Client::http(settings(origin), behaviour).unwrap(), tally)
}

async fn count() -> (Origin, Arc<Tally>) {
    let (listener, origin) = bind().await;
    let tally = Arc::new(Tally::default());
    let counting = tally.clone();
    tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            counting.n_connections.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(answer_all(connection, counting.clone()));
        }
    });
    (origin, tally)
}

async fn answer_all(mut connection: TcpStream, tally: Arc<Tally>) {
    loop {
        if read_request(&mut connection).await.is_empty() {
            return;
        }
        let n = tally.n_requests.fetch_add(1, Ordering::Relaxed);
        if n < tally.n_silent.load(Ordering::Relaxed) {
            continue;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"id\":\"t1\",\"size\":1}";
        if connection.write_all(answer).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn connections_are_reused() {
    let (client, tally) = serve().await;
    for _ in 0..20 {
        client.execute(&FindThing).await.unwrap();
    }
    assert_eq!(tally.n_connections.load(Ordering::Relaxed), 1);

    join_all((0..8).map(|_| async {
        for _ in 0..20 {
            client.clone().execute(&FindThing).await.unwrap();
        }
    }))
    .await;
    let n_connections = tally.n_connections.load(Ordering::Relaxed);
    assert!(n_connections <= 8, "{n_connections} connections for 8 calls at once");
    assert_eq!(tally.n_requests.load(Ordering::Relaxed), 180);

    for _ in 0..5 {
        let download = client.download(&FindThing).await.unwrap();
        assert_eq!(download.bytes(100).await.unwrap().len(), 20);
    }
    assert_eq!(tally.n_connections.load(Ordering::Relaxed), n_connections);
}

#[tokio::test]
async fn without_a_pool_every_call_connects() {
    let (origin, tally) = count().await;
    let mut http = settings(origin);
    http.pool = Pool { max_idle: 0, ..Pool::default() };
    let client = Client::http(http, ClientSettings::default()).unwrap();
    for _ in 0..3 {
        client.execute(&FindThing).await.unwrap();
    }
    assert_eq!(tally.n_connections.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn calls_can_be_dropped_at_any_time() {
    let budget = BudgetSettings { max_in_flight: 2, ..BudgetSettings::default() };
    let behaviour = ClientSettings { budget, ..ClientSettings::default() };
    let (client, tally) = serve_with(behaviour).await;
    client.execute(&FindThing).await.unwrap();
    tally.n_silent.store(3, Ordering::Relaxed);
    // Two are under way and two wait for them; all are dropped.
    let calls = join_all((0..4).map(|_| client.send(raw(Safety::Once))));
    assert!(timeout(Duration::from_millis(100), calls).await.is_err());
    let rate = client.rate();
    assert_eq!((rate.n_in_flight, rate.n_waiting), (0, 0));
    assert_eq!(tally.n_requests.load(Ordering::Relaxed), 3);
    assert_eq!(client.execute(&FindThing).await.unwrap().size, 1);

    // A download that is dropped half-way costs nothing but its connection.
    drop(client.download(&FindThing).await.unwrap());
    assert_eq!(client.execute(&FindThing).await.unwrap().size, 1);
}

#[tokio::test]
async fn the_next_page_never_takes_the_token_elsewhere() {
    let (other, elsewhere) = bind().await;
    let other = crate::http::serve(other, vec![crate::http::write("HTTP/1.1 200 OK\n\n{}")]);
    let page = format!(r#"{{"data": [], "pages": {{"next": "{elsewhere}/things?page=2"}}}}"#);
    let last = r#"{"data": [], "pages": {"next": null}}"#;
    let answer = |body: &str| {
        crate::http::write(&format!("HTTP/1.1 200 OK\nContent-Length: {}\n\n{body}", body.len()))
    };
    let (origin, _serving) = crate::http::listen(vec![answer(&page), answer(last)]).await;
    let client = Client::http(settings(origin), ClientSettings::default()).unwrap();
    // The cursor is followed at the configured origin, or refused.
    let pages: Vec<_> = client.pages(LinkThings).collect().await;
    assert!(pages.len() <= 2);
    assert!(!other.is_finished(), "something was sent to another origin");
    other.abort();
}

fn sendable<T: Send>(_: T) {}

/// Never called: it is enough that it compiles.
#[expect(dead_code, reason = "the compiler is the test")]
fn everything_can_move_between_threads(client: &Client, download: Download) {
    fn shareable<T: Send + Sync + Clone + 'static>() {}
    fn movable<T: Send + 'static>() {}
    shareable::<Client>();
    shareable::<ClientSettings>();
    movable::<Error>();
    movable::<Download>();
    movable::<Pages<ListThings>>();
    movable::<Items<SearchThings>>();
    movable::<RateLedger>();
    sendable(client.execute(&FindThing));
    sendable(client.send(raw(Safety::Read)));
    sendable(client.download(&FindThing));
    sendable(client.items(ListThings).try_collect::<Vec<_>>());
    sendable(download.bytes(1));
}
