//! The decision: a table of what is repeated, and properties over everything else.

use std::time::Duration;

use intercom_api::{Headers, Response, Safety};
use intercom_client::{Attempt, Decision, Outcome, RetryPolicy};
use proptest::prelude::*;
use serde_json::json;

use crate::script::{Reply, Script, ok, text};
use crate::things::raw;

const MINUTE: Duration = Duration::from_secs(60);

fn attempt(number: u32, safety: Safety) -> Attempt {
    Attempt { number, safety, elapsed_for: Duration::ZERO, deadline: 10 * MINUTE }
}

fn decide(safety: Safety, outcome: Outcome) -> Decision {
    RetryPolicy::default().decide(attempt(1, safety), outcome, 0.5)
}

fn outcome(status: u16, headers: &[(&str, &str)]) -> Outcome {
    let headers: Headers = headers.iter().copied().collect();
    Outcome::of_status(&Response { status, headers, body: "".into() })
}

#[test]
fn what_is_repeated_depends_on_how_far_it_got_and_on_safety() {
    use Safety::{Idempotent, Once, Read};
    let none = None;
    let table = [
        (Outcome::NotSent, [true, true, true]),
        (Outcome::Throttled { delay: none }, [true, true, true]),
        (Outcome::MaybeSent, [true, true, false]),
        (Outcome::ServerFailed { delay: none }, [true, true, false]),
        (Outcome::CutShort, [true, false, false]),
        (Outcome::Final, [false, false, false]),
    ];
    for (outcome, expected) in table {
        let repeated = [Read, Idempotent, Once]
            .map(|safety| matches!(decide(safety, outcome), Decision::Retry { .. }));
        assert_eq!(repeated, expected, "{outcome:?}");
    }
}

#[test]
fn statuses_are_classified() {
    for status in [408, 500, 502, 503, 504, 520, 599] {
        assert_eq!(outcome(status, &[]), Outcome::ServerFailed { delay: None }, "{status}");
    }
    for status in [301, 400, 401, 403, 404, 409, 410, 415, 422, 501] {
        assert_eq!(outcome(status, &[]), Outcome::Final, "{status}");
    }
    assert_eq!(outcome(429, &[]), Outcome::Throttled { delay: None });
}

#[test]
fn the_server_names_the_wait() {
    const DATE: (&str, &str) = ("Date", "Fri, 17 Feb 2017 07:41:45 GMT");
    #[track_caller]
    fn check(status: u16, headers: &[(&str, &str)], seconds: Option<u64>) {
        let expected = seconds.map(Duration::from_secs);
        match outcome(status, headers) {
            Outcome::Throttled { delay } | Outcome::ServerFailed { delay } => {
                assert_eq!(delay, expected);
            }
            other => panic!("{other:?}"),
        }
    }
    check(429, &[("Retry-After", "7")], Some(7));
    check(503, &[("retry-after", " 7 ")], Some(7));
    check(503, &[("Retry-After", "Fri, 17 Feb 2017 07:42:00 GMT"), DATE], Some(15));
    check(503, &[("Retry-After", "Fri, 17 Feb 2017 07:41:00 GMT"), DATE], Some(0));
    check(503, &[("Retry-After", "-1")], Some(0));
    // A date without the server's own clock says nothing: ours may differ.
    check(503, &[("Retry-After", "Fri, 17 Feb 2017 07:42:00 GMT")], None);
    check(503, &[("Retry-After", "soon")], None);
    check(429, &[("X-RateLimit-Reset", "1487317310"), DATE], Some(5));
    check(429, &[("X-RateLimit-Reset", "1487317305"), DATE], Some(1));
    check(429, &[("X-RateLimit-Reset", "1487317310")], None);
    check(429, &[("Retry-After", "3"), ("X-RateLimit-Reset", "1487317310"), DATE], Some(3));
    // The end of a rate window says nothing about a failing server.
    check(503, &[("X-RateLimit-Reset", "1487317310"), DATE], None);
}

#[test]
fn the_servers_wait_outranks_ours_and_is_capped() {
    let after = |seconds| {
        let delay = Some(Duration::from_secs(seconds));
        decide(Safety::Read, Outcome::ServerFailed { delay })
    };
    assert_eq!(after(40), Decision::Retry { after: Duration::from_secs(40) });
    assert_eq!(after(0), Decision::Retry { after: Duration::ZERO });
    assert_eq!(after(3600), Decision::Retry { after: MINUTE });
}

