//! `RandomNumberGenerator`: the driver's chance, so that a seed gives the same keys each time.

use rsa::rand_core::{CryptoRng, Error, RngCore};

use super::{
    BAD_OFFSET_OR_LENGTH, NEED_NON_NEGATIVE, RANDOM_IMPLEMENTATION, RANDOM_NUMBER_GENERATOR, RNG_PROVIDER, array, bytes, config, dispose,
    instance, integer, text,
};
use crate::{
    dotnet::{
        exception::{Raise, argument_null, out_of_range, raise},
        heap::Object,
        member::{Call, Member, member},
        registry,
        runtime::Runtime,
        types::Class,
        value::Value,
    },
    environment::Environment,
};

/// A generator has no state of its own.
#[derive(Clone, Debug)]
pub struct Generator(&'static Class);

instance!(Generator, this => this.0);

/// The driver's chance as the crates want it.
pub struct Chance<'a>(pub &'a mut dyn Environment);

impl RngCore for Chance<'_> {
    fn next_u32(&mut self) -> u32 {
        (self.0.random() >> 32) as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0.random()
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for chunk in dest.chunks_mut(8) {
            let drawn = self.0.random().to_le_bytes();
            chunk.iter_mut().zip(drawn).for_each(|(byte, drawn)| *byte = drawn);
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Chance<'_> {}

/// Random bytes, paid for.
pub fn fill(runtime: &mut Runtime<'_>, count: usize) -> Result<Vec<u8>, Raise> {
    runtime.allocate(count)?;
    runtime.work(count)?;
    let mut drawn = vec![0; count];
    Chance(runtime.environment).fill_bytes(&mut drawn);
    Ok(drawn)
}

/// A new generator.
pub fn create(runtime: &mut Runtime<'_>, class: &'static Class) -> Result<Value, Raise> {
    runtime.instance(Generator(class))
}

/// Fills a range of the array in argument 1.
fn overwrite(call: &mut Call<'_, '_>, range: std::ops::Range<usize>, nonzero: bool) -> Result<Value, Raise> {
    let mut drawn = fill(call.runtime, range.len())?;
    for byte in drawn.iter_mut().filter(|byte| nonzero && **byte == 0) {
        while *byte == 0 {
            call.runtime.step()?;
            *byte = call.runtime.environment.random() as u8;
        }
    }
    if let Value::Object(reference) = call.argument(1)
        && let Some(Object::Bytes(target)) = call.runtime.heap.get_mut(*reference)
        && let Some(target) = target.get_mut(range)
    {
        target.copy_from_slice(&drawn);
    }
    Ok(Value::Null)
}

/// A number from `from` up to but not `to`.
fn between(call: &mut Call<'_, '_>, from: i64, to: i64) -> Value {
    let width = to.saturating_sub(from).max(1) as u64;
    let drawn = ((u128::from(call.runtime.environment.random()) * u128::from(width)) >> 64) as i64;
    Value::Int32(from.saturating_add(drawn) as i32)
}

/// `RandomNumberGenerator`
pub const MEMBERS: &[Member] = &[
    member("static RandomNumberGenerator Create()", |call| create(call.runtime, &RANDOM_IMPLEMENTATION)),
    member("static RandomNumberGenerator Create(string rngName)", |call| config::create(call, &RANDOM_NUMBER_GENERATOR)),
    member("static byte[] GetBytes(int count)", |call| match usize::try_from(integer(call, 0)) {
        Ok(count) => {
            let drawn = fill(call.runtime, count)?;
            array(call.runtime, drawn)
        }
        Err(_) => Err(out_of_range(NEED_NON_NEGATIVE, "count")),
    }),
    member("static int GetInt32(int toExclusive)", |call| match integer(call, 0) {
        to if to <= 0 => Err(out_of_range("Positive number required.", "toExclusive")),
        to => Ok(between(call, 0, to)),
    }),
    member("static int GetInt32(int fromInclusive, int toExclusive)", |call| match (integer(call, 0), integer(call, 1)) {
        (from, to) if from >= to => {
            raise(&registry::ARGUMENT_EXCEPTION, "Range of random number does not contain at least one possibility.")
        }
        (from, to) => Ok(between(call, from, to)),
    }),
    member("void GetBytes(byte[] data)", |call| {
        let range = 0..bytes(call, 1, "data")?.len();
        overwrite(call, range, false)
    }),
    member("void GetBytes(byte[] data, int offset, int count)", |call| {
        let length = bytes(call, 1, "data")?.len();
        let Ok(start) = usize::try_from(integer(call, 2)) else { return Err(out_of_range(NEED_NON_NEGATIVE, "offset")) };
        let Ok(count) = usize::try_from(integer(call, 3)) else { return Err(out_of_range(NEED_NON_NEGATIVE, "count")) };
        match start.checked_add(count).filter(|end| *end <= length) {
            Some(end) => overwrite(call, start..end, false),
            None => raise(&registry::ARGUMENT_EXCEPTION, BAD_OFFSET_OR_LENGTH),
        }
    }),
    member("void GetNonZeroBytes(byte[] data)", |call| {
        let range = 0..bytes(call, 1, "data")?.len();
        overwrite(call, range, true)
    }),
    member("void Dispose()", dispose),
];

/// `RNGCryptoServiceProvider`
pub const PROVIDER_MEMBERS: &[Member] = &[
    member("RNGCryptoServiceProvider()", |call| create(call.runtime, &RNG_PROVIDER)),
    member("RNGCryptoServiceProvider(byte[] rgb)", |call| create(call.runtime, &RNG_PROVIDER)),
    member("RNGCryptoServiceProvider(string str)", |call| match text(call, 0) {
        Some(_) => create(call.runtime, &RNG_PROVIDER),
        None => Err(argument_null("str")),
    }),
];
