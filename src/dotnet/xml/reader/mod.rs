//! Text into a tree: quick-xml cuts it into tags, text and the rest; what each may hold is checked as .NET's reader does.
//!
//! Source: dotnet/runtime, XmlTextReaderImpl.cs and `XContainer.ReadContentFrom`. quick-xml is told to check nothing: it would not say
//! where a fault is in .NET's words. Elements are kept on a list of their own, so they nest as deep as memory lasts; entities in
//! entities recurse, as deep as the budget allows.

mod elements;
mod text;

use std::collections::HashMap;

use quick_xml::{Reader as Cutter, events::Event};

use super::{
    Kind, content,
    doctype::{self, Entities},
    document,
    fault::{self, invalid_character, is_character, is_space, xml_exception},
    names::{XML, XMLNS},
    tag::{self, Scan},
    tree,
};
use crate::{
    dotnet::{exception::Raise, heap::Ref, runtime::Runtime, string::Str, value::Value},
    text::Text,
};
use text::lines;

/// Reads a document.
pub(super) fn read(runtime: &mut Runtime<'_>, text: &str, is_space_kept: bool) -> Result<Ref, Raise> {
    runtime.allocate(text.len())?;
    runtime.work(text.len())?;
    let document = document::make(runtime, Value::Null)?;
    let mut reader = Reader {
        runtime,
        document,
        is_space_kept,
        open: Vec::new(),
        has_root: false,
        has_doctype: false,
        prefixes: HashMap::from([(Text::from("xml"), vec![Text::from(XML)]), (Text::from("xmlns"), vec![Text::from(XMLNS)])]),
        entities: Entities::new(),
        expanding: Vec::new(),
        expanded: 0,
        pending: String::new(),
        is_pending_text: false,
    };
    reader.content(text)?;
    if !reader.has_root {
        return Err(xml_exception("Root element is missing."));
    }
    Ok(document)
}

/// An element that is not closed yet.
struct Open {
    element: Ref,
    /// Its name as written.
    name: String,
    at: usize,
    /// The prefixes that it declares.
    declared: Vec<Text>,
    /// Whether white space in it is kept: `xml:space`.
    keeps_space: bool,
}

struct Reader<'r, 'b> {
    runtime: &'r mut Runtime<'b>,
    document: Ref,
    is_space_kept: bool,
    open: Vec<Open>,
    has_root: bool,
    has_doctype: bool,
    /// What each prefix stands for, the innermost declaration last.
    prefixes: HashMap<Text, Vec<Text>>,
    entities: Entities,
    /// The entities that are being replaced.
    expanding: Vec<String>,
    /// How many characters have come of entities.
    expanded: usize,
    /// Text that goes on until something else comes.
    pending: String,
    /// Whether it is more than white space.
    is_pending_text: bool,
}

impl Reader<'_, '_> {
    /// Reads a text to its end: the document, or what an entity stands for.
    fn content(&mut self, text: &str) -> Result<(), Raise> {
        let outer = self.open.len();
        if text.starts_with('\u{FEFF}') {
            return Err(self.stray(text, 0));
        }
        let mut cutter = Cutter::from_str(text);
        let config = cutter.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        loop {
            self.runtime.step()?;
            let at = usize::try_from(cutter.buffer_position()).unwrap_or(text.len());
            let event = cutter.read_event();
            let end = usize::try_from(cutter.buffer_position()).unwrap_or(text.len());
            let inside = |open: usize, close: usize| (at + open, text.get(at + open..end.saturating_sub(close)).unwrap_or(""));
            if !matches!(event, Ok(Event::Text(_) | Event::GeneralRef(_) | Event::Eof)) {
                self.flush()?;
                if self.open.is_empty() && text.len() - at < 4 {
                    return Err(self.stray(text, at));
                }
            }
            match event {
                Ok(Event::Eof) => break,
                Ok(Event::Text(_) | Event::GeneralRef(_)) if self.open.is_empty() => self.root_space(text, at, end)?,
                Ok(Event::Text(_) | Event::GeneralRef(_)) => self.characters(text, at, end)?,
                Ok(Event::CData(_)) if self.open.is_empty() => return Err(self.stray(text, at)),
                Ok(Event::CData(_)) => {
                    let (from, data) = inside("<![CDATA[".len(), "]]>".len());
                    let data = self.checked(text, from, data)?;
                    self.add(Kind::CData(data))?;
                }
                Ok(Event::Comment(_)) => {
                    let (from, comment) = inside("<!--".len(), "-->".len());
                    let comment = self.comment(text, from, comment)?;
                    self.add(Kind::Comment(comment))?;
                }
                Ok(Event::Decl(_) | Event::PI(_)) => {
                    let (from, _) = inside("<?".len(), 0);
                    self.instruction(text, from, end - "?>".len())?;
                }
                Ok(Event::DocType(_)) => self.doctype(text, at)?,
                Ok(Event::Start(_) | Event::Empty(_)) => self.start_tag(text, at + 1)?,
                Ok(Event::End(_)) => self.end_tag(text, at + 2, outer)?,
                Err(_) => return Err(self.unfinished(text, at, outer)),
            }
        }
        if self.open.len() == outer {
            return if outer == 0 { self.flush() } else { Ok(()) };
        }
        Err(if self.expanding.is_empty() { self.unclosed(text, 0) } else { badly_nested(text, text.len()) })
    }

