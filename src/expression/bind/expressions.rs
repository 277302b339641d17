//! Expressions: from a tree to a bound value.

use super::{Binder, Bound, members::Entity};
use crate::{
    csharp::tree::{self, ExpressionKind, InterpolationPart, Literal, PatternKind},
    dotnet::{
        string::Str,
        types::{Class, ClassRef, Type},
        value::Value,
    },
    expression::program::{Node, Piece},
    source::Span,
};

/// A class without type arguments as a type.
pub(super) fn types_of(class: &'static Class) -> Type {
    Type::Named(ClassRef(class))
}

impl Binder<'_> {
    /// Binds an expression that must be a value.
    pub(super) fn value(&mut self, expression: &tree::Expression) -> Option<Bound> {
        self.deeper(expression.span, |binder| binder.value_inside(expression))
    }

    fn value_inside(&mut self, expression: &tree::Expression) -> Option<Bound> {
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Literal(literal) => self.literal(literal, span),
            ExpressionKind::Interpolated(parts) => self.interpolated(parts),
            ExpressionKind::Parenthesized(inner) => self.value(inner),
            ExpressionKind::Name(_) | ExpressionKind::Member { .. } | ExpressionKind::Predefined(_) => match self.entity(expression)? {
                Entity::Value(bound) => Some(bound),
                Entity::Type(ty) => {
                    self.error("CS0119", span, format!("'{ty}' is a type, which is not valid in the given context"));
                    None
                }
                Entity::Namespace(namespace) => {
                    self.error("CS0118", span, format!("'{namespace}' is a namespace but is used like a variable"));
                    None
                }
            },
            ExpressionKind::MemberBinding(name) => {
                let receiver = self.receivers.last().cloned()?;
                self.member(receiver, name, span)
            }
            ExpressionKind::ElementBinding(arguments) => {
                let receiver = self.receivers.last().cloned()?;
                self.element(receiver, arguments, None, span)
            }
            ExpressionKind::ConditionalAccess { target, when_not_null } => self.conditional_access(target, when_not_null, span),
            ExpressionKind::Invocation { target, arguments } => self.invocation(target, arguments, span),
            ExpressionKind::Element { target, arguments } => {
                let target = self.value(target)?;
                self.element(target, arguments, None, span)
            }
            ExpressionKind::Unary { operator, operand } => self.unary(*operator, operand, span),
            ExpressionKind::Binary { .. } => self.binary(expression),
            ExpressionKind::Cast { ty, operand } => {
                let to = self.ty(ty);
                let operand = self.value(operand);
                self.explicitly(operand?, &to?, span)
            }
            ExpressionKind::Is { operand, pattern } => self.is(operand, pattern),
            ExpressionKind::As { operand, ty } => {
                let to = self.ty(ty);
                let operand = self.value(operand)?;
                let to = to?;
                if to.is_value_type() {
                    self.error(
                        "CS0077",
                        span,
                        format!(
                            "The as operator must be used with a reference type or nullable type ('{to}' is a non-nullable value type)"
                        ),
                    );
                    return None;
                }
                Some(Bound::new(Node::As(to.clone(), Box::new(operand.node)), to))
            }
            ExpressionKind::Conditional { condition, then, otherwise } => self.conditional(condition, then, otherwise, span),
            ExpressionKind::Assignment { target, operator, value } => self.assignment(target, *operator, value, span),
            ExpressionKind::ObjectCreation { ty, arguments, initializer } => {
                self.object_creation(ty, arguments, initializer.as_deref(), span)
            }
            ExpressionKind::ArrayCreation { ty, sizes, initializer } => self.array_creation(ty, sizes, initializer.as_deref(), span),
            ExpressionKind::ImplicitArrayCreation { initializer, .. } => self.implicit_array(initializer, span),
            ExpressionKind::Default(ty) => {
                let ty = self.ty(ty)?;
                Some(Bound::new(Node::Constant(Value::default_of(&ty)), ty))
            }
            ExpressionKind::DefaultLiteral => Some(Bound::new(Node::Constant(Value::Null), Type::Null)),
            ExpressionKind::NameOf(operand) => {
                let name = match &operand.kind {
                    ExpressionKind::Name(name) | ExpressionKind::Member { name, .. } => name.identifier.name.clone(),
                    _ => {
                        self.error("CS8081", operand.span, "Expression does not have a name.");
                        return None;
                    }
                };
                Some(Bound::new(Node::Constant(Value::string(name)), Type::STRING))
            }
            ExpressionKind::Checked(inner) => self.with_checked(true, |binder| binder.value(inner)),
            ExpressionKind::Unchecked(inner) => self.with_checked(false, |binder| binder.value(inner)),
            ExpressionKind::Throw(operand) => {
                let operand = self.value(operand)?;
                Some(Bound::new(Node::Throw(Box::new(operand.node)), Type::Null))
            }
            ExpressionKind::This | ExpressionKind::Base => {
                self.error("CS0026", span, "Keyword 'this' is not valid in a static property, static method, or static field initializer");
                None
            }
            ExpressionKind::Lambda { .. } | ExpressionKind::AnonymousMethod { .. } => self.unavailable("a lambda expression", span),
            ExpressionKind::Query(_) => self.unavailable("a query expression", span),
            ExpressionKind::AnonymousObject(_) => self.unavailable("an anonymous object", span),
            ExpressionKind::Tuple(_) | ExpressionKind::Declaration { .. } => self.unavailable("a tuple", span),
            ExpressionKind::TypeOf(_) | ExpressionKind::SizeOf(_) => self.unavailable("`typeof` or `sizeof`", span),
            ExpressionKind::ArrayInitializer(_) => self.unavailable("an array initialiser here", span),
            ExpressionKind::AliasQualified { .. } => self.unavailable("an alias", span),
            ExpressionKind::Ref(_) => self.unavailable("`ref`", span),
        }
    }

    pub(super) fn with_checked<T>(&mut self, checked: bool, bind: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.checked, checked);
        let result = bind(self);
        self.checked = outer;
        result
    }

    fn literal(&mut self, literal: &Literal, span: Span) -> Option<Bound> {
        let (value, ty) = match literal {
            Literal::Null => (Value::Null, Type::Null),
            Literal::Bool(v) => (Value::Bool(*v), Type::BOOL),
            Literal::Int(v) => (Value::Int32(*v), Type::INT32),
            Literal::UInt(v) => (Value::UInt32(*v), Type::UINT32),
            Literal::Long(v) => (Value::Int64(*v), Type::INT64),
            Literal::ULong(v) => (Value::UInt64(*v), Type::UINT64),
            Literal::Float(v) => (Value::Single(*v), Type::SINGLE),
            Literal::Double(v) => (Value::Double(*v), Type::DOUBLE),
            Literal::Decimal(text) => match text.parse().or_else(|_| rust_decimal::Decimal::from_scientific(text)) {
                Ok(decimal) => (Value::Decimal(decimal), Type::DECIMAL),
                Err(_) => {
                    self.error("CS0594", span, "Floating-point constant is outside the range of type 'decimal'");
                    return None;
                }
            },
            Literal::Char(unit) => (Value::Char(*unit), Type::CHAR),
            Literal::String(units) | Literal::QuotedString(units) => (Value::String(Str::from_units(units)), Type::STRING),
        };
        Some(Bound::new(Node::Constant(value), ty))
    }

    fn interpolated(&mut self, parts: &[InterpolationPart]) -> Option<Bound> {
        let mut pieces = Vec::new();
        let mut sound = true;
        for part in parts {
            match part {
                InterpolationPart::Text(units) => pieces.push(Piece::Text(String::from_utf16_lossy(units))),
                InterpolationPart::Hole(hole) => {
                    let value = self.value(&hole.value);
                    let alignment = match &hole.alignment {
                        None => Some(0),
                        Some(alignment) => match self.value(alignment) {
                            Some(Bound { node: Node::Constant(Value::Int32(width)), .. }) => Some(width),
                            Some(_) => {
                                self.error("CS0150", alignment.span, "A constant value is expected");
                                None
                            }
                            None => None,
                        },
                    };
                    match (value, alignment) {
                        (Some(value), Some(alignment)) if value.ty != Type::Void => {
                            let format = hole.format.as_ref().map(|units| String::from_utf16_lossy(units));
                            pieces.push(Piece::Hole { value: value.node, alignment, format });
                        }
                        _ => sound = false,
                    }
                }
            }
        }
        sound.then(|| Bound::new(Node::Interpolate(pieces.into()), Type::STRING))
    }

    fn conditional_access(&mut self, target: &tree::Expression, rest: &tree::Expression, span: Span) -> Option<Bound> {
        let target = self.value(target)?;
        if target.ty.is_value_type() {
            self.error("CS0023", span, format!("Operator '?' cannot be applied to operand of type '{}'", target.ty));
            return None;
        }
        let slot = self.slot();
        let inner = target.ty.underlying().unwrap_or(&target.ty).clone();
        self.receivers.push(Bound::new(Node::Local(slot), inner));
        let rest = self.value(rest);
        self.receivers.pop();
        let rest = rest?;
        let ty = if rest.ty.is_value_type() { Type::nullable(rest.ty) } else { rest.ty };
        Some(Bound::new(Node::WhenNotNull(Box::new(target.node), slot, Box::new(rest.node)), ty))
    }

    fn is(&mut self, operand: &tree::Expression, pattern: &tree::Pattern) -> Option<Bound> {
        let operand = self.value(operand)?;
        self.pattern(operand, pattern)
    }

    /// A test of a bound value against a pattern; variables that it declares come into scope.
    pub(super) fn pattern(&mut self, operand: Bound, pattern: &tree::Pattern) -> Option<Bound> {
        let node = match &pattern.kind {
            PatternKind::Type(ty) => {
                let ty = self.ty(ty)?;
                Node::Is(ty, Box::new(operand.node))
            }
            PatternKind::Constant(constant) => {
                let constant_value = self.value(constant)?;
                if !matches!(constant_value.node, Node::Constant(_)) {
                    self.error("CS0150", constant.span, "A constant value is expected");
                    return None;
                }
                let constant_value = if constant_value.ty == Type::Null || operand.ty == Type::OBJECT {
                    constant_value
                } else {
                    self.implicitly(constant_value, &operand.ty, constant.span)?
                };
                Node::Equal(Box::new(operand.node), Box::new(constant_value.node), false)
            }
            PatternKind::Declaration { ty, designation } => {
                let ty = self.ty(ty)?;
                match designation {
                    tree::Designation::Variable(name) => {
                        let (value, slot) = (self.slot(), self.declare(name, ty.clone()));
                        let test = Node::Is(ty, Box::new(Node::SetLocal(value, Box::new(operand.node))));
                        let keep =
                            Node::Sequence([Node::SetLocal(slot, Box::new(Node::Local(value))), Node::Constant(Value::Bool(true))].into());
                        Node::And(Box::new(test), Box::new(keep))
                    }
                    _ => Node::Is(ty, Box::new(operand.node)),
                }
            }
            PatternKind::Var(tree::Designation::Variable(name)) => {
                let slot = self.declare(name, operand.ty.clone());
                Node::Sequence([Node::SetLocal(slot, Box::new(operand.node)), Node::Constant(Value::Bool(true))].into())
            }
            PatternKind::Var(_) | PatternKind::Discard => return self.unavailable("this pattern", pattern.span),
        };
        Some(Bound::new(node, Type::BOOL))
    }

    fn conditional(
        &mut self,
        condition: &tree::Expression,
        then: &tree::Expression,
        otherwise: &tree::Expression,
        span: Span,
    ) -> Option<Bound> {
        let test = self.value(condition).and_then(|test| self.implicitly(test, &Type::BOOL, condition.span));
        let a = self.value(then);
        let b = self.value(otherwise);
        let (test, a, b) = (test?, a?, b?);
        let ty = match (&a.node, &b.node) {
            (Node::Throw(_), _) => Some(b.ty.clone()),
            (_, Node::Throw(_)) => Some(a.ty.clone()),
            _ => Self::common_type(&a, &b),
        };
        let Some(ty) = ty else {
            let message = format!(
                "Type of conditional expression cannot be determined because there is no implicit conversion between '{}' and '{}'",
                a.ty, b.ty
            );
            self.error("CS0173", span, message);
            return None;
        };
        let branch = |binder: &mut Self, bound: Bound, span| match bound.node {
            node @ Node::Throw(_) => Some(node),
            _ => binder.implicitly(bound, &ty, span).map(|bound| bound.node),
        };
        let a = branch(self, a, then.span)?;
        let b = branch(self, b, otherwise.span)?;
        Some(Bound::new(Node::Conditional(Box::new([test.node, a, b])), ty))
    }

    fn assignment(
        &mut self,
        target: &tree::Expression,
        operator: Option<tree::BinaryOperator>,
        value: &tree::Expression,
        span: Span,
    ) -> Option<Bound> {
        let new = self.value(value);
        match &target.without_parentheses().kind {
            ExpressionKind::Name(name) => {
                let Some((slot, ty)) = self.find_local(&name.identifier.name).map(|local| (local.slot, local.ty.clone())) else {
                    // Says that the name is unknown, or what it is instead.
                    self.value(target)?;
                    self.error("CS0131", target.span, "The left-hand side of an assignment must be a variable, property or indexer");
                    return None;
                };
                let new = match operator {
                    None => new?,
                    Some(operator) => self.compound(operator, Bound::new(Node::Local(slot), ty.clone()), new?, span)?,
                };
                let new = self.implicitly(new, &ty, value.span)?;
                Some(Bound::new(Node::SetLocal(slot, Box::new(new.node)), ty))
            }
            ExpressionKind::Element { target: owner, arguments } => {
                let owner = self.value(owner)?;
                let new = new?;
                match operator {
                    None => self.element(owner, arguments, Some((new, value.span)), span),
                    Some(operator) => self.compound_element(owner, arguments, (operator, new), false, span),
                }
            }
            ExpressionKind::Member { target: owner, name } => {
                let owner = self.value(owner)?;
                self.member(owner, name, target.span)?;
                self.error(
                    "CS0200",
                    target.span,
                    format!("Property or indexer '{}' cannot be assigned to -- it is read only", name.identifier.name),
                );
                None
            }
            ExpressionKind::Tuple(_) | ExpressionKind::Declaration { .. } => self.unavailable("a deconstruction", span),
            _ => {
                self.error("CS0131", target.span, "The left-hand side of an assignment must be a variable, property or indexer");
                None
            }
        }
    }

    /// `a op b` as a value of `a`'s type: converted back explicitly where `b` itself is implicitly one of `a`'s type, or shifts it.
    /// Source: C# language specification, "Compound assignment".
    pub(super) fn compound(&mut self, operator: tree::BinaryOperator, left: Bound, right: Bound, span: Span) -> Option<Bound> {
        let ty = left.ty.clone();
        let is_shift = matches!(operator, tree::BinaryOperator::ShiftLeft | tree::BinaryOperator::ShiftRight);
        let fits = is_shift || Self::implicit_change(&right, &ty).is_some();
        let sum = self.operate(operator, left, right, span)?;
        if fits && sum.ty != ty { self.explicitly(sum, &ty, span) } else { self.implicitly(sum, &ty, span) }
    }
}
