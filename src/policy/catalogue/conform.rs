//! Whether an element is what the catalogue says of it: names, what must be there, order, number, where expressions may stand.
//!
//! The service holds a document against its schemas when it is saved, and so refuses what no policy would ever look at.

use super::{Attribute, Child, Entry, Holds, Once, Order, TextRule, entry};
use crate::{
    diagnostic::nearest,
    policy::lowering::Lowering,
    xml::{Element, Value},
};

/// What an entry and a child have in common.
#[derive(Clone, Copy)]
struct Shape<'a> {
    attributes: &'a [Attribute],
    children: &'a [Child],
    order: Order,
    holds: Option<&'a Holds>,
    text: Option<&'a TextRule>,
    /// Whether every attribute name is known: an empty list in a child of the schema means that there are none.
    is_policy: bool,
}

impl<'a> Shape<'a> {
    fn of_entry(entry: &'a Entry) -> Self {
        Self {
            attributes: &entry.attributes,
            children: &entry.children,
            order: entry.order,
            holds: entry.policies.as_ref(),
            text: entry.text.as_ref(),
            is_policy: true,
        }
    }

    fn of_child(child: &'a Child) -> Self {
        let says_nothing = child.attributes.is_empty() && child.children.is_empty() && child.text.is_none() && child.policies.is_none();
        match entry(&child.name) {
            Some(entry) if says_nothing => Self::of_entry(entry),
            _ => Self {
                attributes: &child.attributes,
                children: &child.children,
                order: Order::Free,
                holds: child.policies.as_ref(),
                text: child.text.as_ref(),
                is_policy: false,
            },
        }
    }
}

