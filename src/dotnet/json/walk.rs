//! Sequences of tokens: a container's children, its descendants, its ancestors; lazily, as .NET's iterators go.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use super::{JENUMERABLE, JPROPERTY, Kind, tree};
use crate::dotnet::{
    exception::{Raise, null_reference},
    heap::{Instance, Object, Ref},
    member::Call,
    registry,
    runtime::Runtime,
    sequence::{Cursor, Start, cursor, modified, pair_of},
    types::Type,
    value::Value,
};

/// `JProperty` as a type.
pub(super) const JPROPERTY_TYPE: Type = Type::Named(crate::dotnet::types::ClassRef(&JPROPERTY));

/// A walk through a container's children; it refuses to go on when the container was changed.
struct Children {
    of: Ref,
    at: usize,
    version: u32,
}

impl Cursor for Children {
    fn next(&mut self, runtime: &mut Runtime<'_>) -> Result<Option<Value>, Raise> {
        self.step(runtime).map(|child| child.map(Value::Object))
    }
}

impl Children {
    fn new(runtime: &Runtime<'_>, of: Ref) -> Result<Self, Raise> {
        Ok(Self { of, at: 0, version: tree::get(runtime, of)?.version() })
    }

    fn step(&mut self, runtime: &Runtime<'_>) -> Result<Option<Ref>, Raise> {
        let token = tree::get(runtime, self.of)?;
        if token.version() != self.version {
            return Err(modified());
        }
        self.at += 1;
        Ok(token.child(self.at - 1))
    }
}

/// A walk through a token's children: what `IEnumerable<JToken>` gives, of a `JObject` its `JProperty`s.
///
/// # Errors
/// `NullReferenceException` for what is no token.
pub fn children(runtime: &Runtime<'_>, of: Ref) -> Result<Box<dyn Cursor>, Raise> {
    Ok(Box::new(Children::new(runtime, of)?))
}

/// A walk through a `JObject` as what it declares itself, `IEnumerable<KeyValuePair<string, JToken>>`: `foreach` over one sees this.
///
/// # Errors
/// `NullReferenceException` for what is no token.
pub fn pairs(runtime: &Runtime<'_>, of: Ref) -> Result<Box<dyn Cursor>, Raise> {
    let mut children = Children::new(runtime, of)?;
    Ok(cursor(move |runtime| {
        let Some(child) = children.step(runtime)? else { return Ok(None) };
        match &tree::get(runtime, child)?.kind {
            Kind::Property(name, value) => {
                let (name, value) = (Value::string(name.clone()), value.map_or(Value::Null, Value::Object));
                runtime.allocate(size_of::<Object>())?;
                Ok(Some(pair_of(runtime.heap, pair_type(), name, value)))
            }
            _ => Ok(None),
        }
    }))
}

/// The properties of a `JObject` as `foreach` over one sees them: a lazily evaluated sequence of pairs. What is no token is one already.
///
/// # Errors
/// `NullReferenceException` for null; a spent budget.
pub fn pair_sequence(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let of = Runtime::reference(call.argument(0)).ok_or_else(null_reference)?;
    if !matches!(call.runtime.heap.get(of), Object::Token(_)) {
        return Ok(call.argument(0).clone());
    }
    let element = pair_type().clone();
    call.runtime.lazy(element, move |runtime| pairs(runtime, of))
}

/// `KeyValuePair<string, JToken>`
pub(super) fn pair_type() -> &'static Type {
    static TYPE: OnceLock<Type> = OnceLock::new();
    TYPE.get_or_init(|| Type::generic(&registry::KEY_VALUE_PAIR, [Type::STRING, Type::JTOKEN]))
}

/// A walk through everything in a container, each before what is in it.
pub(super) struct Descendants {
    own: Option<Ref>,
    inside: Option<Ref>,
    open: Vec<Children>,
}

impl Descendants {
    /// A walk through what is in a token, and with `is_with_self` the token first.
    pub(super) fn new(of: Ref, is_with_self: bool) -> Self {
        Self { own: is_with_self.then_some(of), inside: (!is_with_self).then_some(of), open: Vec::new() }
    }

