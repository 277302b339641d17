//! Numbers as text and decimals as .NET counts them. Sources: the documentation's tables of standard and custom numeric format strings,
//! recorded results of .NET, and dotnet/runtime's own tests where neither says.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rust_decimal::Decimal;

use super::*;

fn formatted(value: &Value, text: &str) -> String {
    Format::parse(text).and_then(|format| number(value).unwrap().format(format)).unwrap_or_else(|_| "BAD".to_owned())
}

fn dec(text: &str) -> Decimal {
    match read(text, &Type::DECIMAL) {
        Ok(Value::Decimal(value)) => value,
        other => panic!("{text}: {other:?}"),
    }
}

fn shown(value: Option<Decimal>) -> String {
    value.map_or_else(|| "OVERFLOW".to_owned(), |value| text(&Value::Decimal(value)).unwrap())
}

#[test]
fn doubles_under_format_strings() {
    for (value, format, expected) in [
        (2.5, "F0", "2"),
        (0.5, "F0", "0"),
        (1.5, "F0", "2"),
        (0.125, "F2", "0.12"),
        (0.1, "F20", "0.10000000000000000555"),
        (-0.0, "F2", "-0.00"),
        (-0.0, "", "-0"),
        (-0.001, "F2", "-0.00"),
        (1234.5678, "N", "1,234.57"),
        (1234.5678, "N0", "1,235"),
        (-1234567.891, "N1", "-1,234,567.9"),
        (0.1234, "P", "12.34 %"),
        (0.0, "P0", "0 %"),
        (-0.5, "P1", "-50.0 %"),
        (1234.5, "C", "¤1,234.50"),
        (-1.5, "C", "(¤1.50)"),
        (12345.678, "E", "1.234568E+004"),
        (12345.678, "e2", "1.23e+004"),
        (0.0, "E", "0.000000E+000"),
        (1e300, "E0", "1E+300"),
        (123456789.0, "G4", "1.235E+08"),
        (1e15, "", "1E+15"),
        (1e14, "", "100000000000000"),
        (123456789012345680.0, "", "1.2345678901234568E+17"),
        (0.0001, "", "0.0001"),
        (0.00001, "", "1E-05"),
        (0.00012345, "", "0.00012345"),
        (1.0 / 3.0, "R", "0.3333333333333333"),
        (1.0 / 3.0, "G17", "0.33333333333333331"),
        (1234.5678, "0.##", "1234.57"),
        (2.5, "0", "3"),
        (0.125, "0.00", "0.13"),
        (-0.5, "0.0", "-0.5"),
        (-0.5, "0", "-1"),
        (-0.4, "0", "-0"),
        (1234567.0, "#,##0.00", "1,234,567.00"),
        (0.75, "0%", "75%"),
        (0.0, "#.##", ""),
        (0.5, "#.##", ".5"),
        (1e3, "0.###E+0", "1E+3"),
        (1234.0, "#,0", "1,234"),
        (-1234.0, "#,0;(#,0)", "(1,234)"),
        (0.0, "0;-0;zero", "zero"),
        (1234567.0, "#,##0,", "1,235"),
        (1234567890.0, "#,##0,,", "1,235"),
        (1234567890.0, "0,,.00", "1234.57"),
        (86000.0, "0.###E+0", "8.6E+4"),
        (86000.0, "0.###E+000", "8.6E+004"),
        (86000.0, "0.###E-000", "8.6E004"),
        (0.00354, "0.00‰", "3.54‰"),
        (123.0, "00000", "00123"),
        (123.45, "0.0#;neg", "123.45"),
        (5.0, "'x'0\"y\"\\#", "x5y#"),
        (1234567890.0, "(###) ###-####", "(123) 456-7890"),
        (42.0, "My #", "My 42"),
        (68.0, "# 'degrees'", "68 degrees"),
        (1.0, "000,000", "000,001"),
        (1234.0, "0,0.0", "1,234.0"),
        (12.0, "0,0", "12"),
        (f64::NAN, "F2", "NaN"),
        (f64::INFINITY, "", "Infinity"),
        (5e-324, "", "5E-324"),
        (f64::MAX, "", "1.7976931348623157E+308"),
        (1.0, "D", "BAD"),
        (1.0, "X", "BAD"),
        (1.0, "Z", "BAD"),
        (100.0, "G0", "100"),
        (1e20, "G", "1E+20"),
        (1e16, "F0", "10000000000000000"),
        (-1.0, "0;;zero", "-1"),
        (0.001, "0.0;neg;zero", "zero"),
        (1234.5, "R", "1234.5"),
        (99.99, "F1", "100.0"),
        (0.000001234, "G2", "1.2E-06"),
        (12.0, "0 E", "12 E"),
        (1.0, "", "1"),
        (1e21, "N0", "1,000,000,000,000,000,000,000"),
        (0.06, "F1", "0.1"),
        (0.05, "F1", "0.1"),
        (2.345, "F2", "2.35"),
        (2.675, "F2", "2.67"),
        (1.005, "0.00", "1.01"),
    ] {
        assert_eq!(formatted(&Value::Double(value), format), expected, "{value} {format:?}");
    }
}