    fn stray(&self, text: &str, at: usize) -> Raise {
        fault::at(text, at, "Data at the root level is invalid.")
    }

    /// The text ends while elements are open; the innermost `but` of them do not count.
    fn unclosed(&self, text: &str, but: usize) -> Raise {
        let names: Vec<&str> = self.open.iter().rev().skip(but).map(|open| open.name.as_str()).collect();
        let dot = if names.is_empty() { "" } else { "." };
        let message = format!("Unexpected end of file has occurred. The following elements are not closed: {}{dot}", names.join(", "));
        fault::at(text, text.len(), message)
    }

    /// What .NET says of markup that quick-xml finds no end of.
    fn unfinished(&mut self, text: &str, at: usize, outer: usize) -> Raise {
        let scan = Scan { text, at };
        let rest = scan.rest();
        let end = |what: &str| fault::at(text, text.len(), format!("Unexpected end of file while parsing {what} has occurred."));

        if let Some(comment) = rest.strip_prefix("<!--") {
            self.comment(text, at + 4, comment).map_or_else(|raise| raise, |_| end("Comment"))
        } else if rest.starts_with("<![CDATA[") && !self.open.is_empty() {
            let data = rest.get("<![CDATA[".len()..).unwrap_or("");
            self.checked(text, at + "<![CDATA[".len(), data).map_or_else(|raise| raise, |_| end("CDATA"))
        } else if rest.starts_with("<?") {
            self.instruction(text, at + 2, text.len()).map_or_else(|raise| raise, |()| end("PI"))
        } else if rest.starts_with("<!") {
            self.bang(text, at)
        } else if rest.starts_with("</") {
            self.end_tag(text, at + 2, outer).map_or_else(|raise| raise, |()| self.unclosed(text, 0))
        } else {
            self.start_tag(text, at + 1).map_or_else(|raise| raise, |()| self.unclosed(text, 0))
        }
    }

    /// `<!` that begins no comment and no CDATA section, or one that has no end.
    fn bang(&mut self, text: &str, at: usize) -> Raise {
        let mut scan = Scan { text, at: at + 2 };
        let rest = scan.rest();
        if rest.starts_with('-') {
            scan.at += 1;
            return scan.expected("'-'");
        }
        if self.open.is_empty() {
            return match rest.starts_with('[') {
                true => self.stray(text, at),
                false => self.doctype(text, at).map_or_else(|raise| raise, |()| scan.end_of_file()),
            };
        }
        if rest.len() < 2 || (rest.starts_with('[') && rest.len() < 7) {
            return self.unclosed(text, 0);
        }
        if scan.skip('[') {
            return scan.expected("'CDATA['");
        }
        match scan.unexpected() {
            Some("DOCTYPE") => scan.fault("Unexpected DTD declaration."),
            _ => scan.expected("'<!--' or '<[CDATA['"),
        }
    }

