//! The semantic cache of a gateway: responses under the prompts that they answer.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use super::{embedding::Embedding, execute::Unanswered};
use crate::{dotnet::context::ResponseMessage, environment::Moment, text::Text};

/// How many answers, and how many bytes of them, are kept before the oldest goes. A lookup compares with each of its partition.
const MOST: usize = 4096;
const CAPACITY: usize = 64 << 20;

/// Responses under prompts, the oldest first.
#[derive(Debug, Default)]
pub struct Completions {
    entries: VecDeque<Entry>,
    size: usize,
}

#[derive(Debug)]
struct Entry {
    partition: Text,
    embedding: Embedding,
    response: Arc<ResponseMessage>,
    expires: Moment,
    size: usize,
}

impl Completions {
    /// The answer to the nearest prompt within `threshold`; of equally near ones the oldest.
    pub(super) fn nearest(&self, partition: &str, embedding: &Embedding, threshold: f64, now: Moment) -> Option<Arc<ResponseMessage>> {
        let mut nearest: Option<(f64, &Entry)> = None;
        for entry in self.entries.iter().filter(|entry| entry.partition == *partition && entry.expires > now) {
            let distance = entry.embedding.distance(embedding);
            if distance <= threshold && nearest.is_none_or(|(other, _)| distance < other) {
                nearest = Some((distance, entry));
            }
        }
        nearest.map(|(_, entry)| entry.response.clone())
    }

    /// Keeps an answer for a while.
    pub(super) fn store(&mut self, prompt: Unanswered, response: ResponseMessage, size: usize, duration: Duration, now: Moment) {
        let Unanswered { partition, embedding } = prompt;
        self.entries.retain(|entry| entry.expires > now);
        self.size = self.entries.iter().map(|entry| entry.size).sum();
        while self.entries.len() >= MOST || (self.size + size > CAPACITY && !self.entries.is_empty()) {
            self.size -= self.entries.pop_front().map_or(0, |entry| entry.size);
        }
        self.size += size;
        self.entries.push_back(Entry { partition, embedding, response: Arc::new(response), expires: now.after(duration), size });
    }
}
