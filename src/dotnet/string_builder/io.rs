//! `System.IO`: text read from a string, text written into a `StringBuilder`.
//!
//! Source: dotnet/runtime, StringReader.cs, StringWriter.cs, TextReader.cs, TextWriter.cs.

use super::{StringBuilder, append};
use crate::dotnet::{
    exception::{Raise, argument_null, null_reference, out_of_range, raise, throw},
    heap::{Instance, Object},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    string::{self, Str, at, text, text_of, units_of},
    types::Type,
    value::Value,
};

/// A `StringReader`.
#[derive(Clone, Debug)]
struct Reader {
    /// None once it is closed.
    units: Option<Vec<u16>>,
    at: usize,
}

impl Instance for Reader {
    fn ty(&self) -> Type {
        Type::named(&super::STRING_READER)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }
}

/// What is left to read, and where the reader stands.
fn reading<'a>(call: &'a mut Call<'_, '_>) -> Result<(&'a [u16], &'a mut usize), Raise> {
    let reader: &mut Reader = call.runtime.own_mut(call.argument(0)).ok_or_else(null_reference)?;
    match &reader.units {
        Some(units) => Ok((units.get(reader.at..).unwrap_or(&[]), &mut reader.at)),
        None => Err(throw(&registry::OBJECT_DISPOSED_EXCEPTION, "Cannot read from a closed TextReader.")),
    }
}

/// All that a `TextReader` still has.
///
/// # Errors
/// `ObjectDisposedException` for a closed one; a spent budget.
pub fn read_to_end(runtime: &mut Runtime<'_>, reader: &Value) -> Result<Str, Raise> {
    let arguments = [reader.clone()];
    let mut call = Call::new(runtime, &arguments, &[]);
    let (rest, place) = reading(&mut call)?;
    let all = Str::from_units(rest);
    *place += rest.len();
    runtime.allocate(all.bytes())?;
    Ok(all)
}

fn close_reader(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if let Some(reader) = call.runtime.own_mut::<Reader>(call.argument(0)) {
        reader.units = None;
    }
    Ok(Value::Null)
}

/// `Read(buffer, index, count)`, `ReadBlock`
fn read_into(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Some(buffer) = units_of(call, 1) else {
        return raise(&registry::ARGUMENT_NULL_EXCEPTION, "Buffer cannot be null. (Parameter 'buffer')");
    };
    let index = at(call, 2).ok_or_else(|| out_of_range("Non-negative number required.", "index"))?;
    let count = at(call, 3).ok_or_else(|| out_of_range("Non-negative number required.", "count"))?;
    if buffer.len().checked_sub(index).is_none_or(|room| room < count) {
        return raise(&registry::ARGUMENT_EXCEPTION, BAD_OFFSET);
    }
    let (rest, place) = reading(call)?;
    let part: Vec<u16> = rest.iter().take(count).copied().collect();
    *place += part.len();
    let array = Runtime::reference(call.argument(1)).and_then(|reference| call.runtime.heap.get_mut(reference));
    if let Some(Object::Array(list)) = array {
        for (slot, unit) in list.items.iter_mut().skip(index).zip(&part) {
            *slot = Value::Char(*unit);
        }
    }
    Ok(Value::Int32(part.len() as i32))
}

const BAD_OFFSET: &str = "Offset and length were out of bounds for the array or count is greater than the number of elements from \
                          index to the end of the source collection.";

/// `StringReader`'s own members.
pub const STRING_READER: &[Member] = &[member("StringReader(string s)", |call| match text(call, 0) {
    Some(text) => {
        call.runtime.allocate(text.len() * 2)?;
        call.runtime.instance(Reader { units: Some(text.units()), at: 0 })
    }
    None => Err(argument_null("s")),
})];

