//! `TimeZoneInfo.AdjustmentRule` and `TimeZoneInfo.TransitionTime`: when daylight saving time begins and ends.
//!
//! Source: learn.microsoft.com; messages from dotnet/runtime, `TimeZoneInfo.AdjustmentRule.cs` and `TimeZoneInfo.TransitionTime.cs`.

use std::sync::Arc;

use crate::dotnet::{
    datetime::{
        self, DateTime, Kind, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MILLISECOND, TICKS_PER_MINUTE, TimeSpan, argument, date_ticks,
        days_in_month, parts,
    },
    enums::EnumValue,
    exception::{Raise, out_of_range},
    heap::{Instance, downcast},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

/// A day and time of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Ticks since midnight.
    pub time: i64,
    /// The month.
    pub month: i32,
    /// Which day.
    pub day: TransitionDay,
}

/// The day of a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransitionDay {
    /// That day of the month.
    Fixed(i32),
    /// The first, second, … fourth or last (5) such day of the week.
    Floating {
        /// 1 to 5
        week: i32,
        /// 0, Sunday, to 6
        day_of_week: i32,
    },
}

impl Transition {
    /// Ticks of the transition in a year.
    pub fn in_year(&self, year: i32) -> i64 {
        let last = days_in_month(year, self.month);
        let midnight = |day: i32| date_ticks(year, self.month, day).unwrap_or(0);
        let day = match self.day {
            TransitionDay::Fixed(day) => day.min(last),
            TransitionDay::Floating { week, day_of_week } => {
                let first = 1 + (day_of_week - parts(midnight(1)).day_of_week).rem_euclid(7);
                let day = first + (week - 1) * 7;
                if day > last { day - 7 } else { day }
            }
        };
        midnight(day) + self.time
    }
}

/// A rule for the years between two dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Ticks of the first day.
    pub first: i64,
    /// Ticks of the last day.
    pub last: i64,
    /// What daylight saving time adds, in ticks.
    pub delta: i64,
    /// When it begins, by the clock of standard time.
    pub start: Transition,
    /// When it ends, by the clock of daylight saving time.
    pub end: Transition,
}

#[derive(Clone, Debug)]
struct TransitionTime(Transition);

#[derive(Clone, Debug)]
struct AdjustmentRule(Rule);

macro_rules! instance {
    ($type:ident, $class:ident) => {
        impl Instance for $type {
            fn ty(&self) -> Type {
                Type::named(&super::$class)
            }

            fn copy(&self) -> Box<dyn Instance> {
                Box::new(self.clone())
            }

            fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
                Some(downcast::<Self>(other).is_some_and(|other| other.0 == self.0))
            }

            fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
                Some(hash(&self.0))
            }
        }
    };
}

instance!(TransitionTime, TRANSITION_TIME);
instance!(AdjustmentRule, ADJUSTMENT_RULE);

fn hash(value: &impl std::fmt::Debug) -> u64 {
    format!("{value:?}").bytes().fold(5381, |hash: u64, byte| hash.wrapping_mul(33) ^ u64::from(byte))
}

/// A rule as a value.
///
/// # Errors
/// A spent budget.
pub fn rule_value(runtime: &mut Runtime<'_>, rule: Rule) -> Result<Value, Raise> {
    runtime.instance(AdjustmentRule(rule))
}

/// The rules of a `TimeZoneInfo.AdjustmentRule[]`; none for null.
pub fn rules_argument(call: &Call<'_, '_>, index: usize) -> Arc<[Rule]> {
    match call.runtime.get(call.argument(index)) {
        Some(crate::dotnet::heap::Object::Array(list)) => {
            list.items.iter().filter_map(|item| call.runtime.own::<AdjustmentRule>(item)).map(|rule| rule.0).collect()
        }
        _ => Arc::new([]),
    }
}

fn transition(call: &Call<'_, '_>, index: usize) -> Transition {
    let unset = Transition { time: 0, month: 0, day: TransitionDay::Fixed(0) };
    call.runtime.own::<TransitionTime>(call.argument(index)).map_or(unset, |transition| transition.0)
}

