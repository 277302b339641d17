//! Strings that expressions put together: concatenation and interpolation.

use super::Frame;
use crate::{
    dotnet::{display::to_str, exception::Raise, format, string::Str, value::Value},
    expression::program::{Node, Piece},
};

impl Frame<'_, '_> {
    pub(super) fn concat(&mut self, parts: &[Node]) -> Result<Value, Raise> {
        let mut texts = Vec::with_capacity(parts.len());
        let mut bytes = 0;
        for part in parts {
            let value = self.evaluate(part)?;
            let text = match value {
                Value::String(text) => text,
                value => to_str(self.runtime, &value),
            };
            bytes += text.bytes();
            texts.push(text);
        }
        self.runtime.allocate(bytes)?;
        self.runtime.work(bytes)?;
        if texts.iter().all(|text| matches!(text, Str::Text(_))) {
            let mut joined = String::with_capacity(bytes);
            texts.iter().for_each(|text| joined.push_str(&text.as_str()));
            return Ok(Value::string(joined));
        }
        let units: Vec<u16> = texts.iter().flat_map(Str::units).collect();
        Ok(Value::String(Str::from_units(&units)))
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
