//! The binder: what names mean, which overload is called, what converts to what, with the C# compiler's own words where it refuses.
//!
//! A function that binds gives `None` after it has reported why, so that one mistake makes one diagnostic and the rest is still
//! looked at. Lambdas are bound for each overload that is tried: such attempts keep no diagnostics ([`Binder::attempt`]).

mod allowed;
mod arguments;
mod assignments;
mod calls;
mod constants;
mod conversions;
mod creation;
mod declarations;
mod entries;
mod equality;
mod expressions;
mod flow;
mod functions;
mod inference;
mod jumps;
mod local_calls;
mod loops;
mod members;
mod names;
mod operators;
mod order;
mod overloads;
mod patterns;
mod queries;
mod scopes;
mod statements;
mod switches;
mod tuples;
mod types;
mod unary;
mod user_conversions;

use std::{collections::HashMap, rc::Rc, sync::Arc};

use super::{
    Target,
    program::{Body, Function, Node, Program, Slot},
    recall::{Looks, Recall},
};
use crate::{
    csharp::{Code, tree},
    diagnostic::{Diagnostic, Severity},
    dotnet::types::Type,
    source::Span,
    text::Text,
};
use flow::Assigned;
use functions::{Lambda, Returns};
use members::Methods;
use scopes::{Announced, FunctionScope, Local};

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

    fn boxed(self) -> Box<Node> {
        Box::new(self.node)
    }
}

