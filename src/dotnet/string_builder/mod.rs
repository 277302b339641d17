//! `System.Text.StringBuilder`, and in `io` the readers and writers of text.
//!
//! Source of order and words of what is refused: dotnet/runtime, StringBuilder.cs.

mod io;

pub use io::{read_to_end, write};

use super::{
    exception::{Raise, argument_null, null_reference, out_of_range, raise, throw},
    heap::{Instance, Object},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    string::{self, Str, at, int, text, text_of, unit, units_of},
    types::Type,
    value::Value,
};

crate::classes! {
    STRING_BUILDER = class("System.Text", "StringBuilder").members(MEMBERS);
    OUT_OF_MEMORY_EXCEPTION = error("OutOfMemoryException", &["SystemException"]);
    TEXT_READER = class("System.IO", "TextReader").bases(&["object", "IDisposable"]).members(io::READER);
    STRING_READER = class("System.IO", "StringReader").bases(&["TextReader"]).members(io::STRING_READER);
    TEXT_WRITER = class("System.IO", "TextWriter").bases(&["object", "IDisposable"]).members(io::WRITER);
    STRING_WRITER = class("System.IO", "StringWriter").bases(&["TextWriter"]).members(io::STRING_WRITER);
}

const BAD_INDEX: &str = "Index was out of range. Must be non-negative and less than the size of the collection.";

/// A `StringBuilder`.
#[derive(Clone, Debug)]
pub struct StringBuilder {
    units: Vec<u16>,
    /// What .NET's would have; ours has what its vector has.
    capacity: usize,
    max_capacity: usize,
}

impl StringBuilder {
    fn new(units: Vec<u16>, capacity: usize, max_capacity: usize) -> Self {
        let capacity = if capacity == 0 { 16.min(max_capacity) } else { capacity }.max(units.len());
        Self { units, capacity, max_capacity }
    }

    /// .NET's chunks: each new one is as long as all before it, within 8000 characters, or as is needed.
    fn grow(&mut self, length: usize) {
        if length > self.capacity {
            let block = (length - self.capacity).max(self.capacity.min(8000));
            self.capacity = (self.capacity + block).min(self.max_capacity);
        }
    }
}

impl Instance for StringBuilder {
    fn ty(&self) -> Type {
        Type::named(&STRING_BUILDER)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(Str::from_units(&self.units))
    }
}

fn builder<'a>(call: &'a Call<'_, '_>, index: usize) -> Result<&'a StringBuilder, Raise> {
    call.runtime.own(call.argument(index)).ok_or_else(null_reference)
}

fn builder_mut<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut StringBuilder, Raise> {
    call.runtime.own_mut(call.argument(0)).ok_or_else(null_reference)
}

/// Puts code units behind what the builder in `value` has.
fn append(runtime: &mut Runtime<'_>, value: &Value, units: &[u16], parameter: &str) -> Result<(), Raise> {
    runtime.allocate(units.len() * 2)?;
    let builder: &mut StringBuilder = runtime.own_mut(value).ok_or_else(null_reference)?;
    let length = builder.units.len().saturating_add(units.len());
    if length > builder.max_capacity {
        return Err(out_of_range("The length cannot be greater than the capacity.", parameter));
    }
    builder.grow(length);
    builder.units.extend_from_slice(units);
    Ok(())
}

fn appended(call: &mut Call<'_, '_>, units: &[u16]) -> Result<Value, Raise> {
    append(call.runtime, call.argument(0), units, "valueCount")?;
    Ok(call.argument(0).clone())
}

/// `Append` of one value, `AppendLine`.
fn append_value(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let units = match units_of(call, 1) {
        Some(units) => units,
        None => text_of(call.runtime, call.argument(1))?.units(),
    };
    appended(call, &units)
}

