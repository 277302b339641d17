//! The evaluator of nodes: a walk over a typed tree, values by value.
//!
//! How deep nodes nest is bounded when they are bound; how deep an expression's own functions call each other costs the budget's depth
//! and gets stack as it needs it. Steps are paid by what can repeat: calls and rounds of loops.

mod calls;
mod convert;
mod operators;
mod statements;
mod text;

pub(super) use operators::{arithmetic, compare, complement, constant_text, negate};

use super::program::{Arithmetic, Body, Conversion, Function, Node, Program, Slot};
use crate::dotnet::{
    collection, display,
    exception::{Exception, Raise, null_reference, raise},
    heap::{Grid, Object, Record},
    object, registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};
use statements::{Flow, block};

/// One run of a function.
pub(super) struct Frame<'a, 'b> {
    pub runtime: &'a mut Runtime<'b>,
    function: &'a Function,
    /// Where its variables begin in the runtime's.
    base: usize,
    /// The exception that the innermost `catch` is handling, for `throw;`.
    handling: Vec<Exception>,
}

/// Stack that the deepest nesting of nodes needs, and what is added where less is left.
const RED_ZONE: usize = 768 << 10;
const MORE_STACK: usize = 4 << 20;

pub(super) fn run(program: &Program, runtime: &mut Runtime<'_>) -> Result<Value, Raise> {
    let (function, base) = (&*program.main, runtime.locals.len());
    if let (Body::Expression(node), true, []) = (&function.body, function.is_shallow, &*function.slots) {
        // Most expressions of policies are a condition or the like: they need no more than this.
        return Frame { runtime, function, base, handling: Vec::new() }.evaluate(node);
    }
    runtime.locals.resize(base + function.slots.len(), Value::Null);
    finish(function, base, runtime)
}

/// Whether an expression is true.
pub(super) fn truth(program: &Program, runtime: &mut Runtime<'_>) -> Result<bool, Raise> {
    let (function, base) = (&*program.main, runtime.locals.len());
    if let (Body::Expression(node), true, []) = (&function.body, function.is_shallow, &*function.slots) {
        return Frame { runtime, function, base, handling: Vec::new() }.truth(node);
    }
    run(program, runtime).map(|value| matches!(value, Value::Bool(true)))
}

/// The value of a node that needs none of its function's variables. It costs nothing: whoever looks ahead at what an expression reads does not pay.
pub(super) fn input(node: &Node, main: &Function, runtime: &mut Runtime<'_>) -> Result<Value, Raise> {
    let (budget, base) = (runtime.budget, runtime.locals.len());
    let value = Frame { runtime, function: main, base, handling: Vec::new() }.evaluate(node);
    runtime.budget = budget;
    value
}

/// Runs a function whose captured variables and parameters are in place.
fn finish(function: &Function, base: usize, runtime: &mut Runtime<'_>) -> Result<Value, Raise> {
    let depth = runtime.enter()?;
    // Shallow functions that call each other still get stack, every few calls.
    let outcome = if function.is_shallow && depth % 8 != 4 {
        body(function, base, runtime)
    } else {
        stacker::maybe_grow(RED_ZONE, MORE_STACK, || body(function, base, runtime))
    };
    runtime.leave(depth);
    runtime.locals.truncate(base);
    outcome
}

fn body(function: &Function, base: usize, runtime: &mut Runtime<'_>) -> Result<Value, Raise> {
    let mut frame = Frame { runtime, function, base, handling: Vec::new() };
    match &function.body {
        Body::Expression(node) => frame.evaluate(node),
        Body::Block(steps) => block(&mut frame, steps).map(|flow| match flow {
            Flow::Return(value) => value,
            _ => Value::Null,
        }),
    }
}

impl Frame<'_, '_> {
    fn slot(&self, index: usize) -> &Value {
        self.runtime.locals.get(self.base + index).unwrap_or(&Value::Null)
    }

    /// The value of a local.
    fn local(&self, index: usize) -> Value {
        match self.slot(index) {
            Value::Cell(cell) => match self.runtime.heap.get(*cell) {
                Object::Cell(value) => value.clone(),
                _ => Value::Null,
            },
            value => value.clone(),
        }
    }

    /// Assigns a local, through its cell if it has one.
    fn assign(&mut self, index: usize, value: Value) {
        if let Some(slot) = self.runtime.locals.get_mut(self.base + index) {
            match slot {
                Value::Cell(cell) => {
                    if let Some(Object::Cell(inside)) = self.runtime.heap.get_mut(*cell) {
                        *inside = value;
                    }
                }
                slot => *slot = value,
            }
        }
    }

