//! Faults that the readers of specs find too, in the words of a scenario.

use crate::{diagnostic::Diagnostic, spec::retold};

/// The code for scenarios.
const CODES: &[(&str, &str)] = &[
    ("spec/bad-duration", "scenario/bad-duration"),
    ("spec/bad-endpoint", "scenario/bad-endpoint"),
    ("spec/bad-header-name", "scenario/bad-header-name"),
    ("spec/bad-id", "scenario/bad-id"),
    ("spec/bad-name", "scenario/bad-name"),
    ("spec/bad-path", "scenario/bad-path"),
    ("spec/capacity-mismatch", "scenario/capacity-mismatch"),
    ("spec/duplicate-key", "scenario/duplicate-key"),
    ("spec/empty", "scenario/empty"),
    ("spec/missing-key", "scenario/missing-key"),
    ("spec/not-https", "scenario/not-https"),
    ("spec/out-of-range", "scenario/out-of-range"),
    ("spec/syntax", "scenario/syntax"),
    ("spec/too-large", "scenario/too-large"),
    ("spec/unknown-key", "scenario/unknown-key"),
    ("spec/unknown-region", "scenario/unknown-region"),
    ("spec/unknown-tag", "scenario/unknown-tag"),
    ("spec/unknown-value", "scenario/unknown-value"),
    ("spec/wrong-type", "scenario/wrong-type"),
];

/// The fault as one of a scenario.
pub(super) fn own(fault: Diagnostic) -> Diagnostic {
    retold(fault, CODES, "schema scenario")
}
