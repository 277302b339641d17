//! `JContainer.Merge`. Source: Linq/JContainer.cs (`MergeEnumerableContent`), `MergeItem` of what derives from it, Linq/JsonMergeSettings.cs.

use super::{JSON_MERGE_SETTINGS, Kind, TokenType, convert::enumerated, members::name_is, tree};
use crate::dotnet::{
    exception::{Raise, raise},
    heap::{Instance, Ref},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

/// `JsonMergeSettings`
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    arrays: i32,
    nulls: i32,
    names: i32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { arrays: 0, nulls: 0, names: ORDINAL }
    }
}

/// `StringComparison.Ordinal`
const ORDINAL: i32 = 4;

impl Instance for Settings {
    fn ty(&self) -> Type {
        Type::named(&JSON_MERGE_SETTINGS)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(*self)
    }
}

fn setting(
    call: &mut Call<'_, '_>,
    class: &'static crate::dotnet::types::Class,
    max: i32,
    pick: fn(&mut Settings) -> &mut i32,
) -> Result<Value, Raise> {
    let new = call.arguments.get(1).and_then(Value::as_integer);
    let Some(settings) = call.runtime.own_mut::<Settings>(call.argument(0)) else { return Ok(Value::Null) };
    let field = pick(settings);
    match new {
        None => Ok(enumerated(class, i128::from(*field))),
        Some(new) if !(0..=i128::from(max)).contains(&new) => {
            let message = "Specified argument was out of the range of valid values. (Parameter 'value')";
            raise(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, message)
        }
        Some(new) => {
            *field = new as i32;
            Ok(Value::Null)
        }
    }
}

/// `JsonMergeSettings`
pub const SETTINGS: &[Member] = &[
    member("JsonMergeSettings()", |call| call.runtime.instance(Settings::default())),
    member("MergeArrayHandling MergeArrayHandling { get; set; }", |call| {
        setting(call, &super::MERGE_ARRAY_HANDLING, 3, |settings| &mut settings.arrays)
    }),
    member("MergeNullValueHandling MergeNullValueHandling { get; set; }", |call| {
        setting(call, &super::MERGE_NULL_VALUE_HANDLING, 1, |settings| &mut settings.nulls)
    }),
    member("StringComparison PropertyNameComparison { get; set; }", |call| {
        setting(call, &registry::STRING_COMPARISON, 5, |settings| &mut settings.names)
    }),
];

/// The settings in a value.
pub(super) fn settings(runtime: &Runtime<'_>, value: &Value) -> Settings {
    runtime.own::<Settings>(value).copied().unwrap_or_default()
}

/// `MergeItem`
pub(super) fn merge(runtime: &mut Runtime<'_>, target: Ref, content: &Value, settings: Settings) -> Result<(), Raise> {
    runtime.deeper(|runtime| match &tree::get(runtime, target)?.kind {
        Kind::Object(_) => merge_object(runtime, target, content, settings),
        Kind::Property(..) => {
            let value = match tree::reference(runtime, content).map(|content| tree::get(runtime, content)).transpose()? {
                Some(super::Token { kind: Kind::Property(_, Some(value)), .. }) => *value,
                _ => return Ok(()),
            };
            if tree::get(runtime, value)?.ty() == TokenType::Null { Ok(()) } else { tree::set_value(runtime, target, Some(value)) }
        }
        kind => {
            let is_array = matches!(kind, Kind::Array(_));
            let found = tree::reference(runtime, content);
            let name = match found.map(|content| tree::get(runtime, content)).transpose()?.map(|token| &token.kind) {
                Some(Kind::Array(_)) if is_array => None,
                Some(Kind::Constructor(name, _)) if !is_array => name.clone(),
                None if is_array && tree::is_multiple(runtime, content) => None,
                _ => return Ok(()),
            };
            if let Some(name) = name {
                tree::rename(runtime, target, name)?;
            }
            merge_items(runtime, target, content, settings)
        }
    })
}

