//! What is known of the models: what they do, how much they take, how requests a minute follow from tokens a minute.

use super::route::Operation;

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Chat,
    Completion,
    Embedding,
    Transcription,
    Speech,
    Image,
    /// Nothing is known: every operation works.
    Unknown,
}

/// What is known of a model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    /// The name, or how the names of its kin begin.
    name: &'static str,
    /// What it is for.
    pub family: Family,
    /// The longest prompt and answer together, in tokens.
    pub context: u64,
    /// The longest answer, in tokens.
    pub answer: u64,
    /// Whether it thinks before it answers: `max_tokens` is refused then.
    pub reasoning: bool,
    /// Tokens a minute that bring so many requests a minute.
    ratio: (u64, u64),
    /// The length of its vectors.
    pub dimensions: u64,
    /// Whether a request may ask for shorter vectors.
    pub shortens: bool,
}

const USUAL: (u64, u64) = (1000, 6);
const ONE_EACH: (u64, u64) = (1000, 1);

const fn chat(name: &'static str, context: u64, answer: u64, ratio: (u64, u64)) -> Model {
    Model { name, family: Family::Chat, context, answer, reasoning: false, ratio, dimensions: 0, shortens: false }
}

const fn reasoning(name: &'static str, context: u64, answer: u64, ratio: (u64, u64)) -> Model {
    Model { reasoning: true, ..chat(name, context, answer, ratio) }
}

const fn completion(name: &'static str, context: u64) -> Model {
    Model { family: Family::Completion, ..chat(name, context, context, USUAL) }
}

const fn embedding(name: &'static str, dimensions: u64, shortens: bool) -> Model {
    Model { family: Family::Embedding, dimensions, shortens, ..chat(name, 8192, 0, USUAL) }
}

const fn other(name: &'static str, family: Family) -> Model {
    Model { family, ..chat(name, 128_000, 16_384, USUAL) }
}

/// A model that nobody knows: generous limits.
const UNKNOWN: Model = Model { family: Family::Unknown, dimensions: 1536, shortens: true, ..chat("", 1_047_576, 131_072, USUAL) };

/// The first line that fits is the model; longer names stand before those that they begin with.
///
/// Sources: learn.microsoft.com/azure/ai-foundry/openai/concepts/models (context, answer, dimensions);
/// learn.microsoft.com/azure/ai-foundry/openai/how-to/quota (requests a minute by model; for gpt-4.1 and gpt-5 the quota
/// tables of learn.microsoft.com/azure/ai-foundry/openai/quotas-limits imply one request per 1,000 tokens).
const MODELS: [Model; 35] = [
    other("gpt-4o-mini-transcribe", Family::Transcription),
    other("gpt-4o-transcribe", Family::Transcription),
    other("whisper", Family::Transcription),
    other("gpt-4o-mini-tts", Family::Speech),
    other("tts", Family::Speech),
    other("dall-e", Family::Image),
    other("gpt-image", Family::Image),
    embedding("text-embedding-3-large", 3072, true),
    embedding("text-embedding-3-small", 1536, true),
    embedding("text-embedding-ada-002", 1536, false),
    completion("gpt-35-turbo-instruct", 4097),
    completion("gpt-3.5-turbo-instruct", 4097),
    completion("davinci", 16_384),
    completion("babbage", 16_384),
    reasoning("o1-mini", 128_000, 65_536, (10_000, 1)),
    reasoning("o1-preview", 128_000, 32_768, (6000, 1)),
    reasoning("o1", 200_000, 100_000, (6000, 1)),
    reasoning("o3-mini", 200_000, 100_000, (10_000, 1)),
    reasoning("o3-pro", 200_000, 100_000, (10_000, 1)),
    reasoning("o3", 200_000, 100_000, ONE_EACH),
    reasoning("o4-mini", 200_000, 100_000, ONE_EACH),
    chat("gpt-5-chat", 128_000, 16_384, ONE_EACH),
    reasoning("gpt-5", 400_000, 128_000, ONE_EACH),
    chat("gpt-4.5", 128_000, 16_384, USUAL),
    chat("gpt-4.1", 1_047_576, 32_768, ONE_EACH),
    chat("gpt-4o-mini", 128_000, 16_384, USUAL),
    chat("gpt-4o", 128_000, 16_384, USUAL),
    chat("gpt-4-turbo", 128_000, 4096, USUAL),
    chat("gpt-4-vision", 128_000, 4096, USUAL),
    chat("gpt-4-32k", 32_768, 32_768, USUAL),
    chat("gpt-4", 8192, 8192, USUAL),
    chat("gpt-35-turbo-16k", 16_385, 16_385, USUAL),
    chat("gpt-35-turbo", 16_385, 4096, USUAL),
    chat("gpt-3.5-turbo-16k", 16_385, 16_385, USUAL),
    chat("gpt-3.5-turbo", 16_385, 4096, USUAL),
];

