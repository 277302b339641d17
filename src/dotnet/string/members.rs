//! The members of `System.String`.
//!
//! Comparisons that .NET makes by culture are made ordinally here. For equality that differs only outside ASCII; the *order* that
//! `Compare` gives differs for letters of different case, too.

use super::Str;
use crate::{
    dotnet::{
        collection,
        display::to_str,
        enums::ignores_case,
        exception::{Raise, argument_null, null_reference, out_of_range, raise, throw},
        member::{Call, Member, member},
        number, registry,
        types::Type,
        value::Value,
    },
    text::Text,
};

/// The members of `string`.
pub const MEMBERS: &[Member] = &[
    member("static string Empty { get; }", |_| Ok(Value::String(Str::EMPTY))),
    member("int Length { get; }", |call| Ok(Value::Int32(this(call)?.len() as i32))),
    member("char this[int index] { get; }", |call| {
        let unit = at(call, 1).and_then(|index| this(call).ok()?.unit(index));
        unit.map(Value::Char).ok_or_else(|| throw(&registry::INDEX_OUT_OF_RANGE_EXCEPTION, "Index was outside the bounds of the array."))
    }),
    member("static bool IsNullOrEmpty(string value)", |call| Ok(Value::Bool(text(call, 0).is_none_or(|text| text.is_empty())))),
    member("static bool IsNullOrWhiteSpace(string value)", |call| {
        Ok(Value::Bool(text(call, 0).is_none_or(|text| text.as_str().chars().all(char::is_whitespace))))
    }),
    member("static string Concat(string str0, string str1)", |call| Ok(Value::String(part(call, 0).concat(&part(call, 1))))),
    member("static string Concat(string str0, string str1, string str2)", |call| {
        Ok(Value::String(part(call, 0).concat(&part(call, 1)).concat(&part(call, 2))))
    }),
    member("static string Concat(params object[] args)", |call| {
        let items = collection::items(call.runtime, call.argument(0)).ok_or_else(|| argument_null("args"))?;
        join(call, &Str::EMPTY, &items)
    }),
    member("static string Join(string separator, params string[] value)", join_member),
    member("static string Join(string separator, IEnumerable<string> values)", join_member),
    member("static string Join(string separator, params object[] values)", join_member),
    member("static string Join<T>(string separator, IEnumerable<T> values)", join_member),
    member("static string Format(string format, params object[] args)", |call| {
        let Some(format) = text(call, 0) else { return Err(argument_null("format")) };
        let items = collection::items(call.runtime, call.argument(1)).ok_or_else(|| argument_null("args"))?;
        composite(call, &format.as_str(), &items)
    }),
    member("static bool Equals(string a, string b)", |call| {
        Ok(Value::Bool(call.argument(0).is_null() && call.argument(1).is_null() || text(call, 0) == text(call, 1)))
    }),
    member("static bool Equals(string a, string b, StringComparison comparisonType)", |call| {
        let ignore = ignores_case(call.argument(2)).unwrap_or(false);
        Ok(Value::Bool(match (text(call, 0), text(call, 1)) {
            (Some(a), Some(b)) => equal(a, b, ignore),
            (a, b) => a.is_none() && b.is_none(),
        }))
    }),
    member("static int Compare(string strA, string strB)", |call| {
        Ok(Value::Int32(text(call, 0).map(Str::units).cmp(&text(call, 1).map(Str::units)) as i32))
    }),
    member("static int CompareOrdinal(string strA, string strB)", |call| {
        Ok(Value::Int32(text(call, 0).map(Str::units).cmp(&text(call, 1).map(Str::units)) as i32))
    }),
    member("bool Equals(string value)", |call| {
        let this = this(call)?;
        Ok(Value::Bool(text(call, 1).is_some_and(|other| this == other)))
    }),
    member("bool Equals(string value, StringComparison comparisonType)", |call| {
        let ignore = ignores_case(call.argument(2)).unwrap_or(false);
        let this = this(call)?;
        Ok(Value::Bool(text(call, 1).is_some_and(|other| equal(this, other, ignore))))
    }),
    member("bool Contains(string value)", |call| Ok(Value::Bool(find(call, false, false)?.is_some()))),
    member("bool Contains(char value)", |call| Ok(Value::Bool(find(call, false, false)?.is_some()))),
    member("bool Contains(string value, StringComparison comparisonType)", |call| {
        let ignore = ignores_case(call.argument(2)).unwrap_or(false);
        Ok(Value::Bool(find(call, ignore, false)?.is_some()))
    }),
    member("bool StartsWith(string value)", |call| ends(call, false, true)),
    member("bool StartsWith(string value, StringComparison comparisonType)", |call| {
        ends(call, ignores_case(call.argument(2)).unwrap_or(false), true)
    }),
    member("bool EndsWith(string value)", |call| ends(call, false, false)),
    member("bool EndsWith(string value, StringComparison comparisonType)", |call| {
        ends(call, ignores_case(call.argument(2)).unwrap_or(false), false)
    }),
    member("int IndexOf(string value)", |call| position(call, false)),
    member("int IndexOf(char value)", |call| position(call, false)),
    member("int IndexOf(string value, StringComparison comparisonType)", |call| {
        let ignore = ignores_case(call.argument(2)).unwrap_or(false);
        Ok(Value::Int32(find(call, ignore, false)?.map_or(-1, |at| at as i32)))
    }),
    member("int IndexOf(string value, int startIndex)", index_from),
    member("int IndexOf(char value, int startIndex)", index_from),
    member("int LastIndexOf(string value)", |call| position(call, true)),
    member("int LastIndexOf(char value)", |call| position(call, true)),
    member("string Substring(int startIndex)", |call| {
        let this = this(call)?;
        let start = call.argument(1).as_integer().unwrap_or(0);
        match usize::try_from(start) {
            Err(_) => Err(out_of_range("StartIndex cannot be less than zero.", "startIndex")),
            Ok(start) if start > this.len() => Err(out_of_range("startIndex cannot be larger than length of string.", "startIndex")),
            Ok(start) => Ok(Value::String(this.slice(start, this.len() - start).unwrap_or_default())),
        }
    }),
    member("string Substring(int startIndex, int length)", |call| {
        let this = this(call)?;
        let (start, length) = (call.argument(1).as_integer().unwrap_or(0), call.argument(2).as_integer().unwrap_or(0));
        match (usize::try_from(start), usize::try_from(length)) {
            (Err(_), _) => Err(out_of_range("StartIndex cannot be less than zero.", "startIndex")),
            (Ok(start), _) if start > this.len() => Err(out_of_range("startIndex cannot be larger than length of string.", "startIndex")),
            (_, Err(_)) => Err(out_of_range("Length cannot be less than zero.", "length")),
            (Ok(start), Ok(length)) => match this.slice(start, length) {
                Some(part) => Ok(Value::String(part)),
                None => Err(out_of_range("Index and length must refer to a location within the string.", "length")),
            },
        }
    }),
    member("string Remove(int startIndex)", |call| {
        let this = this(call)?;
        match at(call, 1).and_then(|start| this.slice(0, start)) {
            Some(part) => Ok(Value::String(part)),
            None => Err(out_of_range("startIndex must be less than length of string.", "startIndex")),
        }
    }),
    member("string Replace(string oldValue, string newValue)", |call| {
        let this = this(call)?;
        let Some(old) = text(call, 1) else { return Err(argument_null("oldValue")) };
        if old.is_empty() {
            return raise(&registry::ARGUMENT_EXCEPTION, "String cannot be of zero length. (Parameter 'oldValue')");
        }
        let (text, old, new) = (this.as_str(), old.as_str(), part(call, 2));
        let growth = new.bytes().saturating_sub(old.len());
        if growth > 0 {
            call.runtime.allocate(text.matches(&*old).count().saturating_mul(growth))?;
        }
        Ok(Value::string(text.replace(&*old, &new.as_str())))
    }),
    member("string Replace(char oldChar, char newChar)", |call| {
        let (old, new) = (call.argument(1).as_integer().unwrap_or(0) as u16, call.argument(2).as_integer().unwrap_or(0) as u16);
        let units: Vec<u16> = this(call)?.units().into_iter().map(|unit| if unit == old { new } else { unit }).collect();
        Ok(Value::String(Str::from_units(&units)))
    }),
    member("string[] Split(params char[] separator)", split),
    member("string[] Split(char[] separator, StringSplitOptions options)", split),
    member("string[] Split(char separator, StringSplitOptions options = 0)", split),
    member("string[] Split(string separator, StringSplitOptions options = 0)", split),
    member("string[] Split(string[] separator, StringSplitOptions options)", split),
    member("string Trim()", |call| Ok(Value::string(this(call)?.as_str().trim().to_owned()))),
    member("string TrimStart()", |call| Ok(Value::string(this(call)?.as_str().trim_start().to_owned()))),
    member("string TrimEnd()", |call| Ok(Value::string(this(call)?.as_str().trim_end().to_owned()))),
    member("string Trim(params char[] trimChars)", |call| trim(call, true, true)),
    member("string TrimStart(params char[] trimChars)", |call| trim(call, true, false)),
    member("string TrimEnd(params char[] trimChars)", |call| trim(call, false, true)),
    member("string ToLower()", |call| Ok(Value::string(lower(this(call)?)))),
    member("string ToLowerInvariant()", |call| Ok(Value::string(lower(this(call)?)))),
    member("string ToUpper()", |call| Ok(Value::string(upper(this(call)?)))),
    member("string ToUpperInvariant()", |call| Ok(Value::string(upper(this(call)?)))),
    member("string PadLeft(int totalWidth)", |call| pad(call, true)),
    member("string PadRight(int totalWidth)", |call| pad(call, false)),
    member("string PadLeft(int totalWidth, char paddingChar)", |call| pad(call, true)),
    member("string PadRight(int totalWidth, char paddingChar)", |call| pad(call, false)),
    member("static bool operator ==(string a, string b)", |call| Ok(Value::Bool(text(call, 0) == text(call, 1)))),
    member("static bool operator !=(string a, string b)", |call| Ok(Value::Bool(text(call, 0) != text(call, 1)))),
];

