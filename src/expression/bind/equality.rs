//! `==` and `!=`, of tuples too.
//!
//! Source: C# language specification, "Relational and type-testing operators".

use super::{Binder, Bound, Operand};
use crate::{
    csharp::tree::BinaryOperator,
    dotnet::types::{Kind, Type},
    expression::program::Node,
    source::Span,
};

impl<'t> Binder<'t> {
    /// `==` and `!=` of tuples: part by part; those of a literal are compared as they stand, null among them.
    pub(super) fn compare_literals(
        &mut self,
        operator: BinaryOperator,
        left: Operand<'t>,
        right: Operand<'t>,
        span: Span,
    ) -> Option<Bound> {
        let mut nodes = Vec::new();
        let (left, right) = (self.elements(left, &mut nodes, span)?, self.elements(right, &mut nodes, span)?);
        if left.len() != right.len() {
            let message = format!(
                "Tuple types used as operands of an == or != operator must have matching cardinalities. But this operator has tuple types of cardinality {} on the left and {} on the right.",
                left.len(),
                right.len()
            );
            self.error("CS8384", span, message);
            return None;
        }
        let mut all: Option<Node> = None;
        for (left, right) in left.into_iter().zip(right) {
            let part = Box::new(self.operate_on(operator, left, span, right, span, span)?.node);
            all = Some(match all {
                None => *part,
                Some(before) if operator == BinaryOperator::Equal => Node::And(Box::new(before), part),
                Some(before) => Node::Or(Box::new(before), part),
            });
        }
        nodes.extend(all);
        Some(Bound::new(Node::Sequence(nodes.into()), Type::BOOL))
    }

    pub(super) fn elements(&mut self, operand: Operand<'t>, nodes: &mut Vec<Node>, span: Span) -> Option<Vec<Operand<'t>>> {
        let literal = match operand {
            Operand::Tuple(literal) => literal,
            other => {
                let bound = self.natural(other, span)?;
                let (keep, kept) = self.kept(bound);
                nodes.push(keep);
                let Type::Tuple(tuple) = &kept.ty else { return None };
                let part =
                    |(index, ty): (usize, &Type)| Operand::Value(Bound::new(Node::Field(Box::new(kept.node.clone()), index), ty.clone()));
                return Some(tuple.items.iter().enumerate().map(part).collect());
            }
        };
        let mut elements = Vec::new();
        for (_, operand, at) in &literal.items {
            elements.push(match operand {
                nested @ Operand::Tuple(_) => nested.clone(),
                other => {
                    let bound = self.natural(other.clone(), *at)?;
                    let (keep, kept) = self.kept(bound);
                    nodes.push(keep);
                    Operand::Value(kept)
                }
            });
        }
        Some(elements)
    }

    /// `==` and `!=` without an operator of a type's own: of references, tuples and nullables with null.
    pub(super) fn equal(&mut self, operator: BinaryOperator, left: &Bound, right: &Bound) -> Option<Bound> {
        let negated = equality(operator)?;
        if let (Type::Tuple(a), Type::Tuple(b)) = (&left.ty, &right.ty) {
            return self.equal_tuples(left, right, a.items.len(), b.items.len(), operator);
        }
        let value_and_null = |a: &Bound, b: &Bound| a.ty.underlying().is_some() && b.ty == Type::Null;
        let references = |ty: &Type| !ty.is_value_type() && ty.underlying().is_none() && *ty != Type::Void;
        let related = |a: &Type, b: &Type| {
            let is_interface = |ty: &Type| ty.class().is_some_and(|class| class.kind == Kind::Interface);
            *a == Type::Null || *b == Type::Null || a.is_reference_to(b) || b.is_reference_to(a) || is_interface(a) || is_interface(b)
        };
        let fits = value_and_null(left, right)
            || value_and_null(right, left)
            || (references(&left.ty) && references(&right.ty) && related(&left.ty, &right.ty));
        fits.then(|| Bound::new(Node::Same(left.clone().boxed(), right.clone().boxed(), negated), Type::BOOL))
    }

    pub(super) fn equal_tuples(&mut self, left: &Bound, right: &Bound, a: usize, b: usize, operator: BinaryOperator) -> Option<Bound> {
        if a != b {
            return None;
        }
        let (keep_left, left) = self.kept(left.clone());
        let (keep_right, right) = self.kept(right.clone());
        let (Type::Tuple(a), Type::Tuple(b)) = (&left.ty, &right.ty) else { return None };
        let mut all: Option<Node> = None;
        for (index, (a, b)) in a.items.iter().zip(&b.items).enumerate() {
            let field = |bound: &Bound, ty: &Type| Bound::new(Node::Field(Box::new(bound.node.clone()), index), ty.clone());
            let part = self.overloaded(BinaryOperator::Equal, &field(&left, a), &field(&right, b))?.node;
            all = Some(match all {
                None => part,
                Some(before) => Node::And(Box::new(before), Box::new(part)),
            });
        }
        let all = all?;
        let equal = if operator == BinaryOperator::Equal { all } else { Node::Not(Box::new(all)) };
        Some(Bound::new(Node::Sequence([keep_left, keep_right, equal].into()), Type::BOOL))
    }
}

pub(super) fn equality(operator: BinaryOperator) -> Option<bool> {
    match operator {
        BinaryOperator::Equal => Some(false),
        BinaryOperator::NotEqual => Some(true),
        _ => None,
    }
}
