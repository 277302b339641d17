//! `<!DOCTYPE …>`: the names it gives, and the general entities that its internal subset declares.
//!
//! Nothing outside is ever read: a gateway that followed an external identifier would fetch whatever a request's body names. LINQ to XML
//! reads with no resolver either, so a reference to an external entity gives nothing.

use std::collections::HashMap;

use super::{DocumentType, fault::is_space, tag::Scan};
use crate::dotnet::exception::Raise;

/// What an entity stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entity {
    /// Its text, of which character references are replaced already.
    Internal(String),
    /// Something outside.
    External,
    /// Something that is no XML: `NDATA`.
    Unparsed,
}

/// The entities by name. The first declaration of a name counts.
pub(super) type Entities = HashMap<String, Entity>;

/// Reads a document type declaration. `scan` stands behind `<!DOCTYPE` and its blank.
pub(super) fn read(scan: &mut Scan<'_>, entities: &mut Entities) -> Result<DocumentType, Raise> {
    scan.skip_space();
    let name = scan.qname()?.whole.to_owned();
    scan.skip_space();
    let (public_id, system_id) = external_id(scan)?;
    scan.skip_space();
    let mut subset = String::new();
    if scan.skip('[') {
        let start = scan.at;
        internal_subset(scan, entities)?;
        subset = scan.text.get(start..scan.at).unwrap_or("").replace("\r\n", "\n").replace('\r', "\n");
        scan.at += 1;
        scan.skip_space();
    } else if !matches!(scan.peek(), Some('>')) {
        let is_bare = public_id.is_none() && system_id.is_none();
        let message = if is_bare {
            "Expecting external ID, '[' or '>'."
        } else {
            "Expecting an internal subset or the end of the DOCTYPE declaration."
        };
        return Err(if scan.peek().is_none() { scan.end_of_file() } else { scan.fault(message) });
    }
    if !scan.skip('>') {
        return Err(scan.expected("'>'"));
    }
    Ok(DocumentType { name: name.into(), public_id, system_id, internal_subset: Some(subset.into()) })
}

type Ids = (super::Id, super::Id);

/// `PUBLIC "…" "…"`, `SYSTEM "…"` or nothing.
fn external_id(scan: &mut Scan<'_>) -> Result<Ids, Raise> {
    let rest = scan.rest();
    let is_public = rest.starts_with("PUBLIC");
    if !is_public && !rest.starts_with("SYSTEM") {
        return Ok((None, None));
    }
    scan.at += "PUBLIC".len();
    let literal = |scan: &mut Scan<'_>| -> Result<super::Id, Raise> {
        if !scan.skip_space() {
            let token = scan.unexpected().unwrap_or_default();
            return Err(scan.fault(format!("'{token}' is an unexpected token. Expecting whitespace.")));
        }
        quoted(scan).map(|text| Some(text.to_owned().into()))
    };
    let public = if is_public { literal(scan)? } else { None };
    Ok((public, literal(scan)?))
}

/// A text in quotes.
fn quoted<'t>(scan: &mut Scan<'t>) -> Result<&'t str, Raise> {
    let Some(quote @ ('"' | '\'')) = scan.peek() else { return Err(scan.expected("'\"' or '''")) };
    scan.at += 1;
    let rest = scan.rest();
    let Some(end) = rest.find(quote) else { return Err(scan.fault("There is an unclosed literal string.")) };
    scan.at += end + 1;
    Ok(rest.get(..end).unwrap_or(""))
}

/// The declarations up to `]`. What is no entity has no bearing on the tree and is passed over.
fn internal_subset(scan: &mut Scan<'_>, entities: &mut Entities) -> Result<(), Raise> {
    loop {
        scan.skip_space();
        let rest = scan.rest();
        if rest.starts_with(']') {
            return Ok(());
        } else if rest.starts_with("<!--") {
            pass(scan, "-->")?;
        } else if rest.starts_with("<?") {
            pass(scan, "?>")?;
        } else if rest.starts_with("<!ENTITY") {
            entity(scan, entities)?;
        } else if rest.starts_with("<!") {
            markup(scan)?;
        } else if rest.starts_with('%') {
            pass(scan, ";")?;
        } else {
            return Err(if rest.is_empty() { unclosed(scan) } else { scan.expected("']'") });
        }
    }
}

fn unclosed(scan: &Scan<'_>) -> Raise {
    Scan { text: scan.text, at: scan.text.len() }.fault("Unexpected end of file while parsing DTD has occurred.")
}

fn pass(scan: &mut Scan<'_>, end: &str) -> Result<(), Raise> {
    match scan.rest().find(end) {
        Some(found) => {
            scan.at += found + end.len();
            Ok(())
        }
        None => Err(unclosed(scan)),
    }
}

/// A declaration up to its `>`, which may stand in quotes too.
fn markup(scan: &mut Scan<'_>) -> Result<(), Raise> {
    loop {
        let rest = scan.rest();
        let Some(found) = rest.find(['>', '"', '\'']) else { return Err(unclosed(scan)) };
        scan.at += found;
        if scan.skip('>') {
            return Ok(());
        }
        quoted(scan)?;
    }
}

fn entity(scan: &mut Scan<'_>, entities: &mut Entities) -> Result<(), Raise> {
    scan.at += "<!ENTITY".len();
    scan.skip_space();
    if scan.rest().starts_with('%') {
        return markup(scan);
    }
    let name = scan.qname()?.whole.to_owned();
    scan.skip_space();
    let (_, system) = external_id(scan)?;
    let declared = match system {
        Some(_) => {
            scan.skip_space();
            if scan.rest().starts_with("NDATA") { Entity::Unparsed } else { Entity::External }
        }
        None => Entity::Internal(replaced(quoted(scan)?)),
    };
    entities.entry(name).or_insert(declared);
    markup(scan)
}

/// The text with its character references replaced; those of entities wait until the entity is used.
fn replaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find("&#") {
        let (before, from) = rest.split_at(found);
        out.push_str(before);
        let reference = from.split_once(';').and_then(|(number, behind)| Some((code(number.get(2..)?)?, behind)));
        match reference {
            Some((c, behind)) => {
                out.push(c);
                rest = behind;
            }
            None => {
                out.push_str("&#");
                rest = from.get(2..).unwrap_or("");
            }
        }
    }
    out.push_str(rest);
    out
}

fn code(number: &str) -> Option<char> {
    let code = match number.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).filter(|c| super::fault::is_character(*c) || is_space(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_of_the_internal_subset_are_found() {
        let text = "a PUBLIC '-//x' \"u\" [<!-- > --><!ELEMENT a (b)><!ENTITY e 'x&#65;&amp;'><!ENTITY f SYSTEM 'file:///etc/passwd'>\n\
                    <!ENTITY e 'second'><!ENTITY % p 'q'>%p;<!ENTITY g SYSTEM 'i' NDATA gif>] >";
        let mut entities = Entities::new();
        let mut scan = Scan { text, at: 0 };
        let declared = read(&mut scan, &mut entities).unwrap();
        assert_eq!(scan.at, text.len());
        assert_eq!(declared.name.to_string(), "a");
        assert_eq!(declared.public_id.unwrap().to_string(), "-//x");
        assert_eq!(entities.get("e"), Some(&Entity::Internal("xA&amp;".to_owned())));
        assert_eq!(entities.get("f"), Some(&Entity::External));
        assert_eq!(entities.get("g"), Some(&Entity::Unparsed));
    }
}
