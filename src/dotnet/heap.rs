//! The objects of one request: they live and die with it (law 5).

use std::{
    any::Any,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    collection::{Dictionary, List},
    delegate::Delegate,
    exception::{Exception, Raise},
    json::Token,
    runtime::Runtime,
    sequence::Cursor,
    string::Str,
    types::Type,
    value::Value,
};

/// A reference to an object of a [`Heap`]. Two references are equal when they mean the same object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ref(u32);

impl Ref {
    /// Its place in its heap.
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// An object with identity. What the evaluator and many families look into has a variant; a family's own objects are [`Instance`]s.
#[derive(Debug)]
pub enum Object {
    /// `byte[]`, kept as bytes: bodies are large.
    Bytes(Vec<u8>),
    /// A one-dimensional array of anything else.
    Array(List),
    /// A rectangular array.
    Grid(Grid),
    /// `List<T>`
    List(List),
    /// `Dictionary<TKey, TValue>`
    Dictionary(Dictionary),
    /// `JToken` and what derives from it
    Token(Token),
    /// `System.Exception` and what derives from it
    Exception(Exception),
    /// A value of fixed parts, never changed in place: a tuple, a `KeyValuePair`, an anonymous object.
    Record(Record),
    /// A lambda, a local function, a method as a value.
    Delegate(Delegate),
    /// A local variable that a lambda has captured.
    Cell(Value),
    /// An object of a family's own kind.
    Instance(Box<dyn Instance>),
    /// `new object()`
    Plain,
}

/// A value of fixed parts. Two are equal when their types and parts are.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its type: [`Type::Tuple`], [`Type::Anonymous`], `KeyValuePair<,>` or `Tuple<…>`.
    pub ty: Type,
    /// Its parts in order.
    pub items: Arc<[Value]>,
}

/// A rectangular array.
#[derive(Clone, Debug)]
pub struct Grid {
    /// The type of an item.
    pub element: Type,
    /// The lengths of the dimensions.
    pub lengths: Vec<usize>,
    /// The items, the last dimension running fastest.
    pub items: Vec<Value>,
}

/// An object of a family's own kind: what the rest of the .NET world must know of it.
pub trait Instance: Any + Send + Sync + fmt::Debug {
    /// Its runtime type.
    fn ty(&self) -> Type;

    /// A copy, for the snapshot of a heap.
    fn copy(&self) -> Box<dyn Instance>;

    /// A copy that may outlive the request; none where it refers to other objects of the heap, or runs code.
    fn independent(&self) -> Option<Box<dyn Instance>> {
        None
    }

    /// `ToString()`; none gives the type's name.
    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        None
    }

    /// `Equals` with another object; none compares references.
    fn equals(&self, _runtime: &Runtime<'_>, _other: &dyn Instance) -> Option<bool> {
        None
    }

    /// A number that equal objects share; none where `equals` compares references.
    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        None
    }

    /// `CompareTo`, where it is comparable.
    fn compare(&self, _other: &dyn Instance) -> Option<std::cmp::Ordering> {
        None
    }

    /// What `foreach` sees, given the reference to the object itself; none for what is no sequence.
    ///
    /// It may start work, but must not run through a sequence: LINQ is lazy.
    fn cursor(&self, _this: Ref) -> Option<Box<dyn Cursor>> {
        None
    }

    /// How many items there are, where that is known without running through them.
    fn count(&self, _runtime: &Runtime<'_>) -> Option<usize> {
        None
    }
}

impl Clone for Object {
    fn clone(&self) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Self::Array(list) => Self::Array(list.clone()),
            Self::Grid(grid) => Self::Grid(grid.clone()),
            Self::List(list) => Self::List(list.clone()),
            Self::Dictionary(map) => Self::Dictionary(map.clone()),
            Self::Token(token) => Self::Token(token.clone()),
            Self::Exception(exception) => Self::Exception(exception.clone()),
            Self::Record(record) => Self::Record(record.clone()),
            Self::Delegate(delegate) => Self::Delegate(delegate.clone()),
            Self::Cell(value) => Self::Cell(value.clone()),
            Self::Instance(instance) => Self::Instance(instance.copy()),
            Self::Plain => Self::Plain,
        }
    }
}

