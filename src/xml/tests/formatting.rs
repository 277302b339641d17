//! The canonical layout.

use super::{read, well_formed};
use crate::xml::{Format, format};

fn raw(text: &str) -> String {
    let formatted = format(&read(text), Format::RawXml);
    assert_eq!(format(&read(&formatted), Format::RawXml), formatted, "formatting again changes nothing");
    formatted
}

#[test]
fn elements_stand_one_a_line() {
    let text = "<?xml version='1.0'?><!-- top --><policies><inbound><base></base>\n\n\n\n<!-- a --> <set-status code='200'/> <!-- why -->\n\
        <choose><when condition=\"@(a)\"><value>text</value></when></choose></inbound><backend>\n</backend></policies>";
    let expected = "<?xml version='1.0'?>\n<!-- top -->\n<policies>\n    <inbound>\n        <base />\n\n        <!-- a -->\n        \
        <set-status code='200' /> <!-- why -->\n        <choose>\n            <when condition=\"@(a)\">\n                \
        <value>text</value>\n            </when>\n        </choose>\n    </inbound>\n    <backend />\n</policies>\n";
    assert_eq!(raw(text), expected);
}

#[test]
fn wide_tags_are_broken_at_their_attributes() {
    let long = "x".repeat(100);
    assert_eq!(raw(&format!("<a><b c='{long}' d='e'/></a>")), format!("<a>\n    <b c='{long}' d='e' />\n</a>\n"));
    let broken = format!("<a>\n    <b\n        c='{long}'\n        d='{long}' />\n</a>\n");
    assert_eq!(raw(&format!("<a><b c='{long}' d='{long}'/></a>")), broken);
    let alone = format!("<a>\n    <b c='{long}{long}'>\n        <d />\n    </b>\n</a>\n");
    assert_eq!(raw(&format!("<a><b c='{long}{long}'><d/></b></a>")), alone, "a lone attribute gains nothing from a line of its own");
    let fits = |width: usize| raw(&format!("<a b='' c='{}'/>", "x".repeat(width - "<a b='' c='' />".len()))).lines().count();
    assert_eq!([fits(140), fits(141)], [1, 3]);
}

#[test]
fn code_keeps_its_shape_and_moves_as_a_whole() {
    let text =
        "<a><b>\n@{\n\tvar x = 1;\n\t\tif (x < 2)\n\n\t{ return \"<\"; }   \n  }\n</b><c d=\"@(x\n      && y\n        || z)\" e='f'/></a>";
    let expected = "<a>\n    <b>@{\n        var x = 1;\n            if (x < 2)\n\n        { return \"<\"; }\n    }</b>\n    \
        <c d=\"@(x\n        && y\n          || z)\" e='f' />\n</a>\n";
    assert_eq!(raw(text), expected);
}

#[test]
fn strings_over_several_lines_are_left_alone() {
    for code in ["@\"a\n   b\"", "$@\"{c}\n   d\"", "\"not C#\n   \""] {
        let text = format!("<a><b>@(f({code},\n 1))</b></a>");
        assert_eq!(raw(&text), format!("<a>\n    <b>@(f({code},\n 1))</b>\n</a>\n"));
    }
}

#[test]
fn wide_expressions_get_lines_of_their_own() {
    let code = format!("@(\"{}\")", "x".repeat(120));
    let expected = format!("<a>\n    <bbbbbbbbbb>\n        {code}\n    </bbbbbbbbbb>\n</a>\n");
    assert_eq!(raw(&format!("<a><bbbbbbbbbb>{code}</bbbbbbbbbb></a>")), expected);
    assert_eq!(raw(&format!("<a><b>{code}</b></a>")), format!("<a>\n    <b>{code}</b>\n</a>\n"));
}

#[test]
fn text_that_counts_is_not_touched() {
    let table = [" x ", "\n  {\n \"a\": 1 }\n", "x<!-- c -->", "<![CDATA[ @( ]]>", " x <d /> y ", "&#x20;", "Hi @(v[\"c\"])\n  there"];
    for inside in table {
        assert_eq!(raw(&format!("<a><b>{inside}</b></a>")), format!("<a>\n    <b>{inside}</b>\n</a>\n"));
    }
}

#[test]
fn comments_over_several_lines_move_as_a_whole() {
    let text = "<a>\n<!--\n  one\n    two\n-->\n<!-- three\n  four -->\n<b><!-- five --></b></a>";
    let expected = "<a>\n    <!--\n        one\n          two\n    -->\n    <!-- three\n         four -->\n    <b>\n        \
        <!-- five -->\n    </b>\n</a>\n";
    assert_eq!(raw(text), expected);
}

#[test]
fn line_ends_become_line_feeds() {
    let text = "<a>\r\n\r\n<b>@{\r\n return 1;\r\n}</b>\r\n\r\n\r\n<c>x\r\ny&#13;</c>\r<!-- d\r\n e --></a>";
    let expected = "<a>\n    <b>@{\n        return 1;\n    }</b>\n\n    <c>x\ny&#xD;</c>\n    <!-- d\n         e -->\n</a>\n";
    assert_eq!(raw(text), expected);
}

#[test]
fn escaped_documents_stay_well_formed_and_readable() {
    let text = "<a><b c=\"@{ return v[&quot;x&quot;]\n &lt; 1; }\" d=\"@{ // e\n return 1; }\"/><f>@(g.As&lt;h&gt;())</f></a>";
    let document = read(text);
    assert_eq!(document.format(), Format::Xml);
    let formatted = format(&document, Format::Xml);
    let expected = "<a>\n    <b c=\"@{ return v[&quot;x&quot;]\n        &lt; 1; }\" d=\"@{ // e&#xA;        return 1; }\" />\n    \
        <f>@(g.As&lt;h&gt;())</f>\n</a>\n";
    assert_eq!(formatted, expected, "a line break stays where a space would mean the same");
    assert_eq!(well_formed(&formatted), Ok(()));
    assert_eq!(format(&read(&formatted), Format::Xml), formatted);
}
