//! Every fault with its code and the text that it underlines, and the limits.

use super::source;
use crate::{
    diagnostic::Diagnostic,
    xml::{Format, MAX_DEPTH, format, parse, write},
};

fn faults(text: &str) -> Vec<Diagnostic> {
    parse(&source(text)).err().unwrap_or_default()
}

/// The codes, each with what its labels underline.
fn said(text: &str) -> Vec<(&'static str, Vec<String>)> {
    let underlined = |fault: &Diagnostic| fault.labels.iter().map(|label| label.source.slice(label.span).to_owned()).collect();
    faults(text).iter().map(|fault| (fault.code, underlined(fault))).collect()
}

#[test]
fn each_fault_has_its_code_and_place() {
    let table: &[(&str, &str, &[&str])] = &[
        ("", "xml/empty", &[""]),
        (" \n<!-- a -->", "xml/empty", &[""]),
        ("<a>\n  <b>\n</a>", "xml/mismatched-end-tag", &["</a>", "<b>"]),
        ("<a><b></c></a>", "xml/mismatched-end-tag", &["</c>", "<b>"]),
        ("<a></A>", "xml/mismatched-end-tag", &["</A>", "<a>"]),
        ("<a/></a>", "xml/unexpected-end-tag", &["</a>"]),
        ("<a></a b='c'>", "xml/invalid-end-tag", &["</a b='c'>"]),
        ("<a></ a>", "xml/invalid-end-tag", &["</ a>"]),
        ("<a b='c'>", "xml/unclosed-element", &["<a b='c'>"]),
        ("<a b='1' c='2' b='3'/>", "xml/duplicate-attribute", &["b", "b"]),
        ("<a>x &nbsp; y</a>", "xml/unknown-entity", &["&nbsp;"]),
        ("<a b='&foo;'/>", "xml/unknown-entity", &["&foo;"]),
        ("<a>&#0;</a>", "xml/invalid-character-reference", &["&#0;"]),
        ("<a>&#xD800;</a>", "xml/invalid-character-reference", &["&#xD800;"]),
        ("<a>a & b</a>", "xml/lone-ampersand", &["&"]),
        ("<a b='https://x?y=1&z=2'/>", "xml/lone-ampersand", &["&"]),
        ("<a b='x < y'/>", "xml/lone-less-than", &["<"]),
        ("<a/> text ", "xml/text-outside-root", &["text"]),
        ("text <a/>", "xml/text-outside-root", &["text"]),
        ("<a/><![CDATA[x]]>", "xml/text-outside-root", &["<![CDATA[x]]>"]),
        ("<a></a>\n<b c='d'/>", "xml/several-roots", &["<b", "<a>"]),
        ("<1a/>", "xml/invalid-name", &["1a"]),
        ("<a 1b='c'/>", "xml/invalid-name", &["1b"]),
        ("<a>1 < 2</a>", "xml/unclosed-element", &["<a>"]),
        ("<a><></a>", "xml/invalid-name", &["<"]),
        ("<a b/>", "xml/missing-attribute-value", &["b"]),
        ("<a b c='d'/>", "xml/missing-attribute-value", &["b"]),
        ("<a b= />", "xml/missing-attribute-value", &["="]),
        ("<a b=c />", "xml/unquoted-value", &["c"]),
        ("<a b=@(v[\"x\"] > 1) />", "xml/unquoted-value", &["@(v[\"x\"] > 1)"]),
        ("<a b='c'd='e'/>", "xml/missing-space", &["d"]),
        ("<a b=\"say \"hi\" now\"/>", "xml/missing-space", &["hi\""]),
        ("<a b='c/>\n", "xml/unclosed-quote", &["<a b='c/>"]),
        ("<a b", "xml/unclosed-tag", &["<a b"]),
        ("<a><!-- b\n</a>", "xml/unclosed-comment", &["<!-- b"]),
        ("<a><![CDATA[ b </a>", "xml/unclosed-cdata", &["<![CDATA[ b </a>"]),
        ("<a><?b </a>", "xml/unclosed-instruction", &["<?b </a>"]),
        ("<a><!b></a>", "xml/invalid-markup", &["<!b></a>"]),
        ("<a><![cdata[b]]></a>", "xml/invalid-markup", &["<![cdata[b]]></a>"]),
        ("<a><!-- b -- c --></a>", "xml/comment-hyphens", &["--"]),
        ("<a><!-- b ---></a>", "xml/comment-hyphens", &["--"]),
        ("<a>\u{1b}</a>", "xml/control-character", &["\u{1b}"]),
        ("<a>@(\"\u{0}\")</a>", "xml/control-character", &["\u{0}"]),
        ("<a>\u{FFFE}</a>", "xml/control-character", &["\u{FFFE}"]),
        (" <?xml version='1.0'?><a/>", "xml/misplaced-declaration", &["<?xml version='1.0'?>"]),
        ("<a><?XML b?></a>", "xml/misplaced-declaration", &["<?XML b?>"]),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "xml/doctype", &["<!DOCTYPE a "]),
        ("<a b=\"@(c(\" />", "xml/unclosed-expression", &["@("]),
        ("<a>@{ return 1; </a>", "xml/unclosed-expression", &["@{"]),
        ("<a>@(\"b)</a>\n<c/>", "xml/unclosed-expression", &["@("]),
        ("<a b=\"@(c // d)\" />\n</a>", "xml/unclosed-expression", &["@("]),
        ("<a b=\"@(c(&quot;d)\" e=\"@(1)\"/>", "xml/unclosed-expression", &["@("]),
    ];
    for (text, code, underlined) in table {
        let said = said(text);
        assert!(said.iter().any(|(found, labels)| found == code && labels == underlined), "{text}\n{code} {underlined:?} not in {said:?}");
    }
}

