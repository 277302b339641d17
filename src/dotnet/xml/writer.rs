//! Trees as text, as .NET's `XmlWriter` writes them.
//!
//! Source: dotnet/runtime, `XNode.GetXmlString`, `ElementWriter` in XLinq.cs, XmlWellFormedWriter.cs and XmlEncodedRawTextWriter.cs.
//! Nothing recurses: a tree may be deeper than the stack.

use super::{
    Content, DocumentType, Kind, NEWLINE, Node, SAVE_OPTIONS,
    fault::{invalid_character, is_character, is_space},
    names::{Name, XML, XMLNS},
    scope::{Declared, Written as Prefixes},
    tree,
};
use crate::{
    dotnet::{
        exception::{BudgetSpent, Raise, raise},
        heap::Ref,
        registry,
        runtime::Runtime,
        types::ClassRef,
        value::Value,
    },
    text::Text,
};

/// `SaveOptions.DisableFormatting`
pub(super) const DISABLE_FORMATTING: i32 = 1;
/// `SaveOptions.OmitDuplicateNamespaces`
const OMIT_DUPLICATES: i32 = 2;

/// What was written, and what it cost beyond the text's own length.
pub(super) struct Written {
    pub text: String,
    pub steps: usize,
}

/// The `SaveOptions` among the annotations of a node or of what it stands in: `ToString()` follows them.
pub(super) fn options_of(runtime: &Runtime<'_>, node: &Node) -> i32 {
    let options = |node: &Node| {
        node.annotations.iter().find_map(|annotation| match annotation {
            Value::Enum(options) if options.class == ClassRef(&SAVE_OPTIONS) => Some(options.value),
            _ => None,
        })
    };
    let mut at = node;
    loop {
        if let Some(found) = options(at) {
            return found;
        }
        match at.parent.and_then(|parent| runtime.heap.instance(parent)) {
            Some(parent) => at = parent,
            None => return 0,
        }
    }
}

/// Writes a node, an attribute or a document.
pub(super) fn write(runtime: &Runtime<'_>, node: &Node, options: i32) -> Result<Written, Raise> {
    let mut writer = Writer {
        runtime,
        out: String::new(),
        is_indented: options & DISABLE_FORMATTING == 0,
        omits_duplicates: options & OMIT_DUPLICATES != 0,
        declared: Declared::default(),
        prefixes: Prefixes::new(),
        open: Vec::new(),
        is_mixed: false,
        is_at_text: true,
        steps: 0,
    };
    match &node.kind {
        Kind::Attribute { name, value } => {
            let prefix = writer.prefix_of_attribute(node, name)?;
            let prefix = prefix.unwrap_or_else(|| writer.prefixes.generate());
            writer.attribute(&prefix, &name.local, &value.as_str())?;
            writer.out.remove(0);
        }
        Kind::Document { content, .. } => {
            writer.open.push(Frame::of(runtime, content, None)?);
            if let Content::Text(text) = content {
                writer.white_space(&text.as_str())?;
            }
            writer.finish()?;
        }
        _ => {
            writer.around(node)?;
            writer.node(node)?;
            writer.finish()?;
        }
    }
    let steps = writer.steps + writer.prefixes.steps;
    Ok(Written { text: writer.out, steps })
}

/// A container whose children are being written.
struct Frame {
    next: Option<Ref>,
    last: Option<Ref>,
    /// The qualified name to close with; a document has none.
    name: Option<String>,
    /// Whether the element stands in mixed content.
    is_in_mixed: bool,
}

impl Frame {
    fn of(runtime: &Runtime<'_>, content: &Content, name: Option<String>) -> Result<Self, Raise> {
        let last = match content {
            Content::Last(last) => Some(*last),
            _ => None,
        };
        let next = last.map(|last| tree::next(runtime, last)).transpose()?;
        Ok(Self { next, last, name, is_in_mixed: false })
    }
}

