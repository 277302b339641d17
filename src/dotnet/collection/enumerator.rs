//! `IEnumerable<T>.GetEnumerator` and the walk that it starts.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use super::refusal;
use crate::dotnet::{
    exception::null_reference,
    heap::{Instance, Outcome},
    json,
    member::{Call, Member, member},
    registry,
    sequence::Cursor,
    types::Type,
    value::Value,
};

/// `System.Collections.IEnumerable`
pub const OLD_IENUMERABLE: &[Member] = &[member("IEnumerator GetEnumerator()", start)];

/// `IEnumerable<out T>`
pub const IENUMERABLE: &[Member] = &[member("IEnumerator<T> GetEnumerator()", start)];

/// `System.Collections.IEnumerator`
pub const OLD_IENUMERATOR: &[Member] = &[
    member("object Current { get; }", |call| match enumerator(call)?.state {
        // Source: dotnet/runtime, the explicit `IEnumerator.Current` of List.cs and others.
        State::Before => Err(refusal::invalid("Enumeration has not started. Call MoveNext.")),
        State::After => Err(refusal::invalid("Enumeration already finished.")),
        State::Within => Ok(enumerator(call)?.current.clone()),
    }),
    member("bool MoveNext()", move_next),
    member("void Reset()", |call| {
        let enumerator = call.runtime.own_mut::<Enumerator>(call.argument(0)).ok_or_else(null_reference)?;
        enumerator.rewind(0);
        enumerator.state = State::Before;
        Ok(Value::Null)
    }),
];

/// `IEnumerator<out T>`
pub const IENUMERATOR: &[Member] = &[
    member("T Current { get; }", |call| Ok(enumerator(call)?.current.clone())),
    member("bool MoveNext()", move_next),
    member("void Dispose()", |_| Ok(Value::Null)),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Before,
    Within,
    After,
}

/// A walk as an object.
struct Enumerator {
    element: Type,
    source: Value,
    current: Value,
    state: State,
    /// How many items were given: what a copy begins with, for a walk under way cannot be copied itself.
    given: usize,
    /// How many items the walk is to pass over first.
    behind: usize,
    walk: Mutex<Option<Box<dyn Cursor>>>,
}

impl Enumerator {
    fn rewind(&mut self, behind: usize) {
        self.walk = Mutex::new(None);
        self.given = behind;
        self.behind = behind;
    }
}

impl fmt::Debug for Enumerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Enumerator<{}>", self.element)
    }
}

impl Instance for Enumerator {
    fn ty(&self) -> Type {
        Type::generic(&registry::IENUMERATOR, [self.element.clone()])
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(Self {
            element: self.element.clone(),
            source: self.source.clone(),
            current: self.current.clone(),
            state: self.state,
            given: self.given,
            behind: self.given,
            walk: Mutex::new(None),
        })
    }
}

/// `GetEnumerator()` of anything that `foreach` walks through.
pub fn start(call: &mut Call<'_, '_>) -> Outcome {
    let source = json::sequence_of(call, call.types.first())?;
    // What changes the collection between here and the first item counts: the walk begins now.
    let walk = call.runtime.cursor(&source)?;
    let element = call.types.first().cloned().unwrap_or(Type::OBJECT);
    let (current, state, walk) = (Value::default_of(&element), State::Before, Mutex::new(Some(walk)));
    call.runtime.instance(Enumerator { element, source, current, state, given: 0, behind: 0, walk })
}

fn enumerator<'a>(call: &'a Call<'_, '_>) -> Result<&'a Enumerator, crate::dotnet::exception::Raise> {
    call.runtime.own(call.argument(0)).ok_or_else(null_reference)
}

fn move_next(call: &mut Call<'_, '_>) -> Outcome {
    let this = call.argument(0);
    let enumerator = call.runtime.own_mut::<Enumerator>(this).ok_or_else(null_reference)?;
    if enumerator.state == State::After {
        return Ok(Value::Bool(false));
    }
    let (source, behind) = (enumerator.source.clone(), std::mem::take(&mut enumerator.behind));
    let mut walk = match enumerator.walk.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
        Some(walk) => walk,
        None => {
            let mut walk = call.runtime.cursor(&source)?;
            for _ in 0..behind {
                call.runtime.step()?;
                walk.next(call.runtime)?;
            }
            walk
        }
    };
    let next = walk.next(call.runtime);
    let enumerator = call.runtime.own_mut::<Enumerator>(this).ok_or_else(null_reference)?;
    enumerator.walk = Mutex::new(Some(walk));
    let next = next?;
    let moved = next.is_some();
    enumerator.state = if moved { State::Within } else { State::After };
    enumerator.given += usize::from(moved);
    enumerator.current = next.unwrap_or_else(|| Value::default_of(&enumerator.element));
    Ok(Value::Bool(moved))
}
