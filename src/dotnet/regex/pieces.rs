//! The members of `Match`, `Group`, `Capture` and their collections.

use std::sync::Arc;

use super::{
    found::{Collection, Found, Piece, Role},
    search::{Regex, joined, placed, rendered},
};
use crate::dotnet::{
    Type, Value,
    collection::set_element,
    exception::{Raise, argument_null, null_reference, out_of_range, raise},
    heap::{Object, Outcome},
    member::{Call, Member, member},
    registry, sequence,
};

/// `Capture`
pub const CAPTURE_MEMBERS: &[Member] = &[
    member("int Index { get; }", |call| span(call, |start, _| start)),
    member("int Length { get; }", |call| span(call, |_, length| length)),
    member("string Value { get; }", value),
    member("string ToString()", value),
];

/// `Group`
pub const GROUP_MEMBERS: &[Member] = &[
    member("bool Success { get; }", |call| {
        let piece = piece(call)?;
        Ok(Value::Bool(piece.found.count(piece.slot) > 0))
    }),
    member("string Name { get; }", |call| {
        let piece = piece(call)?;
        Ok(Value::string(piece.found.name(piece.slot)))
    }),
    member("CaptureCollection Captures { get; }", |call| {
        let piece = piece(call)?;
        call.runtime.instance(Collection::Captures(piece.found, piece.slot))
    }),
    member("static Group Synchronized(Group inner)", synchronized),
];

/// `Match`
pub const MATCH_MEMBERS: &[Member] = &[
    member("static Match Empty { get; }", |call| placed(call.runtime, Found::nothing())),
    member("GroupCollection Groups { get; }", |call| {
        let piece = piece(call)?;
        call.runtime.instance(Collection::Groups(piece.found))
    }),
    member("Match NextMatch()", |call| {
        let found = piece(call)?.found;
        let Some(program) = &found.program else { return Ok(call.argument(0).clone()) };
        let scope = found.next_scope(program.is_backward());
        Regex::first(call.runtime, program, &found.subject, scope)
    }),
    member("string Result(string replacement)", |call| {
        let found = piece(call)?.found;
        let Value::String(replacement) = call.argument(1) else { return Err(argument_null("replacement")) };
        let Some(program) = &found.program else {
            return raise(&registry::NOT_SUPPORTED_EXCEPTION, "Result cannot be called on a failed Match.");
        };
        call.runtime.allocate(replacement.bytes().saturating_mul(4))?;
        call.runtime.work(replacement.bytes())?;
        let mut texts = Vec::new();
        rendered(call.runtime, &Regex::parts(program, replacement)?, &found, &mut texts)?;
        joined(call.runtime, &texts)
    }),
    member("static Match Synchronized(Match inner)", synchronized),
];

/// `CaptureCollection`
pub const CAPTURE_COLLECTION_MEMBERS: &[Member] = &[
    member("int Count { get; }", count),
    member("bool IsReadOnly { get; }", |_| Ok(Value::Bool(true))),
    member("bool IsSynchronized { get; }", |_| Ok(Value::Bool(false))),
    member("void CopyTo(Capture[] array, int arrayIndex)", copy_to),
    member("Capture this[int i] { get; }", item),
];

/// `MatchCollection`
pub const MATCH_COLLECTION_MEMBERS: &[Member] = &[
    member("int Count { get; }", count),
    member("bool IsReadOnly { get; }", |_| Ok(Value::Bool(true))),
    member("bool IsSynchronized { get; }", |_| Ok(Value::Bool(false))),
    member("void CopyTo(Match[] array, int arrayIndex)", copy_to),
    member("Match this[int i] { get; }", item),
];

