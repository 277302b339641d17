//! Trees as a whole: copies, equality, the path to a token. Source: Linq/JContainer.cs, Linq/JToken.cs.

use super::{
    super::{
        Items, Kind, Properties, leaf,
        position::{Position, path_of},
    },
    adopt, get, get_mut, index_of, name_of, place,
};
use crate::dotnet::{exception::Raise, heap::Ref, runtime::Runtime};

/// `CloneToken`: a deep copy that stands nowhere.
pub(in crate::dotnet::json) fn clone(runtime: &mut Runtime<'_>, of: Ref) -> Result<Ref, Raise> {
    let copy = shell(runtime, of)?;
    let mut open = vec![(of, copy)];
    while let Some((of, copy)) = open.pop() {
        let count = get(runtime, of)?.count();
        for at in 0..count {
            let Some(child) = get(runtime, of)?.child(at) else { continue };
            runtime.step()?;
            runtime.allocate(3 * size_of::<usize>())?;
            let child_copy = shell(runtime, child)?;
            adopt(runtime, child_copy, Some(copy), at);
            let name = name_of(runtime, child)?;
            match (&mut get_mut(runtime, copy)?.kind, name) {
                (Kind::Object(properties), Some(name)) => {
                    properties.map.insert(name, child_copy);
                }
                (Kind::Array(items) | Kind::Constructor(_, items), _) => items.items.push(child_copy),
                (Kind::Property(_, value), _) => *value = Some(child_copy),
                _ => {}
            }
            if get(runtime, child)?.count() > 0 {
                open.push((child, child_copy));
            }
        }
    }
    Ok(copy)
}

/// A token of the same kind without what is in it.
fn shell(runtime: &mut Runtime<'_>, of: Ref) -> Result<Ref, Raise> {
    let kind = match &get(runtime, of)?.kind {
        Kind::Object(properties) => Kind::Object(Properties { map: indexmap::IndexMap::with_capacity(properties.map.len()), version: 0 }),
        Kind::Array(_) => Kind::Array(Items::default()),
        Kind::Constructor(name, _) => Kind::Constructor(name.clone(), Items::default()),
        Kind::Property(name, _) => Kind::Property(name.clone(), None),
        Kind::Value(leaf) => Kind::Value(leaf.clone()),
    };
    place(runtime, kind)
}

/// `JToken.DeepEquals`
pub(in crate::dotnet::json) fn deep_equals(runtime: &mut Runtime<'_>, a: Option<Ref>, b: Option<Ref>) -> Result<bool, Raise> {
    let mut open = vec![(a, b)];
    while let Some(pair) = open.pop() {
        let (a, b) = match pair {
            (Some(a), Some(b)) if a == b => continue,
            (None, None) => continue,
            (Some(a), Some(b)) => (a, b),
            _ => return Ok(false),
        };
        runtime.step()?;
        let (left, right) = (get(runtime, a)?, get(runtime, b)?);
        match (&left.kind, &right.kind) {
            (Kind::Value(left), Kind::Value(right)) => {
                let (left, right) = (left.clone(), right.clone());
                if !leaf::equals(runtime, &left, &right)? {
                    return Ok(false);
                }
            }
            (Kind::Object(left), Kind::Object(right)) => {
                if left.map.len() != right.map.len() {
                    return Ok(false);
                }
                for (name, property) in &left.map {
                    match right.map.get(name) {
                        Some(other) => open.push((Some(*property), Some(*other))),
                        None => return Ok(false),
                    }
                }
            }
            (Kind::Constructor(left, _), Kind::Constructor(right, _)) if left != right => return Ok(false),
            (Kind::Property(left, _), Kind::Property(right, _)) if left != right => return Ok(false),
            (Kind::Array(_), Kind::Array(_))
            | (Kind::Constructor(..), Kind::Constructor(..))
            | (Kind::Property(..), Kind::Property(..)) => {
                if left.count() != right.count() {
                    return Ok(false);
                }
                open.extend(left.children().map(Some).zip(right.children().map(Some)));
            }
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// `JToken.Path`
pub(in crate::dotnet::json) fn path(runtime: &mut Runtime<'_>, of: Ref) -> Result<String, Raise> {
    let mut positions = Vec::new();
    if get(runtime, of)?.parent.is_none() {
        return Ok(String::new());
    }
    let (mut current, mut previous) = (Some(of), None);
    while let Some(at) = current {
        runtime.step()?;
        let token = get(runtime, at)?;
        match &token.kind {
            Kind::Property(name, _) => positions.push(Position::Name(name.clone())),
            Kind::Array(_) | Kind::Constructor(..) => {
                if let Some(previous) = previous {
                    let index = index_of(runtime, at, previous)?.unwrap_or(0);
                    positions.push(Position::Index(index as i64));
                }
            }
            _ => {}
        }
        previous = Some(at);
        current = get(runtime, at)?.parent;
    }
    positions.reverse();
    Ok(path_of(positions.iter()))
}
