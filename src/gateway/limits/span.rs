//! Where fixed windows begin and end, and how what is left of one is written.

use std::time::Duration;

use jiff::{civil::Date, tz::TimeZone};

use crate::{environment::Moment, policy::elements::llm_token_limit::TokenPeriod};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Windows of one length, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::gateway) struct Span {
    /// The length in seconds; 0 is a lifetime.
    pub seconds: i64,
    /// The unix second at which one of them begins.
    pub start: i64,
}

impl Span {
    /// The unix second at which the present window ends.
    pub fn end(self, now: Moment) -> i64 {
        if self.seconds <= 0 {
            return i64::MAX;
        }
        let begun = now.unix_seconds().saturating_sub(self.start).div_euclid(self.seconds);
        begun.saturating_add(1).saturating_mul(self.seconds).saturating_add(self.start)
    }
}

/// The unix second at which the present window of a token quota ends.
///
/// The page: "the start time of a quota period is calculated as the UTC timestamp truncated to the unit". On which day a week begins it
/// does not say: here on Monday, as ISO 8601 has it.
pub(in crate::gateway) fn period_end(period: TokenPeriod, now: Moment) -> i64 {
    let seconds = now.unix_seconds();
    // 1970 began on a Thursday.
    const MONDAY: i64 = 4 * DAY;
    match period {
        TokenPeriod::Hourly => Span { seconds: HOUR, start: 0 }.end(now),
        TokenPeriod::Daily => Span { seconds: DAY, start: 0 }.end(now),
        TokenPeriod::Weekly => Span { seconds: 7 * DAY, start: MONDAY }.end(now),
        TokenPeriod::Monthly | TokenPeriod::Yearly => next_month(seconds, period == TokenPeriod::Yearly).unwrap_or(i64::MAX),
    }
}

fn next_month(seconds: i64, year: bool) -> Option<i64> {
    let today = jiff::Timestamp::from_second(seconds).ok()?.to_zoned(TimeZone::UTC).date();
    let next = if year || today.month() == 12 {
        Date::new(today.year().checked_add(1)?, 1, 1)
    } else {
        Date::new(today.year(), today.month() + 1, 1)
    };
    Some(next.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// How long until a unix second, in whole seconds; `None` for the end of a lifetime.
pub(in crate::gateway) fn until(end: i64, now: Moment) -> Option<u64> {
    // A begun second counts whole.
    let wait = u128::try_from(i128::from(end) * 1_000_000_000 - i128::from(now.0)).unwrap_or(0);
    (end != i64::MAX).then(|| u64::try_from(wait.div_ceil(1_000_000_000)).unwrap_or(u64::MAX).max(1))
}

/// `00:06:46`, `20.09:58:55`: as .NET writes a `TimeSpan`, and so the message about a quota.
pub(in crate::gateway) fn clock(seconds: u64) -> String {
    let days = seconds / 86_400;
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    format!("{days}{:02}:{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60)
}

/// `21 minutes and 33 seconds`, `24 days, 14 hours, 3 minutes and 1 second`: as the message about a token quota has it.
pub(in crate::gateway) fn humanised(wait: Duration) -> String {
    let seconds = wait.as_secs();
    let parts: Vec<String> =
        [(seconds / 86_400, "day"), (seconds / 3_600 % 24, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
            .collect();
    match parts.split_last() {
        None => "0 seconds".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment(i64::try_from(text.parse::<jiff::Timestamp>().unwrap().as_nanosecond()).unwrap())
    }

    fn end(period: TokenPeriod, now: &str) -> String {
        jiff::Timestamp::from_second(period_end(period, at(now))).unwrap().to_string()
    }

    /// Source: learn.microsoft.com/azure/api-management/llm-token-limit-policy.
    #[test]
    fn a_token_period_is_the_time_truncated_to_its_unit() {
        for (period, now, expected) in [
            (TokenPeriod::Hourly, "2025-11-21T01:59:59.9Z", "2025-11-21T02:00:00Z"),
            (TokenPeriod::Hourly, "2025-11-21T02:00:00Z", "2025-11-21T03:00:00Z"),
            (TokenPeriod::Daily, "2025-11-21T01:53:20Z", "2025-11-22T00:00:00Z"),
            (TokenPeriod::Weekly, "2025-11-21T01:53:20Z", "2025-11-24T00:00:00Z"),
            (TokenPeriod::Weekly, "2025-11-24T00:00:00Z", "2025-12-01T00:00:00Z"),
            (TokenPeriod::Monthly, "2025-11-21T01:53:20Z", "2025-12-01T00:00:00Z"),
            (TokenPeriod::Monthly, "2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z"),
            (TokenPeriod::Yearly, "2024-02-29T00:00:00Z", "2025-01-01T00:00:00Z"),
        ] {
            assert_eq!(end(period, now), expected, "{period:?} {now}");
        }
    }

    #[test]
    fn windows_count_from_their_start_in_both_directions() {
        for (seconds, start, now, expected) in
            [(300, 0, 299, 300), (300, 0, 300, 600), (300, 10_000, 0, 100), (300, -62_135_596_800, 1, 300), (0, 0, 5, i64::MAX)]
        {
            assert_eq!(Span { seconds, start }.end(Moment(now * 1_000_000_000)), expected, "{seconds} {start} {now}");
        }
    }

    #[test]
    fn a_begun_second_counts_whole() {
        for (end, now, expected) in [(10, 0, Some(10)), (10, 500_000_000, Some(10)), (10, 9_999_999_999, Some(1)), (i64::MAX, 0, None)] {
            assert_eq!(until(end, Moment(now)), expected, "{end} {now}");
        }
    }

    /// Source: messages in public reports.
    #[test]
    fn a_wait_is_written_as_a_time_span() {
        for (seconds, expected) in [(406, "00:06:46"), (86_399, "23:59:59"), (1_763_935, "20.09:58:55")] {
            assert_eq!(clock(seconds), expected);
        }
    }

    #[test]
    fn a_wait_is_written_in_words() {
        for (seconds, expected) in [
            (1293, "21 minutes and 33 seconds"),
            (2514, "41 minutes and 54 seconds"),
            (3600, "1 hour"),
            (90_061, "1 day, 1 hour, 1 minute and 1 second"),
            (0, "0 seconds"),
        ] {
            assert_eq!(humanised(Duration::from_secs(seconds)), expected);
        }
    }
}
