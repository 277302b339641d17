//! A walk through JSON token by token, and where it is: over text or over a tree. Source: JsonReader.cs.

mod number;
mod string;
mod text;
mod tree;
mod typed;

use std::{borrow::Cow, sync::Arc};

pub(super) use typed::ReadType;

use super::{
    JSON_READER_EXCEPTION, JSON_SERIALIZATION_EXCEPTION, JSON_WRITER_EXCEPTION,
    position::{Position, message, path_of},
};
use crate::{
    dotnet::{
        exception::{Raise, throw},
        heap::Ref,
        runtime::Runtime,
        types::Class,
        value::Value,
    },
    text::Text,
};

/// `JsonToken`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are .NET's own")]
pub enum Event {
    None,
    StartObject,
    StartArray,
    StartConstructor,
    PropertyName,
    Comment,
    Raw,
    Integer,
    Float,
    String,
    Boolean,
    Null,
    Undefined,
    EndObject,
    EndArray,
    EndConstructor,
    Date,
    Bytes,
}

impl Event {
    pub(super) fn is_start(self) -> bool {
        matches!(self, Self::StartObject | Self::StartArray | Self::StartConstructor)
    }

    pub(super) fn is_end(self) -> bool {
        matches!(self, Self::EndObject | Self::EndArray | Self::EndConstructor)
    }
}

/// `JsonContainerType`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    None,
    Object,
    Array,
    Constructor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Property,
    ObjectStart,
    Object,
    ArrayStart,
    Array,
    PostValue,
    ConstructorStart,
    Constructor,
    Finished,
}

/// Where the reader is in one container.
#[derive(Clone, Debug)]
struct Scope {
    container: Container,
    index: i64,
    name: Option<Text>,
}

impl Scope {
    const fn new(container: Container) -> Self {
        Self { container, index: -1, name: None }
    }

    fn has_index(&self) -> bool {
        matches!(self.container, Container::Array | Container::Constructor)
    }

    fn position(&self) -> Option<Position> {
        match self.container {
            Container::Object => self.name.clone().map(Position::Name),
            Container::Array | Container::Constructor => Some(Position::Index(self.index)),
            Container::None => None,
        }
    }
}

/// A walk through JSON.
pub(super) struct Reader<'t> {
    /// The place in the text; of a tree's reader, in an empty one.
    text: text::Place<'t>,
    /// The place in the tree, where one is read.
    tree: Option<tree::Place>,
    state: State,
    scope: Scope,
    outer: Vec<Scope>,
    /// Whether texts that are dates become dates.
    pub(super) reads_dates: bool,
    /// The token that was read.
    pub(super) event: Event,
    /// Its value.
    pub(super) value: Value,
}

impl<'t> Reader<'t> {
    /// A reader of text.
    pub(super) fn of_text(text: &'t str) -> Self {
        Self::new(text, None)
    }

    /// A reader of a tree.
    pub(super) fn of_tree(root: Ref, path: String) -> Self {
        Self::new("", Some(tree::Place::new(root, path)))
    }

    fn new(text: &'t str, tree: Option<tree::Place>) -> Self {
        let (text, scope) = (text::Place::new(text), Scope::new(Container::None));
        Self { text, tree, state: State::Start, scope, outer: Vec::new(), reads_dates: true, event: Event::None, value: Value::Null }
    }

    /// `Read`: goes to the next token; false at the end.
    pub(super) fn read(&mut self, runtime: &mut Runtime<'_>) -> Result<bool, Raise> {
        runtime.step()?;
        if self.tree.is_some() { self.read_tree(runtime) } else { self.read_text(runtime) }
    }

