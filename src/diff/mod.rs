//! What changed between two policy documents.
//!
//! So far as text: both are parsed and laid out in the one canonical way, so that spaces, quotes and the two formats make no difference.

use std::sync::Arc;

use crate::{
    diagnostic::Diagnostic,
    source::Source,
    xml::{self, Document, Format, Node, Quote},
};

/// Two documents in canonical layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The old document.
    pub old: String,
    /// The new document.
    pub new: String,
}

impl Comparison {
    /// Whether they say the same.
    pub fn is_same(&self) -> bool {
        self.old == self.new
    }

    /// Lines that were removed and added.
    pub fn changed_lines(&self) -> (usize, usize) {
        let diff = similar::TextDiff::from_lines(&self.old, &self.new);
        let count = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
        (count(similar::ChangeTag::Delete), count(similar::ChangeTag::Insert))
    }
}

/// Compares two documents.
///
/// # Errors
/// What is wrong with them as documents; their policies need not compile.
pub fn compare(old: &Arc<Source>, new: &Arc<Source>) -> Result<Comparison, Vec<Diagnostic>> {
    match (xml::parse(old), xml::parse(new)) {
        (Ok(old), Ok(new)) => Ok(Comparison { old: canonical(old), new: canonical(new) }),
        (old, new) => Err([old.err(), new.err()].into_iter().flatten().flatten().collect()),
    }
}

/// The one layout: the formatter keeps an author's quotes, which mean nothing.
fn canonical(mut document: Document) -> String {
    let mut elements = vec![&mut document.root];
    while let Some(element) = elements.pop() {
        element.attributes.iter_mut().for_each(|attribute| attribute.quote = Quote::Double);
        elements.extend(element.children.iter_mut().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            _ => None,
        }));
    }
    xml::format(&document, Format::RawXml)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_quotes_and_format_make_no_difference() {
        let raw = Source::new(
            "a",
            "<policies><inbound><choose><when condition=\"@(1 < 2 && \"a\" == \"b\")\"><base/></when></choose></inbound></policies>",
        );
        let escaped = Source::new(
            "b",
            "<policies>\n  <inbound>\n    <choose><when\n condition='@(1 &lt; 2 &amp;&amp; \"a\" == \"b\")'>\n<base /></when></choose></inbound>\n</policies>\n",
        );
        assert!(compare(&raw, &escaped).unwrap().is_same());
        let other = Source::new("c", "<policies><inbound><base /></inbound></policies>");
        let comparison = compare(&raw, &other).unwrap();
        assert!(!comparison.is_same());
        assert_eq!(comparison.changed_lines(), (5, 1));
        assert_eq!(compare(&raw, &Source::new("d", "<a>")).unwrap_err().len(), 1);
    }
}
