//! What payments brought: refunds, disputes, other words, repeats, strange dates.

use intercom_revenue::{BillingHistory, Currency, Dispute, Payment, PaymentStatus, Preset, Refund};

use super::{Row, days, succeeded};

pub(super) fn rows() -> Vec<Row> {
    [outcomes(), reversals(), oddities()].into_iter().flatten().collect()
}

fn in_status(status: &str) -> Payment {
    Payment { status: PaymentStatus::parse(status), ..succeeded(29_900) }
}

fn outcomes() -> Vec<Row> {
    let uncollected = ["failed", "pending", "requires_action", "canceled"].map(in_status);
    let one_off = BillingHistory {
        subscriptions: Some(vec![]),
        payments: Some(vec![succeeded(50_000)]),
        ..Default::default()
    };
    vec![
        Row::ltv(47, vec![succeeded(29_900)]).seed("299.00 USD").default("299.00 USD"),
        Row::ltv(51, uncollected.to_vec()).seed("0.00 USD").default("0.00 USD"),
        Row::ltv(52, vec![in_status("paid")]).seed("0.00 USD").default("299.00 USD"),
        Row::of(56, one_off, "ltv").seed("500.00 USD").default("500.00 USD").also(
            Preset::Default,
            "mrr",
            "0.00 USD",
        ),
    ]
}

fn reversals() -> Vec<Row> {
    let refunded = |refund| vec![Payment { refund, ..succeeded(29_900) }];
    let disputed = |dispute| Payment { dispute: Some(dispute), ..succeeded(29_900) };
    vec![
        Row::ltv(48, refunded(Refund::Part(10_000.into())))
            .seed("299.00 USD refunded")
            .default("299.00 USD refunded")
            .also(Preset::Default, "net", "199.00 USD refunded")
            .best("199.00 USD refunded"),
        Row::ltv(49, refunded(Refund::Everything))
            .seed("299.00 USD refunded")
            .default("299.00 USD refunded")
            .also(Preset::Default, "net", "0.00 USD refunded")
            .best("0.00 USD refunded"),
        Row::ltv(50, vec![disputed(Dispute::Lost), disputed(Dispute::Open)])
            .seed("598.00 USD open_dispute lost_dispute")
            .default("598.00 USD open_dispute lost_dispute")
            .also(Preset::Default, "net", "299.00 USD open_dispute lost_dispute")
            .best("299.00 USD open_dispute lost_dispute"),
        Row::ltv(53, vec![succeeded(29_900), succeeded(-5_000)])
            .seed("249.00 USD")
            .default("249.00 USD"),
    ]
}

fn oddities() -> Vec<Row> {
    let named = Payment { id: Some("ch_1".to_owned()), ..succeeded(29_900) };
    let yen = Payment { currency: Some(Currency::JPY), ..succeeded(29_900) };
    let early = Payment { created_at: days(1), ..succeeded(29_900) };
    let undated = Payment { created_at: None, ..succeeded(100) };
    let dated = Payment { created_at: days(-30), ..succeeded(200) };
    let taxed = Payment { tax: Some(4_774.into()), ..succeeded(29_900) };
    vec![
        Row::ltv(54, vec![named.clone(), named]).seed("598.00 USD").default("299.00 USD duplicate"),
        Row::ltv(55, vec![yen]).seed("299.00 USD").default("29900 JPY"),
        Row::ltv(57, vec![early, undated, dated])
            .seed("302.00 USD future_date")
            .default("302.00 USD future_date")
            .also(Preset::Default, "last payment", "2.00 USD future_date"),
        Row::ltv(58, vec![taxed]).seed("299.00 USD").default("299.00 USD").also(
            Preset::Default,
            "net",
            "251.26 USD",
        ),
    ]
}
