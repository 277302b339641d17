//! Conversions: implicit ones where a type is asked for, explicit ones where a cast stands.
//!
//! Source: C# language specification, "Conversions".

use super::{Binder, Bound, Operand, user_conversions};
use crate::{
    dotnet::{
        number,
        types::{Kind, Type},
        value::Value,
    },
    expression::{
        evaluate,
        program::{Conversion, Node, Numeric},
    },
    source::Span,
};

/// How a value of one type becomes one of another: nothing to do, or something.
pub(super) type Change = Option<Conversion>;

const WIDENING: &[(&str, &[&str])] = &[
    ("SByte", &["Int16", "Int32", "Int64", "Single", "Double", "Decimal"]),
    ("Byte", &["Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Single", "Double", "Decimal"]),
    ("Int16", &["Int32", "Int64", "Single", "Double", "Decimal"]),
    ("UInt16", &["Int32", "UInt32", "Int64", "UInt64", "Single", "Double", "Decimal"]),
    ("Int32", &["Int64", "Single", "Double", "Decimal"]),
    ("UInt32", &["Int64", "UInt64", "Single", "Double", "Decimal"]),
    ("Int64", &["Single", "Double", "Decimal"]),
    ("UInt64", &["Single", "Double", "Decimal"]),
    ("Char", &["UInt16", "Int32", "UInt32", "Int64", "UInt64", "Single", "Double", "Decimal"]),
    ("Single", &["Double"]),
];

/// Whether a number of one type is implicitly one of the other.
fn widens(from: &Type, to: &Type) -> bool {
    let (Some(from), Some(to)) = (from.class(), to.class()) else { return false };
    from.namespace == "System" && WIDENING.iter().any(|(name, wider)| *name == from.name && wider.contains(&to.name))
}

/// The implicit conversion between two types that is no operator of a type's own.
pub(super) fn standard(from: &Type, to: &Type) -> Option<Change> {
    if from == to || *from == Type::Error || *to == Type::Error {
        return Some(None);
    }
    match (from, to) {
        (Type::Void, _) | (_, Type::Void) => None,
        (Type::Null, to) => to.admits_null().then_some(None),
        (Type::Nullable(from), Type::Nullable(to)) => {
            standard(from, to).map(|change| change.map(|conversion| Conversion::Lifted(Box::new(conversion))))
        }
        (from, Type::Nullable(to)) => standard(from, to).filter(|_| from.is_value_type()),
        // A nullable boxes as its value.
        (Type::Nullable(from), to) => (!to.is_value_type() && from.is_reference_to(to)).then_some(None),
        (Type::Tuple(a), Type::Tuple(b)) => {
            let parts = parts(&a.items, &b.items, standard)?;
            Some(parts.iter().any(Option::is_some).then(|| Conversion::Tuple(to.clone(), parts.into())))
        }
        _ if widens(from, to) => Some(Some(Conversion::Numeric(to.clone(), false))),
        _ if !to.is_value_type() && from.is_reference_to(to) => Some(None),
        _ => None,
    }
}

/// The conversions of a tuple's elements; none where one has none.
fn parts(from: &[Type], to: &[Type], convert: impl Fn(&Type, &Type) -> Option<Change>) -> Option<Vec<Change>> {
    if from.len() != to.len() {
        return None;
    }
    from.iter().zip(to).map(|(from, to)| convert(from, to)).collect()
}

/// The implicit conversion between two types, whatever the value.
pub(super) fn implicit(from: &Type, to: &Type) -> Option<Change> {
    standard(from, to).or_else(|| user_conversions::find(from, to, false).map(Some))
}

fn is_number(ty: &Type) -> bool {
    Numeric::of(ty).is_some() || ty.enum_members().is_some()
}

