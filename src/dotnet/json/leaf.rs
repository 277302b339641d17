//! What a `JValue` holds: its type, comparing, equality. Source: Linq/JValue.cs.

use std::cmp::Ordering;

use num_bigint::BigInt;

use super::{Kind, Token, big, convert::change_type, tree};
use crate::dotnet::{
    datetime,
    display::{self, to_str},
    exception::{Raise, raise},
    heap::{Object, Ref},
    registry,
    runtime::Runtime,
    string::Str,
    types::Type,
    value::Value,
};

/// `JTokenType`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are .NET's own")]
pub enum TokenType {
    None,
    Object,
    Array,
    Constructor,
    Property,
    Comment,
    Integer,
    Float,
    String,
    Boolean,
    Null,
    Undefined,
    Date,
    Raw,
    Bytes,
    Guid,
    Uri,
    TimeSpan,
}

/// What a `JValue` holds.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// `Type`
    pub ty: TokenType,
    /// `Value`
    pub value: Value,
    /// Whether it is a `JRaw`.
    pub is_raw: bool,
}

impl Leaf {
    /// JSON's null.
    pub const NULL: Self = Self::new(TokenType::Null, Value::Null);

    /// A value of a known type.
    pub const fn new(ty: TokenType, value: Value) -> Self {
        Self { ty, value, is_raw: false }
    }

    /// `new JValue(object)`
    pub(super) fn of(runtime: &Runtime<'_>, value: Value) -> Result<Self, Raise> {
        Ok(Self::new(type_of(runtime, None, &value)?, value))
    }
}

/// `GetValueType`
pub(super) fn type_of(runtime: &Runtime<'_>, current: Option<TokenType>, value: &Value) -> Result<TokenType, Raise> {
    Ok(match value {
        Value::Null => TokenType::Null,
        Value::String(_) => match current {
            Some(current @ (TokenType::Comment | TokenType::Raw)) => current,
            _ => TokenType::String,
        },
        Value::SByte(_) | Value::Byte(_) | Value::Int16(_) | Value::UInt16(_) | Value::Int32(_) | Value::UInt32(_) => TokenType::Integer,
        Value::Int64(_) | Value::UInt64(_) | Value::Enum(_) => TokenType::Integer,
        Value::Double(_) | Value::Single(_) | Value::Decimal(_) => TokenType::Float,
        Value::DateTime(_) | Value::DateTimeOffset(_) => TokenType::Date,
        Value::Bool(_) => TokenType::Boolean,
        Value::Guid(_) => TokenType::Guid,
        Value::TimeSpan(_) => TokenType::TimeSpan,
        value if runtime.bytes(value).is_some() => TokenType::Bytes,
        value if runtime.own::<big::Big>(value).is_some() => TokenType::Integer,
        value if is_uri(runtime, value) => TokenType::Uri,
        value => {
            let class = display::full_name(&display::type_of(runtime, value));
            return raise(&registry::ARGUMENT_EXCEPTION, format!("Could not determine JSON object type for type {class}."));
        }
    })
}

/// Whether a value is a `System.Uri`.
pub(super) fn is_uri(runtime: &Runtime<'_>, value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Context(_))
        && display::type_of(runtime, value).class().is_some_and(|class| std::ptr::eq(class, &registry::URI))
}

/// `JValue.Equals`: the same type and comparing equal.
pub(super) fn equals(runtime: &mut Runtime<'_>, a: &Leaf, b: &Leaf) -> Result<bool, Raise> {
    Ok(a.ty == b.ty && compare_values(runtime, a.ty, &a.value, &b.value)? == 0)
}

/// `JValue.CompareTo`: a string is compared as what the other one is.
pub(super) fn compare_leaves(runtime: &mut Runtime<'_>, a: &Leaf, b: &Leaf) -> Result<i32, Raise> {
    let ty = if a.ty == TokenType::String { b.ty } else { a.ty };
    compare_values(runtime, ty, &a.value, &b.value)
}

/// `JToken.Equals` is reference equality but for `JValue`, which compares what it holds.
pub fn equal_values(runtime: &Runtime<'_>, a: Ref, b: Ref) -> bool {
    match (runtime.heap.get(a), runtime.heap.get(b)) {
        (Object::Token(Token { kind: Kind::Value(a), .. }), Object::Token(Token { kind: Kind::Value(b), .. })) => {
            a.ty == b.ty && same_order(runtime, a, b)
        }
        _ => false,
    }
}

