//! Clock and chance, as arguments: the only way in which time and randomness reach anything but a driver (law 2).

use std::{cell::Cell, time::Duration};

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// The time `duration` later, saturating in the year 2262.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// How long ago `earlier` was; zero where it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole seconds since 1970, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }
}

/// What a driver lends to everything that runs under it.
pub trait Environment {
    /// The present.
    fn now(&self) -> Moment;

    /// 64 random bits.
    fn random(&mut self) -> u64;

    /// A random (version 4) GUID as its 16 bytes in the order of its text.
    fn guid(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (high, low) = bytes.split_at_mut(8);
        high.copy_from_slice(&self.random().to_be_bytes());
        low.copy_from_slice(&self.random().to_be_bytes());
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        bytes
    }
}

/// An environment that notes whether somebody asked it something: what nobody asked for comes out the same another time.
pub struct Watched<'a> {
    environment: &'a mut dyn Environment,
    asked: Cell<bool>,
}

impl<'a> Watched<'a> {
    /// Nobody has asked yet.
    pub fn new(environment: &'a mut dyn Environment) -> Self {
        Self { environment, asked: Cell::new(false) }
    }

    /// Whether somebody asked.
    pub fn was_asked(&self) -> bool {
        self.asked.get()
    }
}

impl Environment for Watched<'_> {
    fn now(&self) -> Moment {
        self.asked.set(true);
        self.environment.now()
    }

    fn random(&mut self) -> u64 {
        self.asked.set(true);
        self.environment.random()
    }

    fn guid(&mut self) -> [u8; 16] {
        self.asked.set(true);
        self.environment.guid()
    }
}

/// A GUID's text, lower case with hyphens.
pub fn guid_text(guid: [u8; 16]) -> String {
    with_guid(guid, str::to_owned)
}

/// Works with a GUID's text where it is made.
pub fn with_guid<T>(guid: [u8; 16], work: impl FnOnce(&str) -> T) -> T {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    let mut text = [b'-'; 36];
    for (byte, place) in guid.into_iter().zip(PLACES) {
        text[place] = DIGITS[usize::from(byte >> 4)];
        text[place + 1] = DIGITS[usize::from(byte & 0x0f)];
    }
    work(std::str::from_utf8(&text).unwrap_or_default())
}

/// SplitMix64: the next number of a 64-bit state.
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
pub fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A fixed clock and a counting generator: for tests and for `eval`, where the same input must give the same bytes.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// The present.
    pub now: Moment,
    /// The generator's state.
    pub state: u64,
}

impl Environment for Fixed {
    fn now(&self) -> Moment {
        self.now
    }

    fn random(&mut self) -> u64 {
        split_mix(&mut self.state)
    }
}
