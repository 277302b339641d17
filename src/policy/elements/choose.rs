//! `choose`: the first `when` whose condition holds, else `otherwise`.

use crate::{
    policy::{
        lowering::Lowering,
        program::{BlockId, Setting},
    },
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct Choose {
    /// Conditions with their blocks, in order.
    pub whens: Vec<(Setting<bool>, BlockId)>,
    /// The block where no condition holds.
    pub otherwise: Option<BlockId>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, path: &str) -> Option<Choose> {
    let mut whens = Vec::new();
    let mut otherwise = None;
    for child in element.elements() {
        let path = lowering.path(path, element, child);
        match child.name.as_str() {
            "when" => {
                if otherwise.is_some() {
                    lowering.fault(
                        "policy/child-order",
                        child.name_span,
                        "`when` stands behind `otherwise`",
                        "move `otherwise` to the end",
                    );
                }
                            let condition = lowering.bool_attribute(child, "condition");
                if child.attribute("condition").is_none() {
                    lowering.missing(child, "condition");
                }
                let block = lowering.block(child, &path);
                whens.extend(condition.map(|condition| (condition, block)));
            }
            "otherwise" => {
                            if otherwise.is_some() {
                    lowering.fault("policy/duplicate", child.name_span, "`otherwise` stands here a second time", "put both into one");
                }
                otherwise = Some(lowering.block(child, &path));
            }
            _ => {}
        }
    }
    if element.element("when").is_none() {
        lowering.missing(element, "when");
        return None;
    }
    Some(Choose { whens, otherwise })
}