#[test]
fn our_own_wait_doubles_up_to_a_ceiling() {
    let policy = RetryPolicy { max_attempts: 100, ..RetryPolicy::default() };
    let waits = [1, 2, 3, 6, 7, 50].map(|number| {
        match policy.decide(attempt(number, Safety::Read), Outcome::MaybeSent, 1.0) {
            Decision::Retry { after } => after.as_millis(),
            Decision::GiveUp => panic!("gave up at {number}"),
        }
    });
    assert_eq!(waits, [500, 1000, 2000, 16_000, 20_000, 20_000]);
}

fn safeties() -> impl Strategy<Value = Safety> {
    prop_oneof![Just(Safety::Read), Just(Safety::Idempotent), Just(Safety::Once)]
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    let delay = || proptest::option::of((0_u64..100_000).prop_map(Duration::from_millis));
    prop_oneof![
        Just(Outcome::NotSent),
        Just(Outcome::MaybeSent),
        Just(Outcome::CutShort),
        Just(Outcome::Final),
        delay().prop_map(|delay| Outcome::Throttled { delay }),
        delay().prop_map(|delay| Outcome::ServerFailed { delay }),
    ]
}

proptest! {
    #[test]
    fn no_decision_breaks_a_limit(
        number in 1_u32..10,
        safety in safeties(),
        elapsed_ms in 0_u64..400_000,
        outcome in outcomes(),
        random in 0.0..1.0_f64,
    ) {
        let policy = RetryPolicy::default();
        let elapsed_for = Duration::from_millis(elapsed_ms);
        let attempt = Attempt { number, safety, elapsed_for, deadline: 3 * MINUTE };
        if let Decision::Retry { after } = policy.decide(attempt, outcome, random) {
            prop_assert!(number < policy.max_attempts);
            prop_assert!(after <= policy.max_server_delay);
            prop_assert!(elapsed_for + after < attempt.deadline);
            prop_assert!(outcome != Outcome::Final);
            let is_ambiguous = matches!(
                outcome,
                Outcome::MaybeSent | Outcome::ServerFailed { .. } | Outcome::CutShort
            );
            prop_assert!(safety != Safety::Once || !is_ambiguous);
        }
    }

    #[test]
    fn the_servers_wait_is_kept_to_the_letter_or_not_at_all(
        number in 1_u32..4,
        safety in safeties(),
        elapsed_ms in 0_u64..200_000,
        delay_ms in 0_u64..100_000,
        is_throttled: bool,
        random in 0.0..1.0_f64,
    ) {
        let policy = RetryPolicy::default();
        let delay = Some(Duration::from_millis(delay_ms));
        let outcome = match is_throttled {
            true => Outcome::Throttled { delay },
            false => Outcome::ServerFailed { delay },
        };
        let elapsed_for = Duration::from_millis(elapsed_ms);
        let attempt = Attempt { number, safety, elapsed_for, deadline: 3 * MINUTE };
        if let Decision::Retry { after } = policy.decide(attempt, outcome, random) {
            prop_assert_eq!(Some(after), delay.min(Some(policy.max_server_delay)));
        }
    }

    #[test]
    fn our_own_wait_is_drawn_from_the_whole_span(number in 1_u32..4, random in 0.0..1.0_f64) {
        let policy = RetryPolicy::default();
        let attempt = attempt(number, Safety::Read);
        let ceiling = policy.base_delay * (1 << (number - 1));
        prop_assert_eq!(
            policy.decide(attempt, Outcome::MaybeSent, random),
            Decision::Retry { after: ceiling.mul_f64(random) }
        );
    }

    #[test]
    fn whatever_happens_nothing_takes_effect_twice(
        failures in prop::collection::vec(0_u8..6, 0..6),
        safety in safeties(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let replies = failures.iter().map(|kind| match kind {
                0 => Reply::NotSent,
                1 => Reply::MaybeSent,
                2 => text(429, ""),
                3 => text(503, ""),
                4 => text(200, ""),
                _ => text(200, "{\"a\": "),
            });
            let script = Script::new(replies.chain((0..4).map(|_| ok(&json!({})))));
            let _ = script.client().send(raw(safety)).await;
            let sent = script.n_sent();
            assert!(sent <= 4);
            // All attempts but the last did not take effect, or may be repeated.
            let earlier = failures.iter().take(sent - 1);
            match safety {
                Safety::Once => assert!(earlier.copied().all(|kind| matches!(kind, 0 | 2))),
                Safety::Idempotent => assert!(earlier.copied().all(|kind| kind < 4)),
                Safety::Read => {}
            }
        });
    }
}
