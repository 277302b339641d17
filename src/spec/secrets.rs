//! What no diagnostic quotes of a YAML or JSON file: the values that are secrets, although a fault lies in the same line.

use super::tree::{Node, Value};
use crate::source::{Quoting, Source, Span};

/// What holds secrets in some format or other: what a reader drops under such a key is nowhere in its tree.
const SECRET: [&str; 9] =
    ["namedValues", "headers", "key", "value", "primaryKey", "secondaryKey", "credentials", "accessToken", "password"];

/// Conceals all that stands under one of the keys `hidden`, but for the keys in it: what the reader drops, such as a key that is given twice, and
/// comments with it. Without a tree nobody knows where a value ends: nothing is quoted where one of those keys is.
pub(crate) fn conceal(source: &Source, tree: Option<&Node>, hidden: &[&str]) {
    match tree {
        Some(tree) => conceal_under(source, tree, Span::new(0, source.text().len()), hidden),
        None if hidden.iter().any(|key| has_key(source.text(), key)) => conceal_all(source),
        None => {}
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

/// Whether some format keeps secrets under this key.
pub(super) fn is_secret(key: &str) -> bool {
    SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(key))
}

/// Conceals a value that a reader drops.
pub(super) fn conceal_dropped(source: &Source, key: &str, node: &Node) {
    if is_secret(key) {
        source.quote(node.span, Quoting::Nothing);
    }
}

/// Whether a text that is no YAML has a word as a key: with a colon behind it.
fn has_key(text: &str, key: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.match_indices(&key.to_ascii_lowercase()).any(|(at, found)| {
        let (before, behind) = (text.get(..at).unwrap_or(""), text.get(at + found.len()..).unwrap_or(""));
        let begins = !before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        begins && behind.trim_start_matches(['"', '\'']).trim_start().starts_with(':')
    })
}

/// `within` is where the node's text stands, with what belongs to no value. What an alias or a merge brings stands elsewhere, and is concealed there.
fn conceal_under(source: &Source, node: &Node, within: Span, hidden: &[&str]) {
    let holds = |span: Span| within.start <= span.start && span.end <= within.end;
    let until = |next: Option<Span>| next.filter(|next| holds(*next)).map_or(within.end, |next| next.start) as usize;
    match &node.value {
        Value::Null | Value::Scalar { .. } => {}
        Value::List(items) => {
            for (place, item) in items.iter().enumerate().filter(|(_, item)| holds(item.span)) {
                let end = until(items.get(place + 1).map(|next| next.span));
                conceal_under(source, item, Span::new(item.span.start as usize, end), hidden);
            }
        }
        Value::Map(entries) => {
            let mut keys: Vec<Span> = entries.iter().map(|entry| entry.span).filter(|span| holds(*span)).collect();
            keys.sort_unstable();
            for entry in entries.iter().filter(|entry| holds(entry.span)) {
                let behind = keys.get(keys.partition_point(|key| *key <= entry.span)).copied();
                let value = Span::new(entry.span.end as usize, until(behind));
                // `namedvalues` is told of as misspelt, and its value is as secret.
                if hidden.iter().any(|key| key.eq_ignore_ascii_case(&entry.key)) {
                    source.quote(value, Quoting::Outline);
                    show(source, &entry.node, &[], false);
                } else {
                    conceal_under(source, &entry.node, value, hidden);
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
            ("l:\n- password: |\n    one:\n- b: c\n", "l:\n- password: *\n    ****\n* b: c\n"),
            // With a fault of syntax nobody knows where a value ends.
            ("a: [b\nPassword: |\n  user-abc:d\n", "** **\n********* *\n  **********\n"),
            ("a: [b # password\n", "a: [b # password\n"),
            // What stands before a value, and what is dropped.
            ("password: &a !b c # d\n", "password: ** ** * * *\n"),
            ("password: a\nx: 1\npassword: b\n", "password: *\nx: 1\npassword: *\n"),
            // What an alias brings is concealed where it stands.
            (
                "l: [&a { password: p, u: v }, { x: y }, *a, { <<: *a, z: w }]\n",
                "l: [&a { password: *, u: v }, { x: y }, *a, { <<: *a, z: w }]\n",
            ),
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
