//! A time zone: which offset from UTC its clocks have when.
//!
//! How gaps and repetitions of the clock are seen is .NET's way (dotnet/runtime, `TimeZoneInfo.cs`): a time in a gap is invalid and
//! counts as standard time, a time that comes twice is ambiguous and counts as standard time too.

use std::sync::{Arc, OnceLock};

use jiff::{
    Timestamp, civil,
    tz::{AmbiguousOffset, Dst, Offset, TimeZone, TimeZoneDatabase},
};

use super::{
    rules::{Rule, Transition, TransitionDay},
    windows::WINDOWS_ZONES,
};
use crate::dotnet::datetime::{
    Kind, MAX_TICKS, TICKS_PER_DAY, TICKS_PER_MINUTE, TICKS_PER_SECOND, UNIX_EPOCH, date_ticks, days_in_month, parts,
};

/// Where a zone's offsets come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The tz database.
    Database(TimeZone),
    /// An expression's own rules.
    Rules(Arc<[Rule]>),
}

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone {
    /// `Id`
    pub id: String,
    /// `BaseUtcOffset` in ticks.
    pub base: i64,
    /// `DisplayName`
    pub display: String,
    /// `StandardName`
    pub standard: String,
    /// `DaylightName`
    pub daylight: String,
    /// What kind a time of this zone has: `TimeZoneInfo.Utc` and `TimeZoneInfo.Local` have one of their own.
    pub kind: Kind,
    /// Its offsets.
    pub source: Source,
}

/// An offset in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// Ticks ahead of UTC.
    pub offset: i64,
    /// Whether it is that of daylight saving time.
    pub is_daylight: bool,
}

/// What a time of the zone's clock means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wall {
    /// One moment.
    Plain(InForce),
    /// None: the clock jumps over it.
    Gap(InForce),
    /// Two moments: the clock goes through it twice.
    Fold(InForce, InForce),
}

impl Wall {
    /// The offset that counts.
    pub fn in_force(self) -> InForce {
        match self {
            Self::Plain(one) | Self::Gap(one) => one,
            Self::Fold(before, after) if after.is_daylight && !before.is_daylight => before,
            Self::Fold(_, after) => after,
        }
    }
}

/// The database that is built in: the same on every machine. It sees Irish winter time as standard time, as Windows does.
fn database() -> &'static TimeZoneDatabase {
    static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
    DATABASE.get_or_init(TimeZoneDatabase::bundled)
}