/// The explicit conversion that is no operator of a type's own, nor an implicit one.
pub(super) fn explicit_standard(from: &Type, to: &Type) -> Option<Change> {
    let either = |from: &Type, to: &Type| standard(from, to).or_else(|| explicit_standard(from, to));
    match (from, to) {
        (Type::Nullable(from), Type::Nullable(to)) => {
            either(from, to).map(|change| change.map(|conversion| Conversion::Lifted(Box::new(conversion))))
        }
        (Type::Nullable(from), to) if to.is_value_type() => Some(Some(match either(from, to)? {
            None => Conversion::NullableValue,
            Some(inner) => Conversion::Both(Box::new(Conversion::NullableValue), Box::new(inner)),
        })),
        (from, Type::Nullable(inner)) if from.is_value_type() => explicit_standard(from, inner),
        (Type::Tuple(a), Type::Tuple(b)) => {
            let parts = parts(&a.items, &b.items, either)?;
            Some(parts.iter().any(Option::is_some).then(|| Conversion::Tuple(to.clone(), parts.into())))
        }
        _ if is_number(from) && is_number(to) => Some(Some(Conversion::Numeric(to.clone(), false))),
        // From `object`, its kin and interfaces: a value type unboxes, a reference is looked at.
        (from, to) if to.is_value_type() || to.underlying().is_some() => {
            let unboxes = !from.is_value_type() && *from != Type::Null && to.underlying().unwrap_or(to).is_reference_to(from);
            unboxes.then(|| Some(Conversion::Unbox(to.clone())))
        }
        (from, to) if !from.is_value_type() && from.underlying().is_none() => {
            let is = |ty: &Type, kind| ty.class().is_some_and(|class| class.kind == kind);
            let sealed = |ty: &Type| *ty == Type::STRING || matches!(ty, Type::Array(_) | Type::Grid(..)) || is(ty, Kind::Delegate);
            let interfaces = (is(from, Kind::Interface) && !sealed(to)) || (is(to, Kind::Interface) && !sealed(from));
            let arrays = matches!((from, to), (Type::Array(a), Type::Array(b)) if explicit_standard(a, b).is_some() && !a.is_value_type());
            (to.is_reference_to(from) || interfaces || arrays).then(|| Some(Conversion::Reference(to.clone())))
        }
        _ => None,
    }
}

pub(super) fn apply(bound: Bound, change: Change, to: &Type) -> Bound {
    match change {
        None => Bound::new(bound.node, to.clone()),
        // A number converted while it is compiled stays a constant.
        Some(Conversion::Numeric(target, checked)) => match &bound.node {
            Node::Constant(value) if !value.is_null() => match number::convert(value, &target, checked) {
                Ok(value) => Bound::new(Node::Constant(value), to.clone()),
                Err(_) => Bound::new(Node::Convert(Conversion::Numeric(target, checked), bound.boxed()), to.clone()),
            },
            _ => Bound::new(Node::Convert(Conversion::Numeric(target, checked), bound.boxed()), to.clone()),
        },
        Some(conversion) => Bound::new(Node::Convert(conversion, bound.boxed()), to.clone()),
    }
}

/// The implicit conversion of this very value: a constant `int` fits smaller types, and zero every enumeration.
pub(super) fn of_value(bound: &Bound, to: &Type) -> Option<Change> {
    if let Some(change) = standard(&bound.ty, to) {
        return Some(change);
    }
    constant(bound, to).or_else(|| user_conversions::find(&bound.ty, to, false).map(Some))
}

fn constant(bound: &Bound, to: &Type) -> Option<Change> {
    let target = to.underlying().unwrap_or(to);
    match &bound.node {
        Node::Constant(Value::Int32(number)) if bound.ty == Type::INT32 => {
            let fits = number::integer(i128::from(*number), target).is_some() && *target != Type::CHAR;
            let zero = *number == 0 && target.enum_members().is_some();
            (fits || zero).then(|| Some(Conversion::Numeric(target.clone(), false)))
        }
        Node::Constant(Value::Int64(number)) if bound.ty == Type::INT64 => {
            (*target == Type::UINT64 && *number >= 0).then(|| Some(Conversion::Numeric(target.clone(), false)))
        }
        _ => None,
    }
}

