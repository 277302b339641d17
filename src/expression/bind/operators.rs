//! Operators: numeric promotion, lifting over nullables, strings, equality, enumerations, delegates, and operators of a type's own.
//!
//! Source: C# language specification, "Expressions".

use super::{Binder, Bound, Operand, conversions, equality::equality};
use crate::{
    csharp::tree::{self, BinaryOperator, ExpressionKind},
    dotnet::member::{MemberInfo, MemberKind},
    dotnet::types::{Class, Kind, Type},
    dotnet::value::Value,
    expression::program::{Arithmetic, Call, Comparison, Conversion, Node, Numeric},
    source::Span,
};

pub(super) fn arithmetic(operator: BinaryOperator) -> Option<Arithmetic> {
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

pub(super) fn comparison(operator: BinaryOperator) -> Option<Comparison> {
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

/// `byte`, `ushort` and `char`, which any integral type but `sbyte` and `short` holds.
fn is_small_unsigned(ty: &Type) -> bool {
    ty.class().is_some_and(|class| class.namespace == "System" && matches!(class.name, "Byte" | "UInt16" | "Char"))
}

pub(super) fn converted(node: Node, from: &Type, to: &Type) -> Node {
    if from == to {
        return node;
    }
    conversions::apply(Bound::new(node, from.clone()), Some(Conversion::Numeric(to.clone(), false)), to).node
}

impl<'t> Binder<'t> {
    pub(super) fn binary(&mut self, expression: &'t tree::Expression) -> Option<Bound> {
        // A chain `a + b + c …` leans left and may be long: bind it without recursion.
        let mut chain = Vec::new();
        let mut first = expression;
        while let ExpressionKind::Binary { left, operator, right } = &first.kind {
            chain.push((*operator, right.as_ref(), first.span));
            first = left;
        }
        let length = chain.len();
        let mut left = self.operand(first).map(|operand| (operand, first.span));
        for (operator, right, span) in chain.into_iter().rev() {
            left = match operator {
                BinaryOperator::ConditionalAnd | BinaryOperator::ConditionalOr => self.short_circuit(operator, left, right, span),
                BinaryOperator::Coalesce => {
                    self.settle();
                    let assigned = self.assigned.clone();
                    let right_operand = self.operand(right);
                    self.settle();
                    self.assigned = assigned;
                    match (left, right_operand) {
                        (Some((left, at)), Some(right_operand)) => {
                            let left = self.natural(left, at);
                            left.and_then(|left| self.coalesce(left, right_operand, right.span, span))
                        }
                        _ => None,
                    }
                }
                _ => {
                    self.settle();
                    let right_operand = self.operand(right);
                    self.settle();
                    match (left, right_operand) {
                        (Some((left, at)), Some(right_operand)) => self.operate_on(operator, left, at, right_operand, right.span, span),
                        _ => None,
                    }
                }
            }
            .map(|bound| (Operand::Value(bound), span));
        }
        let (left, at) = left?;
        let left = self.natural(left, at)?;
        // A long concatenation is one flat node; any other chain is as deep as it is long.
        if length > super::MAX_DEPTH && !matches!(left.node, Node::Concat(_) | Node::Constant(_)) {
            let message = format!("a chain of operators may be {} long", super::MAX_DEPTH);
            self.error_with_help("expression/too-deep", expression.span, message, "put parts of it into local variables");
            return None;
        }
        Some(left)
    }

    /// `&&` and `||`: the right side is looked at with what the left one has assigned.
    fn short_circuit(
        &mut self,
        operator: BinaryOperator,
        left: Option<(Operand<'t>, Span)>,
        right: &'t tree::Expression,
        span: Span,
    ) -> Option<Bound> {
        let is_and = operator == BinaryOperator::ConditionalAnd;
        let (when_true, when_false) = self.outcomes(left.as_ref().map(|(left, _)| left));
        self.assigned = if is_and { when_true.clone() } else { when_false.clone() };
        let right_operand = self.operand(right);
        let (mut right_true, mut right_false) = self.outcomes(right_operand.as_ref());
        if is_and {
            right_false.meet(&when_false);
        } else {
            right_true.meet(&when_true);
        }
        self.split = Some((right_true, right_false));
        let (left, at) = left?;
        let (left, right) = (self.natural(left, at)?, right_operand.and_then(|operand| self.natural(operand, right.span))?);
        let boolean = |bound: &Bound| conversions::of_value(bound, &Type::BOOL);
        let (Some(to_left), Some(to_right)) = (boolean(&left), boolean(&right)) else {
            return self.inapplicable(operator, &left.ty, &right.ty, span);
        };
        let left = conversions::apply(left, to_left, &Type::BOOL);
        let right = conversions::apply(right, to_right, &Type::BOOL);
        if let (Node::Constant(Value::Bool(a)), Node::Constant(Value::Bool(b))) = (&left.node, &right.node) {
            return Some(Bound::new(Node::Constant(Value::Bool(if is_and { *a && *b } else { *a || *b })), Type::BOOL));
        }
        let make = if is_and { Node::And } else { Node::Or };
        Some(Bound::new(make(left.boxed(), right.boxed()), Type::BOOL))
    }

    fn inapplicable<T>(&mut self, operator: BinaryOperator, left: &Type, right: &Type, span: Span) -> Option<T> {
        if *left == Type::Error || *right == Type::Error {
            return None;
        }
        let message = format!("Operator '{}' cannot be applied to operands of type '{left}' and '{right}'", operator.symbol());
        self.error("CS0019", span, message);
        None
    }

    pub(super) fn operate_on(
        &mut self,
        operator: BinaryOperator,
        left: Operand<'t>,
        left_span: Span,
        right: Operand<'t>,
        right_span: Span,
        span: Span,
    ) -> Option<Bound> {
        let is_tuple = |operand: &Operand<'_>| match operand {
            Operand::Tuple(_) => true,
            Operand::Value(bound) => matches!(bound.ty, Type::Tuple(_)),
            _ => false,
        };
        if equality(operator).is_some() && is_tuple(&left) && is_tuple(&right) {
            return self.compare_literals(operator, left, right, span);
        }
        // `x == default` takes its type from the other side, as tuple literals do.
        let (left, right) = match (left, right) {
            (Operand::Value(left), other @ (Operand::Default | Operand::Tuple(_))) if equality(operator).is_some() => {
                let ty = left.ty.clone();
                (left, self.to(other, &ty, right_span)?)
            }
            (other @ (Operand::Default | Operand::Tuple(_)), Operand::Value(right)) if equality(operator).is_some() => {
                let ty = right.ty.clone();
                (self.to(other, &ty, left_span)?, right)
            }
            (left, right) => (self.natural(left, left_span)?, self.natural(right, right_span)?),
        };
        self.operate(operator, left, right, span)
    }

    /// Applies an operator to two bound operands.
    pub(super) fn operate(&mut self, operator: BinaryOperator, left: Bound, right: Bound, span: Span) -> Option<Bound> {
        if left.ty == Type::Void || right.ty == Type::Void {
            return self.inapplicable(operator, &left.ty, &right.ty, span);
        }
        self.warn_of_references(operator, &left, &right, span);
        match self.overloaded(operator, &left, &right) {
            Some(bound) => self.folded(bound, span),
            None => self.inapplicable(operator, &left.ty, &right.ty, span),
        }
    }

    /// `object == string` asks whether both are one object, which a text that was put together at run time never is with a literal.
    fn warn_of_references(&mut self, operator: BinaryOperator, left: &Bound, right: &Bound, span: Span) {
        let (code, side) = match (&left.ty, &right.ty) {
            _ if equality(operator).is_none() => return,
            (object, text) if *object == Type::OBJECT && *text == Type::STRING => ("CS0252", "left"),
            (text, object) if *object == Type::OBJECT && *text == Type::STRING => ("CS0253", "right"),
            _ => return,
        };
        let message =
            format!("Possible unintended reference comparison; to get a value comparison, cast the {side} hand side to type 'string'");
        self.warning(code, span, message, "write `(string)` before it, or call `GetValueOrDefault<string>`");
    }

    fn coalesce(&mut self, left: Bound, right: Operand<'t>, right_span: Span, span: Span) -> Option<Bound> {
        let nodes = |left: Node, right: Node| Node::Coalesce(Box::new(left), Box::new(right));
        if left.ty.is_value_type() || left.ty == Type::Void {
            let right = self.natural(right, right_span)?;
            return self.inapplicable(BinaryOperator::Coalesce, &left.ty, &right.ty, span);
        }
        if let Some(underlying) = left.ty.underlying().cloned()
            && self.converts(&right, &underlying)
        {
            let right = self.to(right, &underlying, right_span)?;
            return Some(Bound::new(nodes(left.node, right.node), underlying));
        }
        if left.ty != Type::Null && self.converts(&right, &left.ty) {
            let ty = left.ty.clone();
            let right = self.to(right, &ty, right_span)?;
            return Some(Bound::new(nodes(left.node, right.node), ty));
        }
        let right = self.natural(right, right_span)?;
        let from = Bound::new(left.node.clone(), left.ty.underlying().unwrap_or(&left.ty).clone());
        let Some(change) = conversions::of_value(&from, &right.ty) else {
            return self.inapplicable(BinaryOperator::Coalesce, &left.ty, &right.ty, span);
        };
        let left = match change {
            None => left.node,
            Some(conversion) => Node::Convert(Conversion::Lifted(Box::new(conversion)), left.boxed()),
        };
        Some(Bound::new(nodes(left, right.node), right.ty))
    }

    pub(super) fn overloaded(&mut self, operator: BinaryOperator, left: &Bound, right: &Bound) -> Option<Bound> {
        let is_string = |bound: &Bound| bound.ty == Type::STRING;
        if operator == BinaryOperator::Add && (is_string(left) || is_string(right)) && user_operator(operator, left, right).is_none() {
            return Some(concat(left, right));
        }
        if let Some(bound) = self.boolean_operation(operator, left, right) {
            return Some(bound);
        }
        // Beside the literal null a value is lifted: `5 == null` is false, and `5 + null` null.
        let beside_null = |bound: &Bound, other: &Bound| {
            let lifts = other.ty == Type::Null && bound.ty.is_value_type() && bound.ty.underlying().is_none();
            lifts.then(|| Bound::new(bound.node.clone(), Type::nullable(bound.ty.clone())))
        };
        let (lifted_left, lifted_right) = (beside_null(left, right), beside_null(right, left));
        let (left_or_lifted, right_or_lifted) = (lifted_left.as_ref().unwrap_or(left), lifted_right.as_ref().unwrap_or(right));
        if let Some(bound) = self.numeric_operation(operator, left_or_lifted, right_or_lifted) {
            return Some(bound);
        }
        let text = |bound: &Bound| bound.ty == Type::STRING || bound.ty == Type::Null;
        if let (Some(negated), true) = (equality(operator), text(left) && text(right)) {
            return Some(Bound::new(Node::Equal(left.clone().boxed(), right.clone().boxed(), negated), Type::BOOL));
        }
        if let Some(bound) = self.enum_operation(operator, left_or_lifted, right_or_lifted) {
            return Some(bound);
        }
        if let Some(bound) = self.user_operation(operator, left_or_lifted, right_or_lifted) {
            return Some(bound);
        }
        self.equal(operator, left, right)
    }

    fn boolean_operation(&mut self, operator: BinaryOperator, left: &Bound, right: &Bound) -> Option<Bound> {
        let plain = |bound: &Bound| bound.ty == Type::BOOL;
        let nullable = |bound: &Bound| bound.ty.underlying() == Some(&Type::BOOL) || bound.ty == Type::Null;
        if let Some(negated) = equality(operator) {
            let both =
                (plain(left) || nullable(left)) && (plain(right) || nullable(right)) && (left.ty != Type::Null || right.ty != Type::Null);
            return both.then(|| Bound::new(Node::Equal(left.clone().boxed(), right.clone().boxed(), negated), Type::BOOL));
        }
        let operation = arithmetic(operator).filter(|op| matches!(op, Arithmetic::And | Arithmetic::Or | Arithmetic::Xor))?;
        if plain(left) && plain(right) {
            return Some(Bound::new(Node::Logic(operation, left.clone().boxed(), right.clone().boxed()), Type::BOOL));
        }
        let any = plain(left) || plain(right) || left.ty.underlying().is_some() || right.ty.underlying().is_some();
        if !any || !(plain(left) || nullable(left)) || !(plain(right) || nullable(right)) {
            return None;
        }
        let ty = Type::nullable(Type::BOOL);
        if operation == Arithmetic::Xor {
            let (a, b) = (self.slot(), self.slot());
            let xor = Node::Logic(operation, Box::new(Node::Local(a)), Box::new(Node::Local(b)));
            return Some(Bound::new(Node::Lifted([(left.node.clone(), a), (right.node.clone(), b)].into(), Box::new(xor)), ty));
        }
        Some(Bound::new(Node::ThreeValued(operation, left.clone().boxed(), right.clone().boxed()), ty))
    }

    fn numeric_operation(&mut self, operator: BinaryOperator, left: &Bound, right: &Bound) -> Option<Bound> {
        let nullable = |bound: &Bound| bound.ty.underlying().is_some() || bound.ty == Type::Null;
        let lifted = nullable(left) || nullable(right);
        // `n == null` and `n > null` on a nullable number.
        let null_like = |bound: &Bound, other: &Bound| -> Type {
            let own = bound.ty.underlying().unwrap_or(&bound.ty);
            if bound.ty == Type::Null { other.ty.underlying().unwrap_or(&other.ty).clone() } else { own.clone() }
        };
        let (a, b) = (null_like(left, right), null_like(right, left));
        let shift = matches!(operator, BinaryOperator::ShiftLeft | BinaryOperator::ShiftRight);
        let fits = |bound: &Bound, kind: Numeric| conversions::of_value(bound, &kind.ty()).is_some();
        let kind = match (Numeric::of(&a)?, Numeric::of(&b)?) {
            (a, Numeric::Int32) if shift => a,
            _ if shift => return None,
            // A constant takes the type of the other side where it fits: `ulong > 0`, `uint + 1`.
            (kind @ (Numeric::UInt32 | Numeric::UInt64), Numeric::Int32 | Numeric::Int64) if is_constant(right) && fits(right, kind) => {
                kind
            }
            (Numeric::Int32 | Numeric::Int64, kind @ (Numeric::UInt32 | Numeric::UInt64)) if is_constant(left) && fits(left, kind) => kind,
            // What is small and has no sign goes with either: `ulong ^ char`.
            (kind @ (Numeric::UInt32 | Numeric::UInt64), Numeric::Int32) if is_small_unsigned(&b) => kind,
            (Numeric::Int32, kind @ (Numeric::UInt32 | Numeric::UInt64)) if is_small_unsigned(&a) => kind,
            (a, b) => promote(a, b)?,
        };
        let to = kind.ty();
        let right_to = if shift { Type::INT32 } else { to.clone() };
        let checked = self.checked;
        let make = |l: Node, r: Node| -> Option<(Node, Type)> {
            let (l, r) = (Box::new(converted(l, &a, &to)), Box::new(converted(r, &b, &right_to)));
            if let Some(comparison) = comparison(operator) {
                return Some((Node::Compare(comparison, l, r), Type::BOOL));
            }
            let operation = arithmetic(operator)?;
            let bits = !matches!(
                operation,
                Arithmetic::Add | Arithmetic::Subtract | Arithmetic::Multiply | Arithmetic::Divide | Arithmetic::Remainder
            );
            if bits && !kind.is_integral() {
                return None;
            }
            Some((Node::Arithmetic(operation, kind, checked, l, r), to.clone()))
        };
        if !lifted {
            let (node, ty) = make(left.node.clone(), right.node.clone())?;
            return Some(Bound::new(node, ty));
        }
        let (l, r) = (self.slot(), self.slot());
        let (node, ty) = make(Node::Local(l), Node::Local(r))?;
        Some(lift(operator, [(left.node.clone(), l), (right.node.clone(), r)], node, ty))
    }

    /// `==`, order, arithmetic and bits of enumerations: on their numbers.
    fn enum_operation(&mut self, operator: BinaryOperator, left: &Bound, right: &Bound) -> Option<Bound> {
        let own = |bound: &Bound| bound.ty.underlying().unwrap_or(&bound.ty).clone();
        let (a, b) = (own(left), own(right));
        let enumeration = if a.enum_members().is_some() { a.clone() } else { b.clone() };
        enumeration.enum_members()?;
        let zero = |bound: &Bound| matches!(bound.node, Node::Constant(Value::Int32(0)));
        let same = a == b
            || (zero(left) && b == enumeration)
            || (zero(right) && a == enumeration)
            || left.ty == Type::Null
            || right.ty == Type::Null;
        let number = |node: Node, ty: &Type| if *ty == Type::Null { node } else { converted(node, ty, &Type::INT32) };
        let make = |l: Node, r: Node| -> Option<(Node, Type)> {
            let (l, r) = (Box::new(number(l, &a)), Box::new(number(r, &b)));
            if let Some(comparison) = comparison(operator).filter(|_| same) {
                return Some((Node::Compare(comparison, l, r), Type::BOOL));
            }
            let operation = arithmetic(operator)?;
            let result = Node::Arithmetic(operation, Numeric::Int32, false, l, r);
            let back = |node: Node| converted(node, &Type::INT32, &enumeration);
            match operation {
                Arithmetic::And | Arithmetic::Or | Arithmetic::Xor if same => Some((back(result), enumeration.clone())),
                Arithmetic::Subtract if a == b => Some((result, Type::INT32)),
                Arithmetic::Add | Arithmetic::Subtract if a == enumeration && b == Type::INT32 => Some((back(result), enumeration.clone())),
                Arithmetic::Add if b == enumeration && a == Type::INT32 => Some((back(result), enumeration.clone())),
                _ => None,
            }
        };
        if left.ty.underlying().is_none() && right.ty.underlying().is_none() {
            if left.ty == Type::Null || right.ty == Type::Null {
                return None;
            }
            let (node, ty) = make(left.node.clone(), right.node.clone())?;
            return Some(Bound::new(node, ty));
        }
        let (l, r) = (self.slot(), self.slot());
        let (node, ty) = make(Node::Local(l), Node::Local(r))?;
        Some(lift(operator, [(left.node.clone(), l), (right.node.clone(), r)], node, ty))
    }

    /// An operator that a type declares; over nullables of it too.
    fn user_operation(&mut self, operator: BinaryOperator, left: &Bound, right: &Bound) -> Option<Bound> {
        if let Some(bound) = user_operator(operator, left, right) {
            return Some(bound);
        }
        if left.ty.underlying().is_none() && right.ty.underlying().is_none() {
            return None;
        }
        let own = |bound: &Bound, other: &Bound, slot: usize| {
            let ty = if bound.ty == Type::Null { &other.ty } else { &bound.ty };
            Bound::new(Node::Local(slot), ty.underlying().unwrap_or(ty).clone())
        };
        let (l, r) = (self.slot(), self.slot());
        let inner = user_operator(operator, &own(left, right, l), &own(right, left, r))?;
        Some(lift(operator, [(left.node.clone(), l), (right.node.clone(), r)], inner.node, inner.ty))
    }
}

pub(super) fn is_constant(bound: &Bound) -> bool {
    matches!(bound.node, Node::Constant(_))
}

/// An operator over nullables: null where one operand is null; a comparison is then false, equality compares the nulls.
pub(super) fn lift(operator: BinaryOperator, operands: [(Node, usize); 2], node: Node, ty: Type) -> Bound {
    let slots = [operands[0].1, operands[1].1];
    let lifted = Node::Lifted(Box::new(operands), Box::new(node));
    let constant = |value: bool| Box::new(Node::Constant(Value::Bool(value)));
    match operator {
        BinaryOperator::Equal | BinaryOperator::NotEqual => {
            // Where one is null, the operation gave null: both null are equal.
            let null = |slot: usize| Box::new(Node::Same(Box::new(Node::Local(slot)), Box::new(Node::Constant(Value::Null)), false));
            let [a, b] = slots;
            let both = Node::Logic(Arithmetic::And, null(a), null(b));
            let nulls = if operator == BinaryOperator::Equal { both } else { Node::Not(Box::new(both)) };
            Bound::new(Node::Coalesce(Box::new(lifted), Box::new(nulls)), Type::BOOL)
        }
        _ if comparison(operator).is_some() => Bound::new(Node::Coalesce(Box::new(lifted), constant(false)), Type::BOOL),
        _ => Bound::new(lifted, Type::nullable(ty)),
    }
}

pub(super) fn concat(left: &Bound, right: &Bound) -> Bound {
    let mut parts = match &left.node {
        Node::Concat(parts) if left.ty == Type::STRING => parts.to_vec(),
        node => vec![node.clone()],
    };
    match &right.node {
        Node::Concat(more) if right.ty == Type::STRING => parts.extend(more.iter().cloned()),
        node => parts.push(node.clone()),
    }
    Bound::new(Node::Concat(parts.into()), Type::STRING)
}

/// The operators of that token that a type and its bases declare.
pub(super) fn declared(ty: &Type, token: &str, count: usize) -> Vec<&'static MemberInfo> {
    let mut found = Vec::new();
    let mut next = ty.class();
    while let Some(class) = next {
        let fits = |info: &&MemberInfo| info.kind == MemberKind::Operator && info.name == token && info.parameters.len() == count;
        found.extend(class.infos().iter().filter(fits));
        next = class.supertypes().iter().filter_map(Type::class).find(|base: &&Class| base.kind == Kind::Class);
    }
    found
}

pub(super) fn user_operator(operator: BinaryOperator, left: &Bound, right: &Bound) -> Option<Bound> {
    let mut candidates = declared(&left.ty, operator.symbol(), 2);
    for info in declared(&right.ty, operator.symbol(), 2) {
        if !candidates.iter().any(|known| std::ptr::eq(*known, info)) {
            candidates.push(info);
        }
    }
    let fitting = candidates.into_iter().filter_map(|info| {
        let [first, second] = info.parameters.as_slice() else { return None };
        let a = conversions::of_value(left, &first.ty)?;
        let b = conversions::of_value(right, &second.ty)?;
        let exact = usize::from(first.ty == left.ty) + usize::from(second.ty == right.ty);
        Some((exact, info, a, b))
    });
    let (_, info, a, b) = fitting.max_by_key(|(exact, ..)| *exact)?;
    let [first, second] = info.parameters.as_slice() else { return None };
    let arguments = [conversions::apply(left.clone(), a, &first.ty).node, conversions::apply(right.clone(), b, &second.ty).node];
    Some(Bound::new(operator_call(info, arguments.into()), info.result.clone()))
}

pub(super) fn operator_call(info: &'static MemberInfo, arguments: Box<[Node]>) -> Node {
    Node::Call(Box::new(Call { native: info.native, arguments, types: [].into(), outs: [].into(), has_receiver: false }))
}
