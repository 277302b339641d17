//! `ToString` under the invariant culture, and the runtime type of a value.

use super::{
    context::Part,
    enums::EnumValue,
    heap::{Object, Record},
    json, number, registry,
    runtime::Runtime,
    string::Str,
    types::{ClassRef, Type},
    value::Value,
};
use crate::{environment::with_guid, text::Text};

/// What `ToString()` gives; `null` gives the empty string, as concatenation and interpolation have it.
pub fn to_str(runtime: &Runtime<'_>, value: &Value) -> Str {
    match value {
        Value::Null => Str::EMPTY,
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Char(unit) => Str::from_units(&[*unit]),
        Value::Guid(bytes) => with_guid(*bytes, Text::copied).into(),
        Value::DateTime(v) => v.to_string().into(),
        Value::DateTimeOffset(v) => v.to_string().into(),
        Value::TimeSpan(v) => v.to_string().into(),
        Value::Enum(v) => v.name().into(),
        Value::Context(Part::Url(which)) => runtime.context.url(*which).map_or(Str::EMPTY, |url| url.to_string().into()),
        Value::Object(reference) => match runtime.heap.get(*reference) {
            // A tree too deep to print has no text; whoever asks for it by `ToString` gets the spent budget instead.
            Object::Token(_) => json::writer::to_string(runtime, *reference).unwrap_or_default().into(),
            Object::Exception(exception) => exception.text().into(),
            Object::Record(record) => record_text(runtime, record).into(),
            Object::Instance(instance) => instance.text(runtime).unwrap_or_else(|| full_name(&instance.ty()).into()),
            _ => full_name(&type_of(runtime, value)).into(),
        },
        Value::Context(_) => full_name(&type_of(runtime, value)).into(),
        number => number::text(number).unwrap_or_default().into(),
    }
}

/// What a record nested in records may take of the stack before it takes a new piece of it.
const RED_ZONE: usize = 64 << 10;
const STACK: usize = 1 << 20;

/// A record as text: `(1, a)` for tuples, `[k, v]` for pairs, `{ a = 1 }` for anonymous objects.
///
/// Records that share parts have exponentially long texts: what is longer than the memory left to spend is cut there, so that whoever pays
/// for the text has spent its budget.
fn record_text(runtime: &Runtime<'_>, record: &Record) -> String {
    let mut out = String::new();
    write_record(runtime, record, &mut out);
    out
}

fn write_record(runtime: &Runtime<'_>, record: &Record, out: &mut String) {
    let (open, close) = match &record.ty {
        Type::Anonymous(_) => ("{ ", " }"),
        Type::Generic(class, _) if class.name == "KeyValuePair" => ("[", "]"),
        _ => ("(", ")"),
    };
    out.push_str(open);
    write_items(runtime, record, out);
    out.push_str(close);
}

fn write_items(runtime: &Runtime<'_>, record: &Record, out: &mut String) {
    let has_rest = matches!(&record.ty, Type::Generic(_, parts) if parts.len() == 8);
    for (index, item) in record.items.iter().enumerate() {
        if out.len() as u64 > runtime.budget.memory {
            return;
        }
        if index > 0 {
            out.push_str(", ");
        }
        if let Type::Anonymous(anonymous) = &record.ty
            && let Some((name, _)) = anonymous.properties.get(index)
        {
            out.push_str(name);
            out.push_str(" = ");
        }
        match runtime.get(item) {
            // The rest of a `Tuple` of more than seven is a tuple, written as if it were none.
            Some(Object::Record(rest)) if has_rest && index == 7 => {
                stacker::maybe_grow(RED_ZONE, STACK, || write_items(runtime, rest, out));
            }
            Some(Object::Record(inner)) => stacker::maybe_grow(RED_ZONE, STACK, || write_record(runtime, inner, out)),
            _ => out.push_str(&to_str(runtime, item).to_string()),
        }
    }
}

/// Whether a value is one of the commonest types, which is this very one; where it does not say so it may be one all the same.
pub fn is_plainly(value: &Value, ty: &Type) -> bool {
    let Type::Named(class) = ty else { return false };
    std::ptr::eq(
        class.0,
        match value {
            Value::String(_) => &registry::STRING,
            Value::Int32(_) => &registry::INT32,
            Value::Bool(_) => &registry::BOOLEAN,
            _ => return false,
        },
    )
}

