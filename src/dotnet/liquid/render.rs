//! Rendering templates.

use std::{borrow::Cow, cmp::Ordering};

use indexmap::IndexMap;

use super::{Condition, Expression, For, Node, Operator, Output, Step, Value, filters};
use crate::dotnet::{exception::Raise, runtime::Runtime};

/// Renders nodes with these variables.
pub(super) fn render(runtime: &mut Runtime<'_>, nodes: &[Node], globals: Vec<(String, Value)>) -> Result<String, Raise> {
    let mut renderer = Renderer { runtime, scopes: vec![globals.into_iter().collect()], counters: IndexMap::new(), out: String::new() };
    renderer.nodes(nodes)?;
    Ok(renderer.out)
}

/// Why a block ended before its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Not,
    Break,
    Continue,
}

struct Renderer<'a, 'r> {
    runtime: &'a mut Runtime<'r>,
    scopes: Vec<IndexMap<String, Value>>,
    counters: IndexMap<String, i64>,
    out: String,
}

impl Renderer<'_, '_> {
    fn nodes(&mut self, nodes: &[Node]) -> Result<Left, Raise> {
        for node in nodes {
            self.runtime.step()?;
            match node {
                Node::Text(text) => {
                    self.runtime.allocate(text.len())?;
                    self.out.push_str(text);
                }
                Node::Output(output) => {
                    let value = self.output(output)?;
                    let before = self.out.len();
                    value.write(&mut self.out);
                    self.runtime.allocate(self.out.len() - before)?;
                }
                Node::Branches(branches) => {
                    for (condition, body) in branches {
                        if self.holds(condition)? {
                            match self.nodes(body)? {
                                Left::Not => break,
                                left => return Ok(left),
                            }
                        }
                    }
                }
                Node::For(made) => self.repeat(made)?,
                Node::Assign(name, output) => {
                    let value = self.output(output)?;
                    self.set_outermost(name, value);
                }
                Node::Capture(name, body) => {
                    let outer = std::mem::take(&mut self.out);
                    let left = self.nodes(body)?;
                    let captured = std::mem::replace(&mut self.out, outer);
                    self.set_outermost(name, Value::text(captured));
                    if left != Left::Not {
                        return Ok(left);
                    }
                }
                Node::Cycle(group, values) => {
                    let turn = self.counters.entry(format!("cycle {group}")).or_insert(0);
                    let at = usize::try_from(*turn).unwrap_or(0) % values.len().max(1);
                    *turn += 1;
                    if let Some(value) = values.get(at) {
                        let value = self.value(value)?;
                        value.write(&mut self.out);
                    }
                }
                Node::Count(name, by) => {
                    let counter = self.counters.entry(name.clone()).or_insert(0);
                    // `increment` shows the number before, `decrement` the one after.
                    let shown = if *by > 0 { *counter } else { *counter + by };
                    *counter += by;
                    self.out.push_str(&shown.to_string());
                }
                Node::Break => return Ok(Left::Break),
                Node::Continue => return Ok(Left::Continue),
            }
        }
        Ok(Left::Not)
    }

    fn set_outermost(&mut self, name: &str, value: Value) {
        if let Some(scope) = self.scopes.first_mut() {
            scope.insert(name.to_owned(), value);
        }
    }

    fn repeat(&mut self, made: &For) -> Result<(), Raise> {
        let mut items = match self.value(&made.over)? {
            Value::Array(items) => items,
            Value::Object(entries, false) => {
                entries.into_iter().map(|(name, value)| Value::Array(vec![Value::text(name), value])).collect()
            }
            // An element that stands alone: a list of one, as the imported templates take it.
            Value::Object(entries, true) if !entries.is_empty() => vec![Value::Object(entries, true)],
            Value::Nil | Value::Object(..) => Vec::new(),
            Value::Text(text) if made.has_commas && !text.is_empty() => vec![Value::Text(text)],
            _ => Vec::new(),
        };
        let offset = self.count(made.offset.as_ref())?.unwrap_or(0);
        items.drain(..offset.min(items.len()));
        if let Some(limit) = self.count(made.limit.as_ref())? {
            items.truncate(limit);
        }
        if made.is_reversed {
            items.reverse();
        }
        if items.is_empty() {
            self.nodes(&made.otherwise)?;
            return Ok(());
        }
        let length = items.len();
        for (index, item) in items.into_iter().enumerate() {
            if made.has_commas && index > 0 {
                self.out.push(',');
            }
            let number = |number: usize| Value::Int(number as i64);
            let forloop = Value::object([
                ("length".to_owned(), number(length)),
                ("index".to_owned(), number(index + 1)),
                ("index0".to_owned(), number(index)),
                ("rindex".to_owned(), number(length - index)),
                ("rindex0".to_owned(), number(length - index - 1)),
                ("first".to_owned(), Value::Bool(index == 0)),
                ("last".to_owned(), Value::Bool(index + 1 == length)),
            ]);
            self.scopes.push([(made.variable.clone(), item), ("forloop".to_owned(), forloop)].into_iter().collect());
            let left = self.nodes(&made.body);
            self.scopes.pop();
            if left? == Left::Break {
                break;
            }
        }
        Ok(())
    }