/// `Append(value, startIndex, count)` of a string, a builder or characters.
fn append_part(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let is_array = matches!(call.runtime.get(call.argument(1)), Some(Object::Array(_)));
    let (count_name, positive) = (if is_array { "charCount" } else { "count" }, "Value must be positive.");
    let start = at(call, 2).ok_or_else(|| out_of_range(if is_array { positive } else { BAD_INDEX }, "startIndex"))?;
    let count = at(call, 3).ok_or_else(|| out_of_range(positive, count_name))?;
    if call.argument(1).is_null() {
        return if start == 0 && count == 0 { Ok(call.argument(0).clone()) } else { Err(argument_null("value")) };
    }
    let units = match units_of(call, 1) {
        Some(units) => units,
        None => text_of(call.runtime, call.argument(1))?.units(),
    };
    if count == 0 && !is_array {
        return Ok(call.argument(0).clone());
    }
    let part = units.get(start..start.saturating_add(count));
    let part = part.ok_or_else(|| out_of_range(BAD_INDEX, if is_array { "charCount" } else { "startIndex" }))?;
    appended(call, part)
}

fn append_joined(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.argument(2).is_null() {
        return Err(argument_null("values"));
    }
    let separator = string::separator(call, 1);
    let joined = string::join(call.runtime, &separator, call.argument(2))?;
    appended(call, &joined.units())
}

/// `AppendFormat` with the arguments behind the format, or in one array.
fn append_format(call: &mut Call<'_, '_>, at: usize, items: Vec<Value>) -> Result<Value, Raise> {
    let Some(format) = text(call, at) else { return Err(argument_null("format")) };
    let formatted = Value::String(crate::dotnet::format::composite(call.runtime, &format.as_str(), &items)?);
    let units = text_of(call.runtime, &formatted)?.units();
    appended(call, &units)
}

fn append_formatted(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let items = call.arguments.iter().skip(2).cloned().collect();
    append_format(call, 1, items)
}

/// `AppendFormat` with a provider, which can only be null, before the format.
fn append_with_provider(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let items = call.arguments.iter().skip(3).cloned().collect();
    append_format(call, 2, items)
}

/// Puts code units before what stands at an index.
fn insert_units(call: &mut Call<'_, '_>, units: &[u16]) -> Result<Value, Raise> {
    let length = builder(call, 0)?.units.len();
    let index = at(call, 1).filter(|index| *index <= length).ok_or_else(|| out_of_range(BAD_INDEX, "index"))?;
    call.runtime.allocate(units.len() * 2)?;
    call.runtime.work(length)?;
    let builder = builder_mut(call)?;
    let length = length.saturating_add(units.len());
    if length > builder.max_capacity {
        return Err(out_of_range("capacity was less than the current size.", "requiredLength"));
    }
    builder.grow(length);
    builder.units.splice(index..index, units.iter().copied());
    Ok(call.argument(0).clone())
}

fn insert(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let units = match units_of(call, 2) {
        Some(units) => units,
        None => text_of(call.runtime, call.argument(2))?.units(),
    };
    insert_units(call, &units)
}

/// `Insert(index, value, count)`
fn insert_repeated(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let count = at(call, 3).ok_or_else(|| out_of_range("Non-negative number required.", "count"))?;
    let units = text_of(call.runtime, call.argument(2))?.units();
    call.runtime.allocate(units.len().saturating_mul(count).saturating_mul(2))?;
    insert_units(call, &units.repeat(count))
}

/// `Insert(index, value, startIndex, charCount)`
fn insert_part(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let length = builder(call, 0)?.units.len();
    at(call, 1).filter(|index| *index <= length).ok_or_else(|| out_of_range(BAD_INDEX, "index"))?;
    let Some(units) = units_of(call, 2) else {
        let message = "String reference not set to an instance of a String. (Parameter 'value')";
        let is_nothing = int(call, 3) == 0 && int(call, 4) == 0;
        return if is_nothing { Ok(call.argument(0).clone()) } else { raise(&registry::ARGUMENT_NULL_EXCEPTION, message) };
    };
    let start = at(call, 3).ok_or_else(|| out_of_range("StartIndex cannot be less than zero.", "startIndex"))?;
    let count = at(call, 4).ok_or_else(|| out_of_range("Value must be positive.", "charCount"))?;
    let part = units.get(start..start.saturating_add(count)).ok_or_else(|| out_of_range(BAD_INDEX, "startIndex"))?;
    insert_units(call, part)
}

