//! Scopes: variables by name, functions in functions, and what inner ones capture of outer ones.

use std::rc::Rc;

use super::{
    Binder, Bound,
    flow::Assigned,
    functions::{LocalFunctionType, Returns},
};
use crate::{
    csharp::tree,
    dotnet::{types::Type, value::Value},
    expression::program::{Label, Node, Slot},
    text::Text,
};

/// A name in scope.
#[derive(Clone)]
pub(super) struct Local<'t> {
    pub name: Text,
    pub ty: Type,
    /// The function that declares it: its place in [`Binder::functions`].
    pub function: usize,
    pub slot: usize,
    /// Its number among all variables, for definite assignment.
    pub variable: usize,
    pub kind: LocalKind<'t>,
}

/// What a name in scope is.
#[derive(Clone)]
pub(super) enum LocalKind<'t> {
    Variable,
    /// A `foreach` or `using` variable, or a range variable, which cannot be assigned: what C# calls it.
    ReadOnly(&'static str),
    /// `const`
    Constant(Value),
    Function(Rc<LocalFunctionType<'t>>),
    /// A range variable of a query that stands inside of a parameter's record.
    Part(Rc<[usize]>),
}

/// A function whose body is being bound.
pub(super) struct FunctionScope {
    pub slots: Vec<Slot>,
    /// Captured variables: the slot in the function around, the slot here.
    pub captures: Vec<(usize, usize)>,
    pub returns: Returns,
    /// The loops and switches around the code, the innermost last.
    pub targets: Vec<BreakTarget>,
    /// Labels in scope, the innermost last: their names, numbers and the states of the jumps to them.
    pub labels: Vec<(Text, Label, Assigned)>,
    pub label_count: usize,
    /// How many `catch` blocks are around the code: `throw;` is legal in one alone.
    pub catches: usize,
    /// How many `finally` blocks: they cannot be left by `return`, `break` or `continue`.
    pub finallies: usize,
}

/// What `break` and `continue` leave.
pub(super) struct BreakTarget {
    pub is_loop: bool,
    /// The states at its `break`s.
    pub breaks: Assigned,
    /// The states at its `continue`s.
    pub continues: Assigned,
    /// How many `finally` blocks were around it.
    pub finallies: usize,
    /// For a switch: its constant cases and `default` with their labels.
    pub cases: Vec<(Option<Value>, Label)>,
}

impl FunctionScope {
    pub fn new(returns: Returns) -> Self {
        Self {
            slots: Vec::new(),
            captures: Vec::new(),
            returns,
            targets: Vec::new(),
            labels: Vec::new(),
            label_count: 0,
            catches: 0,
            finallies: 0,
        }
    }
}

impl<'t> Binder<'t> {
    fn level(&self) -> usize {
        self.functions.len().saturating_sub(1)
    }

    pub(super) fn function(&mut self) -> Option<&mut FunctionScope> {
        self.functions.last_mut()
    }

    /// A slot for a value of the binder's own.
    pub(super) fn slot(&mut self) -> usize {
        match self.functions.last_mut() {
            Some(function) => {
                function.slots.push(Slot::Plain);
                function.slots.len() - 1
            }
            None => 0,
        }
    }

    /// A new label.
    pub(super) fn label(&mut self) -> Label {
        self.function().map_or(0, |function| {
            function.label_count += 1;
            function.label_count
        })
    }

    /// Declares a variable without a value, or says that the name is taken.
    pub(super) fn declare(&mut self, name: &tree::Identifier, ty: Type) -> Declared {
        self.declare_as(name, ty, LocalKind::Variable)
    }

    pub(super) fn declare_as(&mut self, name: &tree::Identifier, ty: Type, kind: LocalKind<'t>) -> Declared {
        if let Some(other) = self.scope.iter().find(|local| local.name == name.name) {
            let (code, message) = if other.function == self.level() {
                ("CS0128", format!("A local variable or function named '{}' is already defined in this scope", name.name))
            } else {
                (
                    "CS0136",
                    format!(
                        "A local or parameter named '{}' cannot be declared in this scope because that name is used in an enclosing local scope to define a local or parameter",
                        name.name
                    ),
                )
            };
            self.error(code, name.span, message);
        } else if name.name == "context" {
            self.error("CS0136", name.span, "A local or parameter named 'context' cannot be declared in this scope because that name is used in an enclosing local scope to define a local or parameter");
        }
        self.declare_unchecked(name.name.clone(), ty, kind)
    }

    pub(super) fn declare_unchecked(&mut self, name: Text, ty: Type, kind: LocalKind<'t>) -> Declared {
        let declared = Declared { slot: self.slot(), variable: self.variables };
        self.variables += 1;
        self.scope.push(Local { name, ty, function: self.level(), slot: declared.slot, variable: declared.variable, kind });
        declared
    }

    pub(super) fn find_local(&self, name: &str) -> Option<&Local<'t>> {
        self.scope.iter().rev().find(|local| local.name == *name)
    }

    /// The slot of a variable in the function being bound: its own, or one that it is captured into.
    pub(super) fn reach(&mut self, function: usize, slot: usize) -> usize {
        let level = self.level();
        if function < level {
            self.capture(function, slot);
        }
        let mut slot = slot;
        for inner in self.functions.iter_mut().take(level + 1).skip(function + 1) {
            slot = match inner.captures.iter().find(|(outer, _)| *outer == slot) {
                Some((_, own)) => *own,
                None => {
                    inner.slots.push(Slot::Plain);
                    inner.captures.push((slot, inner.slots.len() - 1));
                    inner.slots.len() - 1
                }
            };
        }
        slot
    }

    /// Keeps a variable in a cell.
    pub(super) fn capture(&mut self, function: usize, slot: usize) {
        if let Some(kept) = self.functions.get_mut(function).and_then(|owner| owner.slots.get_mut(slot))
            && *kept == Slot::Plain
        {
            *kept = Slot::Captured;
        }
    }

    /// Runs `bind` in a scope of its own.
    pub(super) fn scoped<T>(&mut self, bind: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.scope.len();
        let result = bind(self);
        self.scope.truncate(outer);
        result
    }

    /// A value that is used more than once: the node that computes it into a slot, and the value read from there.
    pub(super) fn kept(&mut self, bound: Bound) -> (Node, Bound) {
        if let Node::Constant(_) = bound.node {
            return (bound.node.clone(), bound);
        }
        let slot = self.slot();
        let ty = bound.ty.clone();
        (Node::Assign(slot, bound.boxed()), Bound::new(Node::Local(slot), ty))
    }
}

/// A variable just declared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared {
    pub slot: usize,
    pub variable: usize,
}
