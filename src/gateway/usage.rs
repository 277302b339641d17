//! The tokens of a call of a language model: as its response says, or by estimate.
//!
//! Source: learn.microsoft.com/azure/api-management/llm-token-limit-policy ("Considerations for token counts and estimation").

use serde::Deserialize;
use serde_json::Value;

use crate::tokens::{self, PER_MESSAGE, PER_NAME};

/// What an image in a prompt counts by estimate: the page says "a maximum of 1200 tokens".
const PER_IMAGE: u64 = 1200;

/// The longest line of a stream that is looked into.
const LONGEST_LINE: usize = 1024 * 1024;

/// The tokens of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Those of the prompt.
    pub prompt: u64,
    /// Those of the answer.
    pub completion: u64,
}

impl Usage {
    /// Both.
    pub fn total(self) -> u64 {
        self.prompt.saturating_add(self.completion)
    }

    /// What a JSON response says in its `usage`.
    pub fn of_response(body: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Answer>(body).ok()?.usage.map(Reported::read)
    }
}

#[derive(Deserialize)]
struct Answer {
    usage: Option<Reported>,
}

/// `usage`, as Chat Completions, Completions and Embeddings have it, and as Responses does.
#[derive(Clone, Copy, Deserialize)]
struct Reported {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

impl Reported {
    fn read(self) -> Usage {
        Usage {
            prompt: self.prompt_tokens.or(self.input_tokens).unwrap_or(0),
            completion: self.completion_tokens.or(self.output_tokens).unwrap_or(0),
        }
    }
}

/// What a request asks a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Prompt {
    /// Its tokens, by estimate.
    pub tokens: u64,
    /// Whether the answer is to be streamed.
    pub streams: bool,
}

impl Prompt {
    /// Reads a request's body: Chat Completions, Completions, Embeddings or Responses. Anything else has no tokens.
    pub fn read(body: &[u8]) -> Self {
        let Ok(Value::Object(request)) = serde_json::from_slice(body) else { return Self::default() };
        let mut tokens = 0_u64;
        if let Some(Value::Array(messages)) = request.get("messages") {
            // The opening of the answer counts once.
            tokens = messages.iter().fold(PER_MESSAGE, |sum, message| sum.saturating_add(message_tokens(message)));
        }
        for name in ["prompt", "input", "instructions", "system"] {
            tokens = tokens.saturating_add(request.get(name).map_or(0, content_tokens));
        }
        Self { tokens, streams: request.get("stream") == Some(&Value::Bool(true)) }
    }
}

fn message_tokens(message: &Value) -> u64 {
    let name = message.get("name").and_then(Value::as_str).map_or(0, |name| PER_NAME + tokens::count(name));
    PER_MESSAGE + name + message.get("content").map_or(0, content_tokens)
}

/// A text, texts, tokens, or the parts of a message.
fn content_tokens(content: &Value) -> u64 {
    match content {
        Value::String(text) => tokens::count(text),
        // A prompt may come as tokens already.
        Value::Number(_) => 1,
        Value::Array(parts) => parts.iter().fold(0, |sum, part| sum.saturating_add(content_tokens(part))),
        Value::Object(part) => match part.get("type").and_then(Value::as_str) {
            Some("image_url" | "input_image" | "image") => PER_IMAGE,
            _ => ["text", "content"].iter().filter_map(|name| part.get(*name)).map(content_tokens).sum(),
        },
        Value::Null | Value::Bool(_) => 0,
    }
}

/// What a stream of events says, piece by piece as it passes.
#[derive(Debug, Default)]
pub(super) struct Streamed {
    line: Vec<u8>,
    /// The line is too long to be of interest.
    skip: bool,
    characters: u64,
    reported: Option<Usage>,
}

impl Streamed {
    /// Takes the next bytes.
    pub fn pass(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            self.collect(line);
            self.end_line();
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.collect(bytes);
    }

    /// The tokens of the answer, by estimate.
    pub fn estimate(&mut self) -> u64 {
        self.end_line();
        tokens::of_characters(self.characters)
    }

    /// What the stream says of itself: it does where the request asked for it by `stream_options`.
    pub fn reported(&mut self) -> Option<Usage> {
        self.end_line();
        self.reported
    }

