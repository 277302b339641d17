//! Runs `rewrite-uri`.

use super::{Outcome, Stop, Turn, set_query_parameter::encode};
use crate::{gateway::api::query_template, policy::elements::rewrite_uri::RewriteUri, text::Text};

pub(super) fn execute(policy: &RewriteUri, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let template = turn.text(&policy.template, element)?;
    let copy = turn.truth(&policy.copy_unmatched_params, element)?;
    let matched = &turn.state.context.request.matched_parameters;
    let filled = fill(&template, matched);
    let (path, query) = filled.split_once('?').map_or((filled.as_str(), ""), |(path, query)| (path, query));
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let mut parameters: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    let old = turn.state.query.clone();
    if copy {
        // Parameters that the operation's template names are matched, and go only where the new template names them.
        let operation = turn.state.context.operation.as_ref().map_or("", |operation| operation.url_template.as_str());
        let in_template: Vec<&str> = query_template(operation).map(|(name, _)| name).collect();
        let names: Vec<&str> = parameters.iter().map(|pair| pair.split('=').next().unwrap_or("")).collect();
        let unmatched = old.trim_start_matches('?').split('&').filter(|pair| {
            let name = pair.split('=').next().unwrap_or("");
            let is_matched = in_template.iter().any(|known| known.eq_ignore_ascii_case(name));
            !name.is_empty() && !is_matched && !names.contains(&name) && !matched.iter().any(|(known, _)| *known == *name)
        });
        parameters.extend(unmatched);
    }
    turn.state.query = if parameters.is_empty() { Text::EMPTY } else { format!("?{}", parameters.join("&")).into() };
    turn.state.suffix = path.into();
    turn.state.update_url();
    Ok(Outcome::Done)
}

/// Puts matched parameters in the place of `{name}`; braces around anything else stay.
fn fill(template: &str, matched: &[(Text, Text)]) -> String {
    if !template.contains('{') {
        return template.to_owned();
    }
    let mut filled = template.to_owned();
    for (name, value) in matched {
        // The parameter was decoded when it was matched; a URL has it encoded.
        filled = filled.replace(&format!("{{{name}}}"), &encode(value));
    }
    filled
}
