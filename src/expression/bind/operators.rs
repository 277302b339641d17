//! Operators: numeric promotion, lifting over nullables, strings, equality, and operators of a type's own.

use super::{Binder, Bound, conversions};
use crate::{
    csharp::tree::{self, BinaryOperator, ExpressionKind, UnaryOperator},
    dotnet::{
        member::{MemberInfo, MemberKind},
        types::Type,
        value::Value,
    },
    expression::{
        evaluate::numeric,
        operators,
        program::{Arithmetic, Comparison, Conversion, Node, Numeric},
    },
    source::Span,
};

fn arithmetic(operator: BinaryOperator) -> Option<Arithmetic> {
    Some(match operator {
        BinaryOperator::Add => Arithmetic::Add,
        BinaryOperator::Subtract => Arithmetic::Subtract,
        BinaryOperator::Multiply => Arithmetic::Multiply,
        BinaryOperator::Divide => Arithmetic::Divide,
        BinaryOperator::Remainder => Arithmetic::Remainder,
        BinaryOperator::And => Arithmetic::And,
        BinaryOperator::Or => Arithmetic::Or,
        BinaryOperator::ExclusiveOr => Arithmetic::Xor,
        BinaryOperator::ShiftLeft => Arithmetic::ShiftLeft,
        BinaryOperator::ShiftRight => Arithmetic::ShiftRight,
        _ => return None,
    })
}

fn comparison(operator: BinaryOperator) -> Option<Comparison> {
    Some(match operator {
        BinaryOperator::Less => Comparison::Less,
        BinaryOperator::LessOrEqual => Comparison::LessOrEqual,
        BinaryOperator::Greater => Comparison::Greater,
        BinaryOperator::GreaterOrEqual => Comparison::GreaterOrEqual,
        BinaryOperator::Equal => Comparison::Equal,
        BinaryOperator::NotEqual => Comparison::NotEqual,
        _ => return None,
    })
}

/// Binary numeric promotion. Source: C# language specification, "Binary numeric promotions"; `None` where it is an error.
fn promote(a: Numeric, b: Numeric) -> Option<Numeric> {
    use Numeric::{Decimal, Double, Int32, Int64, Single, UInt32, UInt64};
    Some(match (a, b) {
        (Decimal, Single | Double) | (Single | Double, Decimal) => return None,
        (Decimal, _) | (_, Decimal) => Decimal,
        (Double, _) | (_, Double) => Double,
        (Single, _) | (_, Single) => Single,
        (UInt64, UInt64 | UInt32) | (UInt32, UInt64) => UInt64,
        (UInt64, _) | (_, UInt64) => return None,
        (Int64, _) | (_, Int64) => Int64,
        (UInt32, UInt32) => UInt32,
        (UInt32, Int32) | (Int32, UInt32) => Int64,
        (Int32, Int32) => Int32,
    })
}

fn converted(node: Node, from: &Type, to: &Type) -> Node {
    if from == to { node } else { Node::Convert(Conversion::Numeric(to.clone(), false), Box::new(node)) }
}

