//! A start tag, an end tag or an XML declaration, character by character: what is wrong is told with .NET's words at .NET's place.
//!
//! Source: dotnet/runtime, `ParseElement`, `ParseAttributes`, `ParseQName`, `ParseXmlDeclaration` and the `Throw…` functions of
//! XmlTextReaderImpl.cs.

use super::{
    document::Declaration,
    fault::{self, bad_in_name, bad_start, is_space},
    names::{begins_name, is_in_name, name_length},
};
use crate::dotnet::exception::Raise;

/// A qualified name and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct QName<'t> {
    pub prefix: &'t str,
    pub local: &'t str,
    /// As written.
    pub whole: &'t str,
    pub at: usize,
}

/// An attribute with its value as written.
pub(super) struct Attribute<'t> {
    pub name: QName<'t>,
    /// Where the value begins, behind the quote.
    pub value_at: usize,
    pub value: String,
}

/// A place in a text.
#[derive(Clone, Copy)]
pub(super) struct Scan<'t> {
    pub text: &'t str,
    pub at: usize,
}

impl<'t> Scan<'t> {
    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Whether no more than `count` bytes are left.
    pub fn is_near_end(&self, count: usize) -> bool {
        self.at + count >= self.text.len()
    }

    pub fn skip(&mut self, c: char) -> bool {
        let is_there = self.peek() == Some(c);
        if is_there {
            self.at += c.len_utf8();
        }
        is_there
    }

    /// Skips white space; false where there is none.
    pub fn skip_space(&mut self) -> bool {
        let rest = self.rest();
        let length = rest.find(|c| !is_space(c)).unwrap_or(rest.len());
        self.at += length;
        length > 0
    }

    pub fn fault(&self, message: impl std::fmt::Display) -> Raise {
        fault::at(self.text, self.at, message)
    }

    pub fn end_of_file(&self) -> Raise {
        self.fault("Unexpected end of file has occurred.")
    }

    /// What stands here instead of what was expected: a name's characters together, any other by itself.
    pub fn unexpected(&self) -> Option<&'t str> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        let end = if is_in_name(first) { rest.find(|c| !is_in_name(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        rest.get(..end)
    }

    pub fn expected(&self, expected: &str) -> Raise {
        match self.unexpected() {
            Some(token) => self.fault(format!("'{token}' is an unexpected token. The expected token is {expected}.")),
            None => self.end_of_file(),
        }
    }

    /// A name without a colon.
    pub fn name(&mut self) -> Result<&'t str, Raise> {
        let name = self.qualified(false)?;
        Ok(name.whole)
    }

    /// A name that may have a prefix.
    pub fn qname(&mut self) -> Result<QName<'t>, Raise> {
        self.qualified(true)
    }

    fn qualified(&mut self, may_have_prefix: bool) -> Result<QName<'t>, Raise> {
        let at = self.at;
        let mut scan = *self;
        let mut colon = None;
        loop {
            match scan.peek() {
                Some(c) if begins_name(c) => {}
                Some(c) if !scan.is_near_end(c.len_utf8()) => return Err(scan.fault(bad_start(c))),
                _ => return Err(scan.fault("Unexpected end of file while parsing Name has occurred.")),
            }
            scan.at += name_length(scan.rest());
            match scan.peek() {
                Some(':') if colon.is_some() || !may_have_prefix => return Err(scan.fault(bad_in_name(':'))),
                Some(':') => {
                    colon = Some(scan.at);
                    scan.at += 1;
                }
                Some(_) => break,
                None => return Err(scan.fault("Unexpected end of file while parsing Name has occurred.")),
            }
        }
        self.at = scan.at;
        let part = |from: usize, to: usize| self.text.get(from..to).unwrap_or("");
        let (prefix, local) = match colon {
            Some(colon) => (part(at, colon), part(colon + 1, scan.at)),
            None => ("", part(at, scan.at)),
        };
        Ok(QName { prefix, local, whole: part(at, scan.at), at })
    }

    /// `=` and the opening quote.
    fn quote(&mut self) -> Result<char, Raise> {
        self.skip_space();
        if !self.skip('=') {
            return Err(self.expected("'='"));
        }
        self.skip_space();
        match self.peek() {
            Some(quote @ ('"' | '\'')) => {
                self.at += 1;
                Ok(quote)
            }
            _ => Err(self.expected("'\"' or '''")),
        }
    }
}