#[test]
fn messages_keep_to_the_style() {
    let all = [
        "",
        "<a><b></a>",
        "<a/></a>",
        "<a>",
        "<a b='1' b='2'/>",
        "<a>&x;&#0;& </a>",
        "<a b='<'/>",
        "a<b/>c<d/>",
        "<1/>",
        "<a b/>",
        "<a b=c/>",
        "<a b=''c=''/>",
        "<a b='",
        "<a",
        "<!--",
        "<a><![CDATA[",
        "<?a",
        "<!a>",
        "<a>\u{1}</a>",
        "<!-- -- --><a/>",
        " <?xml?><a/>",
        "<!DOCTYPE a>",
        "<a>@(</a>",
        "<a>@{</a>",
    ];
    for fault in all.iter().flat_map(|text| faults(text)) {
        assert!(fault.code.starts_with("xml/"), "{}", fault.code);
        let first = fault.message.chars().next().unwrap_or('A');
        assert!(!first.is_uppercase() || first == 'X' || fault.message.starts_with("XML"), "{}", fault.message);
        assert!(!fault.message.ends_with('.') && !fault.message.contains('\n'), "{}", fault.message);
        assert!(fault.help.is_some() && !fault.labels.is_empty(), "{}", fault.code);
    }
}

#[test]
fn several_faults_are_found_in_one_go_and_sorted() {
    let text = "<a b='1' b='2'>&x;<c></d>&</a><e/>";
    let codes: Vec<_> = faults(text).iter().map(|fault| fault.code).collect();
    let expected = ["xml/duplicate-attribute", "xml/unknown-entity", "xml/mismatched-end-tag", "xml/lone-ampersand", "xml/several-roots"];
    assert_eq!(codes, expected);
    let unclosed: Vec<_> = said("<a b=\"@(c(\" /><d>@{</d><e>@(1)</e><f>@((</f>").into_iter().map(|(_, labels)| labels).collect();
    assert_eq!(unclosed, [["@("], ["@{"], ["@("]]);
}

#[test]
fn long_lists_of_one_fault_are_cut() {
    assert_eq!(faults(&format!("<a>{}</a>", "&".repeat(1_000))).len(), 20);
    assert_eq!(faults(&format!("<a>{}</a>", "<b>@(</b>".repeat(1_000))).len(), 16);
}

#[test]
fn deep_documents_are_refused_and_the_deepest_allowed_is_read() {
    let deep = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let deepest = super::read(&deep(MAX_DEPTH));
    for wanted in [Format::Xml, Format::RawXml] {
        assert!(super::read(&write(&deepest, wanted)).same_content(&deepest));
        assert!(format(&deepest, wanted).lines().count() > MAX_DEPTH);
    }
    for depth in [MAX_DEPTH + 1, 10_000, 500_000] {
        let said = said(&deep(depth));
        assert_eq!(said, [("xml/too-deep", vec!["<a".to_owned()])]);
    }
    assert_eq!(said(&"<a>".repeat(10_000)), [("xml/too-deep", vec!["<a".to_owned()])]);
}

#[test]
fn large_documents_are_refused_at_once() {
    let text = format!("<a>{}</a>", "x".repeat(50 << 20));
    let source = source(&text);
    let codes: Vec<_> = parse(&source).err().unwrap_or_default().iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["xml/too-large"]);
}

#[test]
fn hostile_documents_within_the_limits_end_soon() {
    let size = 512 << 10;
    let fill = |piece: &str| piece.repeat(size / piece.len());
    let documents = [
        format!("<a>{}</a>", fill("@(")),
        format!("<a>x {}</a>", fill(" @(")),
        format!("<a>x {}</a>", fill(" @(\"&quot;")),
        format!("<a>{}</a>", fill("@(\"&quot;\")  ")),
        format!("<a>@({}{})</a>", "(".repeat(size / 2), "]".repeat(size / 2)),
        format!("<a>@({}</a>", fill("'")),
        format!("<a>@({}</a>", fill("$\"{")),
        format!("<a>{}</a>", fill("<b c=\"@(\"/>")),
        format!("<a {}/>", fill("b='' ")),
        format!("<a {}/>", (0..size / 12).map(|at| format!("b{at}='' ")).collect::<String>()),
        format!("<a>{}</a>", fill("&")),
        format!("<a>{}</a>", fill("&amp;")),
        format!("<a>{}</a>", fill("</b>")),
        format!("<a>{}</a>", fill("<b>")),
        format!("<a>{}</a>", fill("<!--")),
        format!("<a>{}</a>", fill("<![CDATA[ @( ]]>")),
        format!("<a><![CDATA[{}]]></a>", fill(" @(")),
        fill("<a/>"),
        fill("\u{FEFF}"),
        fill("\u{1}"),
    ];
    for document in &documents {
        let outcome = parse(&source(document)).map(drop).map_err(|faults| faults.len());
        assert!(outcome.is_ok() || outcome.is_err_and(|count| count <= 100));
    }
}
