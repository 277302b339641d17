//! .NET values to JSON: `JsonConvert.SerializeObject` to text, `JToken.FromObject` to tokens.
//!
//! Source: Serialization/JsonSerializerInternalWriter.cs.

use super::{
    Items, JSON_SERIALIZATION_EXCEPTION, Kind, Properties, TokenType, date, foreign,
    leaf::{self, Leaf},
    load::Builder,
    position::{Position, message, path_of},
    tree,
    writer::Writer,
};
use crate::{
    dotnet::{
        display::{self, to_str},
        exception::{Exception, Raise, argument_null, null_reference, throw},
        heap::{Object, Ref},
        member::{Call, MemberKind},
        runtime::Runtime,
        types::Type,
        value::Value,
    },
    text::Text,
};

/// `JsonConvert.SerializeObject`
///
/// # Errors
/// `JsonSerializationException` for a loop; what properties and lazy sequences raise; a spent budget.
pub fn serialize(runtime: &mut Runtime<'_>, value: &Value, indented: bool) -> Result<String, Raise> {
    let mut work = Work { sink: Sink::Text(Writer::new(indented)), open: Vec::new(), path: Vec::new() };
    work.value(runtime, value, None)?;
    let Sink::Text(writer) = work.sink else { return Ok(String::new()) };
    runtime.allocate(writer.out.len())?;
    Ok(writer.out)
}

/// `JToken.FromObject`
pub(super) fn to_token(runtime: &mut Runtime<'_>, value: &Value) -> Result<Ref, Raise> {
    if value.is_null() {
        return Err(argument_null("o"));
    }
    let mut work = Work { sink: Sink::Tree(Builder::default()), open: Vec::new(), path: Vec::new() };
    work.value(runtime, value, None)?;
    match work.sink {
        Sink::Tree(builder) => builder.root().ok_or_else(null_reference),
        Sink::Text(_) => Err(null_reference()),
    }
}

/// Where it goes.
enum Sink {
    Text(Writer),
    Tree(Builder),
}

impl Sink {
    fn start_object(&mut self, runtime: &mut Runtime<'_>) -> Result<(), Raise> {
        match self {
            Self::Text(writer) => writer.start_object(runtime),
            Self::Tree(builder) => builder.start(runtime, Kind::Object(Properties::default())),
        }
    }

    fn start_array(&mut self, runtime: &mut Runtime<'_>) -> Result<(), Raise> {
        match self {
            Self::Text(writer) => writer.start_array(runtime),
            Self::Tree(builder) => builder.start(runtime, Kind::Array(Items::default())),
        }
    }

    fn end(&mut self, runtime: &mut Runtime<'_>) -> Result<(), Raise> {
        match self {
            Self::Text(writer) => writer.end(runtime),
            Self::Tree(builder) => builder.end(runtime),
        }
    }

    fn name(&mut self, runtime: &mut Runtime<'_>, name: &Text) -> Result<(), Raise> {
        match self {
            Self::Text(writer) => writer.name(runtime, name),
            Self::Tree(builder) => builder.name(runtime, name.clone()),
        }
    }

    fn leaf(&mut self, runtime: &mut Runtime<'_>, leaf: Leaf) -> Result<(), Raise> {
        match self {
            Self::Text(writer) => writer.value(runtime, &leaf),
            Self::Tree(builder) => builder.leaf(runtime, leaf),
        }
    }

    fn token(&mut self, runtime: &mut Runtime<'_>, token: Ref) -> Result<(), Raise> {
        match self {
            Self::Text(writer) => writer.token(runtime, token),
            Self::Tree(builder) => {
                let copy = tree::clone(runtime, token)?;
                builder.whole(runtime, copy)
            }
        }
    }
}

/// A value on its way.
struct Work {
    sink: Sink,
    /// The objects that are being written: one that comes again inside itself is a loop.
    open: Vec<Ref>,
    path: Vec<Position>,
}

/// The number of an exception that is none of those with one of their own.
const HRESULT: i32 = -2_146_233_088;