impl<'t> Binder<'t> {
    /// Whether an operand converts implicitly to `to`.
    pub(super) fn converts(&mut self, operand: &Operand<'t>, to: &Type) -> bool {
        match operand {
            Operand::Value(bound) => of_value(bound, to).is_some(),
            Operand::Lambda(lambda) => self.lambda_converts(lambda, to),
            Operand::Methods(methods) => self.attempt(|binder| binder.method_group_to(methods, to, Span::at(0))).is_some(),
            Operand::Default => *to != Type::Void,
            Operand::Throw(_) => true,
            Operand::Tuple(literal) => self.tuple_converts(literal, to),
        }
    }

    /// The operand as a value of `to`, or why not.
    pub(super) fn to(&mut self, operand: Operand<'t>, to: &Type, span: Span) -> Option<Bound> {
        match operand {
            Operand::Value(bound) => self.implicitly(bound, to, span),
            Operand::Lambda(lambda) => self.lambda_to(&lambda, to, span),
            Operand::Methods(methods) => self.method_group_to(&methods, to, span),
            Operand::Default => Some(self.default_value(to)),
            Operand::Throw(node) => Some(Bound::new(Node::Throw(Box::new(node)), to.clone())),
            Operand::Tuple(literal) => self.tuple_to(&literal, to, span),
        }
    }

    /// The operand with the type that it has by itself, or why it has none.
    pub(super) fn natural(&mut self, operand: Operand<'t>, span: Span) -> Option<Bound> {
        match operand {
            Operand::Value(bound) => Some(bound),
            Operand::Lambda(_) => {
                self.error_with_help(
                    "CS1660",
                    span,
                    "Cannot convert lambda expression to type 'object' because it is not a delegate type",
                    "hand it to a method that takes one, or declare a local function",
                );
                None
            }
            Operand::Methods(methods) => {
                let name = methods.name();
                let message =
                    format!("Cannot convert method group '{name}' to non-delegate type 'object'. Did you intend to invoke the method?");
                self.error_with_help("CS0428", span, message, format!("call it: `{name}(…)`"));
                None
            }
            Operand::Default => {
                self.error("CS8310", span, "Operator cannot be applied to operand 'default'");
                None
            }
            Operand::Throw(_) => {
                self.error("CS8115", span, "A throw expression is not allowed in this context.");
                None
            }
            Operand::Tuple(literal) => self.tuple_natural(&literal, span),
        }
    }

    /// `default(T)`
    pub(super) fn default_value(&mut self, ty: &Type) -> Bound {
        let items = |binder: &mut Self, types: &[Type]| types.iter().map(|item| binder.default_value(item).node).collect::<Box<[Node]>>();
        let node = match ty {
            Type::Tuple(tuple) => Node::NewRecord(ty.clone(), items(self, &tuple.items)),
            Type::Generic(class, arguments) if class.is_value_type() => Node::NewRecord(ty.clone(), items(self, arguments)),
            ty => Node::Constant(Value::default_of(ty)),
        };
        Bound::new(node, ty.clone())
    }

    /// The value as one of `to`, or CS0029 / CS0266.
    pub(super) fn implicitly(&mut self, bound: Bound, to: &Type, span: Span) -> Option<Bound> {
        if let Some(change) = of_value(&bound, to) {
            return Some(apply(bound, change, to));
        }
        let from = &bound.ty;
        if *from == Type::Null {
            self.error("CS0037", span, format!("Cannot convert null to '{to}' because it is a non-nullable value type"));
        } else if let Some(value) = too_large(&bound, to) {
            self.error("CS0031", span, format!("Constant value '{value}' cannot be converted to a '{to}'"));
        } else if let (Node::Constant(Value::Double(_)), Some((name, suffix))) = (&bound.node, suffix(to)) {
            let message = format!(
                "Literal of type double cannot be implicitly converted to type '{name}'; use an '{suffix}' suffix to create a literal of this type"
            );
            self.error("CS0664", span, message);
        } else if *from != Type::Void && (explicit_standard(from, to).is_some() || user_conversions::find(from, to, true).is_some()) {
            let message =
                format!("Cannot implicitly convert type '{from}' to '{to}'. An explicit conversion exists (are you missing a cast?)");
            self.error_with_help("CS0266", span, message, format!("write the cast: `({to})`"));
        } else {
            self.error("CS0029", span, format!("Cannot implicitly convert type '{from}' to '{to}'"));
        }
        None
    }

