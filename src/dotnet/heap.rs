//! The objects of one request: they live and die with it (law 5).

use super::{
    collection::{Dictionary, List},
    exception::Exception,
    json::Token,
    value::Value,
};

/// A reference to an object of a [`Heap`]. Two references are equal when they mean the same object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ref(u32);

/// An object with identity.
#[derive(Clone, Debug)]
pub enum Object {
    /// `byte[]`, kept as bytes: bodies are large.
    Bytes(Vec<u8>),
    /// A one-dimensional array of anything else.
    Array(List),
    /// `List<T>`
    List(List),
    /// `Dictionary<TKey, TValue>`
    Dictionary(Dictionary),
    /// `JToken` and what derives from it
    Token(Token),
    /// `System.Exception` and what derives from it
    Exception(Exception),
    /// `System.Random`: the state of its generator.
    Random(u64),
    /// `System.Text.Encoding`
    Encoding(super::encoding::Encoding),
    /// `new object()`
    Plain,
}

/// The objects of one request.
#[derive(Clone, Debug, Default)]
pub struct Heap {
    objects: Vec<Object>,
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

    /// The object, to change it.
    pub fn get_mut(&mut self, reference: Ref) -> Option<&mut Object> {
        self.objects.get_mut(reference.0 as usize)
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