fn text<'a>(call: &Call<'a, '_>, index: usize) -> Option<&'a Str> {
    match call.argument(index) {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn this<'a>(call: &Call<'a, '_>) -> Result<&'a Str, Raise> {
    text(call, 0).ok_or_else(null_reference)
}

/// A string or character argument as a string; null as the empty one.
fn part(call: &Call<'_, '_>, index: usize) -> Str {
    match call.argument(index) {
        Value::String(text) => text.clone(),
        Value::Char(unit) => Str::from_units(&[*unit]),
        _ => Str::EMPTY,
    }
}

fn at(call: &Call<'_, '_>, index: usize) -> Option<usize> {
    call.argument(index).as_integer().and_then(|value| usize::try_from(value).ok())
}

/// Characters are folded one by one, so that offsets hold: .NET's ordinal case folding is simple, never `ß` to `SS`.
fn fold(text: &Str) -> String {
    text.as_str().chars().map(|c| c.to_uppercase().next().filter(|_| c.to_uppercase().count() == 1).unwrap_or(c)).collect()
}

fn lower(text: &Str) -> String {
    text.as_str().chars().map(|c| c.to_lowercase().next().filter(|_| c.to_lowercase().count() == 1).unwrap_or(c)).collect()
}

fn upper(text: &Str) -> String {
    fold(text)
}

fn equal(a: &Str, b: &Str, ignore_case: bool) -> bool {
    a == b || (ignore_case && (a.as_str().eq_ignore_ascii_case(&b.as_str()) || fold(a) == fold(b)))
}

/// The place of argument 1 in the receiver, in code units.
fn find(call: &Call<'_, '_>, ignore_case: bool, last: bool) -> Result<Option<usize>, Raise> {
    let this = this(call)?;
    if call.argument(1).is_null() {
        return Err(argument_null("value"));
    }
    let value = part(call, 1);
    let seek = |hay: &str, needle: &str| {
        let at = if last { hay.rfind(needle) } else { hay.find(needle) };
        at.map(|at| if hay.is_ascii() { at } else { hay.get(..at).map_or(0, |before| before.encode_utf16().count()) })
    };
    Ok(if ignore_case { seek(&fold(this), &fold(&value)) } else { seek(&this.as_str(), &value.as_str()) })
}

fn position(call: &mut Call<'_, '_>, last: bool) -> Result<Value, Raise> {
    Ok(Value::Int32(find(call, false, last)?.map_or(-1, |at| at as i32)))
}

fn index_from(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let this = this(call)?;
    let Some(rest) = at(call, 2).and_then(|start| this.slice(start, this.len().checked_sub(start)?)) else {
        return Err(out_of_range(
            "Index was out of range. Must be non-negative and less than or equal to the size of the collection.",
            "startIndex",
        ));
    };
    let start = at(call, 2).unwrap_or(0);
    let units = rest.units();
    let needle = part(call, 1).units();
    let found = if needle.is_empty() { Some(0) } else { units.windows(needle.len()).position(|window| window == needle) };
    Ok(Value::Int32(found.map_or(-1, |at| (start + at) as i32)))
}

fn ends(call: &mut Call<'_, '_>, ignore_case: bool, start: bool) -> Result<Value, Raise> {
    let this = this(call)?;
    let Some(value) = text(call, 1) else { return Err(argument_null("value")) };
    let length = value.len();
    let piece = if start { this.slice(0, length) } else { this.len().checked_sub(length).and_then(|from| this.slice(from, length)) };
    Ok(Value::Bool(piece.is_some_and(|piece| equal(&piece, value, ignore_case))))
}

fn join_member(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let separator = part(call, 0);
    let items = collection::items(call.runtime, call.argument(1)).ok_or_else(|| argument_null("value"))?;
    join(call, &separator, &items)
}

fn join(call: &mut Call<'_, '_>, separator: &Str, items: &[Value]) -> Result<Value, Raise> {
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            joined.push_str(&separator.as_str());
        }
        joined.push_str(&to_str(call.runtime, item).as_str());
    }
    call.runtime.allocate(joined.len())?;
    Ok(Value::string(joined))
}

