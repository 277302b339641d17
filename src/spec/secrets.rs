//! What no diagnostic quotes of a YAML or JSON file: the values that are secrets, although a fault lies in the same line.

use super::tree::{Node, Value};
use crate::source::{Quoting, Source, Span};

/// Conceals all that stands under one of the keys `hidden`, but for the keys in it: what the reader drops, such as a key that is given twice, and
/// comments with it. Without a tree nobody knows where a value ends: nothing is quoted where one of those keys is.
pub(crate) fn conceal(source: &Source, tree: Option<&Node>, hidden: &[&str]) {
    let text = source.text();
    match tree {
        Some(tree) => conceal_under(source, tree, text.len(), hidden),
        None => {
            let text = text.to_ascii_lowercase();
            if hidden.iter().any(|key| text.contains(&key.to_ascii_lowercase())) {
                conceal_all(source);
            }
        }
    }
}

/// Conceals everything but keys, and the values of the keys `shown`. A value under a key that is misspelt is concealed, too.
pub(crate) fn conceal_but(source: &Source, tree: Option<&Node>, shown: &[&str]) {
    match tree.filter(|tree| matches!(tree.value, Value::Map(_))) {
        Some(tree) => {
            source.quote(Span::new(0, source.text().len()), Quoting::Outline);
            show(source, tree, shown, false);
        }
        None => conceal_all(source),
    }
}

/// Conceals everything.
pub(crate) fn conceal_all(source: &Source) {
    source.quote(Span::new(0, source.text().len()), Quoting::Nothing);
}

fn conceal_under(source: &Source, node: &Node, end: usize, hidden: &[&str]) {
    match &node.value {
        Value::Null | Value::Scalar { .. } => {}
        Value::List(items) => {
            for (place, item) in items.iter().enumerate() {
                let end = items.get(place + 1).map_or(end, |next| next.span.range().start);
                conceal_under(source, item, end, hidden);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                let behind = entries.iter().map(|other| other.span.range().start).filter(|start| *start > entry.span.range().start).min();
                let end = behind.unwrap_or(end);
                // `namedvalues` is told of as misspelt, and its value is as secret.
                if hidden.iter().any(|key| key.eq_ignore_ascii_case(&entry.key)) {
                    source.quote(Span::new(entry.node.span.range().start, end), Quoting::Outline);
                    show(source, &entry.node, &[], false);
                } else {
                    conceal_under(source, &entry.node, end, hidden);
                }
            }
        }
    }
}

fn show(source: &Source, node: &Node, shown: &[&str], is_shown: bool) {
    match &node.value {
        Value::Null => {}
        Value::Scalar { .. } => source.quote(node.span, if is_shown { Quoting::Whole } else { Quoting::Nothing }),
        Value::List(items) => items.iter().for_each(|item| show(source, item, shown, is_shown)),
        Value::Map(entries) => {
            for entry in entries {
                source.quote(entry.span, Quoting::Whole);
                show(source, &entry.node, shown, is_shown || shown.contains(&entry.key.as_str()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::parse;

    #[test]
    fn what_stands_under_a_secret_key_is_not_quoted() {
        let quoted = |text: &str| {
            let source = Source::new("f.yaml", text);
            conceal(&source, parse(&source).0.as_ref(), &["namedValues", "password"]);
            source.quoted(0..text.len()).into_owned()
        };
        for (text, expected) in [
            ("a: b\n", "a: b\n"),
            ("a: b\nnamedValues: { k: s3cret, l: \"ü\" } # x\n", "a: b\nnamedValues: { k: ******, l: *·* } * *\n"),
            ("x: [{ password: a:b, url: u }]\n", "x: [{ password: ***, url: u }]\n"),
            ("namedvalues:\n  k: one\n  k: two\n  [x]: three\nb: c\n", "namedvalues:\n  k: ***\n  *: ***\n  [*]: *****\nb: c\n"),
            ("{\"password\":\"abc\",\"n\":1}", "{\"password\":*****,\"n\":1}"),
            ("l:\n- password: |\n    one:\n- b: c\n", "l:\n- password: |\n    ****\n* b: c\n"),
            // With a fault of syntax nobody knows where a value ends.
            ("a: [b\nPassword: |\n  user-abc:d\n", "** **\n********* *\n  **********\n"),
            ("a: [b\n", "a: [b\n"),
        ] {
            assert_eq!(quoted(text), expected, "{text:?}");
        }
    }

    #[test]
    fn only_what_is_known_to_be_no_secret_is_quoted() {
        let quoted = |text: &str| {
            let source = Source::new("f", text);
            conceal_but(&source, parse(&source).0.as_ref(), &["url"]);
            source.quoted(0..text.len()).into_owned()
        };
        for (text, expected) in [
            ("p: [{ url: u, passwd: \"a,c\" }] # d\n", "p: [{ url: u, passwd: ***** }] * *\n"),
            ("url: one\nurl: two\n", "url: one\n***: ***\n"),
            ("- abc\n", "* ***\n"),
            ("abc", "***"),
            ("k: 𝄞€é\n", "k: 🞶•·\n"),
        ] {
            assert_eq!(quoted(text), expected, "{text:?}");
        }
    }
}