struct Writer<'a, 'b> {
    runtime: &'a Runtime<'b>,
    out: String,
    is_indented: bool,
    omits_duplicates: bool,
    declared: Declared,
    prefixes: Prefixes,
    open: Vec<Frame>,
    /// Whether text stands beside what is written next: then nothing is indented.
    is_mixed: bool,
    /// Whether the last thing written was text, or nothing yet.
    is_at_text: bool,
    steps: usize,
}

impl Writer<'_, '_> {
    /// Writes what is open to its end.
    fn finish(&mut self) -> Result<(), Raise> {
        let runtime = self.runtime;
        while let Some(frame) = self.open.last_mut() {
            match frame.next {
                Some(child) => {
                    let node = tree::node(runtime, child)?;
                    frame.next = if frame.last == Some(child) { None } else { node.next };
                    self.node(node)?;
                }
                None => self.end()?,
            }
        }
        Ok(())
    }

    /// Neither time nor memory is spent beyond the budget: indentation alone can be the square of what is written.
    fn pay(&mut self) -> Result<(), Raise> {
        self.steps += 1;
        if self.out.len() as u64 > self.runtime.budget.memory {
            return Err(Raise::Budget(BudgetSpent::Memory));
        }
        if (self.steps + self.prefixes.steps) as u64 / 64 > self.runtime.budget.steps {
            return Err(Raise::Budget(BudgetSpent::Steps));
        }
        Ok(())
    }

    fn node(&mut self, node: &Node) -> Result<(), Raise> {
        self.pay()?;
        let is_in_document = self.open.last().is_some_and(|frame| frame.name.is_none());
        match &node.kind {
            Kind::Element { name, content, .. } => self.element(node, name, content),
            Kind::Text(text) if is_in_document => self.white_space(&text.as_str()),
            Kind::Text(text) => self.text(&text.as_str()),
            Kind::CData(text) => {
                self.is_mixed = true;
                self.out.push_str("<![CDATA[");
                let text = text.as_str().replace("]]>", "]]]]><![CDATA[>");
                self.raw(&text)?;
                self.out.push_str("]]>");
                self.is_at_text = false;
                Ok(())
            }
            Kind::Comment(text) => {
                self.indent();
                self.out.push_str("<!--");
                // A hyphen before a hyphen or before the end gets a blank behind it.
                let mut text = text.as_str().replace("--", "- -").replace("--", "- -");
                if text.ends_with('-') {
                    text.push(' ');
                }
                self.raw(&text)?;
                self.out.push_str("-->");
                Ok(())
            }
            Kind::Instruction { target, data } => {
                self.indent();
                self.out.push_str("<?");
                self.out.push_str(&target.as_str());
                if !data.is_empty() {
                    self.out.push(' ');
                    let data = data.as_str().replace("?>", "? >");
                    self.raw(&data)?;
                }
                self.out.push_str("?>");
                Ok(())
            }
            Kind::DocumentType(declared) => {
                self.indent();
                self.document_type(declared);
                Ok(())
            }
            Kind::Attribute { .. } | Kind::Document { .. } => Ok(()),
        }
    }

    fn indent(&mut self) {
        if self.is_indented && !self.is_mixed && !self.is_at_text {
            self.out.push_str(NEWLINE);
            let depth = self.open.iter().filter(|frame| frame.name.is_some()).count();
            (0..depth).for_each(|_| self.out.push_str("  "));
        }
        self.is_at_text = false;
    }

    fn document_type(&mut self, declared: &DocumentType) {
        self.out.push_str("<!DOCTYPE ");
        self.out.push_str(&declared.name.as_str());
        match (&declared.public_id, &declared.system_id) {
            (Some(public), system) => {
                let system = system.as_ref().map(|system| system.as_str());
                self.out.push_str(&format!(" PUBLIC \"{}\" \"{}\"", public.as_str(), system.unwrap_or_default()));
            }
            (None, Some(system)) => self.out.push_str(&format!(" SYSTEM \"{}\"", system.as_str())),
            (None, None) => self.out.push(' '),
        }
        if let Some(subset) = &declared.internal_subset {
            self.out.push_str(&format!("[{}]", subset.as_str()));
        }
        self.out.push('>');
    }

