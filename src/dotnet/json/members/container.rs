//! `JContainer`. Source: Linq/JContainer.cs.

use super::{
    super::{
        merge,
        tree::{self, append},
        walk::Descendants,
    },
    this, token,
};
use crate::dotnet::{
    exception::{Raise, argument_null},
    member::{Call, Member, member},
    types::Type,
    value::Value,
};

/// `JContainer`
pub const CONTAINER: &[Member] = &[
    member("int Count { get; }", |call| Ok(Value::Int32(i32::try_from(token(call)?.count()).unwrap_or(i32::MAX)))),
    member("void Add(object content)", |call| {
        let of = this(call)?;
        append(call.runtime, of, call.argument(1))?;
        Ok(Value::Null)
    }),
    member("void AddFirst(object content)", |call| {
        let of = this(call)?;
        tree::add(call.runtime, of, 0, call.argument(1))?;
        Ok(Value::Null)
    }),
    member("void ReplaceAll(object content)", |call| {
        let of = this(call)?;
        tree::clear(call.runtime, of)?;
        append(call.runtime, of, call.argument(1))?;
        Ok(Value::Null)
    }),
    member("void RemoveAll()", |call| {
        let of = this(call)?;
        tree::clear(call.runtime, of)?;
        Ok(Value::Null)
    }),
    member("IEnumerable<JToken> Descendants()", |call| descendants(call, false)),
    member("IEnumerable<JToken> DescendantsAndSelf()", |call| descendants(call, true)),
    member("void Merge(object content)", merge_content),
    member("void Merge(object content, JsonMergeSettings settings)", merge_content),
];

fn descendants(call: &mut Call<'_, '_>, is_with_self: bool) -> Result<Value, Raise> {
    let of = this(call)?;
    call.runtime.lazy(Type::JTOKEN, move |_| Ok(Box::new(Descendants::new(of, is_with_self))))
}

fn merge_content(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let of = this(call)?;
    let settings = merge::settings(call.runtime, call.argument(2));
    merge::merge(call.runtime, of, call.argument(1), settings)?;
    Ok(Value::Null)
}

/// `CopyTo`
pub(super) fn copy_to(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    use crate::dotnet::{
        exception::{out_of_range, raise},
        heap::Object,
        registry,
        runtime::Runtime,
    };
    let of = this(call)?;
    let at = super::integer(call, 2);
    let Some(Object::Array(list)) = call.runtime.get(call.argument(1)) else { return Err(argument_null("array")) };
    let room = list.items.len() as i64;
    if at < 0 {
        return Err(out_of_range("arrayIndex is less than 0.", "arrayIndex"));
    }
    if at >= room && at != 0 {
        return raise(&registry::ARGUMENT_EXCEPTION, "arrayIndex is equal to or greater than the length of array.");
    }
    let items: Vec<Value> = tree::get(call.runtime, of)?.children().map(Value::Object).collect();
    if items.len() as i64 > room - at {
        return raise(
            &registry::ARGUMENT_EXCEPTION,
            "The number of elements in the source JObject is greater than the available space from arrayIndex to the end of the destination array.",
        );
    }
    call.runtime.work(items.len() * 8)?;
    let target = Runtime::reference(call.argument(1)).and_then(|array| call.runtime.heap.get_mut(array));
    if let Some(Object::Array(list)) = target {
        list.items.iter_mut().skip(usize::try_from(at).unwrap_or(0)).zip(items).for_each(|(place, item)| *place = item);
    }
    Ok(Value::Null)
}
