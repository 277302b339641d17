//! JSON into XML, as `json-to-xml` does it.
//!
//! Sources: the page's own example (namespaces, attribute blocks; learn.microsoft.com/azure/api-management/json-to-xml-policy) and a
//! published result (dev.fyicenter.com/1000734): several properties are put into `<Document>`, an array repeats its element, an empty one
//! leaves an empty element, null is `xsi:nil`, and values are what .NET's `ToString` makes of them (`True`).

use std::borrow::Cow;

use crate::dotnet::{
    display::to_str,
    exception::Raise,
    heap::{Object, Ref},
    json::{self, Kind, Leaf, TokenType},
    runtime::Runtime,
};

/// What the policy asks for.
#[derive(Clone, Debug)]
pub struct Options {
    /// `parse-date`
    pub parses_dates: bool,
    /// `namespace-separator`
    pub separator: String,
    /// `namespace-prefix`: properties that begin with it declare namespaces.
    pub namespace_prefix: Option<String>,
    /// `namespace-block-name`: properties of that object declare namespaces.
    pub namespace_block: Option<String>,
    /// `attribute-block-name`: properties of that object are attributes.
    pub attribute_block: Option<String>,
    /// `attribute-prefix`: properties that begin with it are attributes.
    pub attribute_prefix: String,
    /// `invalid-character-replacement`: what stands for characters that no XML name has; .NET's own `_x0020_` without.
    pub replacement: Option<String>,
    /// `empty-values="as-null"`
    pub is_empty_null: bool,
    /// `trim-values`
    pub is_trimmed: bool,
}

const NIL: &str = r#" xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#;

/// Converts a text.
///
/// # Errors
/// `JsonReaderException` for what is no JSON; a spent budget.
pub fn convert(runtime: &mut Runtime<'_>, text: &str, options: &Options) -> Result<String, Raise> {
    let root = json::parse_body(runtime, text, options.parses_dates)?;
    let mut writer = Writer { out: String::new(), prefixes: vec!["xml".to_owned()], options };
    let Some(root) = Runtime::reference(&root) else { return Ok(String::new()) };
    let parts = properties(runtime, root);
    match parts.as_deref() {
        Some([(name, value)]) if !is_array(runtime, *value) && !writer.is_special(name) => writer.element(runtime, name, *value)?,
        Some(_) => writer.element(runtime, "Document", root)?,
        // What becomes of an array at the top is not documented: its items have no name to stand under.
        None if is_array(runtime, root) => {
            writer.out.push_str("<Document>");
            writer.element(runtime, "Item", root)?;
            writer.out.push_str("</Document>");
        }
        None => writer.element(runtime, "Document", root)?,
    }
    Ok(writer.out)
}

/// The properties of an object with their values; none for anything else.
fn properties(runtime: &Runtime<'_>, of: Ref) -> Option<Vec<(String, Ref)>> {
    let Object::Token(token) = runtime.heap.get(of) else { return None };
    let Kind::Object(properties) = &token.kind else { return None };
    let value = |property: &Ref| match runtime.heap.get(*property) {
        Object::Token(json::Token { kind: Kind::Property(name, Some(value)), .. }) => Some((name.to_string(), *value)),
        _ => None,
    };
    Some(properties.map.values().filter_map(value).collect())
}

fn items(runtime: &Runtime<'_>, of: Ref) -> Option<Vec<Ref>> {
    match runtime.heap.get(of) {
        Object::Token(json::Token { kind: Kind::Array(items) | Kind::Constructor(_, items), .. }) => Some(items.items.clone()),
        _ => None,
    }
}

fn is_array(runtime: &Runtime<'_>, of: Ref) -> bool {
    items(runtime, of).is_some()
}

fn leaf<'a>(runtime: &'a Runtime<'_>, of: Ref) -> Option<&'a Leaf> {
    match runtime.heap.get(of) {
        Object::Token(json::Token { kind: Kind::Value(leaf), .. }) => Some(leaf),
        _ => None,
    }
}

