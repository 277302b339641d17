//! Numbers for people: shares in percent, times in the unit that fits, counts with their thousands apart.

use std::time::Duration;

use crate::scenario::Unit;

/// A measured number in its unit; more digits than usual where it would else look like `beside`, which it is not.
pub(super) fn measured(value: f64, unit: Unit, beside: f64) -> String {
    let text = match unit {
        Unit::Share => share(value),
        Unit::Time => seconds(value),
        Unit::Count => number(value),
    };
    let same = |decimals: usize| {
        let scale = if unit == Unit::Share { 100.0 } else { 1.0 };
        let shown = |value: f64| format!("{:.decimals$}", value * scale);
        (shown(value) != shown(beside)).then(|| shown(value))
    };
    let looks_alike = match unit {
        Unit::Share => text == share(beside),
        Unit::Time => text == seconds(beside),
        Unit::Count => text == number(beside),
    };
    if !looks_alike || value == beside {
        return text;
    }
    let sign = match unit {
        Unit::Share => " %",
        Unit::Time => " s",
        Unit::Count => "",
    };
    (2..=9).find_map(same).map_or(text, |digits| format!("{digits}{sign}"))
}

/// `99.95 %`: the nearer to nothing or all, the more digits, so that 100 % is all and nothing less.
pub(super) fn share(share: f64) -> String {
    if !share.is_finite() {
        return "none".to_owned();
    }
    let rest = share.min(1.0 - share).abs();
    let decimals = if rest == 0.0 { 0 } else { (-libm::log10(rest)).floor().clamp(2.0, 9.0) as usize };
    format!("{} %", trimmed(format!("{:.decimals$}", share * 100.0)))
}

/// A share that may be unknown.
pub(super) fn share_or_none(value: Option<f64>) -> String {
    value.map_or_else(|| "none".to_owned(), share)
}

/// `350 us`, `2.6 ms`, `12 ms`, `1.23 s`, `5 m 3 s`, `1 h 2 m`, `30 d 4 h`.
pub(super) fn seconds(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "for ever".to_owned();
    }
    let digits = |value: f64, unit: &str| {
        let decimals = match value {
            ..9.995 => 2,
            ..99.95 => 1,
            _ => 0,
        };
        format!("{} {unit}", trimmed(format!("{value:.decimals$}")))
    };
    let whole = seconds.round() as u64;
    let pair =
        |large: u64, a: &str, small: u64, b: &str| if small == 0 { format!("{large} {a}") } else { format!("{large} {a} {small} {b}") };
    match seconds {
        0.0 => "0 s".to_owned(),
        ..0.001 => digits(seconds * 1e6, "us"),
        ..0.9995 => digits(seconds * 1e3, "ms"),
        ..59.95 => digits(seconds, "s"),
        _ if whole < 3_600 => pair(whole / 60, "m", whole % 60, "s"),
        _ if whole < 86_400 => pair(whole / 3_600, "h", whole % 3_600 / 60, "m"),
        _ => pair(whole / 86_400, "d", whole % 86_400 / 3_600, "h"),
    }
}

/// A time span, as [`seconds`] says it.
pub(super) fn duration(duration: Duration) -> String {
    if duration == Duration::MAX { "for ever".to_owned() } else { seconds(duration.as_secs_f64()) }
}

/// A point in simulated time, to the millisecond: `0:05:12.345`.
pub(super) fn moment(at: Duration) -> String {
    let seconds = at.as_secs();
    format!("{}:{:02}:{:02}.{:03}", seconds / 3_600, seconds / 60 % 60, seconds % 60, at.subsec_millis())
}

/// `1,234,567`
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A plain number; three decimals at most.
pub(super) fn number(value: f64) -> String {
    if value >= 0.0 && value.fract() == 0.0 && value < 1e15 { count(value as u64) } else { trimmed(format!("{value:.3}")) }
}

/// `1 request`, `2 requests`.
pub(super) fn counted(count: u64, one: &str) -> String {
    format!("{} {one}{}", self::count(count), if count == 1 { "" } else { "s" })
}

/// Without zeros behind the point.
fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_all_only_when_they_are() {
        for (value, text) in [
            (0.0, "0 %"),
            (1.0, "100 %"),
            (0.5, "50 %"),
            (0.9995, "99.95 %"),
            (0.999_999_4, "99.99994 %"),
            (0.123_456, "12.35 %"),
            (1e-5, "0.001 %"),
        ] {
            assert_eq!(share(value), text);
        }
    }

    #[test]
    fn times_come_in_the_unit_that_fits() {
        for (value, text) in [
            (0.0, "0 s"),
            (0.000_35, "350 us"),
            (0.002_6, "2.6 ms"),
            (0.012, "12 ms"),
            (0.999_9, "1 s"),
            (1.234, "1.23 s"),
            (12.34, "12.3 s"),
            (59.96, "1 m"),
            (303.0, "5 m 3 s"),
            (3_599.6, "1 h"),
            (3_720.0, "1 h 2 m"),
            (2_606_400.0, "30 d 4 h"),
        ] {
            assert_eq!(seconds(value), text);
        }
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        for (value, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(value), text);
        }
        assert_eq!((number(1.25), number(12_000.0)), ("1.25".to_owned(), "12,000".to_owned()));
    }

    #[test]
    fn a_number_that_misses_another_never_looks_like_it() {
        for (value, unit, beside, text) in [
            (0.999_5, Unit::Share, 0.999_5, "99.95 %"),
            (0.999_499_9, Unit::Share, 0.999_5, "99.94999 %"),
            (9.999_9, Unit::Time, 10.0, "9.9999 s"),
            (2.000_01, Unit::Count, 2.0, "2.00001"),
            (3.0, Unit::Count, 2.0, "3"),
        ] {
            assert_eq!(measured(value, unit, beside), text);
        }
    }

    #[test]
    fn moments_are_told_to_the_millisecond() {
        assert_eq!(moment(Duration::from_millis(312_345)), "0:05:12.345");
        assert_eq!(moment(Duration::from_secs(90_000)), "25:00:00.000");
    }
}
