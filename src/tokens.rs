//! How many tokens a text has, by estimate: a token is four characters.
//!
//! Both the resources and the gateways use it. A real tokenizer would count differently for each model; which one the service's gateway
//! estimates with is not documented.

/// What a chat message costs beside its text, and what the answer's opening costs once.
/// Source: github.com/openai/openai-cookbook, examples/How_to_count_tokens_with_tiktoken.ipynb.
pub const PER_MESSAGE: u64 = 3;

/// What a message's `name` costs beside its text.
pub const PER_NAME: u64 = 1;

/// The characters of a token.
pub const CHARACTERS: usize = 4;

/// The tokens of a text.
pub fn count(text: &str) -> u64 {
    of_characters(text.chars().count() as u64)
}

/// The tokens of so many characters.
pub fn of_characters(characters: u64) -> u64 {
    characters.div_ceil(CHARACTERS as u64)
}
