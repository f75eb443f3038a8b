//! Wire names become Rust names.

/// Words of a name: split at anything that is not a letter or digit, and where case rises.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    for c in name.chars() {
        let starts = !previous.is_ascii_alphanumeric()
            || (c.is_ascii_uppercase() && !previous.is_ascii_uppercase());
        if c.is_ascii_alphanumeric() {
            if starts {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(c.to_ascii_lowercase());
            }
        }
        previous = c;
    }
    words
}

/// `contact_reply_base_request` → `ContactReplyBaseRequest`.
pub(crate) fn pascal(name: &str) -> String {
    let capital = |word: &String| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    words(name).iter().map(capital).collect()
}

/// The Rust field of a wire field.
pub(crate) fn field(name: &str) -> String {
    match name {
        // Raw identifiers read badly, and `extra` holds what is unknown.
        "type" => "kind".to_owned(),
        "ref" => "reference".to_owned(),
        "self" => "itself".to_owned(),
        "extra" => "extra_field".to_owned(),
        _ => words(name).join("_"),
    }
}

/// The variant of an enumeration's value.
pub(crate) fn variant(value: &str) -> String {
    match value {
        // `Other(..)` is the value this crate does not know.
        "other" => "OtherValue".to_owned(),
        _ => {
            let name = pascal(value);
            let digit = name.starts_with(|c: char| c.is_ascii_digit());
            if digit { format!("Value{name}") } else { name }
        }
    }
}

/// One of what a list's name counts.
pub(crate) fn singular(name: &str) -> String {
    for (plural, ending) in [("ies", "y"), ("sses", "ss"), ("statuses", "status")] {
        if let Some(stem) = name.strip_suffix(plural) {
            return format!("{stem}{ending}");
        }
    }
    if name.ends_with("ss") || name.ends_with("us") {
        return name.to_owned();
    }
    name.strip_suffix('s').unwrap_or(name).to_owned()
}

/// A part of something: `CreateMessageRequest` and `From` make `CreateMessageFrom`, and `Message`
/// and `MessageType` do not repeat themselves.
pub(crate) fn part(owner: &str, field: &str) -> String {
    let owner = owner.strip_suffix("Request").unwrap_or(owner);
    if field.starts_with(owner) { field.to_owned() } else { format!("{owner}{field}") }
}

/// The struct of an operation without a name of its own: a verb, then what it is about.
pub(crate) fn operation(id: &str) -> String {
    let name = pascal(id);
    for (odd, verb) in [("Show", "Retrieve"), ("Get", "Retrieve"), ("Find", "Retrieve")] {
        if let Some(rest) = name.strip_prefix(odd)
            && rest.starts_with(|c: char| c.is_ascii_uppercase())
        {
            return format!("{verb}{rest}");
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::{field, operation, part, pascal, singular, variant};

    #[test]
    fn names_follow_one_pattern() {
        assert_eq!(pascal("contact_reply.user_id"), "ContactReplyUserId");
        assert_eq!(pascal("RetrieveACompanyById"), "RetrieveAcompanyById");
        assert_eq!(field("type"), "kind");
        assert_eq!(field("includeHistory"), "include_history");
        assert_eq!(variant("3rd_party_error"), "Value3rdPartyError");
        assert_eq!(variant("Back-office"), "BackOffice");
        assert_eq!(singular("companies"), "company");
        assert_eq!(singular("statuses"), "status");
        assert_eq!(part("CreateMessageRequest", "From"), "CreateMessageFrom");
        assert_eq!(part("Message", "MessageType"), "MessageType");
        assert_eq!(operation("showContact"), "RetrieveContact");
        assert_eq!(operation("settle"), "Settle");
    }
}
