//! Runs `xml-to-json`.

use super::{
    Outcome, Stop, Turn,
    json_to_xml::{choice, finish, is_wanted},
    set_body,
};
use crate::{
    dotnet::xml::outline::outline,
    gateway::{
        answers::PolicyError,
        transform::{Format, xml_to_json},
    },
    policy::elements::xml_to_json::XmlToJson,
    text::Text,
};

pub(super) fn execute(policy: &XmlToJson, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    if !is_wanted(&policy.applies_always, ("always", "content-type-xml"), &policy.considers_accept, Format::Xml, element, turn)? {
        return Ok(Outcome::Done);
    }
    let Some(body) = set_body::current(turn)? else { return Ok(Outcome::Done) };
    let options = xml_to_json::Options {
        is_friendly: choice(&policy.is_friendly, ("javascript-friendly", "direct"), element, turn)?,
        is_always_array: turn.truth(&policy.is_always_array, element)?,
        is_empty_null: choice(&policy.is_empty_null, ("as-null", "preserve"), element, turn)?,
        is_trimmed: turn.truth(&policy.is_trimmed, element)?,
    };
    let keeps_blank_text = turn.truth(&policy.keeps_blank_text, element)?;
    let text = String::from_utf8_lossy(&body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let document = turn.runtime(|runtime| outline(runtime, text, keeps_blank_text));
    let document = document.map_err(|raise| PolicyError::transformation(element, &raise))?;
    finish(turn, xml_to_json::convert(&document, options), "application/json");
    Ok(Outcome::Done)
}
