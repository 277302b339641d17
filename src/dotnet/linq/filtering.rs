//! `Where`, `OfType`, `Cast`, and the operators that take or skip.

use std::collections::VecDeque;

use super::{given, int, keep, next, query, source, ty};
use crate::dotnet::{
    display::{full_name, type_of},
    enums::EnumValue,
    exception::{Raise, invalid_cast, null_reference},
    heap::Outcome,
    member::{Call, Member, member},
    runtime::Runtime,
    sequence::cursor,
    types::{Kind, Type},
    value::Value,
};

/// The operators.
pub const MEMBERS: &[Member] = &[
    member("static IEnumerable<TSource> Where<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        filter(call, false)
    }),
    member("static IEnumerable<TSource> Where<TSource>(this IEnumerable<TSource> source, Func<TSource, int, bool> predicate)", |call| {
        filter(call, true)
    }),
    member("static IEnumerable<TResult> OfType<TResult>(this IEnumerable source)", |call| {
        let (source, wanted) = (source(call)?, ty(call, 0));
        query(call, wanted.clone(), move |runtime| {
            let (mut items, wanted) = (runtime.cursor(&source)?, wanted.clone());
            Ok(cursor(move |runtime| {
                while let Some(item) = next(runtime, &mut items)? {
                    if !item.is_null()
                        && let Ok(item) = cast(runtime, item, &wanted)
                    {
                        return Ok(Some(item));
                    }
                }
                Ok(None)
            }))
        })
    }),
    member("static IEnumerable<TResult> Cast<TResult>(this IEnumerable source)", |call| {
        let (source, wanted) = (source(call)?, ty(call, 0));
        // What is a sequence of that type already is given back as it is.
        if type_of(call.runtime, &source).is_reference_to(&Type::enumerable(wanted.clone())) {
            return Ok(source);
        }
        query(call, wanted.clone(), move |runtime| {
            let (mut items, wanted) = (runtime.cursor(&source)?, wanted.clone());
            Ok(cursor(move |runtime| match next(runtime, &mut items)? {
                Some(item) => cast(runtime, item, &wanted).map(Some),
                None => Ok(None),
            }))
        })
    }),
    member("static IEnumerable<TSource> Take<TSource>(this IEnumerable<TSource> source, int count)", |call| {
        let (source, count) = (source(call)?, int(call, 1));
        let element = ty(call, 0);
        query(call, element, move |runtime| {
            let mut items = runtime.cursor(&source)?;
            let mut left = count;
            Ok(cursor(move |runtime| {
                if left <= 0 {
                    return Ok(None);
                }
                left -= 1;
                next(runtime, &mut items)
            }))
        })
    }),
    member("static IEnumerable<TSource> Skip<TSource>(this IEnumerable<TSource> source, int count)", |call| {
        let (source, count) = (source(call)?, int(call, 1));
        let element = ty(call, 0);
        query(call, element, move |runtime| {
            let mut items = runtime.cursor(&source)?;
            let mut left = count;
            Ok(cursor(move |runtime| {
                while left > 0 {
                    left -= 1;
                    if next(runtime, &mut items)?.is_none() {
                        left = 0;
                        return Ok(None);
                    }
                }
                next(runtime, &mut items)
            }))
        })
    }),
    member("static IEnumerable<TSource> TakeLast<TSource>(this IEnumerable<TSource> source, int count)", |call| {
        let (source, count) = (source(call)?, usize::try_from(int(call, 1)).unwrap_or(0));
        let element = ty(call, 0);
        query(call, element, move |runtime| {
            let mut last = VecDeque::new();
            if count > 0 {
                let mut items = runtime.cursor(&source)?;
                while let Some(item) = next(runtime, &mut items)? {
                    if last.len() == count {
                        last.pop_front();
                    } else {
                        keep(runtime)?;
                    }
                    last.push_back(item);
                }
            }
            Ok(cursor(move |_| Ok(last.pop_front())))
        })
    }),
    member("static IEnumerable<TSource> SkipLast<TSource>(this IEnumerable<TSource> source, int count)", |call| {
        let (source, count) = (source(call)?, usize::try_from(int(call, 1)).unwrap_or(0));
        let element = ty(call, 0);
        query(call, element, move |runtime| {
            let mut items = runtime.cursor(&source)?;
            let mut held = VecDeque::new();
            Ok(cursor(move |runtime| {
                while let Some(item) = next(runtime, &mut items)? {
                    held.push_back(item);
                    if held.len() > count {
                        return Ok(held.pop_front());
                    }
                    keep(runtime)?;
                }
                Ok(None)
            }))
        })
    }),
    member("static IEnumerable<TSource> TakeWhile<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        take_while(call, false)
    }),
    member(
        "static IEnumerable<TSource> TakeWhile<TSource>(this IEnumerable<TSource> source, Func<TSource, int, bool> predicate)",
        |call| take_while(call, true),
    ),
    member("static IEnumerable<TSource> SkipWhile<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        skip_while(call, false)
    }),
    member(
        "static IEnumerable<TSource> SkipWhile<TSource>(this IEnumerable<TSource> source, Func<TSource, int, bool> predicate)",
        |call| skip_while(call, true),
    ),
];

