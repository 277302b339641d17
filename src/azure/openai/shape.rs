//! Reads request bodies the way the service does: any JSON is taken, and what does not fit is named afterwards.
//!
//! A body is read straight into the few values that matter, without a tree: prompts are long and requests many.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::errors::Refusal;

/// Something that takes in one JSON value of any kind. Everything that is not overridden is skipped.
pub(super) trait Shape<'de>: Default {
    /// Null, a boolean, a number or a text; or that an array or an object begins.
    fn value(&mut self, value: Scalar<'de>);

    /// The items of an array; `false` at its end.
    fn item<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        Ok(items.next_element::<IgnoredAny>()?.is_some())
    }

    /// A field of an object; of several by the same name the last one holds.
    fn field<A: MapAccess<'de>>(&mut self, _name: &str, fields: &mut A) -> Result<(), A::Error> {
        fields.next_value::<IgnoredAny>().map(|_| ())
    }
}

/// Deserialises a [`Shape`].
pub(super) struct Read<T>(pub T);

impl<'de, T: Shape<'de>> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

struct Reader<T>(PhantomData<T>);

impl<T> Reader<T> {
    fn scalar<'de, E>(value: Scalar<'de>) -> Result<Read<T>, E>
    where
        T: Shape<'de>,
    {
        let mut shape = T::default();
        shape.value(value);
        Ok(Read(shape))
    }
}

