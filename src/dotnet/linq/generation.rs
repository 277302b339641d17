//! `Range`, `Repeat`, `Empty`.

use super::{int, ty};
use crate::dotnet::{
    collection::{array, refusal},
    member::{Member, member},
    sequence::cursor,
    types::Type,
    value::Value,
};

/// The operators.
pub const MEMBERS: &[Member] = &[
    member("static IEnumerable<int> Range(int start, int count)", |call| {
        let (start, count) = (int(call, 0), int(call, 1));
        if count < 0 || start + count - 1 > i64::from(i32::MAX) {
            return Err(refusal::range("count"));
        }
        call.runtime.lazy(Type::INT32, move |_| {
            let mut numbers = start..start + count;
            Ok(cursor(move |runtime| {
                runtime.step()?;
                Ok(numbers.next().map(|number| Value::Int32(number as i32)))
            }))
        })
    }),
    member("static IEnumerable<TResult> Repeat<TResult>(TResult element, int count)", |call| {
        let (item, count) = (call.argument(0).clone(), int(call, 1));
        if count < 0 {
            return Err(refusal::range("count"));
        }
        let element = ty(call, 0);
        call.runtime.lazy(element, move |_| {
            let (item, mut left) = (item.clone(), count);
            Ok(cursor(move |runtime| {
                runtime.step()?;
                left -= 1;
                Ok((left >= 0).then(|| item.clone()))
            }))
        })
    }),
    member("static IEnumerable<TResult> Empty<TResult>()", |call| {
        let element = ty(call, 0);
        array(call.runtime, element, Vec::new())
    }),
];
