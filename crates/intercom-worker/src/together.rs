//! Many notices about customers, told in as few messages as name the customers.

use intercom_outreach::Message;
use intercom_revenue::{Alert, Movement};
use intercom_store::{CustomerNotice, Workspace};
use url::Url;

use crate::words::{TALKS, money, quoted, talk};

/// Customers that a message names. With their names shortened, a message stays within what the
/// channel takes.
const NAMED_IN_ONE: usize = 50;

/// The most characters of a paragraph; the channel takes a few more.
const MAX_PARAGRAPH: usize = 2_800;

/// The most characters of a name that are shown.
const MAX_NAME: usize = 60;

/// A message, and what it tells.
pub(crate) struct Together<T> {
    pub(crate) message: Message,
    pub(crate) told: Vec<T>,
}

/// What notices that stand together have in common, in the order in which they are told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Lost,
    PaysLess,
    PaysMore,
    Changed,
    HighValue,
    Mentions,
    Overdue,
}

impl Group {
    fn of(alert: &Alert) -> Self {
        match alert {
            Alert::NewHighValueCustomer { .. } => Self::HighValue,
            Alert::CancelMention => Self::Mentions,
            Alert::PaymentDelinquent => Self::Overdue,
            Alert::LargeMrrChange { movement, .. } => match movement {
                Movement::Churn => Self::Lost,
                Movement::Contraction => Self::PaysLess,
                Movement::Expansion => Self::PaysMore,
                Movement::New
                | Movement::Reactivation
                | Movement::CurrencyChange
                | Movement::Exchange => Self::Changed,
            },
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Lost => "Lost customers",
            Self::PaysLess => "Customers who pay much less",
            Self::PaysMore => "Customers who pay much more",
            Self::Changed => "Customers whose MRR has changed",
            Self::HighValue => "New high-value customers",
            Self::Mentions => "Customers who mention leaving",
            Self::Overdue => "Overdue payments",
        }
    }
}

/// The messages that tell the notices, each with what was given along with those it tells: the
/// `n_named` of the largest amounts by name, and in a last message how many more there are, with
/// `see_rest`.
pub(crate) fn together<T>(
    mut notices: Vec<(T, CustomerNotice)>,
    n_named: usize,
    see_rest: Option<&str>,
    workspace: &Workspace,
    app: &Url,
) -> Vec<Together<T>> {
    let n_all = notices.len();
    notices.sort_by_key(|(_, notice)| std::cmp::Reverse(amount(notice)));
    let rest = notices.split_off(n_named.min(n_all));
    notices.sort_by_key(|(_, notice)| Group::of(&notice.alert));
    let n_parts = notices.len().div_ceil(NAMED_IN_ONE) + usize::from(!rest.is_empty());
    let headline = |part: usize| match n_parts {
        1 => format!("{n_all} alerts at once"),
        _ => format!("{n_all} alerts at once, {part} of {n_parts}"),
    };
    let mut messages = Vec::new();
    let mut notices = notices.into_iter().peekable();
    while notices.peek().is_some() {
        let (told, named): (Vec<T>, Vec<CustomerNotice>) =
            notices.by_ref().take(NAMED_IN_ONE).unzip();
        let message = Message::new(headline(messages.len() + 1));
        let message = named
            .chunk_by(|a, b| Group::of(&a.alert) == Group::of(&b.alert))
            .fold(message, |message, group| with_group(message, group, workspace, app));
        messages.push(Together { message, told });
    }
    if !rest.is_empty() {
        let message = with_rest(Message::new(headline(n_parts)), &rest, see_rest);
        let told = rest.into_iter().map(|(given, _)| given).collect();
        messages.push(Together { message, told });
    }
    messages
}

/// What is at stake.
fn amount(notice: &CustomerNotice) -> u64 {
    match &notice.alert {
        Alert::LargeMrrChange { from, to, .. } if from.currency == to.currency => {
            from.minor.abs_diff(to.minor)
        }
        Alert::LargeMrrChange { from, .. } => from.minor.unsigned_abs(),
        Alert::NewHighValueCustomer { mrr } => mrr.minor.unsigned_abs(),
        Alert::CancelMention | Alert::PaymentDelinquent => {
            notice.mrr.map_or(0, |mrr| mrr.minor.unsigned_abs())
        }
    }
}

fn with_group(
    message: Message,
    notices: &[CustomerNotice],
    workspace: &Workspace,
    app: &Url,
) -> Message {
    let Some(group) = notices.first().map(|notice| Group::of(&notice.alert)) else {
        return message;
    };
    let has_words = notices.iter().any(|notice| notice.said.is_some());
    let lines = notices.iter().zip(1..).map(|(notice, place)| match has_words {
        true => format!("{place}. {}", line(notice)),
        false => format!("• {}", line(notice)),
    });
    let title = format!("{}: {}", group.title(), notices.len());
    let lines: Vec<String> = [title].into_iter().chain(lines).collect();
    let message = paragraphs(lines).into_iter().fold(message, Message::lines);
    let talks = notices.iter().map(|notice| talk(notice.said.as_ref()?, workspace, app));
    talks.zip(TALKS).fold(message, |message, (page, label)| match page {
        Some(page) => message.link(label, page),
        None => message,
    })
}

/// Lines in paragraphs of which none is too long, so that no line is left out.
fn paragraphs(lines: Vec<String>) -> Vec<Vec<String>> {
    let (mut paragraphs, mut n_chars) = (vec![Vec::new()], 0);
    for line in lines {
        // What has a meaning to the channel is sent as an escape.
        let length = |c: char| if matches!(c, '&' | '<' | '>') { 5 } else { 1 };
        let n_more = line.chars().map(length).sum::<usize>() + 1;
        if n_chars + n_more > MAX_PARAGRAPH {
            paragraphs.push(Vec::new());
            n_chars = 0;
        }
        n_chars += n_more;
        paragraphs.last_mut().expect("there is always one").push(line);
    }
    paragraphs
}

fn with_rest<T>(message: Message, rest: &[(T, CustomerNotice)], see_rest: Option<&str>) -> Message {
    let mut groups: Vec<Group> = rest.iter().map(|(_, notice)| Group::of(&notice.alert)).collect();
    groups.sort();
    let counts = groups
        .chunk_by(|a, b| a == b)
        .filter_map(|group| Some(format!("{}: {}", group.first()?.title(), group.len())));
    let title = format!("{} alerts of smaller amounts:", rest.len());
    let message = message.lines([title].into_iter().chain(counts).collect());
    match see_rest {
        Some(sentence) => message.lines(vec![sentence.to_owned()]),
        None => message,
    }
}

/// Whom it is about, and the figures.
fn line(notice: &CustomerNotice) -> String {
    let mut line = String::new();
    if let Some(name) = &notice.name {
        line.extend(name.chars().take(MAX_NAME));
        if name.chars().count() > MAX_NAME {
            line.push('…');
        }
        line.push_str(" · ");
    }
    line.push_str(&notice.email);
    let mrr = match &notice.alert {
        Alert::LargeMrrChange { from, to, .. } => {
            Some(format!("{} → {}", money(*from), money(*to)))
        }
        Alert::NewHighValueCustomer { mrr } => Some(money(*mrr)),
        Alert::CancelMention | Alert::PaymentDelinquent => notice.mrr.map(money),
    };
    if let Some(mrr) = mrr {
        line.push_str(" · ");
        line.push_str(&mrr);
    }
    if let Some(said) = &notice.said {
        line.push_str(" · ");
        line.push_str(&quoted(&said.words));
    }
    line
}