/// Equality of two values of one type, which needs no conversion that could raise.
fn same_order(runtime: &Runtime<'_>, a: &Leaf, b: &Leaf) -> bool {
    match a.ty {
        TokenType::Integer | TokenType::Float if !a.value.is_null() && !b.value.is_null() => {
            numbers(runtime, &a.value, &b.value) == Ordering::Equal
        }
        TokenType::Date => match (&a.value, &b.value) {
            (Value::DateTime(a), Value::DateTimeOffset(b)) => a.ticks == b.ticks,
            (Value::DateTimeOffset(a), Value::DateTime(b)) => a.utc_ticks() == b.ticks,
            (a, b) => crate::dotnet::object::equal(runtime, a, b),
        },
        TokenType::Bytes => runtime.bytes(&a.value) == runtime.bytes(&b.value),
        _ if a.value.is_null() || b.value.is_null() => a.value.is_null() && b.value.is_null(),
        TokenType::String | TokenType::Comment | TokenType::Raw | TokenType::Uri => to_str(runtime, &a.value) == to_str(runtime, &b.value),
        _ => crate::dotnet::object::equal(runtime, &a.value, &b.value),
    }
}

/// `IComparable.CompareTo` of a token with another value: what ordering by tokens does. None where neither can be compared.
///
/// # Errors
/// What the conversion of the one to the other's type raises.
pub fn compare(runtime: &mut Runtime<'_>, a: Ref, b: &Value) -> Result<Option<i32>, Raise> {
    let Kind::Value(left) = tree::get(runtime, a)?.kind.clone() else { return Ok(None) };
    if b.is_null() {
        return Ok(Some(1));
    }
    let right = match tree::reference(runtime, b) {
        Some(token) => match &tree::get(runtime, token)?.kind {
            Kind::Value(right) => right.clone(),
            _ => Leaf::new(left.ty, b.clone()),
        },
        None => Leaf::new(left.ty, b.clone()),
    };
    compare_leaves(runtime, &left, &right).map(Some)
}

/// `JValue.Compare`
pub(super) fn compare_values(runtime: &mut Runtime<'_>, ty: TokenType, a: &Value, b: &Value) -> Result<i32, Raise> {
    match (a, b) {
        (Value::Null, Value::Null) => return Ok(0),
        (_, Value::Null) => return Ok(1),
        (Value::Null, _) => return Ok(-1),
        _ => {}
    }
    let refused = |what: &str| raise(&registry::ARGUMENT_EXCEPTION, format!("Object must be of type {what}."));
    match ty {
        TokenType::Integer | TokenType::Float => {
            let target = match (is_number(runtime, a), is_number(runtime, b)) {
                (true, true) => return Ok(numbers(runtime, a, b) as i32),
                _ if ty == TokenType::Float || [a, b].iter().any(|v| matches!(v, Value::Double(_) | Value::Single(_))) => Type::DOUBLE,
                _ if [a, b].iter().any(|v| matches!(v, Value::Decimal(_) | Value::UInt64(_))) => Type::DECIMAL,
                _ => Type::INT64,
            };
            let (a, b) = (change_type(runtime, a, &target)?, change_type(runtime, b, &target)?);
            Ok(numbers(runtime, &a, &b) as i32)
        }
        TokenType::String | TokenType::Comment | TokenType::Raw => Ok(ordinal(&to_str(runtime, a), &to_str(runtime, b))),
        TokenType::Boolean => {
            let (a, b) = (change_type(runtime, a, &Type::BOOL)?, change_type(runtime, b, &Type::BOOL)?);
            Ok(matches!(a, Value::Bool(true)).cmp(&matches!(b, Value::Bool(true))) as i32)
        }
        TokenType::Date => dates(runtime, a, b),
        TokenType::Bytes => match (runtime.bytes(a), runtime.bytes(b)) {
            (Some(a), Some(b)) => Ok(a.len().cmp(&b.len()).then_with(|| a.cmp(b)) as i32),
            _ => refused("byte[]"),
        },
        TokenType::Guid => match (a, b) {
            (Value::Guid(a), Value::Guid(b)) => Ok(a.cmp(b) as i32),
            _ => refused("Guid"),
        },
        TokenType::Uri if is_uri(runtime, b) => {
            let (a, b) = (to_str(runtime, a), to_str(runtime, b));
            Ok(a.as_str().cmp(&b.as_str()) as i32)
        }
        TokenType::Uri => refused("Uri"),
        TokenType::TimeSpan => match (a, b) {
            (Value::TimeSpan(a), Value::TimeSpan(b)) => Ok(a.cmp(b) as i32),
            _ => refused("TimeSpan"),
        },
        ty => raise(
            &registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION,
            format!("Unexpected value type: {ty:?}\nActual value was {ty:?}. (Parameter 'valueType')"),
        ),
    }
}

