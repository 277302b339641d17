//! Operators with one operand.
//!
//! Source: C# language specification, "Unary operators".

use super::{
    Binder, Bound, conversions,
    operators::{converted, declared, operator_call},
};
use crate::{
    csharp::tree::{self, UnaryOperator},
    dotnet::types::Type,
    dotnet::value::Value,
    expression::program::{Node, Numeric},
    source::Span,
};

impl<'t> Binder<'t> {
    pub(super) fn unary(&mut self, operator: UnaryOperator, operand: &'t tree::Expression, span: Span) -> Option<Bound> {
        match operator {
            UnaryOperator::PreIncrement | UnaryOperator::PreDecrement | UnaryOperator::PostIncrement | UnaryOperator::PostDecrement => {
                return self.increment(operator, operand, span);
            }
            UnaryOperator::Not => {
                let operand_bound = self.operand(operand)?;
                let (when_true, when_false) = self.outcomes(Some(&operand_bound));
                self.split = Some((when_false, when_true));
                let bound = self.natural(operand_bound, operand.span)?;
                return self.negation(bound, span);
            }
            _ => {}
        }
        let bound = self.value(operand)?;
        if let Some(underlying) = bound.ty.underlying().cloned() {
            let slot = self.slot();
            let inner = self.unary_on(operator, Bound::new(Node::Local(slot), underlying), span)?;
            return Some(Bound::new(Node::Lifted([(bound.node, slot)].into(), inner.clone().boxed()), Type::nullable(inner.ty)));
        }
        let bound = self.unary_on(operator, bound, span)?;
        self.folded(bound, span)
    }

    pub(super) fn negation(&mut self, bound: Bound, span: Span) -> Option<Bound> {
        if bound.ty.underlying() == Some(&Type::BOOL) {
            let slot = self.slot();
            let inner = Node::Not(Box::new(Node::Local(slot)));
            return Some(Bound::new(Node::Lifted([(bound.node, slot)].into(), Box::new(inner)), Type::nullable(Type::BOOL)));
        }
        match conversions::of_value(&bound, &Type::BOOL) {
            Some(change) => {
                let bound = conversions::apply(bound, change, &Type::BOOL);
                if let Node::Constant(Value::Bool(known)) = bound.node {
                    return Some(Bound::new(Node::Constant(Value::Bool(!known)), Type::BOOL));
                }
                Some(Bound::new(Node::Not(bound.boxed()), Type::BOOL))
            }
            None => {
                self.error("CS0023", span, format!("Operator '!' cannot be applied to operand of type '{}'", bound.ty));
                None
            }
        }
    }

    pub(super) fn unary_on(&mut self, operator: UnaryOperator, bound: Bound, span: Span) -> Option<Bound> {
        let kind = Numeric::of(&bound.ty);
        let made = match (operator, kind) {
            (UnaryOperator::Plus, Some(kind)) => Some(Bound::new(converted(bound.node.clone(), &bound.ty, &kind.ty()), kind.ty())),
            (UnaryOperator::Minus, Some(kind)) if kind != Numeric::UInt64 => {
                let kind = if kind == Numeric::UInt32 { Numeric::Int64 } else { kind };
                let operand = converted(bound.node.clone(), &bound.ty, &kind.ty());
                Some(Bound::new(Node::Negate(kind, self.checked, Box::new(operand)), kind.ty()))
            }
            (UnaryOperator::Complement, Some(kind)) if kind.is_integral() => {
                Some(Bound::new(Node::Complement(kind, Box::new(converted(bound.node.clone(), &bound.ty, &kind.ty()))), kind.ty()))
            }
            (UnaryOperator::Complement, None) if bound.ty.enum_members().is_some() => {
                let number = converted(bound.node.clone(), &bound.ty, &Type::INT32);
                let node = Node::Complement(Numeric::Int32, Box::new(number));
                Some(Bound::new(converted(node, &Type::INT32, &bound.ty), bound.ty.clone()))
            }
            _ => user_unary(operator, &bound),
        };
        if made.is_none() {
            self.error("CS0023", span, format!("Operator '{}' cannot be applied to operand of type '{}'", operator.symbol(), bound.ty));
        }
        made
    }
}

fn user_unary(operator: UnaryOperator, bound: &Bound) -> Option<Bound> {
    let info = declared(&bound.ty, operator.symbol(), 1).into_iter().next()?;
    Some(Bound::new(operator_call(info, [bound.node.clone()].into()), info.result.clone()))
}
