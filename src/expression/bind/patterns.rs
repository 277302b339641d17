//! Patterns: what `is` and `case` test for, and the variables that they declare.

use super::{Binder, Bound, Operand, conversions};
use crate::{
    csharp::tree::{self, PatternKind},
    dotnet::{types::Type, value::Value},
    expression::program::Node,
    source::Span,
};

impl<'t> Binder<'t> {
    pub(super) fn is(&mut self, operand: &'t tree::Expression, pattern: &'t tree::Pattern) -> Option<Bound> {
        let operand = self.value(operand)?;
        self.pattern(operand, pattern).map(|(bound, _)| bound)
    }

    /// A test of a bound value against a pattern, with the constant where it is one. A variable that the pattern declares is in scope
    /// from here on, and assigned where the test is true.
    pub(super) fn pattern(&mut self, operand: Bound, pattern: &'t tree::Pattern) -> Option<(Bound, Option<Value>)> {
        match &pattern.kind {
            PatternKind::Type(ty) => {
                // A name that is no type may be a constant.
                if let Some(constant) = ty.to_expression()
                    && self.attempt(|binder| binder.ty(ty)).is_none()
                    && let Some(bound) = self.constant_by_name(&constant)
                {
                    return self.constant_pattern(operand, bound, ty.span);
                }
                // `is` of a type that the value can never have is no error, as it is for `case` and with a name.
                let ty = self.ty(ty)?;
                Some((Bound::new(Node::Is(ty, operand.boxed()), Type::BOOL), None))
            }
            PatternKind::Constant(constant) => {
                let bound = match self.operand(constant)? {
                    Operand::Default => self.default_value(&operand.ty.clone()),
                    other => self.natural(other, constant.span)?,
                };
                self.settle();
                self.constant_pattern(operand, bound, constant.span)
            }
            PatternKind::Declaration { ty, designation } => {
                let ty = self.type_pattern(&operand, ty)?;
                let (keep, kept) = self.kept(operand);
                let test = Node::Is(ty.clone(), Box::new(keep));
                let tree::Designation::Variable(name) = designation else { return Some((Bound::new(test, Type::BOOL), None)) };
                let declared = self.declare(name, ty);
                let store = Node::Sequence([Node::Declare(declared.slot, kept.boxed()), Node::Constant(Value::Bool(true))].into());
                self.assigned_when_true(declared.variable);
                Some((Bound::new(Node::And(Box::new(test), Box::new(store)), Type::BOOL), None))
            }
            PatternKind::Var(tree::Designation::Variable(name)) => {
                let declared = self.declare(name, operand.ty.clone());
                self.assigned.assign(declared.variable);
                let store = Node::Sequence([Node::Declare(declared.slot, operand.boxed()), Node::Constant(Value::Bool(true))].into());
                Some((Bound::new(store, Type::BOOL), None))
            }
            PatternKind::Var(tree::Designation::Discard(_)) => {
                let node = Node::Sequence([operand.node, Node::Constant(Value::Bool(true))].into());
                Some((Bound::new(node, Type::BOOL), None))
            }
            PatternKind::Var(_) => self.unavailable("a tuple pattern", pattern.span),
            PatternKind::Discard => {
                self.error("CS0103", pattern.span, "The name '_' does not exist in the current context");
                None
            }
        }
    }

    fn assigned_when_true(&mut self, variable: usize) {
        let mut when_true = self.assigned.clone();
        when_true.assign(variable);
        self.split = Some((when_true, self.assigned.clone()));
    }

    fn type_pattern(&mut self, operand: &Bound, ty: &'t tree::Type) -> Option<Type> {
        let named = self.ty(ty)?;
        let possible = operand.ty == Type::Null
            || conversions::standard(&operand.ty, &named).is_some()
            || conversions::explicit_standard(&operand.ty, &named).is_some();
        let numbers = operand.ty.is_value_type() && named.is_value_type() && operand.ty != named;
        if !possible || numbers {
            self.error(
                "CS8121",
                ty.span,
                format!("An expression of type '{}' cannot be handled by a pattern of type '{named}'.", operand.ty),
            );
            return None;
        }
        Some(named)
    }

    /// A constant by its name: a `const`, an enumeration's member, `int.MaxValue`.
    fn constant_by_name(&mut self, expression: &tree::Expression) -> Option<Bound> {
        // The tree was made on the way and does not live long enough to be bound: only names are looked up, along the dots.
        let mut parts = Vec::new();
        let mut next = expression;
        loop {
            match &next.kind {
                tree::ExpressionKind::Member { target, name } => {
                    parts.push(name.identifier.name.clone());
                    next = target;
                }
                tree::ExpressionKind::Name(name) => {
                    parts.push(name.identifier.name.clone());
                    break;
                }
                _ => return None,
            }
        }
        let last = parts.first()?.clone();
        if parts.len() == 1 {
            let local = self.find_local(&last)?;
            let super::scopes::LocalKind::Constant(value) = &local.kind else { return None };
            return Some(Bound::new(Node::Constant(value.clone()), local.ty.clone()));
        }
        let ty: Vec<&str> = parts.iter().skip(1).rev().map(|part| part.as_str()).collect();
        let class = crate::dotnet::registry::find(&ty.join("."), 0)?;
        self.enum_member(&Type::named(class), &last)
    }

    fn constant_pattern(&mut self, operand: Bound, constant: Bound, span: Span) -> Option<(Bound, Option<Value>)> {
        let Node::Constant(value) = &constant.node else {
            // `int.MaxValue` and its like are constants of .NET that members of the table compute.
            if matches!(&constant.node, Node::Call(call) if call.arguments.is_empty()) {
                let equal = Node::Equal(operand.boxed(), constant.boxed(), false);
                return Some((Bound::new(equal, Type::BOOL), None));
            }
            self.error("CS0150", span, "A constant value is expected");
            return None;
        };
        let value = value.clone();
        if constant.ty == Type::Null {
            if operand.ty.is_value_type() {
                self.error("CS0037", span, format!("Cannot convert null to '{}' because it is a non-nullable value type", operand.ty));
                return None;
            }
            return Some((Bound::new(Node::Same(operand.boxed(), constant.boxed(), false), Type::BOOL), Some(value)));
        }
        let target = operand.ty.underlying().unwrap_or(&operand.ty).clone();
        let constant = if conversions::of_value(&constant, &target).is_some() && target.is_value_type() || target == Type::STRING {
            self.implicitly(constant, &target, span)?
        } else if conversions::explicit_standard(&target, &constant.ty).is_some() || conversions::standard(&constant.ty, &target).is_some()
        {
            constant
        } else {
            self.implicitly(constant, &target, span)?
        };
        let value = if let Node::Constant(value) = &constant.node { value.clone() } else { value };
        Some((Bound::new(Node::Equal(operand.boxed(), constant.boxed(), false), Type::BOOL), Some(value)))
    }
}
