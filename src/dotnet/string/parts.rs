//! Parts of strings and strings changed in place: `Substring`, `Remove`, `Insert`, `Replace`, `Trim`, `Pad`, case, characters.

use super::{Str, array_of, at, casing, comparison::Rule, culture, int, only_unit, search::find, text, this, unit, units_of};
use crate::dotnet::{
    exception::{Raise, argument_null, out_of_range, raise, throw},
    heap::Object,
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

const BAD_INDEX: &str = "Index was out of range. Must be non-negative and less than the size of the collection.";
const NEGATIVE_START: &str = "StartIndex cannot be less than zero.";

/// `char.IsWhiteSpace`
pub fn is_white_space(unit: u16) -> bool {
    // Unicode took U+180E out of the spaces; .NET followed. U+0085 and U+00A0 are among them on both sides.
    char::from_u32(u32::from(unit)).is_some_and(char::is_whitespace)
}

fn substring(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let this = this(call)?;
    let length = this.len();
    let start = usize::try_from(int(call, 1)).map_err(|_| out_of_range(NEGATIVE_START, "startIndex"))?;
    if start > length {
        return Err(out_of_range("startIndex cannot be larger than length of string.", "startIndex"));
    }
    let count = if call.arguments.len() < 3 {
        length - start
    } else {
        usize::try_from(int(call, 2)).map_err(|_| out_of_range("Length cannot be less than zero.", "length"))?
    };
    match this.slice(start, count) {
        Some(part) => {
            call.runtime.allocate(part.bytes())?;
            Ok(Value::String(part))
        }
        None => Err(out_of_range("Index and length must refer to a location within the string.", "length")),
    }
}

fn remove(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let this = this(call)?;
    let length = this.len();
    let start = usize::try_from(int(call, 1)).map_err(|_| out_of_range(NEGATIVE_START, "startIndex"))?;
    if call.arguments.len() < 3 {
        let rest = this.slice(0, start).filter(|_| start < length);
        return rest.map(Value::String).ok_or_else(|| out_of_range("startIndex must be less than length of string.", "startIndex"));
    }
    let count = usize::try_from(int(call, 2)).map_err(|_| out_of_range("Count cannot be less than zero.", "count"))?;
    let end = start.saturating_add(count);
    match (this.slice(0, start), length.checked_sub(end).and_then(|rest| this.slice(end, rest))) {
        (Some(before), Some(after)) => {
            call.runtime.allocate(this.bytes())?;
            Ok(Value::String(before.concat(&after)))
        }
        _ => Err(out_of_range("Index and count must refer to a location within the string.", "count")),
    }
}

fn insert(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let this = this(call)?;
    let Some(value) = text(call, 2) else { return Err(argument_null("value")) };
    let parts = at(call, 1).and_then(|start| Some((this.slice(0, start)?, this.slice(start, this.len().checked_sub(start)?)?)));
    let Some((before, after)) = parts else { return Err(out_of_range(BAD_INDEX, "startIndex")) };
    call.runtime.allocate(this.bytes().saturating_add(value.bytes()).saturating_mul(2))?;
    Ok(Value::String(before.concat(value).concat(&after)))
}

fn replace(call: &mut Call<'_, '_>, rule: Rule) -> Result<Value, Raise> {
    let this = this(call)?;
    let Some(old) = text(call, 1) else { return Err(argument_null("oldValue")) };
    if old.is_empty() {
        return raise(&registry::ARGUMENT_EXCEPTION, "String cannot be of zero length. (Parameter 'oldValue')");
    }
    let new = text(call, 2).cloned().unwrap_or_default();
    Ok(Value::String(replaced(call.runtime, this, old, &new, rule)?))
}

/// All places of `old` made `new`.
///
/// # Errors
/// A spent budget.
pub fn replaced(runtime: &mut Runtime<'_>, text: &Str, old: &Str, new: &Str, rule: Rule) -> Result<Str, Raise> {
    culture::pay(runtime, text, rule)?;
    if let (Rule::Ordinal, Str::Text(text), Str::Text(old), Str::Text(new)) = (rule, text, old, new) {
        // Source: learn.microsoft.com/dotnet/api/system.string.replace: without a match "the method returns the current instance".
        if !text.contains(old.as_str()) {
            return Ok(text.clone().into());
        }
        let growth = text.matches(old.as_str()).count().saturating_mul(new.len().saturating_sub(old.len()));
        runtime.allocate(text.len().saturating_add(growth))?;
        return Ok(text.replace(old.as_str(), new).into());
    }
    let (new, mut out) = (new.units(), Vec::new());
    let mut rest = text.clone();
    // Each round looks at all the rest: pay for it.
    while let Some((place, length)) = find(&rest, old, rule, false).filter(|(_, length)| *length > 0) {
        let units = rest.units();
        runtime.step()?;
        culture::pay(runtime, &rest, rule)?;
        runtime.allocate((place + new.len()).saturating_mul(2))?;
        out.extend_from_slice(units.get(..place).unwrap_or(&[]));
        out.extend_from_slice(&new);
        rest = Str::from_units(units.get(place + length..).unwrap_or(&[]));
    }
    out.extend(rest.units());
    Ok(Str::from_units(&out))
}

fn trim(call: &mut Call<'_, '_>, start: bool, end: bool) -> Result<Value, Raise> {
    let this = this(call)?;
    if let (Some(text), Some(unit)) = (this.ascii(), only_unit(call, 1)) {
        call.runtime.work(text.len())?;
        let is_trimmed = |c: char| u32::from(c) == u32::from(unit);
        let rest = if start { text.trim_start_matches(is_trimmed) } else { text };
        let from = text.len() - rest.len();
        let part = if end { rest.trim_end_matches(is_trimmed) } else { rest };
        let part = this.slice(from, part.len()).unwrap_or_default();
        call.runtime.allocate(part.bytes())?;
        return Ok(Value::String(part));
    }
    let set = match unit(call, 1) {
        Some(unit) => vec![unit],
        None => units_of(call, 1).unwrap_or_default(),
    };
    call.runtime.work(this.bytes().saturating_mul(set.len().max(1)))?;
    let is_trimmed = |unit: &u16| if set.is_empty() { is_white_space(*unit) } else { set.contains(unit) };
    let units = this.units();
    let from = if start { units.iter().take_while(|unit| is_trimmed(unit)).count() } else { 0 };
    let cut = if end { units.iter().skip(from).rev().take_while(|unit| is_trimmed(unit)).count() } else { 0 };
    let part = this.slice(from, units.len() - from - cut).unwrap_or_default();
    call.runtime.allocate(part.bytes())?;
    Ok(Value::String(part))
}

fn pad(call: &mut Call<'_, '_>, left: bool) -> Result<Value, Raise> {
    let Some(width) = at(call, 1) else { return Err(out_of_range("Non-negative number required.", "totalWidth")) };
    let this = this(call)?;
    let missing = width.saturating_sub(this.len());
    if missing == 0 {
        return Ok(Value::String(this.clone()));
    }
    call.runtime.allocate(missing.saturating_mul(4).saturating_add(this.bytes()))?;
    let padding = Str::from_units(&vec![unit(call, 2).unwrap_or(u16::from(b' ')); missing]);
    Ok(Value::String(if left { padding.concat(this) } else { this.concat(&padding) }))
}

fn cased(call: &mut Call<'_, '_>, upper: bool) -> Result<Value, Raise> {
    let this = this(call)?;
    call.runtime.allocate(this.bytes().saturating_mul(2))?;
    Ok(Value::String(match this.ascii() {
        // What is in that case already is not made again. Source: dotnet/runtime, TextInfo.cs, ChangeCaseCommon.
        Some(text) if !text.bytes().any(|byte| if upper { byte.is_ascii_lowercase() } else { byte.is_ascii_uppercase() }) => this.clone(),
        Some(text) if upper => text.to_ascii_uppercase().into(),
        Some(text) => text.to_ascii_lowercase().into(),
        None => casing::map(this, if upper { casing::upper } else { casing::lower }),
    }))
}

fn to_chars(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let units = this(call)?.units();
    let (start, count) = if call.arguments.len() > 1 { (at(call, 1), at(call, 2)) } else { (Some(0), Some(units.len())) };
    let start = start.filter(|start| *start <= units.len()).ok_or_else(|| out_of_range(BAD_INDEX, "startIndex"))?;
    let part = count.and_then(|count| units.get(start..start.checked_add(count)?)).ok_or_else(|| out_of_range(BAD_INDEX, "length"))?;
    array_of(call.runtime, Type::CHAR, part.len(), part.iter().map(|unit| Value::Char(*unit)))
}

/// `CopyTo(sourceIndex, destination, destinationIndex, count)`
fn copy_to(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    const BAD_PART: &str = "Index and count must refer to a location within the string.";
    let units = this(call)?.units();
    if call.argument(2).is_null() {
        return Err(argument_null("destination"));
    }
    let count = at(call, 4).ok_or_else(|| out_of_range("Count cannot be less than zero.", "count"))?;
    let source = at(call, 1).ok_or_else(|| out_of_range(BAD_INDEX, "sourceIndex"))?;
    let part = units.get(source..source.saturating_add(count)).ok_or_else(|| out_of_range(BAD_PART, "sourceIndex"))?;
    let to = at(call, 3);
    let array = Runtime::reference(call.argument(2)).and_then(|reference| call.runtime.heap.get_mut(reference));
    let Some(Object::Array(list)) = array else { return Err(argument_null("destination")) };
    let slots =
        to.and_then(|to| list.items.get_mut(to..to.checked_add(count)?)).ok_or_else(|| out_of_range(BAD_PART, "destinationIndex"))?;
    for (slot, unit) in slots.iter_mut().zip(part) {
        *slot = Value::Char(*unit);
    }
    Ok(Value::Null)
}

/// Parts and changes.
pub const MEMBERS: &[Member] = &[
    member("static string Empty { get; }", |_| Ok(Value::String(Str::EMPTY))),
    member("int Length { get; }", |call| Ok(Value::Int32(this(call)?.len() as i32))),
    member("char this[int index] { get; }", |call| {
        let unit = at(call, 1).and_then(|index| this(call).ok()?.unit(index));
        unit.map(Value::Char).ok_or_else(|| throw(&registry::INDEX_OUT_OF_RANGE_EXCEPTION, "Index was outside the bounds of the array."))
    }),
    member("static bool IsNullOrEmpty(string value)", |call| Ok(Value::Bool(text(call, 0).is_none_or(Str::is_empty)))),
    member("static bool IsNullOrWhiteSpace(string value)", |call| {
        Ok(Value::Bool(text(call, 0).is_none_or(|text| text.units().into_iter().all(is_white_space))))
    }),
    member("string Substring(int startIndex)", substring),
    member("string Substring(int startIndex, int length)", substring),
    member("string Remove(int startIndex)", remove),
    member("string Remove(int startIndex, int count)", remove),
    member("string Insert(int startIndex, string value)", insert),
    member("string Replace(string oldValue, string newValue)", |call| replace(call, Rule::Ordinal)),
    member("string Replace(string oldValue, string newValue, StringComparison comparisonType)", |call| {
        let rule = Rule::of(call.argument(3))?;
        replace(call, rule)
    }),
    member("string Replace(char oldChar, char newChar)", |call| {
        let (old, new) = (unit(call, 1).unwrap_or(0), unit(call, 2).unwrap_or(0));
        let this = this(call)?;
        call.runtime.allocate(this.bytes().saturating_mul(2))?;
        let units: Vec<u16> = this.units().into_iter().map(|unit| if unit == old { new } else { unit }).collect();
        Ok(Value::String(Str::from_units(&units)))
    }),
    member("string ReplaceLineEndings()", |call| replace_line_endings(call, &super::NEWLINE.into())),
    member("string ReplaceLineEndings(string replacementText)", |call| match text(call, 1) {
        Some(replacement) => replace_line_endings(call, replacement),
        None => Err(argument_null("replacementText")),
    }),
    member("string Trim()", |call| trim(call, true, true)),
    member("string Trim(char trimChar)", |call| trim(call, true, true)),
    member("string Trim(params char[] trimChars)", |call| trim(call, true, true)),
    member("string TrimStart()", |call| trim(call, true, false)),
    member("string TrimStart(char trimChar)", |call| trim(call, true, false)),
    member("string TrimStart(params char[] trimChars)", |call| trim(call, true, false)),
    member("string TrimEnd()", |call| trim(call, false, true)),
    member("string TrimEnd(char trimChar)", |call| trim(call, false, true)),
    member("string TrimEnd(params char[] trimChars)", |call| trim(call, false, true)),
    member("string PadLeft(int totalWidth)", |call| pad(call, true)),
    member("string PadLeft(int totalWidth, char paddingChar)", |call| pad(call, true)),
    member("string PadRight(int totalWidth)", |call| pad(call, false)),
    member("string PadRight(int totalWidth, char paddingChar)", |call| pad(call, false)),
    member("string ToLower()", |call| cased(call, false)),
    member("string ToLowerInvariant()", |call| cased(call, false)),
    member("string ToUpper()", |call| cased(call, true)),
    member("string ToUpperInvariant()", |call| cased(call, true)),
    member("char[] ToCharArray()", to_chars),
    member("char[] ToCharArray(int startIndex, int length)", to_chars),
    member("void CopyTo(int sourceIndex, char[] destination, int destinationIndex, int count)", copy_to),
];

/// Every line end made one. Source: learn.microsoft.com/dotnet/api/system.string.replacelineendings, which lists them.
fn replace_line_endings(call: &mut Call<'_, '_>, replacement: &Str) -> Result<Value, Raise> {
    let mut out = super::Assembly::default();
    let units = this(call)?.units();
    let is_end = |unit: u16| matches!(unit, 0x0A | 0x0D | 0x0C | 0x85 | 0x2028 | 0x2029);
    let mut rest = units.as_slice();
    while let Some(place) = rest.iter().position(|unit| is_end(*unit)) {
        call.runtime.step()?;
        let (before, from) = rest.split_at(place);
        out.push(call.runtime, &Str::from_units(before))?;
        out.push(call.runtime, replacement)?;
        rest = from.get(if from.starts_with(&[0x0D, 0x0A]) { 2 } else { 1 }..).unwrap_or(&[]);
    }
    out.push(call.runtime, &Str::from_units(rest))?;
    Ok(Value::String(out.finish()))
}
