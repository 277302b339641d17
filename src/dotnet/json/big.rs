//! `System.Numerics.BigInteger`: an integer of JSON that no `long` holds.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::{FromPrimitive as _, ToPrimitive as _};

use crate::dotnet::{
    exception::Raise,
    heap::{Instance, downcast},
    runtime::Runtime,
    string::Str,
    types::Type,
    value::Value,
};

/// The integer.
#[derive(Clone, Debug)]
pub(super) struct Big(pub(super) BigInt);

impl Instance for Big {
    fn ty(&self) -> Type {
        Type::named(&super::BIG_INTEGER)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn independent(&self) -> Option<Box<dyn Instance>> {
        Some(self.copy())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(self.0.to_string().into())
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other).is_some_and(|other| self.0 == other.0))
    }

    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        self.0.iter_u64_digits().next()
    }

    fn compare(&self, other: &dyn Instance) -> Option<Ordering> {
        downcast::<Self>(other).map(|other| self.0.cmp(&other.0))
    }
}

/// The big integer in a value.
pub(super) fn of(runtime: &Runtime<'_>, value: &Value) -> Option<BigInt> {
    runtime.own::<Big>(value).map(|big| big.0.clone())
}

/// Any number as an integer, its fraction cut off.
pub(super) fn integer(runtime: &Runtime<'_>, value: &Value) -> Option<BigInt> {
    match value {
        Value::Double(v) => BigInt::from_f64(*v),
        Value::Single(v) => BigInt::from_f32(*v),
        Value::Decimal(v) => BigInt::parse_bytes(v.trunc().to_string().as_bytes(), 10),
        Value::String(text) => BigInt::parse_bytes(text.as_str().trim().as_bytes(), 10),
        value => value.as_integer().map(BigInt::from).or_else(|| of(runtime, value)),
    }
}

/// A big integer as a value.
pub(super) fn place(runtime: &mut Runtime<'_>, integer: BigInt) -> Result<Value, Raise> {
    runtime.allocate(integer.bits() as usize / 8)?;
    runtime.instance(Big(integer))
}

/// As `(double)` makes it.
pub(super) fn double(integer: &BigInt) -> f64 {
    integer.to_f64().unwrap_or(f64::NAN)
}
