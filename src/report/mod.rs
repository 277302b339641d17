//! How results look. Plain data in, text out; nothing here decides anything, and nothing here prints.

pub mod catalogue;
mod chart;
pub mod coverage;
pub mod diagnostics;
pub mod difference;
pub mod evaluation;
mod markup;
pub mod scenario;
pub mod story;
pub mod trace;

/// Whether text carries colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// With ANSI escapes.
    Always,
    /// Plain.
    Never,
}

impl Colour {
    /// The text in a style, which is an ANSI escape; as it is where there is no colour.
    pub(crate) fn paint(self, text: &str, style: &str) -> String {
        match self {
            Self::Always => format!("{style}{text}\u{1b}[0m"),
            Self::Never => text.to_owned(),
        }
    }
}
