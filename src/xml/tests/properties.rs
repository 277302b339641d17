//! What holds for any document: printing and reading are inverse, formatting settles at once, nothing panics.

use proptest::prelude::*;

use super::{source, well_formed};
use crate::{
    source::Span,
    xml::{Attribute, Comment, Document, Element, ExpressionKind, Format, Node, Quote, Value, format, parse, write},
};

/// Pieces of C# whose brackets balance and whose strings close.
const CODE: &[&str] = &[
    "a",
    " < b",
    " && ",
    "\"x\"",
    "\")\"",
    "\"\\\"\"",
    "@\"c:\\\"",
    "@\"\"\"\"",
    "$\"{d[\"e\"]}\"",
    "$@\"{f}\"\"\"",
    "'\"'",
    "')'",
    "'\\''",
    "/* ( \" */",
    "// } '\n",
    "\n    ",
    "\r\n\t",
    "(g)",
    "[h]",
    "{ i; }",
    "As<j>()",
    "\"&lt;\"",
    "\"&quot;\"",
    "&#10;",
    "{{name}}",
    "é",
    "=> ",
    "@\"two\n lines\"",
    "]]>",
    "'Retry-After'",
];

const TEXT: &[&str] = &[
    "x", " ", "\n  ", "\t", "&", "<", ">", "\"", "'", "]]>", "@", "@(", "@{", ")", "}", "&lt;", "é", "😀", "{{n}}", "\r", "\r\n", "me@x",
    "@(y)", "--",
];

fn pieces(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(pieces), 0..most).prop_map(|chosen| chosen.concat())
}

/// Pieces of code with a blank between them, so that no two strings become one.
fn code() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(CODE), 0..8).prop_map(|chosen| chosen.join(" "))
}

fn value() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![Just(ExpressionKind::Single), Just(ExpressionKind::Block)];
    prop_oneof![pieces(TEXT, 6).prop_map(Value::literal), (kind, code()).prop_map(|(kind, code)| Value::expression(kind, &code)),]
}

fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let attribute = |name: &'static str| {
        let quote = prop_oneof![Just(Quote::Double), Just(Quote::Single)];
        prop::option::of((value(), quote).prop_map(move |(value, quote)| Attribute { quote, ..Attribute::new(name, value) }))
    };
    (attribute("id"), attribute("a-b"), attribute("x:y")).prop_map(|(a, b, c)| [a, b, c].into_iter().flatten().collect())
}

fn element() -> impl Strategy<Value = Element> {
    let named = |attributes, children| Element { attributes, children, ..Element::new("set-x") };
    let leaf = attributes().prop_map(move |attributes| named(attributes, Vec::new()));
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let comment = pieces(&["a", " ", "\n ", "<", "&", "@(", "é"], 5);
        let node = prop_oneof![
            inner.prop_map(Node::Element),
            value().prop_map(Node::Text),
            comment.prop_map(|text| Node::Comment(Comment { text, span: Span::default() })),
        ];
        (attributes(), prop::collection::vec(node, 0..4)).prop_map(move |(attributes, children)| named(attributes, separated(children)))
    })
}

/// No two texts in a row: together they could be another expression.
fn separated(nodes: Vec<Node>) -> Vec<Node> {
    let mut out: Vec<Node> = Vec::new();
    for node in nodes {
        if !matches!((out.last(), &node), (Some(Node::Text(_)), Node::Text(_))) {
            out.push(node);
        }
    }
    out
}

fn document() -> impl Strategy<Value = Document> {
    element().prop_map(|root| Document { source: source(""), prolog: Vec::new(), root, epilog: Vec::new() })
}

/// All that formatting must keep: values without white space where they are code, text as it is, comments without white space.
fn kept(element: &Element, out: &mut String) {
    let squeezed = |text: &str| text.replace(char::is_whitespace, "");
    let said = |value: &Value| match value.as_expression() {
        Some(_) => squeezed(&value.decoded),
        None => value.normalized(false).into_owned(),
    };
    out.push_str(&format!("<{}", element.name));
    for attribute in &element.attributes {
        out.push_str(&format!(" {}={:?}", attribute.name, said(&attribute.value)));
    }
    for child in &element.children {
        match child {
            Node::Element(element) => kept(element, out),
            Node::Text(value) if value.is_blank() => {}
            Node::Text(value) => out.push_str(&said(value)),
            Node::CData(cdata) => out.push_str(&said(&cdata.value)),
            Node::Comment(comment) => out.push_str(&squeezed(&comment.text)),
            Node::ProcessingInstruction(instruction) => out.push_str(&instruction.content),
        }
    }
    out.push('>');
}

