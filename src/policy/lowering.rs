//! From a document to a program: sections, `<base/>`, fragments, statements.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::{
    catalogue::{self, Entry, Once},
    coverage::Counts,
    elements::{self, Policy},
    program::{Block, BlockId, Place, Program, Scope, Section, Statement},
    series,
};
use crate::{
    diagnostic::{Diagnostic, any_error, nearest},
    expression::Looks,
    source::{Source, Span},
    text::Text,
    xml::{Document, Element, Node},
};

/// What a document refers to by name.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    /// Named Values by display name.
    pub named_values: BTreeMap<String, String>,
    /// Policy fragments by id.
    pub fragments: BTreeMap<String, Arc<Document>>,
    /// What the documents of the global scope refer to, where that is something else: a workspace has resources of its own.
    pub shared: Option<Box<Resources>>,
    /// Named Values that there are, and whose values nobody has given: for checking only.
    pub unvalued: BTreeSet<String>,
    /// Whether the service may hold more Named Values than these: what is missing is then noted, not refused. For checking only.
    pub open_values: bool,
    /// The same for fragments.
    pub open_fragments: bool,
    /// The ids of the backend entities, where they are known: a `backend-id` that names none of them is then refused, as on upload.
    pub backends: Option<BTreeSet<String>>,
}

/// The documents that hold for a request, from the broadest scope to the narrowest. A scope without a document is as if it were not there.
pub type Chain<'a> = [(Scope, &'a Document)];

/// Compiles a policy document, an API's, below the global scope that every service starts with.
///
/// # Errors
/// Every fault of the document, of its expressions, and of the fragments that it includes.
pub fn compile(document: &Document, resources: &Resources) -> Result<Program, Vec<Diagnostic>> {
    compile_chain(&[(Scope::Api, document)], resources)
}

/// Compiles the documents of all scopes to what runs: the narrowest one, and the broader ones where `<base />` stands.
///
/// Without a global document there is the one that every service starts with: its backend section holds `<forward-request />`, its others
/// nothing. A section that a document leaves out is as if it held `<base />` alone: documents with an `inbound` only are common, and their
/// requests do reach a backend. Source of the default: learn.microsoft.com/azure/api-management/forward-request-policy.
///
/// # Errors
/// Every fault of the documents, of their expressions, and of the fragments that they include.
pub fn compile_chain(chain: &Chain<'_>, resources: &Resources) -> Result<Program, Vec<Diagnostic>> {
    let Some((_, narrowest)) = chain.last() else {
        return Ok(Program::default());
    };
    let mut lowering = Lowering::new(&narrowest.source, resources);
    let mut sound = true;
    for (scope, document) in chain {
        lowering.scope = *scope;
        lowering.source = document.source.clone();
        sound &= lowering.root(&document.root);
    }
    if !sound {
        return lowering.finish([BlockId(0); 4]);
    }
    let sections = Section::ALL.map(|section| {
        lowering.section = Some(section);
        let mut statements = if section == Section::Outbound { std::mem::take(&mut lowering.delayed) } else { Vec::new() };
        lowering.scoped(chain, &mut statements);
        lowering.add(Block { statements })
    });
    lowering.source = narrowest.source.clone();
    lowering.finish(sections)
}

/// Compiles a fragment by itself, as if it stood in every section: for checking it alone.
///
/// # Errors
/// Every fault of the fragment.
pub fn compile_fragment(document: &Document, resources: &Resources) -> Result<Program, Vec<Diagnostic>> {
    let mut lowering = Lowering::new(&document.source, resources);
    // As if included: neither `<base />` nor another fragment may stand in it.
    lowering.including.push(String::new());
    let block = lowering.block(&document.root, "");
    lowering.finish([block; 4])
}

