//! Values remembered: what an expression gave for what it read, it gives again where it reads the same.
//!
//! A gateway sees the same paths, methods, models and regions all day, and policies take them apart for each request anew. An expression
//! that only computes (no clock, no chance, no message's body, nothing changed outside of itself) gives one value for one set of inputs:
//! the variables and the parts of `context` that it names. A few sets are kept with their values. Errors are not remembered, nor are
//! values that refer to objects: those belong to one request (law 5). A string that was computed is then one object for all who get it, where
//! .NET makes one each time; only `ReferenceEquals` of two evaluations of the same expression could tell.

mod members;
#[cfg(test)]
mod tests;

use std::{cell::Cell, sync::Mutex};

use smallvec::SmallVec;

use super::{
    evaluate,
    program::{Conversion, Function, Node, Program},
};
use crate::{
    dotnet::{context::Part, exception::Raise, runtime::Runtime, value::Value},
    environment::{Environment, Moment},
};
use members::{is_repeatable, reads_entry};

/// What an expression reads, and what it gave for it.
#[derive(Debug)]
pub(super) struct Recall {
    /// Nodes whose values say what the expression gives.
    inputs: Box<[Node]>,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    kept: Vec<Kept>,
    /// Where the next set goes once there is no more room.
    next: usize,
    /// Sets in a row that were not known.
    strange: u32,
    /// How many evaluations are still to pass without a look.
    rest: u32,
}

#[derive(Debug)]
struct Kept {
    inputs: Box<[Input]>,
    given: Given,
}

/// What an expression gave.
#[derive(Debug)]
enum Given {
    Value(Value),
    /// One of its inputs, the same object.
    Input(usize),
}

#[derive(Debug)]
enum Input {
    /// A value that refers to nothing.
    Plain(Value),
    /// The contents of a `byte[]`.
    Bytes(Box<[u8]>),
}

/// Sets that are kept of one expression.
const SETS: usize = 8;

/// What the texts and bytes of one set may come to.
const SET_BYTES: usize = 4096;

/// Inputs beyond this cost as much to compare as most expressions to evaluate.
const MOST_INPUTS: usize = 6;

/// Strange sets in a row after which nothing is looked up for a while: an expression over what never repeats costs what it cost before.
const PATIENCE: u32 = 16;
const REST: u32 = 240;

impl Recall {
    /// For an expression that gives the same for the same inputs, and costs more than to look them up.
    pub(super) fn of(main: &Function) -> Option<Box<Self>> {
        let mut found = Found::default();
        main.nodes(&mut |node| found.see(node));
        let is_worth_it = found.weight > 2 + 2 * found.inputs.len() && found.inputs.len() <= MOST_INPUTS;
        (found.is_repeatable && is_worth_it).then(|| Box::new(Self { inputs: found.inputs.into(), memory: Mutex::default() }))
    }

    /// The expression's value: remembered, or computed and remembered.
    pub(super) fn evaluate(&self, program: &Program, runtime: &mut Runtime<'_>) -> Result<Value, Raise> {
        // Whoever looks at the same time evaluates instead of waiting.
        let Ok(mut memory) = self.memory.try_lock() else { return evaluate::run(program, runtime) };
        if memory.rest > 0 {
            memory.rest -= 1;
            drop(memory);
            return evaluate::run(program, runtime);
        }
        let Some(read) = self.read(program, runtime) else {
            memory.missed();
            drop(memory);
            return evaluate::run(program, runtime);
        };
        let is_it = |kept: &&Kept| {
            let values = self.inputs.iter().zip(&read).map(|(node, read)| value(node, read, runtime));
            kept.inputs.iter().zip(values).all(|(input, value)| input.is(value, runtime))
        };
        if let Some(kept) = memory.kept.iter().find(is_it) {
            let given = match &kept.given {
                Given::Value(value) => value.clone(),
                Given::Input(place) => self.input(*place, &read, runtime).clone(),
            };
            memory.strange = 0;
            return Ok(given);
        }
        memory.missed();
        // What the expression calls may come here again: nothing is held while it runs.
        drop(memory);
        let inputs = self.inputs.iter().zip(&read).map(|(node, read)| Input::new(value(node, read, runtime), runtime));
        let inputs = inputs.collect::<Option<Box<[Input]>>>().filter(|inputs| can_be_kept(inputs));
        let (given, asked) = evaluate_watched(program, runtime);
        let given = given?;
        if let Some(inputs) = inputs
            && !asked
            && is_plain(&given)
            && inputs.iter().map(Input::size).sum::<usize>() + size(&given) <= SET_BYTES
            // What it has changed it would not change again.
            && inputs.iter().enumerate().all(|(place, input)| input.is(self.input(place, &read, runtime), runtime))
            && let Ok(mut memory) = self.memory.try_lock()
        {
            let is_given = |place: &usize| is_same(self.input(*place, &read, runtime), &given);
            let given = match (0..inputs.len()).find(is_given) {
                Some(place) => Given::Input(place),
                None => Given::Value(given.clone()),
            };
            memory.keep(Kept { inputs, given });
        }
        Ok(given)
    }

