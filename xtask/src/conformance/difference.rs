//! Where two JSON values differ, nulls aside.

use serde_json::Value;

/// The path of the first difference; `.` is the whole value.
///
/// A null is the same as nothing, in objects and lists alike, and numbers compare by value.
pub(super) fn first(expected: &Value, actual: &Value) -> Option<String> {
    at(expected, actual, "").map(|path| match path.trim_start_matches('.') {
        "" => ".".to_owned(),
        path => path.to_owned(),
    })
}

fn at(expected: &Value, actual: &Value, path: &str) -> Option<String> {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            let keys = expected.keys().chain(actual.keys());
            keys.map(|key| {
                let value = |side: &serde_json::Map<String, Value>| side.get(key).cloned();
                let (expected, actual) = (value(expected), value(actual));
                let path = format!("{path}.{key}");
                at(&expected.unwrap_or_default(), &actual.unwrap_or_default(), &path)
            })
            .find_map(|difference| difference)
        }
        (Value::Array(expected), Value::Array(actual)) => {
            let known = |side: &Vec<Value>| -> Vec<Value> {
                side.iter().filter(|item| !item.is_null()).cloned().collect()
            };
            let (expected, actual) = (known(expected), known(actual));
            if expected.len() != actual.len() {
                return Some(path.to_owned());
            }
            let mut pairs = expected.iter().zip(&actual).enumerate();
            pairs.find_map(|(place, (expected, actual))| {
                at(expected, actual, &format!("{path}[{place}]"))
            })
        }
        (Value::Number(expected), Value::Number(actual)) => {
            let same = expected == actual || expected.as_f64() == actual.as_f64();
            (!same).then(|| path.to_owned())
        }
        (expected, actual) => (expected != actual).then(|| path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::first;

    #[test]
    fn nulls_and_number_types_are_no_difference() {
        let expected = json!({"a": null, "b": [1, null, 2.0], "c": {"d": 1}});
        assert_eq!(first(&expected, &json!({"b": [1.0, 2], "c": {"d": 1}, "e": null})), None);
    }

    #[test]
    fn the_path_leads_to_the_difference() {
        let expected = json!({"a": [{"b": "1"}]});
        for (actual, path) in [
            (json!({"a": [{"b": 1}]}), "a[0].b"),
            (json!({"a": []}), "a"),
            (json!({"a": [{"b": "1"}], "c": 1}), "c"),
            (json!([]), "."),
        ] {
            assert_eq!(first(&expected, &actual).as_deref(), Some(path));
        }
    }
}
