//! Which of some names was meant.

/// The name that is most like a text, unless they differ in more than a third.
///
/// A parameter is one whatever it is called and however it is written: `:id`, `{contact_id}`, a
/// number, an address. A text without a method is compared with paths alone.
pub(super) fn nearest(text: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let given = shape(text);
    let distances = names.map(|name| {
        let known = match (text.starts_with('/'), name.rsplit_once(' ')) {
            (true, Some((_, path))) => path,
            (true, None) | (false, _) => &name,
        };
        (distance(&given, &shape(known)), name)
    });
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= given.len()).then_some(name)
}

/// A route in which every parameter looks the same.
fn shape(route: &str) -> Vec<char> {
    let segments = route.split('/').map(|segment| {
        let is_parameter = segment.starts_with([':', '{', '<', '*', '$'])
            || segment.contains(|c: char| c.is_ascii_digit() || c == '@') && !segment.contains(' ');
        if is_parameter { "{}".to_owned() } else { segment.to_ascii_lowercase() }
    });
    segments.collect::<Vec<_>>().join("/").chars().collect()
}

/// How many letters have to be added, left out or replaced.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;
    use crate::routes;

    #[test]
    fn the_nearest_route_is_the_one_that_was_meant() {
        for (text, expected) in [
            ("GET /contact", Some("GET /contacts")),
            ("get /contacts", Some("GET /contacts")),
            ("GET /contacts/:id", Some("GET /contacts/{id}")),
            ("GET /contacts/{contact_id}", Some("GET /contacts/{id}")),
            ("PUT /contacts/65f1a0c2", Some("PUT /contacts/{id}")),
            ("POST /contact/search", Some("POST /contacts/search")),
            ("/contacts/search", Some("POST /contacts/search")),
            ("/me", Some("GET /me")),
            ("GET /contacts/joe@example.com", Some("GET /contacts/{id}")),
            ("POST  /conversations/{id}/replys", Some("POST /conversations/{id}/reply")),
            ("1.4 GET /user", Some("1.4 GET /users")),
            ("GET /articles/collections/everything", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, routes::names()).as_deref(), expected, "{text}");
        }
    }
}