#[test]
fn floats_under_format_strings() {
    for (value, format, expected) in [
        (0.1f32, "", "0.1"),
        (1.1, "G9", "1.10000002"),
        (16777216.0, "", "16777216"),
        (123456789.0, "", "1.2345679E+08"),
        (1e7, "", "1E+07"),
        (0.3, "F10", "0.3000000119"),
        (1.1, "0.0000000000", "1.1000000000"),
        (1234567.0, "", "1234567"),
        (f32::MAX, "", "3.4028235E+38"),
    ] {
        assert_eq!(formatted(&Value::Single(value), format), expected, "{value} {format:?}");
    }
}

#[test]
fn integers_under_format_strings() {
    for (value, format, expected) in [
        (Value::Int32(7), "D3", "007"),
        (Value::Int32(-7), "D3", "-007"),
        (Value::Int32(255), "x", "ff"),
        (Value::Int32(-1), "X", "FFFFFFFF"),
        (Value::SByte(-1), "X4", "00FF"),
        (Value::Int32(-255), "X", "FFFFFF01"),
        (Value::Int32(123456), "G3", "1.23E+05"),
        (Value::Int32(125), "E1", "1.3E+002"),
        (Value::Int32(1234567), "N0", "1,234,567"),
        (Value::Int32(5), "P", "500.00 %"),
        (Value::Int32(0), "D", "0"),
        (Value::Int32(0), "00", "00"),
        (Value::Int32(5), "R", "BAD"),
        (Value::Int32(1), "B", "BAD"),
        (Value::Int32(-5), "0;(0)", "(5)"),
        (Value::Int32(1000), "#,#", "1,000"),
        (Value::Int32(0), "#", ""),
        (Value::Int32(5), "C0", "¤5"),
        (Value::Int32(15), "F", "15.00"),
        (Value::Int32(12), "D10", "0000000012"),
        (Value::Int32(1000), "G", "1000"),
        (Value::Int32(12345), "G2", "1.2E+04"),
        (Value::Int32(12345678), "###,###,##", "12,345,678"),
        (Value::Int32(25), "G1", "3E+01"),
    ] {
        assert_eq!(formatted(&value, format), expected, "{value:?} {format:?}");
    }
}

#[test]
fn decimals_under_format_strings() {
    for (value, format, expected) in [
        ("1.50", "", "1.50"),
        ("0.00", "", "0.00"),
        ("1.50", "G0", "1.5"),
        ("12.345", "0.0", "12.3"),
        ("2.5", "F0", "3"),
        ("-2.5", "F0", "-3"),
        ("0.000000000000000000000000001", "", "0.000000000000000000000000001"),
        ("1234.5", "N", "1,234.50"),
        ("0.00001", "G3", "1E-05"),
        ("-0.001", "F2", "0.00"),
        ("79228162514264337593543950335", "", "79228162514264337593543950335"),
        ("1234.5", "E2", "1.23E+003"),
        ("1.25", "F1", "1.3"),
        ("1.5", "X", "BAD"),
        ("100", "G", "100"),
        ("100", "G2", "1E+02"),
        ("1.0", "R", "BAD"),
    ] {
        assert_eq!(formatted(&Value::Decimal(dec(value)), format), expected, "{value} {format:?}");
    }
}

