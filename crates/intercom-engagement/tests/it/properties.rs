use intercom_engagement::{
    Bucket, CaseloadParams, Channel, Directory, LookbackDays, Rules, Session, UnixSecond, caseload,
};
use proptest::prelude::*;

use crate::caseload::{NOW, collect, session};

fn any_session() -> impl Strategy<Value = Session<'static>> {
    let member = prop::sample::select(vec!["m1", "m2", "m3", "m4", "m5"]);
    let coach = prop::option::of(prop::sample::select(vec!["c1", "c2", "c3"]));
    let channel = prop::sample::select(Channel::ALL.to_vec());
    let (ago, later) = (-1_000_000_i64..20_000_000, 0_i64..5_000_000);
    (member, coach, channel, ago, later).prop_map(|(member, coach, channel, ago, later)| {
        let held = session(member, coach, channel, ago);
        let updated_at = UnixSecond::new(held.at.get() + later).expect("before 2106");
        Session { updated_at, ..held }
    })
}

fn params() -> impl Strategy<Value = CaseloadParams> {
    let rules = prop::sample::select(vec![Rules::Standard, Rules::Original]);
    (0.1_f64..400.0, rules).prop_map(|(days, rules)| CaseloadParams {
        lookback: LookbackDays::new(days).expect("above 0"),
        rules,
    })
}

proptest! {
    #[test]
    fn every_member_is_in_one_bucket_and_totals_agree(
        sessions in prop::collection::vec(any_session(), 0..40),
        params in params(),
    ) {
        let (sessions, directory) = (collect(sessions), Directory::default());
        let report = caseload(&sessions, &directory, &params, NOW);
        prop_assert_eq!(report.summary.total(), report.total_members);
        prop_assert_eq!(report.members.len() as u64, report.total_members);
        for bucket in Bucket::ALL {
            let in_bucket = report.members.iter().filter(|member| member.bucket == bucket).count();
            prop_assert_eq!(report.summary.get(bucket), in_bucket as u64);
        }
        for member in &report.members {
            let of_member = report.sessions.iter().filter(|s| s.member_id == member.member_id);
            prop_assert_eq!(of_member.map(|s| s.time).max(), Some(member.last_session_at));
        }
        let named = |s: &str| report.members.iter().any(|member| member.member_id == s);
        prop_assert!(report.sessions.iter().all(|session| named(session.member_id)));
    }

    #[test]
    fn the_order_of_sessions_does_not_matter(
        (sessions, shuffled) in prop::collection::vec(any_session(), 0..40)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        params in params(),
    ) {
        let directory = Directory::default();
        let (sessions, shuffled) = (collect(sessions), collect(shuffled));
        prop_assert_eq!(
            caseload(&sessions, &directory, &params, NOW),
            caseload(&shuffled, &directory, &params, NOW)
        );
    }
}
