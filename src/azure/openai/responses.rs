//! The Responses API: requests, answers, streams with named events, and what a resource remembers of them.
//!
//! Responses are stored where they were made: a follow-up that goes to another region does not find what it follows.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/how-to/responses; the order of events: platform.openai.com/docs/api-reference/responses-streaming.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use indexmap::IndexMap;
use serde::de::{MapAccess, SeqAccess};

use super::{
    Chunk,
    answer::{Answer, Call, Spoken, choices},
    chat::{Content, Prompt, fits},
    errors::Refusal,
    events::Events,
    ids::completion_id,
    json::Json,
    models::Model,
    shape::{Body, Read, Scalar, Shape, read},
    tokenizer::Counter,
    tokens,
};
use crate::environment::Environment;

/// Responses that a resource remembers; the oldest one goes. The service keeps them for 30 days.
const KEPT: usize = 1024;

/// A request that is in order.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub prompt: Prompt,
    /// The longest answer, in tokens.
    pub limit: Option<u64>,
    stream: bool,
    store: bool,
    previous: Option<String>,
}

/// What a resource remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct Store(IndexMap<String, Arc<Stored>>);

#[derive(Debug)]
struct Stored {
    body: Bytes,
    /// The tokens of everything that a follow-up repeats.
    tokens: u64,
}

impl Store {
    /// Whether what `asked` follows is known here.
    pub fn follows(&self, asked: &Asked) -> Result<(), Refusal> {
        match &asked.previous {
            Some(previous) if !self.0.contains_key(previous) => Err(Refusal::no_previous_response(previous)),
            _ => Ok(()),
        }
    }

    /// The response of that id, as it was answered.
    pub fn get(&self, id: &str) -> Result<Answer, Refusal> {
        self.0.get(id).map(|stored| Answer::json(stored.body.clone(), 0, 0, 0)).ok_or_else(|| Refusal::no_response(id))
    }

    /// Forgets a response.
    pub fn delete(&mut self, id: &str) -> Result<Answer, Refusal> {
        self.0.shift_remove(id).ok_or_else(|| Refusal::no_response(id))?;
        let mut json = Json::with_capacity(96);
        json.raw(r#"{"id":"#).text(id).raw(r#","object":"response","deleted":true}"#);
        Ok(Answer::json(json.finish(), 0, 0, 0))
    }

    fn put(&mut self, id: String, stored: Stored) {
        if self.0.len() >= KEPT {
            self.0.shift_remove_index(0);
        }
        self.0.insert(id, Arc::new(stored));
    }

    /// The tokens that come before a prompt.
    fn before(&self, asked: &Asked) -> u64 {
        asked.previous.as_ref().and_then(|previous| self.0.get(previous)).map_or(0, |stored| stored.tokens)
    }
}

impl Asked {
    /// Reads a body.
    pub fn read(body: &[u8], model: &Model, counter: Counter) -> Result<Self, Refusal> {
        let request: Request = read(body)?;
        let limit = request.max_output_tokens.integer("max_output_tokens", 16, u64::MAX)?;
        if let Some(limit) = limit.filter(|limit| *limit > model.answer) {
            return Err(Refusal::long_answer("max_output_tokens", model, limit));
        }
        let stream = request.stream.boolean("stream")?;
        let store = request.store.is_absent() || request.store.boolean("store")?;
        let previous = request.previous.text("previous_response_id")?.map(str::to_owned);
        let mut prompt = Prompt::opening();
        if let Some(instructions) = request.instructions.text("instructions")? {
            prompt.add(&Content::of(instructions), false, counter);
        }
        match &request.input.whole {
            Scalar::Absent | Scalar::Null => return Err(Refusal::missing("input")),
            Scalar::Text(text) => prompt.add(&Content::of(text.as_ref()), true, counter),
            Scalar::Array => {
                if let Some((index, kind)) = request.input.wrong {
                    return Err(Refusal::wrong_type(format!("input[{index}]"), "an object", kind));
                }
                for item in &request.input.items {
                    // Calls of tools and their results have no role.
                    prompt.add(&item.content, item.role.as_text() == Some("user"), counter);
                }
            }
            other => return Err(Refusal::wrong_type("input", "one of a string or array of objects", other.kind())),
        }
        Ok(Self { prompt, limit, stream, store, previous })
    }

    /// What the limits count.
    pub fn estimate(&self) -> u64 {
        self.prompt.estimate().saturating_add(self.limit.unwrap_or(tokens::ASSUMED_ANSWER))
    }

    /// Whether the model can hold it.
    pub fn check(&self, model: &Model) -> Result<(), Refusal> {
        fits(model, "input", self.prompt.tokens, self.limit)
    }

