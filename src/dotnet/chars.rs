//! `System.Char`: UTF-16 code units by their Unicode category.
//!
//! Source: learn.microsoft.com/dotnet/api/system.char; dotnet/runtime, System.Private.CoreLib, Char.cs and CharUnicodeInfo.cs.

use unicode_general_category::{GeneralCategory, get_general_category};

use super::{
    enums::EnumValue,
    exception::{Raise, argument_null, out_of_range, raise, throw},
    member::{Call, Member, member},
    number::{compare_member, equals_member, hash_member, type_code_member},
    registry,
    string::Str,
    value::Value,
};

crate::classes! {
    CHAR = structure("System", "Char").keyword("char").members(MEMBERS);
    UNICODE_CATEGORY = enumeration("System.Globalization", "UnicodeCategory", &[
        ("UppercaseLetter", 0), ("LowercaseLetter", 1), ("TitlecaseLetter", 2), ("ModifierLetter", 3), ("OtherLetter", 4),
        ("NonSpacingMark", 5), ("SpacingCombiningMark", 6), ("EnclosingMark", 7), ("DecimalDigitNumber", 8), ("LetterNumber", 9),
        ("OtherNumber", 10), ("SpaceSeparator", 11), ("LineSeparator", 12), ("ParagraphSeparator", 13), ("Control", 14), ("Format", 15),
        ("Surrogate", 16), ("PrivateUse", 17), ("ConnectorPunctuation", 18), ("DashPunctuation", 19), ("OpenPunctuation", 20),
        ("ClosePunctuation", 21), ("InitialQuotePunctuation", 22), ("FinalQuotePunctuation", 23), ("OtherPunctuation", 24),
        ("MathSymbol", 25), ("CurrencySymbol", 26), ("ModifierSymbol", 27), ("OtherSymbol", 28), ("OtherNotAssigned", 29),
    ]);
}

/// Tests of a code point, each for a character and for a place in a string, then what is listed as it stands.
macro_rules! members {
    ($($name:literal $test:expr;)* + $($rest:expr,)*) => {
        /// The members of `char`.
        pub const MEMBERS: &[Member] = &[
            $(
                member(concat!("static bool ", $name, "(char c)"), |call| Ok(Value::Bool($test(u32::from(unit(call, 0)))))),
                member(concat!("static bool ", $name, "(string s, int index)"), |call| Ok(Value::Bool($test(point(call)?)))),
            )*
            $($rest,)*
        ];
    };
}

members! {
    "IsControl" |c| category(c) == 14;
    "IsDigit" |c| category(c) == 8;
    "IsHighSurrogate" |c| matches!(c, 0xd800..=0xdbff);
    "IsLetter" |c| category(c) <= 4;
    "IsLetterOrDigit" |c| matches!(category(c), 0..=4 | 8);
    "IsLower" |c| category(c) == 1;
    "IsLowSurrogate" |c| matches!(c, 0xdc00..=0xdfff);
    "IsNumber" |c| matches!(category(c), 8..=10);
    "IsPunctuation" |c| matches!(category(c), 18..=24);
    "IsSeparator" |c| matches!(category(c), 11..=13);
    "IsSurrogate" |c| matches!(c, 0xd800..=0xdfff);
    "IsSymbol" |c| matches!(category(c), 25..=28);
    "IsUpper" |c| category(c) == 0;
    "IsWhiteSpace" is_white;
    +
    member("static char MaxValue { get; }", |_| Ok(Value::Char(u16::MAX))),
    member("static char MinValue { get; }", |_| Ok(Value::Char(0))),
    member("static bool IsAscii(char c)", |call| Ok(Value::Bool(unit(call, 0) < 0x80))),
    member("static bool IsSurrogatePair(char highSurrogate, char lowSurrogate)", |call| {
        Ok(Value::Bool(pair(unit(call, 0), unit(call, 1)).is_some()))
    }),
    member("static bool IsSurrogatePair(string s, int index)", |call| {
        let (text, index) = place(call, "Specified argument was out of the range of valid values.")?;
        let joined = text.unit(index).zip(text.unit(index + 1)).and_then(|(high, low)| pair(high, low));
        Ok(Value::Bool(joined.is_some()))
    }),
    member("static double GetNumericValue(char c)", |call| Ok(Value::Double(numeric(u32::from(unit(call, 0)))))),
    member("static double GetNumericValue(string s, int index)", |call| Ok(Value::Double(numeric(point(call)?)))),
    member("static UnicodeCategory GetUnicodeCategory(char c)", |call| Ok(category_value(u32::from(unit(call, 0))))),
    member("static UnicodeCategory GetUnicodeCategory(string s, int index)", |call| Ok(category_value(point(call)?))),
    member("static string ConvertFromUtf32(int utf32)", |call| {
        let code = call.argument(0).as_integer().and_then(|code| u32::try_from(code).ok());
        code.and_then(char::from_u32).map(|c| Value::string(c.to_string())).ok_or_else(|| {
            let message = "A valid UTF32 value is between 0x000000 and 0x10ffff, inclusive, and should not include surrogate codepoint \
                           values (0x00d800 ~ 0x00dfff).";
            out_of_range(message, "utf32")
        })
    }),
    member("static int ConvertToUtf32(char highSurrogate, char lowSurrogate)", |call| {
        let (high, low) = (unit(call, 0), unit(call, 1));
        match pair(high, low) {
            Some(code) => Ok(Value::Int32(code as i32)),
            None if !matches!(high, 0xd800..=0xdbff) => {
                Err(out_of_range("A valid high surrogate character is between 0xd800 and 0xdbff, inclusive.", "highSurrogate"))
            }
            None => Err(out_of_range("A valid low surrogate character is between 0xdc00 and 0xdfff, inclusive.", "lowSurrogate")),
        }
    }),
    member("static int ConvertToUtf32(string s, int index)", to_utf32),
    member("static char Parse(string s)", |call| match call.argument(0) {
        Value::String(text) => single(text).map(Value::Char),
        _ => Err(argument_null("s")),
    }),
    member("static bool TryParse(string s, out char result)", |call| {
        let parsed = match call.argument(0) {
            Value::String(text) => single(text).ok(),
            _ => None,
        };
        call.out(1, Value::Char(parsed.unwrap_or(0)));
        Ok(Value::Bool(parsed.is_some()))
    }),
    member("static char ToUpper(char c)", |call| Ok(Value::Char(to_upper(unit(call, 0))))),
    member("static char ToUpperInvariant(char c)", |call| Ok(Value::Char(to_upper(unit(call, 0))))),
    member("static char ToLower(char c)", |call| Ok(Value::Char(to_lower(unit(call, 0))))),
    member("static char ToLowerInvariant(char c)", |call| Ok(Value::Char(to_lower(unit(call, 0))))),
    member("static string ToString(char c)", |call| Ok(Value::String(Str::from_units(&[unit(call, 0)])))),
    member("string ToString()", |call| Ok(Value::String(Str::from_units(&[unit(call, 0)])))),
    member("string ToString(IFormatProvider provider)", |call| Ok(Value::String(Str::from_units(&[unit(call, 0)])))),
    member("int CompareTo(object value)", compare_member),
    member("int CompareTo(char value)", compare_member),
    member("bool Equals(object obj)", equals_member),
    member("bool Equals(char obj)", equals_member),
    member("int GetHashCode()", hash_member),
    member("TypeCode GetTypeCode()", type_code_member),
}

