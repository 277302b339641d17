//! The hash table behind `Dictionary` and `HashSet`, and behind the LINQ operators that look keys up.
//!
//! It enumerates as .NET's does: slots in the order of their making, and a slot that was freed is the first to be taken again.
//! Source: dotnet/runtime, Dictionary.cs (`_freeList`) and HashHelpers.cs (the primes).

use super::comparer;
use crate::dotnet::{exception::Raise, runtime::Runtime, value::Value};

const NONE: u32 = u32::MAX;

/// Sizes that a table grows to. Source: dotnet/runtime, HashHelpers.cs.
const PRIMES: &[usize] = &[
    3, 7, 11, 17, 23, 29, 37, 47, 59, 71, 89, 107, 131, 163, 197, 239, 293, 353, 431, 521, 631, 761, 919, 1103, 1327, 1597, 1931, 2333,
    2801, 3371, 4049, 4861, 5839, 7013, 8419, 10103, 12143, 14591, 17519, 21023, 25229, 30293, 36353, 43627, 52361, 62851, 75431, 90523,
    108_631, 130_363, 156_437, 187_751, 225_307, 270_371, 324_449, 389_357, 467_237, 560_689, 672_827, 807_403, 968_897, 1_162_687,
    1_395_263, 1_674_319, 2_009_191, 2_411_033, 2_893_249, 3_471_899, 4_166_287, 4_999_559, 5_999_471, 7_199_369,
];

/// Keys with values, hashed.
#[derive(Clone, Debug)]
pub struct Table {
    buckets: Vec<u32>,
    slots: Vec<Slot>,
    free: u32,
    free_count: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self { buckets: Vec::new(), slots: Vec::new(), free: NONE, free_count: 0 }
    }
}

/// A key with its value, or a place left free.
#[derive(Clone, Debug)]
struct Slot {
    hash: u32,
    next: u32,
    live: bool,
    key: Value,
    value: Value,
}

/// Where a key was looked for.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    hash: u32,
    /// Its slot, if it is there.
    pub at: Option<usize>,
}

impl Table {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free_count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many slots there are, free ones among them: what an enumeration runs up to.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// For how many keys there is room.
    pub fn capacity(&self) -> usize {
        self.buckets.len()
    }

    /// The key and value in a slot; `None` where it is free.
    pub fn get(&self, at: usize) -> Option<(&Value, &Value)> {
        self.slots.get(at).filter(|slot| slot.live).map(|slot| (&slot.key, &slot.value))
    }

    /// The value in a slot, to change it.
    pub fn value_mut(&mut self, at: usize) -> Option<&mut Value> {
        self.slots.get_mut(at).filter(|slot| slot.live).map(|slot| &mut slot.value)
    }

