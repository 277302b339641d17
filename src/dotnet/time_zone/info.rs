//! `System.TimeZoneInfo`
//!
//! Source: learn.microsoft.com; messages from dotnet/runtime, `TimeZoneInfo.cs` of .NET 6.

use std::sync::Arc;

use super::{
    rules::{rule_value, rules_argument},
    windows::WINDOWS_ZONES,
    zone::{Source, Wall, Zone},
};
use crate::dotnet::{
    collection::List,
    datetime::{
        self, DateTime, DateTimeOffset, Kind, MAX_TICKS, TICKS_PER_HOUR, TICKS_PER_MINUTE, TimeSpan, argument, date_time, date_time_offset,
    },
    exception::{Raise, argument_null, out_of_range, raise},
    heap::{Instance, Object, downcast},
    member::{Call, Member, member},
    runtime::Runtime,
    string::Str,
    types::Type,
    value::Value,
};

/// A `TimeZoneInfo` object.
#[derive(Clone, Debug)]
pub struct TimeZoneInfo(pub Arc<Zone>);

impl Instance for TimeZoneInfo {
    fn ty(&self) -> Type {
        Type::named(&super::TIME_ZONE_INFO)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn independent(&self) -> Option<Box<dyn Instance>> {
        Some(self.copy())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(self.0.display.clone().into())
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other).is_some_and(|other| is_equal(&self.0, &other.0)))
    }

    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        Some(id_hash(&self.0))
    }
}

/// `Equals`: the same name, whatever its case, and the same rules.
fn is_equal(a: &Zone, b: &Zone) -> bool {
    a.id.eq_ignore_ascii_case(&b.id) && has_same_rules(a, b)
}

fn has_same_rules(a: &Zone, b: &Zone) -> bool {
    a.base == b.base
        && match (&a.source, &b.source) {
            (Source::Database(a), Source::Database(b)) => a == b,
            _ => a.rules() == b.rules(),
        }
}

fn id_hash(zone: &Zone) -> u64 {
    zone.id.bytes().fold(5381, |hash: u64, byte| hash.wrapping_mul(33) ^ u64::from(byte.to_ascii_uppercase()))
}

/// A zone as a value.
///
/// # Errors
/// A spent budget.
pub fn zone_value(runtime: &mut Runtime<'_>, zone: Zone) -> Result<Value, Raise> {
    runtime.allocate(512)?;
    runtime.instance(TimeZoneInfo(Arc::new(zone)))
}

fn zone(call: &Call<'_, '_>, index: usize, parameter: &str) -> Result<Arc<Zone>, Raise> {
    match call.runtime.own::<TimeZoneInfo>(call.argument(index)) {
        Some(zone) => Ok(zone.0.clone()),
        None => Err(argument_null(parameter)),
    }
}

fn this(call: &Call<'_, '_>) -> Result<Arc<Zone>, Raise> {
    zone(call, 0, "this")
}

fn find(call: &mut Call<'_, '_>, index: usize, parameter: &str) -> Result<Zone, Raise> {
    let Value::String(id) = call.argument(index) else { return Err(argument_null(parameter)) };
    let id = id.clone();
    call.runtime.work(4096 + id.bytes())?;
    let now = DateTime::from_moment(call.runtime.environment.now()).ticks;
    match Zone::find(&id.as_str(), now) {
        Some(zone) => Ok(zone),
        None => raise(&super::TIME_ZONE_NOT_FOUND_EXCEPTION, format!("The time zone ID '{id}' was not found on the local computer.")),
    }
}

/// The zone that a time is in by its kind.
fn zone_of(kind: Kind) -> Zone {
    if kind == Kind::Utc { Zone::utc() } else { Zone::local() }
}

/// Ticks of UTC as a time of a zone; beyond the calendar the last time that it has.
fn from_utc(utc: i64, zone: &Zone) -> i64 {
    let utc = utc.clamp(0, MAX_TICKS);
    (utc + zone.at(utc).offset).clamp(0, MAX_TICKS)
}

fn convert(time: DateTime, source: &Zone, target: &Zone) -> Result<Value, Raise> {
    if time.kind != Kind::Unspecified && time.kind != source.kind {
        let message = "The conversion could not be completed because the supplied DateTime did not have the Kind property set correctly.  For example, when the Kind property is DateTimeKind.Local, the source time zone must be TimeZoneInfo.Local.";
        return Err(argument(message, "sourceTimeZone"));
    }
    let wall = source.wall(time.ticks);
    if matches!(wall, Wall::Gap(_)) {
        let message = "The supplied DateTime represents an invalid time.  For example, when the clock is adjusted forward, any time in the period that is skipped is invalid.";
        return Err(argument(message, "dateTime"));
    }
    if time.kind != Kind::Unspecified && source.kind == target.kind {
        return Ok(Value::DateTime(time));
    }
    let ticks = from_utc(time.ticks - wall.in_force().offset, target);
    Ok(Value::DateTime(DateTime { ticks, kind: target.kind }))
}