fn remove(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let length = at(call, 2).ok_or_else(|| out_of_range("Length cannot be less than zero.", "length"))?;
    let start = at(call, 1).ok_or_else(|| out_of_range("StartIndex cannot be less than zero.", "startIndex"))?;
    call.runtime.work(builder(call, 0)?.units.len())?;
    let builder = builder_mut(call)?;
    let end = start.saturating_add(length);
    if end > builder.units.len() {
        return Err(out_of_range(BAD_INDEX, "length"));
    }
    builder.units.drain(start..end);
    Ok(call.argument(0).clone())
}

/// `Replace` of characters or strings, in all or in a part.
fn replace(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let length = builder(call, 0)?.units.len();
    let (start, count) = if call.arguments.len() > 3 { (at(call, 3), at(call, 4)) } else { (Some(0), Some(length)) };
    let start = start.filter(|start| *start <= length).ok_or_else(|| out_of_range(BAD_INDEX, "startIndex"))?;
    let end = count.and_then(|count| start.checked_add(count)).filter(|end| *end <= length);
    let end = end.ok_or_else(|| out_of_range(BAD_INDEX, "count"))?;
    call.runtime.work(length)?;
    if let (Some(old), Some(new)) = (unit(call, 1), unit(call, 2)) {
        let part = builder_mut(call)?.units.get_mut(start..end).unwrap_or(&mut []);
        part.iter_mut().filter(|unit| **unit == old).for_each(|unit| *unit = new);
        return Ok(call.argument(0).clone());
    }
    let Some(old) = text(call, 1) else { return Err(argument_null("oldValue")) };
    if old.is_empty() {
        return raise(&registry::ARGUMENT_EXCEPTION, "Empty name is not legal. (Parameter 'oldValue')");
    }
    let new = text(call, 2).cloned().unwrap_or_default();
    let part = Str::from_units(builder(call, 0)?.units.get(start..end).unwrap_or(&[]));
    let replaced = string::replaced(call.runtime, &part, old, &new, string::comparison::Rule::Ordinal)?.units();
    call.runtime.allocate(replaced.len().saturating_mul(4))?;
    let builder = builder_mut(call)?;
    let length = length - (end - start) + replaced.len();
    if length > builder.max_capacity {
        return Err(out_of_range("capacity was less than the current size.", "requiredLength"));
    }
    builder.grow(length);
    builder.units.splice(start..end, replaced);
    Ok(call.argument(0).clone())
}

fn set_length(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let length = at(call, 1).ok_or_else(|| out_of_range("Length cannot be less than zero.", "value"))?;
    let (now, most) = builder(call, 0).map(|builder| (builder.units.len(), builder.max_capacity))?;
    if length > most {
        return Err(out_of_range("capacity was less than the current size.", "value"));
    }
    call.runtime.allocate(length.saturating_sub(now).saturating_mul(2))?;
    let builder = builder_mut(call)?;
    builder.grow(length);
    builder.units.resize(length, 0);
    Ok(Value::Null)
}

fn set_capacity(call: &mut Call<'_, '_>, parameter: &str) -> Result<(), Raise> {
    let capacity = at(call, 1).ok_or_else(|| out_of_range("Capacity must be positive.", parameter))?;
    let builder = builder_mut(call)?;
    if capacity > builder.max_capacity {
        return Err(out_of_range("Capacity exceeds maximum capacity.", "value"));
    }
    if capacity < builder.units.len() {
        return Err(out_of_range("capacity was less than the current size.", "value"));
    }
    builder.capacity = capacity;
    Ok(())
}