/// .NET's composite formatting: `{index[,alignment][:format]}`.
fn composite(call: &mut Call<'_, '_>, format: &str, items: &[Value]) -> Result<Value, Raise> {
    let wrong = || throw(&registry::FORMAT_EXCEPTION, "Input string was not in a correct format.");
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if from.starts_with("{{") || from.starts_with("}}") {
            out.push_str(from.get(..1).unwrap_or(""));
            rest = from.get(2..).unwrap_or("");
            continue;
        }
        let inner = from.strip_prefix('{').ok_or_else(wrong)?;
        let (hole, after) = inner.split_once('}').ok_or_else(wrong)?;
        let (head, format) = hole.split_once(':').map_or((hole, None), |(head, format)| (head, Some(format)));
        let (index, alignment) = head.split_once(',').map_or((head, "0"), |(index, alignment)| (index, alignment));
        let index: usize = index.trim().parse().map_err(|_| wrong())?;
        let alignment: i32 = alignment.trim().parse().map_err(|_| wrong())?;
        let Some(item) = items.get(index) else {
            return raise(
                &registry::FORMAT_EXCEPTION,
                "Index (zero based) must be greater than or equal to zero and less than the size of the argument list.",
            );
        };
        out.push_str(&aligned(&formatted(call, item, format)?, alignment));
        rest = after;
    }
    out.push_str(rest);
    call.runtime.allocate(out.len())?;
    Ok(Value::string(out))
}

