//! Runs `return-response`.

use super::{Outcome, Stop, Turn, set_body, set_header, set_status};
use crate::{
    dotnet::context::{Body, ResponseMessage},
    gateway::answers::PolicyError,
    http::ResponseHead,
    policy::elements::return_response::ReturnResponse,
    text::Text,
};

pub(super) fn execute(policy: &ReturnResponse, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let mut response = match &policy.variable {
        None => ResponseMessage { head: ResponseHead { status: 200, reason: "OK".into(), ..ResponseHead::default() }, body: Body::None },
        Some(variable) => match turn.state.stored(variable) {
            Some(stored) => stored.clone(),
            None => {
                let message = format!("The variable '{variable}' holds no response.");
                return Err(PolicyError::value(element, message).into());
            }
        },
    };
    if let Some(status) = &policy.status {
        set_status::apply(status, element, &mut response.head, turn)?;
    }
    for header in &policy.headers {
        set_header::change(header, element, turn)?.apply(&mut response.head.headers);
    }
    if let Some(body) = &policy.body {
        response.body = set_body::made(body, element, turn)?;
        response.head.headers.remove("Content-Length");
    }
    Ok(Outcome::Return(Box::new(response)))
}
