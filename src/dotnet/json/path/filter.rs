//! What the steps of a path do, lazily. Source: Linq/JsonPath/*Filter.cs.

use super::Filter;
use crate::dotnet::{
    exception::Raise,
    heap::Ref,
    json::{Kind, json_exception, tree, walk::Descendants},
    runtime::Runtime,
    sequence::{Cursor, cursor, items},
    value::Value,
};

/// The step applied to what comes in.
pub(super) fn apply(filter: Filter, mut current: Box<dyn Cursor>, root: Ref, is_strict: bool) -> Box<dyn Cursor> {
    if let Filter::Root = filter {
        return items(vec![Value::Object(root)]);
    }
    let mut inner: Option<Box<dyn Cursor>> = None;
    cursor(move |runtime| {
        loop {
            runtime.step()?;
            if let Some(cursor) = &mut inner {
                if let Some(found) = cursor.next(runtime)? {
                    return Ok(Some(found));
                }
                inner = None;
            }
            let Some(token) = current.next(runtime)? else { return Ok(None) };
            let Some(token) = tree::reference(runtime, &token) else { continue };
            match step(runtime, &filter, token, root, is_strict)? {
                Step::Nothing => {}
                Step::One(found) => return Ok(Some(Value::Object(found))),
                Step::Many(cursor) => inner = Some(cursor),
            }
        }
    })
}

/// What one token leads to.
enum Step {
    Nothing,
    One(Ref),
    Many(Box<dyn Cursor>),
}

impl From<Option<Ref>> for Step {
    fn from(found: Option<Ref>) -> Self {
        found.map_or(Self::Nothing, Self::One)
    }
}

