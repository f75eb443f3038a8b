//! Whether a message speaks of leaving.
//!
//! Single words mislead: "cancel" is said of meetings, "leaving" of comments. By default a message
//! counts when it says so in so many words, or when weaker words stand in the context of a contract
//! or several times.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use serde::{Deserialize, Serialize};

use crate::quoted::own_words;
use crate::redact::opaque_debug;

/// How messages that speak of leaving are recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MentionRule {
    /// Whole words, judged by what stands around them.
    #[default]
    Context,
    /// The keywords of the specification, wherever the letters occur.
    Seed,
}

/// Words that speak of leaving.
///
/// `Debug` shows how sure they are: the words are a customer's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// The words as they were found, single-spaced.
    pub words: String,
    /// How sure they are.
    pub strength: Strength,
}

opaque_debug!(Mention, |it| { strength: it.strength });

/// How sure a mention is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Words that also mean other things, in a context that speaks for leaving.
    Weak,
    /// It is said in so many words.
    Strong,
}

/// The keywords of the specification.
const KEYWORDS: [&str; 8] = [
    "cancel",
    "cancellation",
    "cancelling",
    "churn",
    "leaving",
    "switching",
    "not renewing",
    "won't renew",
];

static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .build(KEYWORDS)
        .expect("a handful of short words fits an automaton")
});

/// What a customer pays for.
const CONTRACT: [&str; 26] = [
    "account",
    "agreement",
    "billing",
    "contract",
    "contracts",
    "invoice",
    "invoices",
    "license",
    "licenses",
    "licence",
    "licences",
    "membership",
    "memberships",
    "package",
    "plan",
    "plans",
    "pricing",
    "provider",
    "refund",
    "renewal",
    "seats",
    "service",
    "subscription",
    "subscriptions",
    "trial",
    "vendor",
];

/// What is cancelled without anybody leaving.
const DATES: [&str; 25] = [
    "appointment",
    "appointments",
    "booking",
    "bookings",
    "call",
    "calls",
    "chat",
    "class",
    "date",
    "demo",
    "event",
    "flight",
    "interview",
    "invitation",
    "invite",
    "lesson",
    "meeting",
    "meetings",
    "order",
    "reservation",
    "session",
    "sessions",
    "slot",
    "trip",
    "webinar",
];

/// What people leave or switch in passing.
const IN_PASSING: [&str; 21] = [
    "browser",
    "browsers",
    "coach",
    "coaches",
    "comment",
    "comments",
    "device",
    "devices",
    "feedback",
    "home",
    "language",
    "message",
    "mode",
    "modes",
    "note",
    "notes",
    "office",
    "review",
    "tab",
    "tabs",
    "voicemail",
];

/// What is taken back without anybody leaving, when it is this that is cancelled.
const PAPERS: [&str; 18] = [
    "charge",
    "charges",
    "download",
    "draft",
    "export",
    "import",
    "invoice",
    "invoices",
    "receipt",
    "refund",
    "request",
    "shipment",
    "ticket",
    "tickets",
    "transaction",
    "transfer",
    "upgrade",
    "upload",
];

/// Where what is cancelled has been named.
const BREAKS: [&str; 14] = [
    "after", "and", "as", "because", "before", "but", "for", "if", "or", "since", "so", "then",
    "when", "with",
];

const COMPETITORS: [&str; 5] =
    ["competing", "competition", "competitor", "competitor's", "competitors"];

/// How people get to a competitor.
const DEPARTURES: [&str; 16] = [
    "changing",
    "go",
    "going",
    "leave",
    "leaving",
    "left",
    "migrate",
    "migrated",
    "migrating",
    "move",
    "moved",
    "moving",
    "switch",
    "switched",
    "switching",
    "went",
];

const NEGATIONS: [&str; 9] =
    ["cannot", "didn't", "don't", "dont", "never", "not", "won't", "wont", "without"];

/// Words of somebody who means to do something.
const INTENTIONS: [&str; 22] = [
    "about",
    "asked",
    "can",
    "considering",
    "decided",
    "going",
    "gonna",
    "how",
    "let's",
    "like",
    "must",
    "need",
    "planning",
    "please",
    "requesting",
    "should",
    "thinking",
    "to",
    "try",
    "trying",
    "want",
    "wish",
];

/// The first words of `html` that speak of leaving, the surest before others.
///
/// Tags, character references, typographic apostrophes and runs of space hide nothing; what a mail
/// program quotes is not read, nor are web and e-mail addresses in context.
#[must_use]
pub fn cancel_mention(html: &str, rule: MentionRule) -> Option<Mention> {
    let text = own_words(html);
    match rule {
        MentionRule::Seed => keyword(&text),
        // Most messages have none of the letters, and a scan costs little.
        MentionRule::Context if !may_speak_of_leaving(&text) => None,
        MentionRule::Context => in_context(&without_addresses(&text)),
    }
}

fn keyword(text: &str) -> Option<Mention> {
    let found = AUTOMATON
        .find_overlapping_iter(text)
        .min_by_key(|found| (found.start(), std::cmp::Reverse(found.end())))?;
    let words = text[found.start()..found.end()].to_owned();
    Some(Mention { words, strength: Strength::Strong })
}

