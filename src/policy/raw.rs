//! The content of an element as it is written: XML that belongs to a body, and templates that have double braces of their own.

use super::{lowering::Lowering, named_values};
use crate::xml::{Element, Node, Value};

impl Lowering<'_> {
    /// What stands in an element, as text: decoded where there is text alone, else as the document has it.
    ///
    /// Named Values are put in. Double braces around anything else are left to the template where `is_template` says that it is one; else
    /// they are Named Values that nobody has defined. Also, whether any was put in: no message may quote the text then.
    pub(super) fn raw_content(&mut self, element: &Element, is_template: bool) -> Option<(String, bool)> {
        let value = match element.text() {
            Some(value) if element.elements().next().is_none() => value,
            _ => self.inner(element),
        };
        let mut replaced = named_values::replace(&value.decoded, &value.places, &value, 0, &self.resources.named_values);
        let unknown = std::mem::take(&mut replaced.unknown);
        if !is_template && let Some((name, span)) = unknown.into_iter().next() {
            let help = format!("define it: `--named-value {name}=VALUE`, or under `namedValues` in the spec");
            self.fault("policy/unknown-named-value", span, format!("there is no Named Value `{name}`"), help);
            return None;
        }
        let is_replaced = replaced.text != value.decoded;
        Some((replaced.text.trim().to_owned(), is_replaced))
    }

    /// What stands between an element's tags in the document.
    fn inner(&self, element: &Element) -> Value {
        let end = element.children.last().map_or(element.open_span.end, |last: &Node| last.span().end);
        let span = crate::source::Span { start: element.open_span.end, end: end.max(element.open_span.end) };
        let text = self.source.slice(span).to_owned();
        Value { span, places: vec![(0, span.start)], decoded: text, ..Value::default() }
    }
}
