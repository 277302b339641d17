//! JSON to .NET values: `JsonConvert.DeserializeObject` and `JToken.ToObject`.
//!
//! Source: Serialization/JsonSerializerInternalReader.cs; Serialization/DefaultContractResolver.cs for what a type is to it.

mod contract;
mod value;

use contract::{Contract, contract, expected};
use value::ensure;
pub(super) use value::parse_enum;

use super::{
    JRAW, JTOKEN, JVALUE, Leaf, TokenType, convert, load,
    reader::{Event, ReadType, Reader},
    tree,
};
use crate::{
    dotnet::{
        collection::{self, List},
        display::{self, to_str},
        exception::{Raise, null_reference, raise},
        heap::{Grid, Object, Record, Ref},
        member::{Call, MemberKind},
        registry,
        runtime::Runtime,
        types::{Class, Type},
        value::Value,
    },
    text::Text,
};

/// `JsonConvert.DeserializeObject`; without a type, to what the JSON itself is.
pub(super) fn from_text(runtime: &mut Runtime<'_>, text: &str, target: Option<&Type>) -> Result<Value, Raise> {
    runtime.allocate(text.len())?;
    let mut reader = Reader::of_text(text);
    let value = from_reader(runtime, &mut reader, target)?;
    while reader.read(runtime)? {
        if reader.event != Event::Comment {
            return Err(reader.misfit("Additional text found in JSON string after finishing deserializing object."));
        }
    }
    Ok(value)
}

/// `JToken.ToObject` for what no cast makes.
pub(super) fn from_token(runtime: &mut Runtime<'_>, of: Ref, target: &Type) -> Result<Value, Raise> {
    let path = tree::path(runtime, of)?;
    let mut reader = Reader::of_tree(of, path);
    from_reader(runtime, &mut reader, Some(target))
}

fn from_reader(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, target: Option<&Type>) -> Result<Value, Raise> {
    if !read(runtime, reader, target)? {
        return match target {
            Some(target) if !target.admits_null() => {
                let class = display::full_name(target);
                Err(reader.misfit(&format!("No JSON content found and type '{class}' is not nullable.")))
            }
            _ => Ok(Value::Null),
        };
    }
    create(runtime, reader, target)
}

/// Goes to the next token, read as the type wants it.
fn read(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, target: Option<&Type>) -> Result<bool, Raise> {
    let plain = target.map(|target| target.underlying().unwrap_or(target));
    if let Contract::Pair(..) = contract(target) {
        return reader.read(runtime);
    }
    let kind = match plain {
        Some(Type::Array(element)) if **element == Type::BYTE => ReadType::Bytes,
        Some(plain) if plain.enum_members().is_some() => ReadType::Read,
        plain => match plain.and_then(Type::class).filter(|class| class.namespace == "System").map_or("", |class| class.name) {
            "Byte" | "Int16" | "Int32" => ReadType::Int32,
            "Int64" => ReadType::Int64,
            "Decimal" => ReadType::Decimal,
            "Boolean" => ReadType::Boolean,
            "String" => ReadType::String,
            "DateTime" => ReadType::DateTime,
            "DateTimeOffset" => ReadType::DateTimeOffset,
            "Single" | "Double" => ReadType::Double,
            _ => ReadType::Read,
        },
    };
    reader.read_for(runtime, kind)
}

