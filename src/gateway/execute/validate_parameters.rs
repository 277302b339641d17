//! Runs `validate-parameters`. Source: learn.microsoft.com/azure/api-management/validate-parameters-policy.

use serde_json::Value as Json;

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::{
        definition::{Parameter, Place},
        validation::{self, Finding, INTERNAL, schema},
    },
    http::percent_decode,
    policy::{
        Setting,
        elements::{
            validate_content::Action,
            validate_parameters::{Rules, ValidateParameters},
        },
    },
    text::Text,
};

pub(super) fn execute(policy: &ValidateParameters, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let specified = validation::action(&policy.specified, element, turn)?;
    let unspecified = validation::action(&policy.unspecified, element, turn)?;
    let (gateway, hosted) = (turn.gateway, turn.state.hosted.clone());
    let Some(definition) = turn.operation_id().and_then(|id| gateway.definition(hosted.as_deref(), &id)) else {
        let action = if specified == Action::Ignore { unspecified } else { specified };
        let findings = if action == Action::Ignore { Vec::new() } else { vec![Finding::no_definition(action)] };
        return validation::conclude(&findings, policy.variable.as_ref(), element, turn);
    };
    let mut findings = Vec::new();
    for (place, rules) in [(Place::Header, &policy.headers), (Place::Query, &policy.query), (Place::Path, &policy.path)] {
        let given = given(place, turn);
        let parameters: Vec<&Parameter> = definition.parameters.iter().filter(|parameter| parameter.place == place).collect();
        let mut action = |name: &str, is_specified: bool| {
            let usual = if is_specified { specified } else { unspecified };
            let setting = rules.as_ref().and_then(|rules| of(rules, name, is_specified));
            setting.map_or(Ok(usual), |setting| validation::action(setting, element, turn))
        };
        for parameter in &parameters {
            let values: Vec<&str> =
                given.iter().filter(|(name, _)| same(place, name, &parameter.name)).map(|(_, value)| value.as_str()).collect();
            let action = action(&parameter.name, true)?;
            if action != Action::Ignore {
                findings.extend(judge(parameter, &values, "Request", action));
            }
        }
        // What the path holds is what its template names.
        let mut seen: Vec<&str> = Vec::new();
        for (name, _) in given.iter().filter(|_| place != Place::Path) {
            let is_known =
                parameters.iter().any(|parameter| same(place, name, &parameter.name)) || seen.iter().any(|seen| same(place, name, seen));
            if is_known {
                continue;
            }
            seen.push(name);
            let action = action(name, false)?;
            if action != Action::Ignore {
                let details = format!("Unspecified {} {name} is not allowed.", word(place));
                findings.push(Finding { name: name.clone(), kind: kind(place), rule: "Unspecified", details, public: None, action });
            }
        }
    }
    validation::conclude(&findings, policy.variable.as_ref(), element, turn)
}

/// Header names ignore case; those of the others are taken as they are.
fn same(place: Place, one: &str, other: &str) -> bool {
    if place == Place::Header { one.eq_ignore_ascii_case(other) } else { one == other }
}

fn of<'r>(rules: &'r Rules, name: &str, is_specified: bool) -> Option<&'r Setting<Action>> {
    let own = rules.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, action)| action);
    own.or(if is_specified { rules.specified.as_ref() } else { rules.unspecified.as_ref() })
}

fn given(place: Place, turn: &Turn<'_>) -> Vec<(String, String)> {
    let request = &turn.state.context.request;
    let owned = |(name, value): (&Text, &Text)| (name.to_string(), value.to_string());
    match place {
        Place::Header => request.headers.iter().map(owned).collect(),
        Place::Path => request.matched().iter().map(|(name, value)| owned((name, value))).collect(),
        Place::Query => {
            let query = request.original_url.query.trim_start_matches('?');
            let pairs = query.split('&').filter(|pair| !pair.is_empty());
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (percent_decode(name), percent_decode(value)))
                .collect()
        }
    }
}

fn word(place: Place) -> &'static str {
    match place {
        Place::Header => "header",
        Place::Query => "query parameter",
        Place::Path => "path parameter",
    }
}

fn kind(place: Place) -> &'static str {
    match place {
        Place::Header => "RequestHeader",
        Place::Query => "QueryParameter",
        Place::Path => "PathParameter",
    }
}

/// What is wrong with the values of a parameter, or of a response's header.
pub(super) fn judge(parameter: &Parameter, values: &[&str], whose: &str, action: Action) -> Option<Finding> {
    let is_response = whose == "Response";
    let (word, name) = (word(parameter.place), &parameter.name);
    let kind = if is_response { "ResponseHeader" } else { kind(parameter.place) };
    let finding = |details: String| {
        let public = is_response.then(|| INTERNAL.to_owned());
        Some(Finding { name: name.to_string(), kind, rule: "IncorrectMessage", details, public, action })
    };
    let is_array = schema::type_of(&parameter.schema) == Some("array");
    let value = match values {
        // The table has no row for one that is missing.
        [] if parameter.required => return finding(format!("{whose} does not contain the required {word} {name}.")),
        [] => return None,
        [one] if !is_array => typed(&parameter.schema, one),
        _ if !is_array => return finding(format!("{whose} cannot contain multiple values for the {word} {name}.")),
        several => {
            let items = parameter.schema.get("items").cloned().unwrap_or(Json::Bool(true));
            several.iter().flat_map(|value| value.split(',')).map(|item| typed(&items, item)).collect::<Option<Vec<_>>>().map(Json::from)
        }
    };
    let Some(value) = value else {
        let expected = schema::type_of(&parameter.schema).unwrap_or("");
        let first = values.first().copied().unwrap_or("");
        return finding(format!(
            "Value of the {word} {name} cannot be parsed according to the definition. \n\nCould not convert '{first}' to {expected}."
        ));
    };
    let text = value.to_string();
    let validator = jsonschema::validator_for(&parameter.schema).ok()?;
    let said = schema::errors(&validator, &value, &text).into_iter().next()?;
    let details = format!("Value of the {word} {name} does not conform to the definition.\n\n{said}");
    let public = if is_response { INTERNAL.to_owned() } else { format!("The value{}", details.trim_start_matches("Value")) };
    Some(Finding { name: name.to_string(), kind, rule: "IncorrectMessage", details, public: Some(public), action })
}

/// A text as the JSON that a schema wants; none where it cannot be that.
fn typed(schema: &Json, text: &str) -> Option<Json> {
    match schema::type_of(schema) {
        Some("integer") => text.trim().parse::<i64>().ok().map(Json::from),
        Some("number") => text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).map(Json::from),
        Some("boolean") => match text.trim() {
            "true" => Some(Json::Bool(true)),
            "false" => Some(Json::Bool(false)),
            _ => None,
        },
        Some("object") => serde_json::from_str(text).ok(),
        _ => Some(Json::from(text)),
    }
}