fn convert_offset(time: DateTimeOffset, target: &Zone) -> Result<Value, Raise> {
    let utc = time.utc_ticks();
    let offset = target.at(utc).offset;
    let value = match utc + offset {
        ticks @ 0..=MAX_TICKS => DateTimeOffset { ticks, offset_minutes: (offset / TICKS_PER_MINUTE) as i16 },
        ticks => DateTimeOffset { ticks: ticks.clamp(0, MAX_TICKS), offset_minutes: 0 },
    };
    Ok(Value::DateTimeOffset(value))
}

/// What the zone's clock shows at a time; a time without a kind is the clock's already.
fn on_clock(time: DateTime, zone: &Zone) -> i64 {
    if time.kind == Kind::Unspecified || time.kind == zone.kind { time.ticks } else { from_utc(time.ticks, zone) }
}

fn in_force(time: DateTime, zone: &Zone) -> super::zone::InForce {
    if time.kind == Kind::Unspecified { zone.wall(time.ticks).in_force() } else { zone.at(time.ticks) }
}

fn span(ticks: i64) -> Result<Value, Raise> {
    Ok(Value::TimeSpan(TimeSpan(ticks)))
}

fn text(call: &mut Call<'_, '_>, pick: fn(&Zone) -> &str) -> Result<Value, Raise> {
    let zone = this(call)?;
    call.runtime.allocate(pick(&zone).len())?;
    Ok(Value::string(pick(&zone).to_owned()))
}

fn both_offsets(call: &mut Call<'_, '_>, wall: Wall, type_name: &str, parameter: &str) -> Result<Value, Raise> {
    let Wall::Fold(before, after) = wall else {
        return Err(argument(&format!("The supplied {type_name} is not in an ambiguous time range."), parameter));
    };
    let items = [before.offset.min(after.offset), before.offset.max(after.offset)].map(|ticks| Value::TimeSpan(TimeSpan(ticks)));
    call.runtime.object(Object::Array(List::new(Type::TIME_SPAN, items.to_vec())))
}

/// `CreateCustomTimeZone(id, baseUtcOffset, displayName, standardDisplayName, daylightDisplayName, adjustmentRules, disable…)`
fn custom(call: &mut Call<'_, '_>, has_rules: bool) -> Result<Value, Raise> {
    let string = |index: usize| match call.argument(index) {
        Value::String(text) => Some(text.to_string()),
        _ => None,
    };
    let Some(id) = string(0) else { return Err(argument_null("id")) };
    if id.is_empty() {
        return Err(argument("The specified ID parameter '' is not supported.", "id"));
    }
    let base = datetime::span(call, 1);
    if base.unsigned_abs() > (14 * TICKS_PER_HOUR) as u64 {
        return Err(out_of_range("The TimeSpan parameter must be within plus or minus 14.0 hours.", "baseUtcOffset"));
    }
    if base % TICKS_PER_MINUTE != 0 {
        return Err(argument("The TimeSpan parameter cannot be specified more precisely than whole minutes.", "baseUtcOffset"));
    }
    let is_disabled = matches!(call.argument(6), Value::Bool(true));
    let rules = if has_rules && !is_disabled { rules_argument(call, 5) } else { Arc::new([]) };
    for (before, after) in rules.iter().zip(rules.iter().skip(1)) {
        if after.first <= before.last {
            let message = "The elements of the AdjustmentRule array must be in chronological order and must not overlap.";
            return raise(&super::INVALID_TIME_ZONE_EXCEPTION, message);
        }
    }
    let standard = string(3).unwrap_or_default();
    let zone = Zone {
        display: string(2).unwrap_or_default(),
        daylight: match (has_rules, is_disabled) {
            (false, _) => standard.clone(),
            (true, true) => String::new(),
            (true, false) => string(4).unwrap_or_default(),
        },
        standard,
        id,
        base,
        kind: Kind::Unspecified,
        source: Source::Rules(rules),
    };
    let bytes = zone.id.len() + zone.display.len() + zone.standard.len() + zone.daylight.len();
    call.runtime.allocate(bytes)?;
    zone_value(call.runtime, zone)
}

fn all_zones(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let now = DateTime::from_moment(call.runtime.environment.now()).ticks;
    let mut zones = Vec::new();
    for name in Zone::names() {
        call.runtime.work(4096)?;
        zones.extend(Zone::find(&name, now));
    }
    zones.sort_by(|a, b| a.base.cmp(&b.base).then_with(|| a.display.cmp(&b.display)));
    let mut items = Vec::with_capacity(zones.len());
    for zone in zones {
        items.push(zone_value(call.runtime, zone)?);
    }
    call.runtime.object(Object::List(List::new(Type::named(&super::TIME_ZONE_INFO), items)))
}