/// `CreateValueInternal`
fn create(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, target: Option<&Type>) -> Result<Value, Raise> {
    runtime.deeper(|runtime| {
        match (contract(target), target) {
            (Contract::Token, Some(target)) => return create_token(runtime, reader, target),
            (Contract::Pair(key, value), Some(target)) => return create_pair(runtime, reader, target, &key, &value),
            _ => {}
        }
        loop {
            match reader.event {
                Event::StartObject => return create_object(runtime, reader, target),
                Event::StartArray => return create_list(runtime, reader, target),
                Event::Integer
                | Event::Float
                | Event::Boolean
                | Event::Date
                | Event::Bytes
                | Event::StartConstructor
                | Event::Null
                | Event::Undefined => {
                    let value = reader.value.clone();
                    return ensure(runtime, reader, value, target);
                }
                Event::String => {
                    let value = reader.value.clone();
                    let is_empty = matches!(&value, Value::String(text) if text.is_empty());
                    let is_text = target.is_none_or(|target| *target == Type::STRING || *target == Type::OBJECT);
                    if target.is_some_and(|target| *target == Type::array(Type::BYTE)) {
                        return convert::base64(runtime, &value);
                    }
                    if is_empty && !is_text && target.is_some_and(Type::admits_null) {
                        return Ok(Value::Null);
                    }
                    return ensure(runtime, reader, value, target);
                }
                Event::Raw => {
                    let leaf = Leaf { ty: TokenType::Raw, value: reader.value.clone(), is_raw: true };
                    return tree::place_leaf(runtime, leaf).map(Value::Object);
                }
                Event::Comment => {}
                event => return Err(reader.misfit(&format!("Unexpected token while deserializing object: {event:?}"))),
            }
            if !reader.read(runtime)? {
                return Err(reader.misfit("Unexpected end when deserializing object."));
            }
        }
    })
}

/// `CreateJToken`
fn create_token(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, target: &Type) -> Result<Value, Raise> {
    let class = target.class();
    let is = |wanted: &'static Class| class.is_some_and(|class| std::ptr::eq(class, wanted));
    if reader.event == Event::Null && !is(&JVALUE) && !is(&JTOKEN) {
        return Ok(Value::Null);
    }
    let copy = load::copy(runtime, reader)?;
    if is(&JRAW) {
        let text = super::writer::to_json(runtime, copy, false)?;
        runtime.allocate(text.len())?;
        let leaf = Leaf { ty: TokenType::Raw, value: Value::string(text), is_raw: true };
        return tree::place_leaf(runtime, leaf).map(Value::Object);
    }
    Ok(Value::Object(copy))
}

/// `ReadMetadataProperties`: what begins with a dollar speaks of the object, and is no part of it.
fn skip_metadata(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>) -> Result<(), Raise> {
    while reader.event == Event::PropertyName {
        let name = reader.text_of_value(runtime);
        match name.as_str() {
            "$type" | "$id" => {
                for _ in 0..2 {
                    if !reader.read(runtime)? {
                        return Err(reader.misfit("Unexpected end when reading JSON."));
                    }
                }
            }
            "$ref" => {
                reader.read(runtime)?;
                if !matches!(reader.event, Event::String | Event::Null) {
                    return Err(reader.misfit("JSON reference $ref property must have a string or null value."));
                }
                reader.read(runtime)?;
            }
            _ => break,
        }
    }
    Ok(())
}

fn create_object(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, target: Option<&Type>) -> Result<Value, Raise> {
    if !reader.read(runtime)? {
        return Err(reader.misfit("Unexpected end when reading JSON."));
    }
    skip_metadata(runtime, reader)?;
    let found = contract(target);
    let Some(target) = target.filter(|_| !matches!(found, Contract::Any)) else {
        return load::copy_object(runtime, reader).map(Value::Object);
    };
    match found {
        Contract::Dictionary(key, value) => create_dictionary(runtime, reader, &key, &value),
        Contract::Parts(parts) => create_parts(runtime, reader, target, &parts),
        found => {
            let (class, wanted) = (display::full_name(target), expected(&found, target));
            Err(reader.misfit(&format!(
                "Cannot deserialize the current JSON object (e.g. {{\"name\":\"value\"}}) into type '{class}' because the type requires a {wanted} to deserialize correctly.\nTo fix this error either change the JSON to a {wanted} or change the deserialized type so that it is a normal .NET type (e.g. not a primitive type like integer, not a collection type like an array or List<T>) that can be deserialized from a JSON object. JsonObjectAttribute can also be added to the type to force it to deserialize from a JSON object.\n"
            )))
        }
    }
}

/// Calls a member of a generic class.
fn invoke(
    runtime: &mut Runtime<'_>,
    class: &'static Class,
    kind: MemberKind,
    parameters: usize,
    types: &[Type],
    arguments: &[Value],
) -> Result<Value, Raise> {
    let fits = |info: &&crate::dotnet::member::MemberInfo| {
        info.kind == kind
            && info.parameters.len() == parameters
            && (kind != MemberKind::Constructor
                || info.parameters.iter().all(|parameter| parameter.ty.class().is_some_and(|class| class.name == "IEnumerable")))
    };
    let Some(info) = class.infos().iter().find(fits) else { return Err(null_reference()) };
    let mut call = Call { runtime, arguments, types, outs: Vec::new() };
    (info.native)(&mut call)
}

