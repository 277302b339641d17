//! Conversions: implicit ones where a type is asked for, explicit ones where a cast stands.
//!
//! Source: C# language specification, "Conversions".

use super::{Binder, Bound};
use crate::{
    dotnet::{
        member::MemberKind,
        number,
        types::{Kind, Type},
        value::Value,
    },
    expression::{
        evaluate::numeric,
        program::{Conversion, Node},
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
    WIDENING.iter().any(|(name, wider)| *name == from.name && wider.contains(&to.name))
}

/// The implicit conversion between two types, whatever the value.
pub(super) fn implicit(from: &Type, to: &Type) -> Option<Change> {
    standard(from, to).or_else(|| user_defined(from, to, false).map(Some))
}

fn standard(from: &Type, to: &Type) -> Option<Change> {
    if from == to {
        return Some(None);
    }
    match (from, to) {
        (Type::Void, _) | (_, Type::Void) => None,
        (Type::Null, to) => to.admits_null().then_some(None),
        (Type::Nullable(from), Type::Nullable(to)) => {
            standard(from, to).map(|change| change.map(|conversion| Conversion::Lifted(Box::new(conversion))))
        }
        (from, Type::Nullable(to)) => standard(from, to),
        // A nullable boxes as its value.
        (Type::Nullable(from), to) => (*to == Type::OBJECT || (!to.is_value_type() && from.is_reference_to(to))).then_some(None),
        (Type::Array(from), Type::Array(to)) => (!from.is_value_type() && !to.is_value_type() && from.is_reference_to(to)).then_some(None),
        _ if widens(from, to) => Some(Some(Conversion::Numeric(to.clone(), false))),
        _ if !to.is_value_type() && from.is_reference_to(to) => Some(None),
        _ => None,
    }
}

fn user_defined(from: &Type, to: &Type, explicit: bool) -> Option<Conversion> {
    let mut classes = Vec::new();
    for ty in [from.underlying().unwrap_or(from), to.underlying().unwrap_or(to)] {
        let mut next = ty.class();
        while let Some(class) = next {
            classes.push(class);
            next = class.supertypes().iter().filter_map(Type::class).find(|base| base.kind == Kind::Class);
        }
    }
    let mut found = None;
    for info in classes.iter().flat_map(|class| class.infos()) {
        if info.kind != MemberKind::Implicit && !(explicit && info.kind == MemberKind::Explicit) {
            continue;
        }
        let Some(parameter) = info.parameters.first() else { continue };
        let Some(before) = standard(from, &parameter.ty) else { continue };
        let after =
            if explicit { standard(&info.result, to).or_else(|| explicit_standard(&info.result, to)) } else { standard(&info.result, to) };
        let Some(after) = after else { continue };
        let exactness = usize::from(parameter.ty == *from) + 2 * usize::from(info.result == *to);
        if found.as_ref().is_none_or(|(best, _)| exactness > *best) {
            let mut conversion = Conversion::User(info.native);
            if let Some(before) = before {
                conversion = Conversion::Both(Box::new(before), Box::new(conversion));
            }
            if let Some(after) = after {
                conversion = Conversion::Both(Box::new(conversion), Box::new(after));
            }
            found = Some((exactness, conversion));
        }
    }
    found.map(|(_, conversion)| conversion)
}

fn is_number(ty: &Type) -> bool {
    numeric(ty).is_some() || ty.enum_members().is_some()
}

fn explicit_standard(from: &Type, to: &Type) -> Option<Change> {
    match (from, to) {
        (Type::Nullable(from), to) if to.is_value_type() => {
            let inner = standard(from, to).or_else(|| explicit_standard(from, to))?;
            Some(Some(match inner {
                None => Conversion::NullableValue,
                Some(inner) => Conversion::Both(Box::new(Conversion::NullableValue), Box::new(inner)),
            }))
        }
        (Type::Nullable(from), Type::Nullable(to)) => {
            explicit_standard(from, to).map(|change| change.map(|conversion| Conversion::Lifted(Box::new(conversion))))
        }
        (from, Type::Nullable(inner)) if from.is_value_type() => explicit_standard(from, inner),
        _ if is_number(from) && is_number(to) => Some(Some(Conversion::Numeric(to.clone(), false))),
        // From `object`, its kin and interfaces: a value type unboxes, a reference is looked at.
        (from, to) if to.is_value_type() || to.underlying().is_some() => {
            let unboxes = to.underlying().unwrap_or(to).is_reference_to(from) && !from.is_value_type();
            unboxes.then(|| Some(Conversion::Unbox(to.clone())))
        }
        (from, to) if !from.is_value_type() => {
            let interface = |ty: &Type| ty.class().is_some_and(|class| class.kind == Kind::Interface);
            let related = to.is_reference_to(from) || interface(from) || interface(to);
            related.then(|| Some(Conversion::Reference(to.clone())))
        }
        _ => None,
    }
}

fn apply(bound: Bound, change: Change, to: &Type) -> Bound {
    match change {
        None => Bound::new(bound.node, to.clone()),
        Some(conversion) => Bound::new(Node::Convert(conversion, Box::new(bound.node)), to.clone()),
    }
}

impl Binder<'_> {
    /// The implicit conversion of this very value: a constant `int` fits smaller types, and zero every enumeration.
    pub(super) fn implicit_change(bound: &Bound, to: &Type) -> Option<Change> {
        if let Some(change) = implicit(&bound.ty, to) {
            return Some(change);
        }
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

    /// The value as one of `to`, or CS0029 / CS0266.
    pub(super) fn implicitly(&mut self, bound: Bound, to: &Type, span: Span) -> Option<Bound> {
        if let Some(change) = Self::implicit_change(&bound, to) {
            return Some(apply(bound, change, to));
        }
        let from = &bound.ty;
        if *from == Type::Null {
            self.error("CS0037", span, format!("Cannot convert null to '{to}' because it is a non-nullable value type"));
        } else if explicit_standard(from, to).is_some() || user_defined(from, to, true).is_some() {
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
        let change = Self::implicit_change(&bound, to)
            .or_else(|| explicit_standard(&bound.ty, to))
            .or_else(|| user_defined(&bound.ty, to, true).map(Some));
        match change {
            Some(Some(Conversion::Numeric(ty, _))) => {
                let checked = self.checked;
                Some(apply(bound, Some(Conversion::Numeric(ty, checked)), to))
            }
            Some(change) => Some(apply(bound, change, to)),
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

    /// The type that both branches of a conditional (or the sides of `??`) become.
    pub(super) fn common_type(a: &Bound, b: &Bound) -> Option<Type> {
        if a.ty != Type::Null && Self::implicit_change(b, &a.ty).is_some() {
            // Where each converts to the other, as constants do, the wider type wins.
            if b.ty != Type::Null && a.ty != b.ty && implicit(&a.ty, &b.ty).is_some() && implicit(&b.ty, &a.ty).is_none() {
                return Some(b.ty.clone());
            }
            return Some(a.ty.clone());
        }
        (b.ty != Type::Null && Self::implicit_change(a, &b.ty).is_some()).then(|| b.ty.clone())
    }
}
