//! Sequences: how `foreach` and LINQ walk through arrays, lists, dictionaries, tokens, strings and lazily evaluated queries.

use std::{fmt, sync::Arc};

use super::{
    context,
    exception::{Raise, null_reference, throw},
    heap::{Heap, Instance, Object, Record, Ref},
    registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

/// A walk through a sequence under way: an `IEnumerator<T>`.
pub trait Cursor: Send + Sync {
    /// The next item; none at the end.
    ///
    /// # Errors
    /// What the sequence's own code raises; a collection that was changed meanwhile; a spent budget.
    fn next(&mut self, runtime: &mut Runtime<'_>) -> Result<Option<Value>, Raise>;
}

/// How a lazy sequence starts: called anew for each walk.
pub type Start = dyn Fn(&mut Runtime<'_>) -> Result<Box<dyn Cursor>, Raise> + Send + Sync;

/// A lazily evaluated sequence: nothing runs before somebody walks through it.
#[derive(Clone)]
pub struct Lazy {
    /// The type of an item.
    pub element: Type,
    start: Arc<Start>,
}

impl fmt::Debug for Lazy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lazy<{}>", self.element)
    }
}

impl Instance for Lazy {
    fn ty(&self) -> Type {
        Type::enumerable(self.element.clone())
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn cursor(&self, _this: Ref) -> Option<Box<dyn Cursor>> {
        Some(Box::new(Starting(Some(self.start.clone()), None)))
    }
}

/// A lazy sequence that starts with the first item asked for.
struct Starting(Option<Arc<Start>>, Option<Box<dyn Cursor>>);

impl Cursor for Starting {
    fn next(&mut self, runtime: &mut Runtime<'_>) -> Result<Option<Value>, Raise> {
        if let Some(start) = self.0.take() {
            self.1 = Some(start(runtime)?);
        }
        match &mut self.1 {
            Some(cursor) => cursor.next(runtime),
            None => Ok(None),
        }
    }
}

/// A cursor made of a function that gives the next item.
pub struct Next<F>(pub F);

impl<F: FnMut(&mut Runtime<'_>) -> Result<Option<Value>, Raise> + Send + Sync> Cursor for Next<F> {
    fn next(&mut self, runtime: &mut Runtime<'_>) -> Result<Option<Value>, Raise> {
        (self.0)(runtime)
    }
}

/// A boxed cursor made of a function that gives the next item.
pub fn cursor(next: impl FnMut(&mut Runtime<'_>) -> Result<Option<Value>, Raise> + Send + Sync + 'static) -> Box<dyn Cursor> {
    Box::new(Next(next))
}

/// Items that are there already.
pub struct Items(pub std::vec::IntoIter<Value>);

impl Cursor for Items {
    fn next(&mut self, _runtime: &mut Runtime<'_>) -> Result<Option<Value>, Raise> {
        Ok(self.0.next())
    }
}

/// A boxed cursor over items that are there already.
pub fn items(items: Vec<Value>) -> Box<dyn Cursor> {
    Box::new(Items(items.into_iter()))
}

/// A list or an array by index: sees what is assigned meanwhile, and refuses a list that was changed.
struct ByIndex {
    of: Ref,
    at: usize,
    version: u32,
}

impl Cursor for ByIndex {
    fn next(&mut self, runtime: &mut Runtime<'_>) -> Result<Option<Value>, Raise> {
        let at = self.at;
        self.at += 1;
        match runtime.heap.get(self.of) {
            Object::List(list) if list.version != self.version => Err(modified()),
            Object::List(list) | Object::Array(list) => Ok(list.items.get(at).cloned()),
            Object::Bytes(bytes) => Ok(bytes.get(at).map(|byte| Value::Byte(*byte))),
            Object::Grid(grid) => Ok(grid.items.get(at).cloned()),
            _ => Ok(None),
        }
    }
}

/// What a changed collection raises in a walk through it.
pub fn modified() -> Raise {
    throw(&registry::INVALID_OPERATION_EXCEPTION, "Collection was modified; enumeration operation may not execute.")
}

impl Runtime<'_> {
    /// A lazily evaluated sequence of `element`s.
    ///
    /// # Errors
    /// A spent budget.
    pub fn lazy(
        &mut self,
        element: Type,
        start: impl Fn(&mut Runtime<'_>) -> Result<Box<dyn Cursor>, Raise> + Send + Sync + 'static,
    ) -> Result<Value, Raise> {
        self.instance(Lazy { element, start: Arc::new(start) })
    }

    /// Starts a walk through any sequence.
    ///
    /// # Errors
    /// `NullReferenceException` for null and what is no sequence.
    pub fn cursor(&mut self, value: &Value) -> Result<Box<dyn Cursor>, Raise> {
        self.step()?;
        Ok(match value {
            Value::String(text) => {
                let units = text.units();
                self.allocate(units.len() * 2)?;
                let mut units = units.into_iter();
                cursor(move |_| Ok(units.next().map(Value::Char)))
            }
            Value::Context(part) => {
                let entries = context::entries(self, *part).ok_or_else(null_reference)?;
                let ty = part.ty();
                let pair = Type::generic(&registry::KEY_VALUE_PAIR, ty.arguments().to_vec());
                let pairs = entries.into_iter().map(|(key, value)| pair_of(self.heap, &pair, key, value)).collect();
                items(pairs)
            }
            Value::Object(reference) => {
                let of = *reference;
                match self.heap.get(of) {
                    Object::List(list) => Box::new(ByIndex { of, at: 0, version: list.version }),
                    Object::Array(_) | Object::Bytes(_) | Object::Grid(_) => Box::new(ByIndex { of, at: 0, version: 0 }),
                    Object::Dictionary(map) => super::collection::dictionary_cursor(of, map),
                    Object::Token(_) => super::json::cursor(self, of)?,
                    Object::Instance(instance) => instance.cursor(of).ok_or_else(null_reference)?,
                    _ => return Err(null_reference()),
                }
            }
            _ => return Err(null_reference()),
        })
    }

    /// All items of a sequence. Each costs a step and its memory.
    ///
    /// # Errors
    /// As [`cursor`](Self::cursor); what the sequence's code raises; a spent budget.
    pub fn collect(&mut self, value: &Value) -> Result<Vec<Value>, Raise> {
        let mut cursor = self.cursor(value)?;
        let mut items = Vec::new();
        while let Some(item) = cursor.next(self)? {
            self.step()?;
            self.allocate(size_of::<Value>())?;
            items.push(item);
        }
        Ok(items)
    }
}

/// A `KeyValuePair<,>`.
pub fn pair_of(heap: &mut Heap, ty: &Type, key: Value, value: Value) -> Value {
    heap.value(Object::Record(Record { ty: ty.clone(), items: [key, value].into() }))
}
