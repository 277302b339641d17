//! `cache-lookup-value`: a value from the cache into a variable.

use crate::{
    dotnet::context::VariableName,
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct CacheLookupValue {
    /// What the value was stored under.
    pub key: Setting<Text>,
    /// What the variable gets where nothing is stored: a literal is a string, an expression's value keeps its type.
    pub default: Option<Setting<Text>>,
    /// The variable.
    pub variable: VariableName,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<CacheLookupValue> {
    let key = lowering.text_attribute(element, "key");
    let default = element
        .attribute("default-value")
        .and_then(|attribute| lowering.setting(&attribute.value, Target::Any, |text| Ok(Text::from(text.to_owned()))));
    let variable = lowering.literal_attribute(element, "variable-name");
    Some(CacheLookupValue { key: key?, default, variable: VariableName::written(&variable?) })
}
