//! The little of ASN.1 that names and PKCS #12 need beyond the crates: elements with definite lengths, and PEM around them.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// `SEQUENCE`
pub const SEQUENCE: u8 = 0x30;
/// `SET`
pub const SET: u8 = 0x31;
/// `OBJECT IDENTIFIER`
pub const OID: u8 = 0x06;
/// `OCTET STRING`
pub const OCTETS: u8 = 0x04;
/// `INTEGER`
pub const INTEGER: u8 = 0x02;
/// `[0]`, constructed
pub const CONTEXT_0: u8 = 0xa0;

/// A tag, and what it is of.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// The tag.
    pub tag: u8,
    /// The content.
    pub content: &'a [u8],
    /// Tag, length and content.
    pub whole: &'a [u8],
}

/// The first element, and what follows it.
pub fn first(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(*short), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - after.len())?;
    (tag & 0x1f != 0x1f).then_some((Element { tag: *tag, content, whole }, after))
}

/// The elements that a content is made of.
pub fn elements(mut content: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut found = Vec::new();
    while !content.is_empty() {
        let (element, rest) = first(content)?;
        found.push(element);
        content = rest;
    }
    Some(found)
}

impl<'a> Element<'a> {
    /// The elements inside, if it has that tag.
    pub fn open(&self, tag: u8) -> Option<Vec<Element<'a>>> {
        if self.tag == tag { elements(self.content) } else { None }
    }

    /// The content, if it has that tag.
    pub fn of(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.content)
    }

    /// A small non-negative number.
    pub fn number(&self) -> Option<u32> {
        let content = self.of(INTEGER)?;
        let number = content.iter().try_fold(0_u32, |number, byte| number.checked_mul(256)?.checked_add(u32::from(*byte)))?;
        content.first().filter(|first| **first < 0x80).map(|_| number)
    }

    /// An object identifier in dotted form.
    pub fn oid(&self) -> Option<String> {
        let mut arcs: Vec<u64> = Vec::new();
        let mut arc = 0_u64;
        for byte in self.of(OID)? {
            arc = arc.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
            if *byte < 0x80 {
                if arcs.is_empty() {
                    let head = (arc / 40).min(2);
                    arcs.push(head);
                    arc -= head * 40;
                }
                arcs.push(arc);
                arc = 0;
            }
        }
        (!arcs.is_empty()).then(|| arcs.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
    }
}

/// The text of a string type. T.61 is read as Latin-1, as .NET does.
pub fn string(tag: u8, content: &[u8]) -> Option<String> {
    match tag {
        // UTF8String
        0x0c => String::from_utf8(content.to_vec()).ok(),
        // NumericString, PrintableString, IA5String, VisibleString
        0x12 | 0x13 | 0x16 | 0x1a => content.is_ascii().then(|| content.iter().map(|byte| char::from(*byte)).collect()),
        // T61String
        0x14 => Some(content.iter().map(|byte| char::from(*byte)).collect()),
        // BMPString
        0x1e => {
            let units: Vec<u16> =
                content.chunks_exact(2).map(|pair| pair.iter().fold(0, |unit, byte| (unit << 8) | u16::from(*byte))).collect();
            content.len().is_multiple_of(2).then(|| String::from_utf16_lossy(&units))
        }
        _ => None,
    }
}

/// The blocks of a text that are framed as RFC 7468 has it: label and content.
pub fn pem(text: &str) -> Vec<(String, Vec<u8>)> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        rest = after;
        let Some((label, body)) = after.split_once("-----") else { break };
        let Some((body, tail)) = body.split_once(&format!("-----END {label}-----")) else { continue };
        let digits: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        if let Ok(content) = STANDARD.decode(digits) {
            blocks.push((label.to_owned(), content));
            rest = tail;
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_and_broken_ones_refused() {
        let (element, rest) = first(&[0x30, 3, 2, 1, 5, 9]).unwrap();
        assert_eq!((element.tag, element.content, rest), (SEQUENCE, &[2, 1, 5][..], &[9][..]));
        assert_eq!(element.open(SEQUENCE).unwrap()[0].number(), Some(5));
        for broken in [&[][..], &[0x30], &[0x30, 2, 1], &[0x30, 0x80, 0, 0], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0x1f, 1, 0]] {
            assert!(first(broken).is_none(), "{broken:?}");
        }
    }

    #[test]
    fn object_identifiers_are_dotted() {
        for (content, expected) in [
            (&[0x55, 4, 3][..], "2.5.4.3"),
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11], "1.2.840.113549.1.1.11"),
            (&[0x88, 0x37, 3], "2.999.3"),
        ] {
            assert_eq!(Element { tag: OID, content, whole: content }.oid().as_deref(), Some(expected));
        }
    }

    #[test]
    fn frames_are_found_in_text() {
        let blocks =
            pem("noise\n-----BEGIN A B-----\nAQI=\n-----END A B-----\n-----BEGIN C-----\n!\n-----END C-----\n-----BEGIN D-----\nAw==");
        assert_eq!(blocks, [("A B".to_owned(), vec![1, 2])]);
    }
}