    /// Answers, and remembers the answer unless told not to.
    pub fn answer(&self, call: &Call, store: &mut Store, environment: &mut dyn Environment) -> Answer {
        let (id, message) = (completion_id("resp_", environment), completion_id("msg_", environment));
        let spoken = choices(call, self.prompt.said.as_deref(), 1, self.limit);
        let Some(spoken) = spoken.first() else { return Answer::json(Bytes::new(), 0, 0, 0) };
        let input = self.prompt.tokens + store.before(self);
        let output = spoken.tokens + call.speech.reasoning();
        let response = Response { asked: self, call, id: &id, message: &message, spoken, input, output };
        let mut whole = Json::with_capacity(1024 + spoken.text().len());
        response.write(&mut whole, true);
        let body = whole.finish();
        let answer = if self.stream {
            Answer::events(response.stream(&body), input, output)
        } else {
            Answer::json(body.clone(), input, output, spoken.tokens)
        };
        if self.store {
            store.put(id, Stored { body, tokens: input + output });
        }
        answer
    }
}

/// An answer under construction.
struct Response<'a> {
    asked: &'a Asked,
    call: &'a Call<'a>,
    id: &'a str,
    message: &'a str,
    spoken: &'a Spoken,
    input: u64,
    output: u64,
}

impl Response<'_> {
    /// `completed`, or why it is not.
    fn incomplete(&self) -> Option<&'static str> {
        match self.spoken.finish {
            "length" => Some("max_output_tokens"),
            "content_filter" => Some("content_filter"),
            _ => None,
        }
    }

    fn status(&self) -> &'static str {
        if self.incomplete().is_some() { "incomplete" } else { "completed" }
    }

    /// The whole response, at its end or at its beginning.
    fn write(&self, json: &mut Json, is_done: bool) {
        let status = if is_done { self.status() } else { "in_progress" };
        json.raw(r#"{"id":""#).raw(self.id).raw(r#"","object":"response","created_at":"#).number(self.call.created);
        json.raw(r#","status":""#).raw(status).raw(r#"","error":null,"incomplete_details":"#);
        match self.incomplete().filter(|_| is_done) {
            Some(reason) => json.raw(r#"{"reason":""#).raw(reason).raw(r#""}"#),
            None => json.raw("null"),
        };
        json.raw(r#","instructions":null,"max_output_tokens":"#);
        match self.asked.limit {
            Some(limit) => json.number(limit),
            None => json.raw("null"),
        };
        json.raw(r#","model":"#).raw(&self.call.served.answered).raw(r#","output":["#);
        if is_done {
            self.item(json, true);
        }
        json.raw(r#"],"parallel_tool_calls":true,"previous_response_id":"#);
        match &self.asked.previous {
            Some(previous) => json.text(previous),
            None => json.raw("null"),
        };
        json.raw(if self.asked.store { r#","store":true"# } else { r#","store":false"# });
        json.raw(r#","temperature":1.0,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled","usage":"#);
        if is_done {
            json.raw(r#"{"input_tokens":"#).number(self.input).raw(r#","input_tokens_details":{"cached_tokens":0},"output_tokens":"#);
            json.number(self.output).raw(r#","output_tokens_details":{"reasoning_tokens":"#).number(self.call.speech.reasoning());
            json.raw(r#"},"total_tokens":"#).number(self.input + self.output).raw("}");
        } else {
            json.raw("null");
        }
        json.raw(r#","user":null,"metadata":{}}"#);
    }

    fn item(&self, json: &mut Json, is_done: bool) {
        let status = if is_done { self.status() } else { "in_progress" };
        json.raw(r#"{"id":""#)
            .raw(self.message)
            .raw(r#"","type":"message","status":""#)
            .raw(status)
            .raw(r#"","role":"assistant","content":["#);
        if is_done {
            self.part(json, true);
        }
        json.raw("]}");
    }

    fn part(&self, json: &mut Json, is_done: bool) {
        json.raw(r#"{"type":"output_text","annotations":[],"text":"#);
        if is_done {
            self.spoken.write(json, self.spoken.text())
        } else {
            json.raw("\"\"")
        };
        json.raw("}");
    }

    /// Where in the response an event belongs.
    fn place(&self, json: &mut Json) {
        json.raw(r#""item_id":""#).raw(self.message).raw(r#"","output_index":0,"content_index":0"#);
    }

    fn stream(&self, whole: &Bytes) -> Vec<Chunk> {
        let burst = self.call.config.burst.max(1);
        let mut events = Events::new(Json::default(), "", self.spoken.tokens / burst + 8);
        let mut sequence = 0;
        let mut tell = |pause: Duration, name: &str, write: &dyn Fn(&mut Json)| {
            events.named(pause, name, |json| {
                json.raw(r#"{"type":""#).raw(name).raw(r#"","sequence_number":"#).number(sequence).raw(",");
                write(json);
                json.raw("}");
            });
            sequence += 1;
        };
        for name in ["response.created", "response.in_progress"] {
            tell(Duration::ZERO, name, &|json| {
                json.raw(r#""response":"#);
                self.write(json, false);
            });
        }
        tell(Duration::ZERO, "response.output_item.added", &|json| {
            json.raw(r#""output_index":0,"item":"#);
            self.item(json, false);
        });
        tell(Duration::ZERO, "response.content_part.added", &|json| {
            self.place(json);
            json.raw(r#","part":"#);
            self.part(json, false);
        });
        for (piece, tokens) in self.spoken.pieces(burst) {
            tell(self.call.pause(tokens), "response.output_text.delta", &|json| {
                self.place(json);
                json.raw(r#","delta":"#);
                self.spoken.write(json, piece);
            });
        }
        tell(Duration::ZERO, "response.output_text.done", &|json| {
            self.place(json);
            json.raw(r#","text":"#);
            self.spoken.write(json, self.spoken.text());
        });
        tell(Duration::ZERO, "response.content_part.done", &|json| {
            self.place(json);
            json.raw(r#","part":"#);
            self.part(json, true);
        });
        tell(Duration::ZERO, "response.output_item.done", &|json| {
            json.raw(r#""output_index":0,"item":"#);
            self.item(json, true);
        });
        let last = if self.incomplete().is_some() { "response.incomplete" } else { "response.completed" };
        tell(Duration::ZERO, last, &|json| {
            json.raw(r#""response":"#).bytes(whole);
        });
        events.finish()
    }
}

/// The `model` of a body.
pub(super) fn model(body: &[u8]) -> Result<String, Refusal> {
    let request: Named = read(body)?;
    request.model.text("model")?.map(str::to_owned).ok_or_else(|| Refusal::missing("model"))
}

#[derive(Default)]
struct Named<'a> {
    whole: Scalar<'a>,
    model: Scalar<'a>,
}

impl Body for Named<'_> {
    fn is_object(&self) -> bool {
        self.whole == Scalar::Object
    }
}

impl<'de> Shape<'de> for Named<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        self.whole = value;
    }

    fn field<A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        if name == "model" {
            self.model = fields.next_value::<Read<_>>()?.0;
        } else {
            fields.next_value::<serde::de::IgnoredAny>()?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Request<'a> {
    whole: Scalar<'a>,
    input: Items<'a>,
    instructions: Scalar<'a>,
    max_output_tokens: Scalar<'a>,
    stream: Scalar<'a>,
    store: Scalar<'a>,
    previous: Scalar<'a>,
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
            "instructions" => self.instructions = fields.next_value::<Read<_>>()?.0,
            "max_output_tokens" => self.max_output_tokens = fields.next_value::<Read<_>>()?.0,
            "stream" => self.stream = fields.next_value::<Read<_>>()?.0,
            "store" => self.store = fields.next_value::<Read<_>>()?.0,
            "previous_response_id" => self.previous = fields.next_value::<Read<_>>()?.0,
            _ => {
                fields.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// `input`: a text, or items of which messages count.
#[derive(Default)]
struct Items<'a> {
    whole: Scalar<'a>,
    items: Vec<Item<'a>>,
    count: usize,
    /// The first item that is none, and what it is instead.
    wrong: Option<(usize, &'static str)>,
}

impl<'de> Shape<'de> for Items<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        self.whole = value;
    }

    fn item<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let Some(Read(item)) = items.next_element::<Read<Item>>()? else { return Ok(false) };
        if item.whole == Scalar::Object {
            self.items.push(item);
        } else {
            self.wrong = self.wrong.or(Some((self.count, item.whole.kind())));
        }
        self.count += 1;
        Ok(true)
    }
}

#[derive(Default)]
struct Item<'a> {
    whole: Scalar<'a>,
    role: Scalar<'a>,
    content: Content<'a>,
}

impl<'de> Shape<'de> for Item<'de> {
    fn value(&mut self, value: Scalar<'de>) {
        self.whole = value;
    }

    fn field<A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        match name {
            "role" => self.role = fields.next_value::<Read<_>>()?.0,
            // What a tool gave back counts like a message.
            "content" | "output" => self.content = fields.next_value::<Read<_>>()?.0,
            _ => {
                fields.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
