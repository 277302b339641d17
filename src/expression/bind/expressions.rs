//! Expressions: from a tree to an operand.

use std::rc::Rc;

use super::{Binder, Bound, Operand, conversions, functions::Lambda, names::Entity};
use crate::{
    csharp::tree::{self, ExpressionKind, InterpolationPart, Literal},
    dotnet::{string::Str, types::Type, value::Value},
    expression::program::{Node, Piece},
    source::Span,
};

impl<'t> Binder<'t> {
    /// Binds an expression that must be a value.
    pub(super) fn value(&mut self, expression: &'t tree::Expression) -> Option<Bound> {
        let operand = self.operand(expression)?;
        self.settle();
        self.natural(operand, expression.span)
    }

    /// Binds an expression as a value of `ty`.
    pub(super) fn value_of(&mut self, expression: &'t tree::Expression, ty: &Type) -> Option<Bound> {
        let operand = self.operand(expression)?;
        self.settle();
        self.to(operand, ty, expression.span)
    }

    /// Binds a condition; which variables are assigned on its two outcomes is left in [`Binder::branches`].
    pub(super) fn condition(&mut self, expression: &'t tree::Expression) -> Option<Node> {
        let operand = self.operand(expression)?;
        let bound = self.to(operand, &Type::BOOL, expression.span)?;
        if let Node::Constant(Value::Bool(known)) = bound.node {
            // A branch that a constant excludes is never reached.
            let state = self.assigned.clone();
            let never = super::flow::Assigned::unreachable();
            self.split = Some(if known { (state, never) } else { (never, state) });
        }
        Some(bound.node)
    }

