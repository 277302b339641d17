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
                let condition = lowering.bool_attribute(child, "condition");
                let block = lowering.block(child, &path);
                whens.extend(condition.map(|condition| (condition, block)));
            }
            "otherwise" => otherwise = Some(lowering.block(child, &path)),
            _ => {}
        }
    }
    Some(Choose { whens, otherwise })
}
