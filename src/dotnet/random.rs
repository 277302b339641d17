//! `System.Random`, drawn from the driver's generator.
//!
//! .NET promises no sequence for an unseeded generator. A seeded one has a documented algorithm that few policies rely on; the seed
//! here only starts our own.

use super::{
    exception::{Raise, out_of_range},
    heap::Instance,
    member::{Call, Member, member},
    types::Type,
    value::Value,
};
use crate::environment::split_mix;

crate::classes! {
    RANDOM = class("System", "Random").members(MEMBERS);
}

/// A generator: its state.
#[derive(Clone, Debug)]
struct Random(u64);

impl Instance for Random {
    fn ty(&self) -> Type {
        Type::named(&RANDOM)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }
}

/// The members of `Random`.
pub const MEMBERS: &[Member] = &[
    member("Random()", |call| {
        let seed = call.runtime.environment.random();
        call.runtime.instance(Random(seed))
    }),
    member("Random(int Seed)", |call| {
        let seed = call.argument(0).as_integer().unwrap_or(0) as u64;
        call.runtime.instance(Random(seed))
    }),
    member("int Next()", |call| Ok(Value::Int32(below(call, 0, i64::from(i32::MAX))?))),
    member("int Next(int maxValue)", |call| {
        let max = call.argument(1).as_integer().unwrap_or(0) as i64;
        if max < 0 {
            return Err(out_of_range("'maxValue' must be greater than zero.", "maxValue"));
        }
        Ok(Value::Int32(below(call, 0, max)?))
    }),
    member("int Next(int minValue, int maxValue)", |call| {
        let min = call.argument(1).as_integer().unwrap_or(0) as i64;
        let max = call.argument(2).as_integer().unwrap_or(0) as i64;
        if min > max {
            return Err(out_of_range("'minValue' cannot be greater than maxValue.", "minValue"));
        }
        Ok(Value::Int32(below(call, min, max)?))
    }),
    member("double NextDouble()", |call| Ok(Value::Double((draw(call)? >> 11) as f64 / (1_u64 << 53) as f64))),
];

fn below(call: &mut Call<'_, '_>, min: i64, max: i64) -> Result<i32, Raise> {
    let width = (max - min).max(1) as u64;
    let drawn = ((u128::from(draw(call)?) * u128::from(width)) >> 64) as i64;
    Ok((min + drawn) as i32)
}

/// The next number of the object's own state.
fn draw(call: &mut Call<'_, '_>) -> Result<u64, Raise> {
    match call.runtime.own_mut::<Random>(call.argument(0)) {
        Some(Random(state)) => Ok(split_mix(state)),
        None => Err(super::exception::null_reference()),
    }
}