impl Work {
    fn value(&mut self, runtime: &mut Runtime<'_>, value: &Value, property: Option<&str>) -> Result<(), Raise> {
        runtime.step()?;
        runtime.allocate(16)?;
        let leaf = match value {
            Value::Null => Leaf::NULL,
            Value::Char(_) => Leaf::new(TokenType::String, Value::String(to_str(runtime, value))),
            // An enumeration is written as its number.
            Value::Enum(member) => Leaf::new(TokenType::Integer, Value::Int32(i32::try_from(i64::from(member.value)).unwrap_or(0))),
            Value::Object(of) if !is_simple(runtime, value) => {
                let of = *of;
                return self.nested(runtime, of, value, property);
            }
            Value::Context(_) if !leaf::is_uri(runtime, value) => return runtime.deeper(|runtime| self.container(runtime, value)),
            value if leaf::is_uri(runtime, value) => {
                let text = Value::String(foreign::original_string(runtime, value));
                match self.sink {
                    Sink::Text(_) => Leaf::new(TokenType::String, text),
                    Sink::Tree(_) => Leaf::new(TokenType::Uri, value.clone()),
                }
            }
            value => Leaf::of(runtime, value.clone())?,
        };
        self.sink.leaf(runtime, leaf)
    }

    fn nested(&mut self, runtime: &mut Runtime<'_>, of: Ref, value: &Value, property: Option<&str>) -> Result<(), Raise> {
        if self.open.contains(&of) {
            let class = display::full_name(&display::type_of(runtime, value));
            let property = property.map(|property| format!(" for property '{property}'")).unwrap_or_default();
            let (_, outer) = self.path.split_last().map_or((None, &[][..]), |(last, outer)| (Some(last), outer));
            let text = format!("Self referencing loop detected{property} with type '{class}'.");
            return Err(throw(&JSON_SERIALIZATION_EXCEPTION, message(&text, &path_of(outer.iter()), None)));
        }
        if let Object::Token(_) = runtime.heap.get(of) {
            return self.sink.token(runtime, of);
        }
        self.open.push(of);
        let outcome = runtime.deeper(|runtime| self.container(runtime, value));
        self.open.pop();
        outcome
    }

    fn container(&mut self, runtime: &mut Runtime<'_>, value: &Value) -> Result<(), Raise> {
        let ty = display::type_of(runtime, value);
        if is_dictionary(&ty) {
            return self.dictionary(runtime, value);
        }
        match runtime.get(value) {
            // An object of the `context` that is a record has properties with names of their own.
            Some(Object::Record(record)) if !matches!(record.ty, Type::Named(_)) => {
                let items = record.items.clone();
                let names = part_names(&record.ty, items.len());
                self.object(runtime, names.into_iter().zip(items.iter().cloned()).collect())
            }
            Some(Object::Exception(exception)) => {
                let members = exception_parts(&exception.clone());
                self.object(runtime, members)
            }
            Some(Object::Grid(grid)) => {
                let (lengths, items) = (grid.lengths.clone(), grid.items.clone());
                let mut items = items.into_iter();
                self.grid(runtime, &lengths, &mut items)
            }
            Some(Object::Plain | Object::Delegate(_)) => self.object(runtime, Vec::new()),
            _ if tree::is_multiple(runtime, value) => self.list(runtime, value),
            _ => {
                let properties = properties(runtime, &ty, value)?;
                self.object(runtime, properties)
            }
        }
    }

    fn object(&mut self, runtime: &mut Runtime<'_>, properties: Vec<(Text, Value)>) -> Result<(), Raise> {
        self.sink.start_object(runtime)?;
        for (name, value) in properties {
            self.property(runtime, name, &value, true)?;
        }
        self.sink.end(runtime)
    }

    fn property(&mut self, runtime: &mut Runtime<'_>, name: Text, value: &Value, is_named: bool) -> Result<(), Raise> {
        runtime.allocate(name.len())?;
        self.sink.name(runtime, &name)?;
        self.path.push(Position::Name(name.clone()));
        let outcome = self.value(runtime, value, is_named.then_some(name.as_str()));
        self.path.pop();
        outcome
    }

    fn list(&mut self, runtime: &mut Runtime<'_>, value: &Value) -> Result<(), Raise> {
        self.sink.start_array(runtime)?;
        let mut cursor = runtime.cursor(value)?;
        let mut at = 0;
        while let Some(item) = cursor.next(runtime)? {
            self.path.push(Position::Index(at));
            let outcome = self.value(runtime, &item, None);
            self.path.pop();
            outcome?;
            at += 1;
        }
        self.sink.end(runtime)
    }

