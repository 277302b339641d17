//! `validate-parameters`: headers, query and path against the API's definition.

use super::validate_content::{Action, action};
use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// What is done about the parameters of one place.
#[derive(Debug)]
pub struct Rules {
    /// About those that the definition names; as the policy says without.
    pub specified: Option<Setting<Action>>,
    /// About others; as the policy says without.
    pub unspecified: Option<Setting<Action>>,
    /// About single ones.
    pub parameters: Vec<(Text, Setting<Action>)>,
}

/// The policy's settings.
#[derive(Debug)]
pub struct ValidateParameters {
    /// About parameters that the definition names.
    pub specified: Setting<Action>,
    /// About others.
    pub unspecified: Setting<Action>,
    /// The variable for the errors.
    pub variable: Option<Text>,
    /// Exceptions for headers.
    pub headers: Option<Rules>,
    /// Exceptions for the query.
    pub query: Option<Rules>,
    /// Exceptions for the path.
    pub path: Option<Rules>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<ValidateParameters> {
    let specified = action(lowering, element, "specified-parameter-action");
    let unspecified = action(lowering, element, "unspecified-parameter-action");
    Some(ValidateParameters {
        variable: lowering.literal_attribute(element, "errors-variable-name"),
        headers: element.element("headers").map(|child| rules(lowering, child)),
        query: element.element("query").map(|child| rules(lowering, child)),
        path: element.element("path").map(|child| rules(lowering, child)),
        specified: specified?,
        unspecified: unspecified?,
    })
}

fn rules(lowering: &mut Lowering<'_>, element: &Element) -> Rules {
    Rules {
        specified: action(lowering, element, "specified-parameter-action"),
        unspecified: action(lowering, element, "unspecified-parameter-action"),
        parameters: named(lowering, element, "parameter"),
    }
}

/// Children with a name and an action.
pub(super) fn named(lowering: &mut Lowering<'_>, element: &Element, child: &str) -> Vec<(Text, Setting<Action>)> {
    let children = element.elements().filter(|each| each.name == child);
    children.filter_map(|each| lowering.literal_attribute(each, "name").zip(action(lowering, each, "action"))).collect()
}
