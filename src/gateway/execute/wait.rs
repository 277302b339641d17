//! Runs `wait`.

use super::{Branches, Outcome, Stop, Turn};
use crate::{
    gateway::answers::PolicyError,
    policy::{Setting, elements::wait::Wait},
    text::Text,
};

pub(super) fn execute(policy: &Wait, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let any = match &policy.any {
        Setting::Literal(any) => *any,
        Setting::Expression(program) => {
            let value = turn.evaluate(program, element)?;
            match turn.as_text(&value).as_str() {
                "all" => false,
                "any" => true,
                other => {
                    let message = format!("Expression value is invalid. '{other}' is not 'all' or 'any'.");
                    return Err(PolicyError::value(element, message).into());
                }
            }
        }
    };
    let needed = if any { 1 } else { policy.branches.len() };
    Ok(Outcome::Branches(Box::new(Branches { blocks: policy.branches.clone(), needed })))
}
