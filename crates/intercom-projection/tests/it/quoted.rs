use intercom_projection::{MentionRule, cancel_mention};

const QUOTE: &str = "Do you want to cancel your plan?";

/// The mention in a message that has `{quote}` for the words of somebody else.
#[track_caller]
fn check(html: &str, expected: Option<&str>) {
    let html = html.replace("{quote}", QUOTE);
    let found = cancel_mention(&html, MentionRule::Context);
    let shown: String = html.chars().take(300).collect();
    assert_eq!(found.as_ref().map(|mention| mention.words.as_str()), expected, "{shown:?}");
}

fn quoted(html: &str) {
    check(html, None);
}

fn said(html: &str) {
    check(html, Some("want to cancel"));
}

#[test]
fn elements_of_mail_programs_quote() {
    quoted("<p>No!</p><blockquote><p>{quote}</p></blockquote>");
    quoted(r#"No<div class="gmail_quote"><div>{quote}</div> {quote}</div>"#);
    quoted(r#"No<div dir=ltr CLASS='x gmail_quote_container'>{quote}</div>"#);
    quoted(r#"No<div class="gmail_quote gmail_quote_container"><div>{quote}</div></div>"#);
    quoted("No<div class=gmail_quote>{quote}</div>");
    quoted("No<div class=\"x_gmail_quote\">{quote}</div>");
    quoted(r#"No<div id="mail-editor-reference-message-container"><p>{quote}</p></div>"#);
    quoted(r#"No<span id="OLK_SRC_BODY_SECTION"><div>{quote}</div></span>"#);
    said("<blockquote>No?</blockquote>We want to cancel");
    said(r#"<div class="gmail_quote"><div>Stay?</div></div><div>We want to cancel</div>"#);
}

#[test]
fn a_class_is_a_whole_word_of_the_class() {
    said(r#"<div class="not_gmail_quote">We want to cancel</div>"#);
    said(r#"<div class="gmail_quotes">We want to cancel</div>"#);
    said(r#"<div id="gmail_quote" title='class="gmail_quote"'>We want to cancel</div>"#);
    said(r#"<div data-class="gmail_quote">We want to cancel</div>"#);
    said(r#"<div class="a" class="gmail_quote">We want to cancel</div>"#);
}

#[test]
fn outlook_on_the_web_quotes_to_the_end() {
    quoted(
        r#"<div>No</div><div id="appendonsend"></div>
        <hr style="display:inline-block;width:98%" tabindex="-1">
        <div id="divRplyFwdMsg" dir="ltr"><font face="Calibri"><b>Od:</b> Carol<br>
        <b>Data:</b> 5.01.2026<br>{quote}</font><div>&nbsp;</div></div>
        <div>{quote}</div><p>{quote}</p>"#,
    );
    quoted(r#"No<hr><div id=x_x_divRplyFwdMsg>Carol</div><blockquote>a</blockquote>{quote}"#);
    quoted(r#"No<hr id="stopSpelling">Carol<br>{quote}"#);
    said(r#"We want to cancel<hr><div id="divRplyFwdMsg">Carol</div>Stay?"#);
    said(r#"<div>Hello</div><hr><div id="ourRplyFwdMsg">We want to cancel</div>"#);
}

#[test]
fn lines_quote() {
    quoted("No\n&gt; {quote}\n&gt;&gt; {quote}");
    quoted("No\n> {quote}");
    quoted("No\n-----Original Message-----\nFrom: Carol\n{quote}");
    quoted("No<br><b>From:</b> Carol<br><b>Sent:</b> Monday<br>To: Bob<br>{quote}");
    quoted("No<br>*From:* Carol<br>*Date:* Monday<br>To: Bob<br>{quote}");
    quoted("Nein\nVon: Carol\nGesendet: Montag\n{quote}");
    said("From: now on\nwe want to cancel");
}

#[test]
fn the_line_above_a_quote_has_a_date_and_an_author() {
    for line in [
        "On Mon, Jan 5, 2026 at 10:15 AM Carol &lt;carol@x.example&gt; wrote:",
        "On Mon, Jan 5, 2026 at 10:15 AM Carol Smith\n&lt;carol@x.example&gt; wrote:",
        "On 5 Jan 2026, at 10:15, Carol Smith wrote:",
        "On 1/5/26 10:15 AM, Carol wrote:",
        "Am 05.01.26 um 10:15 schrieb Carol Smith:",
        "Am Mo., 5. Jan. 2026 um 10:15 Uhr schrieb Carol &lt;carol@x.example&gt;:",
        "Carol &lt;carol@x.example&gt; schrieb am Mo., 5. Jan. 2026, 10:15:",
        "Le lun. 5 janv. 2026 \u{e0} 10:15, Carol &lt;carol@x.example&gt; a \u{e9}crit\u{a0}:",
        "El lun, 5 ene 2026 a las 10:15, Carol (&lt;carol@x.example&gt;) escribi\u{f3}:",
        "Il giorno lun 5 gen 2026 alle ore 10:15 Carol ha scritto:",
        "Em seg., 5 de jan. de 2026 \u{e0}s 10:15, Carol escreveu:",
        "Op ma 5 jan 2026 om 10:15 schreef Carol Smith:",
    ] {
        quoted(&format!("No<br>{line}<br><br>{{quote}}"));
    }
}

#[test]
fn a_line_that_only_looks_like_one_quotes_what_is_marked() {
    for line in [
        "On Monday your colleague wrote:",
        "On Monday, Carol wrote:",
        "On 5 January 2026 your colleague wrote:",
        "On 5 January 2026 at 10:15 I wrote:",
        "This is what we wrote:",
        "Am 5. Januar 2026 schrieb Ihr Kollege:",
        "Am 5. Januar 2026 um 10:15 schrieb Ihr Kollege:",
        "Hier ist, was ich schrieb:",
    ] {
        said(&format!("Hello<br>{line}<br>Stay! But we want to cancel"));
        said(&format!("{line}<br>&gt; Stay?<br>We want to cancel"));
        quoted(&format!("No<br>{line}<br>&gt; {{quote}}"));
        quoted(&format!("No<br>{line}<blockquote>{{quote}}</blockquote>"));
    }
    said("On 5 Jan 2026, at 10:15, Carol wrote:<blockquote>Stay?</blockquote>We want to cancel");
    said("We want to cancel, as on Jan 5, 2026 at 10:15 AM Carol wrote:<br>Stay!");
}

#[test]
fn what_nobody_sees_is_not_said() {
    quoted("<style>.cancel { content: '{quote}' }</style>No");
    quoted("<!-- > {quote} -->No");
    quoted("<!--[if mso]><p>{quote}</p><![endif]-->No");
    quoted("<a title='> {quote}'>No</a>");
    quoted("<a title=\"> {quote}\">No</a>");
    said("<style>p {}</style>We want to cancel");
    said("<style><style></style>We want to cancel");
    said("<head><title>Hello</title><body>We want to cancel");
    said("<!-- We want to cancel");
    said("<!-->We want to cancel");
    said("<a title=\">We want to cancel</a>");
    said("<a it's>We want to cancel</a>");
}

/// What looks ahead from every element or line would take minutes.
#[test]
fn hostile_markup_takes_no_longer_than_other() {
    let (n, deep) = (30_000, 200_000);
    said(&format!("{}We want to cancel", "<div>".repeat(deep)));
    said(&format!("{}We want to cancel", "<a href=\"".repeat(n)));
    said(&format!("{}We want to cancel", "<a href=\">".repeat(n)));
    said(&format!("{}We want to cancel", "<a b=\">\" ".repeat(n)));
    said(&format!("{}We want to cancel", "<!--".repeat(n)));
    said(&format!("{}We want to cancel", "<!-- >".repeat(n)));
    said(&format!("{}We want to cancel", "Carol wrote:\n\n".repeat(n)));
    said(&format!("{}We want to cancel", "On 5 Jan 2026\n".repeat(n)));
    said(&format!("{}We want to cancel", "From:\n\n\n".repeat(n)));
    said(&format!("We want to cancel{}", "<".repeat(1_000_000)));
    said(&format!("We want to cancel <{}", " a=b".repeat(250_000)));
    said(&format!("We want to cancel{}", "<div class=\"gmail_quote\">".repeat(n)));
    quoted(&format!("{}{{quote}}", "<blockquote>".repeat(deep)));
    quoted(&format!("{}{{quote}}", "<div class=\"gmail_quote\">".repeat(n)));
    let line = "x".repeat(1_000_000);
    said(&format!("We want to cancel\nOn 5 Jan 2026 at 10:15 {line} wrote:"));
    said(&format!("We want to cancel\nhttps://{line}"));
    said(&format!("We want to cancel\n{}", "a.b/".repeat(250_000)));
}
