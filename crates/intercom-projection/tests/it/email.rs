use intercom_projection::{Email, NoEmail};

#[track_caller]
fn check(text: &str, expected: Result<&str, NoEmail>) {
    let email: Result<Email, NoEmail> = text.parse();
    assert_eq!(email.as_ref().map(Email::as_str).map_err(|why| *why), expected, "{text:?}");
}

#[test]
fn addresses_are_tidied() {
    check("omar@member.example", Ok("omar@member.example"));
    check("  Omar.Uddin@Member.EXAMPLE\n", Ok("omar.uddin@member.example"));
    check("o'neil+news@member.example", Ok("o'neil+news@member.example"));
    check("zo\u{eb}@m\u{e9}mber.example", Ok("zo\u{eb}@m\u{e9}mber.example"));
}

#[test]
fn what_is_no_address_is_refused() {
    check("", Err(NoEmail::Missing));
    check("   ", Err(NoEmail::Missing));
    for text in [
        "omar",
        "@member.example",
        "omar@",
        "omar@@member.example",
        "omar uddin@member.example",
        "Omar <omar@member.example>",
        "omar@member..example",
        ".omar@member.example",
        "omar@member.example, hiro@member.example",
    ] {
        check(text, Err(NoEmail::Invalid));
    }
}

#[test]
fn the_grammar_has_quotes_and_address_literals() {
    for text in [
        "omar@[127.0.0.1]",
        "omar@[ipv6:2001:db8::1]",
        r#""omar uddin"@member.example"#,
        r#""omar@home"@member.example"#,
        r#""omar \"o\" \\ uddin"@member.example"#,
        r#""omar <o"@member.example"#,
        r#""a..b"@member.example"#,
        "!#$%&'*+-/=?^_`{|}~@member.example",
        "\u{1f98a}@member.example",
        "a@b",
        "1@2.example",
    ] {
        check(text, Ok(text));
    }
    let (local, label) = ("l".repeat(64), "d".repeat(63));
    check(&format!("{local}@{label}"), Ok(&format!("{local}@{label}")));
}

#[test]
fn what_the_grammar_has_and_nobody_means_is_refused() {
    for text in [
        "(omar)omar@member.example",
        "omar@member.example(office)",
        "omar @ member.example",
        "omar@ member.example",
        "\"omar\r\n uddin\"@member.example",
        "omar.\"u\"@member.example",
        "\"omar\".uddin@member.example",
        "\"omar\"uddin@member.example",
        "\"omar@member.example",
        "\"omar\\\"@member.example",
        "\"o\"o\"@member.example",
        "\"\"@member.example",
        "\"",
        "\"@\"",
        "omar@[]",
        "omar@[127.0.0.1",
        "omar@127.0.0.1]",
        "omar@[a]b]",
        "omar@[a b]",
        "omar@-member.example",
        "omar@member-.example",
        "omar@member.example.",
        "omar.@member.example",
        "om\u{200b}ar@member.example",
        "omar@mem\u{202e}ber.example",
        "om\u{7}ar@member.example",
        "om\u{a0}ar@member.example",
        "team: omar@member.example;",
    ] {
        check(text, Err(NoEmail::Invalid));
    }
    let (local, label, domain) = ("l".repeat(65), "d".repeat(64), "d.".repeat(127) + "dd");
    for text in [format!("{local}@b"), format!("a@{label}"), format!("a@{domain}")] {
        check(&text, Err(NoEmail::Invalid));
    }
}

#[test]
fn the_prefix_is_the_part_before_the_at() {
    let email: Email = "Omar.Uddin@member.example".parse().expect("valid");
    assert_eq!(email.prefix(), "omar.uddin");
    let email: Email = r#""omar@home"@[a@b]"#.parse().expect("valid");
    assert_eq!(email.prefix(), r#""omar@home""#);
    assert_eq!(format!("{email:?}"), "\"***@[a@b]");
}

#[test]
fn debugging_does_not_show_the_address() {
    let email: Email = "omar@member.example".parse().expect("valid");
    assert_eq!(format!("{email:?}"), "o***@member.example");
}
