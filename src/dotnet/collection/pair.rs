//! `KeyValuePair<TKey, TValue>`

use super::type_argument;
use crate::dotnet::{
    exception::{Raise, null_reference},
    heap::{Object, Outcome, Record},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

/// `KeyValuePair<TKey, TValue>`
pub const MEMBERS: &[Member] = &[
    member("KeyValuePair(TKey key, TValue value)", create),
    member("TKey Key { get; }", |call| Ok(parts(call.runtime, call.argument(0))?.0)),
    member("TValue Value { get; }", |call| Ok(parts(call.runtime, call.argument(0))?.1)),
    member("void Deconstruct(out TKey key, out TValue value)", |call| {
        let (key, value) = parts(call.runtime, call.argument(0))?;
        call.out(1, key);
        call.out(2, value);
        Ok(Value::Null)
    }),
];

/// `KeyValuePair`
pub const CREATE: &[Member] = &[member("static KeyValuePair<TKey, TValue> Create<TKey, TValue>(TKey key, TValue value)", create)];

fn create(call: &mut Call<'_, '_>) -> Outcome {
    let ty = Type::generic(&registry::KEY_VALUE_PAIR, [type_argument(call, 0), type_argument(call, 1)]);
    // `default(KeyValuePair<,>)` has no arguments.
    let items = [0, 1].map(|index| match call.arguments.get(index) {
        Some(value) => value.clone(),
        None => default_value(call.runtime, &type_argument(call, index)).unwrap_or(Value::Null),
    });
    call.runtime.object(Object::Record(Record { ty, items: items.into() }))
}

/// The key and the value of a pair.
///
/// # Errors
/// `NullReferenceException` for what is none.
pub fn parts(runtime: &Runtime<'_>, pair: &Value) -> Result<(Value, Value), Raise> {
    match runtime.get(pair) {
        Some(Object::Record(record)) => match record.items.as_ref() {
            [key, value, ..] => Ok((key.clone(), value.clone())),
            _ => Err(null_reference()),
        },
        _ => Err(null_reference()),
    }
}

/// `default(T)`, of the structures that are records too: a pair of defaults, a tuple of defaults.
///
/// # Errors
/// A spent budget.
pub fn default_value(runtime: &mut Runtime<'_>, ty: &Type) -> Outcome {
    let parts: &[Type] = match ty {
        Type::Tuple(tuple) => &tuple.items,
        Type::Generic(class, arguments) if std::ptr::eq(class.0, &registry::KEY_VALUE_PAIR) => arguments,
        _ => return Ok(Value::default_of(ty)),
    };
    let items = parts.iter().map(|part| default_value(runtime, part)).collect::<Result<Vec<_>, _>>()?;
    runtime.object(Object::Record(Record { ty: ty.clone(), items: items.into() }))
}
