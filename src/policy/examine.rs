//! Looking a document over without running it: any part of a policy, by itself, where not everything that it names need be known.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    catalogue,
    lowering::{Lowering, Resources},
    named_values::references,
    program::{Scope, Section, Setting},
};
use crate::{
    diagnostic::{Diagnostic, Severity, any_error},
    expression::Target,
    source::Span,
    xml::{Document, Element, Value},
};

/// What may stand for a Named Value whose value is not known: text inside of a string, a number, a truth, a string.
pub const STAND_INS: [Option<&str>; 4] = [None, Some("1"), Some("true"), Some("\"x\"")];

/// What is wrong with a document: a whole one, a section, a fragment, or a single policy. `scope` is where it will hold, if that is known.
///
/// A policy that the gateway here does not run is only noted: the service would take the document.
pub fn examine(document: &Document, resources: &Resources, scope: Option<Scope>) -> Vec<Diagnostic> {
    let mut lowering = Lowering::new(&document.source, resources);
    lowering.any_scope = scope.is_none();
    lowering.scope = scope.unwrap_or_default();
    let root = &document.root;
    let is_section = |section: &Section| section.name() == root.name;
    if root.name == "policies" {
        if lowering.root(root) {
            for section in Section::ALL {
                if let Some(element) = root.element(section.name()) {
                    lowering.examine_section(section, element);
                }
            }
        }
    } else if let Some(section) = Section::ALL.into_iter().find(is_section) {
        lowering.examine_section(section, root);
    } else if root.name == "fragment" {
        // As if included: neither `<base />` nor another fragment may stand in it.
        lowering.including.push(String::new());
        lowering.block(root, "");
    } else if catalogue::entry(&root.name).is_some() {
        lowering.statement(&Element::new("fragment"), root, "", &mut Vec::new());
    } else {
        let help = "a document is `<policies>`, a section such as `<inbound>`, a `<fragment>`, or one policy";
        lowering.fault("policy/root", root.name_span, format!("`{}` is no part of a policy", root.name), help);
    }
    lowering.examined(root)
}

impl<'a> Lowering<'a> {
    fn examine_section(&mut self, section: Section, element: &Element) {
        self.section = Some(section);
        self.one_child(element);
        self.no_text(element);
        let mut statements = Vec::new();
        for child in element.elements() {
            self.statement(element, child, "", &mut statements);
        }
    }

    /// The findings: what is known to be wrong, in the order of the document, and each remark once.
    fn examined(self, root: &Element) -> Vec<Diagnostic> {
        let Self { diagnostics, source, resources, .. } = self;
        let mut said = BTreeSet::new();
        let mut found: Vec<Diagnostic> = diagnostics
            .into_iter()
            .map(|diagnostic| match diagnostic.code {
                "policy/not-simulated" => Diagnostic { severity: Severity::Note, ..diagnostic },
                _ => diagnostic,
            })
            .filter(|diagnostic| diagnostic.severity != Severity::Note || said.insert(diagnostic.message.clone()))
            // What a value must be cannot be said of a stand-in.
            .filter(|diagnostic| {
                let text = diagnostic.primary().map_or("", |label| label.source.slice(label.span));
                let of_its_text = || {
                    let element = diagnostic
                        .primary()
                        .and_then(|label| named(root, label.span))
                        .filter(|_| matches!(diagnostic.code, "policy/bad-value" | "policy/bad-key"));
                    element.and_then(Element::text).is_some_and(|text| unvalued(&text.decoded, resources).next().is_some())
                };
                let is_of_stand_in = unvalued(text, resources).next().is_some() || of_its_text();
                diagnostic.severity == Severity::Note || !diagnostic.code.starts_with("policy/") || !is_of_stand_in
            })
            .collect();
        found.sort_by_key(|diagnostic| {
            diagnostic.primary().map_or((true, 0), |label| (!std::sync::Arc::ptr_eq(&label.source, &source), label.span.start))
        });
        found
    }

    /// Whether a value holds Named Values whose values are not known, and may be looked at all the same.
    pub(super) fn is_guessed(&self, value: &Value) -> bool {
        let mut names = references(&value.decoded).map(|(_, _, name)| name).filter(|name| !self.resources.named_values.contains_key(*name));
        let may_be = |name: &str| self.resources.open_values || self.resources.unvalued.contains(name);
        names.next().is_some_and(may_be) && names.all(may_be)
    }

    /// A value with stand-ins for the Named Values that are not known. It is wrong only if it is wrong with each of them.
    pub(super) fn guessed<T>(
        &mut self,
        value: &Value,
        target: Target,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Option<Setting<T>> {
        let names: Vec<String> = unvalued(&value.decoded, self.resources).map(str::to_owned).collect();
        for name in names.iter().filter(|name| !self.resources.unvalued.contains(*name)) {
            self.remark("policy/unknown-named-value", value.span, format!("the Named Value `{name}` is not known here"));
        }
        let before = self.diagnostics.len();
        let mut attempts = Vec::new();
        for stand_in in STAND_INS {
            let mut known: BTreeMap<String, String> = self.resources.named_values.clone();
            known.extend(names.iter().map(|name| (name.clone(), stand_in.map_or_else(|| format!("{{{{{name}}}}}"), str::to_owned))));
            let setting = self.setting_with(value, target, &read, &known);
            let found = self.diagnostics.split_off(before);
            if !any_error(&found) {
                self.diagnostics.extend(found);
                return setting;
            }
            attempts.push(found);
        }
        let before = self.diagnostics.len();
        // Only an expression says something of itself whatever its Named Values hold.
        self.diagnostics.extend(likeliest(attempts).into_iter().filter(|diagnostic| !diagnostic.code.starts_with("policy/")));
        if self.diagnostics.len() == before {
            let names = names.join("`, `");
            self.remark(
                "policy/unknown-named-value",
                value.span,
                format!("whether the value is right depends on the Named Value `{names}`"),
            );
        }
        None
    }
}

/// The element whose name stands at a place.
fn named(element: &Element, name: Span) -> Option<&Element> {
    if element.name_span == name { Some(element) } else { element.elements().find_map(|child| named(child, name)) }
}

/// Of several attempts with different stand-ins the one whose faults have least to do with them.
pub fn likeliest(attempts: Vec<Vec<Diagnostic>>) -> Vec<Diagnostic> {
    let about_braces =
        |diagnostic: &&Diagnostic| diagnostic.primary().is_some_and(|label| label.source.slice(label.span).contains(['{', '}']));
    attempts.into_iter().min_by_key(|found| (found.iter().filter(about_braces).count(), found.len())).unwrap_or_default()
}

/// The names in a text that are Named Values without a known value.
fn unvalued<'a>(text: &'a str, resources: &'a Resources) -> impl Iterator<Item = &'a str> {
    let is_unvalued =
        |name: &str| !resources.named_values.contains_key(name) && (resources.open_values || resources.unvalued.contains(name));
    references(text).map(|(_, _, name)| name).filter(move |name| is_unvalued(name))
}
