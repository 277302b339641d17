//! `System.Random`: the sequence of a seed is .NET's own, to the last bit; without a seed the driver's generator draws.
//!
//! Source: dotnet/runtime, System.Private.CoreLib, Random.Net5CompatImpl.cs and Random.CompatPrng.cs (Knuth's subtractive generator).

use super::{
    exception::{Raise, argument_null, null_reference, out_of_range},
    heap::{Instance, Object},
    member::{Call, Member, member},
    types::Type,
    value::Value,
};

crate::classes! {
    RANDOM = class("System", "Random").members(MEMBERS);
}

/// A generator.
#[derive(Clone, Debug)]
enum Random {
    /// Draws from the driver.
    Driver,
    /// Goes on from a seed.
    Seeded(Box<Subtractive>),
}

impl Instance for Random {
    fn ty(&self) -> Type {
        Type::named(&RANDOM)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }
}

/// Knuth's subtractive generator as .NET has it: 55 numbers, of which two meet at each step.
#[derive(Clone, Debug)]
struct Subtractive {
    numbers: [i32; 56],
    next: usize,
    other: usize,
}

impl Subtractive {
    fn new(seed: i32) -> Self {
        let mut numbers = [0_i32; 56];
        let mut j = 161_803_398_i32.wrapping_sub(seed.checked_abs().unwrap_or(i32::MAX));
        numbers[55] = j;
        let mut k = 1_i32;
        let mut at = 0;
        for _ in 1..55 {
            at = (at + 21) % 55;
            if let Some(number) = numbers.get_mut(at) {
                *number = k;
            }
            k = j.wrapping_sub(k);
            if k < 0 {
                k = k.wrapping_add(i32::MAX);
            }
            j = numbers.get(at).copied().unwrap_or(0);
        }
        for _ in 1..5 {
            for i in 1..56_usize {
                let other = numbers.get(1 + (i + 30) % 55).copied().unwrap_or(0);
                if let Some(number) = numbers.get_mut(i) {
                    *number = number.wrapping_sub(other);
                    if *number < 0 {
                        *number = number.wrapping_add(i32::MAX);
                    }
                }
            }
        }
        Self { numbers, next: 0, other: 21 }
    }

    /// A number from 0 to `int.MaxValue`, that excluded.
    fn sample(&mut self) -> i32 {
        self.next = if self.next >= 55 { 1 } else { self.next + 1 };
        self.other = if self.other >= 55 { 1 } else { self.other + 1 };
        let number = |at: usize| self.numbers.get(at).copied().unwrap_or(0);
        let mut drawn = number(self.next).wrapping_sub(number(self.other));
        if drawn == i32::MAX {
            drawn -= 1;
        }
        if drawn < 0 {
            drawn = drawn.wrapping_add(i32::MAX);
        }
        if let Some(number) = self.numbers.get_mut(self.next) {
            *number = drawn;
        }
        drawn
    }

    fn real(&mut self) -> f64 {
        f64::from(self.sample()) * (1.0 / f64::from(i32::MAX))
    }

    /// Ranges wider than an `int` need more bits than one sample has.
    fn wide_real(&mut self) -> f64 {
        let drawn = self.sample();
        let drawn = if self.sample() % 2 == 0 { -drawn } else { drawn };
        (f64::from(drawn) + f64::from(i32::MAX - 1)) / (2.0 * f64::from(i32::MAX) - 1.0)
    }

    fn between(&mut self, min: i32, max: i32) -> i32 {
        let range = i64::from(max) - i64::from(min);
        if range <= i64::from(i32::MAX) {
            ((self.real() * range as f64) as i32).wrapping_add(min)
        } else {
            ((self.wide_real() * range as f64) as i64 + i64::from(min)) as i32
        }
    }

    fn bits(&mut self) -> u64 {
        let mut part = |bits: u32| self.between(0, 1 << bits) as u64;
        part(22) | part(22) << 22 | part(20) << 44
    }
}

