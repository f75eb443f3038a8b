use std::time::Duration;

use super::{Fate, LeaseGrant, LeaseTurn, LentCall, RateLedger, Settled};
use crate::rate::headers::{Count, Reading};

const SERVER: i64 = 1_700_000_000;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn want(wanted: u32) -> LeaseTurn {
    LeaseTurn { wanted, settled: Vec::new() }
}

fn tell(call: LentCall, fate: Fate) -> LeaseTurn {
    LeaseTurn { wanted: 0, settled: vec![Settled { call, fate }] }
}

fn answer(remaining: u32, reset: i64, date: i64) -> Fate {
    let count = Count { limit: Some(20), remaining, reset: SERVER + reset };
    let date = Some(SERVER + date);
    Fate::Answered(Reading { count: Some(count), date, refused: None, is_success: true })
}

/// A ledger that knows of `remaining` calls until second 10.
fn known(remaining: u32) -> RateLedger {
    let mut ledger = RateLedger::default();
    let grant = ledger.turn(at(0), &want(5));
    assert_eq!(grant.n_calls(), 1, "the first call finds out");
    assert_eq!(ledger.turn(at(0), &want(5)).n_calls(), 0);
    ledger.turn(at(0), &tell(grant.calls[0], answer(remaining, 10, 0)));
    ledger
}

#[test]
fn calls_are_lent_a_share_at_a_time_until_none_is_left() {
    let mut ledger = known(5);
    let lent = [(); 4].map(|()| ledger.turn(at(1), &want(100)).n_calls());
    assert_eq!(lent, [2, 2, 1, 0]);
    // The count says zero when all have been answered: nothing more before the end.
    let mut ledger = known(1);
    let LeaseGrant { calls, .. } = ledger.turn(at(1), &want(1));
    ledger.turn(at(1), &tell(calls[0], answer(0, 10, 1)));
    assert_eq!(ledger.turn(at(2), &want(1)).again_after, at(8));
    assert_eq!(ledger.turn(at(10), &want(1)).n_calls(), 1);
}

#[test]
fn calls_that_were_not_sent_come_back() {
    let mut ledger = known(1);
    let grant = ledger.turn(at(1), &want(1));
    assert_eq!(ledger.turn(at(1), &want(1)).n_calls(), 0);
    ledger.turn(at(1), &tell(grant.calls[0], Fate::Unsent));
    assert_eq!(ledger.turn(at(1), &want(1)).n_calls(), 1);
}

#[test]
fn a_lease_expires_and_its_calls_are_lost_for_two_windows() {
    let mut ledger = known(20);
    let dead = ledger.turn(at(1), &want(2));
    let lent = |ledger: &mut RateLedger, now| {
        let mut n = 0;
        loop {
            let grant = ledger.turn(now, &want(20));
            if grant.n_calls() == 0 {
                return n;
            }
            n += grant.n_calls();
            for call in grant.calls {
                ledger.turn(now, &tell(call, Fate::Unsent));
            }
            if n >= 20 {
                return n;
            }
        }
    };
    assert!(lent(&mut ledger, at(2)) > 0);
    // Expired at 31; its late answer is still read, and takes nothing off twice.
    ledger.turn(at(32), &want(0));
    ledger.turn(at(33), &tell(dead.calls[0], answer(3, 40, 33)));
    ledger.turn(at(33), &tell(dead.calls[1], Fate::Lost));
    ledger.turn(at(33), &tell(dead.calls[1], Fate::Unsent));
    let grants: usize = (0..5).map(|_| ledger.turn(at(34), &want(20)).n_calls()).sum();
    assert!(grants <= 3, "{grants}");
}

#[test]
fn a_clock_that_is_set_back_starts_over() {
    let mut ledger = known(0);
    ledger.turn(at(5_000), &want(0));
    // Noise is no step back.
    assert_eq!(ledger.turn(at(4_999), &want(1)).n_calls(), 1);
    let mut ledger = known(0);
    ledger.turn(at(5_000), &want(0));
    assert_eq!(ledger.turn(at(100), &want(9)).n_calls(), 1);
    assert_eq!(ledger.turn(at(100), &want(9)).n_calls(), 0);
}

#[test]
fn strange_numbers_do_no_harm() {
    let mut ledger = known(u32::MAX);
    let end = Duration::MAX;
    for now in [at(1), at(u64::from(u32::MAX)), end, end] {
        let grant = ledger.turn(now, &want(u32::MAX));
        for call in grant.calls {
            let fate = answer(u32::MAX, i64::MAX - SERVER, i64::MIN + 1);
            ledger.turn(now, &tell(call, fate));
        }
    }
    let text = serde_json::to_string(&ledger).unwrap();
    let mut again: RateLedger = serde_json::from_str(&text).unwrap();
    again.turn(end, &want(1));
    for text in ["", "{}", "[]", r#"{"window": 1}"#] {
        assert!(serde_json::from_str::<RateLedger>(text).is_err());
    }
}

#[test]
fn the_status_is_that_of_the_window() {
    let mut ledger = known(12);
    ledger.turn(at(1), &want(2));
    let status = ledger.status(at(2));
    assert_eq!((status.limit, status.remaining, status.n_in_flight), (Some(20), Some(10), 2));
    assert_eq!(status.resets_in, Some(at(8)));
    // What a dead process had lent stays charged for two windows, and then no more.
    let status = ledger.status(at(70));
    assert_eq!((status.remaining, status.n_in_flight, status.resets_in), (Some(18), 0, None));
    let unknown = RateLedger::default().status(at(2));
    assert_eq!((unknown.limit, unknown.remaining), (None, None));
}
