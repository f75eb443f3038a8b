use std::time::Duration;

use super::{Obstacle, Ticket, Window};
use crate::rate::headers::{Count, Reading};
use crate::rate::{BudgetSettings, RateStatus};

/// A server whose clock shows `SERVER` when ours shows zero.
const SERVER: i64 = 1_700_000_000;

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn window() -> Window {
    Window::new(BudgetSettings::default())
}

/// An answer made at second `date` of the server's clock, in the window that ends at `reset`.
fn reading(remaining: u32, reset: i64, date: i64) -> Reading {
    let count = Count { limit: Some(10), remaining, reset: SERVER + reset };
    Reading { count: Some(count), date: Some(SERVER + date), refused: None, is_success: true }
}

fn bare(is_success: bool) -> Reading {
    Reading { count: None, date: None, refused: None, is_success }
}

#[track_caller]
fn start(window: &mut Window, now: Duration) -> Ticket {
    window.admit(now).unwrap()
}

/// A window with `remaining` calls until second 10, and none under way.
fn known(remaining: u32) -> Window {
    let mut window = window();
    let ticket = start(&mut window, at(0));
    window.answered(ticket, at(0), &reading(remaining, 10, 0));
    window
}

#[test]
fn the_first_call_goes_alone() {
    let mut window = window();
    let ticket = start(&mut window, at(0));
    assert_eq!(window.admit(at(0)), Err(Obstacle::UnderWay));
    // A proxy's error tells nothing; the next call finds out.
    window.answered(ticket, at(1), &bare(false));
    let ticket = start(&mut window, at(1));
    assert_eq!(window.admit(at(1)), Err(Obstacle::UnderWay));
    window.answered(ticket, at(2), &bare(true));
    start(&mut window, at(2));
    start(&mut window, at(2));
}

#[test]
fn calls_under_way_are_taken_off() {
    let mut window = known(2);
    start(&mut window, at(100));
    start(&mut window, at(100));
    assert_eq!(window.admit(at(100)), Err(Obstacle::Until(at(10_000))));
    window.unsent();
    start(&mut window, at(100));
    window.lost();
    assert_eq!(window.admit(at(100)), Err(Obstacle::Until(at(10_000))));
}

#[test]
fn answers_may_overtake_each_other() {
    let mut window = known(9);
    let tickets = [(); 3].map(|()| start(&mut window, at(100)));
    window.answered(tickets[2], at(200), &reading(6, 10, 0));
    window.answered(tickets[0], at(210), &reading(8, 10, 0));
    window.answered(tickets[1], at(220), &reading(7, 10, 0));
    assert_eq!(window.status(at(220)).remaining, Some(6));
}

#[test]
fn the_end_of_a_window_is_approached_from_above() {
    let mut window = known(9);
    assert_eq!(window.status(at(0)).resets_in, Some(at(10_000)));
    // The server's second 4 began at 3.3 s of ours at the latest.
    let ticket = start(&mut window, at(3000));
    window.answered(ticket, at(3300), &reading(8, 10, 4));
    assert_eq!(window.status(at(3300)).resets_in, Some(at(6000)));
    let ticket = start(&mut window, at(4000));
    window.answered(ticket, at(4900), &reading(7, 10, 5));
    assert_eq!(window.status(at(4900)).resets_in, Some(at(4400)));
    // The next window inherits the estimate.
    let ticket = start(&mut window, at(9300));
    window.answered(ticket, at(9900), &reading(9, 20, 10));
    assert_eq!(window.status(at(9900)).resets_in, Some(at(9400)));
}

#[test]
fn a_window_opens_full_less_the_calls_under_way() {
    let mut window = known(2);
    let late = start(&mut window, at(9900));
    assert_eq!(window.status(at(10_000)).remaining, Some(9));
    let tickets: Vec<Ticket> = (0..9).map(|_| start(&mut window, at(10_000))).collect();
    assert!(matches!(window.admit(at(10_000)), Err(Obstacle::Until(_))));
    // It was counted in the window before.
    window.answered(late, at(10_050), &reading(1, 10, 9));
    start(&mut window, at(10_050));
    assert!(matches!(window.admit(at(10_050)), Err(Obstacle::Until(_))));
    window.answered(tickets[0], at(10_100), &reading(9, 20, 10));
    assert_eq!(window.status(at(10_100)).remaining, Some(0));
}

#[test]
fn a_lost_call_is_charged_until_a_later_call_is_answered() {
    let mut window = known(9);
    let before = start(&mut window, at(100));
    start(&mut window, at(100));
    window.lost();
    let after = start(&mut window, at(200));
    // This count was made before the lost call, or after: nobody knows.
    window.answered(before, at(300), &reading(8, 10, 0));
    assert_eq!(window.status(at(300)).remaining, Some(6));
    // This one includes it.
    window.answered(after, at(300), &reading(6, 10, 0));
    assert_eq!(window.status(at(300)).remaining, Some(6));
}

#[test]
fn lost_calls_are_forgotten_after_two_windows() {
    let mut window = known(0);
    for _ in 0..10 {
        start(&mut window, at(10_000));
        window.lost();
    }
    assert_eq!(window.admit(at(10_000)), Err(Obstacle::Until(at(20_000))));
    // Perhaps they came late and were counted in this window.
    assert_eq!(window.admit(at(20_000)), Err(Obstacle::Until(at(30_000))));
    start(&mut window, at(30_000));
}

#[test]
fn a_window_taken_for_ended_too_early_is_resumed() {
    let mut window = known(0);
    // The server's clock was set back by three seconds.
    let ticket = start(&mut window, at(10_000));
    window.answered(ticket, at(10_100), &reading(0, 10, 7));
    assert_eq!(window.admit(at(10_100)), Err(Obstacle::Until(at(13_100))));
}

#[test]
fn a_server_that_is_behind_still_costs_a_call() {
    let mut window = known(5);
    let ticket = start(&mut window, at(100));
    window.answered(ticket, at(200), &reading(3, 0, 0));
    assert_eq!(window.status(at(200)).remaining, Some(4));
}

#[test]
fn a_refusal_closes_the_window_for_everyone() {
    let mut window = known(5);
    let ticket = start(&mut window, at(100));
    let refused = Reading { refused: Some(Some(at(3000))), ..reading(5, 10, 0) };
    window.answered(ticket, at(200), &refused);
    assert_eq!(window.admit(at(200)), Err(Obstacle::Until(at(3200))));
    assert_eq!(window.status(at(200)).closed_for, Some(at(3000)));
    start(&mut window, at(3200));
}

#[test]
fn no_wait_passes_the_limit() {
    let mut window = window();
    let ticket = start(&mut window, at(0));
    let refused =
        Reading { refused: Some(Some(Duration::MAX)), ..reading(0, i64::MAX - SERVER, 0) };
    window.answered(ticket, at(0), &refused);
    assert_eq!(window.admit(at(0)), Err(Obstacle::Until(at(60_000))));
    start(&mut window, at(60_000));
}

#[test]
fn a_window_without_a_clock_lasts_ten_seconds() {
    let mut window = window();
    let ticket = start(&mut window, at(500));
    window.answered(ticket, at(600), &Reading { date: None, ..reading(0, 10, 0) });
    assert_eq!(window.admit(at(600)), Err(Obstacle::Until(at(10_600))));
    assert_eq!(
        window.status(at(600)),
        RateStatus {
            limit: Some(10),
            remaining: Some(0),
            resets_in: Some(at(10_000)),
            ..RateStatus::default()
        }
    );
}