/// The members of `Random`.
pub const MEMBERS: &[Member] = &[
    member("Random()", |call| call.runtime.instance(Random::Driver)),
    member("Random(int Seed)", |call| {
        let seed = call.argument(0).as_integer().unwrap_or(0) as i32;
        call.runtime.allocate(size_of::<Subtractive>())?;
        call.runtime.instance(Random::Seeded(Box::new(Subtractive::new(seed))))
    }),
    member("static Random Shared { get; }", |call| call.runtime.instance(Random::Driver)),
    member("int Next()", |call| match this(call)? {
        Some(seeded) => Ok(Value::Int32(seeded.sample())),
        None => Ok(Value::Int32(below(call, 0, i64::from(i32::MAX)) as i32)),
    }),
    member("int Next(int maxValue)", |call| {
        let max = bound(call, 1)?;
        between(call, 0, max)
    }),
    member("int Next(int minValue, int maxValue)", |call| {
        let (min, max) = range(call)?;
        between(call, min, max)
    }),
    member("long NextInt64()", |call| {
        loop {
            let drawn = (bits(call)? >> 1) as i64;
            if drawn != i64::MAX {
                return Ok(Value::Int64(drawn));
            }
            call.runtime.step()?;
        }
    }),
    member("long NextInt64(long maxValue)", |call| {
        let max = bound(call, 1)?;
        wide_between(call, 0, max)
    }),
    member("long NextInt64(long minValue, long maxValue)", |call| {
        let (min, max) = range(call)?;
        wide_between(call, min, max)
    }),
    member("double NextDouble()", |call| Ok(Value::Double(real(call)?))),
    member("float NextSingle()", |call| {
        let is_seeded = this(call)?.is_some();
        // Cut to the 24 bits of a `float`, it cannot round up to 1; the seeded one has kept that fault.
        let drawn = if is_seeded { real(call)? as f32 } else { (bits(call)? >> 40) as f32 / (1_u32 << 24) as f32 };
        Ok(Value::Single(drawn))
    }),
    member("void NextBytes(byte[] buffer)", |call| {
        let length = call.runtime.bytes(call.argument(1)).map(<[u8]>::len).ok_or_else(|| argument_null("buffer"))?;
        call.runtime.allocate(length)?;
        call.runtime.work(length.saturating_mul(64))?;
        let mut drawn = Vec::with_capacity(length);
        while drawn.len() < length {
            match this(call)? {
                Some(seeded) => drawn.push(seeded.sample() as u8),
                None => {
                    let word = call.runtime.environment.random().to_le_bytes();
                    drawn.extend(word.into_iter().take(length - drawn.len()));
                }
            }
        }
        if let Value::Object(reference) = call.argument(1)
            && let Some(Object::Bytes(bytes)) = call.runtime.heap.get_mut(*reference)
        {
            *bytes = drawn;
        }
        Ok(Value::Null)
    }),
];

/// The seeded generator; none where the driver draws.
fn this<'c>(call: &'c mut Call<'_, '_>) -> Result<Option<&'c mut Subtractive>, Raise> {
    match call.runtime.own_mut::<Random>(call.argument(0)) {
        Some(Random::Seeded(seeded)) => Ok(Some(seeded)),
        Some(Random::Driver) => Ok(None),
        None => Err(null_reference()),
    }
}

fn bound(call: &Call<'_, '_>, index: usize) -> Result<i64, Raise> {
    let max = call.argument(index).as_integer().unwrap_or(0) as i64;
    if max < 0 { Err(out_of_range("Non-negative number required.", "maxValue")) } else { Ok(max) }
}

fn range(call: &Call<'_, '_>) -> Result<(i64, i64), Raise> {
    let (min, max) = (call.argument(1).as_integer().unwrap_or(0) as i64, call.argument(2).as_integer().unwrap_or(0) as i64);
    if min > max { Err(out_of_range("'minValue' cannot be greater than maxValue.", "minValue")) } else { Ok((min, max)) }
}

fn bits(call: &mut Call<'_, '_>) -> Result<u64, Raise> {
    match this(call)? {
        Some(seeded) => Ok(seeded.bits()),
        None => Ok(call.runtime.environment.random()),
    }
}

fn real(call: &mut Call<'_, '_>) -> Result<f64, Raise> {
    match this(call)? {
        Some(seeded) => Ok(seeded.real()),
        None => Ok((call.runtime.environment.random() >> 11) as f64 / (1_u64 << 53) as f64),
    }
}

/// One of the driver's numbers from `min` to `max`, that excluded.
fn below(call: &mut Call<'_, '_>, min: i64, max: i64) -> i64 {
    let width = (i128::from(max) - i128::from(min)).max(1) as u128;
    let drawn = (u128::from(call.runtime.environment.random()) * width) >> 64;
    (i128::from(min) + drawn as i128) as i64
}

fn between(call: &mut Call<'_, '_>, min: i64, max: i64) -> Result<Value, Raise> {
    match this(call)? {
        Some(seeded) => Ok(Value::Int32(seeded.between(min as i32, max as i32))),
        None => Ok(Value::Int32(below(call, min, max) as i32)),
    }
}

/// From the smallest power of two that holds the range, until a number lies in it.
fn wide_between(call: &mut Call<'_, '_>, min: i64, max: i64) -> Result<Value, Raise> {
    let width = max.wrapping_sub(min) as u64;
    if width <= 1 {
        return Ok(Value::Int64(min));
    }
    if this(call)?.is_none() {
        return Ok(Value::Int64(below(call, min, max)));
    }
    let shift = (width - 1).leading_zeros();
    loop {
        let drawn = bits(call)? >> shift;
        if drawn < width {
            return Ok(Value::Int64(min.wrapping_add(drawn as i64)));
        }
        call.runtime.step()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: what every .NET writes for `new Random(0)`, `new Random(1)` and `new Random(42)`.
    #[test]
    fn a_seed_gives_the_sequence_of_dotnet() {
        for (seed, expected) in [
            (0, [1_559_595_546, 1_755_192_844, 1_649_316_166]),
            (1, [534_011_718, 237_820_880, 1_002_897_798]),
            (42, [1_434_747_710, 302_596_119, 269_548_474]),
        ] {
            let mut generator = Subtractive::new(seed);
            assert_eq!(expected.map(|_| generator.sample()), expected, "{seed}");
        }
    }
}
