//! Named Values: `{{name}}` replaced as text before anything else is understood.
//!
//! Source: learn.microsoft.com/azure/api-management/api-management-howto-properties.

use std::collections::BTreeMap;

use crate::{diagnostic::Diagnostic, source::Span, xml::Value};

/// A value's text after replacement, with the way back to the document.
pub(super) struct Replaced {
    /// The text.
    pub text: String,
    /// Pairs of (offset in the text, offset in the document), as `csharp::Code::mapped` takes them.
    pub places: Vec<(u32, u32)>,
    /// Names that are not defined, with their place in the document.
    pub unknown: Vec<(String, Span)>,
    /// Where values were put in, in the document, with the names.
    pub put_in: Vec<(Span, String)>,
}

/// A shorter value is no secret, and stands in too many words to be hidden in a message.
const SHORTEST: usize = 4;

impl Replaced {
    /// A diagnostic about the text, without what a Named Value holds: its value may be a secret, and the compiler quotes what it cannot read.
    pub fn discreet(&self, mut diagnostic: Diagnostic, known: &BTreeMap<String, String>) -> Diagnostic {
        let touches =
            |span: Span| self.put_in.iter().find(|(place, _)| span.start < place.end && place.start < span.end.max(span.start + 1));
        if let Some((_, name)) = diagnostic.primary().and_then(|label| touches(label.span)) {
            diagnostic.message = format!("with the Named Value `{name}` in it, this is not valid C#");
            diagnostic.help = Some("a Named Value is put in as text: quote it where it is meant as a string".to_owned());
            diagnostic.note = None;
            diagnostic.labels.iter_mut().for_each(|label| label.message.clear());
            return diagnostic;
        }
        let values =
            self.put_in.iter().filter_map(|(_, name)| known.get(name).filter(|value| value.len() >= SHORTEST).map(|value| (name, value)));
        for (name, value) in values {
            let hide = |text: &mut String| *text = text.replace(value.as_str(), &format!("{{{{{name}}}}}"));
            hide(&mut diagnostic.message);
            diagnostic.help.as_mut().map(hide);
            diagnostic.note.as_mut().map(hide);
            diagnostic.labels.iter_mut().for_each(|label| hide(&mut label.message));
        }
        diagnostic
    }
}

/// Replaces every `{{name}}` in `text`. `places` leads from offsets of `text` to the document.
pub(super) fn replace(text: &str, places: &[(u32, u32)], value: &Value, base: u32, known: &BTreeMap<String, String>) -> Replaced {
    let mut replaced = Replaced { text: String::with_capacity(text.len()), places: Vec::new(), unknown: Vec::new(), put_in: Vec::new() };
    let mut rest = 0;
    for (start, end, name) in references(text) {
        copy(text, rest..start, places, &mut replaced);
        let span = value.place(Span::new(start + base as usize, end + base as usize));
        match known.get(name) {
            Some(with) => {
                replaced.places.push((Span::at(replaced.text.len()).start, span.start));
                replaced.text.push_str(with);
                replaced.places.push((Span::at(replaced.text.len()).start, span.end));
                replaced.put_in.push((span, name.to_owned()));
            }
            None => {
                copy(text, start..end, places, &mut replaced);
                replaced.unknown.push((name.to_owned(), span));
            }
        }
        rest = end;
    }
    copy(text, rest..text.len(), places, &mut replaced);
    replaced
}

fn copy(text: &str, range: std::ops::Range<usize>, places: &[(u32, u32)], into: &mut Replaced) {
    let (start, end) = (Span::at(range.start).start, Span::at(range.end).start);
    let shift = Span::at(into.text.len()).start;
    let before = places.iter().rev().find(|(at, _)| *at <= start);
    if let Some((at, document)) = before.filter(|_| range.start < range.end) {
        into.places.push((shift, document + (start - at)));
    }
    for (at, document) in places.iter().filter(|(at, _)| *at > start && *at < end) {
        into.places.push((at - start + shift, *document));
    }
    into.text.push_str(text.get(range).unwrap_or(""));
}

