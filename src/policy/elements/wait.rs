//! `wait`: its policies side by side, until all of them or one has ended.

use crate::{
    expression::Target,
    policy::{
        lowering::Lowering,
        program::{BlockId, Setting},
    },
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct Wait {
    /// Whether one is enough.
    pub any: Setting<bool>,
    /// One block for each of its policies.
    pub branches: Vec<BlockId>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, path: &str) -> Option<Wait> {
    let any = match element.attribute("for") {
        None => Some(Setting::Literal(false)),
        Some(attribute) => lowering.setting(&attribute.value, Target::Text, |text| match text.trim() {
            "all" => Ok(false),
            "any" => Ok(true),
            _ => Err("`all` or `any`"),
        }),
    };
    lowering.no_text(element);
    let branches = element.elements().map(|child| lowering.branch(element, child, path)).collect();
    Some(Wait { any: any?, branches })
}
