//! Values that outlive their request (law 5): what a value refers to is copied out of the request's heap, and into that of another.
//!
//! Every copy keeps its runtime type: a `JArray` that was cached casts to `JArray`. Two references to one object stay two references to
//! one object. What cannot leave its request is refused by name: code (lambdas, half-run sequences), parts of `context` other than
//! responses, and objects that hold on to such.

use super::{
    collection::{Dictionary, HashSet, List},
    context::{Body, Part, RequestContext, ResponseMessage, Which},
    display::full_name,
    heap::{Grid, Heap, Object, Record, Ref, downcast},
    json::{Kind, Token},
    types::Type,
    value::Value,
};
use crate::text::Text;

/// A value without a request.
#[derive(Clone, Debug)]
pub struct Frozen {
    value: Value,
    heap: Heap,
    /// The responses that the value refers to, by [`Which::Stored`].
    responses: Vec<ResponseMessage>,
    size: usize,
}

/// Why a value cannot be frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An object of this type holds on to its request.
    Type(Text),
    /// It is larger than it may be.
    TooLarge,
    /// The body of `context.Response` has not been read yet.
    Unread,
}

/// What a number, a date or a reference counts for in the size of a value: about what its text takes.
const SCALAR: usize = 8;

impl Frozen {
    /// How large it is: the bytes of its texts, names and byte arrays, and a little for everything else.
    pub fn size(&self) -> usize {
        self.size
    }

    /// What it takes of memory.
    pub fn footprint(&self) -> usize {
        self.size + self.heap.len() * size_of::<Object>()
    }
}

/// Copies a value out of a request.
///
/// # Errors
/// Why it must stay.
pub fn freeze(context: &RequestContext, heap: &Heap, value: &Value, limit: usize) -> Result<Frozen, Refusal> {
    let mut responses = Vec::new();
    let mut frozen = Heap::default();
    let mut response_size = 0;
    let mut keep = |part: Part| match part {
        Part::Response(which) => match context.response(which) {
            Some(response) if matches!(response.body, Body::Unread) => Err(Refusal::Unread),
            Some(response) => {
                response_size += size_of_response(response);
                responses.push(response.clone());
                Ok(Value::Context(Part::Response(Which::Stored(u32::try_from(responses.len() - 1).unwrap_or(u32::MAX)))))
            }
            None => Ok(Value::Null),
        },
        part => Err(Refusal::Type(full_name(&part.ty()).into())),
    };
    let mut copying = Copying { from: heap, into: &mut frozen, places: Vec::new(), waiting: Vec::new(), size: 0, limit, part: &mut keep };
    let value = copying.run(value)?;
    let size = copying.size + response_size;
    if size > limit { Err(Refusal::TooLarge) } else { Ok(Frozen { value, heap: frozen, responses, size }) }
}

/// Copies a value into a request.
pub fn thaw(frozen: &Frozen, context: &mut RequestContext, heap: &mut Heap) -> Value {
    let mut give = |part: Part| match part {
        Part::Response(Which::Stored(number)) => {
            Ok(frozen.responses.get(number as usize).map_or(Value::Null, |response| context.store(response.clone())))
        }
        _ => Ok(Value::Null),
    };
    let mut copying =
        Copying { from: &frozen.heap, into: heap, places: Vec::new(), waiting: Vec::new(), size: 0, limit: usize::MAX, part: &mut give };
    // What was frozen holds nothing that could be refused.
    copying.run(&frozen.value).unwrap_or(Value::Null)
}

/// The size of a response: head and body.
pub fn size_of_response(response: &ResponseMessage) -> usize {
    let fields: usize = response.head.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    fields + if let Body::Bytes(bytes) = &response.body { bytes.len() } else { 0 }
}

/// One copy under way. No recursion: JSON may be nested deeper than a stack.
struct Copying<'a> {
    from: &'a Heap,
    into: &'a mut Heap,
    /// Where the copy of an object is, by the object's own place.
    places: Vec<Option<Ref>>,
    /// Objects that have a place and no copy in it yet.
    waiting: Vec<(Ref, Ref)>,
    size: usize,
    limit: usize,
    part: &'a mut dyn FnMut(Part) -> Result<Value, Refusal>,
}

