//! `Split`. Source: dotnet/runtime, String.Manipulation.cs as of .NET 6.

use super::{Str, array_of, int, only_unit, parts::is_white_space, this, unit, units_of};
use crate::dotnet::{
    exception::{Raise, out_of_range, raise},
    heap::Object,
    member::{Call, Member, member},
    registry,
    types::Type,
    value::Value,
};
use crate::text::Text;

const REMOVE_EMPTY: i64 = 1;
const TRIM: i64 = 2;

/// What a string is split at.
enum Separators {
    /// White space: where no separator is given.
    White,
    /// Characters.
    Any(Vec<u16>),
    /// Strings; of those that begin at the same place the first one given wins.
    Texts(Vec<Vec<u16>>),
}

/// The separators among the arguments: a character, characters, a string, strings, or null.
fn separators(call: &Call<'_, '_>) -> Separators {
    if let Some(unit) = unit(call, 1) {
        return Separators::Any(vec![unit]);
    }
    match (call.argument(1), call.runtime.get(call.argument(1))) {
        (Value::String(text), _) => Separators::Texts(vec![text.units()]),
        (_, Some(Object::Array(list))) if list.element == Type::STRING && !list.items.is_empty() => {
            let texts = list.items.iter().map(|item| if let Value::String(text) = item { text.units() } else { Vec::new() });
            Separators::Texts(texts.collect())
        }
        _ => units_of(call, 1).filter(|units| !units.is_empty()).map_or(Separators::White, Separators::Any),
    }
}

/// The places of the separators: where they begin and end. Found one by one, for a text can have more of them than there is memory for.
fn places<'a>(units: &'a [u16], separators: &'a Separators) -> impl Iterator<Item = (usize, usize)> + 'a {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(unit) = units.get(at) {
            let length = match separators {
                Separators::White => usize::from(is_white_space(*unit)),
                Separators::Any(set) => usize::from(set.contains(unit)),
                Separators::Texts(texts) => {
                    let rest = units.get(at..).unwrap_or(&[]);
                    texts.iter().find(|text| !text.is_empty() && rest.starts_with(text)).map_or(0, Vec::len)
                }
            };
            let place = (at, at + length);
            at += length.max(1);
            if length > 0 {
                return Some(place);
            }
        }
        None
    })
}

fn trimmed(part: &[u16]) -> &[u16] {
    let start = part.iter().take_while(|unit| is_white_space(**unit)).count();
    let rest = part.get(start..).unwrap_or(&[]);
    let end = rest.iter().rev().take_while(|unit| is_white_space(**unit)).count();
    rest.get(..rest.len() - end).unwrap_or(&[])
}

/// The pieces of `units`, `count` at most.
fn pieces(units: &[u16], places: impl Iterator<Item = (usize, usize)>, count: usize, options: i64) -> Vec<&[u16]> {
    let part = |from: usize, to: usize| {
        let part = units.get(from..to).unwrap_or(&[]);
        if options & TRIM == 0 { part } else { trimmed(part) }
    };
    let is_kept = |part: &[u16]| options & REMOVE_EMPTY == 0 || !part.is_empty();
    let (mut pieces, mut from) = (Vec::new(), 0);
    let mut places = places.peekable();
    // The last piece is all the rest: begin it behind what is empty.
    while count > 0
        && let Some((start, end)) = places.peek()
    {
        let (start, end) = (*start, *end);
        let piece = part(from, start);
        if pieces.len() + 1 >= count && is_kept(piece) {
            break;
        }
        if pieces.len() + 1 >= count && options & REMOVE_EMPTY == 0 {
            break;
        }
        if is_kept(piece) {
            pieces.push(piece);
        }
        from = end;
        places.next();
    }
    let last = part(from, units.len());
    if count > 0 && is_kept(last) {
        pieces.push(last);
    }
    pieces
}