    fn dictionary(&mut self, runtime: &mut Runtime<'_>, value: &Value) -> Result<(), Raise> {
        self.sink.start_object(runtime)?;
        let mut cursor = runtime.cursor(value)?;
        while let Some(pair) = cursor.next(runtime)? {
            let Some(Object::Record(record)) = runtime.get(&pair) else { continue };
            let items = record.items.clone();
            if let [key, value] = &*items {
                let name = key_text(runtime, key);
                self.property(runtime, name, value, false)?;
            }
        }
        self.sink.end(runtime)
    }

    fn grid(&mut self, runtime: &mut Runtime<'_>, lengths: &[usize], items: &mut std::vec::IntoIter<Value>) -> Result<(), Raise> {
        let Some((length, inner)) = lengths.split_first() else { return Ok(()) };
        self.sink.start_array(runtime)?;
        for at in 0..*length {
            runtime.step()?;
            self.path.push(Position::Index(at as i64));
            if inner.is_empty() {
                let item = items.next().unwrap_or(Value::Null);
                self.value(runtime, &item, None)?;
            } else {
                self.grid(runtime, inner, items)?;
            }
            self.path.pop();
        }
        self.sink.end(runtime)
    }
}

/// Whether an object is a value of JSON by itself.
fn is_simple(runtime: &Runtime<'_>, value: &Value) -> bool {
    runtime.bytes(value).is_some() || runtime.own::<super::big::Big>(value).is_some() || leaf::is_uri(runtime, value)
}

/// Whether a type is a dictionary of some kind.
pub(super) fn is_dictionary(ty: &Type) -> bool {
    use crate::dotnet::registry::{DICTIONARY, IDICTIONARY, IREADONLY_DICTIONARY};
    [&DICTIONARY, &IDICTIONARY, &IREADONLY_DICTIONARY].into_iter().any(|class| ty.as_class(class).is_some())
}

/// The names of a record's parts.
pub(super) fn part_names(ty: &Type, count: usize) -> Vec<Text> {
    match ty {
        Type::Anonymous(anonymous) => anonymous.properties.iter().map(|(name, _)| name.clone()).collect(),
        Type::Generic(class, _) if class.name == "KeyValuePair" => vec!["Key".into(), "Value".into()],
        _ => (1..=count).map(|part| if part == 8 { "Rest".into() } else { format!("Item{part}").into() }).collect(),
    }
}

/// A dictionary's key as a property's name.
fn key_text(runtime: &Runtime<'_>, key: &Value) -> Text {
    let mut text = String::new();
    match key {
        Value::DateTime(time) => date::write(*time, &mut text),
        Value::DateTimeOffset(time) => date::write_offset(*time, &mut text),
        key => return to_str(runtime, key).to_text(),
    }
    text.into()
}

/// What `Exception.GetObjectData` gives, as far as it is known here.
fn exception_parts(exception: &Exception) -> Vec<(Text, Value)> {
    let text = |text: String| Value::string(text);
    vec![
        ("ClassName".into(), text(exception.class.full_name())),
        ("Message".into(), text(exception.message.clone())),
        ("Data".into(), Value::Null),
        ("InnerException".into(), exception.inner.as_ref().map_or(Value::Null, |inner| text(inner.message.clone()))),
        ("HelpURL".into(), Value::Null),
        ("StackTraceString".into(), Value::Null),
        ("RemoteStackTraceString".into(), Value::Null),
        ("RemoteStackIndex".into(), Value::Int32(0)),
        ("ExceptionMethod".into(), Value::Null),
        ("HResult".into(), Value::Int32(HRESULT)),
        ("Source".into(), Value::Null),
        ("WatsonBuckets".into(), Value::Null),
    ]
}

/// The public properties of an object of any other type: what reflection finds.
fn properties(runtime: &mut Runtime<'_>, ty: &Type, value: &Value) -> Result<Vec<(Text, Value)>, Raise> {
    let Some(class) = ty.class() else { return Ok(Vec::new()) };
    let mut properties = Vec::new();
    for info in class.infos().iter().filter(|info| info.kind == MemberKind::Property && !info.is_static) {
        let arguments = [value.clone()];
        let mut call = Call { runtime, arguments: &arguments, types: ty.arguments(), outs: Vec::new() };
        let found = (info.native)(&mut call)?;
        properties.push((Text::Static(info.name), found));
    }
    Ok(properties)
}
