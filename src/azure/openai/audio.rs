//! Audio: transcriptions and translations of files, speech.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/reference#transcriptions---create.

use bytes::Bytes;
use serde::de::MapAccess;

use super::{
    answer::{Answer, Call, speech},
    errors::Refusal,
    json::Json,
    multipart::parts,
    route::Operation,
    shape::{Body, Read, Scalar, Shape, read},
};

/// Source: learn.microsoft.com/azure/ai-foundry/openai/quotas-limits (audio of 25 MB).
const LARGEST_FILE: usize = 25 * 1024 * 1024;

const FORMATS: [&str; 5] = ["json", "text", "srt", "verbose_json", "vtt"];

/// A file to be turned into text.
#[derive(Debug)]
pub(super) struct Recording {
    bytes: usize,
    format: &'static str,
    task: &'static str,
}

impl Recording {
    /// Reads a form.
    pub fn read(content_type: &str, body: &[u8], operation: Operation) -> Result<Self, Refusal> {
        let parts = parts(content_type, body).ok_or_else(|| Refusal::invalid("Could not parse multipart form", None, None))?;
        let file = parts.iter().find(|part| part.name == "file" && part.is_file).ok_or_else(|| Refusal::missing("file"))?;
        let bytes = file.value.len();
        if bytes > LARGEST_FILE {
            let message = format!("Maximum content size limit ({LARGEST_FILE}) exceeded ({bytes} bytes read)");
            return Err(Refusal::invalid(message, None, None).with_status(413));
        }
        let format = match parts.iter().find(|part| part.name == "response_format") {
            Some(part) => Scalar::Text(String::from_utf8_lossy(part.value)).word("response_format", &FORMATS)?,
            None => "json",
        };
        let task = if operation == Operation::Translation { "translate" } else { "transcribe" };
        Ok(Self { bytes, format, task })
    }

    /// Answers. Sound is not listened to: the text says how much of it there was.
    pub fn answer(&self, call: &Call) -> Answer {
        let text = speech(call.config, Some(&format!("{} bytes of audio", self.bytes)), 0);
        let mut json = Json::with_capacity(256);
        match self.format {
            "json" => json.raw(r#"{"text":"#).text(&text).raw("}"),
            "verbose_json" => {
                json.raw(r#"{"task":""#).raw(self.task).raw(r#"","language":"english","duration":1.0,"text":"#).text(&text);
                json.raw(r#","segments":[{"id":0,"start":0.0,"end":1.0,"text":"#).text(&text).raw("}]}")
            }
            "srt" => json.raw("1\n00:00:00,000 --> 00:00:01,000\n").raw(&text).raw("\n\n"),
            "vtt" => json.raw("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n").raw(&text).raw("\n\n"),
            _ => json.raw(&text).raw("\n"),
        };
        let content_type = if self.format.ends_with("json") { "application/json" } else { "text/plain; charset=utf-8" };
        Answer::of(content_type, json.finish())
    }
}

/// A text to be spoken. Whatever the format asked for, the answer is MP3: a silence.
#[derive(Debug)]
pub(super) struct Speech;

impl Speech {
    /// Reads a body.
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        const LONGEST: usize = 4096;
        let request: Request = read(body)?;
        let input = request.input.text("input")?.ok_or_else(|| Refusal::missing("input"))?;
        let length = input.chars().count();
        if length > LONGEST {
            return Err(Refusal::long_text("input", LONGEST, length));
        }
        request.voice.text("voice")?.ok_or_else(|| Refusal::missing("voice"))?;
        request.response_format.word("response_format", &["mp3", "opus", "aac", "flac", "wav", "pcm"])?;
        Ok(Self)
    }

    /// Answers.
    pub fn answer(&self) -> Answer {
        Answer::of("audio/mpeg", Bytes::from_static(&SILENCE))
    }
}

const FRAME: usize = 417;

/// Ten frames of MPEG-1 layer III, 128 kbit/s at 44.1 kHz: a quarter of a second with nothing in it. Source: ISO/IEC 11172-3
/// (header fields; 144 * 128,000 / 44,100 bytes a frame).
static SILENCE: [u8; 10 * FRAME] = {
    let mut bytes = [0; 10 * FRAME];
    let mut frame = 0;
    while frame < 10 {
        let (_, here) = bytes.split_at_mut(frame * FRAME);
        if let [a, b, c, ..] = here {
            *a = 0xff;
            *b = 0xfb;
            *c = 0x90;
        }
        frame += 1;
    }
    bytes
};

#[derive(Default)]
struct Request<'a> {
    whole: Scalar<'a>,
    input: Scalar<'a>,
    voice: Scalar<'a>,
    response_format: Scalar<'a>,
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
        let Read(value) = fields.next_value::<Read<Scalar>>()?;
        match name {
            "input" => self.input = value,
            "voice" => self.voice = value,
            "response_format" => self.response_format = value,
            _ => {}
        }
        Ok(())
    }
}