fn unit(call: &Call<'_, '_>, index: usize) -> u16 {
    match call.argument(index) {
        Value::Char(unit) => *unit,
        _ => 0,
    }
}

fn pair(high: u16, low: u16) -> Option<u32> {
    let is_pair = matches!(high, 0xd800..=0xdbff) && matches!(low, 0xdc00..=0xdfff);
    is_pair.then(|| 0x10000 + ((u32::from(high) - 0xd800) << 10) + (u32::from(low) - 0xdc00))
}

/// The string and the index of `(string s, int index)`.
fn place<'a>(call: &mut Call<'a, '_>, message: &str) -> Result<(&'a Str, usize), Raise> {
    let Value::String(text) = call.argument(0) else { return Err(argument_null("s")) };
    if text.ascii().is_none() {
        call.runtime.work(text.bytes())?;
    }
    let index = call.argument(1).as_integer().and_then(|index| usize::try_from(index).ok());
    index.filter(|index| text.unit(*index).is_some()).map(|index| (text, index)).ok_or_else(|| out_of_range(message, "index"))
}

/// The code point at a place in a string: both halves of a pair together, a lone half by itself.
fn point(call: &mut Call<'_, '_>) -> Result<u32, Raise> {
    let (text, index) = place(call, "Specified argument was out of the range of valid values.")?;
    let first = text.unit(index).unwrap_or(0);
    Ok(match first {
        0xd800..=0xdbff => text.unit(index + 1).and_then(|low| pair(first, low)).unwrap_or(u32::from(first)),
        _ => u32::from(first),
    })
}

fn to_utf32(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let (text, index) = place(call, "Index was out of range. Must be non-negative and less than the size of the collection.")?;
    let first = text.unit(index).unwrap_or(0);
    let lone = |what: &str, other: &str| {
        let message = format!(
            "Found a {what} surrogate char without a {other} surrogate at index: {index}. The input may not be in this encoding, \
             or may not contain valid Unicode (UTF-16) characters. (Parameter 's')"
        );
        raise(&registry::ARGUMENT_EXCEPTION, message)
    };
    match first {
        0xd800..=0xdbff => match text.unit(index + 1).and_then(|low| pair(first, low)) {
            Some(code) => Ok(Value::Int32(code as i32)),
            None => lone("high", "following low"),
        },
        0xdc00..=0xdfff => lone("low", "preceding high"),
        _ => Ok(Value::Int32(i32::from(first))),
    }
}

/// The one character of a string.
pub fn single(text: &Str) -> Result<u16, Raise> {
    let first = text.unit(0).filter(|_| text.len() == 1);
    first.ok_or_else(|| throw(&registry::FORMAT_EXCEPTION, "String must be exactly one character long."))
}