    /// Begins the life of a local: what a lambda captures gets a new cell.
    fn declare(&mut self, index: usize, value: Value) -> Result<(), Raise> {
        let value = match self.function.slots.get(index) {
            Some(Slot::Captured) => self.runtime.cell(value)?,
            Some(Slot::Hoisted) => {
                self.assign(index, value);
                return Ok(());
            }
            _ => value,
        };
        if let Some(slot) = self.runtime.locals.get_mut(self.base + index) {
            *slot = value;
        }
        Ok(())
    }

    /// The value of a condition, without making a value of what needs none.
    fn truth(&mut self, node: &Node) -> Result<bool, Raise> {
        match node {
            Node::And(left, right) => Ok(self.truth(left)? && self.truth(right)?),
            Node::Or(left, right) => Ok(self.truth(left)? || self.truth(right)?),
            Node::Not(operand) => Ok(!self.truth(operand)?),
            Node::Compare(comparison, left, right) => self.sides(left, right, |_, left, right| compare(*comparison, left, right)),
            Node::Equal(left, right, negated) => {
                self.sides(left, right, |frame, left, right| object::equal(frame.runtime, left, right) != *negated)
            }
            Node::Same(left, right, negated) => self.sides(left, right, |_, left, right| object::same(left, right) != *negated),
            node => match self.peek(node) {
                Some(value) => Ok(matches!(value, Value::Bool(true))),
                None => Ok(matches!(self.evaluate(node)?, Value::Bool(true))),
            },
        }
    }

    /// The value of a node where it lies, if it lies somewhere and nothing has to be done for it.
    fn peek<'s>(&'s self, node: &'s Node) -> Option<&'s Value> {
        match node {
            Node::Constant(value) => Some(value),
            Node::Local(index) => match self.slot(*index) {
                Value::Cell(_) => None,
                value => Some(value),
            },
            Node::Variable(name) => Some(self.runtime.context.variables.named(name).unwrap_or(&Value::Null)),
            Node::Convert(Conversion::Reference(ty) | Conversion::Unbox(ty), operand) => {
                self.peek(operand).filter(|value| display::is_plainly(value, ty))
            }
            _ => None,
        }
    }

    /// What a test says of two sides, neither of which is moved.
    #[inline]
    fn sides(&mut self, left: &Node, right: &Node, test: impl FnOnce(&Self, &Value, &Value) -> bool) -> Result<bool, Raise> {
        if let (Some(left), Some(right)) = (self.peek(left), self.peek(right)) {
            return Ok(test(self, left, right));
        }
        let left = self.evaluate(left);
        let left = match &left {
            Ok(left) => left,
            Err(_) => return left.map(|_| false),
        };
        if let Some(right) = self.peek(right) {
            return Ok(test(self, left, right));
        }
        let right = self.evaluate(right);
        match &right {
            Ok(right) => Ok(test(self, left, right)),
            Err(_) => right.map(|_| false),
        }
    }

