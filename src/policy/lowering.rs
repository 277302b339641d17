//! From a document to a program: sections, `<base/>`, fragments, attributes and texts with their expressions.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    elements::{self, Policy},
    named_values::{self, Replaced},
    program::{Block, BlockId, Place, Program, Section, Setting, Statement},
};
use crate::{
    csharp::Code,
    diagnostic::{Diagnostic, any_error, nearest},
    expression::{self, Form, Target},
    source::{Source, Span},
    text::Text,
    xml::{Document, Element, ExpressionKind, Node, Value},
};

/// What a document refers to by name.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    /// Named Values by display name.
    pub named_values: BTreeMap<String, String>,
    /// Policy fragments by id.
    pub fragments: BTreeMap<String, Arc<Document>>,
}

/// Compiles a policy document, an API's in the chain global, API.
///
/// The global scope is the one that every service starts with: its backend section holds `<forward-request />`, its others nothing.
/// A section that the document leaves out is as if it held `<base />` alone: documents with an `inbound` only are common, and their requests
/// do reach a backend. Source of the default: learn.microsoft.com/azure/api-management/forward-request-policy.
///
/// # Errors
/// Every fault of the document, of its expressions, and of the fragments that it includes.
pub fn compile(document: &Document, resources: &Resources) -> Result<Program, Vec<Diagnostic>> {
    let mut lowering = Lowering::new(&document.source, resources);
    let root = &document.root;
    let sections = if root.name == "policies" {
        lowering.sections(root)
    } else {
        let help = "a policy document is `<policies>` with `<inbound>`, `<backend>`, `<outbound>` and `<on-error>` in it";
        lowering.fault("policy/root", root.name_span, format!("`{}` is not a policy document", root.name), help);
        [BlockId(0); 4]
    };
    lowering.finish(sections)
}

/// Compiles a fragment by itself, as if it stood in every section: for checking it alone.
///
/// # Errors
/// Every fault of the fragment.
pub fn compile_fragment(document: &Document, resources: &Resources) -> Result<Program, Vec<Diagnostic>> {
    let mut lowering = Lowering::new(&document.source, resources);
    let block = lowering.block(&document.root, "");
    lowering.finish([block; 4])
}

/// One compilation under way; what an element's own file works with.
pub struct Lowering<'a> {
    source: Arc<Source>,
    resources: &'a Resources,
    blocks: Vec<Block>,
    diagnostics: Vec<Diagnostic>,
    section: Option<Section>,
    /// The fragments being included, the innermost last.
    including: Vec<String>,
}

impl<'a> Lowering<'a> {
    fn new(source: &Arc<Source>, resources: &'a Resources) -> Self {
        Self {
            source: source.clone(),
            resources,
            blocks: vec![Block::default()],
            diagnostics: Vec::new(),
            section: None,
            including: Vec::new(),
        }
    }

    fn finish(mut self, sections: [BlockId; 4]) -> Result<Program, Vec<Diagnostic>> {
        // In the order of the document; those of fragments stand behind it.
        let own = self.source.clone();
        self.diagnostics.sort_by_key(|diagnostic| {
            diagnostic.primary().map_or((true, 0), |label| (!Arc::ptr_eq(&label.source, &own), label.span.start))
        });
        if any_error(&self.diagnostics) {
            Err(self.diagnostics)
        } else {
            Ok(Program { blocks: self.blocks, sections, warnings: self.diagnostics })
        }
    }

    fn sections(&mut self, root: &Element) -> [BlockId; 4] {
        let mut found: BTreeMap<&str, &Element> = BTreeMap::new();
        for child in root.elements() {
            if Section::ALL.iter().all(|section| section.name() != child.name) {
                let near = nearest(&child.name, Section::ALL.map(Section::name));
                let help = near.map_or("the sections are inbound, backend, outbound and on-error".to_owned(), |near| {
                    format!("did you mean `{near}`?")
                });
                self.fault(
                    "policy/unknown-section",
                    child.name_span,
                    format!("`{}` is not a section of a policy document", child.name),
                    help,
                );
            } else if let Some(first) = found.insert(&child.name, child) {
                let diagnostic =
                    Diagnostic::error("policy/duplicate-section", format!("the section `{}` stands here a second time", child.name))
                        .at(&self.source, child.name_span)
                        .label(&self.source, first.name_span, "first here")
                        .help("put both into one");
                self.diagnostics.push(diagnostic);
            }
        }
        self.no_text(root);
        Section::ALL.map(|section| {
            self.section = Some(section);
            match found.get(section.name()) {
                Some(element) => {
                    self.one_child(section, element);
                    self.block(element, "")
                }
                None => {
                    let base = self.base();
                    self.add(Block { statements: base.into_iter().collect() })
                }
            }
        })
    }