/// `char.IsWhiteSpace`: separators, and the controls that move the print head.
pub fn is_white(code: u32) -> bool {
    matches!(code, 0x09..=0x0d | 0x85) || matches!(category(code), 11..=13)
}

fn category_value(code: u32) -> Value {
    Value::Enum(EnumValue::new(&UNICODE_CATEGORY, category(code)))
}

/// The Unicode category by .NET's number for it.
pub fn category(code: u32) -> i32 {
    use GeneralCategory as G;
    let Some(c) = char::from_u32(code) else { return 16 };
    match get_general_category(c) {
        G::UppercaseLetter => 0,
        G::LowercaseLetter => 1,
        G::TitlecaseLetter => 2,
        G::ModifierLetter => 3,
        G::OtherLetter => 4,
        G::NonspacingMark => 5,
        G::SpacingMark => 6,
        G::EnclosingMark => 7,
        G::DecimalNumber => 8,
        G::LetterNumber => 9,
        G::OtherNumber => 10,
        G::SpaceSeparator => 11,
        G::LineSeparator => 12,
        G::ParagraphSeparator => 13,
        G::Control => 14,
        G::Format => 15,
        G::Surrogate => 16,
        G::PrivateUse => 17,
        G::ConnectorPunctuation => 18,
        G::DashPunctuation => 19,
        G::OpenPunctuation => 20,
        G::ClosePunctuation => 21,
        G::InitialPunctuation => 22,
        G::FinalPunctuation => 23,
        G::OtherPunctuation => 24,
        G::MathSymbol => 25,
        G::CurrencySymbol => 26,
        G::ModifierSymbol => 27,
        G::OtherSymbol => 28,
        _ => 29,
    }
}

/// The upper case of a code unit under the invariant culture: one for one, and the dotless `ı` stays.
pub fn to_upper(unit: u16) -> u16 {
    let Some(c) = char::from_u32(u32::from(unit)).filter(|c| *c != 'ı') else { return unit };
    let mut upper = c.to_uppercase();
    only(unit, upper.next(), upper.next())
}

/// The lower case of a code unit under the invariant culture: one for one, so that `İ` stays.
pub fn to_lower(unit: u16) -> u16 {
    let Some(c) = char::from_u32(u32::from(unit)) else { return unit };
    let mut lower = c.to_lowercase();
    only(unit, lower.next(), lower.next())
}

fn only(unit: u16, first: Option<char>, second: Option<char>) -> u16 {
    first.filter(|_| second.is_none()).and_then(|c| u16::try_from(u32::from(c)).ok()).unwrap_or(unit)
}

/// The number that a character stands for, -1 for none: decimal digits of all scripts, superscripts, fractions, Roman numerals,
/// numbers in circles. Source: the Unicode Character Database, `Numeric_Value`.
fn numeric(code: u32) -> f64 {
    let from = |start: u32, first: u32| f64::from(code - start + first);
    match code {
        0xb2 | 0xb3 => from(0xb2, 2),
        0xb9 => 1.0,
        0xbc => 0.25,
        0xbd => 0.5,
        0xbe => 0.75,
        0x2070 => 0.0,
        0x2074..=0x2079 => from(0x2074, 4),
        0x2080..=0x2089 => from(0x2080, 0),
        0x2150 => 1.0 / 7.0,
        0x2151 => 1.0 / 9.0,
        0x2152 => 0.1,
        0x2153 | 0x2154 => from(0x2153, 1) / 3.0,
        0x2155..=0x2158 => from(0x2155, 1) / 5.0,
        0x2159 => 1.0 / 6.0,
        0x215a => 5.0 / 6.0,
        0x215b => 0.125,
        0x215c => 0.375,
        0x215d => 0.625,
        0x215e => 0.875,
        0x215f => 1.0,
        0x2160..=0x216b => from(0x2160, 1),
        0x216c | 0x217c => 50.0,
        0x216d | 0x217d => 100.0,
        0x216e | 0x217e => 500.0,
        0x216f | 0x217f => 1000.0,
        0x2170..=0x217b => from(0x2170, 1),
        0x2189 => 0.0,
        0x2460..=0x2473 => from(0x2460, 1),
        0x2474..=0x2487 => from(0x2474, 1),
        0x2488..=0x249b => from(0x2488, 1),
        0x24ea | 0x24ff => 0.0,
        0x24eb..=0x24f4 => from(0x24eb, 11),
        0x24f5..=0x24fe => from(0x24f5, 1),
        0x2776..=0x277f => from(0x2776, 1),
        0x2780..=0x2789 => from(0x2780, 1),
        0x278a..=0x2793 => from(0x278a, 1),
        0x3007 => 0.0,
        0x3021..=0x3029 => from(0x3021, 1),
        0x1d7ce..=0x1d7ff => f64::from((code - 0x1d7ce) % 10),
        _ if category(code) != 8 => -1.0,
        // Digits stand in tens that begin at …0 or at …6.
        _ if category(code & !0xf) == 8 => f64::from(code & 0xf),
        _ => f64::from((code & 0xf).saturating_sub(6)),
    }
}
