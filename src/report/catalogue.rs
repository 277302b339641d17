//! The catalogue of policies for people: all of them as a table, one with its attributes and children.

use std::fmt::Write as _;

use crate::policy::{
    Scope, Section,
    catalogue::{Attribute, Child, Entry, Holds, Level, Once, Order, Status},
};

/// Every policy under the heading that the documentation's list has it under, and a line that counts them.
pub fn table(entries: &[Entry]) -> String {
    let name_width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let sections_width = entries.iter().map(|entry| sections(entry).len()).max().unwrap_or(0);
    let scopes_width = entries.iter().map(|entry| scopes(entry).len()).max().unwrap_or(0);
    let mut headings: Vec<&str> = Vec::new();
    for entry in entries {
        if !headings.contains(&entry.category.as_str()) {
            headings.push(&entry.category);
        }
    }
    let mut out = String::new();
    for heading in headings {
        let _ = writeln!(out, "{heading}");
        for entry in entries.iter().filter(|entry| entry.category == heading) {
            let line = format!(
                "  {:<name_width$}  {:<13}  {:<sections_width$}  {:<scopes_width$}  {}",
                entry.name,
                entry.level.name(),
                sections(entry),
                scopes(entry),
                note(entry)
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out.push('\n');
    }
    let count = |level: Level| entries.iter().filter(|entry| entry.level == level).count();
    let _ = writeln!(
        out,
        "{} policies: {} simulated, {} recorded, {} not simulated",
        entries.len(),
        count(Level::Simulated),
        count(Level::Recorded),
        count(Level::NotSimulated)
    );
    out
}

/// One policy with everything that a document may say of it.
pub fn entry(entry: &Entry) -> String {
    let mut out = format!("{}: {}", entry.name, entry.level.name());
    let note = note(entry);
    if !note.is_empty() {
        let _ = write!(out, ", {note}");
    }
    let known = match entry.status {
        Status::Documented => "documented",
        Status::Legacy => "documented under another name now",
        Status::Undocumented => "in the service's schema, on no page",
    };
    let _ = writeln!(out, "\n\n  {:<10} {}, {known}", "kind", entry.category);
    let _ = writeln!(out, "  {:<10} {}", "sections", sections(entry));
    let _ = writeln!(out, "  {:<10} {}", "scopes", scopes(entry));
    let _ = writeln!(out, "  {:<10} {}", "gateways", entry.gateways.join(", "));
    if let Some(once) = entry.once {
        let _ = writeln!(out, "  {:<10} {}", "once", if once == Once::Section { "in a section" } else { "in a document" });
    }
    attributes(&entry.attributes, "  ", &mut out);
    if let Some(text) = &entry.text {
        let _ = writeln!(out, "\n  text{}", text_rule(text.required, text.expression, &text.values));
    }
    if !entry.children.is_empty() {
        let order = if entry.order == Order::Fixed { ", in this order" } else { "" };
        let _ = writeln!(out, "\n  children{order}");
        children(&entry.children, "    ", &mut out);
    }
    if let Some(holds) = &entry.policies {
        let _ = writeln!(out, "\n  holds {}", held(holds));
    }
    out
}

fn attributes(list: &[Attribute], indent: &str, out: &mut String) {
    if list.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{indent}attributes");
    let width = list.iter().map(|attribute| attribute.name.len()).max().unwrap_or(0);
    for attribute in list {
        let _ = writeln!(out, "{indent}  {:<width$}  {}", attribute.name, attribute_rule(attribute));
    }
}

fn attribute_rule(attribute: &Attribute) -> String {
    let mut parts = vec![if attribute.values.is_empty() { attribute.ty.clone() } else { attribute.values.join(" | ") }];
    if attribute.required {
        parts.push("required".to_owned());
    }
    if !attribute.one_of.is_empty() {
        parts.push(format!("one of {} is required", attribute.one_of.join(", ")));
    }
    parts.extend(attribute.when.clone());
    parts.extend(attribute.default.as_ref().map(|default| format!("default {default}")));
    parts.extend(attribute.expression.map(|allowed| if allowed { "an expression may stand" } else { "no expression" }.to_owned()));
    if !attribute.documented {
        parts.push("on no page".to_owned());
    }
    parts.join("; ")
}

fn children(list: &[Child], indent: &str, out: &mut String) {
    for child in list {
        let number = match (child.min, child.max) {
            (min, None) => format!("{min} or more"),
            (min, Some(max)) if min == max => min.to_string(),
            (min, Some(max)) => format!("{min} to {max}"),
        };
        let mut parts = vec![number];
        if !child.one_of.is_empty() {
            parts.push(format!("one of {} is required", child.one_of.join(", ")));
        }
        parts.extend(child.when.clone());
        if let Some(text) = &child.text {
            parts.push(format!("text{}", text_rule(text.required, text.expression, &text.values)));
        }
        parts.extend(child.policies.as_ref().map(|holds| format!("holds {}", held(holds))));
        let _ = writeln!(out, "{indent}{}  {}", child.name, parts.join("; "));
        for attribute in &child.attributes {
            let _ = writeln!(out, "{indent}  @{}  {}", attribute.name, attribute_rule(attribute));
        }
        children(&child.children, &format!("{indent}  "), out);
    }
}

fn text_rule(required: bool, expression: Option<bool>, values: &[String]) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !values.is_empty() {
        parts.push(values.join(" | "));
    }
    if required {
        parts.push("required".to_owned());
    }
    parts.extend(expression.map(|allowed| if allowed { "an expression may stand" } else { "no expression" }.to_owned()));
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join("; ")) }
}

fn held(holds: &Holds) -> String {
    match holds {
        Holds::Any => "policies".to_owned(),
        Holds::Except(names) => format!("policies, without {}", names.join(", ")),
        Holds::Only(names) => names.join(", "),
    }
}

fn sections(entry: &Entry) -> String {
    let all: Vec<&str> = Section::ALL
        .iter()
        .filter(|section| entry.sections.contains(section) || entry.also_in.contains(section))
        .map(|section| section.name())
        .collect();
    match all.len() {
        0 => "none".to_owned(),
        4 => "all sections".to_owned(),
        _ => all.join(", "),
    }
}

fn scopes(entry: &Entry) -> String {
    const ALL: [Scope; 5] = [Scope::Global, Scope::Workspace, Scope::Product, Scope::Api, Scope::Operation];
    let (within, without): (Vec<Scope>, Vec<Scope>) = ALL.into_iter().partition(|scope| entry.scopes.contains(scope));
    let names = |scopes: &[Scope]| scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(", ");
    match (within.len(), without.len()) {
        (0, _) => "resolvers".to_owned(),
        (_, 0) => "all scopes".to_owned(),
        (_, 1) => format!("all but {}", names(&without)),
        _ => names(&within),
    }
}

/// Why the gateway does no more with it.
fn note(entry: &Entry) -> String {
    match (&entry.note, entry.level) {
        (Some(note), _) => note.clone(),
        (None, Level::NotSimulated) => "it is not carried out yet".to_owned(),
        (None, Level::Recorded) => "what it would do outside is written to the trace".to_owned(),
        (None, Level::Simulated) => String::new(),
    }
}