/// Whether a model's name is `start`, or goes on with a version or a size: `gpt-4` is not the beginning of `gpt-45`, but of `gpt-4-0613`;
/// `gpt-5` that of `gpt-5.1`; `gpt-35` that of `gpt-35-turbo`.
pub(super) fn begins(name: &str, start: &str) -> bool {
    name.strip_prefix(start).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

impl Model {
    /// What is known of the model `name`.
    pub fn named(name: &str) -> Self {
        MODELS.iter().find(|model| begins(name, model.name)).copied().unwrap_or(UNKNOWN)
    }

    /// The same, good for every operation.
    pub fn for_everything(self) -> Self {
        match self.family {
            Family::Embedding => Self { family: Family::Unknown, answer: UNKNOWN.answer, ..self },
            _ => Self { family: Family::Unknown, dimensions: UNKNOWN.dimensions, shortens: true, ..self },
        }
    }

    /// Whether the model does that.
    pub fn does(&self, operation: Operation) -> bool {
        match self.family {
            Family::Unknown => true,
            Family::Chat => matches!(operation, Operation::Chat | Operation::Response),
            Family::Completion => operation == Operation::Completion,
            Family::Embedding => operation == Operation::Embedding,
            Family::Transcription => matches!(operation, Operation::Transcription | Operation::Translation),
            Family::Speech => operation == Operation::Speech,
            Family::Image => operation == Operation::Image,
        }
    }

    /// The requests a minute that come with a limit of tokens a minute, rounded up.
    pub fn requests_per_minute(&self, tokens_per_minute: u64) -> u64 {
        let (tokens, requests) = self.ratio;
        tokens_per_minute.saturating_mul(requests).div_ceil(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_model() {
        for (name, family, context) in [
            ("gpt-4o", Family::Chat, 128_000),
            ("gpt-4o-2024-11-20", Family::Chat, 128_000),
            ("gpt-4o-mini-tts", Family::Speech, 128_000),
            ("gpt-4", Family::Chat, 8192),
            ("gpt-4-0613", Family::Chat, 8192),
            ("gpt-4.1-nano", Family::Chat, 1_047_576),
            ("gpt-5.1", Family::Chat, 400_000),
            ("gpt-45", Family::Unknown, 1_047_576),
            ("tts-hd", Family::Speech, 128_000),
            ("text-embedding-3-large", Family::Embedding, 8192),
            ("llama", Family::Unknown, 1_047_576),
            ("", Family::Unknown, 1_047_576),
        ] {
            let model = Model::named(name);
            assert_eq!((model.family, model.context), (family, context), "{name}");
        }
    }

    #[test]
    fn no_line_hides_a_later_one() {
        for model in MODELS {
            assert_eq!(Model::named(model.name).name, model.name);
        }
    }

    #[test]
    fn requests_follow_from_tokens() {
        for (name, tokens, requests) in
            [("gpt-4o", 120_000, 720), ("gpt-4o", 500, 3), ("o1", 6000, 1), ("o3-mini", 5000, 1), ("gpt-4.1", 10_000, 10), ("x", 0, 0)]
        {
            assert_eq!(Model::named(name).requests_per_minute(tokens), requests, "{name} {tokens}");
        }
        assert!(Model::named("gpt-4o").requests_per_minute(u64::MAX) > 0);
    }
}