/// A test of items that may want their index too.
pub(super) struct Test {
    function: Value,
    index: Option<i32>,
}

impl Test {
    pub(super) fn new(function: Value, is_indexed: bool) -> Self {
        Self { function, index: is_indexed.then_some(0) }
    }

    /// What the function gives for the next item.
    pub(super) fn call(&mut self, runtime: &mut Runtime<'_>, item: Value) -> Outcome {
        match &mut self.index {
            Some(index) => {
                let at = Value::Int32(*index);
                *index = index.wrapping_add(1);
                runtime.invoke(&self.function, &[item, at])
            }
            None => runtime.invoke(&self.function, &[item]),
        }
    }

    fn passes(&mut self, runtime: &mut Runtime<'_>, item: &Value) -> Result<bool, Raise> {
        Ok(matches!(self.call(runtime, item.clone())?, Value::Bool(true)))
    }
}

fn filter(call: &mut Call<'_, '_>, is_indexed: bool) -> Outcome {
    let (source, predicate) = (source(call)?, given(call, 1, "predicate")?);
    let element = ty(call, 0);
    query(call, element, move |runtime| {
        let (mut items, mut test) = (runtime.cursor(&source)?, Test::new(predicate.clone(), is_indexed));
        Ok(cursor(move |runtime| {
            while let Some(item) = next(runtime, &mut items)? {
                if test.passes(runtime, &item)? {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        }))
    })
}

fn take_while(call: &mut Call<'_, '_>, is_indexed: bool) -> Outcome {
    let (source, predicate) = (source(call)?, given(call, 1, "predicate")?);
    let element = ty(call, 0);
    query(call, element, move |runtime| {
        let (mut items, mut test) = (runtime.cursor(&source)?, Test::new(predicate.clone(), is_indexed));
        let mut is_done = false;
        Ok(cursor(move |runtime| {
            if is_done {
                return Ok(None);
            }
            match next(runtime, &mut items)? {
                Some(item) if test.passes(runtime, &item)? => Ok(Some(item)),
                _ => {
                    is_done = true;
                    Ok(None)
                }
            }
        }))
    })
}

fn skip_while(call: &mut Call<'_, '_>, is_indexed: bool) -> Outcome {
    let (source, predicate) = (source(call)?, given(call, 1, "predicate")?);
    let element = ty(call, 0);
    query(call, element, move |runtime| {
        let (mut items, mut test) = (runtime.cursor(&source)?, Test::new(predicate.clone(), is_indexed));
        let mut is_skipping = true;
        Ok(cursor(move |runtime| {
            while let Some(item) = next(runtime, &mut items)? {
                if !(is_skipping && test.passes(runtime, &item)?) {
                    is_skipping = false;
                    return Ok(Some(item));
                }
            }
            Ok(None)
        }))
    })
}

/// `(T)item` of an item held as `object`: unboxing takes the very type, and its enumerations.
pub(super) fn cast(runtime: &Runtime<'_>, item: Value, wanted: &Type) -> Outcome {
    let wanted_value = wanted.underlying().unwrap_or(wanted);
    if item.is_null() {
        return if wanted.is_value_type() { Err(null_reference()) } else { Ok(item) };
    }
    let is = type_of(runtime, &item);
    if is == *wanted_value || is.is_reference_to(wanted_value) {
        return Ok(item);
    }
    // Enumerations unbox as what they are made of, and the other way round.
    match (&item, wanted_value.class()) {
        (Value::Enum(member), _) if *wanted_value == Type::INT32 => Ok(Value::Int32(member.value)),
        (Value::Int32(number), Some(class)) if matches!(class.kind, Kind::Enum(_)) => Ok(Value::Enum(EnumValue::new(class, *number))),
        _ => Err(invalid_cast(&full_name(&is), &full_name(wanted_value))),
    }
}
