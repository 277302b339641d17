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
    source::Span,
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
    /// How many scopes are around it.
    pub depth: usize,
    pub kind: LocalKind<'t>,
}

/// A name that a block declares somewhere: it is taken, and not yet usable, from the block's beginning.
pub(super) struct Announced {
    pub name: Text,
    pub depth: usize,
    /// Whether its own value is being bound, whose type is given: it is then unassigned, not undeclared.
    pub typed: bool,
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
    /// For a local function what it asks of, and does to, the variables around it; its `out` parameters.
    pub flow: Option<LocalFlow>,
}

/// A variable that a local function reads.
#[derive(Clone)]
pub(super) struct Read {
    /// The function that declares it.
    pub owner: usize,
    pub variable: usize,
    pub name: Text,
}

/// What a local function asks of the variables around it, and does to them.
pub(super) struct LocalFlow {
    /// Variables that must be assigned before it is called.
    pub reads: Vec<Read>,
    /// What is assigned wherever it returns.
    pub exits: Assigned,
    /// Its `out` parameters.
    pub outs: Vec<(usize, Text)>,
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
    /// For a switch: whether no case is a pattern or has a guard.
    pub has_constants_alone: bool,
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
            flow: None,
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
        let other = self.scope.iter().rev().find(|local| local.name == name.name);
        let announced = || self.announced.iter().any(|other| other.name == name.name && other.depth < self.scopes);
        if other.is_some_and(|other| other.function == self.level() && other.depth == self.scopes) {
            let message = format!("A local variable or function named '{}' is already defined in this scope", name.name);
            self.error("CS0128", name.span, message);
        } else if other.is_some() || name.name == "context" || announced() {
            let message = format!(
                "A local or parameter named '{}' cannot be declared in this scope because that name is used in an enclosing local scope to define a local or parameter",
                name.name
            );
            self.error("CS0136", name.span, message);
        }
        self.declare_unchecked(name.name.clone(), ty, kind)
    }

    pub(super) fn declare_unchecked(&mut self, name: Text, ty: Type, kind: LocalKind<'t>) -> Declared {
        let declared = Declared { slot: self.slot(), variable: self.variables };
        self.variables += 1;
        self.scope.push(Local {
            name,
            ty,
            function: self.level(),
            slot: declared.slot,
            variable: declared.variable,
            depth: self.scopes,
            kind,
        });
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

    /// A variable without a value is used: in a local function, that is for its callers to see to.
    pub(super) fn unassigned(&mut self, owner: usize, variable: usize, name: &Text, span: Span) {
        // Said once for each variable.
        self.assigned.assign(variable);
        let mut inner = self.functions.iter_mut().skip(owner + 1).rev().filter_map(|function| function.flow.as_mut());
        if let Some(flow) = inner.next() {
            flow.reads.push(Read { owner, variable, name: name.clone() });
            return;
        }
        let mut flows = self.functions.iter().filter_map(|function| function.flow.as_ref());
        if flows.any(|flow| flow.outs.iter().any(|(out, _)| *out == variable)) {
            self.error("CS0269", span, format!("Use of unassigned out parameter '{name}'"));
        } else {
            self.error("CS0165", span, format!("Use of unassigned local variable '{name}'"));
        }
    }

    /// A local function is used here: what it reads must be assigned.
    pub(super) fn use_function(&mut self, function: &Rc<LocalFunctionType<'t>>, owner: usize, span: Span) {
        let flow = function.flow.borrow();
        if let Some((reads, _)) = &flow.known {
            let missing: Vec<_> = reads.iter().filter(|read| !self.assigned.has(read.variable)).cloned().collect();
            drop(flow);
            for read in missing {
                self.unassigned(read.owner, read.variable, &read.name, span);
            }
            return;
        }
        drop(flow);
        // Its body stands further down. What one local function asks of another is not followed there.
        if !self.functions.iter().skip(owner + 1).any(|function| function.flow.is_some()) {
            function.flow.borrow_mut().uses.push((self.assigned.clone(), span));
        }
    }

    /// Control leaves a function: its `out` parameters must be assigned.
    pub(super) fn leave_function(&mut self, span: Span) {
        let state = &self.assigned;
        let Some(flow) = self.functions.last_mut().and_then(|function| function.flow.as_mut()) else { return };
        flow.exits.meet(state);
        let missing: Vec<Text> = flow.outs.iter().filter(|(variable, _)| !state.has(*variable)).map(|(_, name)| name.clone()).collect();
        for name in missing {
            let message = format!("The out parameter '{name}' must be assigned to before control leaves the current method");
            self.error("CS0177", span, message);
        }
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
        self.scopes += 1;
        let result = bind(self);
        self.scopes -= 1;
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
