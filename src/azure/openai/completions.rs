//! Completions of the old kind: a prompt, a text.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/reference#completions.

use std::time::Duration;

use serde::de::MapAccess;

use super::{
    Chunk,
    answer::{Answer, Call, Spoken, choices},
    chat::{StreamOptions, fits},
    errors::Refusal,
    events::Events,
    filters,
    ids::completion_id,
    json::Json,
    models::Model,
    outcome::Outcome,
    shape::{Body, Input, Inputs, Read, Scalar, Shape, read},
    tokenizer::Counter,
};
use crate::environment::Environment;

/// What the service takes for the prompt where there is none, and for the longest answer.
const DEFAULT_PROMPT: &str = "<|endoftext|>";
const DEFAULT_LIMIT: u64 = 16;

/// Choices for one prompt, and for all of them.
const MOST_CHOICES: u64 = 128;
const MOST_TEXTS: u64 = 2048;

/// A request that is in order.
#[derive(Debug)]
pub(super) struct Completion<'a> {
    prompts: Vec<Input<'a>>,
    /// The longest answer, in tokens.
    pub limit: u64,
    /// How many answers all prompts get together that the service works out.
    pub worked_out: u64,
    choices: u64,
    stream: bool,
    include_usage: bool,
    /// The tokens of all prompts.
    pub tokens: u64,
}

impl<'a> Completion<'a> {
    /// Reads a body.
    pub fn read(body: &'a [u8], model: &Model, counter: Counter) -> Result<Self, Refusal> {
        let request: Request = read(body)?;
        let limit = request.max_tokens.integer("max_tokens", 0, u64::MAX)?.unwrap_or(DEFAULT_LIMIT);
        if limit > model.answer {
            return Err(Refusal::long_answer("max_tokens", model, limit));
        }
        let choices = request.choices.integer("n", 1, MOST_CHOICES)?.unwrap_or(1);
        let best_of = request.best_of.integer("best_of", 1, 20)?.unwrap_or(choices);
        if best_of < choices {
            let message = "best_of must be greater than or equal to n";
            return Err(Refusal::invalid(message, Some("best_of".into()), None));
        }
        let stream = request.stream.boolean("stream")?;
        let include_usage = request.stream_options.include_usage(stream)?;
        request.user.text("user")?;
        let count = request.prompt.count;
        if count > Inputs::KEPT {
            return Err(Refusal::long_array("prompt", Inputs::KEPT, count));
        }
        let prompts = if request.prompt.whole.is_absent() {
            vec![Input::Text(DEFAULT_PROMPT.into())]
        } else {
            let expected = "a string, array of strings, array of tokens, or array of token arrays";
            let kind = request.prompt.whole.kind();
            request.prompt.finish().ok_or_else(|| Refusal::wrong_type("prompt", expected, kind))?
        };
        if (prompts.len() as u64).saturating_mul(choices) > MOST_TEXTS {
            return Err(Refusal::above("n", MOST_TEXTS / prompts.len().max(1) as u64, choices));
        }
        let tokens = prompts.iter().map(|prompt| prompt.tokens(counter)).sum();
        let worked_out = best_of.saturating_mul(prompts.len() as u64);
        Ok(Self { prompts, limit, worked_out, choices, stream, include_usage, tokens })
    }

    /// What the limits count; `best_of` multiplies the answer.
    pub fn estimate(&self) -> u64 {
        let prompts: u64 = self.prompts.iter().map(Input::estimate).sum();
        prompts.saturating_add(self.limit.saturating_mul(self.worked_out))
    }

    /// What a prompt asks for on purpose.
    pub fn outcome(&self) -> Option<Outcome> {
        self.prompts.iter().find_map(|prompt| Outcome::asked_in(prompt.as_text()?))
    }

    /// Whether the model can hold each prompt.
    pub fn check(&self, model: &Model, counter: Counter) -> Result<(), Refusal> {
        self.prompts.iter().try_for_each(|prompt| fits(model, "prompt", prompt.tokens(counter), Some(self.limit)))
    }

    /// Answers.
    pub fn answer(&self, call: &Call, environment: &mut dyn Environment) -> Answer {
        let id = completion_id("cmpl-", environment);
        let texts: Vec<Spoken> =
            self.prompts.iter().flat_map(|prompt| choices(call, prompt.as_text(), self.choices, Some(self.limit))).collect();
        let completion = texts.iter().map(|spoken| spoken.tokens).sum();
        if self.stream {
            Answer::events(self.stream(call, &id, &texts, completion), self.tokens, completion)
        } else {
            let awaited = texts.iter().map(|spoken| spoken.tokens).max().unwrap_or(0);
            Answer::json(self.whole(call, &id, &texts, completion), self.tokens, completion, awaited)
        }
    }

