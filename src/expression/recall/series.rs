//! Assignments that stand in a row, remembered together: what they read of the request says what all of them give, and the values between them
//! need not be looked at.

use smallvec::SmallVec;

use super::{
    Found, evaluate_watched, is_same_input,
    memory::{Given, Look, MOST_INPUTS, Memory, is_plain, size},
};
use crate::{
    dotnet::{
        context::{Part, VariableName},
        exception::Raise,
        runtime::{Budget, Runtime},
        value::Value,
    },
    expression::{Program, evaluate, program::Node},
    text::Text,
};

/// What is assigned to a variable.
#[derive(Clone, Copy)]
pub enum Assigned<'a> {
    /// A string.
    Literal(&'a Text),
    /// The value of an expression.
    Expression(&'a Program),
}

/// Variables that are set one after the other.
#[derive(Debug)]
pub struct Series {
    names: Box<[VariableName]>,
    memory: Memory<Vec<Given>>,
}

type Values = SmallVec<[Value; 8]>;

impl Series {
    /// The longest series from the first of these assignments on, where it is worth it.
    pub fn of<'a>(assignments: impl Iterator<Item = (&'a VariableName, Assigned<'a>)>) -> Option<Self> {
        let (mut names, mut inputs, mut main): (Vec<VariableName>, Vec<Node>, _) = (Vec::new(), Vec::new(), None);
        for (name, assigned) in assignments {
            // An input that is assigned would have to be looked at before and after.
            if inputs.iter().any(|input| may_read(input, name)) {
                break;
            }
            if let Assigned::Expression(program) = assigned {
                let mut found = Found::default();
                program.main.nodes(&mut |node| found.see(node));
                let comes_from_outside = |input: &Node| !names.iter().any(|set| reads(input, set));
                let is_known = |input: &Node| inputs.iter().any(|known| is_same_input(known, input));
                let new: Vec<Node> = found.inputs.into_iter().filter(|input| comes_from_outside(input) && !is_known(input)).collect();
                let reads_assigned = |input: &Node| names.iter().chain([name]).any(|set| may_read(input, set));
                if !found.is_repeatable || inputs.len() + new.len() > MOST_INPUTS || new.iter().any(reads_assigned) {
                    break;
                }
                inputs.extend(new);
                main = Some(program.main.clone());
            }
            names.push(name.clone());
        }
        let main = main.filter(|_| names.len() > 1)?;
        Some(Self { names: names.into(), memory: Memory::new(inputs, main) })
    }

    /// How many assignments it is.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// How many sets of inputs it knows.
    #[cfg(test)]
    pub(super) fn keeps(&self) -> usize {
        self.memory.late.lock().map_or(0, |late| late.kept.len())
    }

    /// Sets the variables, each `assigned` its own. `None` where they are to be set one by one: nothing is done then.
    ///
    /// # Errors
    /// What an expression has raised, with its number: those before it are set.
    pub fn run<'a>(
        &self,
        runtime: &mut Runtime<'_>,
        assigned: impl Fn(usize) -> Option<Assigned<'a>>,
    ) -> Option<Result<(), (usize, Raise)>> {
        // No assignment changes an input: in the middle of them they are what they were.
        let known = |given: &Vec<Given>, read: &_, runtime: &mut Runtime<'_>| {
            for (name, given) in self.names.iter().zip(given) {
                let value = self.memory.value(given, read, runtime);
                runtime.context.variables.set_named(name, value);
            }
        };
        let strange = match self.memory.look(runtime, known) {
            Look::Known(()) => return Some(Ok(())),
            Look::Unknown => return None,
            Look::Strange(strange) => strange,
        };
        let (outcome, asked) = evaluate_watched(runtime, |runtime| self.assign(runtime, assigned));
        let values = match outcome {
            Ok(values) => values,
            Err(failed) => return Some(Err(failed)),
        };
        if !asked && values.iter().all(is_plain) {
            let bytes = values.iter().map(size).sum();
            self.memory.keep(strange, bytes, runtime, |strange| {
                values.iter().map(|value| self.memory.given(value, strange, runtime)).collect::<Option<Vec<Given>>>()
            });
        }
        Some(Ok(()))
    }

    /// One by one: the values.
    fn assign<'a>(&self, runtime: &mut Runtime<'_>, assigned: impl Fn(usize) -> Option<Assigned<'a>>) -> Result<Values, (usize, Raise)> {
        let mut values = Values::new();
        for (number, name) in self.names.iter().enumerate() {
            let value = match assigned(number) {
                Some(Assigned::Literal(text)) => Value::string(text.clone()),
                Some(Assigned::Expression(program)) => {
                    runtime.budget = Budget::default();
                    evaluate(program, runtime).map_err(|raise| (number, raise))?
                }
                None => continue,
            };
            runtime.context.variables.set_named(name, value.clone());
            values.push(value);
        }
        Ok(values)
    }
}

/// Whether an input is this variable.
fn reads(input: &Node, name: &VariableName) -> bool {
    match input {
        Node::Variable(own) => **own == *name,
        Node::VariableOr(own) => own.name == *name,
        _ => false,
    }
}

/// Whether an input is this variable, or has to do with all of them: their number, whether one is there.
fn may_read(input: &Node, name: &VariableName) -> bool {
    reads(input, name) || asks_variables(input)
}

fn asks_variables(node: &Node) -> bool {
    let mut asks = matches!(node, Node::Constant(Value::Context(Part::Variables)));
    node.parts(&mut |part| asks |= asks_variables(part));
    asks
}
