//! `cache-lookup`: a stored response in place of the backend's.

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// Who may keep the response behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Downstream {
    /// Nobody.
    None,
    /// The client alone.
    Private,
    /// Shared caches too.
    Public,
}

impl Downstream {
    /// Reads the attribute's word.
    ///
    /// # Errors
    /// What was expected, for a diagnostic.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.trim() {
            "none" => Ok(Self::None),
            "private" => Ok(Self::Private),
            "public" => Ok(Self::Public),
            _ => Err("`none`, `private` or `public`"),
        }
    }
}

/// The policy's settings.
#[derive(Debug)]
pub struct CacheLookup {
    /// Whether each developer has responses of their own.
    pub by_developer: Setting<bool>,
    /// Whether each combination of groups has.
    pub by_groups: Setting<bool>,
    /// The headers that tell responses apart.
    pub headers: Vec<Setting<Text>>,
    /// The query parameters that do.
    pub parameters: Vec<Setting<Text>>,
    /// Who may keep the response behind the gateway.
    pub downstream: Setting<Downstream>,
    /// Whether they must ask again once it is stale.
    pub must_revalidate: Setting<bool>,
    /// Whether requests with `Authorization` are looked up and stored.
    pub allow_private: Setting<bool>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<CacheLookup> {
    let mut flag = |name: &str, default: bool| match element.attribute(name) {
        Some(_) => lowering.bool_attribute(element, name),
        None => Some(Setting::Literal(default)),
    };
    let by_developer = flag("vary-by-developer", false);
    let by_groups = flag("vary-by-developer-groups", false);
    let must_revalidate = flag("must-revalidate", true);
    let allow_private = flag("allow-private-response-caching", false);
    let downstream = match element.attribute("downstream-caching-type") {
        Some(attribute) => lowering.setting(&attribute.value, Target::Text, Downstream::parse),
        None => Some(Setting::Literal(Downstream::None)),
    };
    let (mut headers, mut parameters) = (Vec::new(), Vec::new());
    for child in element.elements() {
        let into = if child.name == "vary-by-header" { &mut headers } else { &mut parameters };
        into.extend(lowering.text(child, Target::Text));
    }
    Some(CacheLookup {
        by_developer: by_developer?,
        by_groups: by_groups?,
        headers,
        parameters,
        downstream: downstream?,
        must_revalidate: must_revalidate?,
        allow_private: allow_private?,
    })
}
