//! `First`, `Last`, `Single`, `ElementAt` and their `OrDefault`s.

use super::{each, given, int, next, query, source, ty};
use crate::dotnet::{
    collection::{default_value, item, length, refusal},
    exception::{Raise, throw},
    heap::Outcome,
    member::{Call, Member, member},
    registry,
    sequence::cursor,
    value::Value,
};

/// The operators.
pub const MEMBERS: &[Member] = &[
    member("static TSource First<TSource>(this IEnumerable<TSource> source)", |call| pick(call, FIRST, None, Missing::Refused)),
    member("static TSource First<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        pick(call, FIRST, Some(1), Missing::Refused)
    }),
    member("static TSource FirstOrDefault<TSource>(this IEnumerable<TSource> source)", |call| pick(call, FIRST, None, Missing::Default)),
    member("static TSource FirstOrDefault<TSource>(this IEnumerable<TSource> source, TSource defaultValue)", |call| {
        pick(call, FIRST, None, Missing::Argument(1))
    }),
    member("static TSource FirstOrDefault<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        pick(call, FIRST, Some(1), Missing::Default)
    }),
    member(
        "static TSource FirstOrDefault<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate, TSource defaultValue)",
        |call| pick(call, FIRST, Some(1), Missing::Argument(2)),
    ),
    member("static TSource Last<TSource>(this IEnumerable<TSource> source)", |call| pick(call, LAST, None, Missing::Refused)),
    member("static TSource Last<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        pick(call, LAST, Some(1), Missing::Refused)
    }),
    member("static TSource LastOrDefault<TSource>(this IEnumerable<TSource> source)", |call| pick(call, LAST, None, Missing::Default)),
    member("static TSource LastOrDefault<TSource>(this IEnumerable<TSource> source, TSource defaultValue)", |call| {
        pick(call, LAST, None, Missing::Argument(1))
    }),
    member("static TSource LastOrDefault<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        pick(call, LAST, Some(1), Missing::Default)
    }),
    member(
        "static TSource LastOrDefault<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate, TSource defaultValue)",
        |call| pick(call, LAST, Some(1), Missing::Argument(2)),
    ),
    member("static TSource Single<TSource>(this IEnumerable<TSource> source)", |call| pick(call, SINGLE, None, Missing::Refused)),
    member("static TSource Single<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        pick(call, SINGLE, Some(1), Missing::Refused)
    }),
    member("static TSource SingleOrDefault<TSource>(this IEnumerable<TSource> source)", |call| pick(call, SINGLE, None, Missing::Default)),
    member("static TSource SingleOrDefault<TSource>(this IEnumerable<TSource> source, TSource defaultValue)", |call| {
        pick(call, SINGLE, None, Missing::Argument(1))
    }),
    member("static TSource SingleOrDefault<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        pick(call, SINGLE, Some(1), Missing::Default)
    }),
    member(
        "static TSource SingleOrDefault<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate, TSource defaultValue)",
        |call| pick(call, SINGLE, Some(1), Missing::Argument(2)),
    ),
    member("static TSource ElementAt<TSource>(this IEnumerable<TSource> source, int index)", |call| match element_at(call)? {
        Some(item) => Ok(item),
        // A list answers in its own words. Source: dotnet/runtime, ElementAt.cs.
        None if length(call.runtime, call.argument(0)).is_some() => Err(refusal::index("index")),
        None => Err(refusal::range("index")),
    }),
    member("static TSource ElementAtOrDefault<TSource>(this IEnumerable<TSource> source, int index)", |call| match element_at(call)? {
        Some(item) => Ok(item),
        None => {
            let element = ty(call, 0);
            default_value(call.runtime, &element)
        }
    }),
    member("static IEnumerable<TSource> DefaultIfEmpty<TSource>(this IEnumerable<TSource> source)", default_if_empty),
    member("static IEnumerable<TSource> DefaultIfEmpty<TSource>(this IEnumerable<TSource> source, TSource defaultValue)", default_if_empty),
];

/// Which of the items is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    First,
    Last,
    Single,
}

const FIRST: Which = Which::First;
const LAST: Which = Which::Last;
const SINGLE: Which = Which::Single;

/// What stands in for an item that is not there.
#[derive(Clone, Copy)]
enum Missing {
    Refused,
    Default,
    Argument(usize),
}

fn invalid(message: &str) -> Raise {
    throw(&registry::INVALID_OPERATION_EXCEPTION, message)
}

/// What an empty sequence raises.
pub(super) fn none() -> Raise {
    invalid("Sequence contains no elements")
}

fn pick(call: &mut Call<'_, '_>, which: Which, predicate: Option<usize>, missing: Missing) -> Outcome {
    let source = source(call)?;
    let predicate = match predicate {
        Some(index) => Some(given(call, index, "predicate")?),
        None => None,
    };
    let mut found: Option<Value> = None;
    match (length(call.runtime, &source), which) {
        // A list is looked at from its end, as .NET does: the predicate sees no more items than that.
        (Some(length), Which::Last) => {
            for index in (0..length).rev() {
                call.runtime.step()?;
                let Some(last) = item(call.runtime, &source, index) else { continue };
                let fits = match &predicate {
                    Some(predicate) => call.runtime.test(predicate, std::slice::from_ref(&last))?,
                    None => true,
                };
                if fits {
                    found = Some(last);
                    break;
                }
            }
        }
        _ => each(call.runtime, &source, |runtime, item| {
            if let Some(predicate) = &predicate
                && !runtime.test(predicate, std::slice::from_ref(&item))?
            {
                return Ok(true);
            }
            if which == SINGLE && found.is_some() {
                return Err(invalid(match (&predicate, missing) {
                    (Some(_), _) => "Sequence contains more than one matching element",
                    (None, _) => "Sequence contains more than one element",
                }));
            }
            found = Some(item);
            Ok(which != FIRST)
        })?,
    }
    match (found, missing) {
        (Some(item), _) => Ok(item),
        (None, Missing::Refused) if predicate.is_some() => Err(invalid("Sequence contains no matching element")),
        (None, Missing::Refused) => Err(none()),
        (None, Missing::Argument(index)) => Ok(call.argument(index).clone()),
        (None, Missing::Default) => {
            let element = ty(call, 0);
            default_value(call.runtime, &element)
        }
    }
}

fn element_at(call: &mut Call<'_, '_>) -> Result<Option<Value>, Raise> {
    let source = source(call)?;
    let Ok(index) = usize::try_from(int(call, 1)) else { return Ok(None) };
    if length(call.runtime, &source).is_some() {
        return Ok(item(call.runtime, &source, index));
    }
    let (mut at, mut found) = (0, None);
    each(call.runtime, &source, |_, item| {
        if at == index {
            found = Some(item);
        }
        at += 1;
        Ok(found.is_none())
    })?;
    Ok(found)
}

fn default_if_empty(call: &mut Call<'_, '_>) -> Outcome {
    let source = source(call)?;
    let element = ty(call, 0);
    let default = match call.arguments.get(1) {
        Some(default) => default.clone(),
        None => default_value(call.runtime, &element)?,
    };
    query(call, element, move |runtime| {
        let (mut items, mut default) = (runtime.cursor(&source)?, Some(default.clone()));
        Ok(cursor(move |runtime| {
            let item = next(runtime, &mut items)?;
            // The default is for a first item that is not there.
            let instead = default.take();
            Ok(item.or(instead))
        }))
    })
}
