//! Runs `set-variable`.

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::Value,
    policy::{Setting, elements::set_variable::SetVariable},
    text::Text,
};

pub(super) fn execute(policy: &SetVariable, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let value = match &policy.value {
        Setting::Literal(text) => Value::string(text.clone()),
        Setting::Expression(program) => turn.evaluate(program, element)?,
    };
    turn.state.context.variables.set_named(&policy.name, value);
    Ok(Outcome::Done)
}
