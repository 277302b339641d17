//! What is printed, in both formats, and that it reads back as the same.

use super::{read, root_code, source, well_formed};
use crate::xml::{Attribute, Comment, Document, Element, ExpressionKind, Format, Node, Value, parse, write};

const DOCUMENTS: &[&str] = &[
    "<a/>",
    "<?xml version=\"1.0\"?>\n<!-- x -->\n<a/>\n<!-- y -->",
    "<a b='c' d=\"it's &quot;e&quot;\">x &amp; y &lt; z &gt; ]]&gt; \"q\" 'r'</a>",
    "<a>\n  <b/> <c> </c>\n<![CDATA[ <d> & ]]>e</a>",
    "<a b=\"@(v[\"x\"] < 1 && y)\" c='@(v[\"x\"] == 'q')'/>",
    "<a b=\"@(v[&quot;x&quot;] &lt; 1 &amp;&amp; y)\" c='@(\"&apos;\")'/>",
    "<a>@(b.As<JObject>()[\"c\"])</a>",
    "<a>\n @{ // it's\n\treturn \"&lt;\" + (a < b); }\r\n</a>",
    "<a b=\"@{ // it's\n\treturn \"x\"; }\"/>",
    "<a>@(\"&amp;lt;\")</a>",
    "<a>@(\"&amp;amp;lt;\")</a>",
    "<a b=\"@(&quot;&amp;lt;&quot;)\"/>",
    "<a b=\"Hello @(v[\"x\"]) and @{ return \"<\"; } &amp; more\">Call @(b < c) &lt; @(d)</a>",
    "<a b='&#10;x&#13;&#9;y\nz'>&#13;\n&#13;&#10;&#64;(q) user@(r)</a>",
    "<a>&#64;{ x</a>",
    "<a b='&#64;( c'>@{{name}} {{other}}</a>",
    "<a><!-- b & < > ' \" - --><?c d e?><b:f xmlns:b='urn:x'/></a>",
    "<a>@(@\"c:\\\" + $@\"{d[\"e\"]}\" + 'f)')</a>",
    "<a>@(\"&quot;)\" + x)</a>",
    "<a b=\"@{ v[\"x\"]; // y\n }  z;\n }\"/>",
    "<a>@{ // it's\n return \"&lt;\"; }</a><!--'-->",
];

#[test]
fn printing_keeps_the_content_in_both_formats() {
    for text in DOCUMENTS {
        let document = read(text);
        for format in [Format::Xml, Format::RawXml] {
            let printed = write(&document, format);
            assert!(read(&printed).same_content(&document), "{format:?}\n{text}\n{printed}");
            assert_eq!(write(&read(&printed), format), printed, "printing again changes nothing");
        }
        let xml = write(&document, Format::Xml);
        assert_eq!(well_formed(&xml), Ok(()), "{text}\n{xml}");
        assert!(read(&xml).is_well_formed(), "{xml}");
        assert!(read(&write(&read(&xml), Format::RawXml)).same_content(&document), "there and back: {text}");
    }
}

#[test]
fn each_format_looks_as_it_should() {
    let table = [
        (
            "<a b=\"@(v[\"x\"] < 1 && y => z)\"/>",
            "<a b=\"@(v[&quot;x&quot;] &lt; 1 &amp;&amp; y =&gt; z)\" />",
            "<a b=\"@(v[\"x\"] < 1 && y => z)\" />",
        ),
        ("<a b='@(v[\"x\"])'/>", "<a b=\"@(v[&quot;x&quot;])\" />", "<a b='@(v[\"x\"])' />"),
        ("<a>@(b.As<c>() + \"d\")</a>", "<a>@(b.As&lt;c&gt;() + \"d\")</a>", "<a>@(b.As<c>() + \"d\")</a>"),
        ("<a b=\"@{ // c\nreturn 1; }\"></a>", "<a b=\"@{ // c&#xA;return 1; }\" />", "<a b=\"@{ // c\nreturn 1; }\" />"),
        ("<a b='&lt;&quot;&apos;'>&gt;&amp;\"</a>", "<a b=\"&lt;&quot;'\">&gt;&amp;\"</a>", "<a b='&lt;\"&apos;'>>&amp;\"</a>"),
        ("<a>@(\"&amp;lt;\")</a>", "<a>@(\"&amp;lt;\")</a>", "<a>@(\"&amp;lt;\")</a>"),
        ("<a b='x\n&#10;'/>", "<a b=\"x\n&#xA;\" />", "<a b='x\n&#xA;' />"),
    ];
    for (text, xml, raw) in table {
        let document = read(text);
        assert_eq!(write(&document, Format::Xml), xml);
        assert_eq!(write(&document, Format::RawXml), raw);
    }
}

#[test]
fn trees_made_by_hand_are_printed_and_read_back() {
    let mut root = Element::new("policies");
    let mut variable = Element::new("set-variable");
    variable.attributes.push(Attribute::new("name", Value::literal("a\n\"<&>'@(b)")));
    variable.attributes.push(Attribute::new("value", Value::expression(ExpressionKind::Single, "v[\"x\"] < 1 && \"&lt;\" == y")));
    root.children.push(Node::Element(variable));
    root.children.push(Node::Text(Value::literal("@")));
    root.children.push(Node::Text(Value::literal("(no expression) ]]> \r")));
    let document = Document { source: source(""), prolog: Vec::new(), root, epilog: Vec::new() };
    for format in [Format::Xml, Format::RawXml] {
        let printed = write(&document, format);
        assert!(read(&printed).same_content(&document), "{printed}");
    }
}

#[test]
fn what_no_document_can_hold_is_printed_as_near_as_may_be() {
    let mut root = Element::new("a");
    let span = crate::source::Span::default();
    root.children.push(Node::Comment(Comment { text: "-a--b---".to_owned(), span }));
    root.children.push(Node::CData(crate::xml::CData { value: Value::literal("x]]>y"), span }));
    let instruction = crate::xml::ProcessingInstruction { target: "p".to_owned(), content: "q?>r".to_owned(), span };
    root.children.push(Node::ProcessingInstruction(instruction));
    let document = Document { source: source(""), prolog: Vec::new(), root, epilog: Vec::new() };
    let printed = write(&document, Format::Xml);
    assert_eq!(printed, "<a><!---a- -b- - - --><![CDATA[x]]]]><![CDATA[>y]]><?p q? >r?></a>");
    assert!(parse(&source(&printed)).is_ok());
}

#[test]
fn escaped_code_survives_an_xml_reader_with_its_lines() {
    use quick_xml::{Reader, XmlVersion, events::Event};
    let text = "<a b=\"@{ // first\n\treturn \"x\" + 1; }\"/>";
    let printed = write(&read(text), Format::Xml);
    let mut reader = Reader::from_str(&printed);
    let Ok(Event::Empty(tag)) = reader.read_event() else { panic!("no element") };
    let value = tag.try_get_attribute("b").ok().flatten().and_then(|b| b.normalized_value(XmlVersion::Implicit1_0).ok().map(String::from));
    assert_eq!(value.as_deref(), Some("@{ // first\n\treturn \"x\" + 1; }"));
    assert_eq!(root_code(&printed.replace("b=", "a=")), " // first\n\treturn \"x\" + 1; ");
}
