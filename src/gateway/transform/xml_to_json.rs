//! XML into JSON, as `xml-to-json` does it.
//!
//! The documentation shows no result. `direct` follows two that were published: a SOAP envelope (dev.fyicenter.com/1000733) and a document
//! with comments, mixed content and empty elements, with the gateway's trace beside it (a student's notes of AZ-204, lab 8; the comments are
//! in MicrosoftLearning/AZ-204-DevelopingSolutionsforMicrosoftAzure, issue 73, too). They are what Newtonsoft's `XmlNodeConverter` writes,
//! but for three things: the declaration's parts stand beside the root, `:` in names is `$`, and comments are called `$comment`.

use crate::dotnet::{
    json::writer::quote,
    xml::outline::{Element, Node, Outline},
};

/// What the policy asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// `kind="javascript-friendly"`
    pub is_friendly: bool,
    /// `always-array-child-elements`
    pub is_always_array: bool,
    /// `empty-values="as-null"`
    pub is_empty_null: bool,
    /// `trim-values`
    pub is_trimmed: bool,
}

/// Converts a document.
pub fn convert(document: &Outline, options: Options) -> String {
    let mut writer = Writer { out: String::new(), needs_comma: false, options };
    writer.open('{');
    for (name, value) in &document.declaration {
        writer.name(name);
        writer.string(value);
    }
    writer.grouped(&document.nodes, false);
    writer.close('}');
    writer.out
}

struct Writer {
    out: String,
    needs_comma: bool,
    options: Options,
}

impl Writer {
    fn comma(&mut self) {
        if std::mem::take(&mut self.needs_comma) {
            self.out.push(',');
        }
    }

    fn open(&mut self, bracket: char) {
        self.comma();
        self.out.push(bracket);
    }

    fn close(&mut self, bracket: char) {
        self.out.push(bracket);
        self.needs_comma = true;
    }

    fn name(&mut self, name: &str) {
        self.comma();
        quote(name, &mut self.out);
        self.out.push(':');
    }

    fn string(&mut self, text: &str) {
        self.comma();
        let text = if self.options.is_trimmed { text.trim() } else { text };
        if text.is_empty() && self.options.is_empty_null {
            self.out.push_str("null");
        } else {
            quote(text, &mut self.out);
        }
        self.needs_comma = true;
    }

    fn null(&mut self) {
        self.comma();
        self.out.push_str("null");
        self.needs_comma = true;
    }

    /// Nodes of one name stand together, in the place of the first: one by itself, several in an array.
    fn grouped(&mut self, nodes: &[Node], are_children: bool) {
        let mut groups: Vec<(String, Vec<&Node>)> = Vec::new();
        for node in nodes {
            let name = self.name_of(node);
            match groups.iter_mut().find(|(known, _)| *known == name) {
                Some((_, group)) => group.push(node),
                None => groups.push((name, vec![node])),
            }
        }
        for (name, group) in groups {
            let is_array = group.len() > 1
                || (are_children && self.options.is_always_array && group.iter().any(|node| matches!(node, Node::Element(_))));
            match group.as_slice() {
                [Node::Comment(text)] => {
                    self.out.push_str("/*");
                    // A comment's end inside of it would end the JSON's comment too early.
                    self.out.push_str(&text.replace("*/", "* /"));
                    self.out.push_str("*/");
                }
                [one] if !is_array => {
                    self.name(&name);
                    self.node(one);
                }
                all => {
                    self.name(&name);
                    self.open('[');
                    all.iter().for_each(|node| self.node(node));
                    self.close(']');
                }
            }
        }
    }

    fn name_of(&self, node: &Node) -> String {
        match node {
            Node::Element(element) => element.name.replace(':', "$"),
            Node::Text(_) if self.options.is_friendly => "$text".to_owned(),
            Node::Text(_) => "#text".to_owned(),
            Node::CData(_) if self.options.is_friendly => "$cdata".to_owned(),
            Node::CData(_) => "#cdata-section".to_owned(),
            Node::Comment(_) => "$comment".to_owned(),
            Node::Instruction(target, _) => format!("?{target}"),
            Node::DocumentType(_) => "!DOCTYPE".to_owned(),
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Element(element) => self.element(element),
            Node::Text(text) | Node::CData(text) | Node::Instruction(_, text) | Node::DocumentType(text) => self.string(text),
            // In an array a comment leaves nothing behind: the published result has `"$comment": []` for two of them.
            Node::Comment(_) => {}
        }
    }

    fn element(&mut self, element: &Element) {
        match (element.attributes.as_slice(), element.nodes.as_slice()) {
            ([], []) if element.is_empty_tag => self.null(),
            ([], []) => self.string(""),
            ([], [Node::Text(text)]) => self.string(text),
            (attributes, nodes) => {
                self.open('{');
                for (name, value) in attributes {
                    self.name(&self.attribute_name(name, element));
                    self.string(value);
                }
                self.grouped(nodes, true);
                self.close('}');
            }
        }
    }

    /// No result of `javascript-friendly` is public. Its page says "a form friendly to JavaScript developers": here every name can stand
    /// behind a dot, so attributes lose their `@`, unless a child has the name.
    fn attribute_name(&self, name: &str, element: &Element) -> String {
        let name = name.replace(':', "$");
        let is_taken = || element.nodes.iter().any(|node| self.name_of(node) == name);
        if self.options.is_friendly && !is_taken() { name } else { format!("@{name}") }
    }
}
