//! How results look. Plain data in, text out; nothing here decides anything, and nothing here prints.

pub mod catalogue;
pub mod diagnostics;
pub mod difference;
pub mod evaluation;
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
