//! Chat completions: the request, the answer, the stream.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/reference#chat-completions.

use std::{borrow::Cow, cell::OnceCell, time::Duration};

use serde::de::{MapAccess, SeqAccess};

use super::{
    answer::{Answer, Call, Speech, Spoken, choices, keep},
    errors::Refusal,
    events::Events,
    filters,
    ids::completion_id,
    json::Json,
    models::Model,
    outcome::Outcome,
    shape::{Body, Read, Scalar, Shape, read},
    tokenizer::Counter,
    tokens,
};
use crate::environment::Environment;

const ROLES: [&str; 6] = ["system", "assistant", "user", "function", "tool", "developer"];

/// Messages in one request. Source: learn.microsoft.com/azure/ai-foundry/openai/quotas-limits.
const MOST_MESSAGES: usize = 2048;

/// Choices in one answer.
const MOST_CHOICES: u64 = 128;

/// A request that is in order.
#[derive(Clone, Debug)]
pub(super) struct Chat {
    pub prompt: Prompt,
    /// The longest answer, in tokens.
    pub limit: Option<u64>,
    pub choices: u64,
    stream: bool,
    include_usage: bool,
    /// What repeats the prompt, worked out once.
    spoken: OnceCell<Vec<Spoken>>,
}

/// What the messages come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Prompt {
    /// What `usage` counts.
    pub tokens: u64,
    characters: u64,
    images: u64,
    /// The beginning of what the user said last.
    pub said: Option<String>,
    /// What it asks for on purpose.
    pub outcome: Option<Outcome>,
}

impl Prompt {
    /// What the answer's opening costs, and nothing yet.
    pub fn opening() -> Self {
        Self { tokens: tokens::PER_MESSAGE, ..Self::default() }
    }

    /// What the limits count: the characters by four.
    pub fn estimate(&self) -> u64 {
        self.characters.div_ceil(4) + self.images * tokens::PER_IMAGE
    }

    /// Takes in what a message, or a part of one, says.
    pub fn add(&mut self, content: &Content, is_user: bool, counter: Counter) {
        self.characters += content.text.chars().count() as u64;
        self.images += content.images;
        self.tokens += tokens::PER_MESSAGE + counter.count(&content.text) + content.images * tokens::PER_IMAGE;
        self.outcome = self.outcome.or_else(|| Outcome::asked_in(&content.text));
        if is_user {
            self.said = Some(keep(&content.text));
        }
    }
}

impl Chat {
    /// Reads a body.
    pub fn read(body: &[u8], model: &Model, counter: Counter) -> Result<Self, Refusal> {
        let request: Request = read(body)?;
        let limit = request.limits.read(model)?;
        let choices = request.choices.integer("n", 1, MOST_CHOICES)?.unwrap_or(1);
        let stream = request.stream.boolean("stream")?;
        let include_usage = request.stream_options.include_usage(stream)?;
        request.user.text("user")?;
        let prompt = request.messages.finish(counter)?;
        Ok(Self { prompt, limit, choices, stream, include_usage, spoken: OnceCell::new() })
    }

    /// What the limits count: the prompt's characters by four, and the longest answer.
    pub fn estimate(&self) -> u64 {
        self.prompt.estimate().saturating_add(self.limit.unwrap_or(tokens::ASSUMED_ANSWER).saturating_mul(self.choices))
    }

    /// Whether the model can hold it.
    pub fn check(&self, model: &Model) -> Result<(), Refusal> {
        fits(model, "messages", self.prompt.tokens, self.limit)
    }

    /// Answers.
    pub fn answer(&self, call: &Call, environment: &mut dyn Environment) -> Answer {
        let id = completion_id("chatcmpl-", environment);
        let say = || choices(call, self.prompt.said.as_deref(), self.choices, self.limit);
        let made;
        let choices = if call.speech == Speech::Repeat && call.found.is_none() {
            self.spoken.get_or_init(say).as_slice()
        } else {
            made = say();
            made.as_slice()
        };
        let completion = choices.iter().map(|spoken| spoken.tokens + call.speech.reasoning()).sum();
        if self.stream {
            Answer::events(self.stream(call, &id, choices, completion), self.prompt.tokens, completion)
        } else {
            let awaited = choices.iter().map(|spoken| spoken.tokens).max().unwrap_or(0);
            Answer::json(self.whole(call, &id, choices, completion), self.prompt.tokens, completion, awaited)
        }
    }

