//! Where an expression ends: brackets balanced by someone who knows what C# strings and comments look like.
//!
//! The reader sees the code as it stands, or through its XML references: `&quot;` is then the quote that it stands for. It does not
//! check the code. What cannot be C# is passed over, so that the C# parser gets all of it and can say what is wrong.

use super::decode::reference;

/// How the bytes of an expression are to be understood.
#[derive(Clone, Copy)]
pub(super) enum Reading {
    /// As they stand: `&quot;` is six characters.
    Raw,
    /// As well-formed XML: references stand for their characters; a raw `<`, `&` or the value's own quote ends the reading.
    Escaped { delimiter: Option<u8> },
}

/// How far an expression reaches.
pub(super) struct Extent {
    /// Behind the closing bracket.
    pub(super) end: usize,
    /// Whether there is a reference in it; never so in a raw reading.
    pub(super) references: bool,
    /// Whether one of its strings goes over several lines, so that its indentation is content.
    pub(super) multiline_string: bool,
    /// Whether there is a `//` comment, so that its line's end is more than a blank.
    pub(super) line_comment: bool,
}

/// What the reader is inside of, innermost last: a bracket (by what closes it) or the text of an interpolated string.
type Frames = Vec<u8>;

const INTERPOLATED: u8 = b'"';
const INTERPOLATED_VERBATIM: u8 = b'@';

/// How many brackets may be passed over to find the partner of a closing one.
const NEAR: usize = 16;

/// The extent of the expression whose `@` stands at `start`, or how far the search went in vain.
pub(super) fn extent(bytes: &[u8], start: usize, reading: Reading) -> Result<Extent, usize> {
    let mut code = Code { bytes, at: start + 2, reading, references: false, multiline_string: false, line_comment: false };
    let mut frames: Frames = match bytes.get(start + 1) {
        Some(b'(') => vec![b')'],
        Some(b'{') => vec![b'}'],
        _ => return Err(start),
    };
    while let Some(frame) = frames.last().copied() {
        let Some(byte) = code.next() else { return Err(code.at) };
        if frame == INTERPOLATED || frame == INTERPOLATED_VERBATIM {
            code.interpolated(byte, frame == INTERPOLATED_VERBATIM, &mut frames);
        } else if !code.token(byte, &mut frames) {
            return Err(code.at);
        }
    }
    let Code { at: end, references, multiline_string, line_comment, .. } = code;
    Ok(Extent { end, references, multiline_string, line_comment })
}

/// A place in the code, read character by character; what is not ASCII counts as some letter.
#[derive(Clone, Copy)]
struct Code<'a> {
    bytes: &'a [u8],
    at: usize,
    reading: Reading,
    references: bool,
    multiline_string: bool,
    line_comment: bool,
}

