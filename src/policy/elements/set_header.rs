//! `set-header`: a header of the request or the response.

use crate::{
    expression::Target,
    http::is_token,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// What to do where the header is there already; the same words serve `set-query-parameter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExistsAction {
    /// Replace it.
    Override,
    /// Leave it.
    Skip,
    /// Add to it.
    Append,
    /// Remove it.
    Delete,
}

impl ExistsAction {
    /// Reads the attribute's word.
    ///
    /// # Errors
    /// What was expected, for a diagnostic.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.trim() {
            "override" => Ok(Self::Override),
            "skip" => Ok(Self::Skip),
            "append" => Ok(Self::Append),
            "delete" => Ok(Self::Delete),
            _ => Err("`override`, `skip`, `append` or `delete`"),
        }
    }
}

/// The policy's settings.
#[derive(Debug)]
pub struct SetHeader {
    /// The header's name.
    pub name: Setting<Text>,
    /// What to do where it is there.
    pub exists_action: Setting<ExistsAction>,
    /// The values.
    pub values: Vec<Setting<Text>>,
}

/// Headers that the policy cannot touch. Source: learn.microsoft.com/azure/api-management/set-header-policy.
pub const UNTOUCHABLE: [&str; 4] = ["Connection", "Content-Length", "Keep-Alive", "Transfer-Encoding"];

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetHeader> {
    let header = named_values(lowering, element)?;
    if let Setting::Literal(name) = &header.name
        && !is_token(name)
    {
        let span = element.attribute("name").map_or(element.name_span, |attribute| attribute.value.span);
        // What the document says: the name may come from a Named Value.
        let written = element.attribute("name").map_or("", |attribute| attribute.value.decoded.as_str());
        lowering.fault(
            "policy/bad-header-name",
            span,
            format!("`{written}` is not a header name"),
            "letters, digits and `-`, without spaces",
        );
        return None;
    }
    Some(header)
}

/// The attributes and values that `set-header` and `set-query-parameter` share.
pub(super) fn named_values(lowering: &mut Lowering<'_>, element: &Element) -> Option<SetHeader> {
    let exists_action = match element.attribute("exists-action") {
        None => Some(Setting::Literal(ExistsAction::Override)),
        Some(attribute) => lowering.setting(&attribute.value, Target::Text, ExistsAction::parse),
    };
    let mut values = Vec::new();
    for child in element.elements().filter(|child| child.name == "value") {
        match child.text() {
            Some(_) => values.extend(lowering.text(child, Target::Text)),
            None => values.push(Setting::Literal(Text::EMPTY)),
        }
    }
    let name = lowering.text_attribute(element, "name")?;
    let exists_action = exists_action?;
    if values.is_empty()
        && element.element("value").is_none()
        && !matches!(exists_action, Setting::Literal(ExistsAction::Delete) | Setting::Expression(_))
    {
        if element.name == "set-header" {
            // The page does not ask for one: a header that is overridden by nothing is gone.
            lowering.warning(
                "policy/no-value",
                element.name_span,
                "`set-header` has no `value` to set",
                "add one, or say `exists-action=\"delete\"`",
            );
        } else {
            lowering.missing(element, "value");
        }
    }
    Some(SetHeader { name, exists_action, values })
}