/// Room for objects and texts that a heap keeps when it is cleared.
const KEPT_OBJECTS: usize = 64;
const KEPT_ROOM: usize = 4096;

/// The objects of one request.
#[derive(Clone, Debug, Default)]
pub struct Heap {
    objects: Vec<Object>,
    /// Room for a text under way, used again by each.
    room: String,
    /// The objects that have been asked for a number of their own, in that order.
    numbered: Numbered,
}

/// Objects in the order in which they were asked for a number. Who asks only reads.
#[derive(Debug, Default)]
struct Numbered(Mutex<Vec<Ref>>);

impl Numbered {
    fn of(&self) -> MutexGuard<'_, Vec<Ref>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Numbered {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.of().clone()))
    }
}

impl Heap {
    /// Places an object.
    pub fn allocate(&mut self, object: Object) -> Ref {
        let reference = Ref(u32::try_from(self.objects.len()).unwrap_or(u32::MAX));
        self.objects.push(object);
        reference
    }

    /// Places an object and gives the value that refers to it.
    pub fn value(&mut self, object: Object) -> Value {
        Value::Object(self.allocate(object))
    }

    /// The object. A reference never outlives its heap; one of another heap finds nothing of meaning.
    pub fn get(&self, reference: Ref) -> &Object {
        self.objects.get(reference.0 as usize).unwrap_or(&Object::Plain)
    }

    /// A number that tells an object from the others. It says only how many were asked for theirs before: where an object lies depends on more
    /// than what expressions do.
    pub(super) fn number(&self, reference: Ref) -> usize {
        let mut numbered = self.numbered.of();
        numbered.iter().position(|known| *known == reference).unwrap_or_else(|| {
            numbered.push(reference);
            numbered.len() - 1
        })
    }

    /// The object, to change it.
    pub fn get_mut(&mut self, reference: Ref) -> Option<&mut Object> {
        self.objects.get_mut(reference.0 as usize)
    }

    /// The family's own object behind a reference.
    pub fn instance<T: Instance>(&self, reference: Ref) -> Option<&T> {
        match self.get(reference) {
            Object::Instance(instance) => (instance.as_ref() as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// The family's own object behind a reference, to change it.
    pub fn instance_mut<T: Instance>(&mut self, reference: Ref) -> Option<&mut T> {
        match self.get_mut(reference) {
            Some(Object::Instance(instance)) => (instance.as_mut() as &mut dyn Any).downcast_mut(),
            _ => None,
        }
    }

    /// Removes all objects: no value refers to one any more. The room for them stays, as far as it is no more than most requests need.
    pub fn clear(&mut self) {
        let Self { objects, room, numbered } = self;
        numbered.of().clear();
        objects.clear();
        objects.shrink_to(KEPT_OBJECTS);
        room.clear();
        room.shrink_to(KEPT_ROOM);
    }

    /// Empty room to put a text together in, to be given back.
    pub(crate) fn take_room(&mut self) -> String {
        std::mem::take(&mut self.room)
    }

    /// Takes the room back.
    pub(crate) fn give_room(&mut self, mut room: String) {
        room.clear();
        self.room = room;
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

/// The family's own kind of another instance, for `equals` and `compare`.
pub fn downcast<T: Instance>(instance: &dyn Instance) -> Option<&T> {
    (instance as &dyn Any).downcast_ref()
}

/// What making an object costs in bytes.
pub(super) fn size(object: &Object) -> usize {
    size_of::<Object>()
        + match object {
            Object::Bytes(bytes) => bytes.len(),
            Object::Array(list) | Object::List(list) => list.items.len() * size_of::<Value>(),
            Object::Grid(grid) => grid.items.len() * size_of::<Value>(),
            Object::Record(record) => record.items.len() * size_of::<Value>(),
            _ => 0,
        }
}

/// The result of a member that may raise.
pub type Outcome = Result<Value, Raise>;
