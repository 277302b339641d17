//! `emit-metric`: a number with dimensions, for Application Insights.

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct EmitMetric {
    /// The metric's name.
    pub name: Text,
    /// The metric's namespace.
    pub namespace: Text,
    /// The number.
    pub value: Setting<Text>,
    /// The dimensions.
    pub dimensions: Vec<Dimension>,
}

/// A dimension of a metric.
#[derive(Debug)]
pub struct Dimension {
    /// Its name.
    pub name: Setting<Text>,
    /// Its value; a default dimension may do without.
    pub value: Option<Setting<Text>>,
}

/// The dimensions whose value the gateway knows.
/// Source: learn.microsoft.com/azure/api-management/llm-emit-token-metric-policy; `Backend ID` stands there alone.
pub const DEFAULT_DIMENSIONS: [&str; 8] =
    ["API ID", "Operation ID", "Product ID", "User ID", "Subscription ID", "Location", "Gateway ID", "Backend ID"];

/// How many dimensions of one's own the pages allow; the schema allows ten in all.
const CUSTOM: usize = 5;

/// The dimensions in an element.
pub(super) fn dimensions(lowering: &mut Lowering<'_>, element: &Element) -> Option<Vec<Dimension>> {
    let mut dimensions = Vec::new();
    let mut custom = 0;
    let mut sound = true;
    for child in element.elements().filter(|child| child.name == "dimension") {
        let Some(name) = lowering.text_attribute(child, "name") else {
            sound = false;
            continue;
        };
        let value = lowering.text_attribute(child, "value");
        let is_default = matches!(&name, Setting::Literal(name) if DEFAULT_DIMENSIONS.contains(&name.as_str()));
        if let (Setting::Literal(_), None, false) = (&name, &value, is_default || child.attribute("value").is_some()) {
            let help = format!("only these do without: {}", DEFAULT_DIMENSIONS.join(", "));
            lowering.fault("policy/missing", child.name_span, "this dimension needs a `value`", help);
        }
        custom += usize::from(!is_default);
        dimensions.push(Dimension { name, value });
    }
    if custom > CUSTOM {
        let message = format!("`{}` has {custom} dimensions of its own", element.name);
        lowering.warning("policy/dimensions", element.name_span, message, "the documentation allows five");
    }
    sound.then_some(dimensions)
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<EmitMetric> {
    let name = lowering.literal_attribute(element, "name");
    let namespace = lowering.literal_attribute(element, "namespace").unwrap_or(Text::Static("API Management"));
    let value = match element.attribute("value") {
        None => Some(Setting::Literal(Text::Static("1"))),
        // Any number will do: `int`, `double` and `decimal` stand in public policies.
        Some(attribute) => lowering.setting(&attribute.value, Target::Any, |text| match text.trim().parse::<f64>() {
            Ok(_) => Ok(Text::from(text.trim().to_owned())),
            Err(_) => Err("a number"),
        }),
    };
    let dimensions = dimensions(lowering, element);
    Some(EmitMetric { name: name?, namespace, value: value?, dimensions: dimensions? })
}