struct Writer<'a> {
    out: String,
    /// The prefixes that are declared where the writer is.
    prefixes: Vec<String>,
    options: &'a Options,
}

impl Writer<'_> {
    fn element(&mut self, runtime: &mut Runtime<'_>, name: &str, value: Ref) -> Result<(), Raise> {
        runtime.step()?;
        if let Some(items) = items(runtime, value) {
            if items.is_empty() {
                let name = self.name(name);
                self.out.push_str(&format!("<{name} />"));
            }
            for item in items {
                // An array in an array has no name of its own either.
                if is_array(runtime, item) {
                    let outer = self.name(name);
                    self.out.push_str(&format!("<{outer}>"));
                    runtime.deeper(|runtime| self.element(runtime, name, item))?;
                    self.out.push_str(&format!("</{outer}>"));
                } else {
                    runtime.deeper(|runtime| self.element(runtime, name, item))?;
                }
            }
            return Ok(());
        }
        match properties(runtime, value) {
            Some(parts) => self.object(runtime, name, &parts),
            None => {
                let text = self.text(runtime, value);
                let name = self.name(name);
                match text {
                    None => self.out.push_str(&format!("<{name}{NIL} />")),
                    Some(text) if text.is_empty() => self.out.push_str(&format!("<{name} />")),
                    Some(text) => self.out.push_str(&format!("<{name}>{}</{name}>", escape(&text, false))),
                }
                Ok(())
            }
        }
    }

    fn object(&mut self, runtime: &mut Runtime<'_>, name: &str, parts: &[(String, Ref)]) -> Result<(), Raise> {
        let known = self.prefixes.len();
        let declarations = self.declarations(runtime, parts);
        let name = self.name(name);
        self.out.push_str(&format!("<{name}"));
        for (prefix, namespace) in declarations {
            let colon = if prefix.is_empty() { "" } else { ":" };
            self.out.push_str(&format!(" xmlns{colon}{prefix}=\"{}\"", escape(&namespace, true)));
        }
        let mut content = Vec::new();
        for (name, value) in parts {
            if self.options.attribute_block.as_ref() == Some(name) {
                for (name, value) in properties(runtime, *value).unwrap_or_default() {
                    self.attribute(runtime, &name, value);
                }
            } else if let Some(name) = name.strip_prefix(&self.options.attribute_prefix).filter(|rest| self.is_attribute(rest)) {
                self.attribute(runtime, name, *value);
            } else if !self.declares(name) {
                content.push((name, *value));
            }
        }
        if content.is_empty() {
            self.out.push_str(" />");
        } else {
            self.out.push('>');
            for (name, value) in content {
                match name.as_str() {
                    "#text" | "$text" => {
                        for part in items(runtime, value).unwrap_or_else(|| vec![value]) {
                            let text = self.text(runtime, part).unwrap_or_default();
                            self.out.push_str(&escape(&text, false));
                        }
                    }
                    "#cdata-section" => {
                        let text = self.text(runtime, value).unwrap_or_default();
                        self.out.push_str(&format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>")));
                    }
                    _ => runtime.deeper(|runtime| self.element(runtime, name, value))?,
                }
            }
            self.out.push_str(&format!("</{name}>"));
        }
        self.prefixes.truncate(known);
        Ok(())
    }

    fn attribute(&mut self, runtime: &Runtime<'_>, name: &str, value: Ref) {
        let text = self.text(runtime, value).unwrap_or_default();
        let name = self.name(name);
        self.out.push_str(&format!(" {name}=\"{}\"", escape(&text, true)));
    }

    fn is_attribute(&self, rest: &str) -> bool {
        !self.options.attribute_prefix.is_empty() && !rest.is_empty()
    }

    /// Whether a property of the root is no element, so that the root needs one around it.
    fn is_special(&self, name: &str) -> bool {
        self.options.attribute_block.as_deref() == Some(name)
            || self.declares(name)
            || name.strip_prefix(&self.options.attribute_prefix).is_some_and(|rest| self.is_attribute(rest))
            || matches!(name, "#text" | "$text" | "#cdata-section")
    }

    fn declares(&self, name: &str) -> bool {
        self.options.namespace_block.as_deref() == Some(name) || self.declared_prefix(name).is_some()
    }

    /// `xmlns:v1` declares `v1`, `xmlns` the namespace of what has no prefix.
    fn declared_prefix<'n>(&self, name: &'n str) -> Option<&'n str> {
        let rest = name.strip_prefix(self.options.namespace_prefix.as_deref().filter(|prefix| !prefix.is_empty())?)?;
        Some(rest.strip_prefix(&self.options.separator).unwrap_or(rest))
    }

    fn declarations(&mut self, runtime: &Runtime<'_>, parts: &[(String, Ref)]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (name, value) in parts {
            if self.options.namespace_block.as_ref() == Some(name) {
                for (prefix, value) in properties(runtime, *value).unwrap_or_default() {
                    found.push((prefix, self.text(runtime, value).unwrap_or_default()));
                }
            } else if let Some(prefix) = self.declared_prefix(name) {
                found.push((prefix.to_owned(), self.text(runtime, *value).unwrap_or_default()));
            }
        }
        let found: Vec<_> = found.into_iter().map(|(prefix, value)| (self.encoded(&prefix), value)).collect();
        self.prefixes.extend(found.iter().map(|(prefix, _)| prefix.clone()));
        found
    }

    /// What a value is as text; none for null.
    fn text(&self, runtime: &Runtime<'_>, value: Ref) -> Option<String> {
        let text = match leaf(runtime, value) {
            Some(leaf) if matches!(leaf.ty, TokenType::Null | TokenType::Undefined) => return None,
            Some(leaf) => to_str(runtime, &leaf.value).as_str().into_owned(),
            // An object as an attribute: its JSON.
            None => json::writer::to_json(runtime, value, false).unwrap_or_default(),
        };
        let text = if self.options.is_trimmed { text.trim().to_owned() } else { text };
        (!(text.is_empty() && self.options.is_empty_null)).then_some(text)
    }

    /// A property's name as an XML name. The separator divides it only behind a prefix that is declared: with the default, an underscore,
    /// `first_name` would else have a prefix that nobody knows.
    fn name(&self, name: &str) -> String {
        if let Some((prefix, local)) = name.split_once(&self.options.separator).filter(|_| !self.options.separator.is_empty())
            && !local.is_empty()
            && self.prefixes.iter().any(|known| known == prefix)
        {
            return format!("{prefix}:{}", self.encoded(local));
        }
        self.encoded(name)
    }

    fn encoded(&self, name: &str) -> String {
        let is_start = |c: char| c.is_alphabetic() || c == '_';
        let is_part = |c: char| is_start(c) || c.is_numeric() || matches!(c, '-' | '.');
        let mut encoded = String::with_capacity(name.len());
        for (at, c) in name.chars().enumerate() {
            if if at == 0 { is_start(c) } else { is_part(c) } {
                encoded.push(c);
            } else if let Some(replacement) = &self.options.replacement {
                encoded.push_str(replacement);
            } else {
                encoded.push_str(&format!("_x{:04X}_", u32::from(c)));
            }
        }
        if encoded.is_empty() { "_".to_owned() } else { encoded }
    }
}

/// What XML cannot hold as it is; characters that it cannot hold at all are left out.
fn escape(text: &str, is_attribute: bool) -> Cow<'_, str> {
    let special = |c: char| matches!(c, '&' | '<' | '>' | '"') || (c.is_control() && !matches!(c, '\n' | '\t'));
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' if is_attribute => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}
