//! `IJEnumerable<T>`, `JEnumerable<T>` and the extension methods on sequences of tokens. Source: Linq/Extensions.cs, Linq/JEnumerable.cs.

use super::{
    super::{
        convert::value_as,
        tree,
        walk::{self, Descendants, JPROPERTY_TYPE, Tokens, flattened, tokens},
    },
    child,
    token::{converted, is_leaf},
    type_argument,
};
use crate::dotnet::{
    collection::enumerator,
    exception::{Raise, argument_null, null_reference, raise},
    heap::Ref,
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    sequence::{Cursor, items},
    types::Type,
    value::Value,
};

/// `IJEnumerable<T>`
pub const JENUMERABLE: &[Member] = &[member("IJEnumerable<JToken> this[object key] { get; }", by_key)];

/// `JEnumerable<T>`
pub const STRUCTURE: &[Member] =
    &[member("IJEnumerable<JToken> this[object key] { get; }", by_key), member("IEnumerator<T> GetEnumerator()", enumerator::start)];

fn by_key(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let key = call.argument(1).clone();
    if let Some(of) = tree::reference(call.runtime, call.argument(0)) {
        return child(call.runtime, of, &key).map(super::optional);
    }
    values(call, Type::JTOKEN, key, true)
}

/// `Newtonsoft.Json.Linq.Extensions`
pub const EXTENSIONS: &[Member] = &[
    member("static IJEnumerable<JToken> Ancestors<T>(this IEnumerable<T> source)", |call| {
        each(call, |runtime, of| walk::ancestors(runtime, of, false))
    }),
    member("static IJEnumerable<JToken> AncestorsAndSelf<T>(this IEnumerable<T> source)", |call| {
        each(call, |runtime, of| walk::ancestors(runtime, of, true))
    }),
    member("static IJEnumerable<JToken> Descendants<T>(this IEnumerable<T> source)", |call| {
        each(call, |_, of| Ok(Box::new(Descendants::new(of, false))))
    }),
    member("static IJEnumerable<JToken> DescendantsAndSelf<T>(this IEnumerable<T> source)", |call| {
        each(call, |_, of| Ok(Box::new(Descendants::new(of, true))))
    }),
    member("static IJEnumerable<JProperty> Properties(this IEnumerable<JObject> source)", |call| {
        let source = source(call)?;
        tokens(call.runtime, JPROPERTY_TYPE, flattened(source, |runtime, item| walk::children(runtime, of(runtime, &item)?)))
    }),
    member("static IJEnumerable<JToken> Values(this IEnumerable<JToken> source)", |call| values(call, Type::JTOKEN, Value::Null, true)),
    member("static IJEnumerable<JToken> Values(this IEnumerable<JToken> source, object key)", |call| {
        let key = call.argument(1).clone();
        values(call, Type::JTOKEN, key, true)
    }),
    member("static IEnumerable<U> Values<U>(this IEnumerable<JToken> source)", |call| {
        let target = type_argument(call, 0);
        values(call, target, Value::Null, false)
    }),
    member("static IEnumerable<U> Values<U>(this IEnumerable<JToken> source, object key)", |call| {
        let (target, key) = (type_argument(call, 0), call.argument(1).clone());
        values(call, target, key, false)
    }),
    member("static U Value<U>(this IEnumerable<JToken> value)", |call| value(call, 0)),
    member("static U Value<T, U>(this IEnumerable<T> value)", |call| value(call, 1)),
    member("static IJEnumerable<JToken> Children<T>(this IEnumerable<T> source)", |call| {
        each(call, |runtime, of| walk::children(runtime, of))
    }),
    member("static IEnumerable<U> Children<T, U>(this IEnumerable<T> source)", |call| {
        let (source, target) = (source(call)?, type_argument(call, 1));
        let element = target.clone();
        let start = flattened(source, move |runtime, item| converted(walk::children(runtime, of(runtime, &item)?)?, target.clone()));
        call.runtime.lazy(element, start)
    }),
    member("static IJEnumerable<JToken> AsJEnumerable(this IEnumerable<JToken> source)", |call| as_tokens(call, Type::JTOKEN)),
    member("static IJEnumerable<T> AsJEnumerable<T>(this IEnumerable<T> source)", |call| {
        let element = type_argument(call, 0);
        as_tokens(call, element)
    }),
];

fn source(call: &Call<'_, '_>) -> Result<Value, Raise> {
    if call.argument(0).is_null() { Err(argument_null("source")) } else { Ok(call.argument(0).clone()) }
}

/// The token in an item of a sequence.
fn of(runtime: &Runtime<'_>, item: &Value) -> Result<Ref, Raise> {
    tree::reference(runtime, item).ok_or_else(null_reference)
}

/// What starts a walk through what belongs to a token.
type Walk = fn(&mut Runtime<'_>, Ref) -> Result<Box<dyn Cursor>, Raise>;

/// What each token of a sequence leads to.
fn each(call: &mut Call<'_, '_>, inner: Walk) -> Result<Value, Raise> {
    let source = source(call)?;
    tokens(
        call.runtime,
        Type::JTOKEN,
        flattened(source, move |runtime, item| {
            let token = of(runtime, &item)?;
            inner(runtime, token)
        }),
    )
}

/// `Values<T, U>(source, key)`: without a key values themselves and containers' children, with one what stands under it.
fn values(call: &mut Call<'_, '_>, target: Type, key: Value, is_tokens: bool) -> Result<Value, Raise> {
    // The method is an iterator: a null source is found out when it runs, but for the overloads that wrap it.
    let source = call.argument(0).clone();
    let element = target.clone();
    let start = flattened(source, move |runtime, item| {
        let token = of(runtime, &item)?;
        if !key.is_null() {
            return match child(runtime, token, &key)? {
                Some(found) => Ok(items(vec![value_as(runtime, &Value::Object(found), &target)?])),
                None => Ok(items(Vec::new())),
            };
        }
        if is_leaf(tree::get(runtime, token)?) {
            return Ok(items(vec![value_as(runtime, &item, &target)?]));
        }
        converted(walk::children(runtime, token)?, target.clone())
    });
    let start = move |runtime: &mut Runtime<'_>| start(runtime);
    if call.argument(0).is_null() {
        return call.runtime.lazy(element, |_| Err(argument_null("source")));
    }
    if is_tokens { tokens(call.runtime, element, start) } else { call.runtime.lazy(element, start) }
}

fn value(call: &mut Call<'_, '_>, target: usize) -> Result<Value, Raise> {
    if call.argument(0).is_null() {
        return Err(argument_null("value"));
    }
    if tree::reference(call.runtime, call.argument(0)).is_none() {
        return raise(&registry::ARGUMENT_EXCEPTION, "Source value must be a JToken.");
    }
    let target = type_argument(call, target);
    value_as(call.runtime, call.argument(0), &target)
}

fn as_tokens(call: &mut Call<'_, '_>, element: Type) -> Result<Value, Raise> {
    let source = call.argument(0).clone();
    let is_one = tree::reference(call.runtime, &source).is_some() || call.runtime.own::<Tokens>(&source).is_some();
    if source.is_null() || is_one {
        return Ok(source);
    }
    tokens(call.runtime, element, move |runtime| runtime.cursor(&source))
}
