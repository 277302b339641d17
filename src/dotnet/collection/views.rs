//! What shows another collection and cannot be changed itself: a dictionary's `Keys` and `Values`, and `ReadOnlyCollection<T>`.

use super::{dictionary::Slots, int, interfaces, item, length, number, refusal, search};
use crate::dotnet::{
    context,
    exception::{argument_null, null_reference},
    heap::{Instance, Object, Outcome, Ref},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    sequence::{self, Cursor},
    types::Type,
    value::Value,
};

/// Which part of the entries a [`View`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `Keys`
    Keys,
    /// `Values`
    Values,
}

/// The keys or values of a dictionary, as they are at any time.
#[derive(Clone, Debug)]
pub struct View {
    /// The dictionary.
    pub of: Value,
    /// The type of a key.
    pub key: Type,
    /// The type of a value.
    pub value: Type,
    /// Which of the two are shown.
    pub side: Side,
}

impl Instance for View {
    fn ty(&self) -> Type {
        let class = match self.side {
            Side::Keys => &registry::KEY_COLLECTION,
            Side::Values => &registry::VALUE_COLLECTION,
        };
        Type::generic(class, [self.key.clone(), self.value.clone()])
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn cursor(&self, _this: Ref) -> Option<Box<dyn Cursor>> {
        let (of, side) = (self.of.clone(), self.side);
        let chosen = move |(key, value)| if side == Side::Keys { key } else { value };
        let mut slots: Option<Slots> = None;
        let mut rest: Option<std::vec::IntoIter<(Value, Value)>> = None;
        Some(sequence::cursor(move |runtime| match &of {
            Value::Context(part) => {
                if rest.is_none() {
                    rest = context::entries(runtime, *part).map(Vec::into_iter);
                }
                Ok(rest.as_mut().and_then(Iterator::next).map(chosen))
            }
            Value::Object(reference) => {
                let version = match runtime.heap.get(*reference) {
                    Object::Dictionary(map) => map.version,
                    _ => return Ok(None),
                };
                let slots = slots.get_or_insert(Slots { of: *reference, at: 0, version });
                Ok(slots.next(runtime)?.map(chosen))
            }
            _ => Ok(None),
        }))
    }

    fn count(&self, runtime: &Runtime<'_>) -> Option<usize> {
        match runtime.get(&self.of) {
            Some(Object::Dictionary(map)) => Some(map.len()),
            _ => None,
        }
    }
}

/// `Dictionary<TKey, TValue>.KeyCollection`
pub const KEYS: &[Member] = &[
    member("int Count { get; }", view_count),
    member("void CopyTo(TKey[] array, int index)", |call| interfaces::copy_to(call, interfaces::Words::Dictionary)),
    // Explicit in .NET, where `Enumerable.Contains` comes to the same.
    member("bool Contains(TKey item)", |call| {
        let of = view(call)?.of.clone();
        super::dictionary::find(call.runtime, &of, call.argument(1)).map(Value::Bool)
    }),
    member("IEnumerator<TKey> GetEnumerator()", |call| walk(call, 0)),
];

/// `Dictionary<TKey, TValue>.ValueCollection`
pub const VALUES: &[Member] = &[
    member("int Count { get; }", view_count),
    member("void CopyTo(TValue[] array, int index)", |call| interfaces::copy_to(call, interfaces::Words::Dictionary)),
    member("bool Contains(TValue item)", |call| {
        interfaces::walk_contains(call.runtime, call.argument(0), call.argument(1)).map(Value::Bool)
    }),
    member("IEnumerator<TValue> GetEnumerator()", |call| walk(call, 1)),
];

fn view<'a>(call: &'a Call<'_, '_>) -> Result<&'a View, crate::dotnet::exception::Raise> {
    call.runtime.own(call.argument(0)).ok_or_else(null_reference)
}

fn view_count(call: &mut Call<'_, '_>) -> Outcome {
    let of = view(call)?.of.clone();
    interfaces::known_count(call.runtime, &of).map(number).ok_or_else(null_reference)
}