/// The runtime type of a value; `Type::Null` for null.
pub fn type_of(runtime: &Runtime<'_>, value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::BOOL,
        Value::Char(_) => Type::CHAR,
        Value::SByte(_) => Type::SBYTE,
        Value::Byte(_) => Type::BYTE,
        Value::Int16(_) => Type::INT16,
        Value::UInt16(_) => Type::UINT16,
        Value::Int32(_) => Type::INT32,
        Value::UInt32(_) => Type::UINT32,
        Value::Int64(_) => Type::INT64,
        Value::UInt64(_) => Type::UINT64,
        Value::Single(_) => Type::SINGLE,
        Value::Double(_) => Type::DOUBLE,
        Value::Decimal(_) => Type::DECIMAL,
        Value::String(_) => Type::STRING,
        Value::Guid(_) => Type::GUID,
        Value::DateTime(_) => Type::DATE_TIME,
        Value::DateTimeOffset(_) => Type::DATE_TIME_OFFSET,
        Value::TimeSpan(_) => Type::TIME_SPAN,
        Value::Enum(EnumValue { class, .. }) => Type::Named(*class),
        Value::Context(part) => part.ty(),
        Value::Cell(_) => Type::OBJECT,
        Value::Object(reference) => match runtime.heap.get(*reference) {
            Object::Bytes(_) => Type::array(Type::BYTE),
            Object::Array(list) => Type::array(list.element.clone()),
            Object::List(list) => Type::Generic(ClassRef(&registry::LIST), [list.element.clone()].into()),
            Object::Dictionary(map) => Type::Generic(ClassRef(&registry::DICTIONARY), [map.key.clone(), map.value.clone()].into()),
            Object::Token(token) => Type::Named(ClassRef(token.class())),
            Object::Exception(exception) => Type::Named(exception.class),
            Object::Grid(grid) => Type::Grid(grid.element.clone().into(), grid.lengths.len()),
            Object::Record(record) => record.ty.clone(),
            Object::Delegate(delegate) => delegate.ty.clone(),
            Object::Instance(instance) => instance.ty(),
            Object::Cell(value) => type_of(runtime, value),
            Object::Plain => Type::OBJECT,
        },
    }
}

/// The CLR's name of a type: `System.Collections.Generic.List`1[System.String]`, `System.Byte[]`.
pub fn full_name(ty: &Type) -> String {
    match ty {
        Type::Named(class) => class.full_name(),
        Type::Generic(class, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(full_name).collect();
            let (count, list) = (arguments.len(), arguments.join(","));
            match class.namespace.strip_suffix(".Dictionary") {
                // A class within a generic one: the arguments are the outer one's.
                Some(outer) => format!("{outer}.Dictionary`{count}+{}[{list}]", class.name),
                None => format!("{}`{count}[{list}]", class.full_name()),
            }
        }
        Type::Nullable(of) => format!("System.Nullable`1[{}]", full_name(of)),
        Type::Array(element) => format!("{}[]", full_name(element)),
        Type::Grid(element, rank) => format!("{}[{}]", full_name(element), ",".repeat(rank.saturating_sub(1))),
        Type::Tuple(tuple) => {
            let items: Vec<String> = tuple.items.iter().map(full_name).collect();
            format!("System.ValueTuple`{}[{}]", items.len(), items.join(","))
        }
        // The compiler's own name carries a number that depends on everything else compiled with it.
        Type::Anonymous(anonymous) => {
            let items: Vec<String> = anonymous.properties.iter().map(|(_, ty)| full_name(ty)).collect();
            format!("<>f__AnonymousType0`{}[{}]", items.len(), items.join(","))
        }
        Type::Void => "System.Void".to_owned(),
        Type::Null | Type::Parameter(_) | Type::Error => "System.Object".to_owned(),
    }
}

/// `Double.ToString()` since .NET Core 3.0: the shortest digits that read back, `E` notation from 1E+15 and below 1E-05.
/// Source: learn.microsoft.com/dotnet/api/system.double.tostring.
pub fn double(value: f64) -> String {
    number::text(&Value::Double(value)).unwrap_or_default()
}

/// `Single.ToString()`, likewise, with `E` notation from 1E+07.
pub fn single(value: f32) -> String {
    number::text(&Value::Single(value)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: recorded results of .NET 8.
    #[test]
    fn doubles_look_as_modern_dotnet_writes_them() {
        for (value, expected) in [
            (0.1 + 0.2, "0.30000000000000004"),
            (1e10, "10000000000"),
            (1e14, "100000000000000"),
            (1e15, "1E+15"),
            (1_234_567_890_123_456.0, "1234567890123456"),
            (123_456_789_012_345_680.0, "1.2345678901234568E+17"),
            (0.0001, "0.0001"),
            (0.00001, "1E-05"),
            (-2.5, "-2.5"),
            (0.0, "0"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double(value), expected);
        }
        assert_eq!(single(0.1_f32 + 0.2_f32), "0.3");
        assert_eq!(single(1.5), "1.5");
    }
}