impl Binder<'_> {
    pub(super) fn binary(&mut self, expression: &tree::Expression) -> Option<Bound> {
        // A chain `a + b + c …` leans left and may be long: bind it without recursion.
        let mut chain = Vec::new();
        let mut first = expression;
        while let ExpressionKind::Binary { left, operator, right } = &first.kind {
            chain.push((*operator, right.as_ref(), first.span));
            first = left;
        }
        let length = chain.len();
        let mut left = self.value(first);
        for (operator, right, span) in chain.into_iter().rev() {
            let right = self.value(right);
            left = match (left, right) {
                (Some(left), Some(right)) => self.operate(operator, left, right, span),
                _ => None,
            };
        }
        // A long concatenation is one flat node; any other chain is as deep as it is long.
        match left {
            Some(Bound { node: Node::Concat(_) | Node::Constant(_), .. }) => left,
            _ if length > super::MAX_DEPTH => {
                let help = "put parts of it into local variables";
                self.error_with_help(
                    "expression/too-deep",
                    expression.span,
                    format!("a chain of operators may be {} long", super::MAX_DEPTH),
                    help,
                );
                None
            }
            _ => left,
        }
    }

    /// Applies an operator to two bound operands.
    pub(super) fn operate(&mut self, operator: BinaryOperator, left: Bound, right: Bound, span: Span) -> Option<Bound> {
        let bound = match operator {
            BinaryOperator::ConditionalAnd | BinaryOperator::ConditionalOr => {
                let both = left.ty == Type::BOOL && right.ty == Type::BOOL;
                let make = if operator == BinaryOperator::ConditionalAnd { Node::And } else { Node::Or };
                both.then(|| Bound::new(make(Box::new(left.node.clone()), Box::new(right.node.clone())), Type::BOOL))
            }
            BinaryOperator::Coalesce => self.coalesce(&left, &right),
            _ => self.overloaded(operator, &left, &right),
        };
        let bound = bound.or_else(|| {
            let message =
                format!("Operator '{}' cannot be applied to operands of type '{}' and '{}'", operator.symbol(), left.ty, right.ty);
            self.error("CS0019", span, message);
            None
        })?;
        Some(self.folded(bound, &left, &right))
    }

    /// Operations on constants are done now, as the C# compiler does: their result is a constant again.
    fn folded(&self, bound: Bound, left: &Bound, right: &Bound) -> Bound {
        if let (Node::Arithmetic(operation, kind, checked, ..), Node::Constant(a), Node::Constant(b)) =
            (&bound.node, &left.node, &right.node)
            && bound.ty == left.ty
            && bound.ty == right.ty
            && let Ok(value) = operators::arithmetic(*operation, *kind, *checked, a, b)
        {
            return Bound::new(Node::Constant(value), bound.ty);
        }
        bound
    }

    fn coalesce(&mut self, left: &Bound, right: &Bound) -> Option<Bound> {
        if left.ty.is_value_type() {
            return None;
        }
        let nodes = |left: Node, right: Node| Node::Coalesce(Box::new(left), Box::new(right));
        if let Some(underlying) = left.ty.underlying()
            && let Some(change) = Self::implicit_change(right, underlying)
        {
            let right = change.map_or(right.node.clone(), |conversion| Node::Convert(conversion, Box::new(right.node.clone())));
            return Some(Bound::new(nodes(left.node.clone(), right), underlying.clone()));
        }
        if left.ty != Type::Null
            && let Some(change) = Self::implicit_change(right, &left.ty)
        {
            let right = change.map_or(right.node.clone(), |conversion| Node::Convert(conversion, Box::new(right.node.clone())));
            return Some(Bound::new(nodes(left.node.clone(), right), left.ty.clone()));
        }
        let change = Self::implicit_change(left, &right.ty)?;
        let left = change
            .map_or(left.node.clone(), |conversion| Node::Convert(Conversion::Lifted(Box::new(conversion)), Box::new(left.node.clone())));
        Some(Bound::new(nodes(left, right.node.clone()), right.ty.clone()))
    }

    fn overloaded(&mut self, operator: BinaryOperator, left: &Bound, right: &Bound) -> Option<Bound> {
        let is_string = |bound: &Bound| bound.ty == Type::STRING;
        if operator == BinaryOperator::Add && (is_string(left) || is_string(right)) {
            return (left.ty != Type::Void && right.ty != Type::Void).then(|| concat(left, right));
        }
        if let Some(bound) = self.numeric_operation(operator, left, right) {
            return Some(bound);
        }
        if let Some(operation) = arithmetic(operator)
            && left.ty == Type::BOOL
            && right.ty == Type::BOOL
            && matches!(operation, Arithmetic::And | Arithmetic::Or | Arithmetic::Xor)
        {
            return Some(Bound::new(Node::Logic(operation, Box::new(left.node.clone()), Box::new(right.node.clone())), Type::BOOL));
        }
        let text = |bound: &Bound| bound.ty == Type::STRING || bound.ty == Type::Null;
        if let (BinaryOperator::Equal | BinaryOperator::NotEqual, true) = (operator, text(left) && text(right)) {
            let negated = operator == BinaryOperator::NotEqual;
            return Some(Bound::new(Node::Equal(Box::new(left.node.clone()), Box::new(right.node.clone()), negated), Type::BOOL));
        }
        if let Some(bound) = user_operator(operator, left, right) {
            return Some(bound);
        }
        let negated = match operator {
            BinaryOperator::Equal => false,
            BinaryOperator::NotEqual => true,
            _ => return enum_order(operator, left, right),
        };
        comparable(left, right)
            .then(|| Bound::new(Node::Equal(Box::new(left.node.clone()), Box::new(right.node.clone()), negated), Type::BOOL))
    }

    fn numeric_operation(&mut self, operator: BinaryOperator, left: &Bound, right: &Bound) -> Option<Bound> {
        let lifted = left.ty.underlying().is_some() || right.ty.underlying().is_some();
        let (a, b) = (left.ty.underlying().unwrap_or(&left.ty), right.ty.underlying().unwrap_or(&right.ty));
        let shift = matches!(operator, BinaryOperator::ShiftLeft | BinaryOperator::ShiftRight);
        let kind = match (numeric(a)?, numeric(b)?) {
            (a, Numeric::Int32) if shift => a,
            _ if shift => return None,
            // A constant takes the type of the other side where it fits: `ulong > 0`.
            (kind, Numeric::Int32) if Self::implicit_change(right, &kind.ty()).is_some() => kind,
            (Numeric::Int32, kind) if Self::implicit_change(left, &kind.ty()).is_some() => kind,
            (a, b) => promote(a, b)?,
        };
        let to = kind.ty();
        let right_to = if shift { Type::INT32 } else { to.clone() };
        let make = |checked: bool, l: Node, r: Node| {
            let (l, r) = (Box::new(converted(l, a, &to)), Box::new(converted(r, b, &right_to)));
            match (comparison(operator), arithmetic(operator)) {
                (Some(comparison), _) => Some((Node::Compare(comparison, l, r), Type::BOOL)),
                (None, Some(operation)) => {
                    let bits = matches!(
                        operation,
                        Arithmetic::And | Arithmetic::Or | Arithmetic::Xor | Arithmetic::ShiftLeft | Arithmetic::ShiftRight
                    );
                    if bits && matches!(kind, Numeric::Single | Numeric::Double | Numeric::Decimal) {
                        return None;
                    }
                    Some((Node::Arithmetic(operation, kind, checked, l, r), to.clone()))
                }
                _ => None,
            }
        };
        if !lifted {
            let (node, ty) = make(self.checked, left.node.clone(), right.node.clone())?;
            return Some(Bound::new(node, ty));
        }
        let (l, r) = (self.slot(), self.slot());
        let (node, ty) = make(self.checked, Node::Local(l), Node::Local(r))?;
        let operands: Box<[Node]> = [left.node.clone(), right.node.clone()].into();
        let node_lifted = Node::Lifted(operands, [l, r].into(), Box::new(node));
        // A lifted comparison with null is false; `==` compares the nulls themselves, `!=` is its opposite.
        Some(match operator {
            BinaryOperator::Equal | BinaryOperator::NotEqual => {
                let value = |slot| Node::Equal(Box::new(Node::Local(slot)), Box::new(Node::Constant(Value::Null)), false);
                let nulls = Node::Logic(Arithmetic::And, Box::new(value(l)), Box::new(value(r)));
                let same = Node::Coalesce(
                    Box::new(Node::Lifted(
                        match node_lifted {
                            Node::Lifted(operands, ..) => operands,
                            _ => [].into(),
                        },
                        [l, r].into(),
                        {
                            let (l, r) = (Box::new(converted(Node::Local(l), a, &to)), Box::new(converted(Node::Local(r), b, &right_to)));
                            Box::new(Node::Compare(Comparison::Equal, l, r))
                        },
                    )),
                    Box::new(nulls),
                );
                Bound::new(if operator == BinaryOperator::Equal { same } else { Node::Not(Box::new(same)) }, Type::BOOL)
            }
            _ if ty == Type::BOOL => {
                Bound::new(Node::Coalesce(Box::new(node_lifted), Box::new(Node::Constant(Value::Bool(false)))), Type::BOOL)
            }
            _ => Bound::new(node_lifted, Type::nullable(ty)),
        })
    }

    pub(super) fn unary(&mut self, operator: UnaryOperator, operand: &tree::Expression, span: Span) -> Option<Bound> {
        if let UnaryOperator::PreIncrement | UnaryOperator::PreDecrement | UnaryOperator::PostIncrement | UnaryOperator::PostDecrement =
            operator
        {
            return self.increment(operator, operand, span);
        }
        let bound = self.value(operand)?;
        let kind = numeric(&bound.ty);
        let made = match (operator, kind) {
            (UnaryOperator::Not, _) if bound.ty == Type::BOOL => Some(Bound::new(Node::Not(Box::new(bound.node.clone())), Type::BOOL)),
            (UnaryOperator::Plus, Some(kind)) => Some(Bound::new(converted(bound.node.clone(), &bound.ty, &kind.ty()), kind.ty())),
            (UnaryOperator::Minus, Some(kind)) => {
                let kind = if kind == Numeric::UInt32 { Numeric::Int64 } else { kind };
                match &bound.node {
                    Node::Constant(value) if bound.ty == kind.ty() => {
                        operators::negate(kind, false, value).ok().map(|value| Bound::new(Node::Constant(value), kind.ty()))
                    }
                    _ if kind == Numeric::UInt64 => None,
                    _ => Some(Bound::new(
                        Node::Negate(kind, self.checked, Box::new(converted(bound.node.clone(), &bound.ty, &kind.ty()))),
                        kind.ty(),
                    )),
                }
            }
            (UnaryOperator::Complement, Some(kind @ (Numeric::Int32 | Numeric::UInt32 | Numeric::Int64 | Numeric::UInt64))) => {
                Some(Bound::new(Node::Complement(kind, Box::new(converted(bound.node.clone(), &bound.ty, &kind.ty()))), kind.ty()))
            }
            _ => None,
        };
        made.or_else(|| {
            self.error("CS0023", span, format!("Operator '{}' cannot be applied to operand of type '{}'", operator.symbol(), bound.ty));
            None
        })
    }

    fn increment(&mut self, operator: UnaryOperator, operand: &tree::Expression, span: Span) -> Option<Bound> {
        let binary = if matches!(operator, UnaryOperator::PreIncrement | UnaryOperator::PostIncrement) {
            BinaryOperator::Add
        } else {
            BinaryOperator::Subtract
        };
        let one = Bound::new(Node::Constant(Value::Int32(1)), Type::INT32);
        let name = match &operand.without_parentheses().kind {
            ExpressionKind::Name(name) => name.identifier.name.clone(),
            ExpressionKind::Element { target, arguments } => {
                let owner = self.value(target)?;
                return self.compound_element(owner, arguments, (binary, one), operator.is_postfix(), span);
            }
            _ => return self.unavailable("`++` on anything but a variable or an element", span),
        };
        let bound = self.value(operand)?;
        let Some((slot, ty)) = self.find_local(&name).map(|local| (local.slot, local.ty.clone())) else {
            self.error("CS1059", span, "The operand of an increment or decrement operator must be a variable, property or indexer");
            return None;
        };
        let sum = self.operate(binary, bound, one, span)?;
        let sum = self.explicitly(sum, &ty, span)?;
        let node = if operator.is_postfix() { Node::PostSet(slot, Box::new(sum.node)) } else { Node::SetLocal(slot, Box::new(sum.node)) };
        Some(Bound::new(node, ty))
    }
}

