//! A stand-in for an embedding model: the same text always gives the same vector, and texts that share words and parts of words are near.
//!
//! It knows nothing of meaning: a paraphrase in other words is far away. Words, pairs of words and groups of three characters are hashed
//! into the places of a vector; case and punctuation count for nothing.

/// Places of the vector.
const PLACES: usize = 256;

/// A text as a point of the unit sphere.
#[derive(Clone, Debug)]
pub(super) struct Embedding(Box<[f32]>);

impl Embedding {
    /// The embedding of a text.
    pub fn of(text: &str) -> Self {
        let mut places = vec![0_f32; PLACES].into_boxed_slice();
        let mut add = |kind: u8, parts: &[&str], weight: f32| {
            let hash = hash(kind, parts);
            if let Some(place) = places.get_mut((hash % PLACES as u64) as usize) {
                *place += if hash >> 63 == 0 { weight } else { -weight };
            }
        };
        let lower = text.to_lowercase();
        let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        for word in &words {
            add(1, &[word], 1.0);
            let starts: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
            for window in starts.windows(4) {
                if let [first, .., last] = window {
                    add(3, &[word.get(*first..*last).unwrap_or("")], 0.5);
                }
            }
        }
        for pair in words.windows(2) {
            add(2, pair, 1.0);
        }
        let length = places.iter().map(|place| place * place).sum::<f32>().sqrt();
        if length > 0.0 {
            places.iter_mut().for_each(|place| *place /= length);
        }
        Self(places)
    }

    /// The cosine distance: 0 for the same direction, 1 for nothing in common.
    pub fn distance(&self, other: &Self) -> f64 {
        let cosine: f64 = self.0.iter().zip(&*other.0).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let distance = 1.0 - cosine;
        // Rounding must not keep a text from being itself.
        if distance < 1e-6 { 0.0 } else { distance }
    }
}

/// FNV-1a with a final mix: the low bits choose the place, the highest the sign.
fn hash(kind: u8, parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut feed = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    feed(kind);
    for part in parts {
        part.bytes().for_each(&mut feed);
        feed(0);
    }
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(a: &str, b: &str) -> f64 {
        Embedding::of(a).distance(&Embedding::of(b))
    }

    #[test]
    fn the_same_words_are_near_and_others_far() {
        assert_eq!(distance("What is the capital of France?", "what is the capital of france"), 0.0);
        let near = distance("What is the capital of France?", "What's the capital city of France?");
        let far = distance("What is the capital of France?", "Write a poem about rain");
        assert!(near < 0.5 && near < far && far > 0.7, "{near} {far}");
    }
}
