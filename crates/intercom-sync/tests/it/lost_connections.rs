//! Connections to a server that are lost while a page is written.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use intercom_sim::Invention;
use intercom_store::{Store, Stream};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use intercom_throwaway::postgres_server;

use crate::database::Database;
use crate::refusals::in_words;
use crate::world::{World, invention, sim_settings};

const UNAVAILABLE: &str = "the database is unavailable";

/// The next run leaves what the workspace has, and nothing twice.
async fn check_goes_on(world: &World) {
    world.advance(60);
    assert!(world.sync().await.is_complete());
    world.check_exact_mirror().await;
    world.advance(60);
    assert_eq!(world.sync().await.n_written(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_the_server_ends_mid_page_is_named_and_the_next_run_goes_on() {
    let Some(server) = postgres_server() else { return };
    let on = Database::postgres(&server, "ended_mid_page").await;
    for (seed, table) in (1..).zip(["contact_bodies", "conversation_bodies", "facts"]) {
        let invention = Invention { seed, ..invention(60, 120) };
        let world = World::invent(invention, sim_settings(), Arc::clone(&on.store));
        on.execute(&format!(
            "CREATE OR REPLACE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$; \
             CREATE TRIGGER end_connection AFTER INSERT ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION end_connection()"
        ))
        .await;
        let error = world.run_over(Arc::new(world.sim.clone())).await.expect_err("the run fails");
        let words = in_words(&error);
        assert!(words.contains(UNAVAILABLE), "{table}: {words}");
        let detail = world.last_run().await.end.and_then(|end| end.detail);
        assert_eq!(detail, Some(words), "the failed run is noted over another connection");
        on.execute(&format!("DROP TRIGGER end_connection ON {table}")).await;
        check_goes_on(&world).await;
    }
    on.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_breaks_anywhere_costs_a_run_and_no_record() {
    let Some(server) = postgres_server() else { return };
    let on = Database::postgres(&server, "broken_network").await;
    let proxy = Proxy::start(&on.url).await;
    let store = proxy.store(&on.url).await;
    let mut n_broken = 0;
    for (seed, n_bytes) in (1..).zip([1, 900, 20_000, 60_000, 150_000, 300_000, 500_000]) {
        let invention = Invention { seed, ..invention(60, 120) };
        let world = World::invent(invention, sim_settings(), Arc::clone(&on.store));
        let through = world.beside(Arc::clone(&store));
        proxy.break_after(n_bytes);
        let ended = through.run_over(Arc::new(world.sim.clone())).await;
        proxy.mend();
        if let Err(error) = ended {
            n_broken += 1;
            let words = in_words(&error);
            assert!(words.contains(UNAVAILABLE), "after {n_bytes} bytes: {words}");
        }
        // A lease whose release was lost expires by itself.
        on.expire_leases().await;
        check_goes_on(&through).await;
    }
    assert!(n_broken >= 5, "{n_broken} runs were broken off");
    let contacts = on.number("SELECT COUNT(*) FROM contacts").await;
    let bodies = on.number("SELECT COUNT(*) FROM contact_bodies").await;
    assert_eq!((contacts, bodies), (7 * 60, 7 * 60), "{}", Stream::Contacts);
    store.close().await;
    on.remove().await;
}

/// A way to the server that breaks on request: both ends are closed, and what is under way is lost.
struct Proxy {
    port: u16,
    /// Bytes to the server until the way breaks; negative once it has.
    n_left: Arc<AtomicI64>,
}

impl Proxy {
    async fn start(url: &str) -> Self {
        let options = PgConnectOptions::from_str(url).expect("a PostgreSQL URL");
        let server = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let n_left = Arc::new(AtomicI64::new(i64::MAX));
        let left = Arc::clone(&n_left);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if let Ok(server) = TcpStream::connect(&server).await {
                    tokio::spawn(pass(client, server, Arc::clone(&left)));
                }
            }
        });
        Self { port, n_left }
    }

    async fn store(&self, url: &str) -> Arc<dyn Store> {
        let options = PgConnectOptions::from_str(url).expect("a PostgreSQL URL");
        let through = options.host("127.0.0.1").port(self.port).to_url_lossy();
        intercom_store::open(through.as_str()).await.expect("the database opens")
    }

    fn break_after(&self, n_bytes: i64) {
        self.n_left.store(n_bytes, Ordering::Relaxed);
    }

    fn mend(&self) {
        self.break_after(i64::MAX);
    }
}

/// Passes bytes on in both directions until an end closes or the way breaks, once.
async fn pass(mut client: TcpStream, mut server: TcpStream, n_left: Arc<AtomicI64>) {
    let (mut asked, mut answered) = (vec![0; 4_096], vec![0; 4_096]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(n_bytes @ 1..) = read else { return };
                let before = n_left.fetch_sub(n_bytes as i64, Ordering::Relaxed);
                let is_broken = (0..n_bytes as i64).contains(&before);
                let n_passed = if is_broken { before as usize } else { n_bytes };
                if server.write_all(&asked[..n_passed]).await.is_err() || is_broken {
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(n_bytes @ 1..) = read else { return };
                if client.write_all(&answered[..n_bytes]).await.is_err() {
                    return;
                }
            }
        }
    }
}