/// `TextReader`
pub const READER: &[Member] = &[
    member("int Peek()", |call| Ok(Value::Int32(reading(call)?.0.first().map_or(-1, |unit| i32::from(*unit))))),
    member("int Read()", |call| {
        let (rest, place) = reading(call)?;
        Ok(Value::Int32(rest.first().map_or(-1, |unit| {
            *place += 1;
            i32::from(*unit)
        })))
    }),
    member("int Read(char[] buffer, int index, int count)", read_into),
    member("int ReadBlock(char[] buffer, int index, int count)", read_into),
    member("string ReadLine()", |call| {
        let (rest, place) = reading(call)?;
        if rest.is_empty() {
            return Ok(Value::Null);
        }
        let end = rest.iter().position(|unit| matches!(unit, 0x0A | 0x0D)).unwrap_or(rest.len());
        let (line, behind) = rest.split_at(end);
        let line = Str::from_units(line);
        *place += end + if behind.starts_with(&[0x0D, 0x0A]) { 2 } else { usize::from(!behind.is_empty()) };
        call.runtime.step()?;
        call.runtime.allocate(line.bytes())?;
        Ok(Value::String(line))
    }),
    member("string ReadToEnd()", |call| read_to_end(call.runtime, call.argument(0)).map(Value::String)),
    member("void Close()", close_reader),
    member("void Dispose()", close_reader),
];

/// A `StringWriter`.
#[derive(Clone, Debug)]
struct Writer {
    /// The `StringBuilder`.
    into: Value,
    newline: Str,
    is_open: bool,
}

impl Instance for Writer {
    fn ty(&self) -> Type {
        Type::named(&super::STRING_WRITER)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, runtime: &Runtime<'_>) -> Option<Str> {
        runtime.own::<StringBuilder>(&self.into)?.text(runtime)
    }
}

fn writer<'a>(call: &'a Call<'_, '_>) -> Result<&'a Writer, Raise> {
    call.runtime.own(call.argument(0)).ok_or_else(null_reference)
}

/// Writes into whatever a `TextWriter` is.
///
/// # Errors
/// `ObjectDisposedException` for a closed one; a spent budget.
pub fn write(runtime: &mut Runtime<'_>, writer: &Value, text: &Str) -> Result<(), Raise> {
    let Some(Writer { into, is_open, .. }) = runtime.own::<Writer>(writer).cloned() else { return Err(null_reference()) };
    if !is_open {
        return raise(&registry::OBJECT_DISPOSED_EXCEPTION, "Cannot write to a closed TextWriter.");
    }
    append(runtime, &into, &text.units(), "valueCount")
}

fn write_line_end(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let newline = writer(call)?.newline.clone();
    write(call.runtime, call.argument(0), &newline)?;
    Ok(Value::Null)
}

fn write_value(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let text = match units_of(call, 1) {
        Some(units) => Str::from_units(&units),
        None => text_of(call.runtime, call.argument(1))?,
    };
    write(call.runtime, call.argument(0), &text)?;
    Ok(Value::Null)
}

fn write_part(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Some(buffer) = units_of(call, 1) else {
        return raise(&registry::ARGUMENT_NULL_EXCEPTION, "Buffer cannot be null. (Parameter 'buffer')");
    };
    let index = at(call, 2).ok_or_else(|| out_of_range("Non-negative number required.", "index"))?;
    let count = at(call, 3).ok_or_else(|| out_of_range("Non-negative number required.", "count"))?;
    let Some(part) = buffer.get(index..index.saturating_add(count)) else {
        return raise(&registry::ARGUMENT_EXCEPTION, BAD_OFFSET);
    };
    write(call.runtime, call.argument(0), &Str::from_units(part))?;
    Ok(Value::Null)
}

fn write_format(call: &mut Call<'_, '_>, items: Vec<Value>) -> Result<Value, Raise> {
    let Some(format) = text(call, 1) else { return Err(argument_null("format")) };
    let formatted = Value::String(crate::dotnet::format::composite(call.runtime, &format.as_str(), &items)?);
    let formatted = text_of(call.runtime, &formatted)?;
    write(call.runtime, call.argument(0), &formatted)?;
    Ok(Value::Null)
}

