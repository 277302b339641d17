//! `System.TimeZoneInfo` with its rules, and the older `System.TimeZone`. The local zone is UTC.

mod info;
mod rules;
mod windows;
mod zone;

use super::{
    datetime::{DateTime, Kind, TimeSpan, date_time, int},
    exception::{Raise, out_of_range},
    heap::Instance,
    member::{Call, Member, member},
    types::Type,
    value::Value,
};

crate::classes! {
    TIME_ZONE_INFO = class("System", "TimeZoneInfo").members(info::MEMBERS);
    ADJUSTMENT_RULE = class("System.TimeZoneInfo", "AdjustmentRule").members(rules::ADJUSTMENT_RULE_MEMBERS);
    TRANSITION_TIME = structure("System.TimeZoneInfo", "TransitionTime").members(rules::TRANSITION_TIME_MEMBERS);
    TIME_ZONE = class("System", "TimeZone").members(MEMBERS);
    DAYLIGHT_TIME = class("System.Globalization", "DaylightTime").members(DAYLIGHT_TIME_MEMBERS);
    TIME_ZONE_NOT_FOUND_EXCEPTION = error("TimeZoneNotFoundException", &["Exception"]);
    INVALID_TIME_ZONE_EXCEPTION = error("InvalidTimeZoneException", &["Exception"]);
}

/// `TimeZone.CurrentTimeZone`
#[derive(Clone, Debug)]
struct CurrentTimeZone;

/// `System.Globalization.DaylightTime`: start, end and delta, all in ticks.
#[derive(Clone, Debug)]
struct DaylightTime(i64, i64, i64);

impl Instance for CurrentTimeZone {
    fn ty(&self) -> Type {
        Type::named(&TIME_ZONE)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, _runtime: &super::runtime::Runtime<'_>) -> Option<super::string::Str> {
        Some("System.CurrentSystemTimeZone".into())
    }
}

impl Instance for DaylightTime {
    fn ty(&self) -> Type {
        Type::named(&DAYLIGHT_TIME)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }
}

fn time(ticks: i64, kind: Kind) -> Result<Value, Raise> {
    Ok(Value::DateTime(DateTime { ticks, kind }))
}

fn daylight(call: &Call<'_, '_>, index: usize) -> (i64, i64, i64) {
    call.runtime.own::<DaylightTime>(call.argument(index)).map_or((0, 0, 0), |time| (time.0, time.1, time.2))
}

/// The members of `TimeZone`.
pub const MEMBERS: &[Member] = &[
    member("static TimeZone CurrentTimeZone { get; }", |call| call.runtime.instance(CurrentTimeZone)),
    member("string StandardName { get; }", |_| Ok(Value::string("Coordinated Universal Time"))),
    member("string DaylightName { get; }", |_| Ok(Value::string("Coordinated Universal Time"))),
    member("TimeSpan GetUtcOffset(DateTime time)", |_| Ok(Value::TimeSpan(TimeSpan(0)))),
    member("DateTime ToUniversalTime(DateTime time)", |call| time(date_time(call, 1).ticks, Kind::Utc)),
    member("DateTime ToLocalTime(DateTime time)", |call| time(date_time(call, 1).ticks, Kind::Local)),
    member("bool IsDaylightSavingTime(DateTime time)", |_| Ok(Value::Bool(false))),
    member("DaylightTime GetDaylightChanges(int year)", |call| {
        if !(1..=9999).contains(&int(call, 1)) {
            return Err(out_of_range("Valid values are between 1 and 9999, inclusive.", "year"));
        }
        call.runtime.instance(DaylightTime(0, 0, 0))
    }),
    member("static bool IsDaylightSavingTime(DateTime time, DaylightTime daylightTimes)", |call| {
        let (start, end, delta) = daylight(call, 1);
        let clock = date_time(call, 0);
        if delta == 0 || clock.kind == Kind::Utc {
            return Ok(Value::Bool(false));
        }
        let (start, end) = if delta > 0 { (start + delta, end - delta) } else { (start, end) };
        let is_within = if start <= end { clock.ticks >= start && clock.ticks < end } else { clock.ticks >= start || clock.ticks < end };
        Ok(Value::Bool(is_within))
    }),
];

/// The members of `DaylightTime`.
pub const DAYLIGHT_TIME_MEMBERS: &[Member] = &[
    member("DateTime Start { get; }", |call| time(daylight(call, 0).0, Kind::Unspecified)),
    member("DateTime End { get; }", |call| time(daylight(call, 0).1, Kind::Unspecified)),
    member("TimeSpan Delta { get; }", |call| Ok(Value::TimeSpan(TimeSpan(daylight(call, 0).2)))),
];
