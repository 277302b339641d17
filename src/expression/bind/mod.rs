//! The binder: what names mean, which overload is called, what converts to what, with the C# compiler's own words where it refuses.
//!
//! A function that binds gives `None` after it has reported why, so that one mistake makes one diagnostic and the rest is still
//! looked at.

mod conversions;
mod creation;
mod expressions;
mod members;
mod operators;
mod overloads;
mod statements;
mod types;

use super::{
    Target,
    program::{Body, Node, Program},
};
use crate::{
    csharp::{Code, tree},
    diagnostic::Diagnostic,
    dotnet::types::Type,
    source::Span,
    text::Text,
};

/// A bound value: what computes it, and its static type.
#[derive(Clone, Debug)]
struct Bound {
    node: Node,
    ty: Type,
}

impl Bound {
    fn new(node: Node, ty: Type) -> Self {
        Self { node, ty }
    }
}

/// A local variable in scope.
struct Local {
    name: Text,
    ty: Type,
    slot: usize,
}

struct Binder<'a> {
    code: &'a Code,
    diagnostics: Vec<Diagnostic>,
    /// Variables in scope, the innermost last.
    scope: Vec<Local>,
    /// The number of slots given out.
    slots: usize,
    /// What `?.` bindings stand for, the innermost last.
    receivers: Vec<Bound>,
    /// What `return` must give; `None` takes what comes.
    result: Option<Type>,
    /// The types of the values returned so far.
    returned: Vec<Type>,
    /// Whether arithmetic is checked.
    checked: bool,
    /// Whether a `catch` block surrounds the code: `throw;` is legal there alone.
    in_catch: bool,
    reads_body: bool,
    /// How deep the expression being bound is nested.
    depth: usize,
}

/// How deep an expression may nest: the evaluator walks it on the stack of whatever thread serves a request.
const MAX_DEPTH: usize = 200;

pub(super) fn expression(code: &Code, tree: &tree::Expression, target: Target) -> Result<Program, Vec<Diagnostic>> {
    let mut binder = Binder::new(code, target);
    let bound = binder.value(tree);
    let bound = match (bound, target.ty()) {
        (Some(bound), Some(ty)) => binder.implicitly(bound, &ty, tree.span),
        (bound, _) => bound,
    };
    match bound {
        Some(bound) if bound.ty == Type::Void => {
            binder.error("CS0029", tree.span, "an expression without a value cannot be used here");
            Err(binder.diagnostics)
        }
        Some(bound) => binder.finish(Body::Expression(bound.node), bound.ty),
        None => Err(binder.diagnostics),
    }
}

pub(super) fn block(code: &Code, tree: &tree::Block, target: Target) -> Result<Program, Vec<Diagnostic>> {
    let mut binder = Binder::new(code, target);
    let (steps, ends) = binder.statements(&tree.statements);
    if ends && binder.diagnostics.is_empty() {
        let end = code.text().len();
        binder.error("CS0161", Span::at(end), "not all code paths return a value");
    }
    let result = binder.result.clone().unwrap_or_else(|| binder.common_result());
    binder.finish(Body::Block(steps), result)
}

impl<'a> Binder<'a> {
    fn new(code: &'a Code, target: Target) -> Self {
        Self {
            code,
            diagnostics: Vec::new(),
            scope: Vec::new(),
            slots: 0,
            receivers: Vec::new(),
            result: target.ty(),
            returned: Vec::new(),
            checked: false,
            in_catch: false,
            reads_body: false,
            depth: 0,
        }
    }

    fn finish(self, body: Body, result: Type) -> Result<Program, Vec<Diagnostic>> {
        if self.diagnostics.is_empty() {
            Ok(Program { body, locals: self.slots, result, reads_body: self.reads_body })
        } else {
            Err(self.diagnostics)
        }
    }

    /// Without a required type the values returned may differ: the result is then an `object`.
    fn common_result(&self) -> Type {
        let mut types = self.returned.iter().filter(|ty| **ty != Type::Null);
        match types.next() {
            Some(first) if types.all(|ty| ty == first) => first.clone(),
            Some(_) => Type::OBJECT,
            None => Type::OBJECT,
        }
    }

    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.diagnostics.push(self.code.diagnostic(code, span, message));
    }

    fn error_with_help(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(self.code.diagnostic(code, span, message).help(help));
    }

    /// What C# has and this binder does not bind yet: refused by name, never skipped.
    fn unavailable<T>(&mut self, what: &str, span: Span) -> Option<T> {
        self.error_with_help(
            "expression/not-available",
            span,
            format!("{what} cannot be evaluated yet"),
            "write it with a loop, a condition or a plain call",
        );
        None
    }

    /// Binds one level deeper, or says that it is too deep.
    fn deeper<T>(&mut self, span: Span, bind: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.error_with_help(
                "expression/too-deep",
                span,
                format!("an expression may be nested {MAX_DEPTH} deep"),
                "put parts of it into local variables",
            );
            return None;
        }
        self.depth += 1;
        let bound = bind(self);
        self.depth -= 1;
        bound
    }

    fn slot(&mut self) -> usize {
        self.slots += 1;
        self.slots - 1
    }

    fn declare(&mut self, name: &tree::Identifier, ty: Type) -> usize {
        if self.scope.iter().any(|local| local.name == name.name) || name.name == "context" {
            self.error("CS0128", name.span, format!("A local variable or function named '{}' is already defined in this scope", name.name));
        }
        let slot = self.slot();
        self.scope.push(Local { name: name.name.clone(), ty, slot });
        slot
    }

    fn find_local(&self, name: &str) -> Option<&Local> {
        self.scope.iter().rev().find(|local| local.name == *name)
    }

    /// Runs `bind` in a scope of its own.
    fn scoped<T>(&mut self, bind: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.scope.len();
        let result = bind(self);
        self.scope.truncate(outer);
        result
    }
}