    fn input<'a>(&self, place: usize, read: &'a Read, runtime: &'a Runtime<'_>) -> &'a Value {
        match (self.inputs.get(place), read.get(place)) {
            (Some(node), Some(read)) => value(node, read, runtime),
            _ => &Value::Null,
        }
    }

    /// The inputs that lie nowhere, evaluated; none in the place of those that do. Nothing where one of all cannot be compared: where it is not
    /// needed it may also fail.
    fn read(&self, program: &Program, runtime: &mut Runtime<'_>) -> Option<Read> {
        let mut read = Read::new();
        for node in &self.inputs {
            let value = match node {
                Node::Variable(_) => None,
                node => Some(evaluate::input(node, program, runtime).ok()?),
            };
            let can_be_compared = |value: &Value| is_plain(value) || runtime.bytes(value).is_some();
            if !can_be_compared(value.as_ref().unwrap_or_else(|| self::value(node, &None, runtime))) {
                return None;
            }
            read.push(value);
        }
        Some(read)
    }
}

type Read = SmallVec<[Option<Value>; MOST_INPUTS]>;

/// The value of an input, where it lies or as it was read.
fn value<'a>(node: &Node, read: &'a Option<Value>, runtime: &'a Runtime<'_>) -> &'a Value {
    match (read, node) {
        (Some(value), _) => value,
        (None, Node::Variable(name)) => runtime.context.variables.named(name).unwrap_or(&Value::Null),
        (None, _) => &Value::Null,
    }
}

/// Evaluates, and says whether clock or chance were asked: members that compute may come to one by a way that their names do not tell.
fn evaluate_watched(program: &Program, runtime: &mut Runtime<'_>) -> (Result<Value, Raise>, bool) {
    let mut environment = Watched { environment: &mut *runtime.environment, asked: Cell::new(false) };
    let mut watched = Runtime {
        context: &mut *runtime.context,
        heap: &mut *runtime.heap,
        environment: &mut environment,
        budget: runtime.budget,
        locals: std::mem::take(&mut runtime.locals),
    };
    let given = evaluate::run(program, &mut watched);
    (runtime.budget, runtime.locals) = (watched.budget, watched.locals);
    (given, environment.asked.get())
}

/// An environment that notes whether somebody asked it something.
struct Watched<'a> {
    environment: &'a mut dyn Environment,
    asked: Cell<bool>,
}

impl Environment for Watched<'_> {
    fn now(&self) -> Moment {
        self.asked.set(true);
        self.environment.now()
    }

    fn random(&mut self) -> u64 {
        self.asked.set(true);
        self.environment.random()
    }

    fn guid(&mut self) -> [u8; 16] {
        self.asked.set(true);
        self.environment.guid()
    }
}

/// Two arrays may be one or two of the same contents, which these do not tell.
fn can_be_kept(inputs: &[Input]) -> bool {
    inputs.iter().filter(|input| matches!(input, Input::Bytes(_))).count() < 2
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.bytes(),
        _ => size_of::<Value>(),
    }
}

impl Memory {
    fn missed(&mut self) {
        self.strange += 1;
        if self.strange > PATIENCE {
            self.strange = PATIENCE;
            self.rest = REST;
        }
    }

    fn keep(&mut self, kept: Kept) {
        match self.kept.get_mut(self.next) {
            Some(place) => *place = kept,
            None => self.kept.push(kept),
        }
        self.next = (self.next + 1) % SETS;
    }
}

impl Input {
    fn new(value: &Value, runtime: &Runtime<'_>) -> Option<Self> {
        match runtime.bytes(value) {
            Some(bytes) if bytes.len() <= SET_BYTES => Some(Self::Bytes(bytes.into())),
            Some(_) => None,
            None => Some(Self::Plain(value.clone())),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Plain(value) => size(value),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    fn is(&self, value: &Value, runtime: &Runtime<'_>) -> bool {
        match (self, value) {
            (Self::Plain(Value::String(own)), Value::String(other)) => own == other,
            (Self::Plain(Value::Bool(own)), Value::Bool(other)) => own == other,
            (Self::Plain(Value::Int32(own)), Value::Int32(other)) => own == other,
            (Self::Plain(Value::Int64(own)), Value::Int64(other)) => own == other,
            (Self::Plain(Value::Null), Value::Null) => true,
            (Self::Bytes(own), value) => runtime.bytes(value).is_some_and(|other| **own == *other),
            _ => false,
        }
    }
}

/// A value that two requests may share, and that is compared by what it is.
fn is_plain(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(_) | Value::Int32(_) | Value::Int64(_) | Value::String(_))
}

/// Whether two strings are one object.
fn is_same(a: &Value, b: &Value) -> bool {
    matches!((a, b), (Value::String(a), Value::String(b)) if a.is_same(b))
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
        Node::Variable(_) => true,
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
        _ => false,
    }
}
