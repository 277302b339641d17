//! Runs `send-request`.

use super::{Outcome, Stop, Turn, Waiting, authentication_certificate, json_to_xml::choice, proxy, set_body, set_header};
use crate::{
    dotnet::{
        Value,
        context::{Body, ResponseMessage},
    },
    gateway::{
        answers::PolicyError,
        effect::{Effect, Failure, Outgoing, Purpose, Received, Reception, Send},
        egress::Egress,
    },
    http::{Headers, RequestHead, Url, remove_hop_by_hop},
    policy::elements::send_request::SendRequest,
    text::Text,
};

/// A request that waits for its token.
pub(in crate::gateway) struct Prepared {
    send: Send,
    egress: Egress,
    expected: Expected,
    ignore_token_error: bool,
}

/// What to do with the response.
pub(in crate::gateway) struct Expected {
    element: Text,
    variable: Option<Text>,
    ignore_error: bool,
    fail_on_error_status_code: bool,
}

/// A request as the policy writes it, and the token that it wants to be sent with.
pub(super) struct Draft {
    pub send: Send,
    pub token: Option<Wanted>,
    /// What it takes along on its way.
    pub egress: Egress,
}

/// A token of the gateway's identity.
pub(super) struct Wanted {
    pub resource: Text,
    pub client_id: Option<Text>,
    pub ignore_error: bool,
}

pub(super) fn execute(policy: &SendRequest, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let variable = policy.variable.as_ref().map(|variable| turn.text(variable, element)).transpose()?;
    let Draft { send, token, egress } = draft(policy, element, turn)?;
    let expected = Expected {
        element: element.clone(),
        variable,
        ignore_error: policy.ignore_error,
        fail_on_error_status_code: policy.fail_on_error_status_code,
    };
    let Some(Wanted { resource, client_id, ignore_error }) = token else { return Ok(dispatch(send, &egress, expected, turn)?) };
    let operation = turn.operation();
    let effect = Effect::AcquireToken { operation, resource, client_id };
    let prepared = Prepared { send, egress, expected, ignore_token_error: ignore_error };
    Ok(Outcome::wait(effect, operation, Waiting::SendToken(Box::new(prepared))))
}

/// Evaluates the policy to a request; `send-one-way-request` makes its own in the same way.
pub(super) fn draft(policy: &SendRequest, element: &Text, turn: &mut Turn<'_>) -> Result<Draft, Stop> {
    let copy = choice(&policy.copy, ("copy", "new"), element, turn)?;
    let timeout = turn.timeout(&policy.timeout_ms, policy.in_seconds, element)?;
    let url = match &policy.url {
        Some(url) => {
            let text = turn.text(url, element)?;
            Url::parse(&text).ok_or_else(|| PolicyError::value(element, format!("'{text}' is not an absolute URL.")))?
        }
        None => turn.state.context.request.url.clone(),
    };
    let request = &turn.state.context.request;
    let mut head = RequestHead { method: "GET".into(), url, headers: Headers::new() };
    let mut body = Body::None;
    if copy {
        head.method = request.method.clone();
        head.headers = request.headers.clone();
        remove_hop_by_hop(&mut head.headers);
        head.headers.remove("Host");
        head.headers.remove("Content-Length");
        // In outbound `copy` does not take the body along. Source: learn.microsoft.com/azure/api-management/send-request-policy.
        if !turn.on_response() {
            body = match &request.body {
                Body::Unread => return Err(Stop::Unread(crate::dotnet::exception::Unread::Request)),
                other => other.clone(),
            };
        }
    }
    if let Some(method) = &policy.method {
        head.method = turn.text(method, element)?;
    }
    for header in &policy.headers {
        set_header::change(header, element, turn)?.apply(&mut head.headers);
    }
    if let Some(policy) = &policy.body {
        body = set_body::made(policy, element, turn)?;
    }
    let body = match body {
        Body::Bytes(bytes) => Outgoing::Bytes(bytes),
        _ => Outgoing::Empty,
    };
    // What policies have said of requests to the backend is not for the policy's own.
    let egress = Egress {
        proxy: policy.proxy.as_ref().map(|policy| proxy::named(policy, element, turn)).transpose()?,
        certificate: match &policy.certificate {
            Some(policy) => authentication_certificate::chosen(policy, element, turn)?,
            None => None,
        },
    };
    let operation = turn.operation();
    let send = Send { operation, purpose: Purpose::SendRequest, request: head, body, timeout, reception: Reception::Collect };
    let token = match &policy.identity {
        None => None,
        Some(identity) => Some(Wanted {
            resource: turn.text(&identity.resource, element)?,
            client_id: identity.client_id.clone(),
            ignore_error: identity.ignore_error,
        }),
    };
    Ok(Draft { send, token, egress })
}

fn dispatch(mut send: Send, egress: &Egress, expected: Expected, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    if let Some(ended) = Egress::begin(Some(egress), &mut send.request, &turn.gateway.entities) {
        return received(expected, ended, turn);
    }
    let operation = send.operation;
    Ok(Outcome::wait(Effect::Send(Box::new(send)), operation, Waiting::Send(expected)))
}

/// The identity's answer: without a token the request is not sent, and counts as failed.
pub(super) fn token(mut prepared: Prepared, outcome: Result<Text, Text>, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    match outcome {
        Ok(token) => prepared.send.request.headers.set("Authorization", format!("Bearer {token}")),
        Err(_) if prepared.ignore_token_error => {}
        Err(_) if prepared.expected.ignore_error => {
            store(prepared.expected.variable, Value::Null, turn);
            return Ok(Outcome::Done);
        }
        Err(message) => return Err(PolicyError::token(&message)),
    }
    dispatch(prepared.send, &prepared.egress, prepared.expected, turn)
}

pub(super) fn received(expected: Expected, outcome: Result<Received, Failure>, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    let value = match outcome {
        Ok(received) if expected.fail_on_error_status_code && (400..600).contains(&received.head.status) => {
            if !expected.ignore_error {
                return Err(PolicyError::error_status(&expected.element, received.head.status));
            }
            Value::Null
        }
        Ok(received) => {
            let body = received.body.map_or(Body::None, Body::Bytes);
            turn.state.context.store(ResponseMessage { head: received.head, body })
        }
        // The documentation: with `ignore-error` the variable is null.
        Err(_) if expected.ignore_error => Value::Null,
        Err(failure) => return Err(PolicyError::backend(&expected.element, &failure)),
    };
    store(expected.variable, value, turn);
    Ok(Outcome::Done)
}

fn store(variable: Option<Text>, value: Value, turn: &mut Turn<'_>) {
    if let Some(variable) = variable {
        turn.state.context.variables.set(variable, value);
    }
}
