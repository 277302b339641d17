//! `cache-store-value`: a value into the cache.

use crate::{
    dotnet::{registry, types::Type},
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct CacheStoreValue {
    /// What to store it under.
    pub key: Setting<Text>,
    /// The value: a literal is a string, an expression's value keeps its type.
    pub value: Setting<Text>,
    /// For how many seconds.
    pub duration: Setting<i64>,
}

/// Lowers the element. `duration` is an `int`: an expression of another type is refused on upload.
/// Source: Azure/azure-api-management-policy-toolkit, pull request 171.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<CacheStoreValue> {
    let key = lowering.text_attribute(element, "key");
    let duration = lowering.int_attribute(element, "duration", 0..=i64::from(i32::MAX));
    let attribute = element.attribute("value")?;
    let value = lowering.setting(&attribute.value, Target::Any, |text| Ok(Text::from(text.to_owned())))?;
    if let Setting::Expression(program) = &value
        && may_be_response(program.result())
    {
        // A response is stored with its body.
        lowering.reads_body();
    }
    Some(CacheStoreValue { key: key?, value, duration: duration? })
}

fn may_be_response(ty: &Type) -> bool {
    *ty == Type::OBJECT || ty.class().is_some_and(|class| std::ptr::eq(class, &registry::RESPONSE))
}