/// How the end of a start tag was found.
pub(super) enum TagEnd {
    /// `>`
    Open,
    /// `/>`
    Empty,
    /// The text is over: which elements are open then is the reader's to tell.
    Missing,
}

/// The name of a start tag. `scan` stands behind `<`.
pub(super) fn element_name<'t>(scan: &mut Scan<'t>) -> Result<QName<'t>, Raise> {
    let name = scan.qname()?;
    match scan.peek() {
        Some('/') if scan.is_near_end(1) => Err(scan.fault("Unexpected end of file while parsing > has occurred.")),
        Some('/') if !scan.rest().starts_with("/>") => Err(scan.expected("'>'")),
        Some(c) if !is_space(c) && !matches!(c, '>' | '/') => Err(scan.fault(bad_in_name(c))),
        _ => Ok(name),
    }
}

/// The next attribute's name and opening quote, or the tag's end.
pub(super) fn attribute_start<'t>(scan: &mut Scan<'t>) -> Result<Result<(QName<'t>, char), TagEnd>, Raise> {
    let has_space = scan.skip_space();
    let rest = scan.rest();
    match scan.peek() {
        Some('>') => {
            scan.at += 1;
            return Ok(Err(TagEnd::Open));
        }
        Some('/') if rest.starts_with("/>") => {
            scan.at += 2;
            return Ok(Err(TagEnd::Empty));
        }
        None => return Ok(Err(TagEnd::Missing)),
        Some('/') if rest.len() == 1 => return Ok(Err(TagEnd::Missing)),
        Some('/') => {
            scan.at += 1;
            return Err(scan.expected("'>'"));
        }
        Some(c) if !begins_name(c) => return Err(scan.fault(bad_start(c))),
        Some(_) => {}
    }
    if !has_space {
        let token = scan.unexpected().unwrap_or_default();
        return Err(scan.fault(format!("'{token}' is an unexpected token. Expecting whitespace.")));
    }
    let name = scan.qname()?;
    let quote = scan.quote()?;
    Ok(Ok((name, quote)))
}

/// `<?xml …?>` at the start of a text. `scan` stands behind `<?xml`.
pub(super) fn declaration(scan: &mut Scan<'_>) -> Result<Declaration, Raise> {
    const INVALID: &str = "Syntax for an XML declaration is invalid.";
    let mut declaration = Declaration::default();
    // How far it is: 0 nothing, 1 version, 2 encoding, 3 standalone.
    let mut state = 0;
    loop {
        let has_space = scan.skip_space();
        if scan.peek() == Some('?') {
            return match scan.rest() {
                rest if rest.starts_with("?>") && state == 0 => Err(scan.fault(INVALID)),
                rest if rest.starts_with("?>") => {
                    scan.at += 2;
                    Ok(declaration)
                }
                "?" => Err(scan.end_of_file()),
                _ => Err(scan.expected("''>''")),
            };
        }
        if !has_space && state != 0 {
            return Err(scan.expected("'?>'"));
        }
        let start = *scan;
        let name = scan.name()?;
        let reached = match (name, state) {
            ("version", 0) => 1,
            ("encoding", 1) => 2,
            ("standalone", 1 | 2) => 3,
            _ => return Err(start.fault(INVALID)),
        };
        let quote = scan.quote()?;
        let rest = scan.rest();
        let value = match rest.find([quote, '<', '&', '\n', '\r', '\t']) {
            Some(end) if rest.get(end..).is_some_and(|rest| rest.starts_with(quote)) => rest.get(..end).unwrap_or(""),
            Some(_) => return Err(scan.fault(INVALID)),
            None => return Err(scan.fault("There is an unclosed literal string.")),
        };
        let kept = Some(value.to_owned().into());
        match reached {
            1 if value != "1.0" => return Err(scan.fault(format!("Version number '{value}' is invalid."))),
            1 => declaration.version = kept,
            2 => declaration.encoding = kept,
            _ if !matches!(value, "yes" | "no") => return Err(fault::at(scan.text, scan.at.saturating_sub(1), INVALID)),
            _ => declaration.standalone = kept,
        }
        state = reached;
        scan.at += value.len() + 1;
    }
}