impl Copying<'_> {
    fn run(&mut self, value: &Value) -> Result<Value, Refusal> {
        let copied = self.value(value)?;
        let mut tokens = Vec::new();
        while let Some((original, place)) = self.waiting.pop() {
            let copy = self.object(self.from.get(original))?;
            if matches!(copy, Object::Token(_)) {
                tokens.push((original, place));
            }
            if let Some(object) = self.into.get_mut(place) {
                *object = copy;
            }
        }
        // A parent that was not copied along is none: the token is the root of its tree now.
        for (original, place) in tokens {
            let Object::Token(token) = self.from.get(original) else { continue };
            let parent = token.parent.and_then(|parent| self.places.get(parent.index()).copied().flatten());
            if let Some(Object::Token(token)) = self.into.get_mut(place) {
                token.parent = parent;
            }
        }
        Ok(copied)
    }

    fn count(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.size = self.size.saturating_add(bytes);
        if self.size > self.limit { Err(Refusal::TooLarge) } else { Ok(()) }
    }

    fn value(&mut self, value: &Value) -> Result<Value, Refusal> {
        match value {
            Value::String(text) => {
                self.count(text.bytes())?;
                Ok(value.clone())
            }
            Value::Object(of) => Ok(Value::Object(self.reference(*of)?)),
            Value::Context(part) => (self.part)(*part),
            Value::Cell(_) => Err(Refusal::Type("System.Object".into())),
            _ => {
                self.count(SCALAR)?;
                Ok(value.clone())
            }
        }
    }

    fn reference(&mut self, of: Ref) -> Result<Ref, Refusal> {
        if let Some(Some(known)) = self.places.get(of.index()) {
            return Ok(*known);
        }
        self.count(SCALAR)?;
        let place = self.into.allocate(Object::Plain);
        if self.places.len() <= of.index() {
            self.places.resize(of.index() + 1, None);
        }
        if let Some(known) = self.places.get_mut(of.index()) {
            *known = Some(place);
        }
        self.waiting.push((of, place));
        Ok(place)
    }

    fn values(&mut self, values: &[Value]) -> Result<Vec<Value>, Refusal> {
        values.iter().map(|value| self.value(value)).collect()
    }

    fn list(&mut self, list: &List) -> Result<List, Refusal> {
        Ok(List::new(list.element.clone(), self.values(&list.items)?))
    }

    fn object(&mut self, object: &Object) -> Result<Object, Refusal> {
        Ok(match object {
            Object::Bytes(bytes) => {
                self.count(bytes.len())?;
                Object::Bytes(bytes.clone())
            }
            Object::Array(list) => Object::Array(self.list(list)?),
            Object::List(list) => Object::List(self.list(list)?),
            Object::Grid(grid) => {
                Object::Grid(Grid { element: grid.element.clone(), lengths: grid.lengths.clone(), items: self.values(&grid.items)? })
            }
            Object::Dictionary(map) => Object::Dictionary(self.dictionary(map)?),
            Object::Token(token) => Object::Token(self.token(token)?),
            Object::Record(record) => Object::Record(Record { ty: record.ty.clone(), items: self.values(&record.items)?.into() }),
            Object::Plain => Object::Plain,
            Object::Instance(instance) => match (instance.independent(), downcast::<HashSet>(instance.as_ref())) {
                (Some(copy), _) => {
                    self.count(SCALAR)?;
                    Object::Instance(copy)
                }
                (None, Some(set)) => Object::Instance(Box::new(self.set(set)?)),
                (None, None) => return Err(refused(object)),
            },
            Object::Exception(_) | Object::Delegate(_) | Object::Cell(_) => return Err(refused(object)),
        })
    }

    fn token(&mut self, token: &Token) -> Result<Token, Refusal> {
        let mut copy = token.clone();
        copy.parent = None;
        match &mut copy.kind {
            Kind::Object(properties) => {
                for property in properties.map.values_mut() {
                    *property = self.reference(*property)?;
                }
            }
            Kind::Array(items) | Kind::Constructor(_, items) => {
                for item in &mut items.items {
                    *item = self.reference(*item)?;
                }
            }
            Kind::Property(name, value) => {
                self.count(name.len())?;
                *value = value.map(|value| self.reference(value)).transpose()?;
            }
            Kind::Value(leaf) => leaf.value = self.value(&leaf.value)?,
        }
        Ok(copy)
    }

    /// Hashes of keys must hold still: those of strings and numbers do, that of an object is its place.
    fn key(&mut self, key: &Value) -> Result<Value, Refusal> {
        match key {
            Value::Object(of) => Err(refused(self.from.get(*of))),
            key => self.value(key),
        }
    }

    fn dictionary(&mut self, map: &Dictionary) -> Result<Dictionary, Refusal> {
        let mut copy = map.clone();
        copy.comparer = self.value(&map.comparer)?;
        copy.table.try_map(|key, value| Ok((self.key(key)?, self.value(value)?)))?;
        Ok(copy)
    }

    fn set(&mut self, set: &HashSet) -> Result<HashSet, Refusal> {
        let mut copy = set.clone();
        copy.comparer = self.value(&set.comparer)?;
        copy.table_mut().try_map(|key, value| Ok((self.key(key)?, self.value(value)?)))?;
        Ok(copy)
    }
}

fn refused(object: &Object) -> Refusal {
    let ty = match object {
        Object::Exception(exception) => Type::Named(exception.class),
        Object::Delegate(delegate) => delegate.ty.clone(),
        Object::Record(record) => record.ty.clone(),
        Object::Instance(instance) => instance.ty(),
        _ => Type::OBJECT,
    };
    Refusal::Type(full_name(&ty).into())
}
