//! Runs `set-variable`.

use super::{Outcome, Stop, Turn, failed};
use crate::{
    dotnet::Value,
    expression::Series,
    policy::{Policy, Setting, Statement, elements::set_variable::SetVariable},
    text::Text,
};

/// Sets the variables of assignments that are remembered together, of which these statements are the first. `None` where they are to run one by
/// one.
///
/// # Errors
/// What a statement has failed with, and its number among these.
pub(in crate::gateway) fn together(series: &Series, statements: &[Statement], turn: &mut Turn<'_>) -> Option<Result<(), (usize, Stop)>> {
    let assigned = |number: usize| match &statements.get(number)?.policy {
        Policy::SetVariable(policy) => Some(policy.assigned()),
        _ => None,
    };
    let outcome = turn.in_world(|runtime| series.run(runtime, assigned))?;
    Some(outcome.map_err(|(number, raise)| {
        let element = statements.get(number).map_or(Text::EMPTY, |statement| statement.place.element.clone());
        (number, failed(raise, &element))
    }))
}

pub(super) fn execute(policy: &SetVariable, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let value = match &policy.value {
        Setting::Literal(text) => Value::string(text.clone()),
        Setting::Expression(program) => turn.evaluate(program, element)?,
    };
    turn.state.context.variables.set_named(&policy.name, value);
    Ok(Outcome::Done)
}
