//! Values of literals.

use super::*;

#[track_caller]
fn value(text: &str) -> Literal {
    match expression(text).kind {
        ExpressionKind::Literal(literal) => literal,
        other => panic!("{other:?}"),
    }
}

fn string(text: &str) -> String {
    match value(text) {
        Literal::String(units) | Literal::QuotedString(units) => String::from_utf16(&units).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn integers_take_the_first_type_that_holds_them() {
    assert_eq!(value("0"), Literal::Int(0));
    assert_eq!(value("1_000"), Literal::Int(1000));
    assert_eq!(value("2147483647"), Literal::Int(i32::MAX));
    assert_eq!(value("2147483648"), Literal::UInt(0x8000_0000));
    assert_eq!(value("4294967296"), Literal::Long(0x1_0000_0000));
    assert_eq!(value("9223372036854775808"), Literal::ULong(0x8000_0000_0000_0000));
    assert_eq!(value("18446744073709551615"), Literal::ULong(u64::MAX));
    assert_eq!(value("1u"), Literal::UInt(1));
    assert_eq!(value("4294967296U"), Literal::ULong(0x1_0000_0000));
    assert_eq!(value("1L"), Literal::Long(1));
    assert_eq!(value("1ul"), Literal::ULong(1));
    assert_eq!(value("1LU"), Literal::ULong(1));
    assert_eq!(value("0xFF"), Literal::Int(255));
    assert_eq!(value("0xFFFFFFFF"), Literal::UInt(u32::MAX));
    assert_eq!(value("0x_7F"), Literal::Int(127));
    assert_eq!(value("0b1010_0001"), Literal::Int(161));
}

#[test]
fn the_smallest_integers_are_literals() {
    assert_eq!(value("-2147483648"), Literal::Int(i32::MIN));
    assert_eq!(value("-9223372036854775808"), Literal::Long(i64::MIN));
    assert_eq!(value("-9223372036854775808L"), Literal::Long(i64::MIN));
    for text in ["-1", "-2147483648u", "-0x80000000", "-(2147483648)", "-2147483649"] {
        assert!(matches!(expression(text).kind, ExpressionKind::Unary { .. }), "{text}");
    }
    assert_eq!(print_expression(&expression("1 - -2147483648")), "1 - -2147483648");
}

#[test]
fn reals() {
    assert_eq!(value("1.5"), Literal::Double(1.5));
    assert_eq!(value(".5"), Literal::Double(0.5));
    assert_eq!(value("1e10"), Literal::Double(1e10));
    assert_eq!(value("1E-3d"), Literal::Double(0.001));
    assert_eq!(value("1_0.2_5"), Literal::Double(10.25));
    assert_eq!(value("0.1f"), Literal::Float(0.1));
    assert_eq!(value("1f"), Literal::Float(1.0));
    assert_eq!(value("1D"), Literal::Double(1.0));
    assert_eq!(value("1.10m"), Literal::Decimal("1.10".into()));
    assert_eq!(value("1M"), Literal::Decimal("1".into()));
    assert_eq!(value("79228162514264337593543950335m"), Literal::Decimal("79228162514264337593543950335".into()));
    assert_eq!(print_expression(&expression("1e300 + 1.5f + 1e-7 + 2.0")), "1e300 + 1.5f + 1e-7 + 2.0");
}

#[test]
fn strings_are_decoded() {
    assert_eq!(string(r#""a\tb\n\"\\\0\u0041\x41\U0001F600""#), "a\tb\n\"\\\0AA😀");
    assert_eq!(string(r#""\x1""#), "\u{1}");
    assert_eq!(string(r#""\x00e9g""#), "ég");
    assert_eq!(string("@\"a\\b\"\"c\nd\""), "a\\b\"c\nd");
    assert_eq!(string("\"åäö\""), "åäö");
    assert_eq!(string("\"\""), "");
    assert_eq!(value(r#""\uD83D""#), Literal::String(vec![0xD83D].into()));
    assert_eq!(print_expression(&expression(r#""\uD83D\a""#)), r#""\uD83D\u0007""#);
}

#[test]
fn characters_and_strings_in_single_quotes() {
    assert_eq!(value("'a'"), Literal::Char(97));
    assert_eq!(value(r"'\''"), Literal::Char(39));
    assert_eq!(value(r"'\u0041'"), Literal::Char(65));
    assert_eq!(value("'å'"), Literal::Char(0xE5));
    assert_eq!(value("'\"'"), Literal::Char(34));
    assert_eq!(value("'Retry-After'"), Literal::QuotedString("Retry-After".encode_utf16().collect()));
    assert_eq!(string("'it\\'s'"), "it's");
    assert_eq!(print_expression(&expression("f('Retry-After', 'a')")), "f('Retry-After', 'a')");
}

#[test]
fn names_are_decoded() {
    let name = |text: &str| match expression(text).kind {
        ExpressionKind::Name(name) => name.identifier.name.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(name("@class"), "class");
    assert_eq!(name("@abc"), "abc");
    assert_eq!(name(r"\u0061bc"), "abc");
    assert_eq!(name(r"cl\u0061ss"), "class");
    assert_eq!(name("_x1"), "_x1");
    assert_eq!(name("größe"), "größe");
    assert_eq!(name("var"), "var");
    assert_eq!(name("value"), "value");
}
