//! The expressions of a document: each compiled where it stands, with the type that its place asks for.

use std::sync::Arc;

use crate::{
    csharp::Code,
    diagnostic::{Diagnostic, any_error},
    expression::{self, Form, Target},
    policy::{STAND_INS, likeliest, references},
    source::{Source, Span},
    xml::{Element, Expression, ExpressionKind, Node, Value},
};

/// What checking a document's expressions found.
#[derive(Debug, Default)]
pub struct Checked {
    /// How many expressions there are.
    pub expressions: usize,
    /// How many of them compile.
    pub compiled: usize,
    /// What is wrong: with the others, and with the document.
    pub diagnostics: Vec<Diagnostic>,
    /// Where they stand.
    places: Vec<Span>,
}

pub(super) fn check(source: &Arc<Source>, root: &Element) -> Checked {
    let mut checked = Checked::default();
    checked.element(source, root);
    checked
}

/// What an attribute or text makes of an expression's value. Conditions are typed; what other places convert is the gateway's business.
/// Source: the policies' own reference pages.
fn target(element: &str, attribute: Option<&str>) -> Target {
    match (element, attribute) {
        (_, Some("condition")) => Target::Bool,
        _ => Target::Any,
    }
}

impl Checked {
    /// Adds what else was found, each once, in the order of the document; and counts.
    pub(super) fn complete(&mut self, source: &Arc<Source>, found: Vec<Diagnostic>) {
        let place = |diagnostic: &Diagnostic| {
            diagnostic.primary().map_or((true, Span::default()), |label| (!Arc::ptr_eq(&label.source, source), label.span))
        };
        for diagnostic in found {
            if !self.diagnostics.iter().any(|known| known.code == diagnostic.code && place(known) == place(&diagnostic)) {
                self.diagnostics.push(diagnostic);
            }
        }
        self.diagnostics.sort_by_key(|diagnostic| (place(diagnostic).0, place(diagnostic).1.start));
        let errors: Vec<Span> = self
            .diagnostics
            .iter()
            .filter(|diagnostic| any_error(std::slice::from_ref(*diagnostic)))
            .filter_map(|diagnostic| diagnostic.primary().filter(|label| Arc::ptr_eq(&label.source, source)).map(|label| label.span))
            .collect();
        let is_wrong = |place: &Span| errors.iter().any(|error| place.start <= error.start && error.start < place.end);
        self.expressions = self.places.len();
        self.compiled = self.places.iter().filter(|place| !is_wrong(place)).count();
    }

    fn element(&mut self, source: &Arc<Source>, element: &Element) {
        for attribute in &element.attributes {
            self.value(source, &attribute.value, target(&element.name, Some(&attribute.name)));
        }
        for child in &element.children {
            match child {
                Node::Element(child) => self.element(source, child),
                Node::Text(value) => self.value(source, value, target(&element.name, None)),
                Node::CData(cdata) => self.value(source, &cdata.value, target(&element.name, None)),
                Node::Comment(_) | Node::ProcessingInstruction(_) => {}
            }
        }
    }

    fn value(&mut self, source: &Arc<Source>, value: &Value, target: Target) {
        let whole = value.as_expression().is_some();
        for expression in value.expressions() {
            self.places.push(expression.span);
            let target = if whole { target } else { Target::Any };
            match compile(source, value, expression, target) {
                Ok(warnings) => self.diagnostics.extend(warnings),
                Err(found) => self.diagnostics.extend(found),
            }
        }
    }
}

fn compile(source: &Arc<Source>, value: &Value, expression: &Expression, target: Target) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let form = match expression.kind {
        ExpressionKind::Single => Form::Expression,
        ExpressionKind::Block => Form::Block,
    };
    let text = value.code(expression);
    let places = value.code_places(expression);
    let mut attempts = Vec::new();
    for stand_in in STAND_INS {
        let (text, places) = match stand_in {
            None => (text.to_owned(), places.clone()),
            Some(_) if references(text).next().is_none() => break,
            Some(with) => replaced(text, &places, with),
        };
        let code = Code::mapped(source, text, places);
        match expression::compile(&code, form, target) {
            Ok(program) => return Ok(program.warnings().to_vec()),
            Err(found) => attempts.push(found),
        }
    }
    Err(likeliest(attempts))
}

/// The code with something else in the place of every Named Value.
fn replaced(text: &str, places: &[(u32, u32)], with: &str) -> (String, Vec<(u32, u32)>) {
    let at = |offset: usize| {
        let offset = Span::at(offset).start;
        let before = places.iter().rev().find(|(code, _)| *code <= offset);
        before.map_or(0, |(code, document)| document + (offset - code))
    };
    let (mut out, mut moved, mut rest) = (String::with_capacity(text.len()), Vec::new(), 0);
    for (start, end, _) in references(text) {
        moved.push((Span::at(out.len()).start, at(rest)));
        out.push_str(text.get(rest..start).unwrap_or(""));
        moved.push((Span::at(out.len()).start, at(start)));
        out.push_str(with);
        rest = end;
    }
    moved.push((Span::at(out.len()).start, at(rest)));
    out.push_str(text.get(rest..).unwrap_or(""));
    (out, moved)
}
