//! Runs `llm-content-safety`: prompts in `inbound`, completions in `outbound`, or after the backend where `inbound` asks for them.
//! Source: learn.microsoft.com/azure/api-management/llm-content-safety-policy; reason and message are those that users report.

use serde_json::Value;

use super::{Outcome, Stop, Turn, json_to_xml::choice, set_body};
use crate::{
    dotnet::context::Body,
    gateway::{
        answers::PolicyError,
        safety::{self, Category, Screen, StreamScreen, screened},
    },
    policy::{
        Section,
        elements::llm_content_safety::{Completions, LlmContentSafety},
    },
    text::Text,
};

pub(super) fn execute(policy: &LlmContentSafety, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    if turn.section == Section::Outbound {
        let screen = screen(policy, element, turn)?;
        return completion(&screen, element, turn);
    }
    let body = set_body::current(turn)?;
    let screen = screen(policy, element, turn)?;
    let text = body.as_deref().and_then(prompt).unwrap_or_default();
    check_prompt(&screen, &text, element, turn)?;
    if turn.truth(&policy.on_completions, element)? {
        turn.state.screens.push(screen);
    }
    Ok(Outcome::Done)
}

/// The look at the completion that a policy of `inbound` has asked for, if it has run.
pub(super) fn completions(policy: &Completions, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let Some(screen) = turn.state.screens.iter().find(|screen| screen.number == policy.number).cloned() else {
        return Ok(Outcome::Done);
    };
    completion(&screen, element, turn)
}

fn screen(policy: &LlmContentSafety, element: &Text, turn: &mut Turn<'_>) -> Result<Screen, Stop> {
    turn.text(&policy.backend, element)?;
    let mut categories = Vec::with_capacity(policy.categories.len());
    for (name, threshold) in &policy.categories {
        let name = turn.text(name, element)?;
        let Some(category) = Category::parse(&name) else {
            return Err(PolicyError::value(element, format!("Expression value is invalid. '{name}' is no category.")).into());
        };
        let threshold = turn.number(threshold, element)?;
        if !(0..=7).contains(&threshold) {
            let message = format!("Expression value is invalid. The threshold is {threshold}, and may be 0 to 7.");
            return Err(PolicyError::value(element, message).into());
        }
        categories.push((category, threshold));
    }
    let mut blocklists = Vec::with_capacity(policy.blocklists.len());
    for list in &policy.blocklists {
        blocklists.push(turn.text(list, element)?);
    }
    let mut size = |setting: &Option<_>, default: usize| match setting {
        None => Ok(default),
        Some(setting) => turn.number(setting, element).map(|number| usize::try_from(number).unwrap_or(0)),
    };
    let window = size(&policy.window, 1_000)?.clamp(1, safety::LIMIT);
    let overlap = size(&policy.overlap, 0)?.min(window.saturating_sub(1));
    Ok(Screen {
        number: policy.number,
        shields_prompt: turn.truth(&policy.shields_prompt, element)?,
        window,
        overlap,
        has_eight_levels: choice(&policy.has_eight_levels, ("EightSeverityLevels", "FourSeverityLevels"), element, turn)?,
        categories,
        blocklists,
    })
}

/// Reason and message of every refusal: public reports quote both.
fn refused(element: &Text) -> Stop {
    PolicyError::refused(element, "ContentSafetyPolicyViolated", "Request failed content safety check.", 403).into()
}

fn check_prompt(screen: &Screen, text: &str, element: &Text, turn: &mut Turn<'_>) -> Result<(), Stop> {
    if text.is_empty() {
        return Ok(());
    }
    // "If the request or response exceeds the character limit of Azure AI Content Safety, the policy returns a 403 error."
    if text.chars().count() > safety::LIMIT {
        turn.say("information", format!("The prompt has more than {} characters.", safety::LIMIT));
        return Err(refused(element));
    }
    let rules = &turn.gateway.safety;
    let attack = (screen.shields_prompt && rules.is_attack(text)).then(|| "The prompt is an attack.".to_owned());
    match attack.or_else(|| screen.violation(rules, text)) {
        None => Ok(()),
        Some(violation) => {
            turn.say("information", violation);
            Err(refused(element))
        }
    }
}

/// A response: refused as a whole, or, where it is a stream of events, cut off before the window that violates.
fn completion(screen: &Screen, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let rules = turn.gateway.safety.clone();
    let is_stream = turn.state.context.response.as_ref().is_some_and(|response| {
        response.head.headers.get("Content-Type").is_some_and(|value| value.to_ascii_lowercase().starts_with("text/event-stream"))
    });
    if is_stream {
        turn.state.stream_screens.push(StreamScreen::new(screen.clone(), rules));
        // A stream that nobody has read is looked at on its way to the client.
        if let Ok(Some(body)) = set_body::current(turn) {
            let body = screened(std::mem::take(&mut turn.state.stream_screens), body);
            set_body::replace(turn, Body::Bytes(body));
        }
        return Ok(Outcome::Done);
    }
    let Some(body) = set_body::current(turn)? else { return Ok(Outcome::Done) };
    let text = serde_json::from_slice(&body).ok().map(|body| completed(&body)).unwrap_or_default();
    match screen.windows(&text).into_iter().find_map(|window| screen.violation(&rules, &window)) {
        None => Ok(Outcome::Done),
        Some(violation) => {
            turn.say("information", violation);
            Err(refused(element))
        }
    }
}

fn array<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// All text of a request: "a concatenation of all text content in a completion or chat completion request".
fn prompt(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let mut texts = Vec::new();
    for name in ["system", "instructions", "prompt", "input"] {
        content(body.get(name), &mut texts);
    }
    for message in array(&body, "messages") {
        content(message.get("content"), &mut texts);
    }
    Some(texts.join("\n"))
}

fn completed(body: &Value) -> String {
    let mut texts = Vec::new();
    for choice in array(body, "choices") {
        content(choice.get("message").and_then(|message| message.get("content")), &mut texts);
        content(choice.get("text"), &mut texts);
    }
    content(body.get("output"), &mut texts);
    content(body.get("content"), &mut texts);
    texts.join("\n")
}

/// The texts in a content: a text, or parts with a text or a content of their own.
fn content(value: Option<&Value>, into: &mut Vec<String>) {
    match value {
        Some(Value::String(text)) => into.push(text.clone()),
        Some(Value::Array(parts)) => {
            for part in parts {
                match part {
                    Value::String(text) => into.push(text.clone()),
                    part => {
                        content(part.get("text"), into);
                        content(part.get("content"), into);
                    }
                }
            }
        }
        _ => {}
    }
}