fn walk(call: &mut Call<'_, '_>, argument: usize) -> Outcome {
    let types = [super::type_argument(call, argument)];
    super::enumerator::start(&mut Call { runtime: call.runtime, arguments: call.arguments, types: &types, outs: Vec::new() })
}

/// What an object says to a change through an interface; `None` where it can be changed.
pub fn refuses_change(instance: &dyn Instance) -> Option<&'static str> {
    use crate::dotnet::heap::downcast;
    match downcast::<View>(instance) {
        Some(View { side: Side::Keys, .. }) => Some("Mutating a key collection derived from a dictionary is not allowed."),
        Some(View { side: Side::Values, .. }) => Some("Mutating a value collection derived from a dictionary is not allowed."),
        None => downcast::<ReadOnly>(instance).map(|_| "Collection is read-only."),
    }
}

/// `ReadOnlyCollection<T>`: a window on an array or a list.
#[derive(Clone, Debug)]
pub struct ReadOnly {
    element: Type,
    of: Value,
}

impl Instance for ReadOnly {
    fn ty(&self) -> Type {
        Type::generic(&registry::READ_ONLY_COLLECTION, [self.element.clone()])
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn cursor(&self, _this: Ref) -> Option<Box<dyn Cursor>> {
        let of = self.of.clone();
        let mut inner: Option<Box<dyn Cursor>> = None;
        Some(sequence::cursor(move |runtime| {
            if inner.is_none() {
                inner = Some(runtime.cursor(&of)?);
            }
            // A window may look on a window: as deep as there are levels.
            runtime.deeper(|runtime| inner.as_mut().map_or(Ok(None), |inner| inner.next(runtime)))
        }))
    }

    fn count(&self, runtime: &Runtime<'_>) -> Option<usize> {
        length(runtime, &self.of)
    }
}

/// A window on an array or a list.
pub fn read_only(call: &mut Call<'_, '_>, of: &Value) -> Outcome {
    let element = super::element_type(call.runtime, of).ok_or_else(null_reference)?;
    call.runtime.instance(ReadOnly { element, of: of.clone() })
}

/// `ReadOnlyCollection<T>`
pub const READ_ONLY: &[Member] = &[
    member("ReadOnlyCollection(IList<T> list)", |call| {
        let list = call.argument(0).clone();
        if list.is_null() {
            return Err(argument_null("list"));
        }
        let element = super::type_argument(call, 0);
        // What is neither array nor list is shown as it is now.
        let of = match length(call.runtime, &list) {
            Some(_) => list,
            None => {
                let items = call.runtime.collect(&list)?;
                super::array(call.runtime, element.clone(), items)?
            }
        };
        call.runtime.instance(ReadOnly { element, of })
    }),
    member("int Count { get; }", interfaces::count),
    member("T this[int index] { get; }", |call| {
        let at = usize::try_from(int(call, 1)).unwrap_or(usize::MAX);
        let of = of(call)?;
        item(call.runtime, &of, at).ok_or_else(|| refusal::index("index"))
    }),
    member("bool Contains(T value)", |call| {
        let of = of(call)?;
        search::index_of(call.runtime, &of, call.argument(1)).map(|found| Value::Bool(found.is_some()))
    }),
    member("int IndexOf(T value)", |call| {
        let of = of(call)?;
        search::index_of(call.runtime, &of, call.argument(1)).map(|found| found.map_or(Value::Int32(-1), number))
    }),
    member("void CopyTo(T[] array, int index)", |call| {
        let arguments = [of(call)?, call.argument(1).clone(), call.argument(2).clone()];
        super::array::copy_all(&mut Call { runtime: call.runtime, arguments: &arguments, types: call.types, outs: Vec::new() })
    }),
    member("IEnumerator<T> GetEnumerator()", super::enumerator::start),
];

fn of(call: &Call<'_, '_>) -> Outcome {
    let window: &ReadOnly = call.runtime.own(call.argument(0)).ok_or_else(null_reference)?;
    Ok(window.of.clone())
}
