//! Answers that were recorded, and are given again.

/// What is answered from a recording, in the order of the file: the first that fits.
#[derive(Clone, Debug, Default)]
pub struct Recordings;
