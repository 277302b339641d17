//! A tree read like text: `JTokenReader`. Source: Linq/JTokenReader.cs.

use super::{Event, Reader};
use crate::dotnet::{
    display::to_str,
    exception::{Raise, null_reference},
    heap::Ref,
    json::{Kind, TokenType, foreign, tree},
    runtime::Runtime,
    value::Value,
};

/// A place in a tree.
pub(super) struct Place {
    root: Ref,
    /// The path of the root.
    pub(super) path: String,
    current: Option<Ref>,
    /// The container that was entered or left last.
    parent: Option<Ref>,
    /// The line and position that the current token was loaded from.
    pub(super) line: Option<(usize, usize)>,
    is_started: bool,
}

impl Place {
    pub(super) fn new(root: Ref, path: String) -> Self {
        Self { root, path, current: None, parent: None, line: None, is_started: false }
    }
}

impl Reader<'_> {
    fn in_tree(&mut self) -> Result<&mut Place, Raise> {
        self.tree.as_mut().ok_or_else(null_reference)
    }

    pub(super) fn read_tree(&mut self, runtime: &mut Runtime<'_>) -> Result<bool, Raise> {
        let place = self.in_tree()?;
        if !place.is_started {
            place.is_started = true;
            place.current = Some(place.root);
            let root = place.root;
            self.set_token(runtime, root)?;
            return Ok(true);
        }
        let Some(current) = place.current else { return Ok(false) };
        let parent = place.parent;
        let token = tree::get(runtime, current)?;
        if !token.is_container() || parent == Some(current) {
            return self.read_over(runtime, current);
        }
        match token.child(0) {
            None => self.set_end(runtime, current),
            Some(first) => {
                self.set_token(runtime, first)?;
                let place = self.in_tree()?;
                place.current = Some(first);
                place.parent = Some(current);
                Ok(true)
            }
        }
    }

    fn read_over(&mut self, runtime: &mut Runtime<'_>, of: Ref) -> Result<bool, Raise> {
        let mut of = of;
        loop {
            let parent = tree::get(runtime, of)?.parent;
            if of == self.in_tree()?.root {
                let place = self.in_tree()?;
                (place.current, place.line) = (None, None);
                self.set(Event::None, Value::Null, true)?;
                return Ok(false);
            }
            let next = tree::sibling(runtime, of, 1)?;
            match (next, parent) {
                (Some(next), _) => {
                    self.in_tree()?.current = Some(next);
                    self.set_token(runtime, next)?;
                    return Ok(true);
                }
                // A property has no token for its end.
                (None, Some(parent)) if matches!(tree::get(runtime, parent)?.kind, Kind::Property(..)) => of = parent,
                (None, Some(parent)) => return self.set_end(runtime, parent),
                (None, None) => return Ok(false),
            }
        }
    }

    fn set_end(&mut self, runtime: &mut Runtime<'_>, container: Ref) -> Result<bool, Raise> {
        let event = match tree::get(runtime, container)?.kind {
            Kind::Object(_) => Event::EndObject,
            Kind::Constructor(..) => Event::EndConstructor,
            Kind::Property(..) => return self.read_over(runtime, container),
            _ => Event::EndArray,
        };
        self.locate(runtime, container)?;
        self.set(event, Value::Null, true)?;
        let place = self.in_tree()?;
        place.current = Some(container);
        place.parent = Some(container);
        Ok(true)
    }

    /// `IJsonLineInfo`: a token says where it was loaded from.
    fn locate(&mut self, runtime: &Runtime<'_>, of: Ref) -> Result<(), Raise> {
        self.in_tree()?.line = tree::get(runtime, of)?.place.map(|(line, position)| (line.get() as usize, position as usize));
        Ok(())
    }

    fn set_token(&mut self, runtime: &mut Runtime<'_>, of: Ref) -> Result<(), Raise> {
        self.locate(runtime, of)?;
        let (event, value) = match &tree::get(runtime, of)?.kind {
            Kind::Object(_) => (Event::StartObject, Value::Null),
            Kind::Array(_) => (Event::StartArray, Value::Null),
            Kind::Constructor(name, _) => (Event::StartConstructor, name.clone().map_or(Value::Null, Value::string)),
            Kind::Property(name, _) => (Event::PropertyName, Value::string(name.clone())),
            Kind::Value(leaf) => {
                let value = leaf.value.clone();
                match leaf.ty {
                    TokenType::Comment => (Event::Comment, value),
                    TokenType::Integer => (Event::Integer, value),
                    TokenType::Float => (Event::Float, value),
                    TokenType::Boolean => (Event::Boolean, value),
                    TokenType::Null => (Event::Null, value),
                    TokenType::Undefined => (Event::Undefined, value),
                    TokenType::Date => (Event::Date, value),
                    TokenType::Raw => (Event::Raw, value),
                    TokenType::Bytes => (Event::Bytes, value),
                    TokenType::Uri => (Event::String, Value::String(foreign::original_string(runtime, &value))),
                    TokenType::Guid | TokenType::TimeSpan if !value.is_null() => (Event::String, Value::String(to_str(runtime, &value))),
                    _ => (Event::String, value),
                }
            }
        };
        self.set(event, value, true)
    }

    /// The token that was read last, where a tree is read.
    pub(in crate::dotnet::json) fn tree_token(&self) -> Option<Ref> {
        self.tree.as_ref().and_then(|place| place.current)
    }
}