/// Formats twice and compares.
fn formats(document: &Document, wanted: Format) -> Result<(), TestCaseError> {
    let once = format(document, wanted);
    let again = match parse(&source(&once)) {
        Ok(again) => again,
        Err(faults) => return Err(TestCaseError::fail(format!("{}\n{once}", faults[0].message))),
    };
    prop_assert_eq!(&format(&again, wanted), &once);
    let (mut before, mut after) = (String::new(), String::new());
    kept(&document.root, &mut before);
    kept(&again.root, &mut after);
    prop_assert_eq!(before, after, "{}", once);
    Ok(())
}

const MARKUP: &[&str] = &[
    "<",
    ">",
    "/>",
    "</",
    "<a",
    "</a>",
    "<a>",
    " b=",
    "\"",
    "'",
    "@(",
    "@{",
    ")",
    "}",
    "]",
    "&quot;",
    "&lt;",
    "&",
    ";",
    "&#10;",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "<!DOCTYPE",
    "$\"",
    "@\"",
    "\\",
    "//",
    "/*",
    "*/",
    "\n",
    " ",
    "=",
    "é",
    "\u{FEFF}",
    "x",
    "{{n}}",
    "<?xml version='1.0'?>",
];

const SEED: &str = "<!-- c --><policies><inbound><set-variable name='a' value=\"@(v[\"x\"] < 1 && $\"{y[\"z\"]}\" == 'q')\" />\n\
    <set-body>@{ // it's\n return \"&lt;\" + @\"\"\"\"; }</set-body><![CDATA[ @(d) ]]>&amp;é</inbound></policies>";

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printing_and_reading_are_inverse(document in document()) {
        for wanted in [Format::Xml, Format::RawXml] {
            let printed = write(&document, wanted);
            match parse(&source(&printed)) {
                Ok(read) => prop_assert!(read.same_content(&document), "{:?}\n{}\n{:#?}", wanted, printed, read.root),
                Err(faults) => return Err(TestCaseError::fail(format!("{} in\n{printed}", faults[0].message))),
            }
            if wanted == Format::Xml {
                prop_assert_eq!(well_formed(&printed), Ok(()), "{}", printed);
            }
        }
    }

    #[test]
    fn formatting_settles_at_once(document in document()) {
        for wanted in [Format::Xml, Format::RawXml] {
            let made_by_hand = format(&document, wanted);
            match parse(&source(&made_by_hand)) {
                Ok(read) => prop_assert_eq!(format(&read, wanted), made_by_hand),
                Err(faults) => return Err(TestCaseError::fail(format!("{} in\n{made_by_hand}", faults[0].message))),
            }
            // As read from a text, where blanks are what a document can hold.
            if let Ok(read) = parse(&source(&write(&document, wanted))) {
                formats(&read, wanted)?;
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = parse(&source(&text));
    }

    #[test]
    fn any_markup_is_read_or_refused(text in pieces(MARKUP, 24)) {
        if let Ok(document) = parse(&source(&format!("<r>{text}</r>"))) {
            for wanted in [Format::Xml, Format::RawXml] {
                let printed = write(&document, wanted);
                let read = parse(&source(&printed)).map_err(|faults| TestCaseError::fail(format!("{} in\n{printed}", faults[0].message)))?;
                prop_assert!(read.same_content(&document), "{:?}\n{}", wanted, printed);
                formats(&document, wanted)?;
            }
        }
        let _ = parse(&source(&text));
    }

    #[test]
    fn damaged_documents_are_read_or_refused(cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..3_usize, prop::sample::select(MARKUP)), 1..4)) {
        let mut chars: Vec<char> = SEED.chars().collect();
        for (at, removed, inserted) in cuts {
            let start = at.index(chars.len());
            let end = (start + removed).min(chars.len());
            chars.splice(start..end, inserted.chars());
        }
        let text: String = chars.into_iter().collect();
        match parse(&source(&text)) {
            Ok(document) => for wanted in [Format::Xml, Format::RawXml] { formats(&document, wanted)?; },
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                for label in faults.iter().flat_map(|fault| &fault.labels) {
                    prop_assert!(text.get(label.span.range()).is_some(), "a label that lies in the text");
                }
            }
        }
    }
}