    fn count(&mut self, expression: Option<&Expression>) -> Result<Option<usize>, Raise> {
        let Some(expression) = expression else { return Ok(None) };
        Ok(self.value(expression)?.integer().map(|number| usize::try_from(number).unwrap_or(0)))
    }

    fn output(&mut self, output: &Output) -> Result<Value, Raise> {
        let mut value = self.value(&output.value)?;
        for (name, arguments) in &output.filters {
            let mut given = Vec::with_capacity(arguments.len());
            for argument in arguments {
                given.push(self.value(argument)?);
            }
            value = filters::apply(self.runtime, name, value, &given)?;
        }
        Ok(value)
    }

    fn value(&mut self, expression: &Expression) -> Result<Value, Raise> {
        self.runtime.step()?;
        Ok(match expression {
            Expression::Literal(value) => value.clone(),
            Expression::Empty => Value::text(""),
            Expression::Range(from, to) => {
                let (from, to) = (self.value(from)?.integer().unwrap_or(0), self.value(to)?.integer().unwrap_or(0));
                let count = usize::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or(0);
                self.runtime.allocate(count.saturating_mul(size_of::<Value>()))?;
                Value::Array((from..=to).map(Value::Int).collect())
            }
            Expression::Path(steps) => {
                let mut indexes = Vec::new();
                for step in steps {
                    if let Step::Index(index) = step {
                        indexes.push(self.value(index)?);
                    }
                }
                self.walked(steps, &indexes)
            }
        })
    }

    /// What a path leads to. Only the end of it is copied: a body may be large, and templates name it in every line.
    fn walked(&self, steps: &[Step], indexes: &[Value]) -> Value {
        let mut indexes = indexes.iter();
        let mut steps = steps.iter();
        let Some(Step::Name(first)) = steps.next() else { return Value::Nil };
        let mut at = match self.scopes.iter().rev().find_map(|scope| scope.get(first)) {
            Some(value) => Cow::Borrowed(value),
            None => Cow::Owned(self.counters.get(first).map_or(Value::Nil, |number| Value::Int(*number))),
        };
        for step in steps {
            let index = match step {
                Step::Name(name) => &Value::text(name.clone()),
                Step::Index(_) => indexes.next().unwrap_or(&Value::Nil),
            };
            at = match at {
                Cow::Borrowed(value) => value.held(index).map_or_else(|| Cow::Owned(value.at(index)), Cow::Borrowed),
                Cow::Owned(value) => Cow::Owned(value.at(index)),
            };
        }
        at.into_owned()
    }

    fn holds(&mut self, condition: &Condition) -> Result<bool, Raise> {
        Ok(match condition {
            Condition::Always => true,
            Condition::Truth(expression) => self.value(expression)?.is_true(),
            Condition::Not(inner) => !self.holds(inner)?,
            Condition::And(left, right) => self.holds(left)? && self.holds(right)?,
            Condition::Or(left, right) => self.holds(left)? || self.holds(right)?,
            Condition::Compare(left, operator, right) => {
                let is_empty = |expression: &Expression| matches!(expression, Expression::Empty);
                let asks_empty = (is_empty(left), is_empty(right));
                let (left, right) = (self.value(left)?, self.value(right)?);
                match asks_empty {
                    (false, true) => left.is_empty() == (*operator == Operator::Equal),
                    (true, false) => right.is_empty() == (*operator == Operator::Equal),
                    _ => compare(&left, *operator, &right),
                }
            }
        })
    }
}

fn compare(left: &Value, operator: Operator, right: &Value) -> bool {
    match operator {
        Operator::Equal => left == right,
        Operator::Unequal => left != right,
        Operator::Less => order(left, right).is_some_and(Ordering::is_lt),
        Operator::LessOrEqual => order(left, right).is_some_and(Ordering::is_le),
        Operator::Greater => order(left, right).is_some_and(Ordering::is_gt),
        Operator::GreaterOrEqual => order(left, right).is_some_and(Ordering::is_ge),
        Operator::Contains => match left {
            Value::Array(values) => values.contains(right),
            Value::Text(text) => text.contains(&right.written()),
            _ => false,
        },
        Operator::StartsWith => match left {
            Value::Array(values) => values.first() == Some(right),
            left => left.written().starts_with(&right.written()),
        },
        Operator::EndsWith => match left {
            Value::Array(values) => values.last() == Some(right),
            left => left.written().ends_with(&right.written()),
        },
        Operator::HasKey => matches!(left, Value::Object(entries, _) if entries.contains_key(&right.written())),
        Operator::HasValue => matches!(left, Value::Object(entries, _) if entries.values().any(|value| value == right)),
    }
}

/// Numbers among themselves and texts among themselves; nothing else has an order.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.as_str().cmp(right.as_str())),
        (Value::Date(left), Value::Date(right)) => Some(left.ticks.cmp(&right.ticks)),
        _ => Some(left.decimal()?.cmp(&right.decimal()?)),
    }
}
