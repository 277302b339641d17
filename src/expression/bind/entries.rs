//! Variables and headers of the request that an expression names by a constant: most of what policies read. They need no dictionary's machinery.

use crate::{
    dotnet::{
        context::{Message, Part, VariableName},
        member::{MemberInfo, MemberKind},
        registry,
        types::Type,
        value::Value,
    },
    expression::program::{Call, HeaderOr, Node, VariableOr},
    http::FieldName,
};

/// The variable that a call reads, where its name is a constant.
fn name(call: &Call) -> Option<VariableName> {
    match call.arguments.as_ref() {
        [Node::Constant(Value::Context(Part::Variables)), Node::Constant(Value::String(name)), ..] => {
            Some(VariableName::written(&name.as_str()))
        }
        _ => None,
    }
}

/// `context.Variables["name"]`
pub(super) fn indexed(info: &MemberInfo, call: &Call) -> Option<Node> {
    let is_it = info.kind == MemberKind::Indexer && call.arguments.len() == 2;
    is_it.then(|| name(call).map(|name| Node::Variable(Box::new(name)))).flatten()
}

/// `context.Variables.GetValueOrDefault<T>("name", default)`, `context.Request.Headers.GetValueOrDefault("name", default)`
pub(super) fn or_default(info: &MemberInfo, call: &Call) -> Option<Node> {
    if info.name != "GetValueOrDefault" || !std::ptr::eq(info.class, &registry::CONTEXT_EXTENSIONS) {
        return None;
    }
    if let Some(header) = header(call) {
        return Some(Node::HeaderOr(Box::new(header)));
    }
    let name = name(call)?;
    let ty = if info.type_parameters.is_empty() { Type::OBJECT } else { call.types.first()?.clone() };
    let default = call.arguments.get(2).cloned().unwrap_or_else(|| Node::Constant(Value::default_of(&ty)));
    Some(Node::VariableOr(Box::new(VariableOr { name, ty, default })))
}

fn header(call: &Call) -> Option<HeaderOr> {
    let (name, default) = match call.arguments.as_ref() {
        [Node::Constant(Value::Context(Part::Headers(Message::Request))), Node::Constant(Value::String(name))] => (name, Value::Null),
        [Node::Constant(Value::Context(Part::Headers(Message::Request))), Node::Constant(Value::String(name)), Node::Constant(default)] => {
            (name, default.clone())
        }
        _ => return None,
    };
    Some(HeaderOr { name: FieldName::new(name.to_text()), default })
}
