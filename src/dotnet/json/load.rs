//! Tokens of what a reader reads: `Parse` (Linq/JContainer.cs, `ReadContentFrom`) and the copies that deserialising makes
//! (Linq/JTokenWriter.cs).

use super::{
    Items, Kind, Properties, TokenType, date,
    leaf::Leaf,
    reader::{Event, Reader},
    tree,
};
use crate::{
    dotnet::{
        datetime::DateTime,
        exception::{Raise, argument_null, null_reference, raise, throw},
        heap::Ref,
        registry,
        runtime::Runtime,
        types::Class,
        value::Value,
    },
    text::Text,
};

/// Parses JSON into tokens as `JObject.Parse`, `JArray.Parse` and `JToken.Parse` do; without a class as the last.
///
/// # Errors
/// `JsonReaderException` with Newtonsoft's message for what it cannot read; a spent budget.
pub fn parse_as(runtime: &mut Runtime<'_>, text: &str, class: Option<&'static Class>) -> Result<Value, Raise> {
    runtime.allocate(text.len())?;
    let mut reader = Reader::of_text(text);
    let class = class.filter(|class| class.name != "JToken");
    let root = load(runtime, &mut reader, class)?;
    while reader.read(runtime)? {}
    Ok(Value::Object(root))
}

/// Parses any JSON; with or without making dates of texts that are some (`DateParseHandling`).
///
/// # Errors
/// `JsonReaderException` with Newtonsoft's message for what it cannot read; a spent budget.
pub fn parse_body(runtime: &mut Runtime<'_>, text: &str, reads_dates: bool) -> Result<Value, Raise> {
    runtime.allocate(text.len())?;
    let mut reader = Reader::of_text(text);
    reader.reads_dates = reads_dates;
    let root = load(runtime, &mut reader, None)?;
    while reader.read(runtime)? {}
    Ok(Value::Object(root))
}

/// The type of a token's value.
pub(super) fn type_of(event: Event) -> TokenType {
    match event {
        Event::Comment => TokenType::Comment,
        Event::Integer => TokenType::Integer,
        Event::Float => TokenType::Float,
        Event::Boolean => TokenType::Boolean,
        Event::Null => TokenType::Null,
        Event::Undefined => TokenType::Undefined,
        Event::Date => TokenType::Date,
        Event::Bytes => TokenType::Bytes,
        Event::Raw => TokenType::Raw,
        _ => TokenType::String,
    }
}

/// `Load`
fn load(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, class: Option<&'static Class>) -> Result<Ref, Raise> {
    let name = class.map_or("JToken", |class| class.name);
    if !reader.read(runtime)? {
        return Err(reader.fault(&format!("Error reading {name} from JsonReader.")));
    }
    let (expected, what) = match class.map(|class| class.name) {
        None => (reader.event, ""),
        Some("JObject") => (Event::StartObject, "an object"),
        Some("JArray") => (Event::StartArray, "an array"),
        Some("JProperty") => (Event::PropertyName, "a property"),
        Some(_) => (Event::StartConstructor, "a constructor"),
    };
    if class.is_some() {
        reader.move_to_content(runtime)?;
        if reader.event != expected {
            let found = reader.event;
            return Err(reader.fault(&format!("Error reading {name} from JsonReader. Current JsonReader item is not {what}: {found:?}")));
        }
    }
    let kind = match reader.event {
        Event::StartObject => Kind::Object(Properties::default()),
        Event::StartArray => Kind::Array(Items::default()),
        Event::StartConstructor => Kind::Constructor(Some(constructor_name(reader)?), Items::default()),
        Event::None | Event::EndObject | Event::EndArray | Event::EndConstructor | Event::PropertyName | Event::Raw => {
            let found = reader.event;
            return Err(reader.fault(&format!("Error reading JToken from JsonReader. Unexpected token: {found:?}")));
        }
        event => {
            let kind = Kind::Value(Leaf::new(type_of(event), reader.value.clone()));
            return placed(runtime, reader, kind);
        }
    };
    let root = placed(runtime, reader, kind)?;
    let name = tree::get(runtime, root)?.class().name;
    let depth = reader.depth();
    if !reader.read(runtime)? {
        return Err(reader.fault(&format!("Error reading {name} from JsonReader.")));
    }
    read_content(runtime, reader, root)?;
    if reader.depth() > depth {
        return Err(reader.fault(&format!("Unexpected end of content while loading {name}.")));
    }
    Ok(root)
}

/// A token of what the reader stands at, which keeps the place.
fn placed(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, kind: Kind) -> Result<Ref, Raise> {
    let token = tree::place(runtime, kind)?;
    tree::locate(runtime, token, reader.mark())?;
    Ok(token)
}