    /// `MoveToContent`: past comments.
    pub(super) fn move_to_content(&mut self, runtime: &mut Runtime<'_>) -> Result<bool, Raise> {
        while matches!(self.event, Event::None | Event::Comment) {
            if !self.read(runtime)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `Skip`: past what is in the token.
    pub(super) fn skip(&mut self, runtime: &mut Runtime<'_>) -> Result<(), Raise> {
        if self.event == Event::PropertyName {
            self.read(runtime)?;
        }
        if self.event.is_start() {
            let depth = self.depth();
            while self.read(runtime)? && depth < self.depth() {}
        }
        Ok(())
    }

    /// `Depth`
    pub(super) fn depth(&self) -> usize {
        let depth = self.outer.len();
        if self.event.is_start() || self.scope.container == Container::None { depth } else { depth + 1 }
    }

    /// `Path`
    pub(super) fn path(&self) -> String {
        let is_inside = !matches!(self.state, State::ArrayStart | State::ConstructorStart | State::ObjectStart);
        let mut positions: Vec<Position> = Vec::new();
        if self.scope.container != Container::None {
            positions.extend(self.outer.iter().filter_map(Scope::position));
            positions.extend(self.scope.position().filter(|_| is_inside));
        }
        let path = path_of(positions.iter());
        match &self.tree {
            Some(place) if !place.path.is_empty() && (path.is_empty() || path.starts_with('[')) => format!("{}{path}", place.path),
            Some(place) if !place.path.is_empty() => format!("{}.{path}", place.path),
            _ => path,
        }
    }

    fn place(&self) -> Option<(usize, usize)> {
        if let Some(place) = &self.tree {
            return place.line;
        }
        let (line, position) = self.text.position();
        let is_start = self.state == State::Start && position == 0 && self.event != Event::Comment;
        Some((if is_start { 0 } else { line }, position))
    }

    /// Where a token of text ends, for the token that is made of it.
    pub(super) fn mark(&mut self) -> (usize, usize) {
        self.text.mark()
    }

    fn exception(&self, class: &'static Class, text: &str) -> Raise {
        throw(class, message(text, &self.path(), self.place()))
    }

    /// `JsonReaderException.Create`
    pub(super) fn fault(&self, text: &str) -> Raise {
        self.exception(&JSON_READER_EXCEPTION, text)
    }

    /// `JsonSerializationException.Create`
    pub(super) fn misfit(&self, text: &str) -> Raise {
        self.exception(&JSON_SERIALIZATION_EXCEPTION, text)
    }

    /// `JsonSerializationException.Create` with an inner exception.
    pub(super) fn misfit_for(&self, text: &str, inner: Raise) -> Raise {
        match (self.misfit(text), inner) {
            (Raise::Exception(mut outer), Raise::Exception(inner)) => {
                outer.inner = Some(Arc::from(inner));
                Raise::Exception(outer)
            }
            (_, other) => other,
        }
    }

    /// How many containers are around the one that the reader is in.
    pub(super) fn containers(&self) -> usize {
        self.outer.len()
    }

    /// `JsonWriterException`: of a copy that stopped in the middle. Its path leads from where the copy began to the container around.
    pub(super) fn incomplete(&self, from: usize) -> Raise {
        let positions: Vec<Position> = self.outer.iter().skip(from).filter_map(Scope::position).collect();
        throw(&JSON_WRITER_EXCEPTION, message("Unexpected end when reading token.", &path_of(positions.iter()), None))
    }

    fn set(&mut self, event: Event, value: Value, is_next: bool) -> Result<(), Raise> {
        self.event = event;
        self.value = value;
        match event {
            Event::StartObject => self.push(State::ObjectStart, Container::Object),
            Event::StartArray => self.push(State::ArrayStart, Container::Array),
            Event::StartConstructor => self.push(State::ConstructorStart, Container::Constructor),
            Event::EndObject => return self.pop(Container::Object),
            Event::EndArray => return self.pop(Container::Array),
            Event::EndConstructor => return self.pop(Container::Constructor),
            Event::PropertyName => {
                self.state = State::Property;
                if let Value::String(name) = &self.value {
                    self.scope.name = Some(name.to_text());
                }
            }
            Event::None | Event::Comment => {}
            _ => self.after_value(is_next),
        }
        Ok(())
    }

    fn token(&mut self, event: Event) -> Result<bool, Raise> {
        self.set(event, Value::Null, true)?;
        Ok(true)
    }

    fn after_value(&mut self, is_next: bool) {
        self.state = if self.scope.container == Container::None { State::Finished } else { State::PostValue };
        if is_next {
            self.count();
        }
    }

    /// Counts a finished item of an array.
    fn count(&mut self) {
        if self.scope.has_index() {
            self.scope.index += 1;
        }
    }

    fn push(&mut self, state: State, container: Container) {
        self.state = state;
        self.count();
        let scope = std::mem::replace(&mut self.scope, Scope::new(container));
        if scope.container != Container::None {
            self.outer.push(scope);
        }
    }

    fn pop(&mut self, container: Container) -> Result<(), Raise> {
        let outer = self.outer.pop().unwrap_or(Scope::new(Container::None));
        let closed = std::mem::replace(&mut self.scope, outer).container;
        if closed != container {
            return Err(self.fault(&format!("JsonToken {:?} is not valid for closing JsonType {closed:?}.", self.event)));
        }
        self.after_value(false);
        Ok(())
    }

    /// `SetStateBasedOnCurrent`
    fn resume(&mut self) {
        self.state = match self.scope.container {
            Container::Object => State::Object,
            Container::Array => State::Array,
            Container::Constructor => State::Constructor,
            Container::None => State::Finished,
        };
    }

    /// The text of the token's value, as messages quote it.
    pub(super) fn text_of_value(&self, runtime: &Runtime<'_>) -> String {
        crate::dotnet::display::to_str(runtime, &self.value).to_string()
    }
}

/// Text that may be borrowed from the document.
type Piece<'t> = Cow<'t, str>;
