//! A fault in an input, as data: a stable code, a severity, the places, what is wrong, how to mend it.
//!
//! How it looks (text, JSON) is the business of `report`.

use std::sync::Arc;

use crate::source::{Source, Span};

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never changes an exit code.
    Note,
    /// Probably not what was meant.
    Warning,
    /// The input cannot be used.
    Error,
}

/// An underlined piece of a source text.
#[derive(Clone, Debug)]
pub struct Label {
    /// The text that the span lies in.
    pub source: Arc<Source>,
    /// What is underlined.
    pub span: Span,
    /// What to say under the line; empty for the primary label when the headline says it all.
    pub message: String,
}

/// One fault. The first label is the primary place.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Stable, kebab-case with the room in front (`spec/unknown-key`), or the C# compiler's own (`CS0103`).
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// One terse headline in lower case, without a final stop; the user's own text stands in backticks.
    pub message: String,
    /// Where: the primary place first.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// Where the rule comes from.
    pub note: Option<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), labels: Vec::new(), help: None, note: None }
    }

    /// A warning without a place yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// A note without a place yet.
    pub fn remark(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, message) }
    }

    /// Underlines `span`; the first call gives the primary place.
    pub fn at(self, source: &Arc<Source>, span: Span) -> Self {
        self.label(source, span, "")
    }

    /// Underlines `span` and says something under it.
    pub fn label(mut self, source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { source: source.clone(), span, message: message.into() });
        self
    }

    /// What to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Where the rule comes from.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The primary place.
    pub fn primary(&self) -> Option<&Label> {
        self.labels.first()
    }
}

/// Whether any of them is an error.
pub fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// The candidate nearest to `word`, near enough to be meant: for "did you mean".
///
/// Candidates are compared without regard to case by edit distance; more than a third of the word
/// wrong is a different word.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance in characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (to, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let best = (left + 1).min(*cell + 1).min(diagonal + usize::from(from != *to));
            diagonal = *cell;
            *cell = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_and_a_far_one_is_not() {
        let words = ["priority", "weight", "region"];
        assert_eq!(nearest("priorty", words), Some("priority"));
        assert_eq!(nearest("Wieght", words), Some("weight"));
        assert_eq!(nearest("endpoint", words), None);
    }

    #[test]
    fn distance_counts_single_edits() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("abc", "abc"), 0);
    }
}
