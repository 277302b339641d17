//! `Queue<T>` and `Stack<T>`: items in a row, taken from its front or from its top.

use std::collections::VecDeque;

use super::{array, int, interfaces, look_at, refusal, type_argument};
use crate::dotnet::{
    exception::{Raise, argument_null, null_reference},
    heap::{Instance, Outcome, Ref},
    member::{Call, Member, member},
    object, registry,
    runtime::Runtime,
    sequence::{self, Cursor, modified},
    types::{Class, Type},
    value::Value,
};

/// A queue or a stack. The front of the row is what comes out next, so that a stack pushes in front.
#[derive(Clone, Debug)]
struct Row {
    class: &'static Class,
    element: Type,
    items: VecDeque<Value>,
    version: u32,
}

impl Instance for Row {
    fn ty(&self) -> Type {
        Type::generic(self.class, [self.element.clone()])
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn cursor(&self, this: Ref) -> Option<Box<dyn Cursor>> {
        let (version, mut at) = (self.version, 0);
        Some(sequence::cursor(move |runtime| {
            let Some(row) = runtime.heap.instance::<Self>(this) else { return Ok(None) };
            if row.version != version {
                return Err(modified());
            }
            at += 1;
            Ok(row.items.get(at - 1).cloned())
        }))
    }

    fn count(&self, _runtime: &Runtime<'_>) -> Option<usize> {
        Some(self.items.len())
    }
}

/// `Queue<T>`
pub const QUEUE: &[Member] = &[
    member("Queue()", |call| make(call, &registry::QUEUE, VecDeque::new())),
    member("Queue(int capacity)", |call| sized(call, &registry::QUEUE)),
    member("Queue(IEnumerable<T> collection)", |call| {
        let items = collected(call)?;
        make(call, &registry::QUEUE, items.into())
    }),
    member("int Count { get; }", interfaces::count),
    member("void Enqueue(T item)", |call| {
        let item = call.argument(1).clone();
        call.runtime.allocate(size_of::<Value>())?;
        changed(call)?.items.push_back(item);
        Ok(Value::Null)
    }),
    member("T Dequeue()", |call| take(call, "Queue empty.")),
    member("T Peek()", |call| peek(call, "Queue empty.")),
    member("bool TryDequeue(out T result)", try_take),
    member("bool TryPeek(out T result)", try_peek),
    member("void Clear()", clear),
    member("bool Contains(T item)", contains),
    member("void CopyTo(T[] array, int arrayIndex)", |call| interfaces::copy_to(call, interfaces::Words::Queue)),
    member("T[] ToArray()", to_array),
    member("void TrimExcess()", |_| Ok(Value::Null)),
    member("int EnsureCapacity(int capacity)", ensure),
    member("IEnumerator<T> GetEnumerator()", super::enumerator::start),
];

/// `Stack<T>`
pub const STACK: &[Member] = &[
    member("Stack()", |call| make(call, &registry::STACK, VecDeque::new())),
    member("Stack(int capacity)", |call| sized(call, &registry::STACK)),
    member("Stack(IEnumerable<T> collection)", |call| {
        let items = collected(call)?;
        make(call, &registry::STACK, items.into_iter().rev().collect())
    }),
    member("int Count { get; }", interfaces::count),
    member("void Push(T item)", |call| {
        let item = call.argument(1).clone();
        call.runtime.allocate(size_of::<Value>())?;
        changed(call)?.items.push_front(item);
        Ok(Value::Null)
    }),
    member("T Pop()", |call| take(call, "Stack empty.")),
    member("T Peek()", |call| peek(call, "Stack empty.")),
    member("bool TryPop(out T result)", try_take),
    member("bool TryPeek(out T result)", try_peek),
    member("void Clear()", clear),
    member("bool Contains(T item)", contains),
    member("void CopyTo(T[] array, int arrayIndex)", |call| interfaces::copy_to(call, interfaces::Words::Queue)),
    member("T[] ToArray()", to_array),
    member("void TrimExcess()", |_| Ok(Value::Null)),
    member("int EnsureCapacity(int capacity)", ensure),
    member("IEnumerator<T> GetEnumerator()", super::enumerator::start),
];

fn make(call: &mut Call<'_, '_>, class: &'static Class, items: VecDeque<Value>) -> Outcome {
    let element = type_argument(call, 0);
    call.runtime.instance(Row { class, element, items, version: 0 })
}

fn sized(call: &mut Call<'_, '_>, class: &'static Class) -> Outcome {
    let capacity = usize::try_from(int(call, 0)).map_err(|_| refusal::negative("capacity"))?;
    call.runtime.allocate(capacity.saturating_mul(size_of::<Value>()))?;
    make(call, class, VecDeque::with_capacity(capacity))
}

fn collected(call: &mut Call<'_, '_>) -> Result<Vec<Value>, Raise> {
    match call.argument(0) {
        Value::Null => Err(argument_null("collection")),
        collection => call.runtime.collect(collection),
    }
}

fn row<'a>(call: &'a Call<'_, '_>) -> Result<&'a Row, Raise> {
    call.runtime.own(call.argument(0)).ok_or_else(null_reference)
}

