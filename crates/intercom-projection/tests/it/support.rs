use chrono::{DateTime, TimeDelta, Utc};
use intercom_projection::{
    CancelMention, Measured, Mention, Rating, Strength, SupportCounts, SupportFacts, support,
};

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");

fn begun(ago: TimeDelta) -> SupportFacts {
    SupportFacts {
        created_at: Some(NOW - ago),
        is_open: false,
        rating: None,
        cancel_mention: None,
        first_reply_for: None,
        first_close_for: None,
        last_close_for: None,
        n_reopens: None,
    }
}

fn rated(rating: i64) -> SupportFacts {
    SupportFacts { rating: Rating::new(rating), ..begun(TimeDelta::days(90)) }
}

fn leaving(written_at: Option<DateTime<Utc>>) -> SupportFacts {
    let mention = Mention { words: "cancel".to_owned(), strength: Strength::Strong };
    let mention = CancelMention { mention, contact_id: None, written_at };
    SupportFacts { cancel_mention: Some(mention), ..begun(TimeDelta::days(90)) }
}

#[test]
fn counts_conversations() {
    let open = SupportFacts { is_open: true, ..begun(TimeDelta::days(40)) };
    let undated = SupportFacts { created_at: None, ..begun(TimeDelta::zero()) };
    let conversations = [
        open,
        undated,
        begun(TimeDelta::days(30)),
        begun(TimeDelta::days(30) + TimeDelta::seconds(1)),
        begun(TimeDelta::days(-1)),
    ];
    let expected = SupportCounts {
        n_conversations: 5,
        n_last_30_days: 2,
        n_open: 1,
        ..SupportCounts::default()
    };
    assert_eq!(support(&conversations, NOW), expected);
    assert_eq!(support([], NOW), SupportCounts::default());
}

#[test]
fn averages_ratings() {
    let check = |ratings: &[i64], expected: Option<f64>| {
        let conversations: Vec<SupportFacts> = ratings.iter().copied().map(rated).collect();
        assert_eq!(support(&conversations, NOW).csat_score(), expected, "{ratings:?}");
    };
    check(&[], None);
    check(&[5], Some(5.0));
    check(&[5, 4], Some(4.5));
    check(&[5, 5, 4], Some(14.0 / 3.0));
    check(&[0, 6, -1], None);
    check(&[1, 9], Some(1.0));
}

#[test]
fn a_mention_counts_for_thirty_days() {
    let check = |written_at: Option<DateTime<Utc>>, expected: bool| {
        assert_eq!(support(&[leaving(written_at)], NOW).mentioned_cancel, expected);
    };
    check(Some(NOW), true);
    check(Some(NOW - TimeDelta::days(30)), true);
    check(Some(NOW - TimeDelta::days(31)), false);
    check(None, false);
}

#[test]
fn what_was_measured_is_averaged_and_the_rest_is_unknown() {
    let measured = |first_reply_for, n_reopens| SupportFacts {
        first_reply_for,
        n_reopens,
        ..begun(TimeDelta::days(90))
    };
    let conversations =
        [measured(Some(10), None), measured(Some(25), Some(0)), measured(None, None)];
    let counts = support(&conversations, NOW);
    assert_eq!(counts.first_reply, Measured { n: 2, sum: 35 });
    assert_eq!((counts.first_reply.mean(), counts.first_close.mean()), (Some(18), None));
    for (n, sum, mean) in [(2, 301, 151), (3, 100, 33), (3, 101, 34), (1, u64::MAX, u64::MAX)] {
        assert_eq!(Measured { n, sum }.mean(), Some(mean), "{sum} / {n}");
    }
    assert_eq!((counts.reopens.total(), counts.last_close.total()), (Some(0), None));
}