fn create_dictionary(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, key: &Type, value: &Type) -> Result<Value, Raise> {
    let types = [key.clone(), value.clone()];
    let made = invoke(runtime, &registry::DICTIONARY, MemberKind::Constructor, 0, &types, &[])?;
    loop {
        match reader.event {
            Event::PropertyName => {
                let name = reader.value.clone();
                let entry = match ensure(runtime, reader, name.clone(), Some(key)) {
                    Ok(entry) => entry,
                    Err(Raise::Exception(inner)) => {
                        let (name, class) = (to_str(runtime, &name), display::full_name(key));
                        let text = format!(
                            "Could not convert string '{name}' to dictionary key type '{class}'. Create a TypeConverter to convert from the string to the key type object."
                        );
                        return Err(reader.misfit_for(&text, Raise::Exception(inner)));
                    }
                    Err(other) => return Err(other),
                };
                if !read(runtime, reader, Some(value))? {
                    return Err(reader.misfit("Unexpected end when deserializing object."));
                }
                let item = create(runtime, reader, Some(value))?;
                invoke(runtime, &registry::DICTIONARY, MemberKind::Indexer, 1, &types, &[made.clone(), entry, item])?;
            }
            Event::Comment => {}
            Event::EndObject => return Ok(made),
            event => return Err(reader.misfit(&format!("Unexpected token when deserializing object: {event:?}"))),
        }
        if !reader.read(runtime)? {
            return Err(reader.misfit("Unexpected end when deserializing object."));
        }
    }
}

/// The part of that name, else of that name in other letters.
fn closest(parts: &[(Text, Type)], name: &str) -> Option<usize> {
    let exact = parts.iter().position(|(part, _)| part == name);
    exact.or_else(|| parts.iter().position(|(part, _)| part.to_lowercase() == name.to_lowercase()))
}

fn create_parts(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, target: &Type, parts: &[(Text, Type)]) -> Result<Value, Raise> {
    let mut values: Vec<Value> = parts.iter().map(|(_, ty)| Value::default_of(ty)).collect();
    loop {
        match reader.event {
            Event::PropertyName => {
                let name = reader.text_of_value(runtime);
                let at = closest(parts, &name);
                let part = at.and_then(|at| parts.get(at)).map(|(_, ty)| ty);
                let is_there = if part.is_some() { read(runtime, reader, part)? } else { reader.read(runtime)? };
                if !is_there {
                    return Err(reader.misfit(&format!("Unexpected end when setting {name}'s value.")));
                }
                match (part, at.and_then(|at| values.get_mut(at))) {
                    (Some(part), Some(value)) => *value = create(runtime, reader, Some(part))?,
                    _ => reader.skip(runtime)?,
                }
            }
            Event::Comment => {}
            Event::EndObject => break,
            event => return Err(reader.misfit(&format!("Unexpected token when deserializing object: {event:?}"))),
        }
        if !reader.read(runtime)? {
            return Err(reader.misfit("Unexpected end when deserializing object."));
        }
    }
    record(runtime, target, values)
}

fn record(runtime: &mut Runtime<'_>, target: &Type, items: Vec<Value>) -> Result<Value, Raise> {
    let ty = target.underlying().unwrap_or(target).clone();
    runtime.object(Object::Record(Record { ty, items: items.into() }))
}

/// `KeyValuePairConverter`. Source: Converters/KeyValuePairConverter.cs.
fn create_pair(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, target: &Type, key: &Type, value: &Type) -> Result<Value, Raise> {
    if reader.event == Event::Null {
        return if target.underlying().is_some() {
            Ok(Value::Null)
        } else {
            Err(reader.misfit("Cannot convert null value to KeyValuePair."))
        };
    }
    let end = "Unexpected end when reading JSON.";
    let mut parts = [(key, Value::default_of(key)), (value, Value::default_of(value))];
    if !reader.read(runtime)? {
        return Err(reader.misfit(end));
    }
    while reader.event == Event::PropertyName {
        let name = reader.text_of_value(runtime).to_ascii_lowercase();
        let part = match name.as_str() {
            "key" => parts.first_mut(),
            "value" => parts.last_mut(),
            _ => None,
        };
        match part {
            Some((ty, value)) => {
                if !read(runtime, reader, Some(ty))? {
                    return Err(reader.misfit(end));
                }
                *value = create(runtime, reader, Some(ty))?;
            }
            None => reader.skip(runtime)?,
        }
        if !reader.read(runtime)? {
            return Err(reader.misfit(end));
        }
    }
    let [(_, key), (_, value)] = parts;
    record(runtime, target, vec![key, value])
}