#[test]
fn decimals_count_as_dotnet_does() {
    for (a, operator, b, expected) in [
        ("1", "/", "3", "0.3333333333333333333333333333"),
        ("2", "/", "3", "0.6666666666666666666666666667"),
        ("10", "/", "4", "2.5"),
        ("10", "/", "3", "3.3333333333333333333333333333"),
        ("1.10", "*", "2.0", "2.200"),
        ("1.00", "/", "1", "1.00"),
        ("4", "/", "2.0", "2"),
        ("4.00", "/", "2.0", "2.0"),
        ("1.1", "+", "2.20", "3.30"),
        ("79228162514264337593543950335", "+", "1", "OVERFLOW"),
        ("79228162514264337593543950335", "+", "0.5", "OVERFLOW"),
        ("79228162514264337593543950335", "+", "0.4", "79228162514264337593543950335"),
        ("79228162514264337593543950335", "*", "2", "OVERFLOW"),
        ("7", "%", "2.5", "2.0"),
        ("-7", "%", "2", "-1"),
        ("5.0", "%", "2.5", "0.0"),
        ("1", "%", "2.000", "1"),
        ("0.0000000000000000000000000001", "*", "0.1", "0.0000000000000000000000000000"),
        ("0.00", "*", "1.0", "0.000"),
        ("1", "/", "8", "0.125"),
        ("100", "/", "0.1", "1000"),
        ("0", "/", "3.00", "0"),
        ("79228162514264337593543950335", "/", "0.1", "OVERFLOW"),
        ("1", "-", "1.00", "0.00"),
        ("79228162514264337593543950335", "*", "0.1", "7922816251426433759354395033.5"),
        ("79228162514264337593543950335", "/", "3", "26409387504754779197847983445"),
        ("1", "/", "79228162514264337593543950335", "0"),
    ] {
        let operation = match operator {
            "+" => arithmetic::add,
            "-" => arithmetic::subtract,
            "*" => arithmetic::multiply,
            "/" => arithmetic::divide,
            _ => arithmetic::remainder,
        };
        assert_eq!(shown(operation(&dec(a), &dec(b))), expected, "{a} {operator} {b}");
    }
}

#[test]
fn doubles_become_decimals_of_15_digits() {
    for (value, expected) in [
        (1.1, "1.1"),
        (0.1, "0.1"),
        (1e28, "10000000000000000000000000000"),
        (123_456_789.123_456_79_f64, "123456789.123457"),
        (1.0 / 3.0, "0.333333333333333"),
        (1e-28, "0.0000000000000000000000000001"),
        (1e-29, "0"),
        (100.0, "100"),
        (2.5, "2.5"),
        (1.5e15, "1500000000000000"),
        (123456789012345678.0, "123456789012346000"),
        (-0.0, "0"),
    ] {
        assert_eq!(shown(arithmetic::from_double(value)), expected, "{value}");
    }
}

#[test]
fn floats_become_decimals_of_7_digits() {
    for (value, expected) in [(1.1f32, "1.1"), (0.1, "0.1"), (16777216.0, "16777220"), (1.0 / 3.0, "0.3333333"), (123.456, "123.456")] {
        assert_eq!(shown(arithmetic::from_single(value)), expected, "{value}");
    }
}

#[test]
fn decimals_keep_the_scale_they_are_written_with() {
    for (written, expected) in [
        ("12.340", "12.340"),
        ("1,234.5", "1234.5"),
        ("0.12345678901234567890123456785", "0.1234567890123456789012345678"),
        ("5-", "-5"),
        ("0.00000000000000000000000000005", "0.0000000000000000000000000000"),
        ("0.00000000000000000000000000015", "0.0000000000000000000000000002"),
        ("79228162514264337593543950335.4", "79228162514264337593543950335"),
    ] {
        assert_eq!(shown(Some(dec(written))), expected, "{written}");
    }
}

