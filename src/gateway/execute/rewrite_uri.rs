//! Runs `rewrite-uri`.

use std::borrow::Cow;

use super::{Outcome, Stop, Turn, set_query_parameter::encode};
use crate::{gateway::api::query_template, policy::elements::rewrite_uri::RewriteUri, text::Text};

pub(super) fn execute(policy: &RewriteUri, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let template = turn.text(&policy.template, element)?;
    let copy = turn.truth(&policy.copy_unmatched_params, element)?;
    let matched = turn.state.context.request.matched();
    let filled = fill(&template, matched);
    let path_end = filled.find('?').unwrap_or(filled.len());
    let (path, query) = filled.split_once('?').unwrap_or((filled.as_ref(), ""));
    let path = if path.starts_with('/') { Text::copied(path) } else { format!("/{path}").into() };
    let is_sound = !query.starts_with('&') && !query.ends_with('&') && !query.contains("&&");
    if !copy && is_sound {
        // Most templates say it all.
        turn.state.query = filled.get(path_end..).filter(|_| !query.is_empty()).map_or(Text::EMPTY, Text::copied);
        turn.state.suffix = path;
        turn.state.update_url();
        return Ok(Outcome::Done);
    }
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
    turn.state.suffix = path;
    turn.state.update_url();
    Ok(Outcome::Done)
}

/// Puts matched parameters in the place of `{name}`; braces around anything else stay.
fn fill<'t>(template: &'t str, matched: &[(Text, Text)]) -> Cow<'t, str> {
    if !template.contains('{') {
        return Cow::Borrowed(template);
    }
    let mut filled = template.to_owned();
    for (name, value) in matched {
        // The parameter was decoded when it was matched; a URL has it encoded.
        filled = filled.replace(&format!("{{{name}}}"), &encode(value));
    }
    Cow::Owned(filled)
}