/// A value under an optional format string, as a hole of an interpolated string has it.
pub fn formatted(call: &mut Call<'_, '_>, value: &Value, format: Option<&str>) -> Result<String, Raise> {
    match format.filter(|format| !format.is_empty()) {
        None => Ok(to_str(call.runtime, value).to_string()),
        Some(format) if number::as_double(value).is_some() => {
            number::format_number(value, format).ok_or_else(|| throw(&registry::FORMAT_EXCEPTION, "Format specifier was invalid."))
        }
        Some(_) => Ok(to_str(call.runtime, value).to_string()),
    }
}

/// Pads to a width: to the left for a positive one, to the right for a negative one.
pub fn aligned(text: &str, alignment: i32) -> String {
    let missing = (alignment.unsigned_abs() as usize).min(1 << 20).saturating_sub(text.encode_utf16().count());
    let spaces = " ".repeat(missing);
    if alignment < 0 { format!("{text}{spaces}") } else { format!("{spaces}{text}") }
}

fn separators(call: &mut Call<'_, '_>) -> Vec<Vec<u16>> {
    match call.argument(1).clone() {
        Value::Char(unit) => vec![vec![unit]],
        Value::String(text) => vec![text.units()],
        value => {
            collection::items(call.runtime, &value).unwrap_or_default().iter().map(|item| to_str(call.runtime, item).units()).collect()
        }
    }
}