#[test]
fn numbers_parse_as_the_invariant_culture_writes_them() {
    for (written, ty, expected) in [
        (" 42 ", Type::INT32, Ok("42")),
        ("+7", Type::INT64, Ok("7")),
        ("42\0\0", Type::INT32, Ok("42")),
        ("-2147483648", Type::INT32, Ok("-2147483648")),
        ("2147483648", Type::INT32, Err(Failure::Overflow)),
        ("99999999999999999999999999999999999999999999999999x", Type::INT32, Err(Failure::Format)),
        ("99999999999999999999999999999999999999999999999999", Type::INT32, Err(Failure::Overflow)),
        ("4.2", Type::INT32, Err(Failure::Format)),
        ("- 1", Type::INT32, Err(Failure::Format)),
        ("1-", Type::INT32, Err(Failure::Format)),
        ("", Type::INT32, Err(Failure::Format)),
        ("-1", Type::UINT32, Err(Failure::Overflow)),
        ("-0", Type::UINT32, Ok("0")),
        ("256", Type::BYTE, Err(Failure::Overflow)),
        ("1,234.5", Type::DOUBLE, Ok("1234.5")),
        ("1e3", Type::DOUBLE, Ok("1000")),
        ("1e", Type::DOUBLE, Err(Failure::Format)),
        (".5", Type::DOUBLE, Ok("0.5")),
        ("5.", Type::DOUBLE, Ok("5")),
        ("-0", Type::DOUBLE, Ok("-0")),
        ("1e400", Type::DOUBLE, Ok("Infinity")),
        ("-infinity", Type::DOUBLE, Ok("-Infinity")),
        ("nan", Type::DOUBLE, Ok("NaN")),
        ("1e-400", Type::DOUBLE, Ok("0")),
        ("x", Type::DOUBLE, Err(Failure::Format)),
        ("0.1", Type::SINGLE, Ok("0.1")),
        ("1e5", Type::DECIMAL, Err(Failure::Format)),
        ("5-", Type::DECIMAL, Ok("-5")),
        ("79228162514264337593543950336", Type::DECIMAL, Err(Failure::Overflow)),
    ] {
        let read = read(written, &ty).map(|value| text(&value).unwrap());
        assert_eq!(read.as_deref().map_err(|failure| *failure), expected, "{written} {ty}");
    }
}

#[test]
fn casts_wrap_and_checked_casts_do_not() {
    assert!(matches!(convert(&Value::Int32(300), &Type::BYTE, false), Ok(Value::Byte(44))));
    assert!(convert(&Value::Int32(300), &Type::BYTE, true).is_err());
    assert!(matches!(convert(&Value::Double(2.9), &Type::INT32, false), Ok(Value::Int32(2))));
    assert!(matches!(convert(&Value::Double(1e20), &Type::INT32, false), Ok(Value::Int32(i32::MIN))));
    assert!(matches!(convert(&Value::Double(f64::NAN), &Type::INT64, false), Ok(Value::Int64(i64::MIN))));
    assert!(matches!(convert(&Value::Double(-1.0), &Type::UINT32, false), Ok(Value::UInt32(u32::MAX))));
    assert!(matches!(convert(&Value::Char(65), &Type::INT32, false), Ok(Value::Int32(65))));
    assert!(convert(&Value::Decimal(dec("3000000000")), &Type::INT32, false).is_err());
}

#[test]
fn hash_codes_are_those_of_dotnet() {
    for (value, expected) in [
        (Value::Double(1.5), 1_073_217_536),
        (Value::Double(-0.0), 0),
        (Value::Int64(1 << 32), 1),
        (Value::Int64(-1), 0),
        (Value::Char(65), 0x0041_0041),
        (Value::Decimal(dec("1")), 1),
        (Value::Decimal(dec("1.00")), 1),
        (Value::Int16(-1), -1),
    ] {
        assert_eq!(hash(&value), Some(expected), "{value:?}");
    }
}

proptest::proptest! {
    #[test]
    fn the_shortest_text_reads_back(bits: u64) {
        let value = f64::from_bits(bits);
        if value.is_finite() {
            let written = text(&Value::Double(value)).unwrap();
            assert!(matches!(read(&written, &Type::DOUBLE), Ok(Value::Double(back)) if back.to_bits() == bits), "{written}");
        }
    }

    #[test]
    fn no_format_string_panics(format: String, value: f64, integer: i64) {
        let _ = format_number(&Value::Double(value), &format);
        let _ = format_number(&Value::Int64(integer), &format);
    }

    #[test]
    fn no_picture_panics(format in "[0#.,;%‰eE+'\"\\\\-]{0,12}", value: f64, integer: i64) {
        let _ = format_number(&Value::Double(value), &format);
        let _ = format_number(&Value::Int64(integer), &format);
    }

    #[test]
    fn decimals_add_up(a: i64, b: i64, sa in 0_u32..28, sb in 0_u32..28) {
        let (a, b) = (Decimal::new(a, sa), Decimal::new(b, sb));
        if let (Some(sum), Some(product)) = (arithmetic::add(&a, &b), arithmetic::multiply(&a, &b)) {
            assert!(sum.scale() <= 28 && product.scale() <= 28);
        }
        if !b.is_zero() && let Some(quotient) = arithmetic::divide(&a, &b) {
            assert!(quotient.scale() <= 28);
        }
    }
}
