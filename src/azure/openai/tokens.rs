//! How many tokens a text has, by estimate, and where it is cut.
//!
//! Both numbers of the simulator come from here: the one that limits use, which the service
//! itself estimates from the character count (learn.microsoft.com/azure/ai-foundry/openai/how-to/quota), and the one that
//! `usage` reports, where a real tokenizer would count differently for each model.

use crate::tokens::CHARACTERS;
pub(super) use crate::tokens::{PER_MESSAGE, PER_NAME, count};

/// What an image in a prompt costs at low detail; its pixels are not looked at.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/overview#image-tokens.
pub(super) const PER_IMAGE: u64 = 85;

/// What the limits of a deployment assume for the answer where the request does not say: 16 tokens, as Microsoft's own
/// simulator does from measurements. Source: github.com/microsoft/aoai-api-simulator.
pub(super) const ASSUMED_ANSWER: u64 = 16;

/// The first `tokens` tokens of a text.
pub(super) fn prefix(text: &str, tokens: u64) -> &str {
    let characters = usize::try_from(tokens).unwrap_or(usize::MAX).saturating_mul(CHARACTERS);
    head(text, characters)
}

/// The first `characters` characters of a text.
pub(super) fn head(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// A text in pieces of `tokens` tokens, the last one shorter.
pub(super) fn pieces(text: &str, tokens: u64) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let piece = prefix(rest, tokens.max(1));
        rest = rest.get(piece.len()..).unwrap_or_default();
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_characters_are_a_token() {
        for (text, tokens) in [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("åäöü", 1), ("🦀🦀🦀🦀🦀", 2)] {
            assert_eq!(count(text), tokens, "{text}");
            assert_eq!(pieces(text, 1).count() as u64, tokens, "{text}");
            assert_eq!(pieces(text, 3).collect::<String>(), text);
        }
        assert_eq!(prefix("🦀🦀🦀🦀🦀", 1), "🦀🦀🦀🦀");
        assert_eq!(prefix("abc", u64::MAX), "abc");
        assert_eq!(prefix("abc", 0), "");
    }
}
