use std::num::NonZeroU32;

use intercom_revenue::{Currency, Money, MoneyError, Ratio, Rounding};

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn currency(code: &str) -> Currency {
    code.parse().expect("a currency code")
}

fn ratio(numerator: i64, denominator: u32) -> Ratio {
    Ratio::new(numerator, NonZeroU32::new(denominator).expect("not zero in this test"))
}

#[test]
fn shows_the_decimals_of_the_currency() {
    fn check(minor: i64, code: &str, expected: &str) {
        assert_eq!(Money::new(minor, currency(code)).to_string(), expected);
    }
    check(29_900, "usd", "299.00 USD");
    check(-5, "EUR", "-0.05 EUR");
    check(5_000, "JPY", "5000 JPY");
    check(10_000, "kwd", "10.000 KWD");
    check(50_000, "ISK", "500.00 ISK");
    check(50_000, "UGX", "500.00 UGX");
    check(50_000, "HUF", "500.00 HUF");
    check(i64::MIN, "USD", "-92233720368547758.08 USD");
}

#[test]
fn reads_currency_codes_of_three_letters_only() {
    assert_eq!(currency(" usd "), Currency::USD);
    for text in ["", "US", "USDX", "U$D", "ÜS"] {
        assert_eq!(text.parse::<Currency>(), Err(MoneyError::NotACurrency(text.to_owned())));
    }
}

#[test]
fn refuses_to_mix_currencies_and_to_overflow() {
    let euro = Money::new(1, Currency::EUR);
    let mismatch = Err(MoneyError::CurrencyMismatch { left: Currency::USD, right: Currency::EUR });
    assert_eq!(usd(1).checked_add(euro), mismatch);
    assert_eq!(usd(1).checked_sub(euro), mismatch);
    assert_eq!(usd(i64::MAX).checked_add(usd(1)), Err(MoneyError::Overflow));
    assert_eq!(usd(i64::MIN).checked_sub(usd(1)), Err(MoneyError::Overflow));
    assert_eq!(usd(i64::MAX).checked_mul(2), Err(MoneyError::Overflow));
    assert_eq!(usd(2).checked_sub(usd(3)), Ok(usd(-1)));
}

#[test]
fn rounds_as_named() {
    fn check(numerator: i64, denominator: u32, [away, even, toward_zero]: [i128; 3]) {
        let ratio = ratio(numerator, denominator);
        assert_eq!(ratio.round(Rounding::HalfAwayFromZero), away, "{ratio}");
        assert_eq!(ratio.round(Rounding::HalfEven), even, "{ratio}");
        assert_eq!(ratio.round(Rounding::TowardZero), toward_zero, "{ratio}");
    }
    check(1, 2, [1, 0, 0]);
    check(3, 2, [2, 2, 1]);
    check(5, 3, [2, 2, 1]);
    check(4, 3, [1, 1, 1]);
    check(-1, 2, [-1, 0, 0]);
    check(-3, 2, [-2, -2, -1]);
    check(-4, 3, [-1, -1, -1]);
    check(-6, 3, [-2, -2, -2]);
    check(0, 7, [0, 0, 0]);
}

#[test]
fn keeps_fractions_in_lowest_terms() {
    assert_eq!(ratio(6, 4).to_string(), "3/2");
    assert_eq!(ratio(-12, 4).to_string(), "-3");
    assert_eq!(ratio(1, 6).checked_add(ratio(1, 3)), Some(ratio(1, 2)));
    assert_eq!(ratio(2, 3).checked_mul(ratio(3, 4)), Some(ratio(1, 2)));
    let huge = Ratio::whole(i128::MAX);
    assert_eq!(huge.checked_add(Ratio::ONE), None);
    assert_eq!(huge.checked_mul(huge), None);
    assert_eq!(Ratio::whole(i128::MIN).checked_mul(ratio(1, 2)).map(Ratio::denominator), Some(1));
}

#[test]
fn allocates_by_weight() {
    fn check(minor: i64, weights: &[u32], expected: &[i64]) {
        let parts = usd(minor).allocate(weights).expect("some weight");
        let minors: Vec<i64> = parts.into_iter().map(|part| part.minor).collect();
        assert_eq!(minors, expected);
    }
    check(100, &[1, 1, 1], &[34, 33, 33]);
    check(-100, &[1, 1, 1], &[-34, -33, -33]);
    check(5, &[3, 7], &[2, 3]);
    check(100, &[0, 1], &[0, 100]);
    check(0, &[1, 2], &[0, 0]);
    assert_eq!(usd(1).allocate(&[]), Err(MoneyError::NoWeight));
    assert_eq!(usd(1).allocate(&[0, 0]), Err(MoneyError::NoWeight));
}
