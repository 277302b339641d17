//! Deterministic numbers from bytes: the simulator's checksums, fingerprints and embedding vectors. No cryptography.

/// Spreads every bit of a number over all of it. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", 2014 (the finaliser of SplitMix64).
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// 64 bits from `bytes` under a `key`; the same on every machine and in every version.
pub(super) fn keyed(key: u64, bytes: &[u8]) -> u64 {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut state = mix(key ^ bytes.len() as u64);
    for word in words {
        state = mix(state ^ u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(tail) {
        *to = *from;
    }
    mix(state ^ u64::from_le_bytes(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_and_the_key_count() {
        let base = keyed(1, b"twelve bytes");
        assert_eq!(base, keyed(1, b"twelve bytes"));
        for other in [
            keyed(2, b"twelve bytes"),
            keyed(1, b"twelve bytez"),
            keyed(1, b"twelve byte"),
            keyed(1, b"twelve bytes\0"),
            keyed(1, b"Twelve bytes"),
        ] {
            assert_ne!(base, other);
        }
    }
}
