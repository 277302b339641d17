//! What is read from raw and from escaped documents.

use super::{code, first_text, read, root_code, source};
use crate::{
    source::Span,
    xml::{Document, ExpressionKind, Form, Format, Node, Quote, Value, Written, parse},
};

/// Raw text, and the code that is found in it.
const RAW: &[(&str, &str)] = &[
    (r#"<x a="@(1 + 1)"/>"#, "1 + 1"),
    (r#"<x a="@(context.Variables["a"] == "b")"/>"#, r#"context.Variables["a"] == "b""#),
    (r#"<x a="@(a < b && c > d)"/>"#, "a < b && c > d"),
    (r#"<x a='@(v["a"] == "b")'/>"#, r#"v["a"] == "b""#),
    (r#"<x a='@(v['a'] == "b")'/>"#, r#"v['a'] == "b""#),
    (r#"<x>@(b.As<JObject>()["a"])</x>"#, r#"b.As<JObject>()["a"]"#),
    (r#"<x>@(d.ToDictionary<KeyValuePair<string, List<int>>>(x => x))</x>"#, "d.ToDictionary<KeyValuePair<string, List<int>>>(x => x)"),
    ("<x>\n  @{\n    return a < b;\n  }\n</x>", "\n    return a < b;\n  "),
    (r#"<x a="@($"{x["a"]}")"/>"#, r#"$"{x["a"]}""#),
    (r#"<x a="@($"{{)" + $"{a}}}{(b ? "}" : ")")}")"/>"#, r#"$"{{)" + $"{a}}}{(b ? "}" : ")")}""#),
    (r#"<x a="@($@"c:\{a}""){b}")"/>"#, r#"$@"c:\{a}""){b}""#),
    (r#"<x a="@(@$"c:\{a}"")")"/>"#, r#"@$"c:\{a}"")""#),
    (r#"<x a="@(@"c:\")"/>"#, r#"@"c:\""#),
    (r#"<x a="@(@"say ""hi"" )" + b)"/>"#, r#"@"say ""hi"" )" + b"#),
    (r#"<x a="@("\")\\" + a)"/>"#, r#""\")\\" + a"#),
    (
        r#"<x>@{ return c == '"' || c == '}' || c == ')' || c == '\'' || c == '\\'; }</x>"#,
        r#" return c == '"' || c == '}' || c == ')' || c == '\'' || c == '\\'; "#,
    ),
    (r#"<x a="@(h.ContainsKey('Retry-After)'))"/>"#, "h.ContainsKey('Retry-After)')"),
    ("<x>@{ // it's \"not ) closed }\n return 1; }</x>", " // it's \"not ) closed }\n return 1; "),
    ("<x>@{ /* ) } \" ' // */ return 1; }</x>", " /* ) } \" ' // */ return 1; "),
    ("<x a=\"@{ // a \"\n return \"b\"; }\" b=\"c\"/>", " // a \"\n return \"b\"; "),
    (r#"<x>@("<!-- no comment -->" + "<![CDATA[")</x>"#, r#""<!-- no comment -->" + "<![CDATA[""#),
    (r#"<x>@("</x>" + "<y/>")</x>"#, r#""</x>" + "<y/>""#),
    (r#"<x a="@("https://a" + b /* c */)"/>"#, r#""https://a" + b /* c */"#),
    (r#"<x a="@({{limit}} > 1 ? "{{name}}" : @"{{a}}")"/>"#, r#"{{limit}} > 1 ? "{{name}}" : @"{{a}}""#),
    (r#"<x><![CDATA[@{ return "<a>" + b && c; }]]></x>"#, r#" return "<a>" + b && c; "#),
    (r#"<x a="@("å\"")"/>"#, r#""å\"""#),
    (r#"<x a="@(a[b)"/>"#, "a[b"),
    (r#"<x a="@(a.Replace("<", "&lt;"))"/>"#, r#"a.Replace("<", "&lt;")"#),
    (r#"<x>@(a.Replace("&lt;", "x") && b)</x>"#, r#"a.Replace("&lt;", "x") && b"#),
];

#[test]
fn raw_expressions_are_taken_as_they_stand() {
    for (text, expected) in RAW {
        assert_eq!(root_code(text), *expected, "{text}");
    }
}

/// Well-formed text, and the code that it stands for.
const ESCAPED: &[(&str, &str)] = &[
    (r#"<x a="@(v[&quot;a&quot;] == &#34;b&#x22;)"/>"#, r#"v["a"] == "b""#),
    (r#"<x a="@(a &lt; b &amp;&amp; c &gt; d)"/>"#, "a < b && c > d"),
    (r#"<x a='@(v["a"] == &apos;b&apos; &amp;&amp; c)'/>"#, r#"v["a"] == 'b' && c"#),
    (r#"<x>@(b.As&lt;JObject&gt;()["a)"])</x>"#, r#"b.As<JObject>()["a)"]"#),
    (r#"<x a="@(&quot;)\&quot;)&quot; + a)"/>"#, r#"")\")" + a"#),
    (r#"<x a="@($&quot;{x[&quot;)&quot;]}&quot;)"/>"#, r#"$"{x[")"]}""#),
    (r#"<x a="@(@&quot;c:\&quot; + &quot;)&quot;)"/>"#, r#"@"c:\" + ")""#),
    (r#"<x a="@(&quot;&amp;quot;)&quot;)"/>"#, r#""&quot;)""#),
    (r#"<x a="@{ // it's&#xA; return &quot;}&quot;; }"/>"#, " // it's\n return \"}\"; "),
    (r#"<x>@("&amp;lt;")</x>"#, r#""&lt;""#),
    (r#"<x a="@(a&#41;"/>"#, "a"),
];

#[test]
fn escaped_expressions_are_resolved() {
    for (text, expected) in ESCAPED {
        assert_eq!(root_code(text), *expected, "{text}");
        let document = read(text);
        assert_eq!(document.format(), Format::Xml, "{text}");
        assert!(document.is_well_formed(), "{text}");
    }
}

#[test]
fn how_each_expression_was_written_is_remembered() {
    let document = read(r#"<x a="@(1)" b="@(&quot;&quot;)" c="@("")" d='@("")'/>"#);
    let written: Vec<_> = document.root.attributes.iter().flat_map(|a| a.value.expressions()).map(|e| e.written).collect();
    assert_eq!(written, [Written::Plain, Written::Escaped, Written::Raw, Written::Plain]);
    assert!(!document.is_well_formed());
    assert_eq!(document.format(), Format::RawXml);
    assert_eq!(document.root.attribute("d").map(|a| a.quote), Some(Quote::Single));
}

fn form(value: &Value) -> &'static str {
    match value.form {
        Form::Literal => "literal",
        Form::Expression(_) => "expression",
        Form::Mixed(_) => "mixed",
    }
}

#[test]
fn expressions_are_told_from_text_that_only_looks_like_them() {
    let table = [
        ("<x>me@example.com</x>", "literal"),
        ("<x>user@(at)example.com</x>", "literal"),
        ("<x>user@(</x>", "literal"),
        ("<x>an @( in text</x>", "literal"),
        ("<x>@</x>", "literal"),
        ("<x>@ (a)</x>", "literal"),
        ("<x>@{{domain}}</x>", "literal"),
        ("<x>{{name}}</x>", "literal"),
        ("<x>&#64;(a)</x>", "literal"),
        ("<x>@{{ return 1; }}</x>", "expression"),
        ("<x>@(a)</x>", "expression"),
        ("<x>\n\t@(a) \r\n</x>", "expression"),
        ("<x>Call to @(context.Api[\"a\"]) and @{ return \"<b>\"; }.</x>", "mixed"),
        ("<x>@(a) world</x>", "mixed"),
        ("<x>@(a)@(b)</x>", "mixed"),
        ("<x>https://host/@(a)</x>", "mixed"),
    ];
    for (text, expected) in table {
        assert_eq!(form(&first_text(&read(text).root)), expected, "{text}");
    }
    let document = read(r#"<x a="user@(" b="Hello @(v["a"]) and @(v["b"])!" c="@(v["c"])"/>"#);
    assert_eq!(document.root.attributes.iter().map(|a| form(&a.value)).collect::<Vec<_>>(), ["literal", "mixed", "expression"]);
}

#[test]
fn nothing_is_an_expression_in_comments_and_instructions() {
    let document = read("<?pi @( ?><!-- @( \" --><x><!-- @{ --><?pi @( ?>@(a)<![CDATA[ @( ]]></x>");
    assert_eq!(document.root.children.len(), 4);
    assert_eq!(first_text(&document.root).decoded, "@(a) @(");
}

#[test]
fn where_both_readings_are_possible_the_one_that_fills_the_value_wins() {
    assert_eq!(root_code(r#"<x>@("&quot;)" + x)</x>"#), r#""&quot;)" + x"#, "raw: escaped it would end behind the first bracket");
    assert_eq!(root_code(r#"<x>@("a&quot; + b)</x>"#), r#""a" + b"#, "well-formed XML, and a balanced string only when resolved");
}

#[test]
fn kinds_and_places_of_expressions() {
    let text = "<x>\n @{ return &lt;b; }\n</x>";
    let document = read(text);
    let value = first_text(&document.root);
    let expression = *value.as_expression().expect("an expression");
    assert_eq!(expression.kind, ExpressionKind::Block);
    assert_eq!(document.source.slice(expression.span), "@{ return &lt;b; }");
    assert_eq!(document.source.slice(expression.code_span), " return &lt;b; ");
    assert_eq!(value.code(&expression), " return <b; ");
    assert_eq!(document.source.slice(value.span), "@{ return &lt;b; }");
    let place = |start, end| document.source.slice(value.place(Span::new(start, end)));
    assert_eq!(place(10, 11), "&lt;");
    assert_eq!(place(10, 12), "&lt;b");
    assert_eq!(place(3, 9), "return");
    assert_eq!(place(3, 14), "return &lt;b; ");
    assert_eq!(value.code_places(&expression), [(0, 7), (8, 15), (9, 19)]);
}

#[test]
fn places_lead_through_references_at_both_ends_and_over_comments() {
    let document = read("<x>&lt;a&amp;<!-- c -->b&gt;</x>");
    let value = first_text(&document.root);
    assert_eq!(value.decoded, "<a&b>");
    let place = |start, end| document.source.slice(value.place(Span::new(start, end)));
    assert_eq!([place(0, 1), place(1, 2), place(2, 3), place(3, 4), place(4, 5)], ["&lt;", "a", "&amp;", "b", "&gt;"]);
    assert_eq!(place(0, 5), "&lt;a&amp;<!-- c -->b&gt;");
}

#[test]
fn tree_spans_cover_what_they_name() {
    let text = "<!-- é -->\r\n<policies>\r\n  <when  condition = '@(a)' id=\"\" >t</when ><base/></policies>\n";
    let document = read(text);
    let slice = |span| document.source.slice(span);
    let when = document.root.element("when").expect("when");
    assert_eq!(slice(when.span), "<when  condition = '@(a)' id=\"\" >t</when >");
    assert_eq!(slice(when.open_span), "<when  condition = '@(a)' id=\"\" >");
    assert_eq!(slice(when.name_span), "when");
    let [condition, id] = when.attributes.as_slice() else { panic!("two attributes") };
    assert_eq!(
        [slice(condition.span), slice(condition.name_span), slice(condition.value.span)],
        ["condition = '@(a)'", "condition", "@(a)"]
    );
    assert_eq!([slice(id.span), slice(id.value.span)], ["id=\"\"", ""]);
    let base = document.root.element("base").expect("base");
    assert!(base.self_closing && !when.self_closing);
    assert_eq!([slice(base.span), slice(base.open_span)], ["<base/>", "<base/>"]);
    assert_eq!(slice(document.root.span).len(), text.trim_end().len() - "<!-- é -->\r\n".len());
    assert_eq!(when.children.iter().map(|node| slice(node.span())).collect::<Vec<_>>(), ["t"]);
}

#[test]
fn any_root_and_all_around_it_is_read() {
    for root in ["policies", "fragment", "inbound", "set-header", "ns:a"] {
        let document =
            read(&format!("\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- a -->\r\n<{root}/>\r\n<!-- b --><?c d e?>\r\n"));
        assert_eq!(document.root.name, root);
        let kinds = |nodes: &[Node]| nodes.iter().filter(|node| !matches!(node, Node::Text(_))).count();
        assert_eq!([kinds(&document.prolog), kinds(&document.epilog)], [2, 2]);
        let Some(Node::ProcessingInstruction(declaration)) = document.prolog.first() else { panic!("no declaration") };
        assert_eq!([declaration.target.as_str(), declaration.content.as_str()], ["xml", "version=\"1.0\" encoding=\"utf-8\""]);
    }
}

#[test]
fn literal_text_is_resolved_and_line_ends_are_kept() {
    let document = read("<x a=\"1\r\n&#13;&#x9;2\t&amp;\">&lt;\r\n&#x1F600;&apos;</x>");
    let a = &document.root.attributes[0].value;
    assert_eq!(a.decoded, "1\r\n\r\t2\t&");
    assert_eq!(a.normalized(true), "1 \r\t2 &");
    assert_eq!(document.root.children.len(), 1);
    assert_eq!(first_text(&document.root).decoded, "<\r\n😀'");
    assert_eq!(first_text(&document.root).normalized(false), "<\n😀'");
}

#[test]
fn the_text_of_an_element_is_what_counts() {
    let text = |xml: &str| read(xml).root.text().map(|value| value.decoded);
    assert_eq!(text("<x/>").as_deref(), Some(""));
    assert_eq!(text("<x> \n </x>").as_deref(), Some(""));
    assert_eq!(text("<x> a <!-- c --> b </x>").as_deref(), Some("a  b"));
    assert_eq!(text("<x> <![CDATA[ a ]]> </x>").as_deref(), Some("a"));
    assert_eq!(text("<x> a <y/></x>"), None);
    let mixed = read("<x> <!-- why --> @(a&lt;b) <![CDATA[ ]]></x>");
    let value = first_text(&mixed.root);
    assert_eq!(code(&value), "a<b");
    assert_eq!(mixed.source.slice(value.place(Span::new(3, 4))), "&lt;");
    assert_eq!(mixed.source.slice(first_text(&read("<x>  </x>").root).span), "");
}

#[test]
fn equality_looks_at_content_alone() {
    let same = |a: &str, b: &str| Document::same_content(&read(a), &read(b));
    assert!(same("<x a='1'>@(\"a\")<y/></x>", "<!---->\n<x  a=\"&#49;\" >@(&quot;a&quot;)<y></y></x >".replace("<!---->", "").as_str()));
    assert!(same("<x>a<![CDATA[<]]></x>", "<x>a&lt;</x>"));
    assert!(same("<!-- a --> <x/>", "<!-- a --><x/>\n"));
    let different = [
        ("<x/>", "<y/>"),
        ("<x a='1'/>", "<x a='2'/>"),
        ("<x a='1'/>", "<x/>"),
        ("<x a='1' b='2'/>", "<x b='2' a='1'/>"),
        ("<x><y/></x>", "<x> <y/></x>"),
        ("<x><!--a--></x>", "<x><!--b--></x>"),
        ("<x>@(a)</x>", "<x>&#64;(a)</x>"),
        ("<x><y/><z/></x>", "<x><y/></x>"),
        ("<x><?a b?></x>", "<x><?a c?></x>"),
        ("<x>a</x>", "<x>a<y/></x>"),
    ];
    for (a, b) in different {
        assert!(!same(a, b), "{a} and {b}");
    }
}

#[test]
fn raw_documents_that_strict_readers_refuse_are_read_whole() {
    let text = r#"<policies>
    <inbound>
        <base />
        <set-variable name="a" value="@(context.Request.Headers.GetValueOrDefault("X", "").Split(',').Count() < 2 && true)" />
        <set-body>@{
            var body = context.Request.Body.As<JObject>(preserveContent: true);
            return body["a"] != null && body.Count < 3 ? $"{body["a"]}" : "</set-body>";
        }
        </set-body>
    </inbound>
</policies>"#;
    assert!(super::well_formed(text).is_err());
    let document = read(text);
    let inbound = document.root.element("inbound").expect("inbound");
    assert_eq!(inbound.elements().map(|element| element.name.as_str()).collect::<Vec<_>>(), ["base", "set-variable", "set-body"]);
    assert!(parse(&source(&text.replace("</inbound>", ""))).is_err());
}