fn create_list(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, target: Option<&Type>) -> Result<Value, Raise> {
    let found = contract(target);
    let Some(target) = target.filter(|_| !matches!(found, Contract::Any)) else { return load::copy(runtime, reader).map(Value::Object) };
    match found {
        Contract::Sequence(element) => {
            let items = read_items(runtime, reader, &element)?;
            match target {
                Type::Array(_) => collection::array(runtime, element, items),
                target => {
                    let name = target.class().map_or("", |class| class.name);
                    let list = runtime.object(Object::List(List::new(element.clone(), items)))?;
                    match registry::find(if name == "ISet" { "HashSet" } else { name }, 1) {
                        Some(class) if matches!(name, "HashSet" | "ISet" | "Queue" | "Stack" | "LinkedList" | "SortedSet") => {
                            invoke(runtime, class, MemberKind::Constructor, 1, &[element], &[list])
                        }
                        _ => Ok(list),
                    }
                }
            }
        }
        Contract::Grid(element, rank) => {
            let (mut lengths, mut items) = (Vec::new(), Vec::new());
            read_grid(runtime, reader, &element, rank, 0, &mut lengths, &mut items)?;
            lengths.resize(rank, 0);
            runtime.object(Object::Grid(Grid { element, lengths, items }))
        }
        found => {
            let (class, wanted) = (display::full_name(target), expected(&found, target));
            Err(reader.misfit(&format!(
                "Cannot deserialize the current JSON array (e.g. [1,2,3]) into type '{class}' because the type requires a {wanted} to deserialize correctly.\nTo fix this error either change the JSON to a {wanted} or change the deserialized type to an array or a type that implements a collection interface (e.g. ICollection, IList) like List<T> that can be deserialized from a JSON array. JsonArrayAttribute can also be added to the type to force it to deserialize from a JSON array.\n"
            )))
        }
    }
}

fn read_items(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, element: &Type) -> Result<Vec<Value>, Raise> {
    let mut items = Vec::new();
    while read(runtime, reader, Some(element))? {
        match reader.event {
            Event::EndArray => return Ok(items),
            Event::Comment => {}
            _ => {
                runtime.allocate(size_of::<Value>())?;
                items.push(create(runtime, reader, Some(element))?);
            }
        }
    }
    Err(reader.misfit("Unexpected end when deserializing array."))
}

fn read_grid(
    runtime: &mut Runtime<'_>,
    reader: &mut Reader<'_>,
    element: &Type,
    rank: usize,
    level: usize,
    lengths: &mut Vec<usize>,
    items: &mut Vec<Value>,
) -> Result<(), Raise> {
    let mut count = 0;
    if level + 1 == rank {
        let row = read_items(runtime, reader, element)?;
        count = row.len();
        items.extend(row);
    } else {
        loop {
            if !reader.read(runtime)? {
                return Err(reader.misfit("Unexpected end when deserializing array."));
            }
            match reader.event {
                Event::StartArray => {
                    count += 1;
                    read_grid(runtime, reader, element, rank, level + 1, lengths, items)?;
                }
                Event::EndArray => break,
                Event::Comment => {}
                event => return Err(reader.misfit(&format!("Unexpected token when deserializing multidimensional array: {event:?}"))),
            }
        }
    }
    if lengths.len() <= level {
        lengths.resize(level + 1, count);
    }
    match lengths.get_mut(level) {
        Some(length) if level == 0 => *length = count,
        Some(length) if *length != count => {
            return raise(&registry::ARGUMENT_EXCEPTION, "Cannot deserialize non-cubical array as multidimensional array.");
        }
        _ => {}
    }
    Ok(())
}
