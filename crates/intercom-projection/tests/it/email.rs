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
        "omar@[127.0.0.1]",
        "omar@member..example",
        ".omar@member.example",
        "omar@member.example, hiro@member.example",
    ] {
        check(text, Err(NoEmail::Invalid));
    }
}

#[test]
fn the_prefix_is_the_part_before_the_at() {
    let email: Email = "Omar.Uddin@member.example".parse().expect("valid");
    assert_eq!(email.prefix(), "omar.uddin");
}

#[test]
fn debugging_does_not_show_the_address() {
    let email: Email = "omar@member.example".parse().expect("valid");
    assert_eq!(format!("{email:?}"), "o***@member.example");
}
