//! Runs `validate-headers`. Source: learn.microsoft.com/azure/api-management/validate-headers-policy.

use super::{Outcome, Stop, Turn, validate_parameters};
use crate::{
    gateway::validation::{self, Finding, INTERNAL},
    policy::elements::{validate_content::Action, validate_headers::ValidateHeaders},
    text::Text,
};

pub(super) fn execute(policy: &ValidateHeaders, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let specified = validation::action(&policy.specified, element, turn)?;
    let unspecified = validation::action(&policy.unspecified, element, turn)?;
    let Some(response) = &turn.state.context.response else { return Ok(Outcome::Done) };
    let status = response.head.status;
    let given: Vec<(Text, Text)> = response.head.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let gateway = turn.gateway;
    let definition = turn.operation_id().and_then(|id| gateway.entities.definitions.get(&id)).and_then(|known| known.response(status));
    let Some(definition) = definition else {
        let action = if specified == Action::Ignore { unspecified } else { specified };
        let findings = if action == Action::Ignore { Vec::new() } else { vec![Finding::no_definition(action)] };
        return validation::conclude(&findings, policy.variable.as_ref(), element, turn);
    };
    let mut action = |name: &str, usual: Action| {
        let own = policy.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        own.map_or(Ok(usual), |(_, setting)| validation::action(setting, element, turn))
    };
    let mut findings = Vec::new();
    for header in &definition.headers {
        let action = action(&header.name, specified)?;
        let values: Vec<&str> =
            given.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&header.name)).map(|(_, value)| value.as_str()).collect();
        if action != Action::Ignore {
            findings.extend(validate_parameters::judge(header, &values, "Response", action));
        }
    }
    let mut seen: Vec<&Text> = Vec::new();
    for (name, _) in &given {
        let is_known = definition.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
        if is_known || seen.iter().any(|seen| seen.eq_ignore_ascii_case(name)) {
            continue;
        }
        seen.push(name);
        let action = action(name, unspecified)?;
        if action != Action::Ignore {
            let details = format!("Unspecified header {name} is not allowed.");
            let public = Some(INTERNAL.to_owned());
            findings.push(Finding { name: name.to_string(), kind: "ResponseHeader", rule: "Unspecified", details, public, action });
        }
    }
    validation::conclude(&findings, policy.variable.as_ref(), element, turn)
}
