//! `set-query-parameter`: a parameter of the request's query.

use super::set_header::{ExistsAction, named_values};
use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct SetQueryParameter {
    /// The parameter's name.
    pub name: Setting<Text>,
    /// What to do where it is there.
    pub exists_action: Setting<ExistsAction>,
    /// The values.
    pub values: Vec<Setting<Text>>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetQueryParameter> {
    named_values(lowering, element).map(|shared| SetQueryParameter {
        name: shared.name,
        exists_action: shared.exists_action,
        values: shared.values,
    })
}
