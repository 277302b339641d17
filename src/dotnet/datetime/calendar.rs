//! The proleptic Gregorian calendar in ticks of 100 ns since 0001-01-01, as `DateTime` counts them.

/// Ticks in a millisecond.
pub const TICKS_PER_MILLISECOND: i64 = 10_000;
/// Ticks in a second.
pub const TICKS_PER_SECOND: i64 = 10_000_000;
/// Ticks in a minute.
pub const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
/// Ticks in an hour.
pub const TICKS_PER_HOUR: i64 = 3600 * TICKS_PER_SECOND;
/// Ticks in a day.
pub const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
/// Ticks from 0001-01-01 to 1970-01-01.
pub const UNIX_EPOCH: i64 = 719_162 * TICKS_PER_DAY;
/// The last tick of the year 9999: `DateTime.MaxValue`.
pub const MAX_TICKS: i64 = 3_155_378_975_999_999_999;

/// Names of months, January first.
pub const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
/// Names of days, Sunday first, as `DayOfWeek` numbers them.
pub const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The parts of a tick count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// 1 to 9999
    pub year: i32,
    /// 1 to 12
    pub month: i32,
    /// 1 to 31
    pub day: i32,
    /// 0 to 23
    pub hour: i32,
    /// 0 to 59
    pub minute: i32,
    /// 0 to 59
    pub second: i32,
    /// Ticks of the second, 0 to 9,999,999
    pub fraction: i32,
    /// 1 to 366
    pub day_of_year: i32,
    /// 0, Sunday, to 6
    pub day_of_week: i32,
}

/// Whether February has 29 days.
pub fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// How many days a month has; zero for a month that there is not.
pub fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// Days from 0001-01-01 to the first of a year.
fn days_before_year(year: i32) -> i64 {
    let past = i64::from(year) - 1;
    past * 365 + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400)
}

fn days_before_month(year: i32, month: i32) -> i32 {
    (1..month).map(|month| days_in_month(year, month)).sum()
}

/// Ticks of a day's midnight; `None` for a day that there is not.
pub fn date_ticks(year: i32, month: i32, day: i32) -> Option<i64> {
    let exists = (1..=9999).contains(&year) && (1..=days_in_month(year, month)).contains(&day);
    exists.then(|| (days_before_year(year) + i64::from(days_before_month(year, month) + day - 1)) * TICKS_PER_DAY)
}

/// Ticks of a time of day; `None` for a time that there is not.
pub fn time_ticks(hour: i32, minute: i32, second: i32) -> Option<i64> {
    let exists = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    exists.then(|| i64::from(hour * 3600 + minute * 60 + second) * TICKS_PER_SECOND)
}

/// The parts of a tick count.
pub fn parts(ticks: i64) -> Parts {
    let (days, rest) = (ticks.div_euclid(TICKS_PER_DAY), ticks.rem_euclid(TICKS_PER_DAY));
    // A first guess from the mean length of a year is never off by more than one.
    let mut year = ((days * 400).div_euclid(146_097) + 1) as i32;
    while days_before_year(year) > days {
        year -= 1;
    }
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    let day_of_year = (days - days_before_year(year)) as i32;
    let (mut month, mut day) = (1, day_of_year);
    while month < 12 && day >= days_in_month(year, month) {
        day -= days_in_month(year, month);
        month += 1;
    }
    let second = rest / TICKS_PER_SECOND;
    Parts {
        year,
        month,
        day: day + 1,
        hour: (second / 3600) as i32,
        minute: (second / 60 % 60) as i32,
        second: (second % 60) as i32,
        fraction: (rest % TICKS_PER_SECOND) as i32,
        day_of_year: day_of_year + 1,
        day_of_week: (days + 1).rem_euclid(7) as i32,
    }
}

/// The same day and time some months on, the day no later than the month's last; `None` beyond the calendar.
pub fn add_months(ticks: i64, months: i32) -> Option<i64> {
    let now = parts(ticks);
    let month = i64::from(now.year) * 12 + i64::from(now.month - 1) + i64::from(months);
    let (year, month) = (i32::try_from(month.div_euclid(12)).ok()?, month.rem_euclid(12) as i32 + 1);
    Some(date_ticks(year, month, now.day.min(days_in_month(year, month)))? + ticks.rem_euclid(TICKS_PER_DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_the_first_to_the_last() {
        assert_eq!(date_ticks(1, 1, 1), Some(0));
        assert_eq!(date_ticks(1970, 1, 1), Some(UNIX_EPOCH));
        assert_eq!(date_ticks(2024, 2, 29), Some(638_447_616_000_000_000));
        assert_eq!(date_ticks(9999, 12, 31), Some(MAX_TICKS + 1 - TICKS_PER_DAY));
        assert_eq!((date_ticks(2023, 2, 29), date_ticks(2024, 13, 1), date_ticks(10_000, 1, 1)), (None, None, None));
        for days in (0..3_652_059).step_by(17) {
            let parts = parts(days * TICKS_PER_DAY);
            assert_eq!(date_ticks(parts.year, parts.month, parts.day), Some(days * TICKS_PER_DAY));
        }
        assert_eq!(parts(MAX_TICKS).day_of_week, 5);
        assert_eq!(parts(MAX_TICKS).day_of_year, 365);
    }

    #[test]
    fn months_are_added_up_to_the_last_day() {
        let january = date_ticks(2024, 1, 31).unwrap();
        assert_eq!(add_months(january, 1), date_ticks(2024, 2, 29));
        assert_eq!(add_months(january, -2), date_ticks(2023, 11, 30));
        assert_eq!(add_months(january, 120_000), None);
        assert_eq!(add_months(january, -120_000), None);
    }
}