/// `new JConstructor(name)`
fn constructor_name(reader: &Reader<'_>) -> Result<Text, Raise> {
    match &reader.value {
        Value::String(name) if !name.is_empty() => Ok(name.to_text()),
        _ => raise(&registry::ARGUMENT_EXCEPTION, "Constructor name cannot be empty. (Parameter 'name')"),
    }
}

/// Fills a container with what is read up to its end.
fn read_content(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, root: Ref) -> Result<(), Raise> {
    let mut parent = root;
    loop {
        if let Kind::Property(_, Some(_)) = tree::get(runtime, parent)?.kind {
            parent = tree::parent(runtime, parent)?;
        }
        let entered = match reader.event {
            Event::StartObject => Some(Kind::Object(Properties::default())),
            Event::StartArray => Some(Kind::Array(Items::default())),
            Event::StartConstructor => Some(Kind::Constructor(Some(constructor_name(reader)?), Items::default())),
            Event::PropertyName => {
                let name = match &reader.value {
                    Value::String(name) => name.to_text(),
                    _ => return Err(null_reference()),
                };
                let property = placed(runtime, reader, Kind::Property(name.clone(), None))?;
                // The last of two properties of one name wins, in the place of the first.
                match tree::property(runtime, parent, &name) {
                    Some(existing) => {
                        let at = tree::index_of(runtime, parent, existing)?.ok_or_else(null_reference)?;
                        tree::set(runtime, parent, at as i64, Some(property))?;
                    }
                    None => push(runtime, parent, property)?,
                }
                parent = property;
                None
            }
            event if event.is_end() => {
                if parent == root {
                    return Ok(());
                }
                parent = tree::parent(runtime, parent)?;
                None
            }
            Event::None | Event::Comment => None,
            event => {
                let kind = Kind::Value(Leaf::new(type_of(event), reader.value.clone()));
                let leaf = placed(runtime, reader, kind)?;
                push(runtime, parent, leaf)?;
                None
            }
        };
        if let Some(kind) = entered {
            let container = placed(runtime, reader, kind)?;
            push(runtime, parent, container)?;
            parent = container;
        }
        if !reader.read(runtime)? {
            return Ok(());
        }
    }
}

fn push(runtime: &mut Runtime<'_>, parent: Ref, child: Ref) -> Result<(), Raise> {
    let count = tree::get(runtime, parent)?.count();
    tree::insert(runtime, parent, count as i64, Some(child), true)
}

/// A tree as it is written, token by token: `JTokenWriter`.
#[derive(Default)]
pub(super) struct Builder {
    root: Option<Ref>,
    parent: Option<Ref>,
}

impl Builder {
    /// The tree.
    pub(super) fn root(&self) -> Option<Ref> {
        self.root
    }

    fn add(&mut self, runtime: &mut Runtime<'_>, token: Ref) -> Result<(), Raise> {
        match self.parent {
            None => self.root = self.root.or(Some(token)),
            Some(parent) => {
                push(runtime, parent, token)?;
                // A property is left with its value.
                if !tree::get(runtime, token)?.is_container() {
                    self.leave_property(runtime)?;
                }
            }
        }
        Ok(())
    }

    fn leave_property(&mut self, runtime: &mut Runtime<'_>) -> Result<(), Raise> {
        if let Some(parent) = self.parent
            && let Kind::Property(..) = tree::get(runtime, parent)?.kind
        {
            self.parent = tree::get(runtime, parent)?.parent;
        }
        Ok(())
    }

    /// Adds a token with everything in it.
    pub(super) fn whole(&mut self, runtime: &mut Runtime<'_>, token: Ref) -> Result<(), Raise> {
        self.add(runtime, token)?;
        if tree::get(runtime, token)?.is_container() { self.leave_property(runtime) } else { Ok(()) }
    }

    /// Begins a container.
    pub(super) fn start(&mut self, runtime: &mut Runtime<'_>, kind: Kind) -> Result<(), Raise> {
        let container = tree::place(runtime, kind)?;
        self.add(runtime, container)?;
        self.parent = Some(container);
        Ok(())
    }

    /// Begins a property; one of the same name goes.
    pub(super) fn name(&mut self, runtime: &mut Runtime<'_>, name: Text) -> Result<(), Raise> {
        if let Some(parent) = self.parent
            && let Some(existing) = tree::property(runtime, parent, &name)
        {
            tree::remove(runtime, parent, Some(existing))?;
        }
        self.start(runtime, Kind::Property(name, None))
    }

    /// Ends a container.
    pub(super) fn end(&mut self, runtime: &mut Runtime<'_>) -> Result<(), Raise> {
        if let Some(parent) = self.parent {
            self.parent = tree::get(runtime, parent)?.parent;
        }
        self.leave_property(runtime)
    }

