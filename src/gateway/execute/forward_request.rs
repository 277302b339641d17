//! Runs `forward-request`.

use std::time::Duration;

use bytes::Bytes;

use super::{Outcome, Stop, Turn, Waiting};
use crate::{
    dotnet::context::{Body, ResponseMessage},
    gateway::{
        answers::PolicyError,
        effect::{ClientGone, Effect, Failure, OperationId, Outgoing, Purpose, Received, Reception, Send},
    },
    http::{RequestHead, remove_hop_by_hop},
    policy::elements::forward_request::ForwardRequest,
    text::Text,
};

/// What is known before the client's body is read.
pub(in crate::gateway) struct Forward {
    timeout: Duration,
    expected: Expected,
}

/// What to do with the response.
pub(in crate::gateway) struct Expected {
    element: Text,
    buffered: bool,
    fail_on_error_status_code: bool,
}

pub(super) fn execute(policy: &ForwardRequest, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let timeout = turn.timeout(&policy.timeout_ms, policy.in_seconds, element)?;
    if turn.truth(&policy.follow_redirects, element)? {
        turn.say("information", "follow-redirects is not simulated: a redirect is passed through");
    }
    let expected = Expected {
        element: element.clone(),
        buffered: policy.buffer_response,
        fail_on_error_status_code: policy.fail_on_error_status_code,
    };
    let forward = Forward { timeout, expected };
    if policy.buffer_request_body && matches!(turn.state.context.request.body, Body::Unread) {
        let operation = turn.operation();
        return Ok(Outcome::Wait(Effect::ReadRequestBody { operation }, operation, Waiting::ForwardBody(Box::new(forward))));
    }
    Ok(send(forward, turn)?)
}

pub(super) fn body_read(forward: Forward, outcome: Result<Bytes, ClientGone>, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    let bytes = outcome.map_err(|_| PolicyError::client_gone())?;
    turn.state.context.request.body = Body::Bytes(bytes);
    turn.state.client_body_waits = false;
    send(forward, turn)
}

fn send(forward: Forward, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    if turn.state.base.is_none() {
        return Err(PolicyError::no_backend());
    }
    let state = &mut *turn.state;
    let request = &state.context.request;
    let mut headers = request.headers.clone();
    remove_hop_by_hop(&mut headers);
    headers.remove("Content-Length");
    headers.remove("Expect");
    if !state.host_set {
        headers.remove("Host");
    }
    // The gateway appends the caller's address. Source: learn.microsoft.com/azure/api-management/set-header-policy (X-Forwarded-For).
    let client = state.client.to_string();
    let forwarded: Vec<&str> = headers.values("X-Forwarded-For").map(Text::as_str).collect();
    let forwarded = if forwarded.is_empty() { client } else { format!("{},{client}", forwarded.join(",")) };
    headers.set("X-Forwarded-For", forwarded);
    let head = RequestHead { method: request.method.clone(), url: request.url.clone(), headers };
    let body = match &request.body {
        Body::Bytes(bytes) => Outgoing::Bytes(bytes.clone()),
        Body::Unread if state.client_body_waits => {
            // It can be passed on once only; a second forward finds nothing left of it.
            state.client_body_waits = false;
            state.context.request.body = Body::Consumed;
            Outgoing::Client
        }
        Body::None | Body::Unread | Body::Consumed => Outgoing::Empty,
    };
    state.streaming = None;
    let operation = turn.operation();
    let send = Send { operation, purpose: Purpose::Forward, request: head, body, timeout: forward.timeout, reception: Reception::Stream };
    Ok(Outcome::Wait(Effect::Send(Box::new(send)), operation, Waiting::Forward(forward.expected)))
}

pub(super) fn received(
    expected: Expected,
    operation: OperationId,
    outcome: Result<Received, Failure>,
    turn: &mut Turn<'_>,
) -> Result<Outcome, PolicyError> {
    let received = outcome.map_err(|failure| PolicyError::backend(&expected.element, &failure))?;
    let status = received.head.status;
    let body = match received.body {
        Some(bytes) => Body::Bytes(bytes),
        None => {
            turn.state.streaming = Some((operation, expected.buffered));
            Body::Unread
        }
    };
    turn.state.context.response = Some(ResponseMessage { head: received.head, body });
    if expected.fail_on_error_status_code && (400..600).contains(&status) {
        return Err(PolicyError::error_status(&expected.element, status));
    }
    Ok(Outcome::Done)
}
