//! `IndexOf`, `LastIndexOf`, `Contains` and their like.
//!
//! With a string they search by culture unless a `StringComparison` is given, `Contains` excepted; with characters always ordinally.

use super::{
    Str,
    comparison::{Rule, fold},
    culture, int, only_unit, text, this, unit, units_of,
};
use crate::dotnet::{
    exception::{Raise, argument_null, out_of_range},
    member::{Call, Member, member},
    value::Value,
};

/// Where `needle` begins in `hay`, overlapping places included, in linear time (Knuth, Morris, Pratt).
pub fn matches<T: PartialEq>(hay: &[T], needle: &[T]) -> Vec<usize> {
    let mut borders = vec![0; needle.len()];
    let mut length = 0;
    let advance = |mut length: usize, item: &T, borders: &[usize]| {
        loop {
            if needle.get(length) == Some(item) {
                return length + 1;
            }
            match length.checked_sub(1) {
                Some(shorter) => length = borders.get(shorter).copied().unwrap_or(0),
                None => return 0,
            }
        }
    };
    for (index, item) in needle.iter().enumerate().skip(1) {
        length = advance(length, item, &borders);
        if let Some(border) = borders.get_mut(index) {
            *border = length;
        }
    }
    let (mut found, mut length) = (Vec::new(), 0);
    for (index, item) in hay.iter().enumerate() {
        length = advance(length, item, &borders);
        if length == needle.len() && length > 0 {
            found.push(index + 1 - length);
            length = borders.get(length - 1).copied().unwrap_or(0);
        }
    }
    found
}

/// How long a text may be to be looked for at each place of another: where it is longer, that costs more than to fold both.
const SHORT: usize = 16;

/// The first or last place of `needle` in `hay` and how long it is there, in code units.
pub fn find(hay: &Str, needle: &Str, rule: Rule, last: bool) -> Option<(usize, usize)> {
    if needle.is_empty() {
        return Some((if last { hay.len() } else { 0 }, 0));
    }
    let rule = match rule {
        Rule::Culture if culture::is_plain(hay) && culture::is_plain(needle) => Rule::Ordinal,
        Rule::CultureIgnoreCase if culture::is_plain(hay) && culture::is_plain(needle) => Rule::OrdinalIgnoreCase,
        rule => rule,
    };
    match (rule, hay, needle) {
        (Rule::Culture | Rule::CultureIgnoreCase, ..) => culture::find(hay, needle, rule.ignores_case(), last),
        (Rule::OrdinalIgnoreCase, Str::Text(text), Str::Text(value)) if value.len() <= SHORT && text.is_ascii() && value.is_ascii() => {
            let is_it = |part: &[u8]| part.eq_ignore_ascii_case(value.as_bytes());
            let mut parts = text.as_bytes().windows(value.len());
            let at = if last { parts.rposition(is_it) } else { parts.position(is_it) }?;
            Some((at, value.len()))
        }
        (Rule::OrdinalIgnoreCase, ..) => find(&fold(hay), &fold(needle), Rule::Ordinal, last),
        (Rule::Ordinal, Str::Text(text), Str::Text(value)) => {
            let at = if last { text.rfind(value.as_str()) } else { text.find(value.as_str()) }?;
            let before = text.get(..at)?;
            Some((if before.is_ascii() { at } else { before.encode_utf16().count() }, needle.len()))
        }
        _ => {
            let (units, value) = (hay.units(), needle.units());
            let found = matches(&units, &value);
            let at = if last { found.last() } else { found.first() }?;
            Some((*at, value.len()))
        }
    }
}

const BAD_INDEX: &str = "Index was out of range. Must be non-negative and less than the size of the collection.";
const BAD_COUNT: &str = "Count must be positive and count must refer to a location within the string/array/collection.";

/// From where to search on, and how far: `start` and `count` are the places of the arguments, if there are such.
fn forward(call: &Call<'_, '_>, length: usize, start: Option<usize>, count: Option<usize>) -> Result<(usize, usize), Raise> {
    let from = start.map_or(0, |index| int(call, index));
    let from = usize::try_from(from).ok().filter(|from| *from <= length).ok_or_else(|| out_of_range(BAD_INDEX, "startIndex"))?;
    let left = length - from;
    match count {
        None => Ok((from, left)),
        Some(index) => {
            let count = usize::try_from(int(call, index)).ok().filter(|count| *count <= left);
            Ok((from, count.ok_or_else(|| out_of_range(BAD_COUNT, "count"))?))
        }
    }
}