    /// Binds an expression, whatever it turns out to be.
    pub(super) fn operand(&mut self, expression: &'t tree::Expression) -> Option<Operand<'t>> {
        self.deeper(expression.span, |binder| {
            binder.settle();
            binder.operand_inside(expression)
        })
    }

    fn operand_inside(&mut self, expression: &'t tree::Expression) -> Option<Operand<'t>> {
        let span = expression.span;
        let bound = match &expression.kind {
            ExpressionKind::Parenthesized(inner) => return self.operand_inside_parentheses(inner),
            ExpressionKind::Name(_)
            | ExpressionKind::Member { .. }
            | ExpressionKind::Predefined(_)
            | ExpressionKind::AliasQualified { .. } => {
                return match self.entity_of_chain(expression)? {
                    Entity::Operand(operand) => Some(operand),
                    Entity::Type(ty) => {
                        self.error("CS0119", span, format!("'{ty}' is a type, which is not valid in the given context"));
                        None
                    }
                    Entity::Namespace(namespace) => {
                        self.error("CS0118", span, format!("'{namespace}' is a namespace but is used like a variable"));
                        None
                    }
                };
            }
            ExpressionKind::Lambda { .. } | ExpressionKind::AnonymousMethod { .. } => {
                return Lambda::of(expression).map(|lambda| Operand::Lambda(Rc::new(lambda)));
            }
            ExpressionKind::DefaultLiteral => return Some(Operand::Default),
            ExpressionKind::Throw(operand) => {
                let node = self.thrown(operand)?.node;
                self.stop();
                return Some(Operand::Throw(node));
            }
            ExpressionKind::Tuple(items) => return self.tuple(items, span),
            ExpressionKind::MemberBinding(name) => {
                let receiver = self.receivers.last().cloned()?;
                return self.member(receiver, name, span);
            }
            ExpressionKind::Literal(literal) => self.literal(literal, span),
            ExpressionKind::Interpolated(parts) => self.interpolated(parts),
            ExpressionKind::ElementBinding(arguments) => {
                let receiver = self.receivers.last().cloned()?;
                self.element(receiver, arguments, span)
            }
            ExpressionKind::ConditionalAccess { target, when_not_null } => self.conditional_access(target, when_not_null, span),
            ExpressionKind::Invocation { target, arguments } => self.invocation(target, arguments, span),
            ExpressionKind::Element { target, arguments } => {
                let target = self.value(target)?;
                self.element(target, arguments, span)
            }
            ExpressionKind::Unary { operator, operand } => self.unary(*operator, operand, span),
            ExpressionKind::Binary { .. } => self.binary(expression),
            ExpressionKind::Cast { ty, operand } => self.cast(ty, operand, span),
            ExpressionKind::Is { operand, pattern } => self.is(operand, pattern),
            ExpressionKind::As { operand, ty } => self.as_type(operand, ty, span),
            ExpressionKind::Conditional { condition, then, otherwise } => self.conditional(condition, then, otherwise, span),
            ExpressionKind::Assignment { target, operator, value } => self.assignment(target, *operator, value, span),
            ExpressionKind::ObjectCreation { ty, arguments, initializer } => {
                self.object_creation(ty, arguments, initializer.as_deref(), span)
            }
            ExpressionKind::ArrayCreation { ty, sizes, initializer } => self.array_creation(ty, sizes, initializer.as_deref(), span),
            ExpressionKind::ImplicitArrayCreation { initializer, rank } => self.implicit_array(initializer, *rank, span),
            ExpressionKind::AnonymousObject(members) => self.anonymous_object(members),
            ExpressionKind::Default(ty) => {
                let ty = self.ty(ty)?;
                Some(self.default_value(&ty))
            }
            ExpressionKind::TypeOf(ty) => {
                let named = self.ty(ty)?;
                let object = crate::dotnet::registry::find("System.Type", 0).map_or(Type::OBJECT, Type::named);
                Some(Bound::new(Node::TypeOf(named), object))
            }
            ExpressionKind::SizeOf(ty) => self.size_of(ty, span),
            ExpressionKind::NameOf(operand) => self.name_of(operand),
            ExpressionKind::Checked(inner) => self.with_checked(Some(true), |binder| binder.value(inner)),
            ExpressionKind::Unchecked(inner) => self.with_checked(Some(false), |binder| binder.value(inner)),
            ExpressionKind::This | ExpressionKind::Base => {
                self.error("CS0026", span, "Keyword 'this' is not valid in a static property, static method, or static field initializer");
                None
            }
            ExpressionKind::Query(query) => self.query(query, span),
            ExpressionKind::Declaration { .. } => {
                self.error("CS8185", span, "A declaration is not allowed in this context.");
                None
            }
            ExpressionKind::ArrayInitializer(_) => {
                self.error(
                    "CS0622",
                    span,
                    "Can only use array initializer expressions to assign to array types. Try using a new expression instead.",
                );
                None
            }
            ExpressionKind::Ref(_) => {
                self.error("CS8373", span, "The left-hand side of a ref assignment must be a ref variable.");
                None
            }
        };
        bound.map(Operand::Value)
    }

    fn operand_inside_parentheses(&mut self, inner: &'t tree::Expression) -> Option<Operand<'t>> {
        self.deeper(inner.span, |binder| binder.operand_inside(inner))
    }

    /// `a.b.c`: names with the conditions of `self.entity`.
    fn entity_of_chain(&mut self, expression: &'t tree::Expression) -> Option<Entity<'t>> {
        self.entity(expression)
    }

    pub(super) fn with_checked<T>(&mut self, checked: Option<bool>, bind: impl FnOnce(&mut Self) -> T) -> T {
        let outer = (self.checked, self.unchecked);
        self.checked = checked == Some(true);
        self.unchecked = checked == Some(false);
        let result = bind(self);
        (self.checked, self.unchecked) = outer;
        result
    }

    /// Whether `unchecked` surrounds the code: constants may then overflow.
    pub(super) fn is_unchecked(&self) -> bool {
        self.unchecked
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
            Literal::Decimal(text) => match crate::dotnet::number::decimal_literal(text) {
                Some(decimal) => (Value::Decimal(decimal), Type::DECIMAL),
                None => {
                    self.error("CS0594", span, "Floating-point constant is outside the range of type 'decimal'");
                    return None;
                }
            },
            Literal::Char(unit) => (Value::Char(*unit), Type::CHAR),
            Literal::String(units) | Literal::QuotedString(units) => (Value::String(Str::literal(units)), Type::STRING),
        };
        Some(Bound::new(Node::Constant(value), ty))
    }

    fn interpolated(&mut self, parts: &'t [InterpolationPart]) -> Option<Bound> {
        let mut pieces = Vec::new();
        let mut sound = true;
        for part in parts {
            match part {
                InterpolationPart::Text(units) => pieces.push(Piece::Text(String::from_utf16_lossy(units))),
                InterpolationPart::Hole(hole) => {
                    let value = self.value(&hole.value);
                    let alignment = match &hole.alignment {
                        None => Some(0),
                        Some(alignment) => match self.value_of(alignment, &Type::INT32) {
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
                        (Some(_), Some(_)) => {
                            self.error("CS0029", hole.span, "Cannot implicitly convert type 'void' to 'object'");
                            sound = false;
                        }
                        _ => sound = false,
                    }
                }
            }
        }
        if let [] | [Piece::Text(_)] = pieces.as_slice()
            && sound
        {
            let text = pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.as_str() } else { "" }).collect::<String>();
            return Some(Bound::new(Node::Interpolate([Piece::Text(text)].into()), Type::STRING));
        }
        sound.then(|| Bound::new(Node::Interpolate(pieces.into()), Type::STRING))
    }

    fn conditional_access(&mut self, target: &'t tree::Expression, rest: &'t tree::Expression, span: Span) -> Option<Bound> {
        let target = self.value(target)?;
        if target.ty.is_value_type() || matches!(target.ty, Type::Void | Type::Null) {
            self.error("CS0023", span, format!("Operator '?' cannot be applied to operand of type '{}'", target.ty));
            return None;
        }
        let slot = self.slot();
        let inner = target.ty.underlying().unwrap_or(&target.ty).clone();
        self.receivers.push(Bound::new(Node::Local(slot), inner));
        let assigned = self.assigned.clone();
        let rest = self.value(rest);
        self.assigned = assigned;
        self.receivers.pop();
        let rest = rest?;
        let ty = if rest.ty.is_value_type() { Type::nullable(rest.ty) } else { rest.ty };
        Some(Bound::new(Node::WhenNotNull(target.boxed(), slot, Box::new(rest.node)), ty))
    }

    fn cast(&mut self, ty: &'t tree::Type, operand: &'t tree::Expression, span: Span) -> Option<Bound> {
        let to = self.ty(ty);
        let operand = self.operand(operand);
        self.settle();
        let (operand, to) = (operand?, to?);
        match operand {
            Operand::Value(bound) => self.explicitly(bound, &to, span),
            other => self.to(other, &to, span),
        }
    }

    fn as_type(&mut self, operand: &'t tree::Expression, ty: &'t tree::Type, span: Span) -> Option<Bound> {
        let to = self.ty(ty);
        let operand = self.value(operand)?;
        let to = to?;
        if to.is_value_type() {
            let message =
                format!("The as operator must be used with a reference type or nullable type ('{to}' is a non-nullable value type)");
            self.error("CS0077", span, message);
            return None;
        }
        let related = operand.ty == Type::Null
            || conversions::standard(&operand.ty, &to).is_some()
            || conversions::explicit_standard(&operand.ty, &to).is_some();
        if !related && to != Type::Error {
            let message = format!(
                "Cannot convert type '{}' to '{to}' via a reference conversion, boxing conversion, unboxing conversion, wrapping conversion, or null type conversion",
                operand.ty
            );
            self.error("CS0039", span, message);
            return None;
        }
        Some(Bound::new(Node::As(to.clone(), operand.boxed()), to))
    }

    fn conditional(
        &mut self,
        condition: &'t tree::Expression,
        then: &'t tree::Expression,
        otherwise: &'t tree::Expression,
        span: Span,
    ) -> Option<Bound> {
        let test = self.condition(condition);
        let (when_true, when_false) = self.branches();
        self.assigned = when_true;
        let a = self.operand(then);
        self.settle();
        let after = std::mem::replace(&mut self.assigned, when_false);
        let b = self.operand(otherwise);
        self.settle();
        self.assigned.meet(&after);
        let (test, a, b) = (test?, a?, b?);
        let Some(ty) = self.common_type(&a, &b) else {
            let shown = |operand: &Operand<'_>| match operand {
                Operand::Value(bound) => bound.ty.to_string(),
                Operand::Lambda(_) => "lambda expression".to_owned(),
                Operand::Methods(_) => "method group".to_owned(),
                Operand::Default => "default".to_owned(),
                Operand::Throw(_) => "<throw expression>".to_owned(),
                Operand::Tuple(_) => "tuple".to_owned(),
            };
            let message = format!(
                "Type of conditional expression cannot be determined because there is no implicit conversion between '{}' and '{}'",
                shown(&a),
                shown(&b)
            );
            self.error("CS0173", span, message);
            return None;
        };
        let a = self.to(a, &ty, then.span)?;
        let b = self.to(b, &ty, otherwise.span)?;
        if let (Node::Constant(Value::Bool(known)), Node::Constant(_), Node::Constant(_)) = (&test, &a.node, &b.node) {
            return Some(if *known { a } else { b });
        }
        Some(Bound::new(Node::Conditional(Box::new([test, a.node, b.node])), ty))
    }

    /// The type that both branches of a conditional become.
    pub(super) fn common_type(&mut self, a: &Operand<'t>, b: &Operand<'t>) -> Option<Type> {
        let own = |binder: &mut Self, operand: &Operand<'t>| match operand {
            Operand::Value(bound) => Some(bound.ty.clone()).filter(|ty| !matches!(ty, Type::Null | Type::Void)),
            Operand::Tuple(literal) => binder.attempt(|binder| binder.tuple_natural(literal, Span::at(0))).map(|bound| bound.ty),
            _ => None,
        };
        let (a_type, b_type) = (own(self, a), own(self, b));
        let to_a = a_type.clone().filter(|ty| self.converts(b, ty));
        let to_b = b_type.clone().filter(|ty| self.converts(a, ty));
        match (to_a, to_b) {
            // Where each converts to the other, as constants do, the type that the other widens to wins.
            (Some(a), Some(b)) if a != b => {
                if conversions::standard(&a, &b).is_some() {
                    Some(b)
                } else if conversions::standard(&b, &a).is_some() {
                    Some(a)
                } else {
                    None
                }
            }
            (Some(ty), _) | (None, Some(ty)) => Some(ty),
            (None, None) => None,
        }
    }

