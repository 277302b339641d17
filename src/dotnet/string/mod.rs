//! `System.String`: UTF-16 by its contract, UTF-8 in memory.
//!
//! Nearly every string of a policy is ASCII, where a byte is a UTF-16 code unit. Other text pays for a conversion where a member
//! counts units; only text that UTF-8 cannot hold (a lone surrogate) is stored as units.

mod assembly;
pub mod casing;
pub mod comparer;
pub mod comparison;
pub mod culture;
mod parts;
mod search;
mod split;

use std::{borrow::Cow, sync::Arc};

pub use assembly::{Assembly, join, separator};
pub use parts::{is_white_space, replaced};

use super::{
    collection::List,
    display,
    exception::{Raise, null_reference},
    heap::Object,
    json,
    member::{Call, Member, member},
    runtime::Runtime,
    types::Type,
    value::Value,
};
use crate::text::Text;

/// `Environment.NewLine`: that of Linux. The gateway's own is not documented.
pub const NEWLINE: &str = "\n";

const TABLES: &[&[Member]] = &[assembly::MEMBERS, parts::MEMBERS, comparison::MEMBERS, search::MEMBERS, split::MEMBERS];

/// The members of `string`.
pub const MEMBERS: &[Member] = &gathered::<{ count(TABLES) }>(TABLES);

crate::classes! {
    STRING = class("System", "String").keyword("string").bases(&["object", "IEnumerable<char>"]).members(MEMBERS);
    STRING_COMPARER = class("System", "StringComparer").bases(&["object", "IComparer<string>", "IEqualityComparer<string>"])
        .members(comparer::MEMBERS);
    NORMALIZATION_FORM = enumeration("System.Text", "NormalizationForm", &[("FormC", 1), ("FormD", 2), ("FormKC", 5), ("FormKD", 6)]);
}

/// How many members there are in all.
pub(super) const fn count(tables: &[&[Member]]) -> usize {
    let (mut count, mut table) = (0, 0);
    while table < tables.len() {
        count += tables[table].len();
        table += 1;
    }
    count
}

/// The tables of a class whose members stand in several files as one.
pub(super) const fn gathered<const N: usize>(tables: &[&[Member]]) -> [Member; N] {
    let mut all = [const { member("", |_| Ok(Value::Null)) }; N];
    let (mut at, mut table) = (0, 0);
    while table < tables.len() {
        let mut index = 0;
        while index < tables[table].len() {
            all[at] = member(tables[table][index].signature, tables[table][index].native);
            at += 1;
            index += 1;
        }
        table += 1;
    }
    all
}

/// The string argument at `index`; none for null.
pub(super) fn text<'a>(call: &Call<'a, '_>, index: usize) -> Option<&'a Str> {
    match call.argument(index) {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The receiver.
pub(super) fn this<'a>(call: &Call<'a, '_>) -> Result<&'a Str, Raise> {
    text(call, 0).ok_or_else(null_reference)
}

/// The character at `index`.
pub(super) fn unit(call: &Call<'_, '_>, index: usize) -> Option<u16> {
    match call.argument(index) {
        Value::Char(unit) => Some(*unit),
        _ => None,
    }
}

/// The character at `index`, or the only one of an array there.
pub(super) fn only_unit(call: &Call<'_, '_>, index: usize) -> Option<u16> {
    match (call.argument(index), call.runtime.get(call.argument(index))) {
        (Value::Char(unit), _) => Some(*unit),
        (_, Some(Object::Array(list))) => match list.items.as_slice() {
            [Value::Char(unit)] => Some(*unit),
            _ => None,
        },
        _ => None,
    }
}

/// The integer at `index`.
pub(super) fn int(call: &Call<'_, '_>, index: usize) -> i64 {
    call.argument(index).as_integer().and_then(|value| i64::try_from(value).ok()).unwrap_or(0)
}

/// The integer at `index`; none for a negative one.
pub(super) fn at(call: &Call<'_, '_>, index: usize) -> Option<usize> {
    usize::try_from(int(call, index)).ok()
}

/// The characters of the `char[]` at `index`; none for null.
pub(super) fn units_of(call: &Call<'_, '_>, index: usize) -> Option<Vec<u16>> {
    match call.runtime.get(call.argument(index)) {
        Some(Object::Array(list)) => Some(list.items.iter().map(|item| if let Value::Char(unit) = item { *unit } else { 0 }).collect()),
        _ => None,
    }
}

/// An array of `count` items, paid for before they are made.
pub(super) fn array_of(runtime: &mut Runtime<'_>, element: Type, count: usize, items: impl Iterator<Item = Value>) -> Result<Value, Raise> {
    runtime.allocate(size_of::<Object>().saturating_add(count.saturating_mul(size_of::<Value>())))?;
    let items = items.collect();
    Ok(runtime.heap.value(Object::Array(List::new(element, items))))
}

/// What `ToString()` gives, empty for null; a token too deep to print is a spent budget.
///
/// # Errors
/// A spent budget.
pub fn text_of(runtime: &mut Runtime<'_>, value: &Value) -> Result<Str, Raise> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Object(reference) if matches!(runtime.heap.get(*reference), Object::Token(_)) => {
            let text = json::writer::to_string(runtime, *reference)?;
            runtime.allocate(text.len())?;
            Ok(text.into())
        }
        value => Ok(display::to_str(runtime, value)),
    }
}