/// The part that a search backwards looks at: it begins at `startIndex`, which is the part's last character.
///
/// Source: dotnet/runtime, CompareInfo.cs, LastIndexOf: a start one behind the string is taken for its last character.
fn backward(
    call: &Call<'_, '_>,
    length: usize,
    start: Option<usize>,
    count: Option<usize>,
    lenient: bool,
) -> Result<(usize, usize), Raise> {
    let length = length as i64;
    let mut from = start.map_or(length - 1, |index| int(call, index));
    let mut count = count.map_or(if start.is_some() { from + 1 } else { length }, |index| int(call, index));
    if from < 0 || from >= length {
        if length == 0 && from == -1 {
            count = 0;
        } else if lenient && from == length {
            from -= 1;
            count -= i64::from(count > 0);
            if from < 0 {
                count = 0;
            }
        } else {
            return Err(out_of_range(BAD_INDEX, "startIndex"));
        }
    }
    let first = from - count + 1;
    match (usize::try_from(first), usize::try_from(count)) {
        (Ok(first), Ok(count)) => Ok((first, count)),
        _ => Err(out_of_range(BAD_COUNT, "count")),
    }
}

/// `IndexOf(string, …)`
fn index(call: &mut Call<'_, '_>, start: Option<usize>, count: Option<usize>, rule: Rule) -> Result<Value, Raise> {
    let this = this(call)?;
    let Some(value) = text(call, 1) else { return Err(argument_null("value")) };
    let (from, count) = forward(call, this.len(), start, count)?;
    culture::pay(call.runtime, this, rule)?;
    if let (Rule::Ordinal, Some(hay), Str::Text(value)) = (rule, this.ascii(), value) {
        let part = hay.get(from..from.saturating_add(count)).unwrap_or_default();
        return Ok(position(part.find(value.as_str()).map(|at| at + from)));
    }
    let found = this.slice(from, count).and_then(|part| find(&part, value, rule, false));
    Ok(position(found.map(|(at, _)| at + from)))
}

/// `LastIndexOf(string, …)`
fn last_index(call: &mut Call<'_, '_>, start: Option<usize>, count: Option<usize>, rule: Rule) -> Result<Value, Raise> {
    let this = this(call)?;
    let Some(value) = text(call, 1) else { return Err(argument_null("value")) };
    let (from, count) = backward(call, this.len(), start, count, true)?;
    culture::pay(call.runtime, this, rule)?;
    let found = this.slice(from, count).and_then(|part| find(&part, value, rule, true));
    Ok(position(found.map(|(at, _)| at + from)))
}

fn position(at: Option<usize>) -> Value {
    Value::Int32(at.map_or(-1, |at| at as i32))
}

/// The characters that are looked for: one, or an array `anyOf`.
fn wanted(call: &Call<'_, '_>) -> Result<Vec<u16>, Raise> {
    match unit(call, 1) {
        Some(unit) => Ok(vec![unit]),
        None => units_of(call, 1).ok_or_else(|| argument_null("anyOf")),
    }
}

/// `IndexOf(char, …)`, `IndexOfAny`
fn index_any(call: &mut Call<'_, '_>, start: Option<usize>, count: Option<usize>) -> Result<Value, Raise> {
    let this = this(call)?;
    if let (Some(text), Some(wanted)) = (this.ascii(), only_unit(call, 1)) {
        let (from, count) = forward(call, text.len(), start, count)?;
        call.runtime.work(text.len())?;
        let part = text.as_bytes().get(from..from.saturating_add(count)).unwrap_or_default();
        return Ok(position(part.iter().position(|byte| u16::from(*byte) == wanted).map(|at| at + from)));
    }
    let wanted = wanted(call)?;
    let (from, count) = forward(call, this.len(), start, count)?;
    call.runtime.work(this.bytes().saturating_mul(wanted.len().max(1)))?;
    let found = this.units().into_iter().skip(from).take(count).position(|unit| wanted.contains(&unit));
    Ok(position(found.map(|at| at + from)))
}

/// `LastIndexOf(char, …)`, `LastIndexOfAny`
fn last_index_any(call: &mut Call<'_, '_>, start: Option<usize>, count: Option<usize>) -> Result<Value, Raise> {
    let (this, wanted) = (this(call)?, wanted(call)?);
    if this.is_empty() {
        return Ok(position(None));
    }
    let (from, count) = backward(call, this.len(), start, count, false)?;
    call.runtime.work(this.bytes().saturating_mul(wanted.len().max(1)))?;
    let units = this.units();
    let part = units.get(from..from.saturating_add(count)).unwrap_or(&[]);
    Ok(position(part.iter().rposition(|unit| wanted.contains(unit)).map(|at| at + from)))
}

fn contains(call: &mut Call<'_, '_>, rule: Rule) -> Result<Value, Raise> {
    let this = this(call)?;
    let one;
    let value = match call.argument(1) {
        Value::Char(unit) => {
            one = Str::from_units(&[*unit]);
            &one
        }
        Value::String(text) => text,
        _ => return Err(argument_null("value")),
    };
    culture::pay(call.runtime, this, rule)?;
    Ok(Value::Bool(find(this, value, rule, false).is_some()))
}