    fn collect(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() > LONGEST_LINE {
            self.skip = true;
            self.line.clear();
        }
        if !self.skip {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let skip = std::mem::take(&mut self.skip);
        if let (false, Some(data)) = (skip, line.strip_prefix(b"data:"))
            && let Ok(event) = serde_json::from_slice::<Event>(data)
        {
            self.take(&event);
        }
        // The room is used again.
        self.line = line;
        self.line.clear();
    }

    fn take(&mut self, event: &Event) {
        let texts = event.choices.iter().flatten().flat_map(|choice| {
            let delta = choice.delta.as_ref();
            let calls = delta.and_then(|delta| delta.tool_calls.as_ref()).into_iter().flatten();
            let arguments = calls.filter_map(|call| call.function.as_ref()?.arguments.as_deref());
            choice.text.as_deref().into_iter().chain(delta.and_then(|delta| delta.content.as_deref())).chain(arguments)
        });
        let delta = event.delta.as_ref().and_then(Value::as_str);
        self.characters = texts.chain(delta).fold(self.characters, |sum, text| sum.saturating_add(text.chars().count() as u64));
        let usage = event.usage.or(event.response.as_ref().and_then(|response| response.usage));
        self.reported = usage.map(Reported::read).or(self.reported);
    }
}

/// An event of Chat Completions or Completions, or one of Responses.
#[derive(Deserialize)]
struct Event {
    choices: Option<Vec<Choice>>,
    delta: Option<Value>,
    response: Option<Answer>,
    usage: Option<Reported>,
}

#[derive(Deserialize)]
struct Choice {
    text: Option<String>,
    delta: Option<Delta>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Deserialize)]
struct ToolCall {
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    arguments: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_estimated_by_its_shape() {
        for (body, tokens, streams) in [
            (r#"{"messages":[{"role":"user","content":"12345678"}]}"#, 8, false),
            (r#"{"messages":[{"role":"user","content":"12345678","name":"bob"}],"stream":true}"#, 10, true),
            (
                r#"{"messages":[{"role":"user","content":[{"type":"text","text":"1234"},{"type":"image_url","image_url":{}}]}]}"#,
                1207,
                false,
            ),
            (r#"{"prompt":["1234","12345"]}"#, 3, false),
            (r#"{"prompt":[1,2,3]}"#, 3, false),
            (r#"{"input":"1234","instructions":"1234"}"#, 2, false),
            (r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"12345"},{"type":"input_image"}]}]}"#, 1202, false),
            (r#"{"stream":"yes"}"#, 0, false),
            ("[1]", 0, false),
            ("{", 0, false),
        ] {
            assert_eq!(Prompt::read(body.as_bytes()), Prompt { tokens, streams }, "{body}");
        }
    }

    #[test]
    fn usage_is_what_a_response_says() {
        let usage = |prompt, completion| Some(Usage { prompt, completion });
        for (body, expected) in [
            (r#"{"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#, usage(9, 3)),
            (r#"{"usage":{"prompt_tokens":9,"total_tokens":9}}"#, usage(9, 0)),
            (r#"{"usage":{"input_tokens":9,"output_tokens":3,"input_tokens_details":{"cached_tokens":5}}}"#, usage(9, 3)),
            (r#"{"usage":null}"#, None),
            (r#"{"error":{}}"#, None),
            (r#"{"usage":{"prompt_tokens":-1}}"#, None),
            ("busy", None),
        ] {
            assert_eq!(Usage::of_response(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_stream_is_read_in_whatever_pieces_it_comes() {
        let stream = concat!(
            "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\"usage\":null}\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"123456\"}}]}\r\n\r\n",
            ": a comment\n\ndata: not json\n\n",
            "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"12\"}}]}}]}\n\n",
            "data: {\"type\":\"response.output_text.delta\",\"delta\":\"1234\"}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":41}}\n\n",
            "data: [DONE]",
        );
        for size in [1, 2, 7, 64, stream.len()] {
            let mut streamed = Streamed::default();
            stream.as_bytes().chunks(size).for_each(|piece| streamed.pass(piece));
            assert_eq!((streamed.estimate(), streamed.reported()), (3, Some(Usage { prompt: 7, completion: 41 })), "{size}");
        }
        let mut endless = Streamed::default();
        endless.pass(b"data: {\"choices\":[{\"text\":\"");
        (0..3).for_each(|_| endless.pass(&vec![b'x'; LONGEST_LINE / 2]));
        endless.pass(b"\"}]}\ndata: {\"choices\":[{\"text\":\"1234\"}]}\n");
        assert_eq!(endless.estimate(), 1);
    }
}