/// `string.CompareOrdinal`: the difference of the first code units that differ, else of the lengths.
fn ordinal(a: &Str, b: &Str) -> i32 {
    let (a, b) = (a.units(), b.units());
    let differing = a.iter().zip(&b).find(|(a, b)| a != b);
    differing.map_or(a.len() as i32 - b.len() as i32, |(a, b)| i32::from(*a) - i32::from(*b))
}

fn dates(runtime: &mut Runtime<'_>, a: &Value, b: &Value) -> Result<i32, Raise> {
    let ticks = |runtime: &mut Runtime<'_>, value: &Value| match value {
        Value::DateTime(value) => Ok(*value),
        value => match change_type(runtime, value, &Type::DATE_TIME)? {
            Value::DateTime(value) => Ok(value),
            _ => Ok(datetime::DateTime { ticks: 0, kind: datetime::Kind::Unspecified }),
        },
    };
    let (a, b) = match (a, b) {
        (Value::DateTimeOffset(a), Value::DateTimeOffset(b)) => (a.utc_ticks(), b.utc_ticks()),
        (Value::DateTimeOffset(a), b) => (a.utc_ticks(), ticks(runtime, b)?.ticks),
        (a, Value::DateTimeOffset(b)) => (ticks(runtime, a)?.ticks, b.ticks),
        (a, b) => (ticks(runtime, a)?.ticks, ticks(runtime, b)?.ticks),
    };
    Ok(a.cmp(&b) as i32)
}

fn is_number(runtime: &Runtime<'_>, value: &Value) -> bool {
    match value {
        Value::Double(_) | Value::Single(_) | Value::Decimal(_) => true,
        Value::Char(_) => false,
        value => value.as_integer().is_some() || runtime.own::<big::Big>(value).is_some(),
    }
}

/// Two numbers of any kinds, as `Compare` takes them: big integers lose the other's fraction first, decimals and `ulong` are compared
/// as decimals, real numbers with a tolerance, the rest as integers.
fn numbers(runtime: &Runtime<'_>, a: &Value, b: &Value) -> Ordering {
    if let Some(big) = big::of(runtime, a) {
        return big_order(runtime, &big, b);
    }
    if let Some(big) = big::of(runtime, b) {
        return big_order(runtime, &big, a).reverse();
    }
    let is_decimal = |value: &Value| matches!(value, Value::Decimal(_) | Value::UInt64(_));
    if (is_decimal(a) || is_decimal(b))
        && let (Some(a), Some(b)) = (decimal(a), decimal(b))
    {
        return a.cmp(&b);
    }
    if let (Some(a), Some(b)) = (a.as_integer(), b.as_integer()) {
        return a.cmp(&b);
    }
    let double = |value: &Value| crate::dotnet::number::as_double(value).unwrap_or(f64::NAN);
    approximately(double(a), double(b))
}

fn decimal(value: &Value) -> Option<rust_decimal::Decimal> {
    match crate::dotnet::number::convert(value, &Type::DECIMAL, true) {
        Ok(Value::Decimal(decimal)) => Some(decimal),
        _ => None,
    }
}

fn big_order(runtime: &Runtime<'_>, big: &BigInt, other: &Value) -> Ordering {
    let Some(integer) = big::integer(runtime, other) else { return Ordering::Greater };
    let fraction = match other {
        Value::Decimal(value) => !value.fract().is_zero(),
        Value::Double(value) => value.fract() != 0.0,
        _ => false,
    };
    match big.cmp(&integer) {
        Ordering::Equal if fraction => Ordering::Less,
        order => order,
    }
}

/// `MathUtils.ApproxEquals`, else `double.CompareTo`: what is not a number comes first.
fn approximately(a: f64, b: f64) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let tolerance = (a.abs() + b.abs() + 10.0) * f64::EPSILON;
    let difference = a - b;
    if -tolerance < difference && tolerance > difference {
        return Ordering::Equal;
    }
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}
