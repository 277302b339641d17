//! Runs `validate-content`. Source: learn.microsoft.com/azure/api-management/validate-content-policy.

use std::sync::Arc;

use bytes::Bytes;
use jsonschema::Validator;
use serde_json::Value as Json;

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::{context::Body, exception::Unread},
    gateway::{
        definition::Representation,
        entities::Schema,
        validation::{
            self, Finding, INTERNAL, schema,
            xml_schema::{Root, decoded},
        },
    },
    policy::{
        Setting,
        elements::validate_content::{Action, Content, Engine, ValidateContent, When},
    },
    text::Text,
};

/// The message that is validated.
struct Message {
    body: Bytes,
    is_response: bool,
    /// The media type, as it is or as the map has it.
    content_type: String,
}

impl Message {
    /// `Type` of a finding.
    fn kind(&self) -> &'static str {
        if self.is_response { "ResponseBody" } else { "RequestBody" }
    }

    fn finding(&self, rule: &'static str, details: String, action: Action) -> Finding {
        let public = self.is_response.then(|| INTERNAL.to_owned());
        Finding { name: self.content_type.clone(), kind: self.kind(), rule, details, public, action }
    }
}

pub(super) fn execute(policy: &ValidateContent, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let is_response = turn.on_response();
    let context = &turn.state.context;
    let (body, headers) = match &context.response {
        Some(response) if is_response => (&response.body, &response.head.headers),
        _ if is_response => return Ok(Outcome::Done),
        _ => (&context.request.body, &context.request.headers),
    };
    let body = match body {
        Body::Unread => return Err(Stop::Unread(if is_response { Unread::Response } else { Unread::Request })),
        Body::Bytes(bytes) => bytes.clone(),
        // Where there is no body nothing is to be validated.
        Body::None | Body::Consumed => return Ok(Outcome::Done),
    };
    let found = headers.get("Content-Type").map(|value| media_type(value)).unwrap_or_default();
    let mut message = Message { body, is_response, content_type: mapped(policy, &found, element, turn)? };
    let mut findings = Vec::new();
    let limit = turn.number(&policy.max_size, element)?;
    let size = message.body.len();
    if i64::try_from(size).is_ok_and(|size| size > limit) {
        let action = validation::action(&policy.size_exceeded, element, turn)?;
        if action != Action::Ignore {
            findings.push(too_large(&message, size, limit, action));
        }
        if action == Action::Prevent {
            return validation::conclude(&findings, policy.variable.as_ref(), element, turn);
        }
    }
    match chosen(policy, &message, element, turn)? {
        Some(content) => findings.extend(judge(content, &mut message, element, turn)?),
        None => {
            let action = validation::action(&policy.unspecified, element, turn)?;
            if action != Action::Ignore {
                let details = format!("Unspecified content type {} is not allowed.", message.content_type);
                findings.push(message.finding("Unspecified", details, action));
            }
        }
    }
    validation::conclude(&findings, policy.variable.as_ref(), element, turn)
}

fn too_large(message: &Message, size: usize, limit: i64, action: Action) -> Finding {
    let whose = if message.is_response { "Response" } else { "Request" };
    let details = format!("{whose}'s body is {size} bytes long and it exceeds the configured limit of {limit} bytes.");
    let public = if message.is_response { INTERNAL.to_owned() } else { details.replace("configured limit", "limit") };
    Finding { name: String::new(), kind: message.kind(), rule: "SizeLimit", details, public: Some(public), action }
}

/// The part of a `Content-Type` before its parameters.
fn media_type(value: &str) -> String {
    value.split(';').next().unwrap_or("").trim().to_lowercase()
}

/// The type that counts: one of `type` goes before the others of the map.
fn mapped(policy: &ValidateContent, found: &str, element: &Text, turn: &mut Turn<'_>) -> Result<String, Stop> {
    for (when, to) in &policy.types {
        let holds = match when {
            When::From(from) => turn.text(from, element)?.eq_ignore_ascii_case(found),
            When::Condition(condition) => turn.truth(condition, element)?,
        };
        if holds {
            return Ok(media_type(&turn.text(to, element)?));
        }
    }
    let fallback = if found.is_empty() { policy.missing_type.as_ref().or(policy.any_type.as_ref()) } else { policy.any_type.as_ref() };
    Ok(fallback.map_or_else(|| found.to_owned(), |fallback| media_type(fallback)))
}

/// The `content` for the message's type.
fn chosen<'p>(policy: &'p ValidateContent, message: &Message, element: &Text, turn: &mut Turn<'_>) -> Result<Option<&'p Content>, Stop> {
    for content in &policy.contents {
        let fits = match &content.content_type {
            Some(content_type) => media_type(&turn.text(content_type, element)?) == message.content_type,
            // One without a type is for those that the definition names; without a definition there is nothing to tell them by.
            None => content.schema_id.is_some() || representation(message, turn).is_some(),
        };
        if fits {
            return Ok(Some(content));
        }
    }
    Ok(None)
}

