//! Composite formatting: values under format strings, in `string.Format`, interpolated strings and `ToString(format)`.
//!
//! Source: learn.microsoft.com/dotnet/standard/base-types/composite-formatting; dotnet/runtime, ValueStringBuilder.AppendFormat.cs.

use super::{
    display::to_str,
    enums,
    exception::{Raise, null_reference, throw},
    guid,
    heap::Object,
    json::{Kind, Token},
    member::Call,
    number::{self, wrong_format},
    registry,
    runtime::Runtime,
    string::Str,
    value::Value,
};

/// `IFormattable.ToString(format)`; what is not formattable, and everything without a format, gives its `ToString()`.
pub fn value(runtime: &mut Runtime<'_>, value: &Value, format: Option<&str>) -> Result<Str, Raise> {
    let Some(format) = format.filter(|format| !format.is_empty()) else { return Ok(to_str(runtime, value)) };
    if let Some(text) = number::format(runtime, value, format) {
        return text.map(Str::from);
    }
    match value {
        Value::Enum(member) => enums::format(member, format).map(Str::from),
        Value::Guid(bytes) => guid::format(bytes, format).map(Str::from),
        Value::DateTime(_) | Value::DateTimeOffset(_) | Value::TimeSpan(_) => moment(runtime, value, format),
        // A `JValue` hands the format on to what it holds.
        Value::Object(_) => match runtime.get(value) {
            Some(Object::Token(Token { kind: Kind::Value(inner), .. })) => {
                let inner = inner.value.clone();
                self::value(runtime, &inner, Some(format))
            }
            _ => Ok(to_str(runtime, value)),
        },
        _ => Ok(to_str(runtime, value)),
    }
}

/// Dates and times are formatted by their own `ToString(string format)`.
fn moment(runtime: &mut Runtime<'_>, value: &Value, format: &str) -> Result<Str, Raise> {
    let class = match value {
        Value::DateTime(_) => &registry::DATE_TIME,
        Value::DateTimeOffset(_) => &registry::DATE_TIME_OFFSET,
        _ => &registry::TIME_SPAN,
    };
    let to_string = class.infos().iter().find(|info| info.name == "ToString" && info.parameters.len() == 1);
    let Some(to_string) = to_string else { return Ok(to_str(runtime, value)) };
    let arguments = [value.clone(), Value::string(format.to_owned())];
    match (to_string.native)(&mut Call { runtime, arguments: &arguments, types: &[], outs: Vec::new() })? {
        Value::String(text) => Ok(text),
        _ => Ok(Str::EMPTY),
    }
}

/// `ToString()` and `ToString(string format)` of a formattable type.
pub fn to_string_member(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let this = call.argument(0);
    if this.is_null() {
        return Err(null_reference());
    }
    let format = match call.argument(1) {
        Value::String(format) => Some(format.as_str()),
        _ => None,
    };
    value(call.runtime, this, format.as_deref()).map(Value::String)
}

/// Larger indices and widths end the reading of their digits.
const LIMIT: usize = 1_000_000;

/// `string.Format`: holes of the form `{index[,alignment][:format]}`, braces doubled.
pub fn composite(runtime: &mut Runtime<'_>, format: &str, arguments: &[Value]) -> Result<Str, Raise> {
    let mut out = Builder::default();
    let mut scan = Scan { rest: format };
    runtime.work(format.len())?;
    loop {
        let literal = scan.until(|c| matches!(c, '{' | '}'));
        out.text(runtime, literal)?;
        match scan.next() {
            None => return Ok(out.finish()),
            Some(brace) if scan.peek() == Some(brace) => {
                scan.next();
                out.text(runtime, if brace == '{' { "{" } else { "}" })?;
                continue;
            }
            Some('{') => {}
            Some(_) => return Err(wrong_format()),
        }
        let index = scan.number()?;
        let Some(argument) = arguments.get(index) else {
            let message = "Index (zero based) must be greater than or equal to zero and less than the size of the argument list.";
            return Err(throw(&registry::FORMAT_EXCEPTION, message));
        };
        scan.spaces();
        let mut alignment = 0;
        if scan.take(',') {
            scan.spaces();
            let left = scan.take('-');
            let width = scan.number()? as i32;
            alignment = if left { -width } else { width };
            scan.spaces();
        }
        let item = scan.take(':').then(|| scan.until(|c| matches!(c, '{' | '}')));
        if !scan.take('}') {
            return Err(wrong_format());
        }
        let text = value(runtime, argument, item)?;
        out.aligned(runtime, &text, alignment)?;
    }
}