    pub(super) fn thrown(&mut self, operand: &'t tree::Expression) -> Option<Bound> {
        let bound = self.value(operand)?;
        if bound.ty == Type::Null || bound.ty.is_reference_to(&Type::EXCEPTION) {
            return Some(bound);
        }
        self.error("CS0155", operand.span, "The type caught or thrown must be derived from System.Exception");
        None
    }

    fn name_of(&mut self, operand: &'t tree::Expression) -> Option<Bound> {
        let name = match &operand.kind {
            ExpressionKind::Name(name) | ExpressionKind::Member { name, .. } => name.identifier.name.clone(),
            _ => {
                self.error("CS8081", operand.span, "Expression does not have a name.");
                return None;
            }
        };
        // What is named must exist, but need not have a value.
        let assigned = self.assigned.clone();
        self.assigned.assign_all(self.variables);
        let exists = self.names_static(operand) || self.entity(operand).is_some();
        self.assigned = assigned;
        exists.then(|| Bound::new(Node::Constant(Value::string(name)), Type::STRING))
    }

    /// `Type.Member` in `nameof`, where the member may be one of values: `string.Length`.
    fn names_static(&mut self, operand: &'t tree::Expression) -> bool {
        let ExpressionKind::Member { target, name } = &operand.kind else { return false };
        let Some(Entity::Type(ty)) = self.attempt(|binder| binder.entity(target)) else { return false };
        !super::members::find(&ty, &name.identifier.name, |_| true).is_empty()
    }

    fn size_of(&mut self, ty: &'t tree::Type, span: Span) -> Option<Bound> {
        let named = self.ty(ty)?;
        let size = match named.class().map_or("", |class| class.name) {
            "SByte" | "Byte" | "Boolean" => 1,
            "Int16" | "UInt16" | "Char" => 2,
            "Int32" | "UInt32" | "Single" => 4,
            "Int64" | "UInt64" | "Double" => 8,
            "Decimal" => 16,
            _ => {
                let message = format!("'{named}' does not have a predefined size, therefore sizeof can only be used in an unsafe context");
                self.error("CS0233", span, message);
                return None;
            }
        };
        Some(Bound::new(Node::Constant(Value::Int32(size)), Type::INT32))
    }
}