    /// The value under a cast, or CS0030.
    pub(super) fn explicitly(&mut self, bound: Bound, to: &Type, span: Span) -> Option<Bound> {
        // Numbers first: a constant that does not fit is an error of the cast itself.
        if is_number(&bound.ty) && is_number(to) {
            return self.cast_number(bound, to, span);
        }
        let change = standard(&bound.ty, to)
            .or_else(|| constant(&bound, to))
            .or_else(|| explicit_standard(&bound.ty, to))
            .or_else(|| user_conversions::find(&bound.ty, to, true).map(Some));
        match change {
            Some(change) => {
                let change = change.map(|conversion| checked(conversion, self.checked));
                Some(apply(bound, change, to))
            }
            None if bound.ty == Type::Null => {
                self.error("CS0037", span, format!("Cannot convert null to '{to}' because it is a non-nullable value type"));
                None
            }
            None => {
                self.error("CS0030", span, format!("Cannot convert type '{}' to '{to}'", bound.ty));
                None
            }
        }
    }

    fn cast_number(&mut self, bound: Bound, to: &Type, span: Span) -> Option<Bound> {
        if bound.ty == *to {
            return Some(bound);
        }
        if let Node::Constant(value) = &bound.node {
            // Outside of `unchecked( )` a constant must fit. Source: C# language specification, "Constant expressions".
            // A decimal must hold it anyhow.
            let must_fit = *to == Type::DECIMAL || (Numeric::of(to).is_none_or(Numeric::is_integral) && !self.is_unchecked());
            if must_fit && bound.ty.enum_members().is_none() && number::convert(value, to, true).is_err() {
                let text = evaluate::constant_text(value);
                let message = format!("Constant value '{text}' cannot be converted to a '{to}' (use 'unchecked' syntax to override)");
                self.error("CS0221", span, message);
                return None;
            }
        }
        Some(apply(bound, Some(Conversion::Numeric(to.clone(), self.checked)), to))
    }
}

/// What a literal of the type ends with.
fn suffix(ty: &Type) -> Option<(&'static str, char)> {
    match ty {
        ty if *ty == Type::SINGLE => Some(("float", 'F')),
        ty if *ty == Type::DECIMAL => Some(("decimal", 'M')),
        _ => None,
    }
}

/// A constant whose type would do, if only it were smaller.
fn too_large(bound: &Bound, to: &Type) -> Option<String> {
    let integral = |ty: &Type| Numeric::of(ty).is_some_and(Numeric::is_integral) && *ty != Type::CHAR;
    match &bound.node {
        Node::Constant(value @ Value::Int32(_)) if integral(to) => Some(evaluate::constant_text(value)),
        _ => None,
    }
}

/// The conversion in a `checked` context or outside of one.
fn checked(conversion: Conversion, is_checked: bool) -> Conversion {
    match conversion {
        Conversion::Numeric(ty, _) => Conversion::Numeric(ty, is_checked),
        Conversion::Lifted(inner) => Conversion::Lifted(Box::new(checked(*inner, is_checked))),
        Conversion::Both(first, second) => Conversion::Both(Box::new(checked(*first, is_checked)), Box::new(checked(*second, is_checked))),
        other => other,
    }
}