    /// The next token.
    pub(super) fn step(&mut self, runtime: &mut Runtime<'_>) -> Result<Option<Ref>, Raise> {
        runtime.step()?;
        if let Some(own) = self.own.take() {
            self.inside = Some(own);
            return Ok(Some(own));
        }
        if let Some(inside) = self.inside.take() {
            self.open.push(Children::new(runtime, inside)?);
        }
        while let Some(top) = self.open.last_mut() {
            if let Some(child) = top.step(runtime)? {
                self.inside = tree::get(runtime, child)?.is_container().then_some(child);
                return Ok(Some(child));
            }
            self.open.pop();
        }
        Ok(None)
    }
}

impl Cursor for Descendants {
    fn next(&mut self, runtime: &mut Runtime<'_>) -> Result<Option<Value>, Raise> {
        Ok(self.step(runtime)?.map(Value::Object))
    }
}

/// A walk that goes from token to token by a function.
pub(super) fn steps(
    first: Option<Ref>,
    mut next: impl FnMut(&mut Runtime<'_>, Ref) -> Result<Option<Ref>, Raise> + Send + Sync + 'static,
) -> Box<dyn Cursor> {
    let mut at = None;
    let mut first = Some(first);
    cursor(move |runtime| {
        runtime.step()?;
        at = match (first.take(), at) {
            (Some(first), _) => first,
            (None, Some(at)) => next(runtime, at)?,
            (None, None) => None,
        };
        Ok(at.map(Value::Object))
    })
}

/// A walk that begins with a container's ancestors, or with itself.
pub(super) fn ancestors(runtime: &Runtime<'_>, of: Ref, is_with_self: bool) -> Result<Box<dyn Cursor>, Raise> {
    let first = if is_with_self { Some(of) } else { tree::get(runtime, of)?.parent };
    Ok(steps(first, |runtime, at| Ok(tree::get(runtime, at)?.parent)))
}

/// `JEnumerable<T>`
#[derive(Clone)]
pub(super) struct Tokens {
    /// `T`
    pub(super) element: Type,
    start: Arc<Start>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JEnumerable<{}>", self.element)
    }
}

impl Instance for Tokens {
    fn ty(&self) -> Type {
        Type::generic(&JENUMERABLE, [self.element.clone()])
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn cursor(&self, _this: Ref) -> Option<Box<dyn Cursor>> {
        Some(deferred(self.start.clone()))
    }
}

/// A walk that starts with the first item asked for.
fn deferred(start: Arc<Start>) -> Box<dyn Cursor> {
    let mut start = Some(start);
    let mut walk: Option<Box<dyn Cursor>> = None;
    cursor(move |runtime| {
        if let Some(start) = start.take() {
            walk = Some(start(runtime)?);
        }
        match &mut walk {
            Some(walk) => walk.next(runtime),
            None => Ok(None),
        }
    })
}

/// A `JEnumerable<T>`.
pub(super) fn tokens(
    runtime: &mut Runtime<'_>,
    element: Type,
    start: impl Fn(&mut Runtime<'_>) -> Result<Box<dyn Cursor>, Raise> + Send + Sync + 'static,
) -> Result<Value, Raise> {
    runtime.instance(Tokens { element, start: Arc::new(start) })
}

/// What each item of a sequence leads to, one behind the other: `SelectMany`.
pub(super) fn flattened(
    source: Value,
    inner: impl Fn(&mut Runtime<'_>, Value) -> Result<Box<dyn Cursor>, Raise> + Send + Sync + Clone + 'static,
) -> impl Fn(&mut Runtime<'_>) -> Result<Box<dyn Cursor>, Raise> + Send + Sync + 'static {
    move |runtime| {
        let mut outer = runtime.cursor(&source)?;
        let mut current: Option<Box<dyn Cursor>> = None;
        let inner = inner.clone();
        Ok(cursor(move |runtime| {
            loop {
                if let Some(cursor) = &mut current
                    && let Some(item) = cursor.next(runtime)?
                {
                    return Ok(Some(item));
                }
                runtime.step()?;
                match outer.next(runtime)? {
                    Some(item) => current = Some(inner(runtime, item)?),
                    None => return Ok(None),
                }
            }
        }))
    }
}