/// String concatenation; chains become one node, so that `a + b + c` is joined once.
fn concat(left: &Bound, right: &Bound) -> Bound {
    let mut parts = Vec::new();
    for bound in [left, right] {
        match &bound.node {
            Node::Concat(inner) => parts.extend(inner.iter().cloned()),
            node => parts.push(node.clone()),
        }
    }
    if let [Node::Constant(Value::String(a)), Node::Constant(Value::String(b))] = parts.as_slice() {
        return Bound::new(Node::Constant(Value::String(a.concat(b))), Type::STRING);
    }
    Bound::new(Node::Concat(parts.into()), Type::STRING)
}

fn user_operator(operator: BinaryOperator, left: &Bound, right: &Bound) -> Option<Bound> {
    let candidates: Vec<&'static MemberInfo> = [&left.ty, &right.ty]
        .into_iter()
        .filter_map(|ty| ty.class())
        .flat_map(|class| class.infos())
        .filter(|info| info.kind == MemberKind::Operator && info.name == operator.symbol())
        .collect();
    let fits = |info: &&&'static MemberInfo| {
        let mut parameters = info.parameters.iter();
        let mut both = true;
        for bound in [left, right] {
            both &= parameters.next().is_some_and(|parameter| conversions::implicit(&bound.ty, &parameter.ty).is_some());
        }
        both
    };
    let info = candidates.iter().find(fits)?;
    let arguments: Box<[Node]> = [left, right]
        .into_iter()
        .zip(&info.parameters)
        .map(|(bound, parameter)| match conversions::implicit(&bound.ty, &parameter.ty).flatten() {
            Some(conversion) => Node::Convert(conversion, Box::new(bound.node.clone())),
            None => bound.node.clone(),
        })
        .collect();
    Some(Bound::new(Node::Call { native: info.native, arguments, types: [].into(), outs: [].into() }, info.result.clone()))
}

