//! `System.Object`: what every value can do.

use super::{
    display::{self, to_str},
    exception::null_reference,
    heap::{Instance, downcast},
    member::{Member, member},
    runtime::Runtime,
    string::Str,
    types::Type,
    value::Value,
};

crate::classes! {
    OBJECT = Class::new("System", "Object", Kind::Class).keyword("object").members(MEMBERS);
    TYPE = class("System", "Type");
    VALUE_TYPE = class("System", "ValueType");
}

/// The members that every type inherits.
pub const MEMBERS: &[Member] = &[
    member("string ToString()", |call| match call.argument(0) {
        Value::Null => Err(null_reference()),
        Value::Object(reference) if matches!(call.runtime.heap.get(*reference), super::heap::Object::Token(_)) => {
            let text = super::json::writer::to_string(call.runtime, *reference)?;
            call.runtime.allocate(text.len())?;
            Ok(Value::string(text))
        }
        value => Ok(Value::String(to_str(call.runtime, value))),
    }),
    member("bool Equals(object obj)", |call| match call.argument(0) {
        Value::Null => Err(null_reference()),
        value => Ok(Value::Bool(equal(call.runtime, value, call.argument(1)))),
    }),
    member("int GetHashCode()", |call| match call.argument(0) {
        Value::Null => Err(null_reference()),
        value => Ok(Value::Int32(hash(call.runtime, value))),
    }),
    member("static bool Equals(object objA, object objB)", |call| Ok(Value::Bool(equal(call.runtime, call.argument(0), call.argument(1))))),
    member("static bool ReferenceEquals(object objA, object objB)", |call| Ok(Value::Bool(same(call.argument(0), call.argument(1))))),
];

/// A `System.Type`: what `typeof` gives.
#[derive(Clone, Debug)]
pub struct TypeObject(pub Type);

impl Instance for TypeObject {
    fn ty(&self) -> Type {
        Type::named(&TYPE)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(display::full_name(&self.0).into())
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other).is_some_and(|other| other.0 == self.0))
    }
}

/// `Equals`: equal values of the same type; the same object.
pub fn equal(runtime: &Runtime<'_>, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Single(a), Value::Single(b)) => a == b || (a.is_nan() && b.is_nan()),
        (Value::Double(a), Value::Double(b)) => a == b || (a.is_nan() && b.is_nan()),
        (Value::Decimal(a), Value::Decimal(b)) => a == b,
        (Value::Guid(a), Value::Guid(b)) => a == b,
        (Value::DateTime(a), Value::DateTime(b)) => a.ticks == b.ticks,
        (Value::DateTimeOffset(a), Value::DateTimeOffset(b)) => a.utc_ticks() == b.utc_ticks(),
        (Value::TimeSpan(a), Value::TimeSpan(b)) => a == b,
        (Value::Enum(a), Value::Enum(b)) => a == b,
        (Value::Context(a), Value::Context(b)) => a == b,
        (Value::Object(a), Value::Object(b)) => a == b || super::json::equal_values(runtime, *a, *b),
        _ => std::mem::discriminant(a) == std::mem::discriminant(b) && a.as_integer().is_some() && a.as_integer() == b.as_integer(),
    }
}

/// Reference equality: values are boxed apart, so no two of them are the same object.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Object(a), Value::Object(b)) => a == b,
        (Value::Context(a), Value::Context(b)) => a == b,
        (Value::String(super::string::Str::Text(a)), Value::String(super::string::Str::Text(b))) => a == b,
        _ => false,
    }
}

/// A hash code that equal values share. .NET randomises those of strings in each process; ours hold still.
fn hash(runtime: &Runtime<'_>, value: &Value) -> i32 {
    match value {
        Value::Bool(v) => i32::from(*v),
        Value::Int64(v) => (*v as i32) ^ ((*v >> 32) as i32),
        Value::Guid(bytes) => {
            bytes.chunks_exact(4).fold(0, |hash, four| hash ^ four.iter().fold(0, |word, byte| (word << 8) | i32::from(*byte)))
        }
        value => match value.as_integer() {
            Some(integer) => integer as i32,
            None => display::to_str(runtime, value).units().iter().fold(5381, |hash: i32, unit| hash.wrapping_mul(33) ^ i32::from(*unit)),
        },
    }
}
