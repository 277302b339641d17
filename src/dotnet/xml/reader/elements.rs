//! Start and end tags: namespaces, attributes, and what fits what.

use std::collections::HashMap;

use super::{Open, Reader, badly_nested};
use crate::{
    dotnet::{
        exception::Raise,
        heap::Ref,
        string::Str,
        xml::{
            Content, Kind, element,
            fault::{self, is_space},
            names::{self, Name, XML, XMLNS},
            tag::{self, Attribute, QName, Scan, TagEnd},
            tree,
        },
    },
    text::Text,
};

impl Reader<'_, '_> {
    pub(super) fn start_tag(&mut self, text: &str, at: usize) -> Result<(), Raise> {
        if self.open.is_empty() && self.has_root {
            return Err(fault::at(text, at, "There are multiple root elements."));
        }
        self.has_root = true;
        let mut scan = Scan { text, at };
        let name = tag::element_name(&mut scan)?;
        let mut attributes: Vec<Attribute<'_>> = Vec::new();
        let mut declared = Vec::new();
        let mut keeps_space = self.open.last().is_some_and(|open| open.keeps_space);
        let is_empty = loop {
            self.runtime.step()?;
            match tag::attribute_start(&mut scan)? {
                Err(TagEnd::Open) => break false,
                Err(TagEnd::Empty) => break true,
                Err(TagEnd::Missing) => return Err(self.unclosed(text, 0)),
                Ok((name, quote)) => {
                    let value_at = scan.at;
                    let mut value = String::new();
                    self.value(&mut scan, Some(quote), &mut value)?;
                    self.runtime.allocate(value.len() + size_of::<Attribute<'_>>())?;
                    let attribute = Attribute { name, value_at, value };
                    self.declare(text, &attribute, &mut declared)?;
                    if name.prefix == "xml" && name.local == "space" {
                        keeps_space = match attribute.value.trim_matches(is_space) {
                            "preserve" => true,
                            "default" => false,
                            _ => return Err(fault::at(text, name.at, format!("'{}' is an invalid xml:space value.", attribute.value))),
                        };
                    }
                    attributes.push(attribute);
                }
            }
        };
        let namespace = self.namespace(text, &name)?;
        let element = element::make(self.runtime, Name { namespace, local: Text::copied(name.local) })?;
        self.add_attributes(text, element, attributes)?;
        let container = self.container();
        tree::text_to_node(self.runtime, container)?;
        tree::append(self.runtime, container, element)?;
        let open = Open { element, name: name.whole.to_owned(), at: name.at, declared, keeps_space };
        self.open.push(open);
        if is_empty {
            self.close();
        }
        Ok(())
    }

    pub(super) fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            for prefix in open.declared {
                if let Some(stack) = self.prefixes.get_mut(&prefix) {
                    stack.pop();
                }
            }
        }
    }

    /// A namespace declaration takes effect for the whole tag.
    fn declare(&mut self, text: &str, attribute: &Attribute<'_>, declared: &mut Vec<Text>) -> Result<(), Raise> {
        let (name, value) = (&attribute.name, attribute.value.as_str());
        let prefix = match (name.prefix, name.local) {
            ("", "xmlns") => "",
            ("xmlns", prefix) => prefix,
            _ => return Ok(()),
        };
        if value.is_empty() && !prefix.is_empty() {
            return Err(fault::at(text, attribute.value_at - 1, "Invalid namespace declaration."));
        }
        if (value == XMLNS && prefix != "xmlns") || (value == XML && prefix != "xml") {
            let message = format!("Prefix '{prefix}' cannot be mapped to namespace name reserved for \"xml\" or \"xmlns\".");
            return Err(fault::at(text, attribute.value_at, message));
        }
        if prefix == "xmlns" {
            return Err(fault::at(text, name.at, "Prefix \"xmlns\" is reserved for use by XML."));
        }
        if prefix == "xml" && value != XML {
            let message = "Prefix \"xml\" is reserved for use by XML and can be mapped only to namespace name \
                           \"http://www.w3.org/XML/1998/namespace\".";
            return Err(fault::at(text, name.at, message));
        }
        let prefix = Text::copied(prefix);
        self.prefixes.entry(prefix.clone()).or_default().push(Text::copied(value));
        declared.push(prefix);
        Ok(())
    }

    /// What the prefix of a name stands for.
    fn namespace(&self, text: &str, name: &QName<'_>) -> Result<Text, Raise> {
        match self.prefixes.get(name.prefix).and_then(|stack| stack.last()) {
            Some(namespace) => Ok(namespace.clone()),
            None if name.prefix.is_empty() => Ok(Text::EMPTY),
            None => Err(fault::at(text, name.at, format!("'{}' is an undeclared prefix.", name.prefix))),
        }
    }

    fn add_attributes(&mut self, text: &str, element: Ref, attributes: Vec<Attribute<'_>>) -> Result<(), Raise> {
        let mut named = Vec::with_capacity(attributes.len());
        for attribute in attributes {
            let namespace = if attribute.name.prefix.is_empty() { Text::EMPTY } else { self.namespace(text, &attribute.name)? };
            named.push((Name { namespace, local: Text::copied(attribute.name.local) }, attribute));
        }
        let mut seen: HashMap<&Name, usize> = HashMap::new();
        let mut duplicate: Option<(usize, QName<'_>)> = None;
        for (index, (name, attribute)) in named.iter().enumerate() {
            let first = *seen.entry(name).or_insert(index);
            if first != index && duplicate.is_none_or(|(earliest, _)| first < earliest) {
                duplicate = Some((first, attribute.name));
            }
        }
        if let Some((_, name)) = duplicate {
            return Err(fault::at(text, name.at, format!("'{}' is a duplicate attribute name.", name.whole)));
        }
        for (name, attribute) in named {
            let made = tree::place(self.runtime, Kind::Attribute { name, value: attribute.value.into() })?;
            tree::append_attribute(self.runtime, element, made)?;
        }
        Ok(())
    }

    pub(super) fn end_tag(&mut self, text: &str, at: usize, outer: usize) -> Result<(), Raise> {
        let mut scan = Scan { text, at };
        let Some(open) = self.open.last().filter(|_| self.open.len() > outer) else {
            return Err(if outer == 0 { scan.fault("Unexpected end tag.") } else { badly_nested(text, at) });
        };
        let continues = |c: char| names::is_in_name(c) || c == ':';
        match scan.rest().strip_prefix(open.name.as_str()) {
            Some(rest) if !rest.starts_with(continues) => scan.at += open.name.len(),
            _ => {
                let name = scan.qname()?.whole;
                let (line, position) = fault::place(text, open.at);
                let message =
                    format!("The '{}' start tag on line {line} position {position} does not match the end tag of '{name}'.", open.name);
                return Err(fault::at(text, at, message));
            }
        }
        scan.skip_space();
        if scan.peek().is_none() {
            return Err(self.unclosed(text, 0));
        }
        if !scan.skip('>') {
            return Err(scan.expected("'>'"));
        }
        let element = open.element;
        // Two tags with nothing between them stay two tags.
        if matches!(tree::content(self.runtime, element)?, Content::Empty) {
            tree::set_content(self.runtime, element, Content::Text(Str::EMPTY))?;
        }
        self.close();
        Ok(())
    }
}
