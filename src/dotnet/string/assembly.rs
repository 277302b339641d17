//! Strings made of others: constructors, `Concat`, `Join`, `Format`.

use super::{Str, int, text, text_of, unit, units_of};
use crate::dotnet::{
    exception::{Raise, argument_null, out_of_range, raise},
    format,
    heap::Object,
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

/// A string under construction: pays for what it takes.
#[derive(Debug, Default)]
pub struct Assembly {
    text: String,
    /// All of it, once there is a lone surrogate.
    units: Option<Vec<u16>>,
}

impl Assembly {
    /// Puts `piece` behind what is there.
    ///
    /// # Errors
    /// A spent budget.
    pub fn push(&mut self, runtime: &mut Runtime<'_>, piece: &Str) -> Result<(), Raise> {
        runtime.allocate(piece.bytes())?;
        match (&mut self.units, piece) {
            (None, Str::Text(piece)) => self.text.push_str(piece),
            (None, Str::Units(piece)) => {
                let mut units: Vec<u16> = std::mem::take(&mut self.text).encode_utf16().collect();
                units.extend_from_slice(piece);
                self.units = Some(units);
            }
            (Some(units), piece) => units.extend(piece.units()),
        }
        Ok(())
    }

    /// The string.
    pub fn finish(self) -> Str {
        match self.units {
            Some(units) => Str::from_units(&units),
            None => self.text.into(),
        }
    }
}

/// Text between values, as `Join` puts it. Each value is asked for its text when it is reached.
///
/// # Errors
/// What the sequence's own code raises; a spent budget.
pub fn join(runtime: &mut Runtime<'_>, separator: &Str, values: &Value) -> Result<Str, Raise> {
    let mut cursor = runtime.cursor(values)?;
    let (mut joined, mut is_first) = (Assembly::default(), true);
    while let Some(item) = cursor.next(runtime)? {
        runtime.step()?;
        if !std::mem::take(&mut is_first) {
            joined.push(runtime, separator)?;
        }
        let text = text_of(runtime, &item)?;
        joined.push(runtime, &text)?;
    }
    Ok(joined.finish())
}

/// The separator of a `Join`: a string, null for none, or a character.
pub fn separator(call: &Call<'_, '_>, index: usize) -> Str {
    match call.argument(index) {
        Value::String(text) => text.clone(),
        Value::Char(unit) => Str::from_units(&[*unit]),
        _ => Str::EMPTY,
    }
}

fn joined(call: &mut Call<'_, '_>, parameter: &str) -> Result<Value, Raise> {
    if call.argument(1).is_null() {
        return Err(argument_null(parameter));
    }
    let separator = separator(call, 0);
    Ok(Value::String(join(call.runtime, &separator, call.argument(1))?))
}

/// `Join(separator, value, startIndex, count)`
fn joined_part(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let items = match call.runtime.get(call.argument(1)) {
        Some(Object::Array(list)) => list.items.clone(),
        _ => return Err(argument_null("value")),
    };
    let (start, count) = (int(call, 2), int(call, 3));
    let part = match (usize::try_from(start), usize::try_from(count)) {
        (Err(_), _) => return Err(out_of_range("StartIndex cannot be less than zero.", "startIndex")),
        (_, Err(_)) => return Err(out_of_range("Count cannot be less than zero.", "count")),
        (Ok(start), Ok(count)) => items.get(start..start.saturating_add(count)),
    };
    let Some(part) = part else {
        return Err(out_of_range("Index and count must refer to a location within the buffer.", "startIndex"));
    };
    let (separator, mut joined) = (separator(call, 0), Assembly::default());
    for (index, item) in part.iter().enumerate() {
        if index > 0 {
            joined.push(call.runtime, &separator)?;
        }
        let text = text_of(call.runtime, item)?;
        joined.push(call.runtime, &text)?;
    }
    Ok(Value::String(joined.finish()))
}

/// `Concat` of the arguments themselves.
fn concat(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let mut all = Assembly::default();
    for argument in call.arguments {
        let text = text_of(call.runtime, argument)?;
        all.push(call.runtime, &text)?;
    }
    Ok(Value::String(all.finish()))
}

/// `Concat` of a sequence.
fn concat_all(call: &mut Call<'_, '_>, parameter: &str) -> Result<Value, Raise> {
    if call.argument(0).is_null() {
        return Err(argument_null(parameter));
    }
    Ok(Value::String(join(call.runtime, &Str::EMPTY, call.argument(0))?))
}

/// `Format` with the arguments behind the format.
fn format(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Some(format) = text(call, 0) else { return Err(argument_null("format")) };
    let items: Vec<Value> = call.arguments.iter().skip(1).cloned().collect();
    format::composite(call.runtime, &format.as_str(), &items).map(Value::String)
}

/// `Format` with a provider, which can only be null.
fn format_with_provider(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let rest = call.arguments.get(1..).unwrap_or_default();
    format(&mut Call::new(call.runtime, rest, call.types))
}

/// `string(char[] value, int startIndex, int length)`
fn from_part(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Some(units) = units_of(call, 0) else { return Err(argument_null("value")) };
    let part = match (usize::try_from(int(call, 1)), usize::try_from(int(call, 2))) {
        (Err(_), _) => return Err(out_of_range("StartIndex cannot be less than zero.", "startIndex")),
        (_, Err(_)) => return Err(out_of_range("Length cannot be less than zero.", "length")),
        (Ok(start), Ok(length)) => units.get(start..start.saturating_add(length)),
    };
    let message = "Index was out of range. Must be non-negative and less than the size of the collection.";
    let part = part.ok_or_else(|| out_of_range(message, "startIndex"))?;
    call.runtime.allocate(part.len() * 2)?;
    Ok(Value::String(Str::from_units(part)))
}

/// Strings made of others.
pub const MEMBERS: &[Member] = &[
    member("String(char[] value)", |call| {
        let units = units_of(call, 0).unwrap_or_default();
        call.runtime.allocate(units.len() * 2)?;
        Ok(Value::String(Str::from_units(&units)))
    }),
    member("String(char[] value, int startIndex, int length)", from_part),
    member("String(char c, int count)", |call| match usize::try_from(int(call, 1)) {
        Err(_) => Err(out_of_range("Count cannot be less than zero.", "count")),
        Ok(count) => {
            call.runtime.allocate(count.saturating_mul(4))?;
            Ok(Value::String(Str::from_units(&vec![unit(call, 0).unwrap_or(0); count])))
        }
    }),
    member("static string Concat(object arg0)", concat),
    member("static string Concat(object arg0, object arg1)", concat),
    member("static string Concat(object arg0, object arg1, object arg2)", concat),
    member("static string Concat(params object[] args)", |call| concat_all(call, "args")),
    member("static string Concat(string str0, string str1)", concat),
    member("static string Concat(string str0, string str1, string str2)", concat),
    member("static string Concat(string str0, string str1, string str2, string str3)", concat),
    member("static string Concat(params string[] values)", |call| concat_all(call, "values")),
    member("static string Concat(IEnumerable<string> values)", |call| concat_all(call, "values")),
    member("static string Concat<T>(IEnumerable<T> values)", |call| concat_all(call, "values")),
    member("static string Join(string separator, params string[] value)", |call| joined(call, "value")),
    member("static string Join(string separator, params object[] values)", |call| joined(call, "values")),
    member("static string Join(string separator, IEnumerable<string> values)", |call| joined(call, "values")),
    member("static string Join<T>(string separator, IEnumerable<T> values)", |call| joined(call, "values")),
    member("static string Join(string separator, string[] value, int startIndex, int count)", joined_part),
    member("static string Join(char separator, params string[] value)", |call| joined(call, "value")),
    member("static string Join(char separator, params object[] values)", |call| joined(call, "values")),
    member("static string Join<T>(char separator, IEnumerable<T> values)", |call| joined(call, "values")),
    member("static string Join(char separator, string[] value, int startIndex, int count)", joined_part),
    member("static string Format(string format, object arg0)", format),
    member("static string Format(string format, object arg0, object arg1)", format),
    member("static string Format(string format, object arg0, object arg1, object arg2)", format),
    member("static string Format(string format, params object[] args)", |call| {
        let Some(format) = text(call, 0) else { return Err(argument_null("format")) };
        if call.argument(1).is_null() {
            return Err(argument_null("args"));
        }
        let items = call.runtime.collect(call.argument(1))?;
        format::composite(call.runtime, &format.as_str(), &items).map(Value::String)
    }),
    // The provider can only be null, and says nothing of the invariant culture.
    member("static string Format(IFormatProvider provider, string format, object arg0)", format_with_provider),
    member("static string Format(IFormatProvider provider, string format, object arg0, object arg1)", format_with_provider),
    member("static string Format(IFormatProvider provider, string format, object arg0, object arg1, object arg2)", format_with_provider),
    member("static string Format(IFormatProvider provider, string format, params object[] args)", |call| {
        let Some(format) = text(call, 1) else { return Err(argument_null("format")) };
        if call.argument(2).is_null() {
            return Err(argument_null("args"));
        }
        let items = call.runtime.collect(call.argument(2))?;
        format::composite(call.runtime, &format.as_str(), &items).map(Value::String)
    }),
    member("static string Copy(string str)", |call| {
        text(call, 0).map(|text| Value::String(text.clone())).ok_or_else(|| argument_null("str"))
    }),
    member("static string Intern(string str)", |call| {
        text(call, 0).map(|text| Value::String(text.clone())).ok_or_else(|| argument_null("str"))
    }),
    member("static string IsInterned(string str)", |call| {
        text(call, 0).map(|text| Value::String(text.clone())).ok_or_else(|| argument_null("str"))
    }),
    member("object Clone()", |call| Ok(call.argument(0).clone())),
    member("string ToString()", |call| Ok(call.argument(0).clone())),
    member("string ToString(IFormatProvider provider)", |call| Ok(call.argument(0).clone())),
    member("TypeCode GetTypeCode()", crate::dotnet::number::type_code_member),
    // .NET's `CharEnumerator`.
    member("IEnumerator<char> GetEnumerator()", |call| {
        crate::dotnet::collection::enumerator::start(&mut Call::new(call.runtime, call.arguments, &[Type::CHAR]))
    }),
    member("string Normalize()", |call| normalized(call, 1)),
    member("string Normalize(NormalizationForm normalizationForm)", |call| normalized(call, int(call, 1))),
    member("bool IsNormalized()", |call| is_normalized(call, 1)),
    member("bool IsNormalized(NormalizationForm normalizationForm)", |call| is_normalized(call, int(call, 1))),
];

/// A normal form of the text; `Normalize` refuses lone surrogates. Source: dotnet/runtime, Normalization.Icu.cs.
fn normalized(call: &mut Call<'_, '_>, form: i64) -> Result<Value, Raise> {
    use unicode_normalization::UnicodeNormalization as _;
    let Str::Text(text) = super::this(call)? else {
        return raise(&registry::ARGUMENT_EXCEPTION, "Invalid Unicode code point found at index 0. (Parameter 'strInput')");
    };
    // A compatibility decomposition gives 18 characters for one at most.
    call.runtime.allocate(text.len().saturating_mul(if text.is_ascii() { 1 } else { 4 }))?;
    Ok(Value::string(match form {
        1 => text.nfc().collect::<String>(),
        2 => text.nfd().collect(),
        5 => text.nfkc().collect(),
        6 => text.nfkd().collect(),
        _ => {
            let message = "Invalid or unsupported normalization form. (Parameter 'normalizationForm')";
            return raise(&registry::ARGUMENT_EXCEPTION, message);
        }
    }))
}

fn is_normalized(call: &mut Call<'_, '_>, form: i64) -> Result<Value, Raise> {
    let this = super::this(call)?;
    Ok(Value::Bool(matches!(normalized(call, form)?, Value::String(text) if text == *this)))
}