    fn whole(&self, call: &Call, id: &str, choices: &[Spoken], completion: u64) -> bytes::Bytes {
        let text: usize = choices.iter().map(|spoken| spoken.text().len()).sum();
        let mut json = Json::with_capacity(1024 + choices.len() * 640 + text);
        json.raw(r#"{"id":""#).raw(id).raw(r#"","object":"chat.completion","created":"#).number(call.created).raw(&call.served.opening);
        for (index, spoken) in (0..).zip(choices) {
            json.raw(if index == 0 { r#"{"index":"# } else { r#",{"index":"# }).number(index);
            json.raw(r#","finish_reason":""#).raw(spoken.finish).raw(r#"","logprobs":null,"message":{"role":"assistant","content":"#);
            spoken.write(&mut json, spoken.text()).raw(r#","refusal":null,"annotations":[]},"content_filter_results":"#);
            json.raw(&filters::answer(call.found)).raw("}");
        }
        json.raw(r#"],"usage":"#);
        self.usage(&mut json, call, choices.len() as u64, completion);
        json.raw("}");
        json.finish()
    }

    fn usage(&self, json: &mut Json, call: &Call, choices: u64, completion: u64) {
        let prompt = self.prompt.tokens;
        json.raw(r#"{"prompt_tokens":"#).number(prompt).raw(r#","completion_tokens":"#).number(completion);
        json.raw(r#","total_tokens":"#).number(prompt + completion);
        json.raw(r#","prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":"#);
        json.number(call.speech.reasoning() * choices);
        json.raw(r#","audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#);
    }

    /// The order is the service's: what the filter says of the prompt, roles, contents, ends, usage, `[DONE]`.
    /// Source: learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming; github.com/vercel/ai issue 12607.
    fn stream(&self, call: &Call, id: &str, choices: &[Spoken], completion: u64) -> Vec<super::Chunk> {
        let mut before = Json::with_capacity(256);
        before.raw(r#"{"id":""#).raw(id).raw(r#"","object":"chat.completion.chunk","created":"#).number(call.created);
        before.raw(r#","model":"#).raw(&call.served.answered).raw(r#","system_fingerprint":"#).raw(&call.served.fingerprint);
        before.raw(r#","choices":["#);
        let burst = call.config.burst.max(1);
        let mut events = Events::new(before, if self.include_usage { r#"],"usage":null}"# } else { "]}" }, completion / burst);

        events.whole(|json| {
            json.raw(r#"{"id":"","object":"","created":0,"model":"","choices":[],"prompt_filter_results":[{"prompt_index":0,"content_filter_results":"#);
            json.raw(filters::PROMPT).raw("}]}");
        });
        for index in 0..self.choices {
            events.choices(Duration::ZERO, |json| {
                json.raw(r#"{"index":"#).number(index);
                json.raw(r#","delta":{"role":"assistant","content":""},"finish_reason":null,"logprobs":null,"content_filter_results":{}}"#);
            });
        }
        let mut texts: Vec<_> = choices.iter().map(|spoken| (spoken, spoken.pieces(burst))).collect();
        loop {
            let mut told = false;
            for (index, (spoken, pieces)) in (0..).zip(&mut texts) {
                let Some((piece, tokens)) = pieces.next() else { continue };
                let pause = if told { Duration::ZERO } else { call.pause(tokens) };
                told = true;
                events.choices(pause, |json| {
                    json.raw(r#"{"index":"#).number(index).raw(r#","delta":{"content":"#);
                    spoken.write(json, piece);
                    json.raw(r#"},"finish_reason":null,"logprobs":null,"content_filter_results":"#).raw(filters::PIECE).raw("}");
                });
            }
            if !told {
                break;
            }
        }
        for (index, spoken) in (0..).zip(choices) {
            events.choices(Duration::ZERO, |json| {
                json.raw(r#"{"index":"#).number(index).raw(r#","delta":{},"finish_reason":""#).raw(spoken.finish);
                json.raw(r#"","logprobs":null,"content_filter_results":"#).raw(&filters::end(call.found)).raw("}");
            });
        }
        if self.include_usage {
            events.closing(|json| {
                json.raw(r#"],"usage":"#);
                self.usage(json, call, choices.len() as u64, completion);
                json.raw("}");
            });
        }
        events.done()
    }
}

/// Whether a model can hold a prompt and an answer of at most `limit` tokens.
pub(super) fn fits(model: &Model, param: &'static str, prompt: u64, limit: Option<u64>) -> Result<(), Refusal> {
    let answer = limit.unwrap_or(0);
    if prompt.saturating_add(answer) > model.context { Err(Refusal::long_context(model, param, prompt, answer)) } else { Ok(()) }
}

#[derive(Debug, Default)]
struct Request<'a> {
    whole: Scalar<'a>,
    messages: Messages<'a>,
    limits: AnswerLimits<'a>,
    choices: Scalar<'a>,
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
            "messages" => self.messages = fields.next_value::<Read<_>>()?.0,
            "max_tokens" => self.limits.max_tokens = fields.next_value::<Read<_>>()?.0,
            "max_completion_tokens" => self.limits.max_completion_tokens = fields.next_value::<Read<_>>()?.0,
            "n" => self.choices = fields.next_value::<Read<_>>()?.0,
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

/// The two names for the longest answer.
#[derive(Debug, Default)]
struct AnswerLimits<'a> {
    max_tokens: Scalar<'a>,
    max_completion_tokens: Scalar<'a>,
}

impl AnswerLimits<'_> {
    fn read(&self, model: &Model) -> Result<Option<u64>, Refusal> {
        let old = self.max_tokens.integer("max_tokens", 1, u64::MAX)?;
        let new = self.max_completion_tokens.integer("max_completion_tokens", 1, u64::MAX)?;
        let (name, limit) = match (old, new) {
            (Some(_), Some(_)) => {
                let message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
                return Err(Refusal::invalid(message, Some("max_tokens".into()), Some("invalid_parameter_combination")));
            }
            (Some(_), None) if model.reasoning => return Err(Refusal::unsupported_max_tokens()),
            (Some(limit), None) => ("max_tokens", limit),
            (None, Some(limit)) => ("max_completion_tokens", limit),
            (None, None) => return Ok(None),
        };
        if limit > model.answer { Err(Refusal::long_answer(name, model, limit)) } else { Ok(Some(limit)) }
    }
}

/// `stream_options`.
#[derive(Debug, Default)]
pub(super) struct StreamOptions<'a> {
    value: Scalar<'a>,
    include_usage: Scalar<'a>,
}

impl<'de> Shape<'de> for StreamOptions<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        self.value = value;
    }

    fn field<A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        let Read(value) = fields.next_value::<Read<Scalar>>()?;
        if name == "include_usage" {
            self.include_usage = value;
        }
        Ok(())
    }
}

impl StreamOptions<'_> {
    /// Whether usage is wanted at the stream's end.
    pub fn include_usage(&self, stream: bool) -> Result<bool, Refusal> {
        match &self.value {
            Scalar::Absent | Scalar::Null => Ok(false),
            Scalar::Object if stream => self.include_usage.boolean("stream_options.include_usage"),
            Scalar::Object => {
                let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
                Err(Refusal::invalid(message, Some("stream_options".into()), None))
            }
            other => Err(Refusal::wrong_type("stream_options", "an object", other.kind())),
        }
    }
}

/// The messages, summed up while they are read.
#[derive(Debug, Default)]
struct Messages<'a> {
    whole: Scalar<'a>,
    count: usize,
    /// The first ones, as far as they are in order.
    messages: Vec<Message<'a>>,
    refusal: Option<Refusal>,
}

impl<'de> Shape<'de> for Messages<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        self.whole = value;
    }

    fn item<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let Some(Read(message)) = items.next_element::<Read<Message>>()? else { return Ok(false) };
        if self.refusal.is_none() && self.count <= MOST_MESSAGES {
            match message.check(self.count) {
                Ok(()) => self.messages.push(message),
                Err(refusal) => self.refusal = Some(refusal),
            }
        }
        self.count += 1;
        Ok(true)
    }
}

impl Messages<'_> {
    fn finish(self, counter: Counter) -> Result<Prompt, Refusal> {
        match &self.whole {
            Scalar::Absent => return Err(Refusal::missing("messages")),
            Scalar::Array => {}
            other => return Err(Refusal::wrong_type("messages", "an array of objects", other.kind())),
        }
        if self.count == 0 {
            return Err(Refusal::empty_array("messages"));
        }
        if self.count > MOST_MESSAGES {
            return Err(Refusal::long_array("messages", MOST_MESSAGES, self.count));
        }
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        let mut prompt = Prompt::opening();
        for message in &self.messages {
            prompt.add(&message.content, message.role.as_text() == Some("user"), counter);
            if let Some(name) = message.name.as_text() {
                prompt.tokens += tokens::PER_NAME + counter.count(name);
            }
        }
        Ok(prompt)
    }
}

#[derive(Debug, Default)]
struct Message<'a> {
    whole: Scalar<'a>,
    role: Scalar<'a>,
    name: Scalar<'a>,
    content: Content<'a>,
    calls: bool,
}

impl<'de> Shape<'de> for Message<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        self.whole = value;
    }

    fn field<A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        match name {
            "role" => self.role = fields.next_value::<Read<_>>()?.0,
            "name" => self.name = fields.next_value::<Read<_>>()?.0,
            "content" => self.content = fields.next_value::<Read<_>>()?.0,
            "tool_calls" | "function_call" => self.calls |= !fields.next_value::<Read<Scalar>>()?.0.is_absent(),
            _ => {
                fields.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl Message<'_> {
    /// Checks message number `index`.
    fn check(&self, index: usize) -> Result<(), Refusal> {
        if self.whole != Scalar::Object {
            return Err(Refusal::wrong_type(format!("messages[{index}]"), "an object", self.whole.kind()));
        }
        match &self.role {
            Scalar::Absent => return Err(Refusal::missing(format!("messages[{index}].role"))),
            Scalar::Text(role) if ROLES.contains(&role.as_ref()) => {}
            Scalar::Text(role) => return Err(Refusal::wrong_word(format!("messages[{index}].role"), role, &ROLES)),
            other => return Err(Refusal::wrong_type(format!("messages[{index}].role"), "a string", other.kind())),
        }
        let content = &self.content;
        match (&content.whole, &content.wrong) {
            (Scalar::Text(_), _) | (Scalar::Array, None) => {}
            (Scalar::Array, Some((place, None))) => return Err(Refusal::missing(format!("messages[{index}].content[{place}].type"))),
            (Scalar::Array, Some((place, Some(kind)))) => {
                return Err(Refusal::wrong_type(format!("messages[{index}].content[{place}]"), "an object", kind));
            }
            (Scalar::Absent | Scalar::Null, _) if self.calls => {}
            (Scalar::Absent | Scalar::Null, _) => {
                let param = format!("messages.[{index}].content");
                return Err(Refusal::invalid("Invalid value for 'content': expected a string, got null.", Some(param.into()), None));
            }
            (other, _) => {
                let expected = "one of a string or array of objects";
                return Err(Refusal::wrong_type(format!("messages[{index}].content"), expected, other.kind()));
            }
        }
        Ok(())
    }
}

/// What a message says: a text, or parts of which the texts count.
#[derive(Debug, Default)]
pub(super) struct Content<'a> {
    pub whole: Scalar<'a>,
    pub text: Cow<'a, str>,
    images: u64,
    parts: usize,
    /// The first part that is none: its place, and its kind where it is no object.
    wrong: Option<(usize, Option<&'static str>)>,
}

impl<'a> Content<'a> {
    /// A text.
    pub fn of(text: &'a str) -> Self {
        Self { text: Cow::Borrowed(text), ..Self::default() }
    }
}

impl<'de> Shape<'de> for Content<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        self.whole = match value {
            Scalar::Text(text) => {
                self.text = text;
                Scalar::Text(Cow::Borrowed(""))
            }
            other => other,
        };
    }

    fn item<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let Some(Read(part)) = items.next_element::<Read<Part>>()? else { return Ok(false) };
        let place = self.parts;
        self.parts += 1;
        match (part.whole, part.kind.as_text()) {
            (Scalar::Object, Some("text" | "input_text" | "output_text" | "refusal")) => match part.text {
                Scalar::Text(text) if self.text.is_empty() => self.text = text,
                Scalar::Text(text) => self.text.to_mut().push_str(&text),
                _ => {}
            },
            (Scalar::Object, Some("image_url" | "input_image")) => self.images += 1,
            (Scalar::Object, Some(_)) => {}
            (Scalar::Object, None) => self.wrong = self.wrong.or(Some((place, None))),
            (other, _) => self.wrong = self.wrong.or(Some((place, Some(other.kind())))),
        }
        Ok(true)
    }
}

#[derive(Default)]
struct Part<'a> {
    whole: Scalar<'a>,
    kind: Scalar<'a>,
    text: Scalar<'a>,
}

impl<'de> Shape<'de> for Part<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        self.whole = value;
    }

    fn field<A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        match name {
            "type" => self.kind = fields.next_value::<Read<_>>()?.0,
            "text" | "refusal" => self.text = fields.next_value::<Read<_>>()?.0,
            _ => {
                fields.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
