//! Sets of inputs, and what was given for each.

use std::sync::{Arc, Mutex};

use smallvec::SmallVec;

use super::super::{
    evaluate,
    program::{Function, HeaderOr, Node},
};
use crate::{
    dotnet::{
        context::{TextOf, VariableName, joined_values},
        runtime::Runtime,
        string::Str,
        value::Value,
    },
    text::Text,
};

/// Sets that are kept.
pub(super) const SETS: usize = 8;

/// What the texts and bytes of one set may come to, with what was given.
pub(super) const SET_BYTES: usize = 4096;

/// Inputs beyond this cost as much to compare as most expressions to evaluate.
pub(super) const MOST_INPUTS: usize = 6;

/// Strange sets in a row after which nothing is looked up for a while: an expression over what never repeats costs what it cost before.
const PATIENCE: u32 = 16;
const REST: u32 = 240;

/// What was given for late sets of inputs.
#[derive(Debug)]
pub(super) struct Memory<G> {
    /// Whose values say what is given.
    sources: Box<[Source]>,
    /// The function that they stand in, or one of those.
    main: Arc<Function>,
    pub late: Mutex<Late<G>>,
}

#[derive(Debug)]
pub(super) struct Late<G> {
    pub kept: Vec<Kept<G>>,
    /// Where the next set goes once there is no more room.
    next: usize,
    /// Sets in a row that were not known.
    pub strange: u32,
    /// How many evaluations are still to pass without a look.
    rest: u32,
}

#[derive(Debug)]
pub(super) struct Kept<G> {
    inputs: Box<[Input]>,
    given: G,
}

/// What was given, as it is kept.
#[derive(Debug)]
pub(super) enum Given {
    Value(Value),
    /// One of the inputs, the same object.
    Input(usize),
}

#[derive(Debug)]
enum Input {
    /// A value that refers to nothing.
    Plain(Value),
    /// The contents of a `byte[]`.
    Bytes(Box<[u8]>),
}

/// Where an input comes from.
#[derive(Debug)]
enum Source {
    Variable(Box<VariableName>),
    Text(TextOf),
    Header(Box<HeaderOr>),
    /// It lies nowhere: the node is evaluated.
    Node(Node),
}

/// The inputs of now that lie nowhere, evaluated, in the order of their sources.
pub(super) type Read = SmallVec<[Value; 2]>;

