//! Runs `json-to-xml`.

use super::{Outcome, Stop, Turn, set_body};
use crate::{
    dotnet::context::Body,
    gateway::{
        answers::PolicyError,
        transform::{Format, json_to_xml},
    },
    policy::{Setting, elements::json_to_xml::JsonToXml},
    text::Text,
};

pub(super) fn execute(policy: &JsonToXml, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    if !is_wanted(&policy.applies_always, ("always", "content-type-json"), &policy.considers_accept, Format::Json, element, turn)? {
        return Ok(Outcome::Done);
    }
    let Some(body) = set_body::current(turn)? else { return Ok(Outcome::Done) };
    let mut optional = |setting: &Option<Setting<Text>>| setting.as_ref().map(|setting| turn.text(setting, element)).transpose();
    let owned = |text: Text| text.to_string();
    let options = json_to_xml::Options {
        parses_dates: policy.parses_dates,
        separator: optional(&policy.separator)?.map_or_else(|| "_".to_owned(), owned),
        namespace_prefix: optional(&policy.namespace_prefix)?.map(owned),
        namespace_block: optional(&policy.namespace_block)?.map(owned),
        attribute_block: optional(&policy.attribute_block)?.map(owned),
        attribute_prefix: optional(&policy.attribute_prefix)?.map_or_else(|| "@".to_owned(), owned),
        replacement: optional(&policy.replacement)?.map(owned),
        is_empty_null: choice(&policy.is_empty_null, ("as-null", "preserve"), element, turn)?,
        is_trimmed: policy.is_trimmed,
    };
    let text = String::from_utf8_lossy(&body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let converted = turn.runtime(|runtime| json_to_xml::convert(runtime, text, &options));
    let xml = converted.map_err(|raise| PolicyError::transformation(element, &raise))?;
    finish(turn, xml, "application/xml");
    Ok(Outcome::Done)
}

/// Puts a converted body in. Source: the gateway's own trace says that `Content-Length` goes and `Content-Type` is set
/// (learn.microsoft.com's lab on transforming responses, in public notes of those who did it).
pub(super) fn finish(turn: &mut Turn<'_>, text: String, content_type: &'static str) {
    set_body::replace(turn, Body::Bytes(text.into()));
    let headers = if turn.on_response() {
        turn.state.context.response.as_mut().map(|response| &mut response.head.headers)
    } else {
        Some(&mut turn.state.context.request.headers)
    };
    if let Some(headers) = headers {
        headers.remove("Content-Length");
        headers.set("Content-Type", content_type);
    }
}

/// Whether the body is to be converted from a format: what it says to be, and what the request asks for.
pub(super) fn is_wanted(
    applies_always: &Setting<bool>,
    words: (&str, &str),
    considers_accept: &Setting<bool>,
    from: Format,
    element: &Text,
    turn: &mut Turn<'_>,
) -> Result<bool, Stop> {
    let always = choice(applies_always, words, element, turn)?;
    let considers = turn.truth(considers_accept, element)?;
    let context = &turn.state.context;
    let request = &context.request.headers;
    let message = if turn.on_response() { context.response.as_ref().map(|response| &response.head.headers) } else { Some(request) };
    let into = if from == Format::Json { Format::Xml } else { Format::Json };
    Ok((always || message.is_some_and(|headers| from.is_content_of(headers))) && (!considers || into.is_accepted_by(request)))
}

/// Which of two words an attribute is.
pub(super) fn choice(setting: &Setting<bool>, (yes, no): (&str, &str), element: &Text, turn: &mut Turn<'_>) -> Result<bool, Stop> {
    let program = match setting {
        Setting::Literal(choice) => return Ok(*choice),
        Setting::Expression(program) => program,
    };
    let value = turn.evaluate(program, element)?;
    match turn.as_text(&value).as_str() {
        text if text == yes => Ok(true),
        text if text == no => Ok(false),
        other => {
            let message = format!("Expression value is invalid. '{other}' is not '{yes}' or '{no}'.");
            Err(PolicyError::value(element, message).into())
        }
    }
}