fn write_formatted(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let items = call.arguments.iter().skip(2).cloned().collect();
    write_format(call, items)
}

fn write_formatted_array(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.argument(2).is_null() {
        return Err(argument_null(if call.argument(1).is_null() { "format" } else { "arg" }));
    }
    let items = call.runtime.collect(call.argument(2))?;
    write_format(call, items)
}

fn close_writer(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if let Some(writer) = call.runtime.own_mut::<Writer>(call.argument(0)) {
        writer.is_open = false;
    }
    Ok(Value::Null)
}

fn make(call: &mut Call<'_, '_>, into: Value) -> Result<Value, Raise> {
    call.runtime.instance(Writer { into, newline: string::NEWLINE.into(), is_open: true })
}

/// `StringWriter`'s own members.
pub const STRING_WRITER: &[Member] = &[
    member("StringWriter()", |call| {
        let builder = super::make(call, Vec::new(), 0, super::MOST)?;
        make(call, builder)
    }),
    member("StringWriter(StringBuilder sb)", |call| match call.argument(0) {
        Value::Null => raise(&registry::ARGUMENT_NULL_EXCEPTION, "Buffer cannot be null. (Parameter 'sb')"),
        builder => make(call, builder.clone()),
    }),
    member("StringWriter(IFormatProvider formatProvider)", |call| {
        let builder = super::make(call, Vec::new(), 0, super::MOST)?;
        make(call, builder)
    }),
    member("StringWriter(StringBuilder sb, IFormatProvider formatProvider)", |call| match call.argument(0) {
        Value::Null => raise(&registry::ARGUMENT_NULL_EXCEPTION, "Buffer cannot be null. (Parameter 'sb')"),
        builder => make(call, builder.clone()),
    }),
    member("StringBuilder GetStringBuilder()", |call| Ok(writer(call)?.into.clone())),
];

/// A `Write` and the `WriteLine` that does the same and ends the line.
macro_rules! written {
    ($($parameters:literal => $native:ident),* $(,)?) => {
        &[
            $(
                member(concat!("void Write(", $parameters, ")"), $native),
                member(concat!("void WriteLine(", $parameters, ")"), |call| {
                    $native(call)?;
                    write_line_end(call)
                }),
            )*
            member("void WriteLine()", write_line_end),
            member("string NewLine { get; set; }", |call| {
                let new = text(call, 1).cloned();
                match (call.runtime.own_mut::<Writer>(call.argument(0)), call.arguments.len()) {
                    (Some(writer), 1) => Ok(Value::String(writer.newline.clone())),
                    (Some(writer), _) => {
                        writer.newline = new.unwrap_or_else(|| string::NEWLINE.into());
                        Ok(Value::Null)
                    }
                    (None, _) => Err(null_reference()),
                }
            }),
            member("Encoding Encoding { get; }", |call| call.runtime.instance(crate::dotnet::encoding::Encoding::Unicode)),
            member("void Flush()", |_| Ok(Value::Null)),
            member("void Close()", close_writer),
            member("void Dispose()", close_writer),
        ]
    };
}

/// `TextWriter`
pub const WRITER: &[Member] = written! {
    "string value" => write_value,
    "char value" => write_value,
    "char[] buffer" => write_value,
    "char[] buffer, int index, int count" => write_part,
    "StringBuilder value" => write_value,
    "bool value" => write_value,
    "int value" => write_value,
    "uint value" => write_value,
    "long value" => write_value,
    "ulong value" => write_value,
    "float value" => write_value,
    "double value" => write_value,
    "decimal value" => write_value,
    "object value" => write_value,
    "string format, object arg0" => write_formatted,
    "string format, object arg0, object arg1" => write_formatted,
    "string format, object arg0, object arg1, object arg2" => write_formatted,
    "string format, params object[] arg" => write_formatted_array,
};