    /// Adds a value.
    pub(super) fn leaf(&mut self, runtime: &mut Runtime<'_>, leaf: Leaf) -> Result<(), Raise> {
        let leaf = tree::place_leaf(runtime, leaf)?;
        self.add(runtime, leaf)
    }

    fn event(&mut self, runtime: &mut Runtime<'_>, reader: &mut Reader<'_>) -> Result<(), Raise> {
        match reader.event {
            Event::StartObject => self.start(runtime, Kind::Object(Properties::default())),
            Event::StartArray => self.start(runtime, Kind::Array(Items::default())),
            Event::StartConstructor => {
                let name = constructor_name(reader)?;
                self.start(runtime, Kind::Constructor(Some(name), Items::default()))
            }
            Event::PropertyName => match &reader.value {
                Value::String(name) => self.name(runtime, name.to_text()),
                _ => Err(argument_null("name")),
            },
            event if event.is_end() => self.end(runtime),
            Event::None => Ok(()),
            Event::Raw => self.leaf(runtime, Leaf { ty: TokenType::Raw, value: reader.value.clone(), is_raw: true }),
            event => self.leaf(runtime, Leaf::new(type_of(event), reader.value.clone())),
        }
    }
}

/// `WriteToken`: a copy of the token that the reader stands at, with everything in it. `new Date(…)` becomes a date.
fn copy_into(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>, builder: &mut Builder, from: usize) -> Result<(), Raise> {
    if let Some(token) = reader.tree_token() {
        let copy = tree::clone(runtime, token)?;
        reader.skip(runtime)?;
        return builder.whole(runtime, copy);
    }
    let mut open = 0_usize;
    loop {
        if reader.event == Event::StartConstructor && matches!(&reader.value, Value::String(name) if &*name.as_str() == "Date") {
            let time = date_constructor(runtime, reader)?;
            builder.leaf(runtime, Leaf::new(TokenType::Date, Value::DateTime(time)))?;
        } else {
            builder.event(runtime, reader)?;
            open += usize::from(reader.event.is_start());
            open -= usize::from(reader.event.is_end()).min(open);
        }
        let is_complete = open == 0 && reader.event != Event::PropertyName && reader.event != Event::Comment;
        if is_complete {
            return Ok(());
        }
        if !reader.read(runtime)? {
            return Err(reader.incomplete(from));
        }
    }
}

/// A copy of the token that the reader stands at.
pub(super) fn copy(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>) -> Result<Ref, Raise> {
    let mut builder = Builder::default();
    let from = reader.containers();
    copy_into(runtime, reader, &mut builder, from)?;
    builder.root().ok_or_else(null_reference)
}

/// `CreateJObject`: the object whose first property the reader stands at already.
pub(super) fn copy_object(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>) -> Result<Ref, Raise> {
    let (mut builder, from) = (Builder::default(), reader.containers());
    builder.start(runtime, Kind::Object(Properties::default()))?;
    loop {
        match reader.event {
            Event::PropertyName => {
                let name = match &reader.value {
                    Value::String(name) => name.to_text(),
                    _ => return Err(null_reference()),
                };
                if !(reader.read(runtime)? && reader.move_to_content(runtime)?) {
                    break;
                }
                builder.name(runtime, name)?;
                copy_into(runtime, reader, &mut builder, from)?;
            }
            Event::Comment => {}
            _ => return builder.root().ok_or_else(null_reference),
        }
        if !reader.read(runtime)? {
            break;
        }
    }
    Err(reader.misfit("Unexpected end when deserializing object."))
}

/// `new Date(milliseconds)`, `new Date(year, month, …)`. Source: Utilities/JavaScriptUtils.cs, `TryGetDateFromConstructorJson`.
fn date_constructor(runtime: &mut Runtime<'_>, reader: &mut Reader<'_>) -> Result<DateTime, Raise> {
    let fail = |what: &str| throw(&super::JSON_WRITER_EXCEPTION, super::position::message(what, "", None));
    let mut arguments = Vec::new();
    loop {
        if !reader.read(runtime)? {
            return Err(fail("Unexpected end when reading date constructor."));
        }
        match (reader.event, &reader.value) {
            (Event::EndConstructor, _) => break,
            (Event::Integer, Value::Int64(value)) => arguments.push(*value),
            (event, _) => {
                return Err(fail(&format!("Unexpected token when reading date constructor. Expected Integer, got {event:?}")));
            }
        }
    }
    let time = match arguments.as_slice() {
        [] => return Err(fail("Date constructor has no arguments.")),
        [milliseconds] => date::from_milliseconds(*milliseconds),
        parts if parts.len() > 7 => return Err(fail("Unexpected number of arguments when reading date constructor.")),
        parts => date::from_parts(parts),
    };
    time.ok_or_else(|| {
        throw(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, "Year, Month, and Day parameters describe an un-representable DateTime.")
    })
}