    /// The service refuses a backend section with two policies. Source: its own message, in public reports.
    fn one_child(&mut self, section: Section, element: &Element) {
        if section != Section::Backend {
            return;
        }
        if let Some(second) = element.elements().nth(1) {
            self.fault(
                "policy/backend-one-child",
                second.name_span,
                "the backend section allows only one policy",
                "put them into one `choose` or `retry`",
            );
        }
    }

    /// What `<base />` stands for: the global scope's section.
    fn base(&self) -> Option<Statement> {
        (self.section == Some(Section::Backend)).then(|| Statement {
            policy: Policy::ForwardRequest(elements::forward_request::ForwardRequest::default()),
            place: Place { element: "forward-request".into(), path: "forward-request".into(), scope: "global", ..Place::default() },
            reads_body: false,
        })
    }

    fn add(&mut self, block: Block) -> BlockId {
        self.blocks.push(block);
        BlockId(Span::at(self.blocks.len() - 1).start)
    }

    /// The policies in an element as a block. `path` is the element's own path.
    pub fn block(&mut self, parent: &Element, path: &str) -> BlockId {
        self.no_text(parent);
        let mut statements = Vec::new();
        for child in parent.elements() {
            self.statement(parent, child, path, &mut statements);
        }
        self.add(Block { statements })
    }

    fn statement(&mut self, parent: &Element, child: &Element, path: &str, into: &mut Vec<Statement>) {
        match child.name.as_str() {
            "base" if path.is_empty() && self.including.is_empty() => into.extend(self.base()),
            "base" => self.fault("policy/misplaced-base", child.name_span, "`base` may stand only directly in a section", "move it out"),
            "include-fragment" => self.include(child, path, into),
            name => {
                let path = join(path, parent, child);
                let Some(policy) = elements::lower(self, child, &path) else { return };
                let id = child.attribute("id").map_or(Text::EMPTY, |id| id.value.decoded.clone().into());
                let place = Place { element: name.to_owned().into(), path: path.into(), id, scope: "api", span: child.span };
                let reads_body = policy.reads_body();
                into.push(Statement { policy, place, reads_body });
            }
        }
    }

