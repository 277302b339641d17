//! How many tokens a text really has: the byte pair encodings that the models themselves use.
//!
//! `usage` counts so; limits count characters, as the service does ([`super::tokens`]). The tables (5 MB of the program) are built when they are
//! first needed, which takes a fifth of a second; [`prepare`] does it on a thread beforehand.
//! Source of which model uses which: github.com/openai/tiktoken, tiktoken/model.py.

use std::{sync::OnceLock, thread};

use tiktoken_rs::CoreBPE;

use super::{models::begins, tokens};

/// Texts are counted up to here, in bytes; what a longer one has behind it is taken to be as dense.
const LONGEST: usize = 128 * 1024;

/// How tokens are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counter {
    /// Four characters are a token.
    Estimate,
    /// As models from gpt-4o on count.
    O200k,
    /// As gpt-4, gpt-35-turbo and the embeddings count.
    Cl100k,
}

/// A constant that is worked out at run time; a table that is damaged would be one, too.
static O200K: OnceLock<Option<CoreBPE>> = OnceLock::new();
static CL100K: OnceLock<Option<CoreBPE>> = OnceLock::new();

/// Builds the table of the newer models on a thread of its own, so that no request waits for it.
pub fn prepare() {
    // Without the thread the first request builds it.
    let _ = thread::Builder::new().name("tokenizer".to_owned()).spawn(|| Counter::O200k.table().is_some());
}

/// Builds the tables that these models need, here and now: where time is measured, no request may wait for one.
pub fn build<'a>(models: impl IntoIterator<Item = &'a str>) {
    for model in models {
        let _ = Counter::of(model).table();
    }
}

impl Counter {
    /// How the model `name` counts.
    pub fn of(name: &str) -> Self {
        const OLD: [&str; 7] =
            ["gpt-35", "gpt-3.5", "text-embedding-3-large", "text-embedding-3-small", "text-embedding-ada-002", "davinci", "babbage"];
        let is_old = (begins(name, "gpt-4") && !name.starts_with("gpt-4.")) || OLD.iter().any(|old| begins(name, old));
        if is_old { Self::Cl100k } else { Self::O200k }
    }

    fn table(self) -> Option<&'static CoreBPE> {
        match self {
            Self::Estimate => None,
            Self::O200k => O200K.get_or_init(|| tiktoken_rs::o200k_base().ok()).as_ref(),
            Self::Cl100k => CL100K.get_or_init(|| tiktoken_rs::cl100k_base().ok()).as_ref(),
        }
    }

    /// The tokens of a text.
    pub fn count(self, text: &str) -> u64 {
        let Some(table) = self.table() else { return tokens::count(text) };
        let counted = beginning(text, LONGEST);
        let count = table.encode_ordinary(counted).len() as u64;
        if counted.len() == text.len() { count } else { (u128::from(count) * text.len() as u128).div_ceil(counted.len() as u128) as u64 }
    }

    /// Where each token of a text ends, as byte places between characters; at most `limit` of them.
    pub fn ends(self, text: &str, limit: u64) -> Vec<usize> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let Some(table) = self.table() else {
            return tokens::pieces(text, 1)
                .scan(0, |end, piece| {
                    *end += piece.len();
                    Some(*end)
                })
                .take(limit)
                .collect();
        };
        let mut end = 0;
        let mut ends: Vec<usize> = table
            .encode_ordinary(text)
            .into_iter()
            .map(|token| {
                end += table.decode_bytes(&[token]).map_or(0, |bytes| bytes.len());
                // A token may end within a character: the character goes out whole with the token that ends it.
                (0..=end.min(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0)
            })
            .collect();
        ends.truncate(limit);
        ends
    }
}

/// As much of a text as `bytes` hold.
fn beginning(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_count_as_openai_says() {
        for (name, counter) in [
            ("gpt-4o", Counter::O200k),
            ("gpt-4o-mini", Counter::O200k),
            ("gpt-4.1-nano", Counter::O200k),
            ("o3", Counter::O200k),
            ("gpt-5", Counter::O200k),
            ("gpt-4", Counter::Cl100k),
            ("gpt-4-turbo", Counter::Cl100k),
            ("gpt-35-turbo", Counter::Cl100k),
            ("text-embedding-3-large", Counter::Cl100k),
            ("llama", Counter::O200k),
        ] {
            assert_eq!(Counter::of(name), counter, "{name}");
        }
    }

    /// Source: github.com/openai/openai-cookbook, examples/How_to_count_tokens_with_tiktoken.ipynb (section 5).
    #[test]
    fn texts_have_the_tokens_of_the_cookbook() {
        for (text, cl100k, o200k) in [("antidisestablishmentarianism", 6, 6), ("2 + 2 = 4", 7, 7), ("お誕生日おめでとう", 9, 8)] {
            assert_eq!((Counter::Cl100k.count(text), Counter::O200k.count(text)), (cl100k, o200k), "{text}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters_and_nothing_is_lost() {
        for counter in [Counter::Estimate, Counter::O200k, Counter::Cl100k] {
            for text in ["", "Hello from swc in Sweden Central", "お誕生日おめでとう", "🦀🦀🦀🦀🦀"] {
                let ends = counter.ends(text, u64::MAX);
                assert_eq!(ends.len() as u64, counter.count(text), "{text}");
                assert_eq!(ends.last().copied().unwrap_or(0), text.len(), "{text}");
                assert!(ends.is_sorted() && ends.iter().all(|end| text.is_char_boundary(*end)), "{text}");
                assert_eq!(counter.ends(text, 1), ends.get(..1).unwrap_or_default());
            }
        }
    }

    #[test]
    fn what_is_too_long_to_count_is_taken_to_be_as_dense() {
        let text = " region".repeat(100_000);
        assert_eq!(Counter::O200k.count(&text).abs_diff(100_000) / 100, 0);
    }
}
