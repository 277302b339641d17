//! Runs `mock-response`: an example of the operation's response, else one made of its schema, else no content.
//! Source: learn.microsoft.com/azure/api-management/mock-response-policy.

use bytes::Bytes;

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::context::{Body, ResponseMessage},
    gateway::mock,
    http::{Headers, ResponseHead, reason_phrase},
    policy::elements::mock_response::MockResponse,
    text::Text,
};

pub(super) fn execute(policy: &MockResponse, _: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    if !policy.enabled {
        return Ok(Outcome::Done);
    }
    let operation = turn.state.context.operation.as_ref().map(|operation| operation.named.id.clone());
    let wanted = |sample: &&mock::Sample| {
        operation.as_ref().is_some_and(|operation| *operation == sample.operation)
            && sample.status == policy.status
            && policy.content_type.as_ref().is_none_or(|content_type| mock::same_media_type(content_type, &sample.content_type))
    };
    let mut found: Vec<&mock::Sample> = turn.state.api().map_or(&[][..], |api| &api.samples).iter().filter(wanted).collect();
    if let (None, Some(first)) = (&policy.content_type, found.first().copied()) {
        found.retain(|sample| mock::same_media_type(&sample.content_type, &first.content_type));
    }
    // Examples are preferred to schemas.
    let example = found.iter().filter(|sample| sample.example.is_some()).nth(policy.index);
    let chosen = example.or_else(|| found.iter().find(|sample| sample.example.is_some())).or_else(|| found.first()).copied();
    let content = chosen.and_then(mock::content);
    let mut headers = Headers::new();
    if let Some(content_type) = policy.content_type.as_ref().or_else(|| chosen.map(|sample| &sample.content_type)) {
        headers.set("Content-Type", content_type.clone());
    }
    let head = ResponseHead { status: policy.status, reason: reason_phrase(policy.status).into(), headers };
    let body = content.map_or(Body::None, |content| Body::Bytes(Bytes::from(content)));
    Ok(Outcome::Return(Box::new(ResponseMessage { head, body })))
}