/// An input of now, where it lies.
enum Met<'a> {
    Value(&'a Value),
    Text(&'a Text),
}

/// What a look came to.
pub(super) enum Look<T> {
    /// The inputs are known.
    Known(T),
    /// They are not; what will be given can be kept with them.
    Strange(Strange),
    /// They cannot be kept, or it is not the time to look.
    Unknown,
}

/// Inputs that are not known.
pub(super) struct Strange {
    read: Read,
    inputs: Box<[Input]>,
}

impl<G> Memory<G> {
    /// Nothing yet.
    pub fn new(inputs: Vec<Node>, main: Arc<Function>) -> Self {
        let late = Late { kept: Vec::new(), next: 0, strange: 0, rest: 0 };
        Self { sources: inputs.into_iter().map(Source::of).collect(), main, late: Mutex::new(late) }
    }

    /// Looks for the inputs of now; `take` gets what was given for them.
    pub fn look<T>(&self, runtime: &mut Runtime<'_>, take: impl FnOnce(&G, &Read, &mut Runtime<'_>) -> T) -> Look<T> {
        // Whoever looks at the same time evaluates instead of waiting.
        let Ok(mut late) = self.late.try_lock() else { return Look::Unknown };
        if late.rest > 0 {
            late.rest -= 1;
            return Look::Unknown;
        }
        let Some(read) = self.read(runtime) else {
            late.missed();
            return Look::Unknown;
        };
        let is_it = |kept: &Kept<G>| self.met(&read, runtime).zip(&kept.inputs).all(|(met, input)| input.is(met, runtime));
        if let Some(place) = late.kept.iter().position(is_it) {
            late.strange = 0;
            // What comes often is found at once.
            late.kept.swap(0, place);
            let kept = late.kept.first();
            return kept.map_or(Look::Unknown, |kept| Look::Known(take(&kept.given, &read, runtime)));
        }
        late.missed();
        drop(late);
        let inputs = self.met(&read, runtime).map(|met| Input::new(met, runtime));
        match inputs.collect::<Option<Box<[Input]>>>().filter(|inputs| can_be_kept(inputs)) {
            Some(inputs) => Look::Strange(Strange { read, inputs }),
            None => Look::Unknown,
        }
    }

    /// Keeps what was given for inputs, as `given` makes it out of them, if it does: `size` bytes of texts. What the work has changed it would not change
    /// again; nothing is kept of it.
    pub fn keep(&self, strange: Strange, size: usize, runtime: &Runtime<'_>, given: impl FnOnce(&Strange) -> Option<G>) {
        if strange.inputs.iter().map(Input::size).sum::<usize>() + size <= SET_BYTES
            && self.met(&strange.read, runtime).zip(&strange.inputs).all(|(met, input)| input.is(met, runtime))
            && let Ok(mut late) = self.late.try_lock()
            && let Some(given) = given(&strange)
        {
            late.keep(Kept { inputs: strange.inputs, given });
        }
    }

    /// A value as it is kept; none where it is the same object as two of the inputs, which another time may be two objects.
    pub fn given(&self, value: &Value, strange: &Strange, runtime: &Runtime<'_>) -> Option<Given> {
        let mut places = self.met(&strange.read, runtime).enumerate().filter(|(_, met)| met.is_same(value)).map(|(place, _)| place);
        match (places.next(), places.next()) {
            (None, _) => Some(Given::Value(value.clone())),
            (Some(place), None) => Some(Given::Input(place)),
            // Literals and empty strings are one object wherever they stand.
            (Some(_), Some(_)) => matches!(value, Value::String(Str::Text(text)) if !matches!(text, Text::Shared(_)) || text.is_empty())
                .then(|| Given::Value(value.clone())),
        }
    }

    /// A value that was kept.
    pub fn value(&self, given: &Given, read: &Read, runtime: &Runtime<'_>) -> Value {
        let place = match given {
            Given::Value(value) => return value.clone(),
            Given::Input(place) => *place,
        };
        match self.sources.get(place) {
            Some(Source::Text(of)) => Value::string(of(runtime.context).clone()),
            Some(Source::Variable(name)) => runtime.context.variables.named(name).cloned().unwrap_or(Value::Null),
            _ => self.met(read, runtime).nth(place).map_or(Value::Null, Met::value),
        }
    }

    /// The inputs of now.
    fn met<'a>(&'a self, read: &'a Read, runtime: &'a Runtime<'_>) -> impl Iterator<Item = Met<'a>> {
        let mut read = read.iter();
        self.sources.iter().map(move |source| match source {
            Source::Variable(name) => Met::Value(runtime.context.variables.named(name).unwrap_or(&Value::Null)),
            Source::Text(of) => Met::Text(of(runtime.context)),
            Source::Header(header) => met_header(header, runtime).unwrap_or_else(|| Met::Value(read.next().unwrap_or(&Value::Null))),
            Source::Node(_) => Met::Value(read.next().unwrap_or(&Value::Null)),
        })
    }

    /// Nothing where one of the inputs cannot be compared: where it is not needed it may also fail.
    fn read(&self, runtime: &mut Runtime<'_>) -> Option<Read> {
        let mut read = Read::new();
        for source in &self.sources {
            match source {
                Source::Text(_) => {}
                Source::Variable(name) => {
                    let value = runtime.context.variables.named(name).unwrap_or(&Value::Null);
                    if !is_plain(value) && runtime.bytes(value).is_none() {
                        return None;
                    }
                }
                Source::Header(header) => match met_header(header, runtime) {
                    Some(_) => {}
                    None => read.extend(joined_values(runtime.context.request.headers.named(&header.name)).map(Value::String)),
                },
                Source::Node(node) => {
                    let value = evaluate::input(node, &self.main, runtime).ok()?;
                    if !is_plain(&value) && runtime.bytes(&value).is_none() {
                        return None;
                    }
                    read.push(value);
                }
            }
        }
        Some(read)
    }
}

