//! Outcomes on demand: what a prompt or a header asks the simulated service to find.
//!
//! Azure has no such switch. A prompt that says `[simulate: prompt-filter=hate]`, or a request with the header
//! `x-simulated-outcome: prompt-filter=hate`, gets what the content filter would answer; see docs/simulate.md.

/// The header that asks for an outcome.
pub(super) const HEADER: &str = "x-simulated-outcome";

/// How a prompt asks for one.
const MARK: &str = "[simulate:";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The prompt is filtered: 400.
    Prompt(Category),
    /// The answer is filtered: 200, cut, with `finish_reason` `content_filter`.
    Answer(Category),
    /// The prompt is too long for the model: 400.
    Context,
}

/// What the content filter finds.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter-annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Hate,
    Jailbreak,
    SelfHarm,
    Sexual,
    Violence,
}

impl Category {
    /// All of them in the order of the service's JSON, with their names.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Hate, "hate"),
        (Self::Jailbreak, "jailbreak"),
        (Self::SelfHarm, "self_harm"),
        (Self::Sexual, "sexual"),
        (Self::Violence, "violence"),
    ];
}

impl Outcome {
    /// Reads `prompt-filter=hate`, `answer-filter=violence`, `context-length`; without a category it is `violence`. An answer is never a
    /// jailbreak. Anything else is no outcome.
    pub fn read(text: &str) -> Option<Self> {
        let (word, category) = text.split_once('=').unwrap_or((text, "violence"));
        let category = || Category::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(category.trim())).map(|(category, _)| *category);
        match word.trim() {
            "prompt-filter" => category().map(Self::Prompt),
            "answer-filter" => category().filter(|category| *category != Category::Jailbreak).map(Self::Answer),
            "context-length" => Some(Self::Context),
            _ => None,
        }
    }

    /// What a prompt asks for.
    pub fn asked_in(prompt: &str) -> Option<Self> {
        let (_, rest) = prompt.split_once(MARK)?;
        Self::read(rest.split_once(']')?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_ask_for_outcomes() {
        for (prompt, outcome) in [
            ("Tell me. [simulate: prompt-filter=hate] Please.", Some(Outcome::Prompt(Category::Hate))),
            ("[simulate:prompt-filter]", Some(Outcome::Prompt(Category::Violence))),
            ("[simulate: answer-filter = self_harm ]", Some(Outcome::Answer(Category::SelfHarm))),
            ("[simulate: context-length]", Some(Outcome::Context)),
            ("[simulate: answer-filter=jailbreak]", None),
            ("[simulate: prompt-filter=rudeness]", None),
            ("[simulate: prompt-filter=hate", None),
            ("prompt-filter=hate", None),
            ("", None),
        ] {
            assert_eq!(Outcome::asked_in(prompt), outcome, "{prompt}");
        }
    }
}
