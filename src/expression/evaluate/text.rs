//! Strings that expressions put together: concatenation and interpolation.

use std::borrow::Cow;

use super::Frame;
use crate::{
    dotnet::{display::to_str, exception::Raise, format, string::Str, value::Value},
    expression::program::{Node, Piece},
    text::Text,
};

impl Frame<'_, '_> {
    pub(super) fn concat(&mut self, parts: &[Node]) -> Result<Value, Raise> {
        let mut joined = self.runtime.heap.take_room();
        let mut units = None;
        let outcome = parts.iter().try_for_each(|part| self.join(part, &mut joined, &mut units));
        let text = match units {
            Some(units) => Str::from_units(&units),
            None => Text::copied(&joined).into(),
        };
        self.runtime.heap.give_room(joined);
        outcome.map(|()| Value::String(text))
    }

    /// Adds the text of a node: to `joined`, or to `units` once there is something that only units can hold.
    fn join(&mut self, part: &Node, joined: &mut String, units: &mut Option<Vec<u16>>) -> Result<(), Raise> {
        let value;
        let text = match self.peek(part) {
            Some(Value::String(text)) => Cow::Borrowed(text),
            _ => {
                value = self.evaluate(part)?;
                match &value {
                    Value::String(text) => Cow::Borrowed(text),
                    value => Cow::Owned(to_str(self.runtime, value)),
                }
            }
        };
        let bytes = text.bytes();
        match (text.as_ref(), &mut *units) {
            (Str::Text(text), None) => joined.push_str(text),
            (text, Some(units)) => units.extend(text.units()),
            (text, None) => *units = Some(joined.encode_utf16().chain(text.units()).collect()),
        }
        self.runtime.allocate(bytes)?;
        self.runtime.work(bytes)
    }

    pub(super) fn interpolate(&mut self, pieces: &[Piece]) -> Result<Value, Raise> {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Hole { value, alignment, format } => {
                    let value = self.evaluate(value)?;
                    self.runtime.allocate(alignment.unsigned_abs() as usize)?;
                    let text = format::value(self.runtime, &value, format.as_deref())?;
                    out.push_str(&format::aligned(self.runtime, &text, *alignment)?.as_str());
                }
            }
        }
        self.runtime.allocate(out.len())?;
        Ok(Value::string(out))
    }
}