    /// White space between what stands at the root level.
    fn root_space(&mut self, text: &str, at: usize, end: usize) -> Result<(), Raise> {
        let space = text.get(at..end).unwrap_or("");
        match space.char_indices().find(|(_, c)| !is_space(*c)) {
            Some((offset, c)) if is_character(c) => Err(self.stray(text, at + offset)),
            Some((offset, c)) => Err(fault::at(text, at + offset, invalid_character(c))),
            None => {
                self.pending.push_str(space);
                Ok(())
            }
        }
    }

    /// Adds the text that has come together, where it counts.
    fn flush(&mut self) -> Result<(), Raise> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let keeps_space = self.is_space_kept || self.open.last().is_some_and(|open| open.keeps_space);
        let text = std::mem::take(&mut self.pending);
        if std::mem::take(&mut self.is_pending_text) || keeps_space {
            let container = self.container();
            content::add_text(self.runtime, container, lines(&text))?;
        }
        Ok(())
    }

    fn container(&self) -> Ref {
        self.open.last().map_or(self.document, |open| open.element)
    }

    fn add(&mut self, kind: Kind) -> Result<(), Raise> {
        let made = tree::place(self.runtime, kind)?;
        let container = self.container();
        content::add_node(self.runtime, container, made)
    }

    /// Text whose characters are all allowed, with its line breaks made one character each.
    fn checked(&self, text: &str, at: usize, part: &str) -> Result<Str, Raise> {
        match part.char_indices().find(|(_, c)| !is_character(*c)) {
            Some((offset, c)) => Err(fault::at(text, at + offset, invalid_character(c))),
            None => Ok(lines(part)),
        }
    }

    fn comment(&self, text: &str, at: usize, comment: &str) -> Result<Str, Raise> {
        // A hyphen at the end stands before the two that close the comment.
        let double = comment.find("--").or_else(|| comment.ends_with('-').then(|| comment.len() - 1));
        let is_closed = text.get(at + comment.len()..).is_some_and(|rest| rest.starts_with("-->"));
        let double = double.filter(|offset| is_closed || offset + 2 < comment.len());
        match double {
            Some(offset) => {
                self.checked(text, at, comment.get(..offset).unwrap_or(""))?;
                Err(fault::at(text, at + offset, "An XML comment cannot contain '--', and '-' cannot be the last character."))
            }
            None => self.checked(text, at, comment),
        }
    }

    /// A processing instruction, or the declaration where it may stand. `end` is where its text ends.
    fn instruction(&mut self, text: &str, at: usize, end: usize) -> Result<(), Raise> {
        let mut scan = Scan { text, at };
        let follows = text.get(at + 3..).and_then(|rest| rest.chars().next());
        if at == 2
            && self.expanding.is_empty()
            && scan.rest().starts_with("xml")
            && !follows.is_some_and(|c| super::names::is_in_name(c) || c == ':')
        {
            scan.at += 3;
            let declaration = tag::declaration(&mut scan)?;
            let declaration = self.runtime.instance(declaration)?;
            if let Kind::Document { declaration: place, .. } = &mut tree::node_mut(self.runtime, self.document)?.kind {
                *place = declaration;
            }
            return Ok(());
        }
        let target = scan.name()?;
        let name_fault = |message: String| fault::at(text, at, message);
        if target == "xml" {
            return Err(name_fault(
                "Unexpected XML declaration. The XML declaration must be the first node in the document, \
                 and no whitespace characters are allowed to appear before it."
                    .to_owned(),
            ));
        }
        if target.eq_ignore_ascii_case("xml") {
            return Err(name_fault(format!("'{target}' is an invalid name for processing instructions.")));
        }
        let before = scan;
        if !scan.skip_space()
            && !scan.rest().starts_with("?>")
            && let Some(c) = before.peek()
        {
            return Err(before.fault(fault::bad_in_name(c)));
        }
        let data = self.checked(text, scan.at, text.get(scan.at..end).unwrap_or(""))?;
        self.add(Kind::Instruction { target: target.to_owned().into(), data })
    }

    fn doctype(&mut self, text: &str, at: usize) -> Result<(), Raise> {
        let mut scan = Scan { text, at: at + 2 };
        if !self.open.is_empty() {
            return Err(self.bang(text, at));
        }
        if !scan.rest().starts_with("DOCTYPE") {
            return Err(match scan.rest().len() < 8 {
                true => fault::at(text, scan.at, "Unexpected end of file while parsing DOCTYPE has occurred."),
                false => scan.expected(if self.has_root || self.has_doctype { "'<!--'" } else { "'DOCTYPE'" }),
            });
        }
        scan.at += "DOCTYPE".len();
        if !scan.peek().is_some_and(is_space) {
            let token = scan.unexpected().unwrap_or_default();
            return Err(scan.fault(format!("'{token}' is an unexpected token. Expecting whitespace.")));
        }
        if self.has_doctype {
            return Err(fault::at(text, at, "Cannot have multiple DTDs."));
        }
        if self.has_root {
            return Err(fault::at(text, at, "DTD must be defined before the document root element."));
        }
        let declared = doctype::read(&mut scan, &mut self.entities)?;
        self.has_doctype = true;
        self.add(Kind::DocumentType(declared))
    }
}