fn rule(call: &Call<'_, '_>, index: usize) -> Rule {
    let unset = Transition { time: 0, month: 1, day: TransitionDay::Fixed(1) };
    let none = Rule { first: 0, last: 0, delta: 0, start: unset, end: unset };
    call.runtime.own::<AdjustmentRule>(call.argument(index)).map_or(none, |rule| rule.0)
}

/// Checks what both makers of a `TransitionTime` take.
fn checked(call: &mut Call<'_, '_>, day: TransitionDay) -> Result<Value, Raise> {
    let (time, month) = (datetime::date_time(call, 0), datetime::int(call, 1));
    if time.kind != Kind::Unspecified {
        return Err(argument("The supplied DateTime must have the Kind property set to DateTimeKind.Unspecified.", "timeOfDay"));
    }
    if !(1..=12).contains(&month) {
        return Err(out_of_range("The Month parameter must be in the range 1 through 12.", "month"));
    }
    match day {
        TransitionDay::Fixed(day) if !(1..=31).contains(&day) => {
            return Err(out_of_range("The Day parameter must be in the range 1 through 31.", "day"));
        }
        TransitionDay::Floating { week, .. } if !(1..=5).contains(&week) => {
            return Err(out_of_range("The Week parameter must be in the range 1 through 5.", "week"));
        }
        TransitionDay::Floating { day_of_week, .. } if !(0..=6).contains(&day_of_week) => {
            return Err(out_of_range("The DayOfWeek enumeration must be in the range 0 through 6.", "dayOfWeek"));
        }
        _ => {}
    }
    if time.ticks >= TICKS_PER_DAY || time.ticks % TICKS_PER_MILLISECOND != 0 {
        let message = "The supplied DateTime must have the Year, Month, and Day properties set to 1.  The time cannot be specified more precisely than whole milliseconds.";
        return Err(argument(message, "timeOfDay"));
    }
    call.runtime.instance(TransitionTime(Transition { time: time.ticks, month, day }))
}

fn made(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let (first, last) = (datetime::date_time(call, 0), datetime::date_time(call, 1));
    let (delta, start, end) = (datetime::span(call, 2), transition(call, 3), transition(call, 4));
    for (date, parameter) in [(first, "dateStart"), (last, "dateEnd")] {
        if date.kind == Kind::Local {
            let message = "The supplied DateTime must have the Kind property set to DateTimeKind.Unspecified or DateTimeKind.Utc.";
            return Err(argument(message, parameter));
        }
    }
    if start == end {
        let message = "The DaylightTransitionStart property must not equal the DaylightTransitionEnd property.";
        return Err(argument(message, "daylightTransitionEnd"));
    }
    if first.ticks > last.ticks {
        return Err(argument("The DateStart property must come before the DateEnd property.", "dateStart"));
    }
    if !(-23 * TICKS_PER_HOUR..=14 * TICKS_PER_HOUR).contains(&delta) {
        let message = format!(
            "The TimeSpan parameter must be within plus or minus 14.0 hours. (Parameter 'daylightDelta')\nActual value was {}.",
            TimeSpan(delta)
        );
        return crate::dotnet::exception::raise(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, message);
    }
    if delta % TICKS_PER_MINUTE != 0 {
        return Err(argument("The TimeSpan parameter cannot be specified more precisely than whole minutes.", "daylightDelta"));
    }
    for (date, parameter) in [(first, "dateStart"), (last, "dateEnd")] {
        if date.kind == Kind::Unspecified && date.ticks % TICKS_PER_DAY != 0 {
            return Err(argument("The supplied DateTime includes a TimeOfDay setting.   This is not supported.", parameter));
        }
    }
    rule_value(call.runtime, Rule { first: first.ticks, last: last.ticks, delta, start, end })
}

fn week(transition: Transition) -> i32 {
    match transition.day {
        TransitionDay::Floating { week, .. } => week,
        TransitionDay::Fixed(_) => 1,
    }
}

fn date(ticks: i64) -> Result<Value, Raise> {
    Ok(Value::DateTime(DateTime { ticks, kind: Kind::Unspecified }))
}

