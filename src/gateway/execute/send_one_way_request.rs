//! Runs `send-one-way-request`: the request is handed over, and the pipeline goes on at once. Nobody hears what comes of it.
//! Source: learn.microsoft.com/azure/api-management/send-one-way-request-policy.

use super::{
    Outcome, Stop, Turn, Waiting,
    send_request::{self, Draft},
};
use crate::{
    gateway::{
        answers::PolicyError,
        effect::{Effect, Purpose, Send},
        egress::Egress,
    },
    policy::elements::send_one_way_request::SendOneWayRequest,
    text::Text,
};

/// A request that waits for its token. A token is had from the gateway's own cache as a rule, so that this is no wait for the target.
pub(in crate::gateway) struct Prepared {
    send: Send,
    egress: Egress,
    ignore_token_error: bool,
}

pub(super) fn execute(policy: &SendOneWayRequest, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let Draft { mut send, token, egress } = send_request::draft(&policy.request, element, turn)?;
    send.purpose = Purpose::OneWay;
    match token {
        None => Ok(hand_over(send, &egress, turn)),
        Some(token) => {
            let operation = turn.operation();
            let effect = Effect::AcquireToken { operation, resource: token.resource, client_id: token.client_id };
            let prepared = Prepared { send, egress, ignore_token_error: token.ignore_error };
            Ok(Outcome::wait(effect, operation, Waiting::OneWayToken(Box::new(prepared))))
        }
    }
}

fn hand_over(mut send: Send, egress: &Egress, turn: &mut Turn<'_>) -> Outcome {
    if let Some(ended) = Egress::begin(Some(egress), &mut send.request, &turn.gateway.entities) {
        let why = ended.map_or_else(|failure| failure.message, |received| received.head.reason);
        turn.say("error", format!("The request does not get to its host: {why}"));
        return Outcome::Done;
    }
    let (method, url) = (&send.request.method, &send.request.url);
    turn.say("verbose", format!("{method} {}://{}{} is sent, and no answer awaited.", url.scheme, url.authority(), url.path));
    Outcome::Tell(Box::new(send))
}

/// The identity's answer. Without a token the request is not sent: an error of a one-way request is nobody's, and the trace has it.
pub(super) fn token(mut prepared: Prepared, outcome: Result<Text, Text>, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    match outcome {
        Ok(token) => prepared.send.request.headers.set("Authorization", format!("Bearer {token}")),
        Err(_) if prepared.ignore_token_error => {}
        Err(message) => {
            turn.say("error", format!("The request is not sent: {message}"));
            return Ok(Outcome::Done);
        }
    }
    Ok(hand_over(prepared.send, &prepared.egress, turn))
}