/// A header where it lies, or its default: none for several values, which are joined for each who asks, and for a policy's literal, which is
/// copied.
fn met_header<'a>(header: &'a HeaderOr, runtime: &'a Runtime<'_>) -> Option<Met<'a>> {
    let mut values = runtime.context.request.headers.named(&header.name);
    match (values.next(), values.next()) {
        (None, _) => Some(Met::Value(&header.default)),
        (Some(Text::Literal(_) | Text::CountedLiteral(_)), _) | (_, Some(_)) => None,
        (Some(text), None) => Some(Met::Text(text)),
    }
}

impl Source {
    fn of(node: Node) -> Self {
        match node {
            Node::Variable(name) => Self::Variable(name),
            Node::Text(of) => Self::Text(of),
            Node::HeaderOr(header) => Self::Header(header),
            node => Self::Node(node),
        }
    }
}

impl Met<'_> {
    fn value(self) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Text(text) => Value::string(text.clone()),
        }
    }

    /// Whether it is one object with a string.
    fn is_same(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Value(Value::String(own)), Value::String(other)) => own.is_same(other),
            (Self::Text(own), Value::String(Str::Text(other))) => own.is_same(other),
            _ => false,
        }
    }
}

/// Two arrays may be one or two of the same contents, which these do not tell.
fn can_be_kept(inputs: &[Input]) -> bool {
    inputs.iter().filter(|input| matches!(input, Input::Bytes(_))).count() < 2
}

/// What a value takes up.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.bytes(),
        _ => size_of::<Value>(),
    }
}

/// A value that two requests may share, and that is compared by what it is.
pub(super) fn is_plain(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(_) | Value::Int32(_) | Value::Int64(_) | Value::String(_))
}

impl<G> Late<G> {
    fn missed(&mut self) {
        self.strange += 1;
        if self.strange > PATIENCE {
            self.strange = PATIENCE;
            self.rest = REST;
        }
    }

    fn keep(&mut self, kept: Kept<G>) {
        match self.kept.get_mut(self.next) {
            Some(place) => *place = kept,
            None => self.kept.push(kept),
        }
        self.next = (self.next + 1) % SETS;
    }
}

impl Input {
    fn new(met: Met<'_>, runtime: &Runtime<'_>) -> Option<Self> {
        let value = match met {
            Met::Value(value) => value,
            Met::Text(text) => return Some(Self::Plain(Value::string(text.clone()))),
        };
        match runtime.bytes(value) {
            Some(bytes) if bytes.len() <= SET_BYTES => Some(Self::Bytes(bytes.into())),
            Some(_) => None,
            None => Some(Self::Plain(value.clone())),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Plain(value) => size(value),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    fn is(&self, met: Met<'_>, runtime: &Runtime<'_>) -> bool {
        match (self, met) {
            // A literal is one object with the literals of the expression itself, and what a client has sent is not.
            (Self::Plain(Value::String(Str::Text(own))), Met::Value(Value::String(Str::Text(other)))) => own.is_like(other),
            (Self::Plain(Value::String(Str::Text(own))), Met::Text(other)) => own.is_like(other),
            (Self::Plain(Value::String(own)), Met::Value(Value::String(other))) => own == other,
            (Self::Plain(Value::Bool(own)), Met::Value(Value::Bool(other))) => own == other,
            (Self::Plain(Value::Int32(own)), Met::Value(Value::Int32(other))) => own == other,
            (Self::Plain(Value::Int64(own)), Met::Value(Value::Int64(other))) => own == other,
            (Self::Plain(Value::Null), Met::Value(Value::Null)) => true,
            (Self::Bytes(own), Met::Value(value)) => runtime.bytes(value).is_some_and(|other| **own == *other),
            _ => false,
        }
    }
}