    /// All keys with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.slots.iter().filter(|slot| slot.live).map(|slot| (&slot.key, &slot.value))
    }

    /// Replaces every key and value. The new keys must have the hashes of the old ones.
    ///
    /// # Errors
    /// The first that `map` gives.
    pub fn try_map<E>(&mut self, mut map: impl FnMut(&Value, &Value) -> Result<(Value, Value), E>) -> Result<(), E> {
        for slot in self.slots.iter_mut().filter(|slot| slot.live) {
            (slot.key, slot.value) = map(&slot.key, &slot.value)?;
        }
        Ok(())
    }

    /// Looks for a key.
    ///
    /// # Errors
    /// What the comparer raises; a spent budget.
    pub fn find(&self, runtime: &mut Runtime<'_>, by: &Value, key: &Value) -> Result<Found, Raise> {
        let hash = comparer::hash(runtime, by, key)? as u32;
        let mut next = self.bucket(hash).and_then(|bucket| self.buckets.get(bucket)).copied().unwrap_or(NONE);
        while let Some(slot) = self.slots.get(next as usize) {
            runtime.step()?;
            if slot.hash == hash && comparer::equals(runtime, by, &slot.key, key)? {
                return Ok(Found { hash, at: Some(next as usize) });
            }
            next = slot.next;
        }
        Ok(Found { hash, at: None })
    }

    /// Places a key that was looked for and is not there.
    ///
    /// # Errors
    /// A spent budget.
    pub fn insert(&mut self, runtime: &mut Runtime<'_>, found: Found, key: Value, value: Value) -> Result<usize, Raise> {
        runtime.allocate(size_of::<Slot>())?;
        if self.free == NONE && self.slots.len() == self.buckets.len() {
            self.rehash(runtime, prime(2 * self.slots.len()))?;
        }
        let Some(bucket) = self.bucket(found.hash) else { return Ok(0) };
        let next = self.buckets.get(bucket).copied().unwrap_or(NONE);
        let slot = Slot { hash: found.hash, next, live: true, key, value };
        let at = match self.slots.get_mut(self.free as usize) {
            Some(free) => {
                let at = self.free;
                self.free = free.next;
                self.free_count -= 1;
                *free = slot;
                at
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        if let Some(first) = self.buckets.get_mut(bucket) {
            *first = at;
        }
        Ok(at as usize)
    }

    /// Looks for a key and places it where it is not there; gives its slot, and whether it is new.
    ///
    /// # Errors
    /// What the comparer raises; a spent budget.
    pub fn add(&mut self, runtime: &mut Runtime<'_>, by: &Value, key: Value, value: Value) -> Result<(usize, bool), Raise> {
        let found = self.find(runtime, by, &key)?;
        match found.at {
            Some(at) => Ok((at, false)),
            None => Ok((self.insert(runtime, found, key, value)?, true)),
        }
    }

    /// Frees a slot, and gives what it held.
    pub fn remove(&mut self, at: usize) -> Option<(Value, Value)> {
        let (hash, after) = self.slots.get(at).filter(|slot| slot.live).map(|slot| (slot.hash, slot.next))?;
        let first = self.bucket(hash).and_then(|bucket| self.buckets.get_mut(bucket))?;
        if *first == at as u32 {
            *first = after;
        } else {
            let mut before = *first;
            while let Some(slot) = self.slots.get_mut(before as usize) {
                if slot.next == at as u32 {
                    slot.next = after;
                    break;
                }
                before = slot.next;
            }
        }
        let slot = self.slots.get_mut(at)?;
        slot.live = false;
        slot.next = self.free;
        self.free = at as u32;
        self.free_count += 1;
        Some((std::mem::replace(&mut slot.key, Value::Null), std::mem::replace(&mut slot.value, Value::Null)))
    }

    /// Removes everything, and keeps the room.
    pub fn clear(&mut self) {
        self.buckets.fill(NONE);
        self.slots.clear();
        self.free = NONE;
        self.free_count = 0;
    }

    /// Makes room for `capacity` keys.
    ///
    /// # Errors
    /// A spent budget.
    pub fn reserve(&mut self, runtime: &mut Runtime<'_>, capacity: usize) -> Result<(), Raise> {
        if capacity > self.buckets.len() { self.rehash(runtime, prime(capacity)) } else { Ok(()) }
    }

    /// Gives room back, and closes the gaps of freed slots.
    ///
    /// # Errors
    /// A spent budget.
    pub fn trim(&mut self, runtime: &mut Runtime<'_>, capacity: usize) -> Result<(), Raise> {
        let size = prime(capacity);
        if size >= self.buckets.len() {
            return Ok(());
        }
        self.slots.retain(|slot| slot.live);
        self.free = NONE;
        self.free_count = 0;
        self.rehash(runtime, size)
    }

    fn bucket(&self, hash: u32) -> Option<usize> {
        (hash as usize).checked_rem(self.buckets.len())
    }

    fn rehash(&mut self, runtime: &mut Runtime<'_>, size: usize) -> Result<(), Raise> {
        runtime.allocate(size.saturating_mul(size_of::<u32>() + size_of::<Slot>()))?;
        runtime.work(self.slots.len().saturating_mul(8))?;
        self.buckets = vec![NONE; size];
        for (at, slot) in self.slots.iter_mut().enumerate().filter(|(_, slot)| slot.live) {
            if let Some(first) = self.buckets.get_mut(slot.hash as usize % size) {
                slot.next = *first;
                *first = at as u32;
            }
        }
        Ok(())
    }
}

fn prime(least: usize) -> usize {
    let is_prime =
        |number: usize| (3..).step_by(2).take_while(|divisor| divisor * divisor <= number).all(|divisor| !number.is_multiple_of(divisor));
    let known = PRIMES.iter().copied().find(|prime| *prime >= least);
    known.unwrap_or_else(|| {
        (least | 1..).step_by(2).take(1000).find(|number| is_prime(*number) && (number - 1) % 101 != 0).unwrap_or(least | 1)
    })
}
