//! Composite formatting, `{index[,alignment][:format]}`, and values under a format.

use crate::dotnet::{
    display::to_str,
    exception::{Raise, raise, throw},
    member::Call,
    number, registry,
    value::Value,
};

/// .NET's composite formatting: `{index[,alignment][:format]}`.
///
/// # Errors
/// `FormatException` for a format that is wrong; a spent budget.
pub fn composite(call: &mut Call<'_, '_>, format: &str, items: &[Value]) -> Result<Value, Raise> {
    let wrong = || throw(&registry::FORMAT_EXCEPTION, "Input string was not in a correct format.");
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if from.starts_with("{{") || from.starts_with("}}") {
            out.push_str(from.get(..1).unwrap_or(""));
            rest = from.get(2..).unwrap_or("");
            continue;
        }
        let inner = from.strip_prefix('{').ok_or_else(wrong)?;
        let (hole, after) = inner.split_once('}').ok_or_else(wrong)?;
        let (head, format) = hole.split_once(':').map_or((hole, None), |(head, format)| (head, Some(format)));
        let (index, alignment) = head.split_once(',').map_or((head, "0"), |(index, alignment)| (index, alignment));
        let index: usize = index.trim().parse().map_err(|_| wrong())?;
        let alignment: i32 = alignment.trim().parse().map_err(|_| wrong())?;
        let Some(item) = items.get(index) else {
            return raise(
                &registry::FORMAT_EXCEPTION,
                "Index (zero based) must be greater than or equal to zero and less than the size of the argument list.",
            );
        };
        out.push_str(&aligned(&formatted(call, item, format)?, alignment));
        rest = after;
    }
    out.push_str(rest);
    call.runtime.allocate(out.len())?;
    Ok(Value::string(out))
}

/// A value under an optional format string, as a hole of an interpolated string has it.
pub fn formatted(call: &mut Call<'_, '_>, value: &Value, format: Option<&str>) -> Result<String, Raise> {
    match format.filter(|format| !format.is_empty()) {
        None => Ok(to_str(call.runtime, value).to_string()),
        Some(format) if number::as_double(value).is_some() => {
            number::format_number(value, format).ok_or_else(|| throw(&registry::FORMAT_EXCEPTION, "Format specifier was invalid."))
        }
        Some(_) => Ok(to_str(call.runtime, value).to_string()),
    }
}

/// Pads to a width: to the left for a positive one, to the right for a negative one.
pub fn aligned(text: &str, alignment: i32) -> String {
    let missing = (alignment.unsigned_abs() as usize).min(1 << 20).saturating_sub(text.encode_utf16().count());
    let spaces = " ".repeat(missing);
    if alignment < 0 { format!("{text}{spaces}") } else { format!("{spaces}{text}") }
}