impl Code<'_> {
    /// The character here and how many bytes it takes.
    fn peek(&self) -> Option<(u8, usize)> {
        let byte = *self.bytes.get(self.at)?;
        match self.reading {
            Reading::Raw => Some((byte, 1)),
            Reading::Escaped { delimiter } if byte == b'<' || delimiter == Some(byte) => None,
            Reading::Escaped { .. } if byte == b'&' => {
                let (char, length) = reference(self.bytes, self.at)?;
                Some((u8::try_from(char).unwrap_or(b'x'), length))
            }
            Reading::Escaped { .. } => Some((byte, 1)),
        }
    }

    fn next(&mut self) -> Option<u8> {
        let (byte, length) = self.peek()?;
        self.at += length;
        self.references |= length > 1;
        Some(byte)
    }

    fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek().is_some_and(|(byte, _)| byte == wanted);
        if found {
            self.next();
        }
        found
    }

    /// Takes all of `wanted`, or nothing.
    fn eat_all(&mut self, wanted: &[u8]) -> bool {
        let before = *self;
        let found = wanted.iter().all(|byte| self.eat(*byte));
        if !found {
            *self = before;
        }
        found
    }

    /// One step outside of strings. False where this is markup already: the expression's end must have been missed.
    fn token(&mut self, byte: u8, frames: &mut Frames) -> bool {
        match byte {
            b'"' => self.string(),
            b'@' if self.eat(b'"') => self.verbatim_string(),
            b'@' if self.eat_all(b"$\"") => frames.push(INTERPOLATED_VERBATIM),
            b'$' if self.eat(b'"') => frames.push(INTERPOLATED),
            b'$' if self.eat_all(b"@\"") => frames.push(INTERPOLATED_VERBATIM),
            b'\'' => self.character(),
            b'/' if self.eat(b'/') => {
                self.line_comment = true;
                while self.next().is_some_and(|byte| !is_line_end(byte)) {}
            }
            b'/' if self.eat(b'*') => while self.next().is_some_and(|byte| byte != b'*' || !self.eat(b'/')) {},
            b'(' => frames.push(b')'),
            b'{' => frames.push(b'}'),
            b'[' => frames.push(b']'),
            b')' | b'}' | b']' => close(byte, frames),
            // C# has no operator that begins with `/` behind `<`, nor one `/>`: these are `</when>` and `<when … />`.
            b'<' => return !(self.is_raw() && self.is_end_tag()),
            b'/' => return !(self.is_raw() && self.peek().is_some_and(|(byte, _)| byte == b'>')),
            _ => {}
        }
        true
    }

    fn is_raw(&self) -> bool {
        matches!(self.reading, Reading::Raw)
    }

    fn is_end_tag(&self) -> bool {
        matches!(self.bytes.get(self.at..), Some([b'/', letter, ..]) if letter.is_ascii_alphabetic())
    }

    /// `"…"`; one that is not closed ends with its line, as for the C# compiler (CS1010).
    fn string(&mut self) {
        while let Some(byte) = self.next() {
            match byte {
                b'"' => return,
                b'\\' => self.escape(),
                _ if is_line_end(byte) => {
                    self.multiline_string = true;
                    return;
                }
                _ => {}
            }
        }
    }

    /// The character behind a backslash.
    fn escape(&mut self) {
        if self.peek().is_some_and(|(byte, _)| !is_line_end(byte)) {
            self.next();
        }
    }

    /// `@"…"`, where `""` is a quote.
    fn verbatim_string(&mut self) {
        while let Some(byte) = self.next() {
            self.multiline_string |= is_line_end(byte);
            if byte == b'"' && !self.eat(b'"') {
                return;
            }
        }
    }

    /// `'c'`, or whatever stands between single quotes on one line: Azure-Samples/Apim-Samples has `ContainsKey('Retry-After')`.
    /// A quote that has no partner on its line is passed over.
    fn character(&mut self) {
        let mut ahead = *self;
        while let Some(byte) = ahead.next() {
            match byte {
                b'\'' => {
                    *self = ahead;
                    return;
                }
                b'\\' => ahead.escape(),
                _ if is_line_end(byte) => return,
                _ => {}
            }
        }
    }

    /// One step in the text of an interpolated string; `{` begins a hole, which is code again.
    fn interpolated(&mut self, byte: u8, verbatim: bool, frames: &mut Frames) {
        match byte {
            b'{' if !self.eat(b'{') => frames.push(b'}'),
            b'"' if !(verbatim && self.eat(b'"')) => {
                frames.pop();
            }
            b'\\' if !verbatim => self.escape(),
            _ if is_line_end(byte) => {
                self.multiline_string = true;
                if !verbatim {
                    frames.pop();
                }
            }
            _ => {}
        }
    }
}

/// Closes the innermost bracket of that kind and what was left open inside of it; a bracket that was never opened is passed over.
fn close(byte: u8, frames: &mut Frames) {
    let near = frames.iter().rev().take(NEAR).take_while(|frame| !matches!(**frame, INTERPOLATED | INTERPOLATED_VERBATIM));
    if let Some(depth) = near.into_iter().position(|frame| *frame == byte) {
        frames.truncate(frames.len().saturating_sub(depth + 1));
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
