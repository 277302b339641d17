//! `Select`, `SelectMany`, `Zip`, and what changes the shape of a sequence.

use std::sync::Arc;

use super::{filtering::Test, given, int, keep, next, query, source, ty};
use crate::dotnet::{
    collection,
    heap::{Object, Outcome, Record},
    member::{Call, Member, member},
    sequence::{self, Cursor, cursor},
    types::{TupleType, Type},
    value::Value,
};

/// The operators.
pub const MEMBERS: &[Member] = &[
    member(
        "static IEnumerable<TResult> Select<TSource, TResult>(this IEnumerable<TSource> source, Func<TSource, TResult> selector)",
        |call| select(call, false),
    ),
    member(
        "static IEnumerable<TResult> Select<TSource, TResult>(this IEnumerable<TSource> source, Func<TSource, int, TResult> selector)",
        |call| select(call, true),
    ),
    member(
        "static IEnumerable<TResult> SelectMany<TSource, TResult>(this IEnumerable<TSource> source, Func<TSource, IEnumerable<TResult>> selector)",
        |call| select_many(call, false, false),
    ),
    member(
        "static IEnumerable<TResult> SelectMany<TSource, TResult>(this IEnumerable<TSource> source, Func<TSource, int, IEnumerable<TResult>> selector)",
        |call| select_many(call, true, false),
    ),
    member(
        "static IEnumerable<TResult> SelectMany<TSource, TCollection, TResult>(this IEnumerable<TSource> source, Func<TSource, IEnumerable<TCollection>> collectionSelector, Func<TSource, TCollection, TResult> resultSelector)",
        |call| select_many(call, false, true),
    ),
    member(
        "static IEnumerable<TResult> SelectMany<TSource, TCollection, TResult>(this IEnumerable<TSource> source, Func<TSource, int, IEnumerable<TCollection>> collectionSelector, Func<TSource, TCollection, TResult> resultSelector)",
        |call| select_many(call, true, true),
    ),
    member(
        "static IEnumerable<TResult> Zip<TFirst, TSecond, TResult>(this IEnumerable<TFirst> first, IEnumerable<TSecond> second, Func<TFirst, TSecond, TResult> resultSelector)",
        |call| {
            let result = ty(call, 2);
            let (first, second) = (given(call, 0, "first")?, given(call, 1, "second")?);
            zip(call, result, vec![first, second], Some(given(call, 2, "resultSelector")?))
        },
    ),
    member(
        "static IEnumerable<(TFirst First, TSecond Second)> Zip<TFirst, TSecond>(this IEnumerable<TFirst> first, IEnumerable<TSecond> second)",
        |call| {
            let (first, second) = (given(call, 0, "first")?, given(call, 1, "second")?);
            let tuple = tuple(call, &["First", "Second"]);
            zip(call, tuple, vec![first, second], None)
        },
    ),
    member(
        "static IEnumerable<(TFirst First, TSecond Second, TThird Third)> Zip<TFirst, TSecond, TThird>(this IEnumerable<TFirst> first, IEnumerable<TSecond> second, IEnumerable<TThird> third)",
        |call| {
            let (first, second, third) = (given(call, 0, "first")?, given(call, 1, "second")?, given(call, 2, "third")?);
            let tuple = tuple(call, &["First", "Second", "Third"]);
            zip(call, tuple, vec![first, second, third], None)
        },
    ),
    member("static IEnumerable<TSource[]> Chunk<TSource>(this IEnumerable<TSource> source, int size)", |call| {
        let source = source(call)?;
        let size = usize::try_from(int(call, 1)).ok().filter(|size| *size > 0).ok_or_else(|| collection::refusal::range("size"))?;
        let element = ty(call, 0);
        query(call, Type::array(element.clone()), move |runtime| {
            let (mut items, element) = (runtime.cursor(&source)?, element.clone());
            Ok(cursor(move |runtime| {
                let mut chunk = Vec::new();
                while chunk.len() < size {
                    let Some(item) = next(runtime, &mut items)? else { break };
                    keep(runtime)?;
                    chunk.push(item);
                }
                if chunk.is_empty() { Ok(None) } else { collection::array(runtime, element.clone(), chunk).map(Some) }
            }))
        })
    }),
    member("static IEnumerable<TSource> Reverse<TSource>(this IEnumerable<TSource> source)", |call| {
        let source = source(call)?;
        let element = ty(call, 0);
        query(call, element, move |runtime| {
            let mut items = runtime.collect(&source)?;
            items.reverse();
            Ok(sequence::items(items))
        })
    }),
    member("static IEnumerable<TSource> Concat<TSource>(this IEnumerable<TSource> first, IEnumerable<TSource> second)", |call| {
        let (first, second) = (given(call, 0, "first")?, given(call, 1, "second")?);
        chain(call, vec![Part::Items(first), Part::Items(second)])
    }),
    member("static IEnumerable<TSource> Append<TSource>(this IEnumerable<TSource> source, TSource element)", |call| {
        let (source, item) = (source(call)?, call.argument(1).clone());
        chain(call, vec![Part::Items(source), Part::Item(item)])
    }),
    member("static IEnumerable<TSource> Prepend<TSource>(this IEnumerable<TSource> source, TSource element)", |call| {
        let (source, item) = (source(call)?, call.argument(1).clone());
        chain(call, vec![Part::Item(item), Part::Items(source)])
    }),
    member("static IEnumerable<TSource> AsEnumerable<TSource>(this IEnumerable<TSource> source)", |call| Ok(call.argument(0).clone())),
];