/// Pads to a width, paying for it: to the left for a positive one, to the right for a negative one.
pub fn aligned(runtime: &mut Runtime<'_>, text: &Str, alignment: i32) -> Result<Str, Raise> {
    let missing = (alignment.unsigned_abs() as usize).saturating_sub(text.len());
    if missing == 0 {
        return Ok(text.clone());
    }
    runtime.allocate(missing + text.bytes())?;
    let spaces = Str::from(" ".repeat(missing));
    Ok(if alignment < 0 { text.concat(&spaces) } else { spaces.concat(text) })
}

/// A text in the making. Only what UTF-8 cannot hold (a lone surrogate) makes it a sequence of units.
#[derive(Default)]
struct Builder {
    text: String,
    /// What stands before `text`, once there was a lone surrogate.
    units: Vec<u16>,
}

impl Builder {
    fn text(&mut self, runtime: &mut Runtime<'_>, text: &str) -> Result<(), Raise> {
        runtime.allocate(text.len())?;
        self.text.push_str(text);
        Ok(())
    }

    fn aligned(&mut self, runtime: &mut Runtime<'_>, text: &Str, alignment: i32) -> Result<(), Raise> {
        let text = aligned(runtime, text, alignment)?;
        runtime.allocate(text.bytes())?;
        match &text {
            Str::Text(text) => self.text.push_str(text),
            Str::Units(units) => {
                self.units.extend(std::mem::take(&mut self.text).encode_utf16());
                self.units.extend_from_slice(units);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Str {
        if self.units.is_empty() {
            return self.text.into();
        }
        self.units.extend(self.text.encode_utf16());
        Str::from_units(&self.units)
    }
}

struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.rest.strip_prefix(wanted);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn until(&mut self, ends: fn(char) -> bool) -> &'a str {
        let (before, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        before
    }

    fn number(&mut self) -> Result<usize, Raise> {
        let mut number = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)).filter(|_| number.unwrap_or(0) < LIMIT) {
            number = Some(number.unwrap_or(0) * 10 + digit as usize);
            self.next();
        }
        number.ok_or_else(wrong_format)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::{
        dotnet::{
            context::RequestContext,
            enums::{DAY_OF_WEEK, EnumValue},
            heap::Heap,
            runtime::Budget,
        },
        environment::{Fixed, Moment},
    };

    fn formatted(format: &str, arguments: &[Value]) -> String {
        let (mut context, mut heap) = (RequestContext::default(), Heap::default());
        let mut environment = Fixed { now: Moment(0), state: 1 };
        let mut runtime = Runtime {
            context: &mut context,
            heap: &mut heap,
            environment: &mut environment,
            budget: Budget::default(),
            locals: &mut Vec::new(),
        };
        match composite(&mut runtime, format, arguments) {
            Ok(text) => text.to_string(),
            Err(Raise::Exception(exception)) => exception.message.clone(),
            Err(other) => format!("{other:?}"),
        }
    }

    /// Source: learn.microsoft.com/dotnet/standard/base-types/composite-formatting.
    #[test]
    fn holes_are_filled_as_dotnet_fills_them() {
        let arguments = [
            Value::string("a"),
            Value::Int32(42),
            Value::Double(-1234.567),
            Value::Null,
            Value::Enum(EnumValue::new(&DAY_OF_WEEK, 1)),
            Value::Guid([0; 16]),
            Value::Bool(true),
            Value::Char(0xd83d),
            Value::Char(0xde00),
        ];
        let wrong = "Input string was not in a correct format.";
        let beyond = "Index (zero based) must be greater than or equal to zero and less than the size of the argument list.";
        for (format, expected) in [
            ("", ""),
            ("{0} {1} {0}", "a 42 a"),
            ("{0,4}|{0,-4}|{1 , 6 : D4 }", "   a|a   |   D4 "),
            ("{1:D4}|{2:N1}|{2,12:F2}", "0042|-1,234.6|    -1234.57"),
            ("{{{0}}}", "{a}"),
            ("{3}|{3,2}|{3:F2}", "|  |"),
            ("{4}|{4:D}|{4:X}", "Monday|1|00000001"),
            ("{5:N}", "00000000000000000000000000000000"),
            ("{6:F2}", "True"),
            ("{7}{8}", "😀"),
            ("{0", wrong),
            ("}", wrong),
            ("{}", wrong),
            ("{a}", wrong),
            ("{-1}", wrong),
            ("{ 0}", wrong),
            ("{0,}", wrong),
            ("{0,x}", wrong),
            ("{0:{}", wrong),
            ("{0:", wrong),
            ("{9}", beyond),
            ("{1:Q}", "Format specifier was invalid."),
            ("{1,999999999}", wrong),
        ] {
            assert_eq!(formatted(format, &arguments), expected, "{format}");
        }
    }
}