/// Each `{{name}}`: display names are letters, digits, `-`, `.` and `_`. Anything else in double braces is none (C# has `$"{{x y}}"`).
pub fn references(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text.get(from..)?.find("{{")?;
            let name_start = start + 2;
            let tail = text.get(name_start..)?;
            let length = tail.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))).unwrap_or(tail.len());
            let name = tail.get(..length)?;
            if length > 0 && tail.get(length..)?.starts_with("}}") {
                from = name_start + length + 2;
                return Some((start, from, name));
            }
            from = start + 1;
        }
    })
}

/// The longest name, in characters.
const LONGEST_NAME: usize = 256;

/// The longest value, in characters.
pub const LONGEST_VALUE: usize = 4096;

/// What the service says against a Named Value when it is saved, without a place yet. A value is never quoted: it may be a secret.
///
/// Source: learn.microsoft.com/rest/api/apimanagement/named-value/create-or-update (`displayName`, `value`), and the page above for values
/// within values.
pub fn faults_of_value(name: &str, value: &str) -> impl Iterator<Item = Diagnostic> {
    let mut found = Vec::new();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if name.is_empty() || !name.chars().all(is_name) || name.chars().count() > LONGEST_NAME {
        let fault = Diagnostic::error("policy/named-value-name", format!("`{name}` is not the name of a Named Value"));
        found.push(fault.help(format!("a name has 1 to {LONGEST_NAME} letters, digits, dots, dashes and underscores")));
    }
    let length = value.chars().count();
    if value.trim().is_empty() {
        let fault = Diagnostic::error("policy/named-value-empty", format!("the Named Value `{name}` is empty"));
        found.push(fault.help("a value may be neither empty nor blank"));
    } else if length > LONGEST_VALUE {
        let fault = Diagnostic::error("policy/named-value-length", format!("the Named Value `{name}` has {length} characters"));
        found.push(fault.help(format!("a value may have {LONGEST_VALUE}")));
    }
    if references(value).next().is_some() {
        let fault = Diagnostic::warning("policy/named-value-nested", format!("the Named Value `{name}` refers to another one"));
        found.push(fault.help("what stands in double braces within a value is not replaced: it stays as it is"));
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_in_double_braces_are_references() {
        let found: Vec<&str> = references(r#"{{a-b.c_1}} {{ a }} {{}} $"{{x y}}" {{{deep}}} {{b}}"#).map(|(_, _, name)| name).collect();
        assert_eq!(found, ["a-b.c_1", "deep", "b"]);
    }

    #[test]
    fn names_and_values_have_their_rules() {
        let long = "x".repeat(LONGEST_VALUE + 1);
        for (name, value, expected) in [
            ("a.b-c_1", "value", ""),
            ("a", &long[1..], ""),
            ("a", "@(context.Api.Id)", ""),
            ("a b", "v", "policy/named-value-name"),
            ("", "v", "policy/named-value-name"),
            (&long[..257], "v", "policy/named-value-name"),
            ("a", "", "policy/named-value-empty"),
            ("a", " \n", "policy/named-value-empty"),
            ("a", &long, "policy/named-value-length"),
            ("a", "Text: {{b}}", "policy/named-value-nested"),
            ("a", "{ {b} }", ""),
        ] {
            let found: Vec<&str> = faults_of_value(name, value).map(|fault| fault.code).collect();
            assert_eq!(found.join(" "), expected, "{name}");
        }
    }

    #[test]
    fn places_lead_back_to_the_document() {
        let value = Value { span: Span::new(100, 120), decoded: "x {{n}} y".into(), places: vec![(0, 100)], ..Value::default() };
        let known = BTreeMap::from([("n".to_owned(), "12345678".to_owned())]);
        let replaced = replace(&value.decoded, &value.places, &value, 0, &known);
        assert_eq!(replaced.text, "x 12345678 y");
        assert_eq!(replaced.places, [(0, 100), (2, 102), (10, 107), (10, 107)]);
    }
}