/// The row, about to be changed.
fn changed<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut Row, Raise> {
    let this = call.argument(0);
    let row = call.runtime.own_mut::<Row>(this).ok_or_else(null_reference)?;
    row.version = row.version.wrapping_add(1);
    Ok(row)
}

fn take(call: &mut Call<'_, '_>, empty: &str) -> Outcome {
    if row(call)?.items.is_empty() {
        return Err(refusal::invalid(empty));
    }
    changed(call)?.items.pop_front().ok_or_else(|| refusal::invalid(empty))
}

fn peek(call: &mut Call<'_, '_>, empty: &str) -> Outcome {
    row(call)?.items.front().cloned().ok_or_else(|| refusal::invalid(empty))
}

fn try_take(call: &mut Call<'_, '_>) -> Outcome {
    let taken = if row(call)?.items.is_empty() { None } else { changed(call)?.items.pop_front() };
    given(call, taken)
}

fn try_peek(call: &mut Call<'_, '_>) -> Outcome {
    let front = row(call)?.items.front().cloned();
    given(call, front)
}

fn given(call: &mut Call<'_, '_>, item: Option<Value>) -> Outcome {
    let is_there = item.is_some();
    let element = row(call)?.element.clone();
    let item = match item {
        Some(item) => item,
        None => super::default_value(call.runtime, &element)?,
    };
    call.out(1, item);
    Ok(Value::Bool(is_there))
}

fn clear(call: &mut Call<'_, '_>) -> Outcome {
    changed(call)?.items.clear();
    Ok(Value::Null)
}

fn contains(call: &mut Call<'_, '_>) -> Outcome {
    look_at(call.runtime, row(call)?.items.len())?;
    let row = row(call)?;
    Ok(Value::Bool(row.items.iter().any(|item| object::equal(call.runtime, item, call.argument(1)))))
}

fn to_array(call: &mut Call<'_, '_>) -> Outcome {
    let items = call.runtime.collect(call.argument(0))?;
    let element = row(call)?.element.clone();
    array(call.runtime, element, items)
}

/// The room grows to the double, by four at least. Source: dotnet/runtime, Queue.cs and Stack.cs (`Grow`).
fn ensure(call: &mut Call<'_, '_>) -> Outcome {
    let wanted = usize::try_from(int(call, 1)).map_err(|_| refusal::negative("capacity"))?;
    let held = row(call)?.items.capacity();
    if wanted > held {
        call.runtime.allocate(wanted.saturating_mul(size_of::<Value>()))?;
        let count = row(call)?.items.len();
        changed(call)?.items.reserve_exact(wanted.max(2 * held).max(held + 4) - count);
    }
    Ok(super::number(row(call)?.items.capacity()))
}
