//! `set-variable`: a context variable.

use crate::{
    dotnet::{context::VariableName, types::Type},
    expression::{Assigned, Target},
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct SetVariable {
    /// The variable's name.
    pub name: VariableName,
    /// Its value: a literal is always a string, an expression's value keeps its type.
    pub value: Setting<Text>,
}

impl SetVariable {
    /// What it assigns.
    pub fn assigned(&self) -> Assigned<'_> {
        match &self.value {
            Setting::Literal(text) => Assigned::Literal(text),
            Setting::Expression(program) => Assigned::Expression(program),
        }
    }
}

/// The types that a variable may hold, `T?` of the value types among them.
/// Source: learn.microsoft.com/azure/api-management/set-variable-policy, "Allowed types".
const ALLOWED: &[&str] = &[
    "JArray",
    "JConstructor",
    "JContainer",
    "JProperty",
    "JObject",
    "JRaw",
    "JToken",
    "JValue",
    "Boolean",
    "SByte",
    "Byte",
    "UInt16",
    "UInt32",
    "UInt64",
    "Int16",
    "Int32",
    "Int64",
    "Decimal",
    "Single",
    "Double",
    "Guid",
    "String",
    "Char",
    "DateTime",
    "TimeSpan",
    "Object",
];

/// Lowers the element. An expression of static type `object` is let through: what it holds is seen at run time only. Other types are
/// warned of and kept: the documentation says that they fail, and deployed policies use some of them.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetVariable> {
    let name = lowering.literal_attribute(element, "name");
    let attribute = element.attribute("value")?;
    let value = lowering.setting(&attribute.value, Target::Any, |text| Ok(Text::from(text.to_owned())))?;
    if let Setting::Expression(program) = &value
        && !is_allowed(program.result())
    {
        let message = format!("a `{}` is not among the types that a variable may hold", program.result());
        lowering.warning(
            "policy/variable-type",
            attribute.value.span,
            message,
            "the documented types are strings, numbers, dates, JSON tokens, byte[] and their kin",
        );
    }
    Some(SetVariable { name: VariableName::written(&name?), value })
}

fn is_allowed(ty: &Type) -> bool {
    match ty {
        Type::Array(element) => **element == Type::BYTE || **element == Type::SBYTE,
        Type::Nullable(of) => is_allowed(of),
        Type::Named(class) => ALLOWED.contains(&class.name),
        _ => false,
    }
}
