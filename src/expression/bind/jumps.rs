//! What leaves a statement: `break`, `continue`, `goto`, `return`, and the places that they lead to.

use super::{Binder, flow::Assigned, functions::Returns, scopes::BreakTarget};
use crate::{
    csharp::tree::{self, Statement},
    dotnet::types::Type,
    expression::program::Step,
    source::Span,
};

impl<'t> Binder<'t> {
    /// Binds a loop's body; gives it with the states at its `break`s and `continue`s.
    pub(super) fn in_loop(&mut self, body: impl FnOnce(&mut Self) -> Step) -> (Step, BreakTarget) {
        self.in_target(true, body)
    }

    pub(super) fn in_target<T>(&mut self, is_loop: bool, body: impl FnOnce(&mut Self) -> T) -> (T, BreakTarget) {
        let target = || BreakTarget {
            is_loop,
            breaks: Assigned::unreachable(),
            continues: Assigned::unreachable(),
            finallies: 0,
            cases: Vec::new(),
            has_constants_alone: false,
        };
        if let Some(function) = self.functions.last_mut() {
            let finallies = function.finallies;
            function.targets.push(BreakTarget { finallies, ..target() });
        }
        let result = body(self);
        let left = self.functions.last_mut().and_then(|function| function.targets.pop());
        (result, left.unwrap_or_else(target))
    }

    pub(super) fn leave_to(&mut self, is_break: bool, span: Span) -> Step {
        let state = self.assigned.clone();
        let mut crosses_finally = false;
        let found = self.functions.last_mut().and_then(|function| {
            let finallies = function.finallies;
            let target = function.targets.iter_mut().rev().find(|target| is_break || target.is_loop)?;
            crosses_finally = target.finallies != finallies;
            if is_break {
                target.breaks.meet(&state)
            } else {
                target.continues.meet(&state)
            }
            Some(())
        });
        if found.is_none() {
            self.error("CS0139", span, "No enclosing loop out of which to break or continue");
        } else if crosses_finally {
            self.error("CS0157", span, "Control cannot leave the body of a finally clause");
        }
        self.stop();
        if is_break { Step::Break } else { Step::Continue }
    }

    pub(super) fn goto(&mut self, label: &tree::Identifier) -> Step {
        let state = self.assigned.clone();
        let found = self.functions.last_mut().and_then(|function| {
            let (_, number, jumps) = function.labels.iter_mut().rev().find(|(name, ..)| *name == label.name)?;
            jumps.meet(&state);
            Some(*number)
        });
        self.stop();
        match found {
            Some(number) => Step::Goto(number),
            None => {
                self.error("CS0159", label.span, format!("No such label '{}' within the scope of the goto statement", label.name));
                Step::Nothing
            }
        }
    }

    pub(super) fn labeled(&mut self, label: &'t tree::Identifier, statement: &'t Statement) -> Step {
        let found = self.functions.last().and_then(|function| {
            function.labels.iter().rev().find(|(name, ..)| *name == label.name).map(|(_, number, jumps)| (*number, jumps.clone()))
        });
        let Some((number, jumps)) = found else { return self.statement(statement) };
        // A jump from further down may come here too: what no jump so far has assigned cannot be counted on, and the point is reached.
        self.assigned.meet(&jumps);
        if self.assigned.is_unreachable() {
            self.assigned = Assigned::default();
            self.assigned.assign_all(self.variables);
        }
        match self.statement(statement) {
            Step::Block(inner) if matches!(inner.first(), Some(Step::Label(_))) => {
                Step::Block(std::iter::once(Step::Label(number)).chain(inner).collect())
            }
            step => Step::Block(vec![Step::Label(number), step]),
        }
    }

    pub(super) fn return_statement(&mut self, value: Option<&'t tree::Expression>, span: Span) -> Step {
        if self.functions.last().is_some_and(|function| function.finallies > 0) {
            self.error("CS0157", span, "Control cannot leave the body of a finally clause");
        }
        let wanted = match self.functions.last().map(|function| &function.returns) {
            Some(Returns::Type(ty)) => Some(ty.clone()),
            _ => None,
        };
        let is_local = self.functions.last().is_some_and(|function| function.flow.is_some());
        let step = match (value, wanted) {
            (None, Some(Type::Void)) => Step::Return(None),
            (None, None) if self.functions.len() > 1 => Step::Return(None),
            (None, wanted) => {
                let ty = wanted.unwrap_or(Type::OBJECT);
                self.error("CS0126", span, format!("An object of a type convertible to '{ty}' is required"));
                Step::Nothing
            }
            (Some(value), Some(Type::Void)) => {
                self.value(value);
                if is_local {
                    let message = "Since the local function returns void, a return keyword must not be followed by an object expression";
                    self.error("CS0127", span, message);
                    return Step::Nothing;
                }
                self.error("CS8030", span, "Anonymous function converted to a void returning delegate cannot return a value");
                Step::Nothing
            }
            (Some(value), wanted) => self.returned_value(value, wanted),
        };
        self.leave_function(span);
        self.stop();
        step
    }

    pub(super) fn returned_value(&mut self, value: &'t tree::Expression, wanted: Option<Type>) -> Step {
        let Some(operand) = self.operand(value) else { return Step::Nothing };
        self.settle();
        let bound = match wanted {
            Some(ty) => self.to(operand, &ty, value.span),
            None => self.natural(operand, value.span),
        };
        let Some(bound) = bound else { return Step::Nothing };
        if bound.ty == Type::Void {
            self.error("CS0029", value.span, "Cannot implicitly convert type 'void' to 'object'");
            return Step::Nothing;
        }
        let node = bound.node.clone();
        match self.functions.last_mut().map(|function| &mut function.returns) {
            Some(Returns::Anything(types)) => types.push(bound.ty),
            Some(Returns::Infer(values)) => values.push(bound),
            _ => {}
        }
        Step::Return(Some(node))
    }
}