fn enum_order(operator: BinaryOperator, left: &Bound, right: &Bound) -> Option<Bound> {
    let comparison = comparison(operator)?;
    (left.ty == right.ty && left.ty.enum_members().is_some())
        .then(|| Bound::new(Node::Compare(comparison, Box::new(left.node.clone()), Box::new(right.node.clone())), Type::BOOL))
}

/// Whether `==` has a meaning: equal types, a nullable or reference beside null, or references that may be one object.
fn comparable(left: &Bound, right: &Bound) -> bool {
    let null_beside = |a: &Type, b: &Type| *a == Type::Null && b.admits_null();
    let value = |ty: &Type| ty.is_value_type() || ty.underlying().is_some();
    if null_beside(&left.ty, &right.ty) || null_beside(&right.ty, &left.ty) {
        return true;
    }
    if value(&left.ty) || value(&right.ty) {
        let (a, b) = (left.ty.underlying().unwrap_or(&left.ty), right.ty.underlying().unwrap_or(&right.ty));
        let has_equality = |ty: &Type| ty.enum_members().is_some() || [Type::BOOL, Type::GUID].contains(ty);
        return a == b && has_equality(a);
    }
    left.ty.is_reference_to(&right.ty) || right.ty.is_reference_to(&left.ty)
}
