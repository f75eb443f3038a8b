//! Events in the proportions of a product: half tracks, four in ten identifies, the rest groups.

use serde_json::{Value, json};

/// Invented events, one a line; always the same ones.
pub(crate) fn events(n_events: usize) -> String {
    let mut text = String::new();
    for n in 0..n_events {
        let event = match n % 10 {
            0..5 => track(n),
            5..9 => identify(n),
            _ => group(n),
        };
        text.push_str(&event.to_string());
        text.push('\n');
    }
    text
}

fn track(n: usize) -> Value {
    let traits = json!({ "email": email(n) });
    let mut event = envelope("track", n, &traits);
    event["event"] = json!(["Invite Sent", "Report Exported", "Plan Changed"][n % 3]);
    event["properties"] = json!({
        "order_id": format!("ord_{n:08x}"),
        "price": { "amount": 1000 + n, "currency": "eur" },
        "article": { "url": format!("https://example.com/p/{n:x}"), "value": format!("Item {n}") },
        "category": "books",
        "quantity": n % 9,
        "gift": n.is_multiple_of(2),
        "products": [{ "sku": format!("SKU-{n:05x}"), "price": 20.43, "qty": 3 }],
        "shipping": { "method": "std", "address": { "city": "Køge", "country": "DK" } },
        "coupon": null,
    });
    event
}

fn identify(n: usize) -> Value {
    let traits = json!({
        "email": email(n),
        "firstName": "Zoë",
        "lastName": "Quote \" and \\",
        "phone": format!("+1555{n:07}"),
        "avatar": format!("https://cdn.example.com/a/{n:x}.png"),
        "createdAt": "2019-01-04T05:01:04.000Z",
        "lastSeenAt": "2023-11-05T04:00:06.000Z",
        "role": "user",
        "plan": "pro",
        "seats": n,
        "mrr": 3008.21,
        "is_admin": false,
        "last_invoice_at": 1_693_647_380,
        "address": { "street": "113 Main St", "city": "Osaka", "country": "JP" },
        "preferences": { "newsletter": false, "theme": "light", "channels": ["email"] },
        "acquisition": { "source": "ads", "campaign": { "name": "camp-35", "medium": "cpc" } },
        "labels": [],
    });
    envelope("identify", n, &traits)
}

fn group(n: usize) -> Value {
    let mut event = envelope("group", n, &json!({ "email": email(n) }));
    event["groupId"] = json!(format!("co_{}", n % 50));
    event["traits"] = json!({
        "name": format!("Everfield {n}"),
        "size": n,
        "website": "https://co34.example.com",
        "industry": "retail",
        "plan": "enterprise",
        "monthlySpend": 3602.15,
        "remoteCreatedAt": 1_583_130_194,
        "hq": { "city": "Lyon", "country": "FR", "geo": { "lat": -74, "lon": 40 } },
        "integrations_used": ["slack", "jira"],
    });
    event
}

fn envelope(kind: &str, n: usize, traits: &Value) -> Value {
    json!({
        "messageId": format!("849d73eb-438a-4907-ad09-{n:012x}"),
        "anonymousId": format!("700893a3-4bd8-4344-a1aa-{n:012x}"),
        "userId": format!("user_{}", n % 700),
        "channel": "web",
        "timestamp": format!("2024-07-04T11:{:02}:{:02}.174Z", n / 60 % 60, n % 60),
        "originalTimestamp": "2024-07-04T11:20:21.105Z",
        "sentAt": "2024-07-04T11:20:22.613Z",
        "receivedAt": "2024-07-04T11:20:25.044Z",
        "integrations": { "All": true },
        "type": kind,
        "context": {
            "library": { "name": "invented-js", "version": "1.21.1" },
            "ip": "203.0.113.133",
            "locale": "fr-FR",
            "timezone": "Europe/Paris",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0",
            "page": { "path": "/app/reports", "url": "https://app.example.com/e69595" },
            "traits": traits,
        },
    })
}

fn email(n: usize) -> String {
    format!("noor.lund.{}@example.com", n % 700)
}
