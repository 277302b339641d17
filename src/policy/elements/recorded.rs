//! Policies that this gateway does not carry out: those whose effect lies outside are written to the trace, the others fail.

use crate::{
    expression::Target,
    policy::{
        Policy,
        catalogue::{Attribute, Entry, Level},
        lowering::Lowering,
        program::Setting,
    },
    text::Text,
    xml::Element,
};

/// The settings of a policy whose effect is recorded: each by its path, `counter-key` or `dimension[2]/value`.
#[derive(Debug)]
pub struct Recorded {
    /// Names and values, as the document has them.
    pub settings: Vec<(Text, Setting<Text>)>,
}

/// Lowers the element: every expression in it is compiled, whether it runs or not.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, entry: &'static Entry) -> Option<Policy> {
    let mut settings = Vec::new();
    collect(lowering, element, &entry.attributes, "", &mut settings);
    if entry.level == Level::Recorded {
        return Some(Policy::Recorded(Recorded { settings }));
    }
    lowering.warning(
        "policy/not-simulated",
        element.name_span,
        format!("the policy `{}` is not simulated", element.name),
        "a request that reaches it fails here",
    );
    Some(Policy::NotSimulated)
}

fn collect(lowering: &mut Lowering<'_>, element: &Element, rules: &[Attribute], path: &str, into: &mut Vec<(Text, Setting<Text>)>) {
    for attribute in element.attributes.iter().filter(|attribute| attribute.name != "id") {
        let ty = rules.iter().find(|rule| rule.name == attribute.name).map_or("string", |rule| rule.ty.as_str());
        let target = match ty.split([' ', '>', '|']).next() {
            Some("bool") => Target::Bool,
            Some("int") => Target::Int,
            Some("long") => Target::Long,
            _ => Target::Any,
        };
        if let Some(setting) = lowering.setting(&attribute.value, target, |text| Ok(Text::from(text.to_owned()))) {
            into.push((format!("{path}{}", attribute.name).into(), setting));
        }
    }
    let mut places: Vec<(&str, usize)> = Vec::new();
    for child in element.elements() {
        let place = match places.iter_mut().find(|(name, _)| *name == child.name) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                places.push((&child.name, 1));
                1
            }
        };
        collect(lowering, child, &[], &format!("{path}{}[{place}]/", child.name), into);
    }
    if element.elements().next().is_none()
        && element.text().is_some_and(|text| !text.is_blank())
        && let Some(setting) = lowering.text(element, Target::Any)
    {
        let name = path.trim_end_matches('/');
        into.push((if name.is_empty() { Text::Static("text") } else { name.to_owned().into() }, setting));
    }
}
