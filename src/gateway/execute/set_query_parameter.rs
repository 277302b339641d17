//! Runs `set-query-parameter`.

use super::{Outcome, Stop, Turn, set_header};
use crate::{
    http::percent_decode,
    policy::elements::{set_header::ExistsAction, set_query_parameter::SetQueryParameter},
    text::Text,
};

pub(super) fn execute(policy: &SetQueryParameter, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let name = turn.text(&policy.name, element)?;
    let action = set_header::action(&policy.exists_action, element, turn)?;
    let mut values = Vec::new();
    for value in &policy.values {
        values.push(turn.text(value, element)?);
    }
    let query = turn.state.query.clone();
    let named = |pair: &&str| {
        let known = pair.split('=').next().unwrap_or("");
        if known.contains('%') { percent_decode(known).eq_ignore_ascii_case(&name) } else { known.eq_ignore_ascii_case(&name) }
    };
    let pairs = || query.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty());
    let exists = pairs().any(|pair| named(&pair));
    if (exists && action == ExistsAction::Skip) || (!exists && action == ExistsAction::Delete) {
        return Ok(Outcome::Done);
    }
    let keep = action == ExistsAction::Append;
    let mut kept: Vec<String> = pairs().filter(|pair| keep || !named(pair)).map(str::to_owned).collect();
    if action != ExistsAction::Delete {
        kept.extend(values.iter().map(|value| format!("{}={}", encode(&name), encode(value))));
    }
    turn.state.query = if kept.is_empty() { Text::EMPTY } else { format!("?{}", kept.join("&")).into() };
    turn.state.update_url();
    Ok(Outcome::Done)
}

/// A query with these values of a parameter in the place of those that it has.
pub(super) fn replaced(query: &str, name: &str, values: &[Text]) -> Text {
    let pairs = query.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty());
    let others = pairs.filter(|pair| !percent_decode(pair.split('=').next().unwrap_or("")).eq_ignore_ascii_case(name));
    let mut kept: Vec<String> = others.map(str::to_owned).collect();
    kept.extend(values.iter().map(|value| format!("{}={}", encode(name), encode(value))));
    if kept.is_empty() { Text::EMPTY } else { format!("?{}", kept.join("&")).into() }
}

/// Percent-encodes what a name or value in a URL cannot hold.
pub(in crate::gateway) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/@$,;!*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
