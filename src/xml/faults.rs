//! What can be wrong with a document, one function a fault, and the list that keeps them within bounds.

use std::sync::Arc;

use super::{decode::TextFault, tree::ExpressionKind};
use crate::{
    diagnostic::Diagnostic,
    source::{Source, Span},
};

/// How many diagnostics of one code are kept: a document that is wrong all over needs no longer list.
const MAX_OF_A_KIND: usize = 20;

/// The diagnostics of one document.
pub(super) struct Faults {
    source: Arc<Source>,
    list: Vec<Diagnostic>,
}

/// How much of the user's own text a headline shows.
const MAX_SHOWN: usize = 60;

impl Faults {
    pub(super) fn new(source: &Arc<Source>) -> Self {
        Self { source: source.clone(), list: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them, by place.
    pub(super) fn into_list(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|diagnostic| diagnostic.primary().map(|label| label.span.start));
        self.list
    }

    fn add(&mut self, diagnostic: Diagnostic) {
        if self.list.iter().filter(|known| known.code == diagnostic.code).count() < MAX_OF_A_KIND {
            self.list.push(diagnostic);
        }
    }

    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        let diagnostic = Diagnostic::error(code, message).at(&self.source, span).help(help);
        self.add(diagnostic);
    }

    pub(super) fn too_large(&mut self, limit: usize) {
        let length = self.source.text().len();
        let message = format!("a document of {length} bytes is too large");
        let help = format!("{limit} bytes are read at most; move parts into policy fragments");
        self.error("xml/too-large", Span::at(0), message, &help);
    }

    pub(super) fn too_deep(&mut self, tag: Span, limit: usize) {
        let message = format!("more than {limit} elements inside of each other");
        self.error("xml/too-deep", tag, message, "close the elements that are meant to stand side by side");
    }

    pub(super) fn doctype(&mut self, span: Span) {
        let help = "remove the declaration; what an entity stood for is written out";
        self.error("xml/doctype", span, "a document type declaration is not allowed", help);
    }

    pub(super) fn empty(&mut self) {
        let help = "a policy document has one root element, such as `<policies>` or `<fragment>`";
        self.error("xml/empty", Span::at(0), "the document has no element", help);
    }

    pub(super) fn unclosed_expression(&mut self, start: usize) {
        let block = self.source.text().as_bytes().get(start + 1) == Some(&b'{');
        let kind = if block { ExpressionKind::Block } else { ExpressionKind::Single };
        let message = format!("the expression that `{}` begins has no end", kind.opening());
        let help = format!(
            "close it with `{}`; look for a string without its quote, a bracket left open, or a `//` comment that takes the rest of the line",
            kind.closing()
        );
        self.error("xml/unclosed-expression", Span::new(start, start + 2), message, &help);
    }

    pub(super) fn mismatched_end_tag(&mut self, tag: Span, found: &str, opened: Span, expected: &str) {
        let diagnostic = Diagnostic::error("xml/mismatched-end-tag", format!("`</{}>` closes `<{}>`", shown(found), shown(expected)))
            .label(&self.source, tag, format!("`</{}>` expected", shown(expected)))
            .label(&self.source, opened, "opened here")
            .help(format!("write `</{}>` here, or close `<{}>` where it ends", shown(expected), shown(expected)));
        self.add(diagnostic);
    }

    pub(super) fn unexpected_end_tag(&mut self, tag: Span, name: &str) {
        let message = format!("`</{}>` closes nothing", shown(name));
        self.error("xml/unexpected-end-tag", tag, message, "remove it, or add the start tag that it belongs to");
    }

    pub(super) fn invalid_end_tag(&mut self, tag: Span) {
        let message = "an end tag holds a name and nothing else";
        self.error("xml/invalid-end-tag", tag, message, "attributes belong into the start tag; no space stands before the name");
    }

    pub(super) fn unclosed_element(&mut self, opened: Span, name: &str) {
        let message = format!("`<{}>` is never closed", shown(name));
        let help = format!("add `</{}>`, or end the tag with `/>`", shown(name));
        self.error("xml/unclosed-element", opened, message, &help);
    }

    pub(super) fn several_roots(&mut self, second: Span, name: &str, first: Span) {
        let message = format!("`<{}>` is a second root element", shown(name));
        let diagnostic = Diagnostic::error("xml/several-roots", message)
            .at(&self.source, second)
            .label(&self.source, first, "the document's root")
            .help("a document has one root: put both into one element, or into two documents");
        self.add(diagnostic);
    }

    pub(super) fn text_outside_root(&mut self, span: Span) {
        let help = "move it into an element, or make it a comment: `<!-- … -->`";
        self.error("xml/text-outside-root", span, "text outside of the root element", help);
    }