/// The members of `TimeZoneInfo.TransitionTime`.
pub const TRANSITION_TIME_MEMBERS: &[Member] = &[
    member("static TimeZoneInfo.TransitionTime CreateFixedDateRule(DateTime timeOfDay, int month, int day)", |call| {
        let day = TransitionDay::Fixed(datetime::int(call, 2));
        checked(call, day)
    }),
    member(
        "static TimeZoneInfo.TransitionTime CreateFloatingDateRule(DateTime timeOfDay, int month, int week, DayOfWeek dayOfWeek)",
        |call| {
            let day = TransitionDay::Floating { week: datetime::int(call, 2), day_of_week: datetime::int(call, 3) };
            checked(call, day)
        },
    ),
    member("DateTime TimeOfDay { get; }", |call| date(transition(call, 0).time)),
    member("int Month { get; }", |call| Ok(Value::Int32(transition(call, 0).month))),
    member("int Week { get; }", |call| Ok(Value::Int32(week(transition(call, 0))))),
    member("int Day { get; }", |call| {
        Ok(Value::Int32(match transition(call, 0).day {
            TransitionDay::Fixed(day) => day,
            TransitionDay::Floating { .. } => 1,
        }))
    }),
    member("DayOfWeek DayOfWeek { get; }", |call| {
        let day = match transition(call, 0).day {
            TransitionDay::Floating { day_of_week, .. } => day_of_week,
            TransitionDay::Fixed(_) => 0,
        };
        Ok(Value::Enum(EnumValue::new(&registry::DAY_OF_WEEK, day)))
    }),
    member("bool IsFixedDateRule { get; }", |call| Ok(Value::Bool(matches!(transition(call, 0).day, TransitionDay::Fixed(_))))),
    member("bool Equals(TimeZoneInfo.TransitionTime other)", |call| Ok(Value::Bool(transition(call, 0) == transition(call, 1)))),
    member("bool Equals(object obj)", |call| {
        let is_one = call.runtime.own::<TransitionTime>(call.argument(1)).is_some();
        Ok(Value::Bool(is_one && transition(call, 0) == transition(call, 1)))
    }),
    member("int GetHashCode()", |call| {
        let transition = transition(call, 0);
        Ok(Value::Int32(transition.month ^ (week(transition) << 8)))
    }),
    member("static bool operator ==(TimeZoneInfo.TransitionTime t1, TimeZoneInfo.TransitionTime t2)", |call| {
        Ok(Value::Bool(transition(call, 0) == transition(call, 1)))
    }),
    member("static bool operator !=(TimeZoneInfo.TransitionTime t1, TimeZoneInfo.TransitionTime t2)", |call| {
        Ok(Value::Bool(transition(call, 0) != transition(call, 1)))
    }),
];

/// The members of `TimeZoneInfo.AdjustmentRule`.
pub const ADJUSTMENT_RULE_MEMBERS: &[Member] = &[
    member(
        "static TimeZoneInfo.AdjustmentRule CreateAdjustmentRule(DateTime dateStart, DateTime dateEnd, TimeSpan daylightDelta, TimeZoneInfo.TransitionTime daylightTransitionStart, TimeZoneInfo.TransitionTime daylightTransitionEnd)",
        made,
    ),
    member("DateTime DateStart { get; }", |call| date(rule(call, 0).first)),
    member("DateTime DateEnd { get; }", |call| date(rule(call, 0).last)),
    member("TimeSpan DaylightDelta { get; }", |call| Ok(Value::TimeSpan(TimeSpan(rule(call, 0).delta)))),
    member("TimeZoneInfo.TransitionTime DaylightTransitionStart { get; }", |call| {
        let transition = rule(call, 0).start;
        call.runtime.instance(TransitionTime(transition))
    }),
    member("TimeZoneInfo.TransitionTime DaylightTransitionEnd { get; }", |call| {
        let transition = rule(call, 0).end;
        call.runtime.instance(TransitionTime(transition))
    }),
    member("bool Equals(TimeZoneInfo.AdjustmentRule other)", |call| {
        Ok(Value::Bool(!call.argument(1).is_null() && rule(call, 0) == rule(call, 1)))
    }),
    member("int GetHashCode()", |call| Ok(Value::Int32((rule(call, 0).first / TICKS_PER_DAY) as i32))),
];