/// The name of a token's class.
fn class(runtime: &Runtime<'_>, of: Ref) -> Result<&'static str, Raise> {
    Ok(tree::get(runtime, of)?.class().name)
}

fn step(runtime: &mut Runtime<'_>, filter: &Filter, of: Ref, root: Ref, is_strict: bool) -> Result<Step, Raise> {
    let kind = &tree::get(runtime, of)?.kind;
    let missing = |message: String| if is_strict { Err(json_exception(message)) } else { Ok(Step::Nothing) };
    match (filter, kind) {
        (Filter::Field(Some(name)), Kind::Object(_)) => match tree::property_value(runtime, of, name) {
            Some(value) => Ok(Step::One(value)),
            None => missing(format!("Property '{name}' does not exist on JObject.")),
        },
        (Filter::Field(None), Kind::Object(_)) => {
            let mut properties = super::super::cursor(runtime, of)?;
            Ok(Step::Many(cursor(move |runtime| {
                let Some(property) = properties.next(runtime)? else { return Ok(None) };
                let property = tree::reference(runtime, &property);
                let value = property.map(|property| tree::get(runtime, property)).transpose()?.and_then(|property| property.child(0));
                Ok(value.map(Value::Object))
            })))
        }
        (Filter::Field(name), _) => {
            let name = name.as_deref().unwrap_or("*");
            missing(format!("Property '{name}' not valid on {}.", class(runtime, of)?))
        }
        (Filter::Fields(names), Kind::Object(_)) => {
            let names = names.clone();
            let mut at = 0;
            Ok(Step::Many(cursor(move |runtime| {
                loop {
                    // Newtonsoft 12 raises behind a property that is there, too.
                    if at > 0 && is_strict {
                        let name = names.get(at - 1).map_or("", |name| name.as_str());
                        return Err(json_exception(format!("Property '{name}' does not exist on JObject.")));
                    }
                    let Some(name) = names.get(at) else { return Ok(None) };
                    at += 1;
                    if let Some(value) = tree::property_value(runtime, of, name) {
                        return Ok(Some(Value::Object(value)));
                    }
                }
            })))
        }
        (Filter::Fields(names), _) => {
            let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
            missing(format!("Properties {} not valid on {}.", names.join(", "), class(runtime, of)?))
        }
        (Filter::Index(Some(index)), _) => index_of(runtime, of, *index, is_strict).map(Step::from),
        (Filter::Index(None), Kind::Array(_) | Kind::Constructor(..)) => Ok(Step::Many(super::super::cursor(runtime, of)?)),
        (Filter::Index(None), _) => missing(format!("Index * not valid on {}.", class(runtime, of)?)),
        (Filter::Indexes(indexes), _) => {
            let indexes = indexes.clone();
            let mut at = 0;
            Ok(Step::Many(cursor(move |runtime| {
                while let Some(index) = indexes.get(at) {
                    at += 1;
                    if let Some(found) = index_of(runtime, of, *index, is_strict)? {
                        return Ok(Some(Value::Object(found)));
                    }
                }
                Ok(None)
            })))
        }
        (Filter::Slice(_, _, Some(0)), _) => Err(json_exception("Step cannot be zero.")),
        (Filter::Slice(start, end, step), Kind::Array(array)) => {
            let (from, to, step) = bounds(*start, *end, *step, array.items.len() as i64);
            let is_inside = move |at: i64| if step > 0 { at < to } else { at > to };
            if !is_inside(from) {
                let part = |part: &Option<i32>| part.map_or("*".to_owned(), |part| part.to_string());
                return missing(format!("Array slice of {} to {} returned no results.", part(start), part(end)));
            }
            let mut at = from;
            Ok(Step::Many(cursor(move |runtime| {
                if !is_inside(at) {
                    return Ok(None);
                }
                let found = usize::try_from(at).ok().map(|at| tree::get(runtime, of).map(|token| token.child(at))).transpose()?.flatten();
                at += step;
                match found {
                    Some(found) => Ok(Some(Value::Object(found))),
                    None => Err(tree::bad_index()),
                }
            })))
        }
        (Filter::Slice(..), _) => missing(format!("Array slice is not valid on {}.", class(runtime, of)?)),
        (Filter::Scan(name), _) => {
            let name = name.clone();
            Ok(Step::Many(scan(of, move |found| name.as_deref().map_or(1, |name| usize::from(found == name)), filter_is_all(filter))))
        }
        (Filter::ScanFields(names), _) => {
            let names = names.clone();
            Ok(Step::Many(scan(of, move |found| names.iter().filter(|name| ***name == *found).count(), false)))
        }
        (Filter::Query(query), _) => {
            let query = query.clone();
            let mut children = super::super::cursor(runtime, of)?;
            Ok(Step::Many(cursor(move |runtime| {
                while let Some(child) = children.next(runtime)? {
                    if let Some(token) = tree::reference(runtime, &child)
                        && query.holds(runtime, root, token)?
                    {
                        return Ok(Some(child));
                    }
                }
                Ok(None)
            })))
        }
        (Filter::QueryScan(query), _) => {
            let query = query.clone();
            let mut tokens = Descendants::new(of, true);
            Ok(Step::Many(cursor(move |runtime| {
                while let Some(token) = tokens.step(runtime)? {
                    if query.holds(runtime, root, token)? {
                        return Ok(Some(Value::Object(token)));
                    }
                }
                Ok(None)
            })))
        }
        (Filter::Root, _) => Ok(Step::One(root)),
    }
}

fn filter_is_all(filter: &Filter) -> bool {
    matches!(filter, Filter::Scan(None))
}

/// `GetTokenIndex`
fn index_of(runtime: &Runtime<'_>, of: Ref, index: i32, is_strict: bool) -> Result<Option<Ref>, Raise> {
    let token = tree::get(runtime, of)?;
    let name = token.class().name;
    let missing = |message: String| if is_strict { Err(json_exception(message)) } else { Ok(None) };
    if !matches!(token.kind, Kind::Array(_) | Kind::Constructor(..)) {
        return missing(format!("Index {index} not valid on {name}."));
    }
    if token.count() as i64 <= i64::from(index) {
        return missing(format!("Index {index} outside the bounds of {name}."));
    }
    let found = usize::try_from(index).ok().and_then(|index| token.child(index));
    found.map(Some).ok_or_else(tree::bad_index)
}

/// Where a slice begins and ends in an array of so many items, and its step.
fn bounds(start: Option<i32>, end: Option<i32>, step: Option<i32>, count: i64) -> (i64, i64, i64) {
    let step = i64::from(step.unwrap_or(1));
    let is_forward = step > 0;
    let place = |at: Option<i32>, default: i64| at.map_or(default, |at| if at < 0 { count + i64::from(at) } else { i64::from(at) });
    let from = place(start, if is_forward { 0 } else { count - 1 });
    let to = place(end, if is_forward { count } else { -1 });
    let from = if is_forward { from.clamp(0, count) } else { from.min(count - 1) };
    (from, to.clamp(-1, count), step)
}

/// Everything below a token whose property's name is wanted, so often as it is; with `is_all` everything but the properties.
fn scan(of: Ref, times: impl Fn(&str) -> usize + Send + Sync + 'static, is_all: bool) -> Box<dyn Cursor> {
    let mut at = Some(of);
    let mut is_first = is_all;
    let mut pending: Option<(Ref, usize)> = None;
    cursor(move |runtime| {
        if std::mem::take(&mut is_first) {
            return Ok(Some(Value::Object(of)));
        }
        loop {
            if let Some((value, left)) = pending {
                pending = (left > 1).then_some((value, left - 1));
                return Ok(Some(Value::Object(value)));
            }
            let Some(current) = at else { return Ok(None) };
            at = following(runtime, of, current)?;
            let Some(next) = at else { return Ok(None) };
            match &tree::get(runtime, next)?.kind {
                Kind::Property(name, Some(value)) if !is_all => {
                    let times = times(name);
                    pending = (times > 0).then_some((*value, times));
                }
                Kind::Property(..) => {}
                _ if is_all => return Ok(Some(Value::Object(next))),
                _ => {}
            }
        }
    })
}

/// `GetNextScanValue`: the next token below `of` in the order of the document.
fn following(runtime: &mut Runtime<'_>, of: Ref, current: Ref) -> Result<Option<Ref>, Raise> {
    runtime.step()?;
    if let Some(first) = tree::get(runtime, current)?.child(0) {
        return Ok(Some(first));
    }
    let mut current = current;
    while current != of {
        if let Some(next) = tree::sibling(runtime, current, 1)? {
            return Ok(Some(next));
        }
        match tree::get(runtime, current)?.parent {
            Some(parent) => current = parent,
            None => return Ok(None),
        }
    }
    Ok(None)
}