/// What the API's definition says of a body of this type.
fn representation<'t>(message: &Message, turn: &'t Turn<'_>) -> Option<&'t Representation> {
    let definition = turn.definition()?;
    let bodies = if message.is_response {
        let status = turn.state.context.response.as_ref()?.head.status;
        &definition.response(status)?.bodies
    } else {
        &definition.bodies
    };
    bodies.iter().find(|body| media_type(&body.content_type) == message.content_type)
}

fn judge(content: &Content, message: &mut Message, element: &Text, turn: &mut Turn<'_>) -> Result<Vec<Finding>, Stop> {
    let action = validation::action(&content.action, element, turn)?;
    if action == Action::Ignore {
        return Ok(Vec::new());
    }
    let whose = if message.is_response { "response" } else { "request" };
    let judged = match content.engine {
        Engine::Json => {
            let text = String::from_utf8_lossy(&message.body);
            json(content, message, text.trim_start_matches('\u{feff}'), element, turn)?
        }
        Engine::Xml => xml(content, Root::Element, &message.body, element, turn)?,
        Engine::Soap => xml(content, Root::Envelope, &message.body, element, turn)?,
    };
    let Some((name, judged)) = judged else { return Ok(vec![Finding::no_definition(action)]) };
    let content_type = &message.content_type;
    match judged {
        Ok(said) => {
            let begin = format!(
                "Body of the {whose} does not conform to the definition {name}, which is associated with the content type {content_type}."
            );
            Ok(said.into_iter().map(|said| message.finding("IncorrectMessage", format!("{begin}\n\n{said}"), action)).collect())
        }
        Err(said) => {
            let details = format!("Body of the {whose} cannot be validated for the content type {content_type}.\n\n{said}");
            let mut finding = message.finding("ValidationException", details, action);
            (finding.name, finding.public) = (String::new(), Some(INTERNAL.to_owned()));
            Ok(vec![finding])
        }
    }
}

/// The name of the schema that was held against a body, and what is wrong by it, or why the body cannot be read; none where there is no schema.
type Judged = Option<(Text, Result<Vec<String>, String>)>;

fn json(content: &Content, message: &Message, text: &str, element: &Text, turn: &mut Turn<'_>) -> Result<Judged, Stop> {
    let Some((name, validator)) = validator(content, message, element, turn)? else { return Ok(None) };
    let judged = match serde_json::from_str::<Json>(text) {
        Ok(value) => {
            let value = if content.ignore_case { schema::lower_case(&value) } else { value };
            Ok(schema::errors(&validator, &value, text))
        }
        Err(error) => Err(error.to_string()),
    };
    Ok(Some((name, judged)))
}

/// The schema is one of the service's: the definition of an API says of XML only what JSON Schema can.
fn xml(content: &Content, root: Root, body: &[u8], element: &Text, turn: &mut Turn<'_>) -> Result<Judged, Stop> {
    let Some(id) = set(content.schema_id.as_ref(), element, turn)? else { return Ok(None) };
    let gateway = turn.gateway;
    Ok(gateway
        .xml_schemas
        .get(&id, root, &gateway.entities.schemas)
        .map(|schema| (id, decoded(body).and_then(|text| schema.errors(&text)))))
}

/// What an attribute says, where it says anything.
fn set(setting: Option<&Setting<Text>>, element: &Text, turn: &mut Turn<'_>) -> Result<Option<Text>, Stop> {
    Ok(setting.map(|setting| turn.text(setting, element)).transpose()?.filter(|text| !text.is_empty()))
}

/// The schema's name, and what validates by it.
fn validator(content: &Content, message: &Message, element: &Text, turn: &mut Turn<'_>) -> Result<Option<(Text, Arc<Validator>)>, Stop> {
    let id = set(content.schema_id.as_ref(), element, turn)?;
    let reference = set(content.schema_ref.as_ref(), element, turn)?;
    let (additional_properties, ignore_case) = (content.additional_properties, content.ignore_case);
    let gateway = turn.gateway;
    Ok(match id {
        Some(id) => {
            let name = reference.clone().unwrap_or_else(|| id.clone());
            let source = gateway.entities.schemas.get(&id).and_then(Schema::json);
            let wanted = schema::Wanted { id, reference, additional_properties, ignore_case };
            source.and_then(|source| gateway.schemas.get(&wanted, source)).map(|validator| (name, validator))
        }
        None => representation(message, turn).and_then(|body| {
            let operation = turn.state.context.operation.as_ref().map(|operation| operation.named.id.clone()).unwrap_or_default();
            let status = turn.state.context.response.as_ref().filter(|_| message.is_response).map_or(0, |response| response.head.status);
            // No id of the service has a space in it.
            let api = &turn.state.context.service.api;
            let version = api.version.as_deref().unwrap_or("");
            let id = format!("{} {version} {} {operation} {status} {}", api.named.id, api.revision, body.content_type).into();
            let wanted = schema::Wanted { id, reference: None, additional_properties, ignore_case };
            gateway.schemas.get(&wanted, &body.schema).map(|validator| (body.name.clone(), validator))
        }),
    })
}
