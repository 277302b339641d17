//! Content put between nodes: `AddFirst`, `AddBeforeSelf`, `AddAfterSelf`, `ReplaceWith`.
//!
//! Source: dotnet/runtime, `Inserter` in XLinq.cs. Text waits until it is known what follows, so that neighbours become one node.

use super::{
    Content, Kind,
    content::{self, Piece},
    document::{self, Place},
    tree,
};
use crate::dotnet::{
    exception::{Raise, raise},
    heap::Ref,
    registry,
    runtime::Runtime,
    string::Str,
    value::Value,
};

/// Puts content behind `previous`, or first where that is none.
pub(super) fn insert(runtime: &mut Runtime<'_>, container: Ref, previous: Option<Ref>, content: &Value) -> Result<(), Raise> {
    let mut inserter = Inserter { container, previous, text: None };
    inserter.add(runtime, content)?;
    let Some(text) = inserter.text.take() else { return Ok(()) };
    if matches!(tree::content(runtime, container)?, Content::Empty) {
        return tree::set_content(runtime, container, Content::Text(text));
    }
    inserter.flush(runtime, text)
}

struct Inserter {
    container: Ref,
    previous: Option<Ref>,
    text: Option<Str>,
}

impl Inserter {
    fn add(&mut self, runtime: &mut Runtime<'_>, value: &Value) -> Result<(), Raise> {
        match content::piece(runtime, value)? {
            Piece::Nothing => Ok(()),
            Piece::Text(text) => {
                document::validate_text(runtime, self.container, &text)?;
                let parts: Vec<Str> = self.text.take().into_iter().chain([text]).collect();
                self.text = Some(tree::joined(runtime, &parts)?);
                Ok(())
            }
            Piece::Attribute(_) => raise(&registry::ARGUMENT_EXCEPTION, "An attribute cannot be added to content."),
            Piece::Node(child) => self.add_node(runtime, child),
            Piece::Sequence => content::each(runtime, value, |runtime, item| self.add(runtime, item)),
        }
    }

    fn add_node(&mut self, runtime: &mut Runtime<'_>, child: Ref) -> Result<(), Raise> {
        document::validate_node(runtime, self.container, child, self.previous.map_or(Place::Start, Place::After))?;
        let child = content::own(runtime, self.container, child)?;
        tree::text_to_node(runtime, self.container)?;
        if let Some(text) = self.text.take() {
            self.flush(runtime, text)?;
        }
        self.put(runtime, child)
    }

    fn flush(&mut self, runtime: &mut Runtime<'_>, text: Str) -> Result<(), Raise> {
        if text.is_empty() {
            return Ok(());
        }
        if let Some(previous) = self.previous
            && content::extend(runtime, previous, &text)?
        {
            return Ok(());
        }
        tree::text_to_node(runtime, self.container)?;
        let made = tree::place(runtime, Kind::Text(text))?;
        self.put(runtime, made)
    }

    fn put(&mut self, runtime: &mut Runtime<'_>, child: Ref) -> Result<(), Raise> {
        let last = tree::last(runtime, self.container)?;
        tree::link(runtime, self.container, child, self.previous.filter(|_| last.is_some()).or(last))?;
        if last.is_none() || (last == self.previous) {
            tree::set_content(runtime, self.container, Content::Last(child))?;
        }
        self.previous = Some(child);
        Ok(())
    }
}
