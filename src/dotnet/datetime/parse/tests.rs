//! What `DateTime.Parse` reads, and what it refuses.

use super::*;
use crate::dotnet::datetime::format::{Clock, format};

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn settings(styles: i32, keeps_offset: bool) -> Settings {
    // 2024-05-06T07:08:09
    Settings { styles, keeps_offset, now: date_ticks(2024, 5, 6).unwrap() + time_ticks(7, 8, 9).unwrap() }
}

fn shown(parsed: Result<Parsed, Failure>, text: &str) -> String {
    match parsed {
        Ok(parsed) => format(parsed.ticks, Clock::Kind(parsed.kind), "o").unwrap(),
        Err(failure) => failure.message(text),
    }
}

fn read(text: &str) -> String {
    shown(parse(&units(text), settings(0, false)), text)
}

fn read_exact(text: &str, format: &str) -> String {
    shown(parse_exact(&units(text), &units(format), settings(0, false)), text)
}

/// Source: learn.microsoft.com, "Parse date and time strings in .NET" and `DateTime.Parse`; dotnet/runtime, `DateTimeTests.cs`.
#[test]
fn many_forms_are_read() {
    for (text, expected) in [
        ("2024-02-29", "2024-02-29T00:00:00.0000000"),
        ("2024-02-29T13:14:15", "2024-02-29T13:14:15.0000000"),
        ("2024-02-29T13:14", "2024-02-29T13:14:00.0000000"),
        ("2024-02-29T13:14:15Z", "2024-02-29T13:14:15.0000000+00:00"),
        ("2024-02-29T13:14:15.5Z", "2024-02-29T13:14:15.5000000+00:00"),
        ("2024-02-29T13:14:15.1234567+02:00", "2024-02-29T11:14:15.1234567+00:00"),
        ("2024-02-29T13:14:15.12345678", "2024-02-29T13:14:15.1234568"),
        ("2024-02-29T23:14:15-0530", "2024-03-01T04:44:15.0000000+00:00"),
        ("2024-02-29 13:14:15 +02:00", "2024-02-29T11:14:15.0000000+00:00"),
        ("2024-02-29 13:14:15Z", "2024-02-29T13:14:15.0000000+00:00"),
        ("2024-02-29 13:14:15.250", "2024-02-29T13:14:15.2500000"),
        ("02/29/2024", "2024-02-29T00:00:00.0000000"),
        ("2/9/2024", "2024-02-09T00:00:00.0000000"),
        ("02/29/2024 13:14:15", "2024-02-29T13:14:15.0000000"),
        ("02/29/2024 1:14 PM", "2024-02-29T13:14:00.0000000"),
        ("02/29/2024 12:14:15 AM", "2024-02-29T00:14:15.0000000"),
        ("2024/02/29", "2024-02-29T00:00:00.0000000"),
        ("2/29/24", "2024-02-29T00:00:00.0000000"),
        ("2/28/30", "1930-02-28T00:00:00.0000000"),
        ("Feb 29, 2024", "2024-02-29T00:00:00.0000000"),
        ("29 Feb 2024", "2024-02-29T00:00:00.0000000"),
        ("29-Feb-2024", "2024-02-29T00:00:00.0000000"),
        ("February 29 2024 3pm", "2024-02-29T15:00:00.0000000"),
        ("Thursday, 29 February 2024", "2024-02-29T00:00:00.0000000"),
        ("Thu, 29 Feb 2024 13:14:15 GMT", "2024-02-29T13:14:15.0000000+00:00"),
        ("Thu, 29 Feb 2024 13:14:15 +0100", "2024-02-29T12:14:15.0000000+00:00"),
        ("2024-02", "2024-02-01T00:00:00.0000000"),
        ("Feb 2024", "2024-02-01T00:00:00.0000000"),
        ("2024 February", "2024-02-01T00:00:00.0000000"),
        ("February 29", "2024-02-29T00:00:00.0000000"),
        ("2/29", "2024-02-29T00:00:00.0000000"),
        ("1/10 5 AM", "2024-01-10T05:00:00.0000000"),
        // Day and month are month and year for a culture whose patterns are `MMMM dd` and `yyyy MMMM`.
        ("29 Feb", "2029-02-01T00:00:00.0000000"),
        ("13:14", "2024-05-06T13:14:00.0000000"),
        ("13:14:15.5", "2024-05-06T13:14:15.5000000"),
        ("3 PM", "2024-05-06T15:00:00.0000000"),
        ("  2024-02-29  ", "2024-02-29T00:00:00.0000000"),
        ("#02/29/2024#", "2024-02-29T00:00:00.0000000"),
        ("2024-02-29\0\0", "2024-02-29T00:00:00.0000000"),
        ("2024年2月29日", "2024-02-29T00:00:00.0000000"),
        ("2024年2月29日 13時14分15秒", "2024-02-29T13:14:15.0000000"),
        ("02.03.2024", "2024-02-03T00:00:00.0000000"),
        ("0001-01-01", "0001-01-01T00:00:00.0000000"),
        ("9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59.9999999"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_date_is_refused_with_dotnets_words() {
    for (text, expected) in [
        ("", "String '' was not recognized as a valid DateTime."),
        ("  ", "String '  ' was not recognized as a valid DateTime."),
        ("29/02/2024", "String '29/02/2024' was not recognized as a valid DateTime."),
        ("2024", "String '2024' was not recognized as a valid DateTime."),
        ("20240229", "String '20240229' was not recognized as a valid DateTime."),
        ("1709212455", "String '1709212455' was not recognized as a valid DateTime."),
        ("2024-02-30", "String '2024-02-30' was not recognized as a valid DateTime."),
        ("not a date", "The string 'not a date' was not recognized as a valid DateTime. There is an unknown word starting at index '0'."),
        (
            "2024-02-29 foo",
            "The string '2024-02-29 foo' was not recognized as a valid DateTime. There is an unknown word starting at index '11'.",
        ),
        ("Fri, 29 Feb 2024", "String 'Fri, 29 Feb 2024' was not recognized as a valid DateTime because the day of week was incorrect."),
        (
            "2024-02-30T00:00:00",
            "The DateTime represented by the string '2024-02-30T00:00:00' is not supported in calendar 'System.Globalization.GregorianCalendar'.",
        ),
        ("25:00", "The DateTime represented by the string '25:00' is not supported in calendar 'System.Globalization.GregorianCalendar'."),
        ("13:14 15 PM AM", "String '13:14 15 PM AM' was not recognized as a valid DateTime."),
        ("2024-02-29T00:00:00+15:00", "The time zone offset of string '2024-02-29T00:00:00+15:00' must be within plus or minus 14 hours."),
        ("2024-02-29T1:00:00", "String '2024-02-29T1:00:00' was not recognized as a valid DateTime."),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn styles_decide_what_a_time_means() {
    let read = |text: &str, styles: i32| shown(parse(&units(text), settings(styles, false)), text);
    assert_eq!(read("2024-02-29T01:00:00Z", styles::ROUNDTRIP_KIND), "2024-02-29T01:00:00.0000000Z");
    assert_eq!(read("2024-02-29T01:00:00+02:00", styles::ADJUST_TO_UNIVERSAL), "2024-02-28T23:00:00.0000000Z");
    assert_eq!(read("2024-02-29", styles::ASSUME_UNIVERSAL), "2024-02-29T00:00:00.0000000+00:00");
    assert_eq!(read("2024-02-29", styles::ASSUME_UNIVERSAL | styles::ADJUST_TO_UNIVERSAL), "2024-02-29T00:00:00.0000000Z");
    assert_eq!(read("13:14", styles::NO_CURRENT_DATE_DEFAULT), "0001-01-01T13:14:00.0000000");
}

#[test]
fn offsets_are_kept_by_date_time_offset() {
    let read = |text: &str| parse(&units(text), settings(0, true)).map(|parsed| parsed.offset / TICKS_PER_SECOND / 60);
    assert_eq!(read("2024-02-29T01:00:00-05:30"), Ok(-330));
    assert_eq!(read("2024-02-29"), Ok(0));
    assert_eq!(read("13:00 +2"), Ok(120));
    assert_eq!(read("May 1 +08:30"), Err(Failure::Incomplete));
    assert_eq!(read("0001-01-01T00:00:00+01:00"), Err(Failure::Utc));
    assert_eq!(read("2024-02-29T01:00:00+14:30"), Err(Failure::Offset));
}

/// Source: learn.microsoft.com, `DateTime.ParseExact`.
#[test]
fn formats_are_followed_to_the_letter() {
    let bad = |text: &str| Failure::Bad.message(text);
    for (text, format, expected) in [
        ("2024-02-29", "yyyy-MM-dd", "2024-02-29T00:00:00.0000000".to_owned()),
        ("20240229131415", "yyyyMMddHHmmss", "2024-02-29T13:14:15.0000000".to_owned()),
        ("06/15/2008", "d", "2008-06-15T00:00:00.0000000".to_owned()),
        ("6/15/2008", "d", bad("6/15/2008")),
        ("6/15/2008", "M/d/yyyy", "2008-06-15T00:00:00.0000000".to_owned()),
        ("Sun 15 Jun 2008 8:30 AM -06:00", "ddd dd MMM yyyy h:mm tt zzz", "2008-06-15T14:30:00.0000000+00:00".to_owned()),
        ("2024-02-29T13:14:15.1230000Z", "o", "2024-02-29T13:14:15.1230000+00:00".to_owned()),
        ("2024-02-29T13:14:15.1230000", "o", "2024-02-29T13:14:15.1230000".to_owned()),
        ("2024-02-29T13:14:15", "o", bad("2024-02-29T13:14:15")),
        ("2024-02-29T13:14:15", "s", "2024-02-29T13:14:15.0000000".to_owned()),
        ("Thu, 29 Feb 2024 13:14:15 GMT", "r", "2024-02-29T13:14:15.0000000".to_owned()),
        ("2024-02-29 13:14:15Z", "u", "2024-02-29T13:14:15.0000000".to_owned()),
        ("29.02.24", "dd.MM.yy", "2024-02-29T00:00:00.0000000".to_owned()),
        ("13", "%H", "2024-05-06T13:00:00.0000000".to_owned()),
        ("2024-02-29 1 PM", "yyyy-MM-dd h tt", "2024-02-29T13:00:00.0000000".to_owned()),
        ("2024-02-29 1 P", "yyyy-MM-dd h t", "2024-02-29T13:00:00.0000000".to_owned()),
        ("2024-02-29T13:14:15", "yyyy-MM-dd'T'HH:mm:ss.FFF", "2024-02-29T13:14:15.0000000".to_owned()),
        ("2024-02-29T13:14:15.5", "yyyy-MM-dd'T'HH:mm:ss.FFF", "2024-02-29T13:14:15.5000000".to_owned()),
        ("2024-02-29T13:14:15Z", "yyyy-MM-ddTHH:mm:ssZ", "2024-02-29T13:14:15.0000000+00:00".to_owned()),
        ("2024-02-29T13:14:15Z", "yyyy-MM-ddTHH:mm:ss'Z'", "2024-02-29T13:14:15.0000000".to_owned()),
        ("2024-02-29T13:14:15Z", "yyyy-MM-ddTHH:mm:ssK", "2024-02-29T13:14:15.0000000+00:00".to_owned()),
        ("2024-02-29 2024", "yyyy-MM-dd yyyy", "2024-02-29T00:00:00.0000000".to_owned()),
        ("2024-02-29 2025", "yyyy-MM-dd yyyy", "DateTime pattern 'y' appears more than once with different values.".to_owned()),
        ("2024-02-29", "yyyy-MM-dd'", "Cannot find a matching quote character for the character '''.".to_owned()),
        ("2024", "yyyy%", "Format specifier 'yyyy%' was invalid.".to_owned()),
        ("2024-02-29", "", "Format specifier '' was invalid.".to_owned()),
        ("2024-02-29", "q", "Input string was not in a correct format.".to_owned()),
        ("", "d", bad("")),
        ("2024-02-29 ", "yyyy-MM-dd", bad("2024-02-29 ")),
        (
            "2024-02-30",
            "yyyy-MM-dd",
            "The DateTime represented by the string '2024-02-30' is not supported in calendar 'System.Globalization.GregorianCalendar'."
                .to_owned(),
        ),
    ] {
        assert_eq!(read_exact(text, format), expected, "{text} by {format}");
    }
}

/// Whatever the text and the format: an answer, no panic.
#[test]
fn nothing_panics() {
    const PIECES: &[&str] = &[
        "1",
        "12",
        "2024",
        "99999999",
        "999999999",
        "0",
        ":",
        "/",
        "-",
        "+",
        ".",
        ",",
        " ",
        "T",
        "Z",
        "AM",
        "PM",
        "Feb",
        "Monday",
        "GMT",
        "#",
        "\0",
        "年",
        "時",
        "A.D.",
        "yyyy",
        "yyyyyyyyyyyy",
        "MM",
        "d",
        "h",
        "fff",
        "FF",
        "zzz",
        "K",
        "%",
        "\\",
        "'",
        "\"",
        "tt",
        "g",
        "x",
    ];
    let mut seed = 1_u64;
    let mut piece = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        PIECES[(seed >> 33) as usize % PIECES.len()]
    };
    for round in 0..60_000 {
        let text: String = (0..round % 9).map(|_| piece()).collect();
        let form: String = (0..round % 7).map(|_| piece()).collect();
        for (styles, keeps_offset) in
            [(0, false), (0, true), (7 | styles::ADJUST_TO_UNIVERSAL, false), (8 | styles::ASSUME_UNIVERSAL, false)]
        {
            let _ = parse(&units(&text), settings(styles, keeps_offset));
            let _ = parse_exact(&units(&text), &units(&form), settings(styles, keeps_offset));
        }
        let _ = format(MAX_TICKS, Clock::Kind(Kind::Utc), &form);
        let _ = crate::dotnet::datetime::span_format::format(i64::MIN, &form);
        let _ = crate::dotnet::datetime::span_parse::parse(&text);
        let _ = crate::dotnet::datetime::span_parse::parse_exact(&text, &form, true);
    }
}
