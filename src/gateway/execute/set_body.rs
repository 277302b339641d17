//! Runs `set-body`; and the body of the message that a section works on, for all policies that change it.

use bytes::Bytes;

use super::{Outcome, Stop, Turn, liquid};
use crate::{
    dotnet::{context::Body, exception::Unread},
    policy::{Section, elements::set_body::SetBody},
    text::Text,
};

pub(super) fn execute(policy: &SetBody, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let body = made(policy, element, turn)?;
    replace(turn, body);
    let headers = match &mut turn.state.context.response {
        Some(response) if matches!(turn.section, Section::Outbound | Section::OnError) => &mut response.head.headers,
        _ => &mut turn.state.context.request.headers,
    };
    if let Some(content_type) = headers.get("Content-Type").and_then(|content_type| in_utf8(content_type)) {
        headers.set("Content-Type", content_type);
    }
    Ok(Outcome::Done)
}

/// A media type whose charset is another one, with UTF-8 in its place: the text of the policy is UTF-8.
/// Source: azure.microsoft.com/blog/deep-dive-on-set-body-policy.
fn in_utf8(content_type: &str) -> Option<String> {
    let (media_type, parameters) = content_type.split_once(';')?;
    let is_charset = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
    };
    let charset = parameters.split(';').find_map(is_charset)?;
    if charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let kept = parameters.split(';').map(|parameter| if is_charset(parameter).is_some() { " charset=utf-8" } else { parameter });
    Some(std::iter::once(media_type).chain(kept).collect::<Vec<_>>().join(";"))
}

/// The body that the policy makes.
pub(super) fn made(policy: &SetBody, element: &Text, turn: &mut Turn<'_>) -> Result<Body, Stop> {
    match &policy.template {
        Some(template) => liquid::render(template, element, turn),
        None => turn.body(&policy.value, element),
    }
}

/// The body of the message that the section works on, read if it has not been; none where there is none.
pub(super) fn current(turn: &Turn<'_>) -> Result<Option<Bytes>, Stop> {
    let context = &turn.state.context;
    let (body, which) = if turn.on_response() {
        (context.response.as_ref().map(|response| &response.body), Unread::Response)
    } else {
        (Some(&context.request.body), Unread::Request)
    };
    match body {
        Some(Body::Unread) => Err(Stop::Unread(which)),
        Some(Body::Bytes(bytes)) => Ok(Some(bytes.clone())),
        _ => Ok(None),
    }
}

/// Puts another body into the message that the section works on.
pub(super) fn replace(turn: &mut Turn<'_>, body: Body) {
    if turn.on_response() {
        turn.state.streaming = None;
        if let Some(response) = &mut turn.state.context.response {
            response.body = body;
            response.head.headers.remove("Content-Length");
            // The new body is as it stands, however the old one was packed.
            response.head.headers.remove("Content-Encoding");
        }
    } else {
        turn.state.context.request.body = body;
        turn.state.context.request.headers.remove("Content-Encoding");
        turn.state.client_body_waits = false;
    }
}