fn all_rules(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let zone = this(call)?;
    call.runtime.work(1 << 16)?;
    let mut items = Vec::new();
    for rule in zone.rules() {
        items.push(rule_value(call.runtime, rule)?);
    }
    call.runtime.object(Object::Array(List::new(Type::named(&super::ADJUSTMENT_RULE), items)))
}

/// Sets the `out` parameter to what was found in one column of the table for what stands in the other.
fn translated(call: &mut Call<'_, '_>, out: usize, to_windows: bool) -> Result<Value, Raise> {
    let Value::String(id) = call.argument(0) else { return Err(argument_null(if to_windows { "ianaId" } else { "windowsId" })) };
    let id = id.to_string();
    let found = WINDOWS_ZONES.iter().map(|(windows, iana)| if to_windows { (iana, windows) } else { (windows, iana) });
    let found = found.into_iter().find(|(from, _)| from.eq_ignore_ascii_case(&id)).map(|(_, to)| *to);
    call.out(out, found.map_or(Value::Null, Value::string));
    Ok(Value::Bool(found.is_some()))
}

/// The members of `TimeZoneInfo`.
pub const MEMBERS: &[Member] = &[
    member("static TimeZoneInfo Utc { get; }", |call| zone_value(call.runtime, Zone::utc())),
    member("static TimeZoneInfo Local { get; }", |call| zone_value(call.runtime, Zone::local())),
    member("string Id { get; }", |call| text(call, |zone| &zone.id)),
    member("string DisplayName { get; }", |call| text(call, |zone| &zone.display)),
    member("string StandardName { get; }", |call| text(call, |zone| &zone.standard)),
    member("string DaylightName { get; }", |call| text(call, |zone| &zone.daylight)),
    member("bool HasIanaId { get; }", |call| {
        let zone = this(call)?;
        Ok(Value::Bool(match &zone.source {
            Source::Database(database) => database.iana_name() == Some(zone.id.as_str()),
            Source::Rules(_) => zone.kind != Kind::Unspecified,
        }))
    }),
    member("TimeSpan BaseUtcOffset { get; }", |call| span(this(call)?.base)),
    member("bool SupportsDaylightSavingTime { get; }", |call| Ok(Value::Bool(this(call)?.supports_daylight()))),
    member("static TimeZoneInfo FindSystemTimeZoneById(string id)", |call| {
        let zone = find(call, 0, "id")?;
        zone_value(call.runtime, zone)
    }),
    member("static IReadOnlyList<TimeZoneInfo> GetSystemTimeZones()", all_zones),
    member("static void ClearCachedData()", |_| Ok(Value::Null)),
    member("static bool TryConvertIanaIdToWindowsId(string ianaId, out string windowsId)", |call| translated(call, 1, true)),
    member("static bool TryConvertWindowsIdToIanaId(string windowsId, out string ianaId)", |call| translated(call, 1, false)),
    member("static bool TryConvertWindowsIdToIanaId(string windowsId, string region, out string ianaId)", |call| {
        translated(call, 2, false)
    }),
    member("static DateTime ConvertTime(DateTime dateTime, TimeZoneInfo destinationTimeZone)", |call| {
        let (time, target) = (date_time(call, 0), zone(call, 1, "destinationTimeZone")?);
        convert(time, &zone_of(time.kind), &target)
    }),
    member("static DateTime ConvertTime(DateTime dateTime, TimeZoneInfo sourceTimeZone, TimeZoneInfo destinationTimeZone)", |call| {
        convert(date_time(call, 0), &*zone(call, 1, "sourceTimeZone")?, &*zone(call, 2, "destinationTimeZone")?)
    }),
    member("static DateTimeOffset ConvertTime(DateTimeOffset dateTimeOffset, TimeZoneInfo destinationTimeZone)", |call| {
        convert_offset(date_time_offset(call, 0), &*zone(call, 1, "destinationTimeZone")?)
    }),
    member("static DateTime ConvertTimeBySystemTimeZoneId(DateTime dateTime, string destinationTimeZoneId)", |call| {
        let (time, target) = (date_time(call, 0), find(call, 1, "id")?);
        convert(time, &zone_of(time.kind), &target)
    }),
    member("static DateTimeOffset ConvertTimeBySystemTimeZoneId(DateTimeOffset dateTimeOffset, string destinationTimeZoneId)", |call| {
        let target = find(call, 1, "id")?;
        convert_offset(date_time_offset(call, 0), &target)
    }),
    member(
        "static DateTime ConvertTimeBySystemTimeZoneId(DateTime dateTime, string sourceTimeZoneId, string destinationTimeZoneId)",
        |call| {
            let time = date_time(call, 0);
            let source = match (time.kind, call.argument(1)) {
                // By that name the local zone is meant: it has UTC's here.
                (Kind::Local, Value::String(id)) if id.as_str().eq_ignore_ascii_case("UTC") => Zone::local(),
                _ => find(call, 1, "id")?,
            };
            let target = find(call, 2, "id")?;
            convert(time, &source, &target)
        },
    ),
    member("static DateTime ConvertTimeFromUtc(DateTime dateTime, TimeZoneInfo destinationTimeZone)", |call| {
        convert(date_time(call, 0), &Zone::utc(), &*zone(call, 1, "destinationTimeZone")?)
    }),
    member("static DateTime ConvertTimeToUtc(DateTime dateTime)", |call| {
        Ok(Value::DateTime(DateTime { kind: Kind::Utc, ..date_time(call, 0) }))
    }),
    member("static DateTime ConvertTimeToUtc(DateTime dateTime, TimeZoneInfo sourceTimeZone)", |call| {
        convert(date_time(call, 0), &*zone(call, 1, "sourceTimeZone")?, &Zone::utc())
    }),
    member("TimeSpan GetUtcOffset(DateTime dateTime)", |call| span(in_force(date_time(call, 1), &*this(call)?).offset)),
    member("TimeSpan GetUtcOffset(DateTimeOffset dateTimeOffset)", |call| {
        span(this(call)?.at(date_time_offset(call, 1).utc_ticks()).offset)
    }),
    member("bool IsDaylightSavingTime(DateTime dateTime)", |call| Ok(Value::Bool(in_force(date_time(call, 1), &*this(call)?).is_daylight))),
    member("bool IsDaylightSavingTime(DateTimeOffset dateTimeOffset)", |call| {
        Ok(Value::Bool(this(call)?.at(date_time_offset(call, 1).utc_ticks()).is_daylight))
    }),
    member("bool IsInvalidTime(DateTime dateTime)", |call| {
        let (zone, time) = (this(call)?, date_time(call, 1));
        let is_clock = time.kind == Kind::Unspecified || time.kind == zone.kind;
        Ok(Value::Bool(is_clock && matches!(zone.wall(time.ticks), Wall::Gap(_))))
    }),
    member("bool IsAmbiguousTime(DateTime dateTime)", |call| {
        let zone = this(call)?;
        Ok(Value::Bool(matches!(zone.wall(on_clock(date_time(call, 1), &zone)), Wall::Fold(..))))
    }),
    member("bool IsAmbiguousTime(DateTimeOffset dateTimeOffset)", |call| {
        let zone = this(call)?;
        Ok(Value::Bool(matches!(zone.wall(from_utc(date_time_offset(call, 1).utc_ticks(), &zone)), Wall::Fold(..))))
    }),
    member("TimeSpan[] GetAmbiguousTimeOffsets(DateTime dateTime)", |call| {
        let zone = this(call)?;
        let wall = zone.wall(on_clock(date_time(call, 1), &zone));
        both_offsets(call, wall, "DateTime", "dateTime")
    }),
    member("TimeSpan[] GetAmbiguousTimeOffsets(DateTimeOffset dateTimeOffset)", |call| {
        let zone = this(call)?;
        let wall = zone.wall(from_utc(date_time_offset(call, 1).utc_ticks(), &zone));
        both_offsets(call, wall, "DateTimeOffset", "dateTimeOffset")
    }),
    member("TimeZoneInfo.AdjustmentRule[] GetAdjustmentRules()", all_rules),
    member("bool HasSameRules(TimeZoneInfo other)", |call| Ok(Value::Bool(has_same_rules(&*this(call)?, &*zone(call, 1, "other")?)))),
    member("bool Equals(TimeZoneInfo other)", |call| {
        let this = this(call)?;
        Ok(Value::Bool(zone(call, 1, "other").is_ok_and(|other| is_equal(&this, &other))))
    }),
    member("bool Equals(object obj)", |call| {
        let this = this(call)?;
        Ok(Value::Bool(zone(call, 1, "obj").is_ok_and(|other| is_equal(&this, &other))))
    }),
    member("int GetHashCode()", |call| Ok(Value::Int32(id_hash(&*this(call)?) as i32))),
    member("string ToString()", |call| text(call, |zone| &zone.display)),
    member(
        "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, string standardDisplayName)",
        |call| custom(call, false),
    ),
    member(
        "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, string standardDisplayName, string daylightDisplayName, TimeZoneInfo.AdjustmentRule[] adjustmentRules)",
        |call| custom(call, true),
    ),
    member(
        "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, string standardDisplayName, string daylightDisplayName, TimeZoneInfo.AdjustmentRule[] adjustmentRules, bool disableDaylightSavingTime)",
        |call| custom(call, true),
    ),
];