/// The constructors, from the value's part to the capacity.
fn make(call: &mut Call<'_, '_>, units: Vec<u16>, capacity: i64, max_capacity: usize) -> Result<Value, Raise> {
    let capacity = usize::try_from(capacity).map_err(|_| out_of_range("'capacity' must be greater than zero.", "capacity"))?;
    // .NET takes the room at once: so does the budget.
    call.runtime.allocate(capacity.max(units.len()).saturating_mul(2))?;
    call.runtime.instance(StringBuilder::new(units, capacity, max_capacity))
}

const MOST: usize = i32::MAX as usize;

/// The members of `StringBuilder`.
pub const MEMBERS: &[Member] = &[
    member("StringBuilder()", |call| make(call, Vec::new(), 0, MOST)),
    member("StringBuilder(int capacity)", |call| make(call, Vec::new(), int(call, 0), MOST)),
    member("StringBuilder(string value)", |call| make(call, text(call, 0).map(Str::units).unwrap_or_default(), 0, MOST)),
    member("StringBuilder(string value, int capacity)", |call| {
        make(call, text(call, 0).map(Str::units).unwrap_or_default(), int(call, 1), MOST)
    }),
    member("StringBuilder(string value, int startIndex, int length, int capacity)", |call| {
        if int(call, 3) < 0 {
            return Err(out_of_range("'capacity' must be greater than zero.", "capacity"));
        }
        let length = at(call, 2).ok_or_else(|| out_of_range("'length' must be non-negative.", "length"))?;
        let start = at(call, 1).ok_or_else(|| out_of_range("StartIndex cannot be less than zero.", "startIndex"))?;
        let units = text(call, 0).map(Str::units).unwrap_or_default();
        let part = units.get(start..start.saturating_add(length)).map(<[u16]>::to_vec);
        let part = part.ok_or_else(|| out_of_range("Index and length must refer to a location within the string.", "length"))?;
        make(call, part, int(call, 3), MOST)
    }),
    member("StringBuilder(int capacity, int maxCapacity)", |call| {
        let (capacity, most) = (int(call, 0), int(call, 1));
        if capacity > most {
            return Err(out_of_range("Capacity exceeds maximum capacity.", "capacity"));
        }
        match usize::try_from(most) {
            Ok(most) if most > 0 => make(call, Vec::new(), capacity, most),
            _ => Err(out_of_range("MaxCapacity must be one or greater.", "maxCapacity")),
        }
    }),
    member("int Length { get; set; }", |call| match call.arguments.len() {
        1 => Ok(Value::Int32(builder(call, 0)?.units.len() as i32)),
        _ => set_length(call),
    }),
    member("int Capacity { get; set; }", |call| match call.arguments.len() {
        1 => Ok(Value::Int32(builder(call, 0)?.capacity as i32)),
        _ => set_capacity(call, "value").map(|()| Value::Null),
    }),
    member("int MaxCapacity { get; }", |call| Ok(Value::Int32(builder(call, 0)?.max_capacity as i32))),
    member("int EnsureCapacity(int capacity)", |call| {
        let wanted = int(call, 1);
        if wanted < 0 || wanted > builder(call, 0)?.capacity as i64 {
            set_capacity(call, "capacity")?;
        }
        Ok(Value::Int32(builder(call, 0)?.capacity as i32))
    }),
    member("char this[int index] { get; set; }", |call| {
        let (index, new) = (at(call, 1).unwrap_or(usize::MAX), unit(call, 2));
        match (builder_mut(call)?.units.get_mut(index), new) {
            (Some(unit), None) => Ok(Value::Char(*unit)),
            (Some(unit), Some(new)) => {
                *unit = new;
                Ok(Value::Null)
            }
            (None, None) => Err(throw(&registry::INDEX_OUT_OF_RANGE_EXCEPTION, "Index was outside the bounds of the array.")),
            (None, Some(_)) => Err(out_of_range(BAD_INDEX, "index")),
        }
    }),
    member("StringBuilder Append(string value)", append_value),
    member("StringBuilder Append(char value)", append_value),
    member("StringBuilder Append(char value, int repeatCount)", |call| {
        let count = at(call, 2).ok_or_else(|| out_of_range("Count cannot be less than zero.", "repeatCount"))?;
        call.runtime.allocate(count.saturating_mul(2))?;
        let units = vec![unit(call, 1).unwrap_or(0); count];
        append(call.runtime, call.argument(0), &units, "repeatCount")?;
        Ok(call.argument(0).clone())
    }),
    member("StringBuilder Append(char[] value)", append_value),
    member("StringBuilder Append(char[] value, int startIndex, int charCount)", append_part),
    member("StringBuilder Append(string value, int startIndex, int count)", append_part),
    member("StringBuilder Append(StringBuilder value)", append_value),
    member("StringBuilder Append(StringBuilder value, int startIndex, int count)", append_part),
    member("StringBuilder Append(bool value)", append_value),
    member("StringBuilder Append(sbyte value)", append_value),
    member("StringBuilder Append(byte value)", append_value),
    member("StringBuilder Append(short value)", append_value),
    member("StringBuilder Append(int value)", append_value),
    member("StringBuilder Append(long value)", append_value),
    member("StringBuilder Append(float value)", append_value),
    member("StringBuilder Append(double value)", append_value),
    member("StringBuilder Append(decimal value)", append_value),
    member("StringBuilder Append(ushort value)", append_value),
    member("StringBuilder Append(uint value)", append_value),
    member("StringBuilder Append(ulong value)", append_value),
    member("StringBuilder Append(object value)", append_value),
    member("StringBuilder AppendLine()", |call| {
        let newline: Vec<u16> = string::NEWLINE.encode_utf16().collect();
        appended(call, &newline)
    }),
    member("StringBuilder AppendLine(string value)", |call| {
        append_value(call)?;
        let newline: Vec<u16> = string::NEWLINE.encode_utf16().collect();
        appended(call, &newline)
    }),
    member("StringBuilder AppendJoin(string separator, params object[] values)", append_joined),
    member("StringBuilder AppendJoin<T>(string separator, IEnumerable<T> values)", append_joined),
    member("StringBuilder AppendJoin(string separator, params string[] values)", append_joined),
    member("StringBuilder AppendJoin(char separator, params object[] values)", append_joined),
    member("StringBuilder AppendJoin<T>(char separator, IEnumerable<T> values)", append_joined),
    member("StringBuilder AppendJoin(char separator, params string[] values)", append_joined),
    member("StringBuilder AppendFormat(string format, object arg0)", append_formatted),
    member("StringBuilder AppendFormat(string format, object arg0, object arg1)", append_formatted),
    member("StringBuilder AppendFormat(string format, object arg0, object arg1, object arg2)", append_formatted),
    member("StringBuilder AppendFormat(string format, params object[] args)", |call| {
        if call.argument(2).is_null() {
            return Err(argument_null(if call.argument(1).is_null() { "format" } else { "args" }));
        }
        let items = call.runtime.collect(call.argument(2))?;
        append_format(call, 1, items)
    }),
    member("StringBuilder AppendFormat(IFormatProvider provider, string format, object arg0)", append_with_provider),
    member("StringBuilder AppendFormat(IFormatProvider provider, string format, object arg0, object arg1)", append_with_provider),
    member(
        "StringBuilder AppendFormat(IFormatProvider provider, string format, object arg0, object arg1, object arg2)",
        append_with_provider,
    ),
    member("StringBuilder AppendFormat(IFormatProvider provider, string format, params object[] args)", |call| {
        if call.argument(3).is_null() {
            return Err(argument_null(if call.argument(2).is_null() { "format" } else { "args" }));
        }
        let items = call.runtime.collect(call.argument(3))?;
        append_format(call, 2, items)
    }),
    member("StringBuilder Insert(int index, string value)", insert),
    member("StringBuilder Insert(int index, string value, int count)", insert_repeated),
    member("StringBuilder Insert(int index, bool value)", insert),
    member("StringBuilder Insert(int index, sbyte value)", insert),
    member("StringBuilder Insert(int index, byte value)", insert),
    member("StringBuilder Insert(int index, short value)", insert),
    member("StringBuilder Insert(int index, char value)", insert),
    member("StringBuilder Insert(int index, char[] value)", insert),
    member("StringBuilder Insert(int index, char[] value, int startIndex, int charCount)", insert_part),
    member("StringBuilder Insert(int index, int value)", insert),
    member("StringBuilder Insert(int index, long value)", insert),
    member("StringBuilder Insert(int index, float value)", insert),
    member("StringBuilder Insert(int index, double value)", insert),
    member("StringBuilder Insert(int index, decimal value)", insert),
    member("StringBuilder Insert(int index, ushort value)", insert),
    member("StringBuilder Insert(int index, uint value)", insert),
    member("StringBuilder Insert(int index, ulong value)", insert),
    member("StringBuilder Insert(int index, object value)", insert),
    member("StringBuilder Remove(int startIndex, int length)", remove),
    member("StringBuilder Replace(string oldValue, string newValue)", replace),
    member("StringBuilder Replace(string oldValue, string newValue, int startIndex, int count)", replace),
    member("StringBuilder Replace(char oldChar, char newChar)", replace),
    member("StringBuilder Replace(char oldChar, char newChar, int startIndex, int count)", replace),
    member("StringBuilder Clear()", |call| {
        builder_mut(call)?.units.clear();
        Ok(call.argument(0).clone())
    }),
    member("void CopyTo(int sourceIndex, char[] destination, int destinationIndex, int count)", copy_to),
    member("bool Equals(StringBuilder sb)", |call| {
        let (this, other) = (builder(call, 0)?, builder(call, 1));
        Ok(Value::Bool(other.is_ok_and(|other| this.units == other.units)))
    }),
    member("string ToString()", |call| {
        let units = builder(call, 0)?.units.len();
        call.runtime.allocate(units * 2)?;
        Ok(Value::String(Str::from_units(&builder(call, 0)?.units)))
    }),
    member("string ToString(int startIndex, int length)", |call| {
        let units = &builder(call, 0)?.units;
        let start = at(call, 1).ok_or_else(|| out_of_range("StartIndex cannot be less than zero.", "startIndex"))?;
        if start > units.len() {
            return Err(out_of_range("startIndex cannot be larger than length of string.", "startIndex"));
        }
        let length = at(call, 2).ok_or_else(|| out_of_range("Length cannot be less than zero.", "length"))?;
        let part = units.get(start..start.saturating_add(length)).map(Str::from_units);
        let part = part.ok_or_else(|| out_of_range("Index and length must refer to a location within the string.", "length"))?;
        call.runtime.allocate(part.bytes())?;
        Ok(Value::String(part))
    }),
];