    /// The declarations of what the node stands in. Source: `ElementWriter.PushAncestors`.
    fn around(&mut self, node: &Node) -> Result<(), Raise> {
        let runtime = self.runtime;
        let mut outward = Vec::new();
        let mut at = node.parent;
        while let Some(parent) = at {
            let parent = tree::node(runtime, parent)?;
            self.each_declaration(parent, |prefix, namespace| outward.push((prefix, namespace)))?;
            at = parent.parent;
        }
        self.declared.around(outward);
        Ok(())
    }

    fn each_declaration(&mut self, node: &Node, mut with: impl FnMut(Text, Text)) -> Result<(), Raise> {
        self.each_attribute(node, |_, name, value| {
            if name.declares() {
                let prefix = if name.namespace.is_empty() { Text::EMPTY } else { name.local.clone() };
                with(prefix, Text::copied(value));
            }
            Ok(())
        })
    }

    fn each_attribute(&mut self, node: &Node, mut with: impl FnMut(&mut Self, &Name, &str) -> Result<(), Raise>) -> Result<(), Raise> {
        let Kind::Element { last_attribute: Some(last), .. } = &node.kind else { return Ok(()) };
        let runtime = self.runtime;
        let mut at = *last;
        loop {
            self.pay()?;
            at = tree::next(runtime, at)?;
            if let Kind::Attribute { name, value } = &tree::node(runtime, at)?.kind {
                with(self, name, &value.as_str())?;
            }
            if at == *last {
                return Ok(());
            }
        }
    }

    fn element(&mut self, node: &Node, name: &Name, content: &Content) -> Result<(), Raise> {
        let mut declarations = Vec::new();
        self.each_declaration(node, |prefix, namespace| declarations.push((prefix, namespace)))?;
        self.declared.open();
        declarations.into_iter().for_each(|(prefix, namespace)| self.declared.add(prefix, namespace));

        self.indent();
        let prefix = self.declared.prefix_of(&name.namespace, true, &mut self.steps);
        let prefix = prefix.or_else(|| self.prefixes.prefix_of(&name.namespace)).unwrap_or_default();
        let qualified = if prefix.is_empty() { name.local.to_string() } else { format!("{prefix}:{}", name.local) };
        self.out.push('<');
        self.out.push_str(&qualified);
        self.prefixes.open();
        self.prefixes.imply(prefix, name.namespace.clone())?;
        self.each_attribute(node, Self::element_attribute)?;
        for (prefix, namespace) in self.prefixes.missing() {
            self.declaration(&prefix, &namespace)?;
        }

        let is_in_mixed = self.is_mixed;
        let mut frame = Frame::of(self.runtime, content, Some(qualified))?;
        frame.is_in_mixed = is_in_mixed;
        // White space beside the root element does not keep what is in it from being indented.
        let is_root = self.open.iter().all(|frame| frame.name.is_none());
        self.is_mixed = is_in_mixed && !is_root;
        self.open.push(frame);
        match content {
            Content::Empty => {
                self.out.push_str(" />");
                self.close();
            }
            Content::Text(text) => {
                self.out.push('>');
                self.text(&text.as_str())?;
            }
            Content::Last(_) => self.out.push('>'),
        }
        Ok(())
    }

    /// Ends the innermost container.
    fn end(&mut self) -> Result<(), Raise> {
        self.pay()?;
        let name = self.open.last_mut().and_then(|frame| frame.name.clone());
        let Some(name) = name else {
            self.open.pop();
            return Ok(());
        };
        let frame = self.close();
        if let Some((is_mixed, true)) = frame {
            // The line break belongs to the outer level, but whether there is one to what was inside.
            let outer = std::mem::replace(&mut self.is_mixed, is_mixed);
            self.indent();
            self.is_mixed = outer;
        }
        self.is_at_text = false;
        self.out.push_str(&format!("</{name}>"));
        Ok(())
    }

