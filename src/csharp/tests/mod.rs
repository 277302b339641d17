//! Tests of the whole room: text in, tree, text and diagnostics out.

mod errors;
mod expressions;
mod limits;
mod literals;
mod properties;
mod refusals;
mod statements;

use super::*;
use crate::{diagnostic::Diagnostic, source::Source};

fn code(text: &str) -> Code {
    Code::whole(&Source::new("test", text))
}

fn expression(text: &str) -> Expression {
    parse_expression(&code(text)).unwrap_or_else(|faults| panic!("`{text}` does not parse: {:?}", summary(&faults)))
}

fn block(text: &str) -> Block {
    parse_block(&code(text)).unwrap_or_else(|faults| panic!("`{text}` does not parse: {:?}", summary(&faults)))
}

/// The codes of diagnostics with the text that each underlines.
fn summary(faults: &[Diagnostic]) -> Vec<(&str, &str)> {
    let underlined = |fault: &Diagnostic| fault.primary().map(|label| label.span).expect("every fault has a place");
    faults.iter().map(|fault| (fault.code, fault.labels[0].source.slice(underlined(fault)))).collect()
}

/// What is wrong with an expression: the first diagnostic's code, the text it underlines, its message.
fn fault(text: &str) -> (&'static str, String, String) {
    let faults = parse_expression(&code(text)).expect_err(text);
    assert_eq!(faults.len(), 1, "`{text}`: {:?}", summary(&faults));
    (faults[0].code, summary(&faults)[0].1.to_owned(), faults[0].message.clone())
}

/// What is wrong with a body: code and underlined text of each.
fn body_faults(text: &str) -> Vec<(String, String)> {
    let faults = parse_block(&code(text)).expect_err(text);
    summary(&faults).into_iter().map(|(code, text)| (code.to_owned(), text.to_owned())).collect()
}