/// One compilation under way; what an element's own file works with.
pub struct Lowering<'a> {
    pub(super) source: Arc<Source>,
    pub(super) resources: &'a Resources,
    blocks: Vec<Block>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) section: Option<Section>,
    pub(super) scope: Scope,
    /// Whether nobody has said where the document holds.
    pub(super) any_scope: bool,
    /// The documents of the broader scopes.
    broader: &'a Chain<'a>,
    /// The policies of the document that may stand once.
    seen: HashSet<(&'static str, Option<Section>)>,
    /// Whether the statement being compiled may read a body.
    reads_body: bool,
    /// What its expressions look at, and those of all statements.
    looks: Looks,
    all_looks: Looks,
    /// The statements that `outbound` begins with because of policies in `inbound`.
    delayed: Vec<Statement>,
    /// The fragments being included, the innermost last.
    pub(super) including: Vec<String>,
    /// The children of elements that were asked for, by source and place.
    numbered: HashMap<(usize, u32), Numbered>,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(source: &Arc<Source>, resources: &'a Resources) -> Self {
        Self {
            source: source.clone(),
            resources,
            blocks: vec![Block::default()],
            diagnostics: Vec::new(),
            section: None,
            scope: Scope::Api,
            any_scope: false,
            broader: &[],
            seen: HashSet::new(),
            reads_body: false,
            looks: Looks::none(),
            all_looks: Looks::none(),
            delayed: Vec::new(),
            including: Vec::new(),
            numbered: HashMap::new(),
        }
    }

    fn finish(mut self, sections: [BlockId; 4]) -> Result<Program, Vec<Diagnostic>> {
        // In the order of the document; those of fragments stand behind it.
        let own = self.source.clone();
        self.diagnostics.sort_by_key(|diagnostic| {
            diagnostic.primary().map_or((true, 0), |label| (!Arc::ptr_eq(&label.source, &own), label.span.start))
        });
        // What an element's own file says may have been said of every element alike.
        self.diagnostics.dedup_by(|later, earlier| {
            let span = |diagnostic: &Diagnostic| diagnostic.primary().map(|label| label.span);
            later.code == earlier.code && later.message == earlier.message && span(later) == span(earlier)
        });
        if any_error(&self.diagnostics) {
            Err(self.diagnostics)
        } else {
            Ok(Program {
                blocks: self.blocks,
                sections,
                warnings: self.diagnostics,
                looked_at: self.all_looks.headers,
                counts: Counts::default(),
            })
        }
    }

    /// Whether the root is that of a policy document; reports sections that are none, or stand twice.
    pub(super) fn root(&mut self, root: &Element) -> bool {
        if root.name != "policies" {
            let help = "a policy document is `<policies>` with `<inbound>`, `<backend>`, `<outbound>` and `<on-error>` in it";
            self.fault("policy/root", root.name_span, format!("`{}` is not a policy document", root.name), help);
            return false;
        }
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
        true
    }

    /// The current section of the narrowest document of a chain, with those of the others where `<base />` stands.
    fn scoped(&mut self, chain: &'a Chain<'a>, into: &mut Vec<Statement>) {
        let Some(((scope, document), broader)) = chain.split_last() else {
            into.extend(self.first_document());
            return;
        };
        let outer = (std::mem::replace(&mut self.scope, *scope), std::mem::replace(&mut self.source, document.source.clone()));
        let seen = std::mem::take(&mut self.seen);
        let outer_chain = std::mem::replace(&mut self.broader, broader);
        let outer_resources = self.resources;
        if let (Scope::Global, Some(shared)) = (*scope, &outer_resources.shared) {
            self.resources = shared;
        }
        let section = self.section.map_or("", Section::name);
        match document.root.element(section) {
            Some(element) => {
                self.one_child(element);
                self.no_text(element);
                for child in element.elements() {
                    self.statement(element, child, "", into);
                }
            }
            // The global document has no other to take from.
            None if *scope == Scope::Global => {}
            None => self.scoped(broader, into),
        }
        self.resources = outer_resources;
        self.broader = outer_chain;
        self.seen = seen;
        (self.scope, self.source) = outer;
    }

    /// The service refuses a backend section with two policies. Source: its own message, in public reports.
    pub(super) fn one_child(&mut self, element: &Element) {
        if self.section != Some(Section::Backend) {
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

    /// The global scope's section where nobody has written one.
    fn first_document(&self) -> Option<Statement> {
        (self.section == Some(Section::Backend)).then(|| Statement {
            policy: Policy::ForwardRequest(elements::forward_request::ForwardRequest::default()),
            place: Place { element: "forward-request".into(), path: "forward-request".into(), scope: Scope::Global, ..Place::default() },
            reads_body: false,
            is_narrow: true,
            series: None,
        })
    }

    fn add(&mut self, mut block: Block) -> BlockId {
        series::find(&mut block.statements);
        self.blocks.push(block);
        BlockId(Span::at(self.blocks.len() - 1).start)
    }

    /// The policies in an element as a block. `path` is the element's own path.
    pub fn block(&mut self, parent: &Element, path: &str) -> BlockId {
        self.no_text(parent);
        let reads_body = self.reads_body;
        let mut statements = Vec::new();
        for child in parent.elements() {
            self.statement(parent, child, path, &mut statements);
        }
        self.reads_body = reads_body;
        self.add(Block { statements })
    }

    /// One policy as a block of its own. `path` is that of the element that it stands in.
    pub fn branch(&mut self, parent: &Element, child: &Element, path: &str) -> BlockId {
        let reads_body = self.reads_body;
        let mut statements = Vec::new();
        self.statement(parent, child, path, &mut statements);
        self.reads_body = reads_body;
        self.add(Block { statements })
    }

    pub(super) fn statement(&mut self, parent: &Element, child: &Element, path: &str, into: &mut Vec<Statement>) {
        match child.name.as_str() {
            "base" if path.is_empty() && self.including.is_empty() => {
                // The schema has it once in a section; a second one would run the parents again.
                if parent.elements().find(|sibling| sibling.name == "base").is_some_and(|first| !std::ptr::eq(first, child)) {
                    return self.fault("policy/once", child.name_span, "`base` may stand once in a section", "remove it");
                }
                self.inherit(into);
            }
            "base" => self.fault("policy/misplaced-base", child.name_span, "`base` may stand only directly in a section", "move it out"),
            "include-fragment" => self.include(child, path, into),
            name => {
                let Some(entry) = catalogue::entry(name) else { return self.unknown(child) };
                if let Some(holder) = catalogue::entry(&parent.name)
                    && !holder.admits(name)
                {
                    let message = format!("`{name}` may not stand in `{}`", parent.name);
                    self.fault("policy/misplaced", child.name_span, message, "move it out");
                }
                self.conform(child, entry, !path.is_empty());
                let path = self.path(path, parent, child);
                let outer = (std::mem::take(&mut self.reads_body), std::mem::replace(&mut self.looks, Looks::none()));
                let before = self.diagnostics.len();
                let policy = elements::lower(self, child, entry, &path);
                if policy.is_none() && !any_error(&self.diagnostics) && self.diagnostics.len() == before {
                    // The service takes some attributes as optional that a policy can do nothing without.
                    self.missing(child, "attributes");
                }
                let reads_body = std::mem::replace(&mut self.reads_body, outer.0);
                let looks = std::mem::replace(&mut self.looks, outer.1);
                self.all_looks.add(&looks);
                let Some(policy) = policy else { return };
                let is_narrow = looks.is_narrow && policy.is_local();
                let id = child.attribute("id").map_or(Text::EMPTY, |id| id.value.decoded.clone().into());
                let line = u32::try_from(self.source.position(child.span.start).line).unwrap_or(0);
                let document = Text::from(self.source.name().to_owned());
                let place =
                    Place { element: name.to_owned().into(), path: path.into(), id, scope: self.scope, document, line, span: child.span };
                if let (Policy::LlmContentSafety(safety), Some(Section::Inbound)) = (&policy, self.section)
                    && safety.may_check_completions()
                {
                    let policy = Policy::Completions(elements::llm_content_safety::Completions { number: safety.number });
                    self.delayed.push(Statement { policy, place: place.clone(), reads_body: true, is_narrow: false, series: None });
                }
                into.push(Statement { policy, place, reads_body, is_narrow, series: None });
            }
        }
    }

    /// What `<base />` stands for: the same section of the next broader scope.
    fn inherit(&mut self, into: &mut Vec<Statement>) {
        if self.scope != Scope::Global {
            self.scoped(self.broader, into);
        }
    }

    fn unknown(&mut self, element: &Element) {
        let known = catalogue::entries().iter().map(|entry| entry.name.as_str()).chain(["base"]);
        let help = nearest(&element.name, known)
            .map_or("API Management has no such policy: `openai-failover policies` lists them".to_owned(), |near| {
                format!("did you mean `{near}`?")
            });
        self.fault("policy/unknown", element.name_span, format!("there is no policy `{}`", element.name), help);
    }

    /// How many statements wait for `outbound`: a number for the next one.
    pub(super) fn delayed(&self) -> usize {
        self.delayed.len()
    }

    /// Notes that the statement may read a message's body.
    pub fn reads_body(&mut self) {
        self.reads_body = true;
    }

    /// Notes what an expression of the statement looks at.
    pub(super) fn looks_at(&mut self, looks: &Looks) {
        self.looks.add(looks);
    }

    /// The section being compiled; none for a fragment by itself.
    pub(super) fn section(&self) -> Option<Section> {
        self.section
    }

    /// The scope of the document being compiled; none where nobody has said.
    pub(super) fn scope(&self) -> Option<Scope> {
        (!self.any_scope).then_some(self.scope)
    }

    /// Notes that a policy stands here; whether it stood before, where it may only once.
    pub(super) fn stands_again(&mut self, entry: &'static Entry, once: Once) -> bool {
        let section = if once == Once::Section { self.section } else { None };
        !self.seen.insert((entry.name.as_str(), section))
    }

    /// Source: learn.microsoft.com/azure/api-management/policy-fragments: an inclusion is textual, fragments do not nest.
    fn include(&mut self, element: &Element, path: &str, into: &mut Vec<Statement>) {
        if let Some(entry) = catalogue::entry("include-fragment") {
            self.conform(element, entry, !path.is_empty());
        }
        let Some(attribute) = element.attribute("fragment-id") else { return };
        let Some(id) = self.literal_attribute(element, "fragment-id").map(|id| id.to_string()) else { return };
        if !self.including.is_empty() {
            self.fault("policy/nested-fragment", element.name_span, "a fragment cannot include another", "include both from the document");
            return;
        }
        let Some(fragment) = self.resources.fragments.get(&id).cloned() else {
            if self.resources.open_fragments {
                return self.remark(
                    "policy/unknown-fragment",
                    attribute.value.span,
                    format!("the policy fragment `{}` is not looked at", attribute.value.decoded),
                );
            }
            let near = nearest(&id, self.resources.fragments.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            // What the document says: the id may come from a Named Value.
            let id = &attribute.value.decoded;
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

    /// Reports something worth knowing.
    pub(super) fn remark(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::remark(code, message).at(&self.source, span));
    }

    /// Reports an attribute or child that must be there.
    pub fn missing(&mut self, element: &Element, what: &str) {
        self.fault("policy/missing", element.name_span, format!("`{}` needs `{what}`", element.name), format!("add `{what}`"));
    }

    /// Reports a `backend-id` that names no backend, where the backends are known. Ids of resources compare without case.
    pub fn known_backend(&mut self, element: &Element, id: &str) {
        let Some(known) = &self.resources.backends else { return };
        if known.iter().any(|known| known.eq_ignore_ascii_case(id)) {
            return;
        }
        let near = nearest(id, known.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
        let Some(attribute) = element.attribute("backend-id") else { return };
        // What the document says, not what a Named Value holds.
        let message = format!("there is no backend with id `{}`", attribute.value.decoded.trim());
        let help = near.unwrap_or_else(|| "the backends are those of the spec, and those given with `--backend-entities`".to_owned());
        self.fault("policy/unknown-backend", attribute.value.span, message, help);
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
}

/// The children of an element, numbered by name.
#[derive(Default)]
struct Numbered {
    /// By where a child begins.
    numbers: HashMap<u32, u32>,
    /// How many of a name there are.
    counts: HashMap<String, u32>,
}

impl Lowering<'_> {
    /// The path of a child: an index where several children of its name stand in the parent. Source: `LastError.Path` in the documentation's
    /// example. A parent's children are counted once for all of them.
    pub fn path(&mut self, path: &str, parent: &Element, child: &Element) -> String {
        let parent_at = (Arc::as_ptr(&self.source) as usize, parent.span.start);
        let numbered = self.numbered.entry(parent_at).or_insert_with(|| {
            let mut numbered = Numbered::default();
            for sibling in parent.elements() {
                let count = numbered.counts.entry(sibling.name.clone()).or_default();
                *count += 1;
                numbered.numbers.insert(sibling.span.start, *count);
            }
            numbered
        });
        let of = numbered.counts.get(&child.name).copied().unwrap_or(1);
        let number = numbered.numbers.get(&child.span.start).copied().unwrap_or(1);
        let name = if of > 1 { format!("{}[{number}]", child.name) } else { child.name.clone() };
        if path.is_empty() { name } else { format!("{path}\\{name}") }
    }
}