fn copy_to(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let array = Runtime::reference(call.argument(2)).ok_or_else(|| argument_null("destination"))?;
    let count = at(call, 4).ok_or_else(|| out_of_range("Argument count must not be negative.", "count"))?;
    let to = at(call, 3).ok_or_else(|| out_of_range("'destinationIndex' must be non-negative.", "destinationIndex"))?;
    let (units, from) = (builder(call, 0)?.units.clone(), at(call, 1));
    let Some(Object::Array(list)) = call.runtime.heap.get_mut(array) else { return Err(argument_null("destination")) };
    let Some(slots) = list.items.get_mut(to..to.saturating_add(count)) else {
        let message = "Either offset did not refer to a position in the string, or there is an insufficient length of destination \
                       character array.";
        return raise(&registry::ARGUMENT_EXCEPTION, message);
    };
    let from = from.filter(|from| *from <= units.len()).ok_or_else(|| out_of_range(BAD_INDEX, "sourceIndex"))?;
    let Some(part) = units.get(from..from.saturating_add(count)) else {
        return raise(&registry::ARGUMENT_EXCEPTION, "Source string was not long enough. Check sourceIndex and count.");
    };
    for (slot, unit) in slots.iter_mut().zip(part) {
        *slot = Value::Char(*unit);
    }
    Ok(Value::Null)
}