fn merge_object(runtime: &mut Runtime<'_>, target: Ref, content: &Value, settings: Settings) -> Result<(), Raise> {
    let Some(content) = tree::reference(runtime, content) else { return Ok(()) };
    if !matches!(tree::get(runtime, content)?.kind, Kind::Object(_)) {
        return Ok(());
    }
    let mut children = super::cursor(runtime, content)?;
    while let Some(child) = children.next(runtime)? {
        let Some(child) = tree::reference(runtime, &child) else { continue };
        let Kind::Property(name, value) = &tree::get(runtime, child)?.kind else { continue };
        let (name, value) = (name.clone(), *value);
        let existing = match tree::property(runtime, target, &name) {
            None if settings.names != ORDINAL => property_like(runtime, target, &name, settings.names)?,
            existing => existing,
        };
        let Some(existing) = existing else {
            tree::add_property(runtime, target, Some(name), value)?;
            continue;
        };
        let Some(value) = value else { continue };
        let new = tree::get(runtime, value)?;
        let new_type = new.ty();
        let is_null = match &new.kind {
            Kind::Value(leaf) => leaf.value.is_null(),
            _ => false,
        };
        let old = tree::get(runtime, existing)?.child(0);
        let container = match old {
            Some(old) if tree::get(runtime, old)?.is_container() && tree::get(runtime, old)?.ty() == new_type => Some(old),
            _ => None,
        };
        match container {
            Some(container) => merge(runtime, container, &Value::Object(value), settings)?,
            None if !is_null || settings.nulls == 1 => tree::set_value(runtime, existing, Some(value))?,
            None => {}
        }
    }
    Ok(())
}

/// The first property whose name is equal under a comparison.
pub(super) fn property_like(runtime: &Runtime<'_>, object: Ref, name: &str, comparison: i32) -> Result<Option<Ref>, Raise> {
    let Kind::Object(properties) = &tree::get(runtime, object)?.kind else { return Ok(None) };
    Ok(properties.map.iter().find(|(candidate, _)| name_is(candidate, name, comparison)).map(|(_, property)| *property))
}

/// `MergeEnumerableContent`
fn merge_items(runtime: &mut Runtime<'_>, target: Ref, content: &Value, settings: Settings) -> Result<(), Raise> {
    let mut items = runtime.cursor(content)?;
    if settings.arrays == 2 {
        if tree::reference(runtime, content) == Some(target) {
            return Ok(());
        }
        tree::clear(runtime, target)?;
    }
    let mut at = 0;
    while let Some(item) = items.next(runtime)? {
        runtime.step()?;
        match settings.arrays {
            // Concat and Replace
            0 | 2 => tree::append(runtime, target, &token_only(runtime, item)?)?,
            // Union
            1 => {
                let item = token_only(runtime, item)?;
                let new = tree::reference(runtime, &item);
                let mut is_there = false;
                let count = tree::get(runtime, target)?.count();
                for index in 0..count {
                    let existing = tree::get(runtime, target)?.child(index);
                    if tree::deep_equals(runtime, existing, new)? {
                        is_there = true;
                        break;
                    }
                }
                if !is_there {
                    tree::append(runtime, target, &item)?;
                }
            }
            // Merge
            _ => match tree::get(runtime, target)?.child(at) {
                Some(existing) if tree::get(runtime, existing)?.is_container() => merge(runtime, existing, &item, settings)?,
                Some(_) => {
                    if !item.is_null() {
                        let new = tree::content(runtime, &item)?;
                        if tree::get(runtime, new)?.ty() != TokenType::Null {
                            tree::set(runtime, target, at as i64, Some(new))?;
                        }
                    }
                }
                None => tree::append(runtime, target, &item)?,
            },
        }
        at += 1;
    }
    Ok(())
}

/// The cast `(JToken)item` of the loops over content.
fn token_only(runtime: &Runtime<'_>, item: Value) -> Result<Value, Raise> {
    if item.is_null() || tree::reference(runtime, &item).is_some() {
        return Ok(item);
    }
    let found = crate::dotnet::display::full_name(&crate::dotnet::display::type_of(runtime, &item));
    Err(crate::dotnet::exception::invalid_cast(&found, "Newtonsoft.Json.Linq.JToken"))
}