/// What stands where a value is asked for. All but the first get their type from where they go.
#[derive(Clone)]
enum Operand<'t> {
    Value(Bound),
    Lambda(Rc<Lambda<'t>>),
    Methods(Rc<Methods<'t>>),
    /// `default`
    Default,
    /// `throw a`
    Throw(Node),
    /// A tuple whose elements have no type of their own, or may take another.
    Tuple(Rc<tuples::Literal<'t>>),
}

struct Binder<'t> {
    code: &'t Code,
    diagnostics: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// The functions around the code being bound, the innermost last.
    functions: Vec<FunctionScope>,
    /// Variables in scope, the innermost last.
    scope: Vec<Local<'t>>,
    /// How many scopes are around the code.
    scopes: usize,
    /// The names that the blocks around the code declare, the innermost last.
    announced: Vec<Announced>,
    /// What `?.` bindings stand for, the innermost last.
    receivers: Vec<Bound>,
    /// Which variables are assigned at this point.
    assigned: Assigned,
    /// The same when the boolean just bound is true, and when it is false.
    split: Option<(Assigned, Assigned)>,
    /// The number of variables declared so far.
    variables: usize,
    /// Whether arithmetic is checked.
    checked: bool,
    /// Whether `unchecked` surrounds the code.
    unchecked: bool,
    reads_body: bool,
    /// How deep the expression being bound is nested.
    depth: usize,
    /// The deepest nesting so far.
    deepest: usize,
    /// Bindings left before the code counts as too complex: lambdas in overloaded calls in lambdas multiply.
    work: usize,
    /// What lambdas give for the types of their parameters (those of lambdas around them come first).
    lambdas: HashMap<functions::Tried, functions::Attempt>,
    /// What the type parameters of the generic functions around the code stand for, the innermost last.
    type_names: Vec<(Text, Type)>,
    /// The types of the parameters of the lambdas around the code being bound.
    context: Vec<Type>,
}

/// How deep an expression may nest: the evaluator walks it on the stack of whatever thread serves a request.
const MAX_DEPTH: usize = 200;

/// Nesting up to here fits any thread's stack.
const SHALLOW: usize = 32;

/// How many expressions may be bound, attempts included.
const MAX_WORK: usize = 2_000_000;

pub(super) fn expression(code: &Code, tree: &tree::Expression, target: Target) -> Result<Program, Vec<Diagnostic>> {
    let mut binder = Binder::new(code, target.ty());
    let bound = binder.operand(tree).and_then(|operand| match target.ty() {
        Some(ty) => binder.to(operand, &ty, tree.span),
        None => binder.natural(operand, tree.span),
    });
    match bound {
        Some(bound) if bound.ty == Type::Void => {
            binder.error("CS0029", tree.span, "Cannot implicitly convert type 'void' to 'object'");
            Err(binder.diagnostics)
        }
        Some(bound) => binder.finish(Body::Expression(bound.node), bound.ty),
        None => Err(binder.diagnostics),
    }
}

pub(super) fn block(code: &Code, tree: &tree::Block, target: Target) -> Result<Program, Vec<Diagnostic>> {
    let mut binder = Binder::new(code, target.ty());
    let steps = binder.block(&tree.statements);
    if !binder.assigned.is_unreachable() && binder.diagnostics.is_empty() {
        binder.error("CS0161", Span::at(code.text().len()), "not all code paths return a value");
    }
    let result = target.ty().unwrap_or_else(|| binder.common_result());
    binder.finish(Body::Block(steps), result)
}

impl<'t> Binder<'t> {
    fn new(code: &'t Code, result: Option<Type>) -> Self {
        let returns = result.map_or(Returns::Anything(Vec::new()), Returns::Type);
        Self {
            code,
            diagnostics: Vec::new(),
            warnings: Vec::new(),
            functions: vec![FunctionScope::new(returns)],
            scope: Vec::new(),
            scopes: 0,
            announced: Vec::new(),
            receivers: Vec::new(),
            assigned: Assigned::default(),
            split: None,
            variables: 0,
            checked: false,
            unchecked: false,
            reads_body: false,
            depth: 0,
            deepest: 0,
            work: MAX_WORK,
            lambdas: HashMap::new(),
            type_names: Vec::new(),
            context: Vec::new(),
        }
    }

    fn finish(mut self, body: Body, result: Type) -> Result<Program, Vec<Diagnostic>> {
        if !self.diagnostics.is_empty() {
            return Err(self.diagnostics);
        }
        let slots: Box<[Slot]> = self.functions.pop().map(|function| function.slots.into()).unwrap_or_default();
        let is_shallow = self.deepest <= SHALLOW;
        let main = Arc::new(Function { body, parameters: 0, captures: [].into(), slots, is_shallow });
        let (looks, recall) = (Looks::of(&main), Recall::of(&main));
        Ok(Program { main, result, reads_body: self.reads_body, looks, recall, warnings: self.warnings })
    }

    /// Without a required type the values returned may differ: the result is then an `object`.
    fn common_result(&self) -> Type {
        let Some(FunctionScope { returns: Returns::Anything(types), .. }) = self.functions.last() else { return Type::OBJECT };
        let mut types = types.iter().filter(|ty| **ty != Type::Null);
        match types.next() {
            Some(first) if types.all(|ty| ty == first) => first.clone(),
            _ => Type::OBJECT,
        }
    }

    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.diagnostics.push(self.code.diagnostic(code, span, message));
    }

    fn error_with_help(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(self.code.diagnostic(code, span, message).help(help));
    }

    fn warning(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        let diagnostic = self.code.diagnostic(code, span, message).help(help);
        self.warnings.push(Diagnostic { severity: Severity::Warning, ..diagnostic });
    }

    /// What C# has and this binder does not bind: refused by name, never skipped.
    fn unavailable<T>(&mut self, what: &str, span: Span) -> Option<T> {
        self.error("expression/not-available", span, format!("{what} is not supported in policy expressions here"));
        None
    }

    /// Binds one level deeper, or says that it is too deep or too much.
    fn deeper<T>(&mut self, span: Span, bind: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let help = "put parts of it into local variables";
        if self.depth >= MAX_DEPTH {
            let message = format!("an expression may be nested {MAX_DEPTH} deep");
            self.error_with_help("expression/too-deep", span, message, help);
            return None;
        }
        let Some(work) = self.work.checked_sub(1) else {
            if !self.diagnostics.iter().any(|diagnostic| diagnostic.code == "expression/too-complex") {
                self.error_with_help("expression/too-complex", span, "the overloads called here have too many combinations", help);
            }
            return None;
        };
        self.work = work;
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let bound = stacker::maybe_grow(RED_ZONE, MORE_STACK, || bind(self));
        self.depth -= 1;
        bound
    }

    /// Binds on trial: nothing is reported and no name stays declared. Gives what `bind` gave, if it reported nothing.
    fn attempt<T>(&mut self, bind: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let diagnostics = std::mem::take(&mut self.diagnostics);
        let warnings = self.warnings.len();
        let scope = self.scope.len();
        let functions = self.functions.len();
        let receivers = self.receivers.len();
        let context = self.context.len();
        let (scopes, announced) = (self.scopes, self.announced.len());
        let (assigned, split, reads_body) = (self.assigned.clone(), self.split.clone(), self.reads_body);
        let result = bind(self);
        let failed = std::mem::replace(&mut self.diagnostics, diagnostics);
        self.warnings.truncate(warnings);
        self.scope.truncate(scope);
        self.functions.truncate(functions);
        self.receivers.truncate(receivers);
        self.context.truncate(context);
        self.scopes = scopes;
        self.announced.truncate(announced);
        (self.assigned, self.split, self.reads_body) = (assigned, split, reads_body);
        result.filter(|_| failed.is_empty())
    }
}

/// Stack that binding one level needs, and what is added where less is left.
const RED_ZONE: usize = 256 << 10;
const MORE_STACK: usize = 2 << 20;