impl Lowering<'_> {
    /// Reports where a policy that stands in a section is not what its entry says.
    pub(in crate::policy) fn conform(&mut self, element: &Element, entry: &'static Entry, nested: bool) {
        self.placed(element, entry, nested);
        self.shaped(element, Shape::of_entry(entry));
    }

    fn placed(&mut self, element: &Element, entry: &'static Entry, nested: bool) {
        if let Some(section) = self.section()
            && !entry.sections.is_empty()
            && !entry.sections.contains(&section)
            && !entry.also_in.contains(&section)
        {
            let allowed: Vec<&str> = entry.sections.iter().map(|section| section.name()).collect();
            let message = format!("`{}` is not allowed in the section `{}`", element.name, section.name());
            self.fault("policy/wrong-section", element.name_span, message, format!("it may stand in {}", allowed.join(", ")));
        }
        if let Some(scope) = self.scope()
            && !entry.scopes.is_empty()
            && !entry.scopes.contains(&scope)
        {
            let allowed: Vec<&str> = entry.scopes.iter().map(|scope| scope.name()).collect();
            let message = format!("`{}` is not allowed in the scope `{}`", element.name, scope.name());
            self.fault("policy/wrong-scope", element.name_span, message, format!("it may stand in {}", allowed.join(", ")));
        }
        // Copies in different branches never run both: only those side by side in a section are counted.
        if let (Some(once), false) = (entry.once, nested)
            && self.stands_again(entry, once)
        {
            let within = if once == Once::Section { "a section" } else { "a document" };
            let message = format!("`{}` may stand once in {within}", element.name);
            self.fault("policy/once", element.name_span, message, "put both into one");
        }
    }

    fn shaped(&mut self, element: &Element, shape: Shape<'_>) {
        self.attributes_of(element, shape);
        self.text_of(element, shape);
        if shape.holds.is_none() {
            self.children_of(element, shape);
        }
    }

    fn attributes_of(&mut self, element: &Element, shape: Shape<'_>) {
        for attribute in &element.attributes {
            let name = attribute.name.as_str();
            let Some(rule) = shape.attributes.iter().find(|rule| rule.name == name) else {
                if name == "id" && shape.is_policy {
                    continue;
                }
                let known = shape.attributes.iter().map(|rule| rule.name.as_str());
                let help = match nearest(name, known.clone()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if shape.attributes.is_empty() => "it takes no attributes".to_owned(),
                    None => format!("it takes {}", known.collect::<Vec<_>>().join(", ")),
                };
                self.fault("policy/unknown-attribute", attribute.name_span, format!("`{}` has no attribute `{name}`", element.name), help);
                continue;
            };
            if rule.expression == Some(false) {
                self.literal_only(&attribute.value, name);
            }
            self.one_of_the_words(&attribute.value, &rule.values);
        }
        for rule in shape.attributes.iter().filter(|rule| rule.required && element.attribute(&rule.name).is_none()) {
            self.missing(element, &rule.name);
        }
        let is_there = |choice: &str| choice.split('+').all(|name| element.attribute(name).is_some());
        let mut choices: Vec<&[String]> =
            shape.attributes.iter().map(|rule| rule.one_of.as_slice()).filter(|choice| !choice.is_empty()).collect();
        choices.dedup();
        for choice in choices.into_iter().filter(|choice| !choice.iter().any(|choice| is_there(choice))) {
            self.missing(element, &choice.join("` or `"));
        }
    }

    fn text_of(&mut self, element: &Element, shape: Shape<'_>) {
        let Some(rule) = shape.text else {
            // A policy may have text that its schema calls mixed; only what is known to be empty is held to it.
            return self.no_text(element);
        };
        if let Some(value) = element.text() {
            if rule.expression == Some(false) {
                self.literal_only(&value, &element.name);
            }
            self.one_of_the_words(&value, &rule.values);
            if rule.required && value.is_blank() {
                self.missing(element, "text");
            }
        }
    }

    fn children_of(&mut self, element: &Element, shape: Shape<'_>) {
        // What stands in a body is the body's: `set-body` may hold any XML.
        if shape.children.is_empty() && shape.text.is_some_and(|text| text.expression == Some(true)) {
            return;
        }
        let mut last = 0;
        for child in element.elements() {
            let Some(place) = shape.children.iter().position(|rule| rule.name == child.name) else {
                let known = shape.children.iter().map(|rule| rule.name.as_str());
                let help = match nearest(&child.name, known.clone()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if shape.children.is_empty() => "it takes no elements".to_owned(),
                    None => format!("it takes {}", known.collect::<Vec<_>>().join(", ")),
                };
                self.fault("policy/unknown-child", child.name_span, format!("`{}` has no child `{}`", element.name, child.name), help);
                continue;
            };
            if shape.order == Order::Fixed && place < last {
                let order: Vec<&str> = shape.children.iter().map(|rule| rule.name.as_str()).collect();
                let message = format!("`{}` stands too late in `{}`", child.name, element.name);
                self.fault("policy/child-order", child.name_span, message, format!("the order is {}", order.join(", ")));
            }
            last = last.max(place);
            if let Some(rule) = shape.children.get(place) {
                self.shaped(child, Shape::of_child(rule));
            }
        }
        for rule in shape.children {
            let found: Vec<&Element> = element.elements().filter(|child| child.name == rule.name).collect();
            if found.len() < rule.min {
                self.missing(element, &rule.name);
            } else if let Some(second) = rule.max.and_then(|max| found.get(max)) {
                let help = if rule.max == Some(1) { "put both into one".to_owned() } else { format!("at most {}", rule.max.unwrap_or(0)) };
                let message = format!("`{}` stands too often in `{}`", second.name, element.name);
                self.fault("policy/duplicate", second.name_span, message, help);
            }
        }
        if let Some(rule) = shape.children.iter().find(|rule| !rule.one_of.is_empty())
            && !rule.one_of.iter().any(|name| element.element(name).is_some())
        {
            self.missing(element, &rule.one_of.join("` or `"));
        }
    }

    fn literal_only(&mut self, value: &Value, name: &str) {
        if value.as_expression().is_some() {
            self.fault("policy/literal-only", value.span, format!("`{name}` takes no expression"), "write the value itself");
        }
    }

    fn one_of_the_words(&mut self, value: &Value, words: &[String]) {
        let text = value.decoded.trim();
        if words.is_empty() || value.as_expression().is_some() || text.contains("{{") || words.iter().any(|word| word == text) {
            return;
        }
        let wanted = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        self.fault("policy/bad-value", value.span, format!("`{text}` is not one of its words"), format!("write {wanted}"));
    }
}