    /// Source: learn.microsoft.com/azure/api-management/policy-fragments: an inclusion is textual, fragments do not nest.
    fn include(&mut self, element: &Element, path: &str, into: &mut Vec<Statement>) {
        self.attributes(element, &["fragment-id"]);
        let Some(attribute) = element.attribute("fragment-id") else {
            self.missing(element, "fragment-id");
            return;
        };
        let id = attribute.value.decoded.clone();
        if !self.including.is_empty() {
            self.fault("policy/nested-fragment", element.name_span, "a fragment cannot include another", "include both from the document");
            return;
        }
        let Some(fragment) = self.resources.fragments.get(&id).cloned() else {
            let near = nearest(&id, self.resources.fragments.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            let help = near.unwrap_or_else(|| format!("give it: `--fragment {id}=FILE`, or `fragments/{id}.xml` beside the policy"));
            self.fault("policy/unknown-fragment", attribute.value.span, format!("there is no policy fragment with id `{id}`"), help);
            return;
        };
        self.including.push(id);
        let outer = std::mem::replace(&mut self.source, fragment.source.clone());
        if fragment.root.name == "fragment" {
            self.no_text(&fragment.root);
            for child in fragment.root.elements() {
                self.statement(&fragment.root, child, path, into);
            }
        } else {
            self.fault(
                "policy/root",
                fragment.root.name_span,
                format!("`{}` is not a policy fragment", fragment.root.name),
                "its root is `<fragment>`",
            );
        }
        self.source = outer;
        self.including.pop();
    }

    /// Reports a fault with its remedy.
    pub fn fault(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, message).at(&self.source, span).help(help));
    }

    /// Reports something that will probably fail when it runs.
    pub fn warning(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::warning(code, message).at(&self.source, span).help(help));
    }

    /// Reports an attribute or child that must be there.
    pub fn missing(&mut self, element: &Element, what: &str) {
        self.fault("policy/missing", element.name_span, format!("`{}` needs `{what}`", element.name), format!("add `{what}`"));
    }

    /// Reports attributes that the policy does not have. Every policy may have an `id`.
    pub fn attributes(&mut self, element: &Element, known: &[&str]) {
        for attribute in &element.attributes {
            let name = attribute.name.as_str();
            if known.contains(&name) || name == "id" {
                continue;
            }
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "it takes no attributes".to_owned(),
                None => format!("it takes {}", known.join(", ")),
            };
            self.fault("policy/unknown-attribute", attribute.name_span, format!("`{}` has no attribute `{name}`", element.name), help);
        }
    }

    /// Reports the policy where the section is none of these.
    pub fn only_in(&mut self, element: &Element, sections: &[Section]) {
        if let Some(section) = self.section
            && !sections.contains(&section)
        {
            let allowed: Vec<&str> = sections.iter().map(|section| section.name()).collect();
            let message = format!("`{}` is not allowed in the section `{}`", element.name, section.name());
            self.fault("policy/wrong-section", element.name_span, message, format!("it may stand in {}", allowed.join(", ")));
        }
    }

    /// Reports text where only elements may stand.
    pub fn no_text(&mut self, element: &Element) {
        for node in &element.children {
            let value = match node {
                Node::Text(value) => value,
                Node::CData(data) => &data.value,
                _ => continue,
            };
            if !value.is_blank() {
                let span = value.trimmed().span;
                self.fault("policy/text", span, format!("`{}` cannot contain text", element.name), "remove it, or write it as a comment");
            }
        }
    }

    /// Reports child elements that the policy does not have.
    pub fn children(&mut self, element: &Element, known: &[&str]) {
        for child in element.elements().filter(|child| !known.contains(&child.name.as_str())) {
            let help = match nearest(&child.name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "it takes no elements".to_owned(),
                None => format!("it takes {}", known.join(", ")),
            };
            self.fault("policy/unknown-child", child.name_span, format!("`{}` has no child `{}`", element.name, child.name), help);
        }
    }

    /// Reports children that do not stand in the order of the policy's schema.
    pub fn child_order(&mut self, element: &Element, order: &[&str]) {
        let mut last = 0;
        for child in element.elements() {
            let Some(place) = order.iter().position(|name| *name == child.name) else { continue };
            if place < last {
                let message = format!("`{}` stands too late in `{}`", child.name, element.name);
                self.fault("policy/child-order", child.name_span, message, format!("the order is {}", order.join(", ")));
            }
            last = last.max(place);
        }
    }

    /// A text setting from an attribute.
    pub fn text_attribute(&mut self, element: &Element, name: &str) -> Option<Setting<Text>> {
        let attribute = element.attribute(name)?;
        self.setting(&attribute.value, Target::Text, |text| Ok(Text::from(text.to_owned())))
    }

    /// A text from an attribute that takes no expression.
    pub fn literal_attribute(&mut self, element: &Element, name: &str) -> Option<Text> {
        let attribute = element.attribute(name)?;
        match self.setting(&attribute.value, Target::Text, |text| Ok(Text::from(text.to_owned())))? {
            Setting::Literal(text) => Some(text),
            Setting::Expression(_) => {
                self.fault("policy/literal-only", attribute.value.span, format!("`{name}` takes no expression"), "write the value itself");
                None
            }
        }
    }

    /// A boolean setting from an attribute.
    pub fn bool_attribute(&mut self, element: &Element, name: &str) -> Option<Setting<bool>> {
        let attribute = element.attribute(name)?;
        self.setting(&attribute.value, Target::Bool, |text| match text.trim() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err("a boolean, `true` or `false`"),
        })
    }

    /// A boolean from an attribute that takes no expression.
    pub fn literal_bool_attribute(&mut self, element: &Element, name: &str, default: bool) -> bool {
        match self.bool_attribute(element, name) {
            Some(Setting::Literal(value)) => value,
            Some(Setting::Expression(_)) => {
                let span = element.attribute(name).map_or(element.name_span, |attribute| attribute.value.span);
                self.fault("policy/literal-only", span, format!("`{name}` takes no expression"), "write `true` or `false`");
                default
            }
            None => default,
        }
    }

    /// A whole number from an attribute, within bounds that hold for literals; expressions are `int`.
    pub fn int_attribute(&mut self, element: &Element, name: &str, bounds: std::ops::RangeInclusive<i64>) -> Option<Setting<i64>> {
        let attribute = element.attribute(name)?;
        let setting = self.setting(&attribute.value, Target::Int, |text| text.trim().parse::<i64>().map_err(|_| "a whole number"))?;
        if let Setting::Literal(number) = &setting
            && !bounds.contains(number)
        {
            // What the document says, not what a Named Value holds.
            let message = format!("`{name}` is {}, which is out of range", attribute.value.decoded.trim());
            self.fault("policy/out-of-range", attribute.value.span, message, format!("it may be {} to {}", bounds.start(), bounds.end()));
            return None;
        }
        Some(setting)
    }

    /// The text of an element as a setting; any value of an expression is kept as it is where `target` is [`Target::Any`].
    pub fn text(&mut self, element: &Element, target: Target) -> Option<Setting<Text>> {
        let value = element.text()?;
        self.setting(&value, target, |text| Ok(Text::from(text.to_owned())))
    }

    /// A value with its Named Values put in: a literal read by `read`, or an expression bound against `target`.
    pub fn setting<T>(&mut self, value: &Value, target: Target, read: impl Fn(&str) -> Result<T, &'static str>) -> Option<Setting<T>> {
        if let Some(expression) = value.as_expression() {
            let form = match expression.kind {
                ExpressionKind::Single => Form::Expression,
                ExpressionKind::Block => Form::Block,
            };
            let replaced = self.replaced(value.code(expression), &value.code_places(expression), value, expression.code.start)?;
            let (code, places) = (replaced.text.clone(), replaced.places.clone());
            return self.expression(code, places, form, target, &replaced).map(Setting::Expression);
        }
        if let Some(first) = value.expressions().first() {
            self.fault(
                "policy/mixed-value",
                first.span,
                "an expression must be the whole value",
                "build the text inside of one expression: `@(\"a\" + b)` or `@($\"a{b}\")`",
            );
            return None;
        }
        let replaced = self.replaced(&value.decoded, &value.places, value, 0)?;
        let text = replaced.text.as_str();
        // A Named Value may hold an expression, which then stands for the whole. Source: the documentation of Named Values.
        let form = if text.starts_with("@(") && text.ends_with(')') {
            Some(Form::Expression)
        } else if text.starts_with("@{") && text.ends_with('}') {
            Some(Form::Block)
        } else {
            None
        };
        if let (Some(form), false) = (form, value.decoded.starts_with('@')) {
            let code = text.get(2..text.len() - 1).unwrap_or("").to_owned();
            let places = vec![(0, value.span.start), (Span::at(code.len()).start, value.span.end)];
            return self.expression(code, places, form, target, &replaced).map(Setting::Expression);
        }
        match read(text) {
            Ok(value) => Some(Setting::Literal(value)),
            Err(wanted) => {
                // The text itself may be a Named Value: only what the document says is shown.
                self.fault(
                    "policy/bad-value",
                    value.span,
                    format!("`{}` is not {wanted}", value.decoded.trim()),
                    format!("write {wanted}, or an expression that gives one"),
                );
                None
            }
        }
    }

    fn replaced(&mut self, text: &str, places: &[(u32, u32)], value: &Value, base: u32) -> Option<Replaced> {
        let mut replaced = named_values::replace(text, places, value, base, &self.resources.named_values);
        let unknown = std::mem::take(&mut replaced.unknown);
        let sound = unknown.is_empty();
        for (name, span) in unknown {
            let near = nearest(&name, self.resources.named_values.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            let help = near.unwrap_or_else(|| format!("define it: `--named-value {name}=VALUE`, or under `namedValues` in the spec"));
            self.fault("policy/unknown-named-value", span, format!("there is no Named Value `{name}`"), help);
        }
        sound.then_some(replaced)
    }

    fn expression(
        &mut self,
        code: String,
        places: Vec<(u32, u32)>,
        form: Form,
        target: Target,
        replaced: &Replaced,
    ) -> Option<Box<expression::Program>> {
        let code = Code::mapped(&self.source, code, places);
        match expression::compile(&code, form, target) {
            Ok(program) => Some(Box::new(program)),
            Err(found) => {
                let known = &self.resources.named_values;
                self.diagnostics.extend(found.into_iter().map(|diagnostic| replaced.discreet(diagnostic, known)));
                None
            }
        }
    }
}

/// A child's path: an index where several children of its name stand in the parent. Source: `LastError.Path` in the documentation's example.
fn join(path: &str, parent: &Element, child: &Element) -> String {
    let same: Vec<&Element> = parent.elements().filter(|sibling| sibling.name == child.name).collect();
    let index = same.iter().position(|sibling| std::ptr::eq(*sibling, child)).unwrap_or(0) + 1;
    let name = if same.len() > 1 { format!("{}[{index}]", child.name) } else { child.name.clone() };
    if path.is_empty() { name } else { format!("{path}\\{name}") }
}

impl Lowering<'_> {
    /// The path of a child that is no policy itself: a `when` of a `choose`.
    pub fn path(&self, path: &str, parent: &Element, child: &Element) -> String {
        join(path, parent, child)
    }
}