/// The rule at `index`; what is wrong with the other arguments is said first.
fn rule(call: &Call<'_, '_>, index: usize) -> Result<Rule, Raise> {
    if call.argument(1).is_null() { Ok(Rule::Ordinal) } else { Rule::of(call.argument(index)) }
}

/// Search.
pub const MEMBERS: &[Member] = &[
    member("bool Contains(string value)", |call| contains(call, Rule::Ordinal)),
    member("bool Contains(char value)", |call| contains(call, Rule::Ordinal)),
    member("bool Contains(string value, StringComparison comparisonType)", |call| {
        let rule = rule(call, 2)?;
        contains(call, rule)
    }),
    member("bool Contains(char value, StringComparison comparisonType)", |call| {
        let rule = rule(call, 2)?;
        contains(call, rule)
    }),
    member("int IndexOf(string value)", |call| index(call, None, None, Rule::Culture)),
    member("int IndexOf(string value, int startIndex)", |call| index(call, Some(2), None, Rule::Culture)),
    member("int IndexOf(string value, int startIndex, int count)", |call| index(call, Some(2), Some(3), Rule::Culture)),
    member("int IndexOf(string value, StringComparison comparisonType)", |call| {
        let rule = rule(call, 2)?;
        index(call, None, None, rule)
    }),
    member("int IndexOf(string value, int startIndex, StringComparison comparisonType)", |call| {
        let rule = rule(call, 3)?;
        index(call, Some(2), None, rule)
    }),
    member("int IndexOf(string value, int startIndex, int count, StringComparison comparisonType)", |call| {
        let rule = rule(call, 4)?;
        index(call, Some(2), Some(3), rule)
    }),
    member("int IndexOf(char value)", |call| index_any(call, None, None)),
    member("int IndexOf(char value, int startIndex)", |call| index_any(call, Some(2), None)),
    member("int IndexOf(char value, int startIndex, int count)", |call| index_any(call, Some(2), Some(3))),
    member("int IndexOf(char value, StringComparison comparisonType)", |call| {
        let (this, rule) = (this(call)?, Rule::of(call.argument(2))?);
        culture::pay(call.runtime, this, rule)?;
        let value = Str::from_units(&[unit(call, 1).unwrap_or(0)]);
        Ok(position(find(this, &value, rule, false).map(|(at, _)| at)))
    }),
    member("int IndexOfAny(char[] anyOf)", |call| index_any(call, None, None)),
    member("int IndexOfAny(char[] anyOf, int startIndex)", |call| index_any(call, Some(2), None)),
    member("int IndexOfAny(char[] anyOf, int startIndex, int count)", |call| index_any(call, Some(2), Some(3))),
    member("int LastIndexOf(string value)", |call| last_index(call, None, None, Rule::Culture)),
    member("int LastIndexOf(string value, int startIndex)", |call| last_index(call, Some(2), None, Rule::Culture)),
    member("int LastIndexOf(string value, int startIndex, int count)", |call| last_index(call, Some(2), Some(3), Rule::Culture)),
    member("int LastIndexOf(string value, StringComparison comparisonType)", |call| {
        let rule = rule(call, 2)?;
        last_index(call, None, None, rule)
    }),
    member("int LastIndexOf(string value, int startIndex, StringComparison comparisonType)", |call| {
        let rule = rule(call, 3)?;
        last_index(call, Some(2), None, rule)
    }),
    member("int LastIndexOf(string value, int startIndex, int count, StringComparison comparisonType)", |call| {
        let rule = rule(call, 4)?;
        last_index(call, Some(2), Some(3), rule)
    }),
    member("int LastIndexOf(char value)", |call| last_index_any(call, None, None)),
    member("int LastIndexOf(char value, int startIndex)", |call| last_index_any(call, Some(2), None)),
    member("int LastIndexOf(char value, int startIndex, int count)", |call| last_index_any(call, Some(2), Some(3))),
    member("int LastIndexOfAny(char[] anyOf)", |call| last_index_any(call, None, None)),
    member("int LastIndexOfAny(char[] anyOf, int startIndex)", |call| last_index_any(call, Some(2), None)),
    member("int LastIndexOfAny(char[] anyOf, int startIndex, int count)", |call| last_index_any(call, Some(2), Some(3))),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found() {
        assert_eq!(matches(b"aabaabaaa", b"aabaa"), [0, 3]);
        assert_eq!(matches(b"aaaa", b"aa"), [0, 1, 2]);
        assert_eq!(matches(b"abc", b""), [0; 0]);
        assert_eq!(matches(b"ab", b"abc"), [0; 0]);
    }
}
