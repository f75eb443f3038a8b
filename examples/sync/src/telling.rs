//! What is said on standard error.

use program::complain;

use crate::arguments::LogFormat;

/// Says a sentence, as text or as a line of the log.
pub(crate) fn tell(format: LogFormat, text: &str) {
    match format {
        LogFormat::Text => complain(text),
        LogFormat::Json => tracing::info!("{text}"),
    }
}

/// A number with its noun.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// How long something takes, in its two largest units.
pub(crate) fn lasting(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let parts = units.map(|(size, unit)| {
        let n = rest / size;
        rest %= size;
        (n, unit)
    });
    let first = parts.iter().position(|(n, _)| *n > 0).unwrap_or(parts.len() - 1);
    let shown = parts[first..].iter().take(2).filter(|(n, _)| *n > 0 || seconds == 0);
    shown.map(|(n, unit)| format!("{n} {unit}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::lasting;

    #[test]
    fn durations_are_read_by_people() {
        let cases = [0, 1, 59, 60, 61, 3_600, 3_605, 7_380, 86_399, 86_400, 4_341_820];
        let texts = cases.map(lasting);
        let expected = [
            "0 s",
            "1 s",
            "59 s",
            "1 min",
            "1 min 1 s",
            "1 h",
            "1 h",
            "2 h 3 min",
            "23 h 59 min",
            "1 d",
            "50 d 6 h",
        ];
        assert_eq!(texts.each_ref().map(String::as_str), expected);
    }
}