    /// The value of a node. What is rarer has a function of its own: each level of nesting costs the stack of this one.
    fn evaluate(&mut self, node: &Node) -> Result<Value, Raise> {
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Local(index) => Ok(self.local(*index)),
            Node::Assign(index, value) => {
                let value = self.evaluate(value)?;
                self.assign(*index, value.clone());
                Ok(value)
            }
            Node::Declare(index, value) => {
                let value = self.evaluate(value)?;
                self.declare(*index, value.clone())?;
                Ok(value)
            }
            Node::Property(native, receiver) => self.property(*native, receiver),
            Node::Variable(name) => Ok(self.runtime.context.variables.named(name).cloned().unwrap_or(Value::Null)),
            Node::Text(of) => Ok(Value::string(of(self.runtime.context).clone())),
            Node::VariableOr(variable) => self.variable_or(variable),
            Node::HeaderOr(header) => self.header_or(header),
            Node::Call(call) => self.call(call),
            Node::Arithmetic(operation, kind, checked, left, right) => {
                let left = self.evaluate(left)?;
                let right = self.evaluate(right)?;
                arithmetic(*operation, *kind, *checked, &left, &right)
            }
            Node::Compare(..) | Node::Equal(..) | Node::Same(..) | Node::And(..) | Node::Or(..) | Node::Not(_) => {
                self.truth(node).map(Value::Bool)
            }
            Node::Conditional(parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                if self.truth(condition)? { self.evaluate(then) } else { self.evaluate(otherwise) }
            }
            Node::Coalesce(left, right) => match self.evaluate(left)? {
                Value::Null => self.evaluate(right),
                value => Ok(value),
            },
            Node::WhenNotNull(target, local, rest) => match self.evaluate(target)? {
                Value::Null => Ok(Value::Null),
                value => {
                    self.assign(*local, value);
                    self.evaluate(rest)
                }
            },
            Node::Convert(conversion, operand) => {
                let value = self.evaluate(operand)?;
                self.convert(conversion, value)
            }
            Node::Element(array, index) => {
                let array = self.evaluate(array)?;
                let index = self.evaluate(index)?;
                collection::element(self.runtime, &array, &index)
            }
            Node::Concat(parts) => self.concat(parts),
            Node::Interpolate(pieces) => self.interpolate(pieces),
            Node::Field(record, index) => {
                let record = self.evaluate(record)?;
                match self.runtime.get(&record) {
                    Some(Object::Record(record)) => Ok(record.items.get(*index).cloned().unwrap_or(Value::Null)),
                    _ => Err(null_reference()),
                }
            }
            rare => self.rare(rare),
        }
    }

    #[inline(never)]
    fn rare(&mut self, node: &Node) -> Result<Value, Raise> {
        match node {
            Node::Cell(index) => Ok(self.slot(*index).clone()),
            Node::Invoke(delegate, arguments) => self.invoke(delegate, arguments),
            Node::Closure(function, captured, ty) => self.closure(function, captured, ty),
            Node::MethodGroup(group) => self.method_group(group),
            Node::SetElement(parts) => {
                let [array, index, value] = parts.as_ref();
                let (array, index, value) = (self.evaluate(array)?, self.evaluate(index)?, self.evaluate(value)?);
                collection::set_element(self.runtime, &array, &index, value.clone())?;
                Ok(value)
            }
            Node::GridElement(grid, indices) => {
                let grid = self.evaluate(grid)?;
                let indices = self.all(indices)?;
                collection::grid_element(self.runtime, &grid, &indices)
            }
            Node::SetGridElement(grid, indices, value) => {
                let grid = self.evaluate(grid)?;
                let indices = self.all(indices)?;
                let value = self.evaluate(value)?;
                collection::set_grid_element(self.runtime, &grid, &indices, value.clone())?;
                Ok(value)
            }
            Node::Logic(operation, left, right) => {
                let (left, right) = (self.truth(left)?, self.truth(right)?);
                Ok(Value::Bool(match operation {
                    Arithmetic::And => left & right,
                    Arithmetic::Or => left | right,
                    _ => left ^ right,
                }))
            }
            Node::ThreeValued(operation, left, right) => {
                let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
                let decisive = Value::Bool(*operation == Arithmetic::Or);
                let is = |value: &Value| matches!((value, &decisive), (Value::Bool(a), Value::Bool(b)) if a == b);
                Ok(if is(&left) || is(&right) {
                    decisive
                } else if left.is_null() || right.is_null() {
                    Value::Null
                } else {
                    Value::Bool(*operation != Arithmetic::Or)
                })
            }
            Node::Negate(kind, checked, operand) => {
                let operand = self.evaluate(operand)?;
                negate(*kind, *checked, &operand)
            }
            Node::Complement(kind, operand) => {
                let operand = self.evaluate(operand)?;
                complement(*kind, &operand)
            }
            Node::Lifted(operands, operation) => {
                let mut any_null = false;
                for (operand, local) in operands {
                    let value = self.evaluate(operand)?;
                    any_null |= value.is_null();
                    self.assign(*local, value);
                }
                if any_null { Ok(Value::Null) } else { self.evaluate(operation) }
            }
            Node::NewArray(element, items) => {
                let items = self.all(items)?;
                collection::array(self.runtime, element.clone(), items)
            }
            Node::NewArraySized(element, size) => {
                let size = self.evaluate(size)?;
                let size = self.length(&size)?;
                self.runtime.allocate(size.saturating_mul(if *element == Type::BYTE { 1 } else { size_of::<Value>() }))?;
                if *element == Type::BYTE {
                    return self.runtime.object(Object::Bytes(vec![0; size]));
                }
                let item = self.default_of(element)?;
                collection::array(self.runtime, element.clone(), vec![item; size])
            }
            Node::NewGrid(element, lengths, items) => self.grid(element, lengths, items.as_deref()),
            Node::NewRecord(ty, items) => {
                let items = self.all(items)?;
                self.runtime.object(Object::Record(Record { ty: ty.clone(), items: items.into() }))
            }
            Node::WithField(record, index, value) => {
                let record = self.evaluate(record)?;
                let value = self.evaluate(value)?;
                let Some(Object::Record(record)) = self.runtime.get(&record) else { return Err(null_reference()) };
                let (ty, mut items) = (record.ty.clone(), record.items.to_vec());
                if let Some(item) = items.get_mut(*index) {
                    *item = value;
                }
                self.runtime.object(Object::Record(Record { ty, items: items.into() }))
            }
            Node::Sequence(nodes) => {
                let mut last = Value::Null;
                for node in nodes {
                    last = self.evaluate(node)?;
                }
                Ok(last)
            }
            Node::Throw(operand) => {
                let value = self.evaluate(operand)?;
                match self.runtime.get(&value) {
                    Some(Object::Exception(exception)) => Err(Raise::Exception(Box::new(exception.clone()))),
                    _ => Err(null_reference()),
                }
            }
            Node::Is(ty, operand) => {
                let value = self.evaluate(operand)?;
                Ok(Value::Bool(self.is(&value, ty)))
            }
            Node::As(ty, operand) => {
                let value = self.evaluate(operand)?;
                Ok(if self.is(&value, ty) { value } else { Value::Null })
            }
            Node::TypeOf(ty) => self.runtime.instance(crate::dotnet::enums::Reflected(ty.clone())),
            // Every other node is a common one.
            _ => Ok(Value::Null),
        }
    }

    fn all(&mut self, nodes: &[Node]) -> Result<Vec<Value>, Raise> {
        nodes.iter().map(|node| self.evaluate(node)).collect()
    }

    /// `default(T)`, of tuples too, whose value is an object.
    fn default_of(&mut self, ty: &Type) -> Result<Value, Raise> {
        match ty {
            Type::Tuple(tuple) => {
                let items = tuple.items.iter().map(|item| self.default_of(item)).collect::<Result<Vec<_>, _>>()?;
                self.runtime.object(Object::Record(Record { ty: ty.clone(), items: items.into() }))
            }
            Type::Generic(class, arguments) if class.is_value_type() => {
                let items = arguments.iter().map(|item| self.default_of(item)).collect::<Result<Vec<_>, _>>()?;
                self.runtime.object(Object::Record(Record { ty: ty.clone(), items: items.into() }))
            }
            ty => Ok(Value::default_of(ty)),
        }
    }

    fn length(&self, value: &Value) -> Result<usize, Raise> {
        match value.as_integer().map(usize::try_from) {
            Some(Ok(size)) => Ok(size),
            _ => raise(&registry::OVERFLOW_EXCEPTION, "Arithmetic operation resulted in an overflow."),
        }
    }

    fn grid(&mut self, element: &Type, lengths: &[Node], items: Option<&[Node]>) -> Result<Value, Raise> {
        let lengths = self.all(lengths)?.iter().map(|length| self.length(length)).collect::<Result<Vec<_>, _>>()?;
        let size = lengths.iter().try_fold(1_usize, |size, length| size.checked_mul(*length)).unwrap_or(usize::MAX);
        self.runtime.allocate(size.saturating_mul(size_of::<Value>()))?;
        let items = match items {
            Some(items) => self.all(items)?,
            None => vec![self.default_of(element)?; size],
        };
        self.runtime.object(Object::Grid(Grid { element: element.clone(), lengths, items }))
    }

    /// Whether a value is one of a type: never for null.
    fn is(&self, value: &Value, ty: &Type) -> bool {
        !value.is_null() && is(self.runtime, value, ty)
    }
}

/// Whether a value, which is no null, is one of a type. Tokens, which policies cast most, are known by their class.
fn is(runtime: &Runtime<'_>, value: &Value, ty: &Type) -> bool {
    if display::is_plainly(value, ty) {
        return true;
    }
    if let (Some(Object::Token(token)), Type::Named(class)) = (runtime.get(value), ty)
        && std::ptr::eq(token.class(), class.0)
    {
        return true;
    }
    display::type_of(runtime, value).is_reference_to(ty.underlying().unwrap_or(ty))
}
