//! Nodes without children: `XText`, `XCData`, `XComment`, `XProcessingInstruction`.

use super::{
    Kind,
    compare::{receiver, required},
    names,
    tree::{self, node, node_mut},
};
use crate::dotnet::{
    exception::{Raise, argument_null, null_reference, raise},
    member::{Call, Member, member},
    registry,
    string::Str,
    value::Value,
};

fn text(call: &Call<'_, '_>, index: usize, parameter: &str) -> Result<Str, Raise> {
    match call.argument(index) {
        Value::String(text) => Ok(text.clone()),
        _ => Err(argument_null(parameter)),
    }
}

fn make(call: &mut Call<'_, '_>, kind: fn(Str) -> Kind) -> Result<Value, Raise> {
    let value = text(call, 0, "value")?;
    tree::place(call.runtime, kind(value)).map(Value::Object)
}

/// A copy of the node that is the argument.
pub(super) fn copy(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let other = required(call, 0, "other")?;
    let kind = node(call.runtime, other)?.kind.clone();
    tree::place(call.runtime, kind).map(Value::Object)
}

/// Reads the string that `part` finds in the node, or writes it where a value was given.
fn string(call: &mut Call<'_, '_>, part: fn(&mut Kind) -> Option<&mut Str>) -> Result<Value, Raise> {
    let this = receiver(call)?.0;
    let new = match call.arguments.get(1) {
        Some(Value::String(new)) => Some(new.clone()),
        Some(_) => return Err(argument_null("value")),
        None => None,
    };
    let current = part(&mut node_mut(call.runtime, this)?.kind).ok_or_else(null_reference)?;
    match new {
        Some(new) => {
            *current = new;
            Ok(Value::Null)
        }
        None => Ok(Value::String(current.clone())),
    }
}

fn value(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    string(call, |kind| match kind {
        Kind::Text(text) | Kind::CData(text) | Kind::Comment(text) => Some(text),
        _ => None,
    })
}

fn check_target(name: &Str) -> Result<(), Raise> {
    let name = name.as_str();
    names::verify(&name)?;
    if name.eq_ignore_ascii_case("xml") {
        return raise(&registry::ARGUMENT_EXCEPTION, format!("'{name}' is an invalid name for a processing instruction."));
    }
    Ok(())
}

/// `XText`
pub(super) const TEXT: &[Member] = &[
    member("XText(string value)", |call| make(call, Kind::Text)),
    member("XText(XText other)", copy),
    member("string Value { get; set; }", value),
];

/// `XCData`
pub(super) const CDATA: &[Member] = &[member("XCData(string value)", |call| make(call, Kind::CData)), member("XCData(XCData other)", copy)];

/// `XComment`
pub(super) const COMMENT: &[Member] = &[
    member("XComment(string value)", |call| make(call, Kind::Comment)),
    member("XComment(XComment other)", copy),
    member("string Value { get; set; }", value),
];

/// `XProcessingInstruction`
pub(super) const INSTRUCTION: &[Member] = &[
    member("XProcessingInstruction(string target, string data)", |call| {
        let data = text(call, 1, "data")?;
        let target = text(call, 0, "name")?;
        check_target(&target)?;
        tree::place(call.runtime, Kind::Instruction { target, data }).map(Value::Object)
    }),
    member("XProcessingInstruction(XProcessingInstruction other)", copy),
    member("string Data { get; set; }", |call| {
        string(call, |kind| match kind {
            Kind::Instruction { data, .. } => Some(data),
            _ => None,
        })
    }),
    member("string Target { get; set; }", |call| {
        if call.arguments.len() > 1 {
            check_target(&text(call, 1, "name")?)?;
        }
        string(call, |kind| match kind {
            Kind::Instruction { target, .. } => Some(target),
            _ => None,
        })
    }),
];
