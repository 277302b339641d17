//! Runs `redirect-content-urls`. Headers are left alone, `Location` too: the page says so in a note.
//!
//! What a link is, is not documented beyond the picture on the page: here every place where the one base URL stands in the text.

use super::{Outcome, Stop, Turn, set_body};
use crate::{dotnet::context::Body, gateway::Api, http::Url, text::Text};

pub(super) fn execute(_: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let Some(base) = turn.state.base.clone() else { return Ok(Outcome::Done) };
    let Some(body) = set_body::current(turn)? else { return Ok(Outcome::Done) };
    let backend = root(&base, &base.path);
    let path = turn.state.api().map(Api::public_path).unwrap_or_default();
    let gateway = root(&turn.state.context.request.original_url, &path);
    let (from, to) = if turn.on_response() { (backend, gateway) } else { (gateway, backend) };
    if let Ok(text) = std::str::from_utf8(&body)
        && let Some(replaced) = replace(text, &from, &to)
    {
        set_body::replace(turn, Body::Bytes(replaced.into()));
    }
    Ok(Outcome::Done)
}

/// A URL that an API or a backend is known by, without a slash at its end.
fn root(url: &Url, path: &str) -> String {
    let path = path.trim_matches('/');
    let slash = if path.is_empty() { "" } else { "/" };
    format!("{}://{}{slash}{path}", url.scheme, url.authority())
}

/// Replaces a base URL where it ends there: `https://a.example` is not the beginning of `https://a.example.org`.
fn replace(text: &str, from: &str, to: &str) -> Option<String> {
    let mut replaced = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find(from) {
        let (before, tail) = rest.split_at(at);
        let after = tail.get(from.len()..).unwrap_or("");
        let ends = after.chars().next().is_none_or(|next| !(next.is_alphanumeric() || matches!(next, '.' | '-' | '_' | ':' | '@')));
        replaced.push_str(before);
        replaced.push_str(if ends { to } else { from });
        found |= ends;
        rest = after;
    }
    replaced.push_str(rest);
    found.then_some(replaced)
}