fn timestamp(utc: i64) -> Timestamp {
    let since = i128::from(utc - UNIX_EPOCH) * 100;
    Timestamp::from_nanosecond(since).unwrap_or(if since < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// .NET knows offsets in whole minutes.
fn ticks(offset: Offset) -> i64 {
    i64::from(offset.seconds() / 60) * TICKS_PER_MINUTE
}

fn civil(ticks: i64) -> civil::DateTime {
    let t = parts(ticks);
    civil::date(t.year as i16, t.month as i8, t.day as i8).at(t.hour as i8, t.minute as i8, t.second as i8, t.fraction * 100)
}

impl Zone {
    /// `TimeZoneInfo.Utc`
    pub fn utc() -> Self {
        let name = "Coordinated Universal Time";
        Self {
            id: "UTC".to_owned(),
            base: 0,
            display: format!("(UTC) {name}"),
            standard: name.to_owned(),
            daylight: name.to_owned(),
            kind: Kind::Utc,
            source: Source::Rules(Arc::new([])),
        }
    }

    /// `TimeZoneInfo.Local`: the gateway's is UTC.
    pub fn local() -> Self {
        Self { kind: Kind::Local, ..Self::utc() }
    }

    /// The zone of that name, the tz database's or Windows' one, as it is at `now`.
    ///
    /// The names that it is shown by are close to .NET's, which come from the operating system: those of Windows for a Windows name,
    /// the abbreviations of the database for one of its own.
    pub fn find(id: &str, now: i64) -> Option<Self> {
        if id.eq_ignore_ascii_case("UTC") {
            return Some(Self::utc());
        }
        let windows = WINDOWS_ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(id));
        let zone = database().get(windows.map_or(id, |(_, name)| name)).ok()?;
        // Files of the database are found by their exact name.
        if windows.is_none() && zone.iana_name() != Some(id) {
            return None;
        }
        let (standard, daylight) = recent(&zone, now);
        let base = ticks(standard.0);
        let (standard, daylight) = match windows {
            Some((name, _)) => ((*name).to_owned(), name.replace("Standard", "Daylight")),
            None => (standard.1.clone(), daylight.map_or(standard.1, |daylight| daylight.1)),
        };
        let (sign, minutes) = (if base < 0 { '-' } else { '+' }, base.abs() / TICKS_PER_MINUTE);
        let display = format!("(UTC{sign}{:02}:{:02}) {id}", minutes / 60, minutes % 60);
        Some(Self { id: id.to_owned(), base, display, standard, daylight, kind: Kind::Unspecified, source: Source::Database(zone) })
    }

    /// The names of all zones of the database.
    pub fn names() -> Vec<String> {
        database().available().map(|name| name.as_str().to_owned()).collect()
    }

    /// The offset in force at a moment, given in ticks of UTC.
    pub fn at(&self, utc: i64) -> InForce {
        match &self.source {
            Source::Database(zone) => {
                let info = zone.to_offset_info(timestamp(utc));
                InForce { offset: ticks(info.offset()), is_daylight: info.dst() == Dst::Yes }
            }
            Source::Rules(rules) => {
                let standard = InForce { offset: self.base, is_daylight: false };
                let Some(rule) = rule_at(rules, utc.saturating_add(self.base)) else { return standard };
                // By the clock of standard time, on which daylight saving time ends earlier.
                let clock = utc.saturating_add(self.base);
                let year = parts(clock.clamp(0, MAX_TICKS)).year;
                let is_daylight = is_between(rule.start.in_year(year), clock, rule.end.in_year(year) - rule.delta);
                if is_daylight { InForce { offset: self.base + rule.delta, is_daylight } } else { standard }
            }
        }
    }

    /// What a time of the zone's clock means.
    pub fn wall(&self, clock: i64) -> Wall {
        match &self.source {
            Source::Database(zone) => {
                let ambiguous = zone.to_ambiguous_timestamp(civil(clock)).offset();
                // An offset alone does not tell daylight saving time: the moment that it gives does.
                let in_force = |offset: Offset| {
                    let utc = clock - i64::from(offset.seconds()) * TICKS_PER_SECOND;
                    InForce { offset: ticks(offset), is_daylight: self.at(utc).is_daylight }
                };
                match ambiguous {
                    AmbiguousOffset::Unambiguous { offset } => Wall::Plain(in_force(offset)),
                    AmbiguousOffset::Gap { before, .. } => Wall::Gap(InForce { offset: ticks(before), is_daylight: false }),
                    AmbiguousOffset::Fold { before, after } => Wall::Fold(in_force(before), in_force(after)),
                }
            }
            Source::Rules(rules) => {
                let standard = InForce { offset: self.base, is_daylight: false };
                let Some(rule) = rule_at(rules, clock) else { return Wall::Plain(standard) };
                let daylight = InForce { offset: self.base + rule.delta, is_daylight: true };
                let year = parts(clock).year;
                let (start, end) = (rule.start.in_year(year), rule.end.in_year(year));
                let within = |from: i64, to: i64| (from.min(to)..from.max(to)).contains(&clock);
                // Clocks go forward at one end and back at the other; a negative delta swaps them.
                let (forward, back) = if rule.delta > 0 { (start, end) } else { (end, start) };
                let size = rule.delta.abs();
                if within(forward, forward + size) {
                    Wall::Gap(standard)
                } else if within(back - size, back) {
                    if rule.delta > 0 { Wall::Fold(daylight, standard) } else { Wall::Fold(standard, daylight) }
                } else if is_between(start, clock, end) {
                    Wall::Plain(daylight)
                } else {
                    Wall::Plain(standard)
                }
            }
        }
    }

    /// `SupportsDaylightSavingTime`: whether it ever had it.
    pub fn supports_daylight(&self) -> bool {
        match &self.source {
            Source::Database(zone) => zone.following(Timestamp::MIN).take(400).any(|transition| transition.dst() == Dst::Yes),
            Source::Rules(rules) => rules.iter().any(|rule| rule.delta != 0),
        }
    }

    /// `GetAdjustmentRules`: one a year in which daylight saving time both begins and ends, the last one going on for ever.
    ///
    /// .NET has them from the file of the zone, where they are cut otherwise; what they say is the same.
    pub fn rules(&self) -> Vec<Rule> {
        const LAST_YEAR: i32 = 2037;
        let zone = match &self.source {
            Source::Rules(rules) => return rules.to_vec(),
            Source::Database(zone) => zone,
        };
        let mut rules: Vec<Rule> = Vec::new();
        #[allow(clippy::type_complexity, reason = "a year with its two changes, for these lines alone")]
        let mut years: Vec<(i32, Option<(i64, i64)>, Option<i64>)> = Vec::new();
        let mut before = self.at(0);
        for transition in zone.following(Timestamp::MIN) {
            let utc = UNIX_EPOCH + (transition.timestamp().as_nanosecond() / 100) as i64;
            let after = InForce { offset: ticks(transition.offset()), is_daylight: transition.dst() == Dst::Yes };
            let clock = utc + before.offset;
            let year = parts(clock.clamp(0, MAX_TICKS)).year;
            if year > LAST_YEAR {
                break;
            }
            if years.last().is_none_or(|last| last.0 != year) {
                years.push((year, None, None));
            }
            if let Some(last) = years.last_mut() {
                match (before.is_daylight, after.is_daylight) {
                    (false, true) => last.1 = Some((clock, after.offset - before.offset)),
                    (true, false) => last.2 = Some(clock),
                    _ => {}
                }
            }
            before = after;
        }
        for (year, start, end) in years {
            let (Some((start, delta)), Some(end)) = (start, end) else { continue };
            let is_last = year == LAST_YEAR;
            let (Some(first), Some(last)) = (date_ticks(year, 1, 1), date_ticks(year, 12, 31)) else { continue };
            let last = if is_last { MAX_TICKS + 1 - TICKS_PER_DAY } else { last };
            rules.push(Rule { first, last, delta, start: transition(start, is_last), end: transition(end, is_last) });
        }
        rules
    }
}

/// The offsets and names of standard and of daylight saving time that a zone had last, or has now.
fn recent(zone: &TimeZone, now: i64) -> ((Offset, String), Option<(Offset, String)>) {
    let now = timestamp(now);
    let current = zone.to_offset_info(now);
    let current = (current.dst(), current.offset(), current.abbreviation().to_owned());
    let past = zone.preceding(now).take(8).map(|transition| (transition.dst(), transition.offset(), transition.abbreviation().to_owned()));
    let all: Vec<_> = std::iter::once(current.clone()).chain(past).collect();
    let first =
        |daylight: bool| all.iter().find(|(dst, ..)| (*dst == Dst::Yes) == daylight).map(|(_, offset, name)| (*offset, name.clone()));
    (first(false).unwrap_or((current.1, current.2)), first(true))
}

/// A transition as a rule has it: on that day, or for years to come on such a day of the week.
fn transition(clock: i64, is_floating: bool) -> Transition {
    let t = parts(clock);
    let day = if is_floating {
        let is_last = t.day + 7 > days_in_month(t.year, t.month);
        TransitionDay::Floating { week: if is_last { 5 } else { (t.day - 1) / 7 + 1 }, day_of_week: t.day_of_week }
    } else {
        TransitionDay::Fixed(t.day)
    };
    Transition { time: clock.rem_euclid(TICKS_PER_DAY), month: t.month, day }
}

fn rule_at(rules: &[Rule], clock: i64) -> Option<&Rule> {
    rules.iter().find(|rule| (rule.first..rule.last.saturating_add(TICKS_PER_DAY)).contains(&clock)).filter(|rule| rule.delta != 0)
}

/// Whether `clock` lies in a part of the year, which may go over its end.
fn is_between(start: i64, clock: i64, end: i64) -> bool {
    if start <= end { (start..end).contains(&clock) } else { !(end..start).contains(&clock) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dotnet::datetime::TICKS_PER_HOUR;

    fn at(year: i32, month: i32, day: i32, hour: i64, minute: i64) -> i64 {
        date_ticks(year, month, day).unwrap() + hour * TICKS_PER_HOUR + minute * TICKS_PER_MINUTE
    }

    fn hours(zone: &Zone, clock: i64) -> i64 {
        zone.wall(clock).in_force().offset / TICKS_PER_HOUR
    }

    #[test]
    fn zones_are_found_by_both_kinds_of_names() {
        let now = at(2024, 5, 6, 7, 8);
        for (id, base) in [
            ("America/Los_Angeles", -8),
            ("Pacific Standard Time", -8),
            ("W. Europe Standard Time", 1),
            ("Europe/Dublin", 0),
            ("GMT Standard Time", 0),
            ("Tokyo Standard Time", 9),
            ("utc", 0),
        ] {
            assert_eq!(Zone::find(id, now).unwrap().base / TICKS_PER_HOUR, base, "{id}");
        }
        assert!(Zone::find("America/los_angeles", now).is_none() && Zone::find("Mars", now).is_none());
        for (name, _) in WINDOWS_ZONES {
            assert!(Zone::find(name, now).is_some(), "{name}");
        }
    }

    /// The rule of the United States, once by the database and once written out, must say the same.
    #[test]
    fn gaps_and_folds_are_seen_by_the_database_and_by_rules() {
        let database = Zone::find("America/New_York", at(2024, 5, 6, 0, 0)).unwrap();
        let rules = Zone { source: Source::Rules(database.rules().into()), ..database.clone() };
        for zone in [&database, &rules] {
            assert_eq!(hours(zone, at(2024, 3, 10, 1, 59)), -5);
            assert!(matches!(zone.wall(at(2024, 3, 10, 2, 30)), Wall::Gap(_)));
            assert_eq!(hours(zone, at(2024, 3, 10, 3, 0)), -4);
            assert!(matches!(zone.wall(at(2024, 11, 3, 1, 30)), Wall::Fold(..)));
            assert_eq!(hours(zone, at(2024, 11, 3, 1, 30)), -5);
            assert_eq!(hours(zone, at(2024, 11, 3, 0, 59)), -4);
            assert_eq!(hours(zone, at(2024, 11, 3, 2, 0)), -5);
            assert_eq!(zone.at(at(2024, 3, 10, 6, 59)).offset / TICKS_PER_HOUR, -5);
            assert_eq!(zone.at(at(2024, 3, 10, 7, 0)).offset / TICKS_PER_HOUR, -4);
            assert_eq!(zone.at(at(2024, 11, 3, 5, 59)).offset / TICKS_PER_HOUR, -4);
            assert_eq!(zone.at(at(2024, 11, 3, 6, 0)).offset / TICKS_PER_HOUR, -5);
            assert_eq!(hours(zone, at(2050, 7, 1, 0, 0)), -4);
            assert!(zone.supports_daylight());
        }
        let dublin = Zone::find("Europe/Dublin", at(2024, 7, 1, 0, 0)).unwrap();
        assert!(dublin.at(at(2024, 7, 1, 0, 0)).is_daylight && !dublin.at(at(2024, 1, 1, 0, 0)).is_daylight);
        let sydney = Zone::find("Australia/Sydney", at(2024, 7, 1, 0, 0)).unwrap();
        let rules = Zone { source: Source::Rules(sydney.rules().into()), ..sydney.clone() };
        for zone in [&sydney, &rules] {
            assert_eq!((hours(zone, at(2024, 1, 1, 0, 0)), hours(zone, at(2024, 7, 1, 0, 0))), (11, 10));
        }
    }

    #[test]
    fn nothing_breaks_at_the_ends_of_the_calendar() {
        for id in ["America/Los_Angeles", "Asia/Tokyo", "Europe/Amsterdam"] {
            let zone = Zone::find(id, at(2024, 5, 6, 7, 8)).unwrap();
            for ticks in [0, MAX_TICKS] {
                zone.at(ticks);
                zone.wall(ticks);
            }
        }
    }
}
