//! Looking for items of an array or a list: the walks that `Array.IndexOf` and `List<T>.IndexOf`, `Find` and `BinarySearch` share.

use std::ops::Range;

use super::{comparer, item, length, look_at, refusal};
use crate::dotnet::{exception::Raise, heap::Object, object, runtime::Runtime, value::Value};

/// Where an equal item lies first.
///
/// # Errors
/// A spent budget.
pub fn index_of(runtime: &mut Runtime<'_>, of: &Value, wanted: &Value) -> Result<Option<usize>, Raise> {
    let end = length(runtime, of).unwrap_or(0);
    index_in(runtime, of, wanted, 0..end)
}

/// Where an equal item lies first in a part.
///
/// # Errors
/// A spent budget.
pub fn index_in(runtime: &mut Runtime<'_>, of: &Value, wanted: &Value, part: Range<usize>) -> Result<Option<usize>, Raise> {
    look_at(runtime, part.len())?;
    Ok(equal_at(runtime, of, wanted, part))
}

/// Where an equal item lies last in a part.
///
/// # Errors
/// A spent budget.
pub fn last_index_in(runtime: &mut Runtime<'_>, of: &Value, wanted: &Value, part: Range<usize>) -> Result<Option<usize>, Raise> {
    look_at(runtime, part.len())?;
    Ok(equal_at(runtime, of, wanted, part.rev()))
}

fn equal_at(runtime: &Runtime<'_>, of: &Value, wanted: &Value, mut part: impl Iterator<Item = usize>) -> Option<usize> {
    match runtime.get(of)? {
        Object::Array(list) | Object::List(list) => {
            part.find(|index| list.items.get(*index).is_some_and(|item| object::equal(runtime, item, wanted)))
        }
        Object::Bytes(bytes) => match wanted {
            Value::Byte(wanted) => part.find(|index| bytes.get(*index) == Some(wanted)),
            _ => None,
        },
        _ => None,
    }
}

/// Where an item lies that passes a test, along a row of places.
///
/// # Errors
/// What the test raises; a spent budget.
pub fn find(
    runtime: &mut Runtime<'_>,
    of: &Value,
    test: &Value,
    part: impl Iterator<Item = usize>,
) -> Result<Option<(usize, Value)>, Raise> {
    for index in part {
        // The test may have shortened the list.
        let Some(found) = item(runtime, of, index) else { break };
        if runtime.test(test, std::slice::from_ref(&found))? {
            return Ok(Some((index, found)));
        }
    }
    Ok(None)
}

/// The place of an item in a sorted part; the complement of where it belongs when it is not there.
///
/// # Errors
/// What the comparer raises, as .NET wraps it; a spent budget.
pub fn binary(runtime: &mut Runtime<'_>, of: &Value, (start, count): (usize, usize), wanted: &Value, by: &Value) -> Result<Value, Raise> {
    let (mut low, mut high) = (start, start + count);
    while low < high {
        // .NET halves the closed interval: the lower of two middles.
        let middle = low + (high - 1 - low) / 2;
        let found = item(runtime, of, middle).unwrap_or(Value::Null);
        match comparer::compare(runtime, by, &found, wanted).map_err(refusal::comparer_failed)? {
            std::cmp::Ordering::Equal => return Ok(super::number(middle)),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Ok(Value::Int32(!(i32::try_from(low).unwrap_or(i32::MAX))))
}

/// The part that a forward search runs through. `start` may be just behind the end.
///
/// # Errors
/// As `Array.IndexOf` and `FindIndex`.
pub fn forward(length: usize, start: i64, count: Option<i64>, name: &str) -> Result<Range<usize>, Raise> {
    let start = usize::try_from(start).ok().filter(|start| *start <= length).ok_or_else(|| refusal::index(name))?;
    let rest = length - start;
    let count = match count {
        Some(count) => usize::try_from(count).ok().filter(|count| *count <= rest).ok_or_else(|| refusal::count("count"))?,
        None => rest,
    };
    Ok(start..start + count)
}

/// The part that a backward search runs through, `start` being its last place.
///
/// # Errors
/// As `Array.LastIndexOf` and `FindLastIndex`.
pub fn backward(length: usize, start: i64, count: Option<i64>, empty: &[i64]) -> Result<Range<usize>, Raise> {
    if length == 0 {
        return match count {
            _ if !empty.contains(&start) => Err(refusal::index("startIndex")),
            Some(count) if count != 0 => Err(refusal::count("count")),
            _ => Ok(0..0),
        };
    }
    let last = usize::try_from(start).ok().filter(|start| *start < length).ok_or_else(|| refusal::index("startIndex"))?;
    let end = last + 1;
    let count = match count {
        Some(count) => usize::try_from(count).ok().filter(|count| *count <= end).ok_or_else(|| refusal::count("count"))?,
        None => end,
    };
    Ok(end - count..end)
}