/// `Split`; `count` and `options` are the places of the arguments.
fn split(call: &mut Call<'_, '_>, count: Option<usize>, options: Option<usize>) -> Result<Value, Raise> {
    let this = this(call)?;
    let count = count.map_or(i64::from(i32::MAX), |index| int(call, index));
    let count = usize::try_from(count).map_err(|_| out_of_range("Count cannot be less than zero.", "count"))?;
    let mut options = options.map_or(0, |index| int(call, index));
    if !(0..=REMOVE_EMPTY | TRIM).contains(&options) {
        return raise(&registry::ARGUMENT_EXCEPTION, "Value of flags is invalid. (Parameter 'options')");
    }
    // What nearly every policy asks for.
    if let (Some(text), Some(unit), 0) = (this.ascii(), only_unit(call, 1), options)
        && let Some(separator) = u8::try_from(unit).ok().filter(u8::is_ascii).map(char::from)
        && count > text.len()
    {
        call.runtime.work(text.len())?;
        return plainly(call, this, text, separator);
    }
    let separators = separators(call);
    let width = match &separators {
        Separators::Texts(texts) => texts.iter().map(Vec::len).sum(),
        Separators::Any(set) => set.len(),
        Separators::White => 1,
    };
    call.runtime.work(this.bytes().saturating_mul(width.max(1)))?;
    let units = this.units();
    let places = |limit: usize| places(&units, &separators).take(limit);
    let found = places(if count <= 1 { 0 } else { count }).count();
    if matches!(separators, Separators::White) && (1..count).contains(&found) {
        options &= !TRIM;
    }
    call.runtime.allocate(units.len() * 2 + (found + 1) * size_of::<&[u16]>())?;
    let pieces = pieces(&units, places(if count <= 1 { 0 } else { usize::MAX }), count, options);
    array_of(call.runtime, Type::STRING, pieces.len(), pieces.into_iter().map(|piece| Value::String(Str::from_units(piece))))
}

/// ASCII text at one ASCII character, whole and without options. No text is made of units for it.
fn plainly(call: &mut Call<'_, '_>, this: &Str, text: &str, separator: char) -> Result<Value, Raise> {
    let found = text.matches(separator).count();
    call.runtime.allocate(text.len() * 2 + (found + 1) * size_of::<&[u16]>())?;
    let piece = |piece: &str| if found == 0 { this.clone() } else { Str::from(Text::copied(piece)) };
    array_of(call.runtime, Type::STRING, found + 1, text.split(separator).map(|part| Value::String(piece(part))))
}

/// Splitting.
pub const MEMBERS: &[Member] = &[
    member("string[] Split(params char[] separator)", |call| split(call, None, None)),
    member("string[] Split(char[] separator, int count)", |call| split(call, Some(2), None)),
    member("string[] Split(char[] separator, StringSplitOptions options)", |call| split(call, None, Some(2))),
    member("string[] Split(char[] separator, int count, StringSplitOptions options)", |call| split(call, Some(2), Some(3))),
    member("string[] Split(char separator, StringSplitOptions options = StringSplitOptions.None)", |call| split(call, None, Some(2))),
    member("string[] Split(char separator, int count, StringSplitOptions options = StringSplitOptions.None)", |call| {
        split(call, Some(2), Some(3))
    }),
    member("string[] Split(string separator, StringSplitOptions options = StringSplitOptions.None)", |call| split(call, None, Some(2))),
    member("string[] Split(string separator, int count, StringSplitOptions options = StringSplitOptions.None)", |call| {
        split(call, Some(2), Some(3))
    }),
    member("string[] Split(string[] separator, StringSplitOptions options)", |call| split(call, None, Some(2))),
    member("string[] Split(string[] separator, int count, StringSplitOptions options)", |call| split(call, Some(2), Some(3))),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: dotnet/runtime, src/libraries/System.Runtime/tests/System/String.SplitTests.cs.
    #[test]
    fn pieces_count_and_options() {
        let split = |text: &str, count: usize, options: i64| {
            let units: Vec<u16> = text.encode_utf16().collect();
            let comma = Separators::Any(vec![u16::from(b',')]);
            let places = places(&units, &comma).take(if count <= 1 { 0 } else { usize::MAX });
            let pieces = pieces(&units, places, count, options);
            pieces.into_iter().map(|piece| String::from_utf16(piece).unwrap()).collect::<Vec<_>>().join("|")
        };
        for (text, count, options, expected) in [
            ("a,b,c", 9, 0, "a|b|c"),
            ("a,b,c", 2, 0, "a|b,c"),
            (",a,,b,", 9, 1, "a|b"),
            (",a,,b,", 9, 0, "|a||b|"),
            ("a,,,b,c", 2, 1, "a|b,c"),
            (" a , , b ", 9, 3, "a|b"),
            (" a , , b ", 2, 3, "a|b"),
            ("a, b,c ", 2, 2, "a|b,c"),
            ("", 9, 0, ""),
            ("a,b", 1, 0, "a,b"),
            ("a,b", 0, 0, ""),
            ("a,,", 2, 1, "a"),
        ] {
            assert_eq!(split(text, count, options), expected, "{text} {count} {options}");
        }
    }
}
