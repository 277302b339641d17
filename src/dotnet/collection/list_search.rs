//! Looking for items of a `List<T>`. The receiver is the list; `Array`'s twins take the array the same way.

use super::{int, length, number, refusal, search};
use crate::dotnet::{
    exception::{Raise, argument_null, null_reference, out_of_range},
    heap::Outcome,
    member::Call,
    value::Value,
};

/// A delegate that must be there.
pub(super) fn function(call: &Call<'_, '_>, index: usize, name: &str) -> Result<Value, Raise> {
    match call.argument(index) {
        Value::Null => Err(argument_null(name)),
        delegate => Ok(delegate.clone()),
    }
}

/// A place as the searches give it.
pub(super) fn place(found: Option<usize>) -> Outcome {
    Ok(found.map_or(Value::Int32(-1), number))
}

fn count(call: &Call<'_, '_>) -> Result<usize, Raise> {
    length(call.runtime, call.argument(0)).ok_or_else(null_reference)
}

fn optional(call: &Call<'_, '_>, index: usize) -> Option<i64> {
    call.arguments.get(index).map(|_| int(call, index))
}

pub(super) fn contains(call: &mut Call<'_, '_>) -> Outcome {
    search::index_of(call.runtime, call.argument(0), call.argument(1)).map(|found| Value::Bool(found.is_some()))
}

pub(super) fn index_of(call: &mut Call<'_, '_>) -> Outcome {
    let part = search::forward(count(call)?, int(call, 2), optional(call, 3), "index")?;
    place(search::index_in(call.runtime, call.argument(0), call.argument(1), part)?)
}

/// Its refusals are worded as nowhere else. Source: dotnet/runtime, List.cs.
pub(super) fn last_index_of(call: &mut Call<'_, '_>) -> Outcome {
    let length = count(call)?;
    let index = optional(call, 2);
    if length == 0 {
        return match index {
            Some(index) if index >= 0 && call.arguments.len() == 3 => Err(refusal::index("index")),
            _ => place(None),
        };
    }
    let index = index.unwrap_or(length as i64 - 1);
    if index >= length as i64 && call.arguments.len() == 3 {
        return Err(refusal::index("index"));
    }
    let last = usize::try_from(index).map_err(|_| refusal::negative("index"))?;
    let wanted = usize::try_from(optional(call, 3).unwrap_or(index + 1)).map_err(|_| refusal::negative("count"))?;
    if last >= length {
        return Err(out_of_range("Larger than collection size.", "index"));
    }
    if wanted > last + 1 {
        return Err(out_of_range("Larger than collection size.", "count"));
    }
    place(search::last_index_in(call.runtime, call.argument(0), call.argument(1), last + 1 - wanted..last + 1)?)
}

pub(super) fn binary_search(call: &mut Call<'_, '_>) -> Outcome {
    let length = count(call)?;
    search::binary(call.runtime, call.argument(0), (0, length), call.argument(1), call.argument(2))
}

/// All items that pass the test that is the argument at `index`.
pub(super) fn matching(call: &mut Call<'_, '_>, of: &Value, index: usize) -> Result<Vec<Value>, Raise> {
    let test = function(call, index, "match")?;
    let length = length(call.runtime, of).ok_or_else(null_reference)?;
    let mut passed = Vec::new();
    let mut next = 0;
    while let Some((at, item)) = search::find(call.runtime, of, &test, next..length)? {
        call.runtime.allocate(size_of::<Value>())?;
        passed.push(item);
        next = at + 1;
    }
    Ok(passed)
}

pub(super) fn exists(call: &mut Call<'_, '_>) -> Outcome {
    let test = function(call, 1, "match")?;
    let length = count(call)?;
    Ok(Value::Bool(search::find(call.runtime, call.argument(0), &test, 0..length)?.is_some()))
}

fn item_or_default(call: &mut Call<'_, '_>, found: Option<(usize, Value)>) -> Outcome {
    match found {
        Some((_, item)) => Ok(item),
        None => {
            let element = super::element_type(call.runtime, call.argument(0)).ok_or_else(null_reference)?;
            super::default_value(call.runtime, &element)
        }
    }
}

pub(super) fn find(call: &mut Call<'_, '_>) -> Outcome {
    let test = function(call, 1, "match")?;
    let length = count(call)?;
    let found = search::find(call.runtime, call.argument(0), &test, 0..length)?;
    item_or_default(call, found)
}

pub(super) fn find_last(call: &mut Call<'_, '_>) -> Outcome {
    let test = function(call, 1, "match")?;
    let length = count(call)?;
    let found = search::find(call.runtime, call.argument(0), &test, (0..length).rev())?;
    item_or_default(call, found)
}

/// `FindIndex([startIndex, [count,]] match)`
pub(super) fn find_index(call: &mut Call<'_, '_>) -> Outcome {
    let test = call.arguments.len() - 1;
    let count_argument = if test > 2 { optional(call, 2) } else { None };
    let start = if test > 1 { int(call, 1) } else { 0 };
    let part = search::forward(count(call)?, start, count_argument, "startIndex")?;
    let test = function(call, test, "match")?;
    let found = search::find(call.runtime, call.argument(0), &test, part)?;
    place(found.map(|(index, _)| index))
}

/// `FindLastIndex([startIndex, [count,]] match)`
pub(super) fn find_last_index(call: &mut Call<'_, '_>) -> Outcome {
    let test = call.arguments.len() - 1;
    let length = count(call)?;
    let count_argument = if test > 2 { optional(call, 2) } else { None };
    let start = if test > 1 { int(call, 1) } else { length as i64 - 1 };
    let match_test = function(call, test, "match")?;
    let part = search::backward(length, start, count_argument, &[-1])?;
    let found = search::find(call.runtime, call.argument(0), &match_test, part.rev())?;
    place(found.map(|(index, _)| index))
}

pub(super) fn true_for_all(call: &mut Call<'_, '_>) -> Outcome {
    let test = function(call, 1, "match")?;
    let length = count(call)?;
    for index in 0..length {
        let Some(item) = super::item(call.runtime, call.argument(0), index) else { break };
        if !call.runtime.test(&test, &[item])? {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}
