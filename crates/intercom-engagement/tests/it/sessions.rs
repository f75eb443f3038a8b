use intercom_engagement::{
    Bucket, Channel, ChannelSet, EngagementError, LookbackDays, Session, Sessions, UnixSecond,
};

#[test]
fn channels_have_exact_names() {
    for channel in Channel::ALL {
        assert_eq!(Channel::from_name(channel.name()), Some(channel));
    }
    for name in ["phone", "Video", "SMS", "", " Phone", "Video  Conference"] {
        assert_eq!(Channel::from_name(name), None, "{name:?}");
    }
}

#[test]
fn calls_are_heard() {
    let calls: Vec<Channel> = Channel::ALL.into_iter().filter(|c| c.is_call()).collect();
    assert_eq!(calls, [Channel::Phone, Channel::VideoConference]);
}

#[test]
fn a_combination_is_labelled_by_name() {
    let set: ChannelSet = [Channel::Phone, Channel::Chat, Channel::Phone].into_iter().collect();
    assert_eq!(set.to_string(), "Chat + Phone");
    assert_eq!(ChannelSet::default().to_string(), "");
}

#[test]
fn buckets_include_their_upper_end() {
    let second = 1.0 / 86_400.0;
    let check = |days: f64, expected| assert_eq!(Bucket::of(days), expected, "{days}");
    check(-3.0, Bucket::UpTo7);
    check(0.0, Bucket::UpTo7);
    check(7.0, Bucket::UpTo7);
    check(7.0 + second, Bucket::UpTo28);
    check(28.0, Bucket::UpTo28);
    check(28.0 + second, Bucket::UpTo56);
    check(56.0, Bucket::UpTo56);
    check(56.0 + second, Bucket::Over56);
}

#[test]
fn a_look_back_is_a_positive_number_of_days_up_to_a_year() {
    let check = |days: f64, expected: f64| {
        assert_eq!(LookbackDays::new(days).map(LookbackDays::get), Ok(expected));
    };
    check(30.0, 30.0);
    check(0.5, 0.5);
    check(365.0, 365.0);
    check(366.0, 365.0);
    check(f64::INFINITY, 365.0);
    for days in [0.0, -0.0, -1.0, f64::NEG_INFINITY, f64::NAN] {
        let refused = LookbackDays::new(days).expect_err("not a length of time");
        assert!(matches!(refused, EngagementError::LookbackDays(_)));
    }
    let refused = LookbackDays::new(-5.0).expect_err("negative");
    assert_eq!(refused.to_string(), "lookbackDays must be a number above 0, not -5");
}

#[test]
fn seconds_are_after_1970_and_before_2106() {
    for (seconds, expected) in [
        (-1, None),
        (0, None),
        (1, Some(1)),
        (4_294_967_295, Some(4_294_967_295)),
        (4_294_967_296, None),
        (i64::MIN, None),
        (i64::MAX, None),
    ] {
        assert_eq!(UnixSecond::new(seconds).map(UnixSecond::get), expected);
    }
}

#[test]
fn sessions_come_back_as_they_went_in() {
    let second = |s| UnixSecond::new(s).expect("in range");
    let session = |member, coach, channel| Session {
        member,
        coach,
        channel,
        at: second(1_766_000_000),
        updated_at: second(4_294_967_295),
    };
    let given = [
        session("m1", Some("c1"), Channel::VideoConference),
        session("m2", None, Channel::Chat),
        session("m1", Some("c2"), Channel::Phone),
        session("m3", Some("c1"), Channel::Email),
    ];
    let mut sessions = Sessions::default();
    for session in &given {
        sessions.push(session).expect("few ids");
    }
    assert_eq!(sessions.iter().collect::<Vec<_>>(), given);
}