    /// Leaves the innermost element's scope. Gives whether its content was mixed and whether it had nodes.
    fn close(&mut self) -> Option<(bool, bool)> {
        let frame = self.open.pop()?;
        self.declared.close();
        self.prefixes.close();
        let is_mixed = std::mem::replace(&mut self.is_mixed, frame.is_in_mixed);
        Some((is_mixed, frame.last.is_some()))
    }

    /// Source: `XmlWellFormedWriter.WriteStartAttribute` and `WriteEndAttribute`.
    fn element_attribute(&mut self, name: &Name, value: &str) -> Result<(), Raise> {
        if name.declares() {
            let prefix = if name.namespace.is_empty() { Text::EMPTY } else { name.local.clone() };
            if self.prefixes.declare(prefix.clone(), Text::copied(value), self.omits_duplicates)? {
                self.declaration(&prefix, value)?;
            }
            return Ok(());
        }
        let namespace = name.namespace.as_str();
        let mut prefix = self.declared.prefix_of(namespace, false, &mut self.steps);
        if namespace == XML && name.local == "space" && !matches!(value.trim_matches(is_space), "default" | "preserve") {
            return raise(&registry::ARGUMENT_EXCEPTION, format!("'{value}' is an invalid xml:space value."));
        }
        if prefix.is_none() {
            prefix = self.prefixes.prefix_of(namespace).filter(|prefix| !prefix.is_empty());
        } else if let Some(own) = prefix.as_ref().filter(|prefix| !prefix.is_empty())
            && self.prefixes.own_namespace(own).is_some_and(|other| other != namespace)
        {
            prefix = None;
        }
        let prefix = prefix.unwrap_or_else(|| self.prefixes.generate());
        if !prefix.is_empty() && namespace != XML {
            self.prefixes.imply(prefix.clone(), name.namespace.clone())?;
        }
        self.attribute(&prefix, &name.local, value)
    }

    /// The prefix of an attribute that is written by itself. Source: `XAttribute.GetPrefixOfNamespace`.
    fn prefix_of_attribute(&mut self, node: &Node, name: &Name) -> Result<Option<Text>, Raise> {
        if name.namespace.is_empty() || matches!(name.namespace.as_str(), XML | XMLNS) {
            return Ok(self.declared.prefix_of(&name.namespace, false, &mut self.steps));
        }
        self.around(node)?;
        Ok(self.declared.prefix_of(&name.namespace, false, &mut self.steps))
    }

    fn declaration(&mut self, prefix: &str, namespace: &str) -> Result<(), Raise> {
        if prefix.is_empty() { self.attribute("", "xmlns", namespace) } else { self.attribute("xmlns", prefix, namespace) }
    }

    fn attribute(&mut self, prefix: &str, local: &str, value: &str) -> Result<(), Raise> {
        self.out.push(' ');
        if !prefix.is_empty() {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(local);
        self.out.push_str("=\"");
        for c in value.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\t' => self.out.push_str("&#x9;"),
                '\n' => self.out.push_str("&#xA;"),
                '\r' => self.out.push_str("&#xD;"),
                c => self.character(c)?,
            }
        }
        self.out.push('"');
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Raise> {
        self.is_mixed = true;
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '\r' if characters.peek() == Some(&'\n') => {}
                '\r' | '\n' => self.out.push_str(NEWLINE),
                c => self.character(c)?,
            }
        }
        self.is_at_text = true;
        Ok(())
    }

    fn white_space(&mut self, text: &str) -> Result<(), Raise> {
        self.text(text)
    }

    /// Text without entities: line breaks become the writer's.
    fn raw(&mut self, text: &str) -> Result<(), Raise> {
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '\r' if characters.peek() == Some(&'\n') => {}
                '\r' | '\n' => self.out.push_str(NEWLINE),
                c => self.character(c)?,
            }
        }
        Ok(())
    }

    fn character(&mut self, c: char) -> Result<(), Raise> {
        if !is_character(c) {
            return raise(&registry::ARGUMENT_EXCEPTION, invalid_character(c));
        }
        self.out.push(c);
        Ok(())
    }
}