fn select(call: &mut Call<'_, '_>, is_indexed: bool) -> Outcome {
    let (source, selector) = (source(call)?, given(call, 1, "selector")?);
    let result = ty(call, 1);
    query(call, result, move |runtime| {
        let (mut items, mut selector) = (runtime.cursor(&source)?, Test::new(selector.clone(), is_indexed));
        Ok(cursor(move |runtime| match next(runtime, &mut items)? {
            Some(item) => selector.call(runtime, item).map(Some),
            None => Ok(None),
        }))
    })
}

fn select_many(call: &mut Call<'_, '_>, is_indexed: bool, has_result: bool) -> Outcome {
    let source = source(call)?;
    let selector = given(call, 1, if has_result { "collectionSelector" } else { "selector" })?;
    let result = if has_result { given(call, 2, "resultSelector")? } else { Value::Null };
    let element = ty(call, if has_result { 2 } else { 1 });
    query(call, element, move |runtime| {
        let (mut items, mut selector) = (runtime.cursor(&source)?, Test::new(selector.clone(), is_indexed));
        let result = result.clone();
        let mut inner: Option<(Value, Box<dyn Cursor>)> = None;
        Ok(cursor(move |runtime| {
            loop {
                if let Some((outer, cursor)) = &mut inner
                    && let Some(item) = next(runtime, cursor)?
                {
                    return if has_result { runtime.invoke(&result, &[outer.clone(), item]).map(Some) } else { Ok(Some(item)) };
                }
                let Some(outer) = next(runtime, &mut items)? else {
                    inner = None;
                    return Ok(None);
                };
                let collection = selector.call(runtime, outer.clone())?;
                inner = Some((outer, runtime.cursor(&collection)?));
            }
        }))
    })
}

/// The tuple of the type arguments.
fn tuple(call: &Call<'_, '_>, names: &[&'static str]) -> Type {
    let items = (0..names.len()).map(|index| ty(call, index)).collect();
    let names = names.iter().map(|name| Some(crate::text::Text::Static(name))).collect();
    Type::Tuple(Arc::new(TupleType { items, names }))
}

/// Sequences side by side, as long as the shortest.
fn zip(call: &mut Call<'_, '_>, element: Type, sources: Vec<Value>, selector: Option<Value>) -> Outcome {
    query(call, element.clone(), move |runtime| {
        let mut walks = sources.iter().map(|source| runtime.cursor(source)).collect::<Result<Vec<_>, _>>()?;
        let (element, selector) = (element.clone(), selector.clone());
        Ok(cursor(move |runtime| {
            let mut row = Vec::with_capacity(walks.len());
            for walk in &mut walks {
                match next(runtime, walk)? {
                    Some(item) => row.push(item),
                    None => return Ok(None),
                }
            }
            match &selector {
                Some(selector) => runtime.invoke(selector, &row).map(Some),
                None => runtime.object(Object::Record(Record { ty: element.clone(), items: row.into() })).map(Some),
            }
        }))
    })
}

/// A piece of a chain of sequences.
#[derive(Clone)]
enum Part {
    Items(Value),
    Item(Value),
}

fn chain(call: &mut Call<'_, '_>, parts: Vec<Part>) -> Outcome {
    let element = ty(call, 0);
    query(call, element, move |_| {
        let mut parts = parts.clone().into_iter();
        let mut walk: Option<Box<dyn Cursor>> = None;
        Ok(cursor(move |runtime| {
            loop {
                if let Some(items) = &mut walk
                    && let Some(item) = next(runtime, items)?
                {
                    return Ok(Some(item));
                }
                walk = None;
                match parts.next() {
                    Some(Part::Items(items)) => walk = Some(runtime.cursor(&items)?),
                    Some(Part::Item(item)) => return Ok(Some(item)),
                    None => return Ok(None),
                }
            }
        }))
    })
}