fn badly_nested(text: &str, at: usize) -> Raise {
    fault::at(text, at, "Entity replacement text must nest properly within markup declarations.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dotnet::{
            context::RequestContext,
            exception::BudgetSpent,
            heap::Heap,
            runtime::Budget,
            xml::{parse_document, to_text},
        },
        environment::{Fixed, Moment},
    };

    /// What a document reads and writes as.
    fn outcome(text: &str) -> Result<String, String> {
        let budget = Budget { memory: 64 << 20, ..Budget::default() };
        let (mut context, mut heap) = (RequestContext::default(), Heap::default());
        let mut environment = Fixed { now: Moment(0), state: 0 };
        let mut runtime =
            Runtime { context: &mut context, heap: &mut heap, environment: &mut environment, budget, locals: &mut Vec::new() };
        match parse_document(&mut runtime, text) {
            Ok(document) => to_text(&runtime, &document).ok_or_else(|| "unwritten".to_owned()),
            Err(Raise::Exception(exception)) => Err(exception.message.clone()),
            Err(Raise::Budget(spent)) => Err(format!("{spent:?}")),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn elements_nest_deeper_than_the_stack() {
        let text = format!("{}{}", "<a>".repeat(2_000), "</a>".repeat(2_000));
        let written = outcome(&text).unwrap();
        assert_eq!(written.matches("<a>").count(), 2_000);
        let text = format!("{}{}", "<a>".repeat(20_000), "</a>".repeat(20_000));
        assert_eq!(outcome(&text), Err("unwritten".to_owned()), "indented, this is more than the budget allows");
    }

    #[test]
    fn entities_cannot_eat_memory() {
        let mut declarations = String::from("<!ENTITY e0 'ten chars.'>");
        (1..12).for_each(|n| declarations.push_str(&format!("<!ENTITY e{n} '{}'>", format!("&e{};", n - 1).repeat(10))));
        let bomb = format!("<!DOCTYPE a [{declarations}]><a>&e11;</a>");
        let message = outcome(&bomb).unwrap_err();
        assert_eq!(message, "The input document has exceeded a limit set by MaxCharactersFromEntities.");
        let mut declarations = String::from("<!ENTITY e0 'x'>");
        (1..3_000).for_each(|n| declarations.push_str(&format!("<!ENTITY e{n} '&e{};'>", n - 1)));
        let chain = format!("<!DOCTYPE a [{declarations}]><a>&e2999;</a>");
        assert_eq!(outcome(&chain).unwrap_err(), format!("{:?}", BudgetSpent::Depth));
    }

    #[test]
    fn no_part_of_a_document_panics() {
        let text = "<?xml version=\"1.0\" encoding='é'?><!DOCTYPE a PUBLIC \"p\" 's' [<!ENTITY e '<b>é</b>'><!-- é --><?p q?>]>\n\
                    <!--x--><a xmlns='u' xmlns:o=\"v\" o:é='&lt;&#65;&e2;'>é&e;&#x1F600;<![CDATA[ ]] ]]><o:b c='\r\n'/><?p é?></a>\n";
        for (end, _) in text.char_indices() {
            let _ = (outcome(&text[..end]), outcome(&text[end..]));
            for c in ['<', '>', '&', '\'', '!', '?', '/', ']', '-', '\u{1}', 'é'] {
                let _ = outcome(&format!("{}{c}{}", &text[..end], &text[end..]));
            }
        }
    }
}
