//! Conversions by operators of a type's own: `JToken` from and to nearly everything.
//!
//! Source: C# language specification, "Processing of user-defined implicit conversions" and "… explicit conversions".

use super::conversions::{Change, explicit_standard, standard};
use crate::{
    dotnet::{
        member::{MemberInfo, MemberKind},
        types::{Class, Kind, Type},
    },
    expression::program::Conversion,
};

/// The operators that the classes of both types and their bases declare.
fn operators(from: &Type, to: &Type, explicit: bool) -> Vec<&'static MemberInfo> {
    let mut classes: Vec<&'static Class> = Vec::new();
    for ty in [from.underlying().unwrap_or(from), to.underlying().unwrap_or(to)] {
        let mut next = ty.class();
        while let Some(class) = next {
            if !classes.iter().any(|known| std::ptr::eq(*known, class)) {
                classes.push(class);
            }
            next = class.supertypes().iter().filter_map(Type::class).find(|base| base.kind == Kind::Class);
        }
    }
    let fits = |info: &&MemberInfo| info.kind == MemberKind::Implicit || (explicit && info.kind == MemberKind::Explicit);
    classes.into_iter().flat_map(Class::infos).filter(fits).collect()
}

/// Whether `inner` converts implicitly to `outer` without an operator: `outer` encompasses it.
fn encompasses(outer: &Type, inner: &Type) -> bool {
    standard(inner, outer).is_some()
}

/// The one of `types` that all others convert to.
fn most_encompassing(types: &[&Type]) -> Option<Type> {
    types.iter().find(|candidate| types.iter().all(|other| encompasses(candidate, other))).map(|ty| (*ty).clone())
}

/// The one of `types` that converts to all others.
fn most_encompassed(types: &[&Type]) -> Option<Type> {
    types.iter().find(|candidate| types.iter().all(|other| encompasses(other, candidate))).map(|ty| (*ty).clone())
}

/// The conversion by an operator, with what must happen before and after it.
pub(super) fn find(from: &Type, to: &Type, explicit: bool) -> Option<Conversion> {
    if matches!(from, Type::Null | Type::Void) || *from == Type::OBJECT || *to == Type::OBJECT {
        return None;
    }
    let interface = |ty: &Type| ty.class().is_some_and(|class| class.kind == Kind::Interface);
    if interface(from) || interface(to) {
        return None;
    }
    let direct = find_for(from, to, explicit);
    if direct.is_some() {
        return direct;
    }
    // A lifted operator: null stays null.
    match (from.underlying(), to.underlying()) {
        (Some(from), Some(to)) => find_for(from, to, explicit).map(|inner| Conversion::Lifted(Box::new(inner))),
        (Some(from), None) if explicit => {
            find_for(from, to, true).map(|inner| Conversion::Both(Box::new(Conversion::NullableValue), Box::new(inner)))
        }
        _ => None,
    }
}

fn find_for(from: &Type, to: &Type, explicit: bool) -> Option<Conversion> {
    let related = |a: &Type, b: &Type| encompasses(b, a) || (explicit && encompasses(a, b));
    let applicable: Vec<(&MemberInfo, &Type)> = operators(from, to, explicit)
        .into_iter()
        .filter_map(|info| info.parameters.first().map(|parameter| (info, &parameter.ty)))
        .filter(|(info, parameter)| related(from, parameter) && related(&info.result, to))
        .collect();
    let sources: Vec<&Type> = applicable.iter().map(|(_, parameter)| *parameter).collect();
    let targets: Vec<&Type> = applicable.iter().map(|(info, _)| &info.result).collect();
    let source = if sources.contains(&from) {
        from.clone()
    } else {
        let outer: Vec<&Type> = sources.iter().copied().filter(|ty| encompasses(ty, from)).collect();
        if outer.is_empty() { most_encompassing(&sources)? } else { most_encompassed(&outer)? }
    };
    let target = if targets.contains(&to) {
        to.clone()
    } else {
        let inner: Vec<&Type> = targets.iter().copied().filter(|ty| encompasses(to, ty)).collect();
        if inner.is_empty() { most_encompassed(&targets)? } else { most_encompassing(&inner)? }
    };
    let (info, _) = applicable.into_iter().find(|(info, parameter)| **parameter == source && info.result == target)?;
    let step = |from: &Type, to: &Type| -> Option<Change> { standard(from, to).or_else(|| explicit_standard(from, to)) };
    let mut conversion = Conversion::User(info.native);
    if let Some(before) = step(from, &source)? {
        conversion = Conversion::Both(Box::new(before), Box::new(conversion));
    }
    if let Some(after) = step(&target, to)? {
        conversion = Conversion::Both(Box::new(conversion), Box::new(after));
    }
    Some(conversion)
}
