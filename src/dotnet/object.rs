//! `System.Object`: what every value can do.

use std::cmp::Ordering;

use super::{
    display::{self, full_name, to_str, type_of},
    exception::{Raise, null_reference, raise},
    heap::{Object, Ref},
    member::{Member, member},
    registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

crate::classes! {
    OBJECT = Class::new("System", "Object", Kind::Class).keyword("object").members(MEMBERS);
    VALUE_TYPE = class("System", "ValueType");
}

/// The members that every type inherits.
pub const MEMBERS: &[Member] = &[
    member("Object()", |call| call.runtime.object(Object::Plain)),
    member("string ToString()", |call| match call.argument(0) {
        Value::Null => Err(null_reference()),
        Value::Object(reference) if matches!(call.runtime.heap.get(*reference), Object::Token(_)) => {
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

/// `Equals`: equal values of the same type; the same object.
pub fn equal(runtime: &Runtime<'_>, a: &Value, b: &Value) -> bool {
    equal_within(runtime, a, b, &mut { FUEL })
}

fn equal_within(runtime: &Runtime<'_>, a: &Value, b: &Value, fuel: &mut u32) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int32(a), Value::Int32(b)) => a == b,
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
        (Value::Object(a), Value::Object(b)) => a == b || equal_objects(runtime, *a, *b, fuel),
        _ => std::mem::discriminant(a) == std::mem::discriminant(b) && a.as_integer().is_some() && a.as_integer() == b.as_integer(),
    }
}

/// Records and what a family compares by value. A record is made after its parts, so that none can hold itself.
fn equal_objects(runtime: &Runtime<'_>, a: Ref, b: Ref, fuel: &mut u32) -> bool {
    *fuel = fuel.saturating_sub(1);
    match (runtime.heap.get(a), runtime.heap.get(b)) {
        (Object::Record(a), Object::Record(b)) if *fuel > 0 => {
            let mut parts = a.items.iter().zip(b.items.iter());
            a.ty == b.ty && stacker::maybe_grow(RED_ZONE, STACK, || parts.all(|(a, b)| equal_within(runtime, a, b, fuel)))
        }
        (Object::Instance(a), Object::Instance(b)) => a.equals(runtime, b.as_ref()).unwrap_or(false),
        (Object::Token(_), Object::Token(_)) => super::json::equal_values(runtime, a, b),
        _ => false,
    }
}

/// Reference equality: values are boxed apart, so no two of them are the same object.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Object(a), Value::Object(b)) => a == b,
        (Value::Context(a), Value::Context(b)) => a == b,
        (Value::String(a), Value::String(b)) => a.is_same(b),
        _ => false,
    }
}

/// How many records are looked into at most: records that share parts have exponentially many paths.
const FUEL: u32 = 1 << 20;

/// What a record nested in records may take of the stack before it takes a new piece of it.
const RED_ZONE: usize = 64 << 10;
const STACK: usize = 1 << 20;

/// A hash code that equal values share: numbers have .NET's own. .NET randomises those of strings in each process; ours hold still.
pub fn hash(runtime: &Runtime<'_>, value: &Value) -> i32 {
    hash_within(runtime, value, &mut { FUEL })
}

fn hash_within(runtime: &Runtime<'_>, value: &Value, fuel: &mut u32) -> i32 {
    let fold = |wide: i64| (wide as i32) ^ ((wide >> 32) as i32);
    match value {
        Value::Null => 0,
        Value::Bool(v) => i32::from(*v),
        Value::Char(v) => i32::from(*v) | i32::from(*v) << 16,
        Value::Int32(v) => *v,
        Value::Int64(v) => fold(*v),
        Value::UInt64(v) => fold(*v as i64),
        Value::DateTime(v) => fold(v.ticks),
        Value::DateTimeOffset(v) => fold(v.utc_ticks()),
        Value::TimeSpan(v) => fold(v.0),
        // All NaNs are equal, and so are both zeros. Source: dotnet/runtime, Double.cs and Single.cs.
        Value::Double(v) if v.is_nan() || *v == 0.0 => fold((v.to_bits() & 0x7FF0_0000_0000_0000) as i64),
        Value::Double(v) => fold(v.to_bits() as i64),
        Value::Single(v) if v.is_nan() || *v == 0.0 => (v.to_bits() & 0x7F80_0000) as i32,
        Value::Single(v) => v.to_bits() as i32,
        Value::Decimal(v) => {
            let v = v.normalize();
            fold(v.mantissa() as i64) ^ fold((v.mantissa() >> 64) as i64) ^ (v.scale() as i32) << 16
        }
        // Source: dotnet/runtime, Guid.cs: four words as they lie in memory, the first three fields little-endian.
        Value::Guid([a, b, c, d, e, f, g, h, rest @ ..]) => {
            let [i, j, k, l, m, n, o, p] = *rest;
            i32::from_be_bytes([*a, *b, *c, *d])
                ^ i32::from_le_bytes([*f, *e, *h, *g])
                ^ i32::from_le_bytes([i, j, k, l])
                ^ i32::from_le_bytes([m, n, o, p])
        }
        Value::String(text) => match text {
            super::string::Str::Text(text) => text.as_str().encode_utf16().fold(5381, mixed_unit),
            super::string::Str::Units(units) => units.iter().copied().fold(5381, mixed_unit),
        },
        Value::Object(reference) => match runtime.heap.get(*reference) {
            Object::Record(record) => stacker::maybe_grow(RED_ZONE, STACK, || {
                *fuel = fuel.saturating_sub(1);
                let items: &[Value] = if *fuel == 0 { &[] } else { &record.items };
                items.iter().fold(17, |sum: i32, item| sum.wrapping_mul(31).wrapping_add(hash_within(runtime, item, fuel)))
            }),
            Object::Instance(instance) => instance.hash(runtime).map_or_else(|| identity(runtime, *reference), |hash| fold(hash as i64)),
            Object::Token(token) => match &token.kind {
                // Values that `Equals` takes for the same need one hash, whatever their type.
                super::json::Kind::Value(leaf) => match super::number::as_double(&leaf.value) {
                    Some(number) => hash(runtime, &Value::Double(number)),
                    None => hash(runtime, &leaf.value),
                },
                _ => identity(runtime, *reference),
            },
            _ => identity(runtime, *reference),
        },
        Value::Context(_) => display::to_str(runtime, value).units().into_iter().fold(5381, mixed_unit),
        value => value.as_integer().unwrap_or(0) as i32,
    }
}

fn mixed_unit(hash: i32, unit: u16) -> i32 {
    hash.wrapping_mul(33) ^ i32::from(unit)
}

/// `RuntimeHelpers.GetHashCode`: a number of the object's own.
fn identity(runtime: &Runtime<'_>, reference: Ref) -> i32 {
    let mut hasher = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(&runtime.heap.number(reference), &mut hasher);
    (std::hash::Hasher::finish(&hasher) as i32) & 0x03FF_FFFF
}

/// `Comparer<object>.Default`: null first, then as the values' own `CompareTo` has it.
///
/// # Errors
/// `ArgumentException` for values of different types, and for those that have no order; a spent budget.
pub fn compare(runtime: &mut Runtime<'_>, a: &Value, b: &Value) -> Result<Ordering, Raise> {
    Ok(match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int32(a), Value::Int32(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => {
            runtime.work(a.bytes().max(b.bytes()))?;
            super::string::culture::compare(a, b, false)
        }
        (Value::Single(a), Value::Single(b)) => real_order(f64::from(*a), f64::from(*b)),
        (Value::Double(a), Value::Double(b)) => real_order(*a, *b),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        // `Guid.CompareTo` compares its fields as unsigned numbers from the left: the order of its text.
        (Value::Guid(a), Value::Guid(b)) => a.cmp(b),
        (Value::DateTime(a), Value::DateTime(b)) => a.ticks.cmp(&b.ticks),
        (Value::DateTimeOffset(a), Value::DateTimeOffset(b)) => a.utc_ticks().cmp(&b.utc_ticks()),
        (Value::TimeSpan(a), Value::TimeSpan(b)) => a.0.cmp(&b.0),
        (Value::Enum(a), Value::Enum(b)) if a.class == b.class => a.value.cmp(&b.value),
        (Value::Enum(a), b) => {
            let (is, ought) = (full_name(&type_of(runtime, b)), a.class.full_name());
            let message = "Object must be the same type as the enum. The type passed in was";
            return raise(&registry::ARGUMENT_EXCEPTION, format!("{message} '{is}'; the enum type was '{ought}'."));
        }
        (Value::Object(a), Value::Object(b)) if a == b && !matches!(runtime.heap.get(*a), Object::Record(_)) => Ordering::Equal,
        (Value::Object(_) | Value::Context(_), _) => return compare_objects(runtime, a, b),
        _ if std::mem::discriminant(a) == std::mem::discriminant(b) => a.as_integer().cmp(&b.as_integer()),
        _ => {
            let class = type_of(runtime, a).class().map_or("Object", |class| class.name);
            return raise(&registry::ARGUMENT_EXCEPTION, format!("Object must be of type {class}."));
        }
    })
}

fn compare_objects(runtime: &mut Runtime<'_>, a: &Value, b: &Value) -> Result<Ordering, Raise> {
    let incomparable = || raise(&registry::ARGUMENT_EXCEPTION, "At least one object must implement IComparable.");
    match (runtime.get(a), runtime.get(b)) {
        (Some(Object::Record(x)), other) => {
            let is_tuple = matches!(x.ty, Type::Tuple(_)) || x.ty.class().is_some_and(|class| class.name == "Tuple");
            let (items, ty) = (x.items.clone(), x.ty.clone());
            match other {
                Some(Object::Record(y)) if is_tuple && y.ty == ty => {
                    let others = y.items.clone();
                    runtime.deeper(|runtime| {
                        for (a, b) in items.iter().zip(others.iter()) {
                            let ordering = compare(runtime, a, b)?;
                            if ordering.is_ne() {
                                return Ok(ordering);
                            }
                        }
                        Ok(Ordering::Equal)
                    })
                }
                _ if is_tuple => {
                    let message = format!("Argument must be of type {}. (Parameter 'other')", full_name(&ty));
                    raise(&registry::ARGUMENT_EXCEPTION, message)
                }
                _ => incomparable(),
            }
        }
        (Some(Object::Instance(x)), Some(Object::Instance(y))) if x.compare(y.as_ref()).is_some() => {
            Ok(x.compare(y.as_ref()).unwrap_or(Ordering::Equal))
        }
        _ => match super::collection::find_virtual(runtime, a, "CompareTo", 1) {
            Some((native, types)) => {
                let arguments = [a.clone(), b.clone()];
                let answer = native(&mut super::member::Call { runtime, arguments: &arguments, types: &types, outs: Vec::new() })?;
                Ok(answer.as_integer().unwrap_or(0).cmp(&0))
            }
            None => incomparable(),
        },
    }
}

/// `Double.CompareTo`: NaN comes first.
fn real_order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}
