//! Embeddings: vectors that depend on nothing but the text, so that two regions agree on them.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/reference#embeddings.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::de::MapAccess;

use super::{
    answer::{Answer, Call},
    errors::Refusal,
    json::Json,
    models::Model,
    shape::{Body, Input, Inputs, Read, Scalar, Shape, read},
    tokenizer::Counter,
};
use crate::azure::hash::{keyed, mix};

/// A request that is in order.
#[derive(Debug)]
pub(super) struct Embedding<'a> {
    inputs: Vec<Input<'a>>,
    dimensions: u64,
    base64: bool,
    /// What `usage` counts.
    pub tokens: u64,
}

impl<'a> Embedding<'a> {
    /// Reads a body.
    pub fn read(body: &'a [u8], model: &Model, counter: Counter) -> Result<Self, Refusal> {
        let request: Request = read(body)?;
        let base64 = request.encoding_format.word("encoding_format", &["float", "base64"])? == "base64";
        request.user.text("user")?;
        let dimensions = match request.dimensions.integer("dimensions", 1, u64::MAX)? {
            None => model.dimensions,
            Some(_) if !model.shortens => return Err(Refusal::invalid("This model does not support specifying dimensions.", None, None)),
            Some(dimensions) if dimensions > model.dimensions => {
                let most = model.dimensions;
                let message = format!("Invalid value for 'dimensions' = {dimensions}. Must be less than or equal to {most}.");
                return Err(Refusal::invalid(message, None, None));
            }
            Some(dimensions) => dimensions,
        };
        if request.input.whole == Scalar::Absent {
            return Err(Refusal::missing("input"));
        }
        if request.input.count > Inputs::KEPT {
            return Err(Refusal::long_array("input", Inputs::KEPT, request.input.count));
        }
        let inputs = request.input.finish().ok_or_else(Refusal::wrong_input)?;
        let tokens = inputs.iter().map(|input| input.tokens(counter)).sum();
        Ok(Self { inputs, dimensions, base64, tokens })
    }

    /// What the limits count.
    pub fn estimate(&self) -> u64 {
        self.inputs.iter().map(Input::estimate).sum()
    }

    /// Whether the model can hold each input.
    pub fn check(&self, model: &Model, counter: Counter) -> Result<(), Refusal> {
        let Some(tokens) = self.inputs.iter().map(|input| input.tokens(counter)).find(|tokens| *tokens > model.context) else {
            return Ok(());
        };
        let message = format!(
            "This model's maximum context length is {} tokens, however you requested {tokens} tokens ({tokens} in your prompt; 0 for the \
             completion). Please reduce your prompt; or completion length.",
            model.context
        );
        Err(Refusal::invalid(message, None, None))
    }

    /// Answers.
    pub fn answer(&self, call: &Call) -> Answer {
        let tokens = self.tokens;
        let mut json = Json::with_capacity(256 + self.inputs.len() * usize::try_from(self.dimensions).unwrap_or(0) * 12);
        json.raw(r#"{"object":"list","model":"#).text(&call.served.name).raw(r#","data":["#);
        for (index, input) in (0..).zip(&self.inputs) {
            json.raw(if index == 0 { r#"{"object":"embedding","index":"# } else { r#",{"object":"embedding","index":"# }).number(index);
            json.raw(r#","embedding":"#);
            let vector = vector(input.seed(), self.dimensions);
            if self.base64 {
                let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
                json.raw("\"").raw(&STANDARD.encode(bytes)).raw("\"");
            } else {
                for (place, number) in vector.into_iter().enumerate() {
                    json.raw(if place == 0 { "[" } else { "," }).float(number);
                }
                json.raw("]");
            }
            json.raw("}");
        }
        json.raw(r#"],"usage":{"prompt_tokens":"#).number(tokens).raw(r#","total_tokens":"#).number(tokens).raw("}}");
        Answer::json(json.finish(), tokens, 0, 0)
    }
}

impl Input<'_> {
    /// How many tokens it has.
    pub fn tokens(&self, counter: Counter) -> u64 {
        match self {
            Self::Text(text) => counter.count(text),
            Self::Tokens { count, .. } => *count,
        }
    }

    /// How many the limits count.
    pub fn estimate(&self) -> u64 {
        self.tokens(Counter::Estimate)
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    fn seed(&self) -> u64 {
        match self {
            Self::Text(text) => keyed(0, text.as_bytes()),
            Self::Tokens { sum, .. } => *sum,
        }
    }
}

/// A unit vector. A shorter one is the beginning of a longer one, stretched to unit length again, as with the real models.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/how-to/embeddings (`dimensions`).
fn vector(seed: u64, dimensions: u64) -> Vec<f32> {
    // Uniform over [-1, 1): 53 bits of the mixed number.
    let numbers = (0..dimensions).map(|place| (mix(seed ^ mix(place)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0);
    let length = numbers.clone().map(|number| number * number).sum::<f64>().sqrt();
    let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
    numbers.map(|number| (number * scale) as f32).collect()
}

#[derive(Default)]
struct Request<'a> {
    whole: Scalar<'a>,
    input: Inputs<'a>,
    encoding_format: Scalar<'a>,
    dimensions: Scalar<'a>,
    user: Scalar<'a>,
}

impl Body for Request<'_> {
    fn is_object(&self) -> bool {
        self.whole == Scalar::Object
    }
}

impl<'de> Shape<'de> for Request<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        self.whole = value;
    }

    fn field<A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        match name {
            "input" => self.input = fields.next_value::<Read<_>>()?.0,
            "encoding_format" => self.encoding_format = fields.next_value::<Read<_>>()?.0,
            "dimensions" => self.dimensions = fields.next_value::<Read<_>>()?.0,
            "user" => self.user = fields.next_value::<Read<_>>()?.0,
            _ => {
                fields.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_unit_length_and_depend_on_the_text_alone() {
        for dimensions in [1, 3, 256, 1536, 3072] {
            let vector = vector(keyed(0, b"hello"), dimensions);
            assert_eq!(vector.len() as u64, dimensions);
            let length: f64 = vector.iter().map(|number| f64::from(*number) * f64::from(*number)).sum();
            assert!((length - 1.0).abs() < 1e-6, "{length}");
        }
        assert_eq!(vector(1, 8), vector(1, 8));
        assert_ne!(vector(1, 8), vector(2, 8));
    }

    #[test]
    fn a_short_vector_points_where_the_long_one_begins() {
        let (short, long) = (vector(7, 4), vector(7, 1536));
        let ratio = f64::from(long[0]) / f64::from(short[0]);
        for (a, b) in short.iter().zip(&long) {
            assert!((f64::from(*b) / f64::from(*a) - ratio).abs() < 1e-4);
        }
    }
}