/// An immutable .NET string.
#[derive(Clone, Debug)]
pub enum Str {
    /// Well-formed text.
    Text(Text),
    /// Text with a lone surrogate.
    Units(Arc<[u16]>),
}

impl Str {
    /// `string.Empty`
    pub const EMPTY: Self = Self::Text(Text::EMPTY);

    /// A literal of these code units.
    pub fn literal(units: &[u16]) -> Self {
        match String::from_utf16(units) {
            Ok(text) => Self::Text(Text::literal(&text)),
            Err(_) => Self::Units(units.into()),
        }
    }

    /// Whether both are one string, as `object.ReferenceEquals` asks.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.is_same(b),
            (Self::Units(a), Self::Units(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// The string of these code units.
    pub fn from_units(units: &[u16]) -> Self {
        match String::from_utf16(units) {
            Ok(text) => Self::Text(text.into()),
            Err(_) => Self::Units(units.into()),
        }
    }

    /// As UTF-8; lone surrogates become U+FFFD, as .NET's own encoder does.
    pub fn as_str(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text.as_str()),
            Self::Units(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// As cheaply clonable UTF-8.
    pub fn to_text(&self) -> Text {
        match self {
            Self::Text(text) => text.clone(),
            Self::Units(units) => String::from_utf16_lossy(units).into(),
        }
    }

    /// The text where a byte is a code unit.
    pub fn ascii(&self) -> Option<&str> {
        match self {
            Self::Text(text) if text.is_ascii() => Some(text.as_str()),
            _ => None,
        }
    }

    /// The code units.
    pub fn units(&self) -> Vec<u16> {
        match self {
            Self::Text(text) => text.encode_utf16().collect(),
            Self::Units(units) => units.to_vec(),
        }
    }

    /// `Length`: the number of code units.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) if text.is_ascii() => text.len(),
            Self::Text(text) => text.encode_utf16().count(),
            Self::Units(units) => units.len(),
        }
    }

    /// How many bytes it takes: known at once, where [`len`](Self::len) may have to count.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.as_str().len(),
            Self::Units(units) => units.len() * 2,
        }
    }

    /// Whether it has no characters.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Units(units) => units.is_empty(),
        }
    }

    /// The code unit at `index`.
    pub fn unit(&self, index: usize) -> Option<u16> {
        match self {
            Self::Text(text) if text.is_ascii() => text.as_bytes().get(index).map(|byte| u16::from(*byte)),
            Self::Text(text) => text.encode_utf16().nth(index),
            Self::Units(units) => units.get(index).copied(),
        }
    }

    /// The code units from `start` on, `length` of them; `None` where that leaves the string.
    pub fn slice(&self, start: usize, length: usize) -> Option<Self> {
        let end = start.checked_add(length)?;
        if let Some(text) = self.ascii() {
            let part = text.get(start..end)?;
            return Some(if part.len() == text.len() { self.clone() } else { Text::copied(part).into() });
        }
        self.units().get(start..end).map(Self::from_units)
    }

    /// The two, one behind the other.
    pub fn concat(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) if a.is_empty() => Self::Text(b.clone()),
            (Self::Text(a), Self::Text(b)) if b.is_empty() => Self::Text(a.clone()),
            (Self::Text(a), Self::Text(b)) => {
                let mut text = String::with_capacity(a.len() + b.len());
                text.push_str(a);
                text.push_str(b);
                text.into()
            }
            _ => {
                let mut units = self.units();
                units.extend(other.units());
                Self::from_units(&units)
            }
        }
    }
}

impl Default for Str {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T: Into<Text>> From<T> for Str {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// Ordinal equality, as `==` has it.
impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Units(a), Self::Units(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Str {}

impl std::hash::Hash for Str {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            Self::Text(text) => text.hash(state),
            Self::Units(units) => units.hash(state),
        }
    }
}

impl std::fmt::Display for Str {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_index_count_utf16_code_units() {
        let text = Str::from("a😀b");
        assert_eq!(text.len(), 4);
        assert_eq!(text.unit(1), Some(0xD83D));
        let half = text.slice(0, 2).unwrap();
        assert!(matches!(half, Str::Units(_)), "half a pair cannot be UTF-8");
        assert_eq!(half.concat(&text.slice(2, 2).unwrap()), text, "and joins to the whole again");
        assert_eq!(text.slice(3, 2), None);
    }
}