    pub(super) fn invalid_name(&mut self, span: Span, at: Span, name: &str, of: &str) {
        if name.is_empty() {
            self.error("xml/invalid-name", at, "`<` without a name behind it", "in text, write `&lt;`");
        } else {
            let message = format!("`{}` cannot be the name of an {of}", shown(name));
            let help = "a name begins with a letter or `_`, and goes on with letters, digits, `-`, `_` and `.`";
            self.error("xml/invalid-name", span, message, help);
        }
    }

    pub(super) fn duplicate_attribute(&mut self, span: Span, name: &str, first: Span) {
        let diagnostic = Diagnostic::error("xml/duplicate-attribute", format!("`{}` is given twice", shown(name)))
            .at(&self.source, span)
            .label(&self.source, first, "first given here")
            .help("remove one of them");
        self.add(diagnostic);
    }

    pub(super) fn missing_value(&mut self, span: Span, name: &str) {
        let message = format!("the attribute `{}` has no value", shown(name));
        let help = format!("write `{}=\"…\"`; a quote inside of a value is written `&quot;`", shown(name));
        self.error("xml/missing-attribute-value", span, message, &help);
    }

    pub(super) fn unquoted_value(&mut self, span: Span) {
        self.error("xml/unquoted-value", span, "an attribute's value without quotes", "put it between `\"` and `\"`");
    }

    pub(super) fn missing_space(&mut self, span: Span, before: &str) {
        let message = format!("no space behind the value of `{}`", shown(before));
        let help = "put a space between two attributes; a quote inside of a value is written `&quot;`";
        self.error("xml/missing-space", span, message, help);
    }

    pub(super) fn control_character(&mut self, at: usize, char: char) {
        let message = format!("the character U+{:04X} is not allowed in XML", u32::from(char));
        let help = "remove it; in C# code, write it as an escape such as `\\u001b`";
        self.error("xml/control-character", Span::new(at, at + char.len_utf8()), message, help);
    }

    pub(super) fn comment_hyphens(&mut self, span: Span) {
        let help = "write `- -` or another dash: XML readers, the service's too, take `--` for the comment's end";
        self.error("xml/comment-hyphens", span, "`--` inside of a comment", help);
    }

    pub(super) fn reserved_target(&mut self, span: Span) {
        let message = "an XML declaration stands at the very start of a document";
        self.error("xml/misplaced-declaration", span, message, "remove it, or move it to the first line, with nothing before it");
    }

    pub(super) fn text(&mut self, fault: &TextFault, span: Span) {
        let found = shown(self.source.clone().slice(span)).to_owned();
        match fault {
            TextFault::Ampersand => self.error("xml/lone-ampersand", span, "`&` that begins no reference", "write `&amp;`"),
            TextFault::UnknownEntity => {
                let help = "XML knows `&lt;`, `&gt;`, `&amp;`, `&quot;` and `&apos;`; any other character is written by number, `&#160;`";
                self.error("xml/unknown-entity", span, format!("`{found}` stands for nothing"), help);
            }
            TextFault::CharacterReference => {
                let help = "give the number of a character that XML allows, `&#10;` or `&#xA;`";
                self.error("xml/invalid-character-reference", span, format!("`{found}` is no character"), help);
            }
            TextFault::LessThan => self.error("xml/lone-less-than", span, "`<` in an attribute's value", "write `&lt;`"),
        }
    }

    /// Markup that runs to the document's end without being closed.
    pub(super) fn unclosed_markup(&mut self, start: usize, what: UnclosedMarkup) {
        let (code, message, help) = match what {
            UnclosedMarkup::Comment => ("xml/unclosed-comment", "a comment without an end", "close it with `-->`"),
            UnclosedMarkup::CData => ("xml/unclosed-cdata", "a CDATA section without an end", "close it with `]]>`"),
            UnclosedMarkup::Instruction => ("xml/unclosed-instruction", "a processing instruction without an end", "close it with `?>`"),
            UnclosedMarkup::Tag => ("xml/unclosed-tag", "a tag without an end", "close it with `>`; in text, `<` is written `&lt;`"),
            UnclosedMarkup::Quote => {
                ("xml/unclosed-quote", "a value in this tag has no closing quote", "close it; a quote inside of it is written `&quot;`")
            }
            UnclosedMarkup::Other => {
                ("xml/invalid-markup", "`<!` that begins neither a comment nor a CDATA section", "in text, `<` is written `&lt;`")
            }
        };
        let rest = self.source.text().get(start..).unwrap_or("");
        let line = rest.split(['\n', '\r']).next().unwrap_or("").trim_end();
        self.error(code, Span::new(start, start + line.len().min(rest.len())), message, help);
    }
}

/// What has no end.
pub(super) enum UnclosedMarkup {
    Comment,
    CData,
    Instruction,
    Tag,
    Quote,
    Other,
}

/// The user's own text, cut to what fits into a headline; never over several lines.
fn shown(text: &str) -> &str {
    let line = text.split(['\n', '\r']).next().unwrap_or("");
    line.char_indices().nth(MAX_SHOWN).and_then(|(end, _)| line.get(..end)).unwrap_or(line)
}
