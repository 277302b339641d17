//! What bodies have been found to say: load generators and retries send the same bytes again and again, and reading them once is enough.

use crate::azure::hash::keyed;

/// How many bodies are remembered; a power of two.
const PLACES: usize = 256;

/// Longer bodies are read each time, in bytes.
const LONGEST: usize = 32 * 1024;

/// How many words of a body choose its place.
const SAMPLES: usize = 12;

/// A bounded memory of what bodies mean. The bytes themselves are compared: two bodies are never taken for one another.
#[derive(Clone, Debug)]
pub(super) struct Memo<T> {
    places: Vec<Option<(Box<[u8]>, T)>>,
    /// What the last body said that was too long to be remembered.
    last: Option<T>,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self { places: Vec::new(), last: None }
    }
}

impl<T> Memo<T> {
    /// What `body` says, by `read` where it is not remembered. Errors are not remembered.
    pub fn get<E>(&mut self, body: &[u8], read: impl FnOnce(&[u8]) -> Result<T, E>) -> Result<&T, E> {
        if body.len() > LONGEST {
            return read(body).map(|value| &*self.last.insert(value));
        }
        if self.places.is_empty() {
            self.places.resize_with(PLACES, || None);
        }
        // Two places for each body: two bodies that are sent in turns do not drive one another out.
        let first = place(body);
        let holds = |at: usize| matches!(self.places.get(at), Some(Some((known, _))) if **known == *body);
        let is_free = |at: usize| matches!(self.places.get(at), Some(None));
        let (at, held) = match (holds(first), holds(first ^ 1)) {
            (true, _) => (first, true),
            (_, true) => (first ^ 1, true),
            _ if is_free(first ^ 1) && !is_free(first) => (first ^ 1, false),
            _ => (first, false),
        };
        match (held, self.places.get_mut(at)) {
            (true, Some(Some((_, value)))) => Ok(value),
            (_, Some(place)) => Ok(&place.insert((body.into(), read(body)?)).1),
            (_, None) => read(body).map(|value| &*self.last.insert(value)),
        }
    }
}

fn place(body: &[u8]) -> usize {
    let (words, _) = body.as_chunks::<8>();
    let step = (words.len() / SAMPLES).max(1);
    let sum = words
        .iter()
        .step_by(step)
        .fold(0, |sum: u64, word| (sum.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (keyed(sum, &body.len().to_le_bytes()) as usize) & (PLACES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_once_and_never_taken_for_another() {
        let mut memo = Memo::default();
        let mut reads = 0;
        let mut ask = |memo: &mut Memo<Vec<u8>>, body: &[u8]| {
            let said = memo.get(body, |body| {
                reads += 1;
                if body.is_empty() { Err(()) } else { Ok(body.to_vec()) }
            });
            assert_eq!(said.map(Vec::as_slice), if body.is_empty() { Err(()) } else { Ok(body) });
            reads
        };
        // Alike in all the words that choose the place: only one byte in the middle differs.
        let alike = |byte: u8| [vec![b'a'; 1201], vec![byte], vec![b'a'; 1201]].concat();
        assert_eq!((0..4).map(|round| ask(&mut memo, &alike(round % 2))).last(), Some(2));
        assert_eq!((ask(&mut memo, b"x"), ask(&mut memo, b"x"), ask(&mut memo, b""), ask(&mut memo, b"")), (3, 3, 4, 5));
        let long = vec![b'a'; LONGEST + 1];
        assert_eq!((ask(&mut memo, &long), ask(&mut memo, &long)), (6, 7));
        for round in 0..10_000_u32 {
            ask(&mut memo, &round.to_le_bytes());
        }
        assert_eq!(memo.places.len(), PLACES);
    }
}