fn split(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let separators: Vec<Str> =
        separators(call).iter().filter(|separator| !separator.is_empty()).map(|separator| Str::from_units(separator)).collect();
    let options = call.argument(2).as_integer().unwrap_or(0);
    let this = this(call)?;
    let text = this.as_str();
    call.runtime.allocate(text.len() * 2)?;
    let pieces: Vec<&str> = match separators.as_slice() {
        [] => text.split(char::is_whitespace).collect(),
        [only] => text.split(&*only.as_str()).collect(),
        several => split_at_any(&text, several),
    };
    let trimmed = pieces.into_iter().map(|piece| if options & 2 == 0 { piece } else { piece.trim() });
    let kept = trimmed.filter(|piece| options & 1 == 0 || !piece.is_empty());
    let items: Vec<Value> = kept.map(|piece| Value::string(Text::copied(piece))).collect();
    collection::array(call.runtime, Type::STRING, items)
}

/// Of separators that begin at the same place the first one given wins.
fn split_at_any<'a>(text: &'a str, separators: &[Str]) -> Vec<&'a str> {
    let separators: Vec<_> = separators.iter().map(Str::as_str).collect();
    let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let found = separators.iter().find(|separator| text.get(at..).is_some_and(|rest| rest.starts_with(&***separator)));
        match found {
            Some(separator) => {
                pieces.push(text.get(start..at).unwrap_or(""));
                at += separator.len();
                start = at;
            }
            None => at += c.len_utf8(),
        }
    }
    pieces.push(text.get(start..).unwrap_or(""));
    pieces
}

fn trim(call: &mut Call<'_, '_>, start: bool, end: bool) -> Result<Value, Raise> {
    let set: Vec<u16> = separators(call).into_iter().flatten().collect();
    let units = this(call)?.units();
    let is_trimmed =
        |unit: &&u16| if set.is_empty() { char::from_u32(u32::from(**unit)).is_some_and(char::is_whitespace) } else { set.contains(unit) };
    let from = if start { units.iter().take_while(is_trimmed).count() } else { 0 };
    let rest = units.get(from..).unwrap_or(&[]);
    let cut = if end { rest.iter().rev().take_while(is_trimmed).count() } else { 0 };
    Ok(Value::String(Str::from_units(rest.get(..rest.len() - cut).unwrap_or(&[]))))
}

fn pad(call: &mut Call<'_, '_>, left: bool) -> Result<Value, Raise> {
    let Some(width) = at(call, 1) else { return Err(out_of_range("Non-negative number required.", "totalWidth")) };
    let mut units = this(call)?.units();
    let missing = width.saturating_sub(units.len());
    call.runtime.allocate(missing * 2)?;
    let unit = if let Value::Char(unit) = call.argument(2) { *unit } else { u16::from(b' ') };
    let padding = vec![unit; missing];
    if left {
        units.splice(0..0, padding);
    } else {
        units.extend(padding);
    }
    Ok(Value::String(Str::from_units(&units)))
}
