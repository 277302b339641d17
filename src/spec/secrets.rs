//! What no diagnostic shows of a YAML or JSON file: the values that are secrets, although the line that they stand in is quoted.

use std::sync::Arc;

use super::{
    read::parse,
    tree::{Node, Value},
};
use crate::{
    diagnostic::Diagnostic,
    source::{Source, Span},
};

/// Puts texts without secrets in place of those that these diagnostics quote. All that stands under one of `keys` is secret; under none, everything is.
pub(crate) fn mask(diagnostics: &mut [Diagnostic], keys: &[&str]) {
    let mut masked: Vec<(Arc<Source>, Arc<Source>)> = Vec::new();
    for label in diagnostics.iter_mut().flat_map(|diagnostic| &mut diagnostic.labels) {
        let known = masked.iter().position(|(source, _)| Arc::ptr_eq(source, &label.source));
        let known = known.unwrap_or_else(|| {
            masked.push((label.source.clone(), without(&label.source, keys)));
            masked.len() - 1
        });
        if let Some((_, shown)) = masked.get(known) {
            label.source = shown.clone();
        }
    }
}

/// The text with every secret's bytes as `*`, so that all else stands where it stood.
fn without(source: &Arc<Source>, keys: &[&str]) -> Arc<Source> {
    let text = source.text();
    let mut secrets = Vec::new();
    match parse(source).0 {
        Some(tree) if matches!(tree.value, Value::Map(_)) => collect(&tree, keys, keys.is_empty(), &mut secrets),
        // A policy, say.
        Some(_) => return source.clone(),
        None if !is_data(source.name()) => return source.clone(),
        // What is what cannot be told: nothing that stands behind a key is shown, where there may be a secret at all.
        None if keys.is_empty() || keys.iter().any(|key| text.contains(key)) => secrets.extend(behind_colons(text)),
        None => {}
    }
    if secrets.is_empty() {
        return source.clone();
    }
    let mut bytes = text.as_bytes().to_vec();
    for span in secrets {
        let hidden = bytes.get_mut(span.range()).unwrap_or_default();
        hidden.iter_mut().filter(|byte| !matches!(**byte, b'\n' | b'\r')).for_each(|byte| *byte = b'*');
    }
    // Whole characters have become stars.
    Source::new(source.name(), String::from_utf8_lossy(&bytes).into_owned())
}

fn is_data(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| matches!(ending.as_str(), "yaml" | "yml" | "json"))
}

fn collect(node: &Node, keys: &[&str], is_secret: bool, into: &mut Vec<Span>) {
    match &node.value {
        Value::Null => {}
        Value::Scalar { .. } if is_secret => into.push(node.span),
        Value::Scalar { .. } => {}
        Value::List(items) => items.iter().for_each(|item| collect(item, keys, is_secret, into)),
        Value::Map(entries) => {
            for entry in entries {
                collect(&entry.node, keys, is_secret || keys.contains(&entry.key.as_str()), into);
            }
        }
    }
}

/// The rest of each line that has a colon; all of a line that has none may go on with a secret.
fn behind_colons(text: &str) -> Vec<Span> {
    let mut start = 0;
    let lines = text.split_inclusive('\n').map(|line| {
        let begin = start;
        start += line.len();
        let colon = line.find(':').map_or(0, |colon| colon + 1);
        Span::new(begin + colon, begin + line.len())
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, text: &str, keys: &[&str]) -> String {
        let source = Source::new(name, text);
        let mut diagnostics = [Diagnostic::error("x", "y").at(&source, Span::at(0))];
        mask(&mut diagnostics, keys);
        diagnostics[0].labels[0].source.text().to_owned()
    }

    #[test]
    fn what_stands_under_a_secret_key_is_stars() {
        let keys = &["namedValues", "password"];
        for (text, wanted) in [
            ("a: b\nnamedValues: { k: s3cret, l: \"ü\" }\n", "a: b\nnamedValues: { k: ******, l: **** }\n"),
            ("x: [{ password: abc, url: u }]\n", "x: [{ password: ***, url: u }]\n"),
            ("password: |\n  one\n  two\nb: c\n", "password: |\n  ***\n*****\nb: c\n"),
            ("{\"password\":\"abc\",\"n\":1}", "{\"password\":*****,\"n\":1}"),
            ("a: b\n", "a: b\n"),
            // With a fault of syntax nobody knows where a value ends.
            ("a: [b\npassword: abc\n", "a:***\npassword:****\n"),
            ("a: [b\n", "a: [b\n"),
        ] {
            assert_eq!(shown("f.yaml", text, keys), wanted, "{text:?}");
        }
        assert_eq!(shown("values.yaml", "k: v\n", &[]), "k: *\n");
        assert_eq!(shown("policy.xml", "<a password=\"b: c\">", keys), "<a password=\"b: c\">");
    }
}
