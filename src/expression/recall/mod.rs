//! Values remembered: what an expression gave for what it read, it gives again where it reads the same.
//!
//! A gateway sees the same paths, methods, models and regions all day, and policies take them apart for each request anew. An expression
//! that only computes (no clock, no chance, no message's body, nothing changed outside of itself) gives one value for one set of inputs:
//! the variables and the parts of `context` that it names. A few sets are kept with their values. Errors are not remembered, nor are
//! values that refer to objects: those belong to one request (law 5). A string that was computed is then one object for all who get it, where
//! .NET makes one each time; only a comparison by reference of two evaluations of the same expression could tell.

mod looks;
mod members;
mod memory;
mod series;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::{
    evaluate,
    program::{Conversion, Function, Node, Program},
};
use crate::{
    dotnet::{context::Part, exception::Raise, runtime::Runtime, value::Value},
    environment::Watched,
};
pub use looks::Looks;
use members::{is_repeatable, reads_entry};
use memory::{Given, Look, MOST_INPUTS, Memory, is_plain, size};
pub use series::{Assigned, Series};

/// What an expression reads, and what it gave for it.
#[derive(Debug)]
pub(super) struct Recall {
    memory: Memory<Given>,
}

impl Recall {
    /// For an expression that gives the same for the same inputs, and costs more than to look them up.
    pub(super) fn of(main: &Arc<Function>) -> Option<Box<Self>> {
        let mut found = Found::default();
        main.nodes(&mut |node| found.see(node));
        let is_worth_it = found.weight > 2 + 2 * found.inputs.len() && found.inputs.len() <= MOST_INPUTS;
        (found.is_repeatable && is_worth_it).then(|| Box::new(Self { memory: Memory::new(found.inputs, main.clone()) }))
    }

    /// The expression's value: remembered, or computed and remembered.
    pub(super) fn evaluate(&self, program: &Program, runtime: &mut Runtime<'_>) -> Result<Value, Raise> {
        match self.memory.look(runtime, |given, read, runtime| self.memory.value(given, read, runtime)) {
            Look::Known(value) => Ok(value),
            Look::Unknown => evaluate::run(program, runtime),
            Look::Strange(strange) => {
                let (given, asked) = evaluate_watched(runtime, |runtime| evaluate::run(program, runtime));
                let given = given?;
                if !asked && is_plain(&given) {
                    self.memory.keep(strange, size(&given), runtime, |strange| self.memory.given(&given, strange, runtime));
                }
                Ok(given)
            }
        }
    }
}

/// Works, and says whether clock or chance were asked: members that compute may come to one by a way that their names do not tell.
fn evaluate_watched<T>(runtime: &mut Runtime<'_>, work: impl FnOnce(&mut Runtime<'_>) -> T) -> (T, bool) {
    let mut environment = Watched::new(&mut *runtime.environment);
    let mut watched = Runtime {
        context: &mut *runtime.context,
        heap: &mut *runtime.heap,
        environment: &mut environment,
        budget: runtime.budget,
        locals: &mut *runtime.locals,
    };
    let given = work(&mut watched);
    runtime.budget = watched.budget;
    (given, environment.was_asked())
}

/// What an expression is made of.
struct Found {
    inputs: Vec<Node>,
    is_repeatable: bool,
    /// About what it costs: a plain step of evaluation is one.
    weight: usize,
}

impl Default for Found {
    fn default() -> Self {
        Self { inputs: Vec::new(), is_repeatable: true, weight: 0 }
    }
}

impl Found {
    fn see(&mut self, node: &Node) {
        if is_input(node) {
            if !self.inputs.iter().any(|known| is_same_input(known, node)) {
                self.inputs.push(node.clone());
            }
            return;
        }
        self.weight += match node {
            Node::Call(_) | Node::Closure(..) | Node::Invoke(..) => 4,
            Node::Concat(_) | Node::Interpolate(_) | Node::NewArray(..) | Node::NewRecord(..) => 3,
            _ => 1,
        };
        self.is_repeatable &= match node {
            // `context` itself, or a part of it that goes somewhere as a whole.
            Node::Constant(Value::Context(_) | Value::Object(_)) => false,
            // Which object a string is, its characters do not say.
            Node::Same(left, right, _) => [left, right].iter().any(|side| matches!(***side, Node::Constant(Value::Null))),
            // The variable that it reads is no input: its default may be anything.
            Node::VariableOr(_) => false,
            // The array may be a variable's own.
            Node::SetElement(_) | Node::SetGridElement(..) => false,
            Node::Call(call) => is_repeatable(call.native as usize),
            Node::Property(native, _) => is_repeatable(*native as usize),
            Node::MethodGroup(group) => is_repeatable(group.native as usize),
            Node::Convert(conversion, _) => converts_alike(conversion),
            _ => true,
        };
        node.parts(&mut |part| self.see(part));
    }
}

fn converts_alike(conversion: &Conversion) -> bool {
    match conversion {
        Conversion::User(native) => is_repeatable(*native as usize),
        Conversion::Lifted(inner) => converts_alike(inner),
        Conversion::Both(first, second) => converts_alike(first) && converts_alike(second),
        Conversion::Tuple(_, parts) => parts.iter().flatten().all(converts_alike),
        Conversion::Numeric(..) | Conversion::Unbox(_) | Conversion::Reference(_) | Conversion::NullableValue | Conversion::Delegate(_) => {
            true
        }
    }
}

/// A node that reads what a request has, by a name that the expression writes out, and changes nothing.
fn is_input(node: &Node) -> bool {
    match node {
        Node::Variable(_) | Node::HeaderOr(_) | Node::Text(_) => true,
        Node::VariableOr(variable) => matches!(variable.default, Node::Constant(_)),
        Node::Property(_, receiver) => is_part(receiver),
        Node::Call(call) => match call.arguments.as_ref() {
            [Node::Constant(Value::Context(Part::Headers(_) | Part::Query(_) | Part::MatchedParameters | Part::Variables)), names @ ..] => {
                reads_entry(call.native as usize)
                    && call.outs.is_empty()
                    && names.iter().all(|name| matches!(name, Node::Constant(value) if is_plain(value)))
            }
            _ => false,
        },
        _ => false,
    }
}

/// A part of `context`, reached by properties alone: they change nothing.
fn is_part(node: &Node) -> bool {
    match node {
        Node::Constant(Value::Context(_)) => true,
        Node::Property(_, receiver) => is_part(receiver),
        _ => false,
    }
}

fn is_same_input(a: &Node, b: &Node) -> bool {
    match (a, b) {
        (Node::Variable(a), Node::Variable(b)) => a == b,
        (Node::Text(a), Node::Text(b)) => *a as usize == *b as usize,
        (Node::Property(a, of), Node::Property(b, other)) => *a as usize == *b as usize && is_same_input(of, other),
        (Node::Constant(Value::Context(a)), Node::Constant(Value::Context(b))) => a == b,
        _ => false,
    }
}
