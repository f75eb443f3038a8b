//! The simulator as a transport, and its clocks.

use std::time::Duration;

use intercom_api::Method;
use intercom_client::Transport;
use intercom_sim::{
    ClockError, Invention, SimClock, SimSettings, SimTransport, Simulator, Workspace,
};
use serde_json::json;

use crate::support::{NOW, request};

fn transport(settings: SimSettings, clock: SimClock) -> SimTransport {
    let invention = Invention { contacts: 3, conversations: 3, now: NOW, ..Invention::default() };
    SimTransport::new(Simulator::new(Workspace::invent(&invention), settings), clock)
}

#[tokio::test(start_paused = true)]
async fn a_frozen_clock_stands_until_it_is_advanced() {
    let transport = transport(SimSettings::default(), SimClock::frozen(NOW));
    tokio::time::advance(Duration::from_secs(100)).await;
    assert_eq!(transport.now(), NOW);
    transport.clone().clock().advance(30);
    assert_eq!(transport.now(), NOW + 30);
}

#[tokio::test(start_paused = true)]
async fn a_clock_goes_neither_back_nor_past_the_year_9999() {
    const LATEST: i64 = 253_402_300_799;
    for clock in [SimClock::frozen(NOW), SimClock::running(NOW)] {
        for (seconds, error) in [
            (-1, ClockError::Backwards),
            (i64::MIN, ClockError::Backwards),
            (LATEST - NOW + 1, ClockError::TooFar),
            (i64::MAX, ClockError::TooFar),
        ] {
            assert_eq!((clock.try_advance(seconds), clock.now()), (Err(error), NOW));
        }
        assert_eq!(clock.try_advance(0), Ok(NOW));
        clock.advance(-5);
        assert_eq!(clock.now(), NOW);
        assert_eq!(clock.try_advance(LATEST - NOW), Ok(LATEST));
        assert_eq!(clock.try_advance(1), Err(ClockError::TooFar));
        clock.advance(i64::MAX);
        assert_eq!(clock.now(), LATEST);
    }
    let late = SimClock::running(LATEST - 5);
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(late.try_advance(2), Err(ClockError::TooFar));
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!((late.now(), SimClock::frozen(-7).now()), (LATEST, 0));
}

#[tokio::test(start_paused = true)]
async fn a_running_clock_follows_tokio_and_so_do_rate_windows() {
    let settings = SimSettings { rate_limit: Some(1), ..SimSettings::default() };
    let transport = transport(settings, SimClock::running(NOW));
    let me = request(Method::Get, "/me", None);
    let status = async || transport.send(&me).await.expect("memory answers").status;
    assert_eq!(status().await, 200);
    assert_eq!(status().await, 429);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(status().await, 200);
    transport.clock().advance(10);
    assert_eq!(status().await, 200);
    assert_eq!(transport.now(), NOW + 20);
    assert_eq!(transport.stats().calls("GET /me"), 4);
}

#[tokio::test(start_paused = true)]
async fn latency_passes_before_the_answer() {
    let settings = SimSettings { latency: Duration::from_millis(1_500), ..SimSettings::default() };
    let transport = transport(settings, SimClock::running(NOW));
    let response = transport.send(&request(Method::Get, "/me", None)).await;
    let date = response.expect("memory answers").date().expect("a date");
    assert_eq!(date.timestamp(), NOW + 1);
}

#[tokio::test]
async fn clones_share_the_workspace_but_not_the_token() {
    let transport = transport(SimSettings::default(), SimClock::frozen(NOW));
    let stranger = transport.without_token();
    let me = request(Method::Get, "/me", None);
    assert_eq!(stranger.send(&me).await.expect("memory answers").status, 401);
    assert_eq!(transport.send(&me).await.expect("memory answers").status, 200);
    let fields = json!({"role": "user", "email": "x@example.com"});
    let id = stranger.with(|sim| sim.workspace_mut().create_contact(fields, NOW));
    let show = request(Method::Get, &format!("/contacts/{}", id.expect("the fields fit")), None);
    assert_eq!(transport.send(&show).await.expect("memory answers").status, 200);
}