impl<'de, T: Shape<'de>> Visitor<'de> for Reader<T> {
    type Value = Read<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Read<T>, E> {
        Self::scalar(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Read<T>, E> {
        Self::scalar(Scalar::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Read<T>, E> {
        Self::scalar(Scalar::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Read<T>, E> {
        Self::scalar(Scalar::Integer(value.into()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Read<T>, E> {
        Self::scalar(Scalar::Fraction)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Read<T>, E> {
        Self::scalar(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Read<T>, E> {
        Self::scalar(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Read<T>, A::Error> {
        let mut shape = T::default();
        shape.value(Scalar::Array);
        while shape.item(&mut items)? {}
        Ok(Read(shape))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Read<T>, A::Error> {
        let mut shape = T::default();
        shape.value(Scalar::Object);
        while let Some(Read(name)) = fields.next_key::<Read<Scalar>>()? {
            shape.field(name.as_text().unwrap_or_default(), &mut fields)?;
        }
        Ok(Read(shape))
    }
}

/// A value as far as a parameter may need it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Scalar<'a> {
    /// Not there.
    #[default]
    Absent,
    Null,
    Boolean(bool),
    Integer(i128),
    /// A number that is no integer, or too large for one.
    Fraction,
    Text(Cow<'a, str>),
    Array,
    Object,
}

impl<'de> Shape<'de> for Scalar<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        *self = value;
    }
}

impl Scalar<'_> {
    /// Whether nothing stands there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent | Self::Null)
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The kind of value in the service's words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Absent | Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Fraction => "a decimal number",
            Self::Text(_) => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }

    /// The parameter `name` as a number from `least` to `most`.
    pub fn integer(&self, name: &'static str, least: u64, most: u64) -> Result<Option<u64>, Refusal> {
        let value = match self {
            Self::Absent | Self::Null => return Ok(None),
            Self::Integer(value) => *value,
            _ => return Err(Refusal::wrong_type(name, "an integer", self.kind())),
        };
        match u64::try_from(value) {
            Ok(value) if (least..=most).contains(&value) => Ok(Some(value)),
            Ok(value) if value > most => Err(Refusal::above(name, most, value)),
            _ => Err(Refusal::below(name, least, value)),
        }
    }

    /// The parameter `name` as a switch; off where it is absent.
    pub fn boolean(&self, name: &'static str) -> Result<bool, Refusal> {
        match self {
            Self::Absent | Self::Null => Ok(false),
            Self::Boolean(value) => Ok(*value),
            _ => Err(Refusal::wrong_type(name, "a boolean", self.kind())),
        }
    }

    /// The parameter `name` as a text.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        match self {
            Self::Absent | Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            _ => Err(Refusal::wrong_type(name, "a string", self.kind())),
        }
    }

    /// The parameter `name` as one of several words; the first of them where it is absent.
    pub fn word(&self, name: &'static str, words: &[&'static str]) -> Result<&'static str, Refusal> {
        match self.text(name)? {
            None => Ok(words.first().copied().unwrap_or_default()),
            Some(text) => words.iter().find(|word| **word == text).copied().ok_or_else(|| Refusal::wrong_word(name, text, words)),
        }
    }
}

/// Reads a body that has to be a JSON object.
pub(super) fn read<'de, T: Shape<'de> + Body>(body: &'de [u8]) -> Result<T, Refusal> {
    let Ok(body) = std::str::from_utf8(body) else { return Err(Refusal::no_json()) };
    match serde_json::from_str::<Read<T>>(body) {
        Ok(Read(read)) if read.is_object() => Ok(read),
        _ => Err(Refusal::no_json()),
    }
}

/// A [`Shape`] for a whole body.
pub(super) trait Body {
    /// Whether the value was an object.
    fn is_object(&self) -> bool;
}

/// Several prompts or inputs: a text, an array of texts, an array of token numbers, an array of arrays of token numbers.
#[derive(Debug, Default)]
pub(super) struct Inputs<'a> {
    /// What stood there.
    pub whole: Scalar<'a>,
    /// The inputs, in order.
    pub items: Vec<Input<'a>>,
    /// How many there were; from [`Inputs::KEPT`] on they are only counted.
    pub count: usize,
    /// Whether anything else was among them.
    pub spoilt: bool,
    numbers: Numbers,
}

/// One input.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Input<'a> {
    Text(Cow<'a, str>),
    /// Token numbers: how many, and a checksum.
    Tokens {
        count: u64,
        sum: u64,
    },
}

impl Inputs<'_> {
    /// How many inputs a request may have. Source: learn.microsoft.com/azure/ai-foundry/openai/quotas-limits.
    pub const KEPT: usize = 2048;
}

impl<'de> Inputs<'de> {
    fn push(&mut self, input: Input<'de>) {
        self.count += 1;
        if self.items.len() < Self::KEPT {
            self.items.push(input);
        }
    }

    /// The inputs, where they are of one permitted kind and none is empty.
    pub fn finish(self) -> Option<Vec<Input<'de>>> {
        let numbers = self.numbers;
        let items = match self.whole {
            Scalar::Text(text) => vec![Input::Text(text)],
            Scalar::Array if numbers.count > 0 && self.items.is_empty() => vec![Input::Tokens { count: numbers.count, sum: numbers.sum }],
            Scalar::Array if numbers.count == 0 => self.items,
            _ => return None,
        };
        let kinds = items.iter().map(|item| matches!(item, Input::Text(_)));
        let uniform = kinds.clone().all(|text| text) || kinds.clone().all(|text| !text);
        let filled = items.iter().all(|item| !matches!(item, Input::Text(text) if text.is_empty()));
        (!self.spoilt && uniform && filled && !items.is_empty()).then_some(items)
    }
}

impl<'de> Shape<'de> for Inputs<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        self.whole = value;
    }

    fn item<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let Some(Read(item)) = items.next_element::<Read<InputItem>>()? else { return Ok(false) };
        match item.value {
            Scalar::Text(text) => self.push(Input::Text(text)),
            Scalar::Integer(number) => self.numbers.add(number),
            Scalar::Array if item.numbers.count > 0 && !item.spoilt => {
                self.push(Input::Tokens { count: item.numbers.count, sum: item.numbers.sum });
            }
            _ => self.spoilt = true,
        }
        Ok(true)
    }
}

/// One item of an array of inputs.
#[derive(Default)]
struct InputItem<'a> {
    value: Scalar<'a>,
    numbers: Numbers,
    spoilt: bool,
}

impl<'de> Shape<'de> for InputItem<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        self.value = value;
    }

    fn item<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        match items.next_element::<Read<Scalar>>()? {
            None => return Ok(false),
            Some(Read(Scalar::Integer(number))) => self.numbers.add(number),
            Some(_) => self.spoilt = true,
        }
        Ok(true)
    }
}

/// Token numbers: how many, and a checksum.
#[derive(Debug, Default)]
struct Numbers {
    count: u64,
    sum: u64,
}

impl Numbers {
    fn add(&mut self, number: i128) {
        self.count += 1;
        self.sum = crate::azure::hash::mix(self.sum ^ number as u64);
    }
}
