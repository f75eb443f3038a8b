use intercom_revenue::{QualityFactors, quality_score};

#[test]
fn every_factor_adds_its_points() {
    let check = |factors: QualityFactors, expected: u8| {
        assert_eq!(quality_score(&factors), expected, "{factors:?}");
    };
    let none = QualityFactors::default();
    check(none, 0);
    check(QualityFactors { has_stripe_customer: true, ..none }, 20);
    check(QualityFactors { has_active_subscription: true, ..none }, 20);
    check(QualityFactors { has_payments: true, ..none }, 15);
    check(QualityFactors { seen_recently: true, ..none }, 15);
    check(QualityFactors { has_location: true, ..none }, 10);
    check(QualityFactors { has_conversations: true, ..none }, 10);
    check(QualityFactors { has_csat: true, ..none }, 10);
    let all = QualityFactors {
        has_stripe_customer: true,
        has_active_subscription: true,
        has_payments: true,
        seen_recently: true,
        has_location: true,
        has_conversations: true,
        has_csat: true,
    };
    check(all, 100);
}

#[test]
fn all_factors_make_a_hundred() {
    let points = QualityFactors::default().factors().map(|factor| u32::from(factor.points));
    assert_eq!(points.iter().sum::<u32>(), 100);
}
