//! Images: a link or a pixel.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/reference#image-generation.

use serde::de::MapAccess;

use super::{
    answer::{Answer, Call, speech},
    errors::Refusal,
    filters,
    json::Json,
    shape::{Body, Read, Scalar, Shape, read},
};
use crate::environment::{Environment, guid_text};

/// A transparent pixel as PNG.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// A request that is in order.
#[derive(Debug)]
pub(super) struct Image<'a> {
    request: Request<'a>,
    count: u64,
    inline: bool,
}

impl<'a> Image<'a> {
    /// Reads a body.
    pub fn read(body: &'a [u8], model: &str) -> Result<Self, Refusal> {
        const LONGEST: usize = 4000;
        let request: Request = read(body)?;
        let prompt = request.prompt.text("prompt")?.ok_or_else(|| Refusal::missing("prompt"))?;
        let length = prompt.chars().count();
        if length > LONGEST {
            return Err(Refusal::long_text("prompt", LONGEST, length));
        }
        let most = if model.starts_with("dall-e-3") { 1 } else { 10 };
        let count = request.count.integer("n", 1, most)?.unwrap_or(1);
        let inline = request.response_format.word("response_format", &["url", "b64_json"])? == "b64_json";
        request.user.text("user")?;
        // The models after DALL-E give no links.
        Ok(Self { count, inline: inline || model.starts_with("gpt-image"), request })
    }

    /// Answers.
    pub fn answer(&self, call: &Call, environment: &mut dyn Environment) -> Answer {
        let revised = speech(call.config, self.request.prompt.as_text(), 0);
        let mut json = Json::with_capacity(1024);
        json.raw(r#"{"created":"#).number(call.created).raw(r#","data":["#);
        for index in 0..self.count {
            json.raw(if index == 0 { r#"{"revised_prompt":"# } else { r#",{"revised_prompt":"# }).text(&revised);
            if self.inline {
                json.raw(r#","b64_json":""#).raw(PIXEL).raw("\"");
            } else {
                let host = &call.config.host;
                let link = format!("https://{host}/simulated/images/{}/generated_00.png", guid_text(environment.guid()));
                json.raw(r#","url":"#).text(&link);
            }
            json.raw(r#","content_filter_results":"#).raw(filters::PIECE);
            json.raw(r#","prompt_filter_results":"#).raw(filters::PROMPT).raw("}");
        }
        json.raw("]}");
        Answer::json(json.finish(), 0, 0, 0)
    }
}

#[derive(Debug, Default)]
struct Request<'a> {
    whole: Scalar<'a>,
    prompt: Scalar<'a>,
    count: Scalar<'a>,
    response_format: Scalar<'a>,
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
        let Read(value) = fields.next_value::<Read<Scalar>>()?;
        match name {
            "prompt" => self.prompt = value,
            "n" => self.count = value,
            "response_format" => self.response_format = value,
            "user" => self.user = value,
            _ => {}
        }
        Ok(())
    }
}