static STEMS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let stems = [
        "cancel",
        "churn",
        "compet",
        "leaving",
        "switching",
        "renew",
        "close",
        "delet",
        "terminat",
    ];
    AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .build(stems)
        .expect("a handful of short words fits an automaton")
});

fn may_speak_of_leaving(text: &str) -> bool {
    STEMS.is_match(text)
}

/// The text without web and e-mail addresses, which name pages and mailboxes.
fn without_addresses(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for word in text.split(' ') {
        words.push_str(if is_address(word) { "," } else { word });
        words.push(' ');
    }
    words
}

/// Whether a word has a scheme, or a name with a dot before its first slash or behind an `@`.
fn is_address(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let has_dot = |name: &str| {
        let mut labels = name.split('.');
        let is_label = |label: &str| !label.is_empty() && label.chars().all(is_of_label);
        labels.clone().nth(1).is_some() && labels.all(is_label)
    };
    let host = word.split('/').next().unwrap_or_default();
    word.contains("://")
        || word.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."))
        || host.len() < word.len() && has_dot(host)
        || word.rsplit_once('@').is_some_and(|(_, domain)| has_dot(domain))
}

fn is_of_label(c: char) -> bool {
    c.is_alphanumeric() || c == '-'
}

fn in_context(text: &str) -> Option<Mention> {
    let text = text.to_lowercase();
    let mut weak = Vec::new();
    let mut in_contract = None;
    for sentence in text.split(['.', '!', '?', ';']) {
        let speaks_of_contract = words(sentence).any(|word| CONTRACT.contains(&word));
        for clause in sentence.split(',') {
            let words: Vec<&str> = words(clause).collect();
            for at in 0..words.len() {
                let Some((strength, from)) = judge(&words, at) else { continue };
                let said = words[from..=at].join(" ");
                match strength {
                    Strength::Strong => return Some(Mention { words: said, strength }),
                    Strength::Weak if speaks_of_contract => {
                        in_contract.get_or_insert(said);
                    }
                    Strength::Weak => weak.push(said),
                }
            }
        }
    }
    let several = (weak.len() > 1).then(|| weak.join(" … "));
    let words = in_contract.or(several)?;
    Some(Mention { words, strength: Strength::Weak })
}

fn words(sentence: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '\'';
    let words = sentence.split(move |c: char| !is_word(c));
    words.map(|word| word.trim_matches('\'')).filter(|word| !word.is_empty())
}

/// How sure the word at a place speaks of leaving, and from which word on.
fn judge(words: &[&str], at: usize) -> Option<(Strength, usize)> {
    let before = &words[at.saturating_sub(4)..at];
    let after = &words[at + 1..words.len().min(at + 5)];
    let near = |list: &[&str]| before.iter().chain(after).any(|word| list.contains(word));
    let since = |list: &[&str]| before.iter().rposition(|word| list.contains(word));
    let intended = before.iter().position(|word| INTENTIONS.contains(word));
    let from = |place: usize| at - before.len() + place;
    match words[at] {
        "cancel" | "cancels" | "cancelling" | "canceling" | "cancelled" | "canceled"
        | "cancellation" | "cancellations" => {
            let named = after.iter().any(|word| CONTRACT.contains(word));
            let denied = since(&NEGATIONS).is_some_and(|place| place + 4 > before.len());
            let mut object = after.iter().take_while(|word| !BREAKS.contains(word));
            let paper = object.any(|word| PAPERS.contains(word));
            if denied || paper || before.last() == Some(&"noise") || !named && near(&DATES) {
                return None;
            }
            match intended {
                Some(place) if !words[at].ends_with("ed") => Some((Strength::Strong, from(place))),
                _ if named => Some((Strength::Strong, at)),
                _ => Some((Strength::Weak, at)),
            }
        }
        "renew" | "renewing" | "renewed" => {
            let place = since(&NEGATIONS)?;
            // Who asks why it is not renewed wants it renewed; who cannot renew may want to.
            if words[..at].contains(&"why") {
                return None;
            }
            let unable = before[place] == "cannot" || near(&["can", "could", "able"]);
            let strength = if unable { Strength::Weak } else { Strength::Strong };
            Some((strength, from(place)))
        }
        "churn" | "churning" => Some((Strength::Strong, at)),
        "leaving" | "switching" => {
            let in_passing = after.iter().any(|word| IN_PASSING.contains(word));
            (!in_passing && !near(&DATES)).then_some((Strength::Weak, at))
        }
        word if COMPETITORS.contains(&word) => {
            let before = &words[..at];
            let place = before.iter().rposition(|word| DEPARTURES.contains(word))?;
            let denied = before[..place].iter().any(|word| NEGATIONS.contains(word));
            let arrives = before[place..].contains(&"from");
            (!denied && !arrives).then_some((Strength::Strong, place))
        }
        word if CONTRACT.contains(&word) => {
            let ends = ["close", "closing", "delete", "deleting", "terminate", "terminating"];
            let place = since(&ends)?;
            let owned = before[place + 1..].iter().any(|word| ["my", "our", "the"].contains(word));
            let denied = before[..place].iter().any(|word| NEGATIONS.contains(word));
            (owned && !denied).then_some((Strength::Strong, from(place)))
        }
        _ => None,
    }
}