/// `GroupCollection`. An index is a group's number, not its place, and one that no group has gives an empty group.
pub const GROUP_COLLECTION_MEMBERS: &[Member] = &[
    member("int Count { get; }", count),
    member("bool IsReadOnly { get; }", |_| Ok(Value::Bool(true))),
    member("bool IsSynchronized { get; }", |_| Ok(Value::Bool(false))),
    member("void CopyTo(Group[] array, int arrayIndex)", copy_to),
    member("Group this[int groupnum] { get; }", |call| {
        let found = groups(call)?;
        let number = call.argument(1).as_integer().and_then(|number| i32::try_from(number).ok());
        let slot = number.and_then(|number| found.slot(number));
        call.runtime.instance(Piece::group(&found, slot))
    }),
    member("Group this[string groupname] { get; }", |call| {
        let found = groups(call)?;
        let slot = named(call, &found)?;
        call.runtime.instance(Piece::group(&found, slot))
    }),
    member("bool ContainsKey(string key)", |call| {
        let found = groups(call)?;
        Ok(Value::Bool(named(call, &found)?.is_some()))
    }),
    member("bool TryGetValue(string key, out Group value)", |call| {
        let found = groups(call)?;
        let slot = named(call, &found)?;
        let group = match slot {
            Some(slot) => call.runtime.instance(Piece::group(&found, Some(slot)))?,
            None => Value::Null,
        };
        call.out(2, group);
        Ok(Value::Bool(slot.is_some()))
    }),
    member("IEnumerable<string> Keys { get; }", |call| {
        let found = groups(call)?;
        call.runtime.lazy(Type::STRING, move |_| {
            let (found, mut next) = (found.clone(), 0..);
            Ok(sequence::cursor(move |_| {
                let slot = next.next().filter(|slot: &u32| (*slot as usize) < found.captures.len());
                Ok(slot.map(|slot| Value::string(found.name(slot))))
            }))
        })
    }),
    member("IEnumerable<Group> Values { get; }", |call| {
        let found = groups(call)?;
        call.runtime.lazy(Type::named(&super::GROUP), move |_| Ok(Collection::Groups(found.clone()).walk()))
    }),
];

fn piece(call: &Call<'_, '_>) -> Result<Piece, Raise> {
    call.runtime.own::<Piece>(call.argument(0)).cloned().ok_or_else(null_reference)
}

fn span(call: &mut Call<'_, '_>, part: fn(usize, usize) -> usize) -> Outcome {
    let piece = piece(call)?;
    let number = piece.found.span(piece.slot, piece.index).map_or(0, |(start, length)| part(start, length));
    Ok(Value::Int32(i32::try_from(number).unwrap_or(i32::MAX)))
}

fn value(call: &mut Call<'_, '_>) -> Outcome {
    let piece = piece(call)?;
    let length = piece.found.span(piece.slot, piece.index).map_or(0, |(_, length)| length);
    call.runtime.allocate(length)?;
    call.runtime.work(length)?;
    Ok(Value::String(piece.value()))
}

fn synchronized(call: &mut Call<'_, '_>) -> Outcome {
    match call.runtime.own::<Piece>(call.argument(0)) {
        Some(piece) if piece.role != Role::Capture => Ok(call.argument(0).clone()),
        _ => Err(argument_null("inner")),
    }
}

fn collection(call: &Call<'_, '_>) -> Result<Collection, Raise> {
    call.runtime.own::<Collection>(call.argument(0)).cloned().ok_or_else(null_reference)
}

fn count(call: &mut Call<'_, '_>) -> Outcome {
    Ok(Value::Int32(i32::try_from(collection(call)?.len()).unwrap_or(i32::MAX)))
}

/// The item at a place.
fn item(call: &mut Call<'_, '_>) -> Outcome {
    let collection = collection(call)?;
    let index = call.argument(1).as_integer().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
    let item = collection.item(call.runtime, index)?;
    item.ok_or_else(|| out_of_range("Specified argument was out of the range of valid values.", "i"))
}

/// Copies the items into an array.
fn copy_to(call: &mut Call<'_, '_>) -> Outcome {
    let from = collection(call)?;
    let array = call.argument(1).clone();
    let length = match call.runtime.get(&array) {
        Some(Object::Array(list)) => list.items.len(),
        _ => return Err(argument_null("array")),
    };
    let start = call.argument(2).as_integer().and_then(|start| usize::try_from(start).ok()).filter(|start| *start <= length);
    let Some(start) = start else {
        return Err(out_of_range("Specified argument was out of the range of valid values.", "arrayIndex"));
    };
    if length - start < from.len() {
        const TOO_SMALL: &str =
            "Destination array is not long enough to copy all the items in the collection. Check array index and length.";
        return raise(&registry::ARGUMENT_EXCEPTION, TOO_SMALL);
    }
    for index in 0..from.len() {
        call.runtime.step()?;
        let item = from.item(call.runtime, index)?.unwrap_or(Value::Null);
        set_element(call.runtime, &array, &Value::Int64((start + index) as i64), item)?;
    }
    Ok(Value::Null)
}

fn groups(call: &Call<'_, '_>) -> Result<Arc<Found>, Raise> {
    match collection(call)? {
        Collection::Groups(found) => Ok(found),
        _ => Err(null_reference()),
    }
}

/// The slot of the group whose name is the first argument; a failed match has no names to ask for.
fn named(call: &Call<'_, '_>, found: &Found) -> Result<Option<u32>, Raise> {
    match call.argument(1) {
        Value::String(name) => Ok(found.named(&name.as_str())),
        _ if found.program.is_none() => Ok(None),
        _ => Err(argument_null("name")),
    }
}
