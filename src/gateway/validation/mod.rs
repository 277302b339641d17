//! What the validation policies have in common: findings, and what becomes of them.
//!
//! Source: learn.microsoft.com/azure/api-management/validate-content-policy, "Validation errors": the format in the variable, the details and
//! the public responses, the statuses 400 and 502, the two reasons.

pub mod position;
pub mod schema;
pub mod xml_schema;

use serde_json::json;

use super::{
    answers::PolicyError,
    execute::{Outcome, Stop, Turn},
};
use crate::{
    dotnet::json::parse_as,
    policy::{Setting, elements::validate_content::Action},
    text::Text,
};

/// What a client hears of an error that is none of its business.
pub const INTERNAL: &str = "The request could not be processed due to an internal error. Contact the API owner.";

/// An error that validation has found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// `Name`: of the parameter, the header, or the content type.
    pub name: String,
    /// `Type`
    pub kind: &'static str,
    /// `ValidationRule`
    pub rule: &'static str,
    /// `Details`
    pub details: String,
    /// What the client hears; the same as the details without.
    pub public: Option<String>,
    /// `Action`
    pub action: Action,
}

impl Finding {
    /// The definition that would be needed is not there.
    pub fn no_definition(action: Action) -> Self {
        let details = "API's schema does not exist or it could not be resolved.".to_owned();
        Self { name: String::new(), kind: "ApiSchema", rule: "", details, public: Some(INTERNAL.into()), action }
    }
}

/// An action for this request.
pub(super) fn action(setting: &Setting<Action>, element: &Text, turn: &mut Turn<'_>) -> Result<Action, Stop> {
    match setting {
        Setting::Literal(action) => Ok(*action),
        Setting::Expression(program) => {
            let value = turn.evaluate(program, element)?;
            let word = turn.as_text(&value);
            Action::parse(&word).map_err(|wanted| PolicyError::value(element, format!("'{word}' is not {wanted}.")).into())
        }
    }
}

/// Keeps the findings in the variable, and ends the request where one of them is to be prevented. Which type the variable has is not
/// documented: here it is a `JArray` of objects in the documented format.
pub(super) fn conclude(findings: &[Finding], variable: Option<&Text>, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    if findings.is_empty() {
        return Ok(Outcome::Done);
    }
    if let Some(variable) = variable {
        let shown: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({
                    "Name": finding.name, "Type": finding.kind, "ValidationRule": finding.rule, "Details": finding.details,
                    "Action": finding.action.word(),
                })
            })
            .collect();
        let text = serde_json::Value::from(shown).to_string();
        let value = turn.in_world(|runtime| parse_as(runtime, &text, None)).map_err(|raise| PolicyError::expression(element, &raise))?;
        turn.state.context.variables.set(variable.clone(), value);
    }
    for finding in findings.iter().filter(|finding| finding.action == Action::Detect) {
        turn.say("information", finding.details.clone());
    }
    let Some(prevented) = findings.iter().find(|finding| finding.action == Action::Prevent) else { return Ok(Outcome::Done) };
    let (reason, status) = if turn.on_response() { ("Response not allowed", 502) } else { ("Bad request", 400) };
    let public = prevented.public.clone().unwrap_or_else(|| prevented.details.clone());
    Err(PolicyError::refused(element, reason, prevented.details.clone(), status).telling(public).into())
}