    fn usage(&self, json: &mut Json, completion: u64) {
        let prompt = self.tokens;
        json.raw(r#"{"prompt_tokens":"#).number(prompt).raw(r#","completion_tokens":"#).number(completion);
        json.raw(r#","total_tokens":"#).number(prompt + completion).raw("}");
    }

    fn prompt_filters(&self, json: &mut Json) {
        json.raw(r#""prompt_filter_results":["#);
        for index in 0..self.prompts.len() as u64 {
            json.raw(if index == 0 { r#"{"prompt_index":"# } else { r#",{"prompt_index":"# }).number(index);
            json.raw(r#","content_filter_results":"#).raw(filters::PROMPT).raw("}");
        }
        json.raw("]");
    }

    fn whole(&self, call: &Call, id: &str, texts: &[Spoken], completion: u64) -> bytes::Bytes {
        let mut json = Json::with_capacity(512 + texts.len() * 640);
        json.raw(r#"{"id":"#).text(id).raw(r#","object":"text_completion","created":"#).number(call.created);
        json.raw(r#","model":"#).text(&call.served.name).raw(",");
        self.prompt_filters(&mut json);
        json.raw(r#","choices":["#);
        for (index, spoken) in (0..).zip(texts) {
            json.raw(if index == 0 { r#"{"text":"# } else { r#",{"text":"# });
            spoken.write(&mut json, spoken.text()).raw(r#","index":"#).number(index);
            json.raw(r#","finish_reason":""#).raw(spoken.finish).raw(r#"","logprobs":null,"content_filter_results":"#);
            json.raw(&filters::answer(call.found)).raw("}");
        }
        json.raw(r#"],"usage":"#);
        self.usage(&mut json, completion);
        json.raw("}");
        json.finish()
    }

    /// The same order as a chat's, without roles.
    fn stream(&self, call: &Call, id: &str, texts: &[Spoken], completion: u64) -> Vec<Chunk> {
        let mut before = Json::with_capacity(256);
        before.raw(r#"{"id":"#).text(id).raw(r#","object":"text_completion","created":"#).number(call.created);
        before.raw(r#","model":"#).text(&call.served.name).raw(r#","choices":["#);
        let burst = call.config.burst.max(1);
        let mut events = Events::new(before, if self.include_usage { r#"],"usage":null}"# } else { "]}" }, completion / burst);

        events.whole(|json| {
            json.raw(r#"{"id":"","object":"","created":0,"model":"","choices":[],"#);
            self.prompt_filters(json);
            json.raw("}");
        });

        for (index, spoken) in (0..).zip(texts) {
            for (piece, tokens) in spoken.pieces(burst) {
                events.choices(call.pause(tokens), |json| {
                    json.raw(r#"{"text":"#);
                    spoken.write(json, piece).raw(r#","index":"#).number(index);
                    json.raw(r#","finish_reason":null,"logprobs":null,"content_filter_results":"#).raw(filters::PIECE).raw("}");
                });
            }
            events.choices(Duration::ZERO, |json| {
                json.raw(r#"{"text":"","index":"#).number(index).raw(r#","finish_reason":""#).raw(spoken.finish);
                json.raw(r#"","logprobs":null,"content_filter_results":"#).raw(&filters::end(call.found)).raw("}");
            });
        }
        if self.include_usage {
            events.closing(|json| {
                json.raw(r#"],"usage":"#);
                self.usage(json, completion);
                json.raw("}");
            });
        }
        events.done()
    }
}

#[derive(Default)]
struct Request<'a> {
    whole: Scalar<'a>,
    prompt: Inputs<'a>,
    max_tokens: Scalar<'a>,
    choices: Scalar<'a>,
    best_of: Scalar<'a>,
    stream: Scalar<'a>,
    stream_options: StreamOptions<'a>,
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
            "prompt" => self.prompt = fields.next_value::<Read<_>>()?.0,
            "max_tokens" => self.max_tokens = fields.next_value::<Read<_>>()?.0,
            "n" => self.choices = fields.next_value::<Read<_>>()?.0,
            "best_of" => self.best_of = fields.next_value::<Read<_>>()?.0,
            "stream" => self.stream = fields.next_value::<Read<_>>()?.0,
            "stream_options" => self.stream_options = fields.next_value::<Read<_>>()?.0,
            "user" => self.user = fields.next_value::<Read<_>>()?.0,
            _ => {
                fields.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
