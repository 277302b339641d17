//! What members of the .NET world work in: the request's context and heap, the environment, the budget.

use super::{
    context::RequestContext,
    exception::{BudgetSpent, Exception, Raise},
    heap::{Heap, Instance, Object, Ref},
    value::Value,
};
use crate::environment::Environment;

/// What an evaluation works in.
pub struct Runtime<'a> {
    /// What `context` shows.
    pub context: &'a mut RequestContext,
    /// The request's objects.
    pub heap: &'a mut Heap,
    /// Clock and chance.
    pub environment: &'a mut dyn Environment,
    /// What is left to spend.
    pub budget: Budget,
    /// Room for local variables: whoever evaluates many expressions hands the same one on.
    pub locals: &'a mut Vec<Value>,
}

/// What one evaluation may spend. The defaults are far above what an honest policy needs.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Steps of evaluation.
    pub steps: u64,
    /// Bytes of strings and objects made.
    pub memory: u64,
    /// Nested calls.
    pub depth: u32,
}

/// How deep functions of an expression may call each other, and data may nest.
pub const MAX_DEPTH: u32 = 2_000;

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 50_000_000, memory: 512 << 20, depth: MAX_DEPTH }
    }
}

impl Runtime<'_> {
    /// Spends one step.
    #[inline]
    pub fn step(&mut self) -> Result<(), Raise> {
        match self.budget.steps.checked_sub(1) {
            Some(left) => {
                self.budget.steps = left;
                Ok(())
            }
            None => Err(Raise::Budget(BudgetSpent::Steps)),
        }
    }

    /// Spends steps for work on `bytes` of text: a member that looks through a megabyte is no single step.
    #[inline]
    pub fn work(&mut self, bytes: usize) -> Result<(), Raise> {
        match self.budget.steps.checked_sub(bytes as u64 / 64) {
            Some(left) => {
                self.budget.steps = left;
                Ok(())
            }
            None => Err(Raise::Budget(BudgetSpent::Steps)),
        }
    }

    /// Goes one level deeper into nested data.
    pub fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Raise>) -> Result<T, Raise> {
        self.budget.depth = self.budget.depth.checked_sub(1).ok_or(Raise::Budget(BudgetSpent::Depth))?;
        let outcome = stacker::maybe_grow(128 << 10, 1 << 20, || work(self));
        self.budget.depth += 1;
        outcome
    }

    /// Enters a function of the expression: gives what [`leave`](Self::leave) takes.
    pub fn enter(&mut self) -> Result<u32, Raise> {
        let depth = self.budget.depth;
        self.budget.depth = depth.checked_sub(1).ok_or(Raise::Budget(BudgetSpent::Depth))?;
        Ok(depth)
    }

    /// Leaves a function: `depth` is what [`enter`](Self::enter) gave.
    pub fn leave(&mut self, depth: u32) {
        self.budget.depth = depth;
    }

    /// A cell for a captured variable.
    pub fn cell(&mut self, value: Value) -> Result<Value, Raise> {
        self.allocate(super::heap::size(&Object::Plain))?;
        Ok(Value::Cell(self.heap.allocate(Object::Cell(value))))
    }

    /// Spends `bytes` of memory before they are allocated.
    pub fn allocate(&mut self, bytes: usize) -> Result<(), Raise> {
        match self.budget.memory.checked_sub(bytes as u64) {
            Some(left) => {
                self.budget.memory = left;
                Ok(())
            }
            None => Err(Raise::Budget(BudgetSpent::Memory)),
        }
    }

    /// Places an object, paying for it.
    pub fn object(&mut self, object: Object) -> Result<Value, Raise> {
        self.allocate(super::heap::size(&object))?;
        Ok(self.heap.value(object))
    }

    /// Places an object of a family's own kind, paying for its place; what it holds is the family's to pay for.
    pub fn instance(&mut self, instance: impl Instance) -> Result<Value, Raise> {
        self.object(Object::Instance(Box::new(instance)))
    }

    /// The object that a value refers to.
    pub fn get(&self, value: &Value) -> Option<&Object> {
        match value {
            Value::Object(reference) => Some(self.heap.get(*reference)),
            _ => None,
        }
    }

    /// The reference in a value.
    pub fn reference(value: &Value) -> Option<Ref> {
        match value {
            Value::Object(reference) => Some(*reference),
            _ => None,
        }
    }

    /// The family's own object in a value.
    pub fn own<T: Instance>(&self, value: &Value) -> Option<&T> {
        match value {
            Value::Object(reference) => self.heap.instance(*reference),
            _ => None,
        }
    }

    /// The family's own object in a value, to change it.
    pub fn own_mut<T: Instance>(&mut self, value: &Value) -> Option<&mut T> {
        match value {
            Value::Object(reference) => self.heap.instance_mut(*reference),
            _ => None,
        }
    }

    /// The bytes of a `byte[]`.
    pub fn bytes(&self, value: &Value) -> Option<&[u8]> {
        match self.get(value) {
            Some(Object::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }
}

/// The exception object in a value.
pub fn exception<'a>(runtime: &'a Runtime<'_>, value: &Value) -> Option<&'a Exception> {
    match runtime.get(value) {
        Some(Object::Exception(exception)) => Some(exception),
        _ => None,
    }
}
