//! From text to tokens, in one pass and without a copy of any text.
//!
//! Interpolated strings become a run of tokens: start, text, hole, tokens of the expression, format, hole's end, end. What stands in
//! quotes is decoded by the parser (`parser/literals.rs`); here it only ends in the right place.

mod interpolation;
mod literals;

use super::{
    fault::Fault,
    token::{Token, TokenKind},
};
use crate::source::Span;

/// The tokens of a code, the last of them [`TokenKind::End`], and what was wrong.
pub(super) struct Lexed {
    pub tokens: Vec<Token>,
    pub faults: Vec<Fault>,
}

/// Splits code into tokens.
pub(super) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        at: 0,
        tokens: Vec::with_capacity(text.len() / 3 + 4),
        faults: Vec::new(),
        open: Vec::new(),
        holes: Vec::new(),
    };
    while lexer.next_token() {}
    Lexed { tokens: lexer.tokens, faults: lexer.faults }
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
    faults: Vec<Fault>,
    /// Indices of the brackets that wait for their partner.
    open: Vec<u32>,
    /// The holes of interpolated strings that `at` is in, outermost first.
    holes: Vec<Hole>,
}

/// An open hole of an interpolated string.
struct Hole {
    verbatim: bool,
    /// Where its `{` stands.
    start: usize,
    /// How many brackets were open before it: with as many again, a `}` or a `:` is the hole's own.
    outside: usize,
    newline: bool,
}

/// How far back a closing bracket looks for its partner past brackets that were left open.
const MISMATCH_REACH: usize = 16;

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The character at `at`, which is a character boundary.
    fn character(&self) -> Option<char> {
        self.text.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        self.tokens.push(Token { kind, span: Span::new(start, self.at), partner: Token::ALONE });
    }

    fn fault(&mut self, code: &'static str, start: usize, message: impl Into<String>) {
        self.faults.push(Fault::new(code, Span::new(start, self.at), message));
    }

    /// Takes `length` bytes of ASCII as a token.
    fn punctuation(&mut self, kind: TokenKind, length: usize) {
        let start = self.at;
        self.at += length;
        self.push(kind, start);
    }

    /// Adds one token or more; false after the last.
    fn next_token(&mut self) -> bool {
        self.trivia();
        let start = self.at;
        let Some(&first) = self.bytes.get(start) else {
            self.end();
            return false;
        };
        match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'\\' | 0x80.. => self.word(start),
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_ascii_digit() => self.number(),
            b'"' => self.string(),
            b'\'' => self.character_literal(),
            b'@' => self.at_sign(),
            b'$' => self.dollar(),
            b'(' | b'[' | b'{' => self.opening(first),
            b')' | b']' | b'}' => self.closing(first),
            b':' if self.at_hole_level() => self.format(),
            _ => self.operator(first),
        }
        true
    }

    /// Blanks and comments.
    fn trivia(&mut self) {
        loop {
            match self.peek(0) {
                b'\n' | b'\r' => {
                    self.newline_in_hole();
                    self.at += 1;
                }
                b' ' | b'\t' | 0x0B | 0x0C => self.at += 1,
                b'/' if self.peek(1) == b'/' => self.line_comment(),
                b'/' if self.peek(1) == b'*' => self.block_comment(),
                0x80.. => match self.character() {
                    Some(blank) if blank.is_whitespace() || blank == '\u{FEFF}' => self.at += blank.len_utf8(),
                    _ => return,
                },
                _ => return,
            }
        }
    }

    fn line_comment(&mut self) {
        let start = self.at;
        self.skip_line();
        if let Some(hole) = self.holes.last_mut() {
            // The end of the line is then no second fault.
            hole.newline = true;
            self.fault("CS8077", start, "A single-line comment may not be used in an interpolated string.");
        }
    }

    fn block_comment(&mut self) {
        let start = self.at;
        match self.text.get(start + 2..).and_then(|rest| rest.find("*/")) {
            Some(length) => self.at = start + 2 + length + 2,
            None => {
                self.at = self.bytes.len();
                self.faults.push(Fault::new("CS1035", Span::new(start, start + 2), "End-of-file found, '*/' expected"));
            }
        }
    }

    /// Goes to the end of the line.
    fn skip_line(&mut self) {
        while !matches!(self.peek(0), b'\n' | b'\r') && self.at < self.bytes.len() {
            self.at += 1;
        }
    }

    /// Before C# 11 the holes of `$"…"` stay on their line.
    fn newline_in_hole(&mut self) {
        let Some(hole) = self.holes.last_mut() else { return };
        if !hole.verbatim && !hole.newline {
            hole.newline = true;
            let message = "Newlines inside a non-verbatim interpolated string are not supported in C# 7.3. Please use language version 11.0 or greater.";
            self.faults.push(Fault::new("CS8967", Span::new(hole.start, self.at), message).help("begin the string with `$@\"`"));
        }
    }

    fn end(&mut self) {
        if let Some(hole) = self.holes.first() {
            // Whatever went wrong inside, an unterminated string above all, comes from the hole that never ends.
            let start = Span::at(hole.start).start;
            self.faults.retain(|fault| fault.span.start < start);
            let message = "Missing close delimiter '}' for interpolated expression started with '{'.";
            self.faults.push(Fault::new("CS8076", Span::new(hole.start, hole.start + 1), message));
        }
        self.push(TokenKind::End, self.at);
    }

    /// An identifier or a keyword whose first letter may be at `self.at`; `start` is before a leading `@`.
    fn word(&mut self, start: usize) {
        let name = self.at;
        while let Some(length) = self.name_part(name) {
            self.at += length;
        }
        if self.at == name {
            self.unexpected();
            return;
        }
        let keyword = if start == name { self.text.get(start..self.at).and_then(TokenKind::keyword) } else { None };
        self.push(keyword.unwrap_or(TokenKind::Identifier), start);
    }

    /// The length of the part of a name at `at`, where the name begins at `start`.
    fn name_part(&self, start: usize) -> Option<usize> {
        match self.peek(0) {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Some(1),
            b'0'..=b'9' if self.at > start => Some(1),
            b'\\' => {
                let (letter, length) = unicode_escape(self.text.get(self.at..)?)?;
                (letter.is_alphabetic() || letter == '_' || self.at > start && letter.is_alphanumeric()).then_some(length)
            }
            0x80.. => {
                let letter = self.character()?;
                let part = letter.is_alphabetic() || self.at > start && (letter.is_alphanumeric() || is_combining(letter));
                part.then(|| letter.len_utf8())
            }
            _ => None,
        }
    }

    /// A character that begins no token: reported and passed over.
    fn unexpected(&mut self) {
        let start = self.at;
        let Some(character) = self.character() else {
            self.at += 1;
            return;
        };
        self.at += character.len_utf8();
        let fault = Fault::new("CS1056", Span::new(start, self.at), format!("Unexpected character '{character}'"));
        self.faults.push(match character {
            '“' | '”' | '„' | '‘' | '’' | '«' | '»' => fault.help("use straight quotes: `\"`"),
            _ => fault,
        });
    }

    fn opening(&mut self, bracket: u8) {
        self.open.push(Span::at(self.tokens.len()).start);
        let kind = match bracket {
            b'(' => TokenKind::OpenParen,
            b'[' => TokenKind::OpenBracket,
            _ => TokenKind::OpenBrace,
        };
        self.punctuation(kind, 1);
    }

    fn closing(&mut self, bracket: u8) {
        let outside = self.holes.last().map_or(0, |hole| hole.outside);
        let inside = self.open.get(outside..).unwrap_or_default().iter().rev().take(MISMATCH_REACH);
        let braces = inside.filter_map(|open| self.tokens.get(*open as usize)).any(|token| token.kind == TokenKind::OpenBrace);
        if bracket == b'}'
            && !braces
            && let Some(hole) = self.holes.pop()
        {
            // The hole ends here even where one of its parentheses was left open.
            self.open.truncate(outside);
            self.punctuation(TokenKind::HoleClose, 1);
            return self.interpolated_text(hole.verbatim);
        }
        let (opening, kind) = match bracket {
            b')' => (TokenKind::OpenParen, TokenKind::CloseParen),
            b']' => (TokenKind::OpenBracket, TokenKind::CloseBracket),
            _ => (TokenKind::OpenBrace, TokenKind::CloseBrace),
        };
        let closer = Span::at(self.tokens.len()).start;
        self.punctuation(kind, 1);
        let candidates = self.open.get(outside..).unwrap_or_default().iter().rev().take(MISMATCH_REACH);
        let matching = candidates.enumerate().find(|(_, open)| self.tokens.get(**open as usize).is_some_and(|token| token.kind == opening));
        if let Some((left_open, &opener)) = matching {
            self.open.truncate(self.open.len() - left_open - 1);
            if let Some(token) = self.tokens.get_mut(opener as usize) {
                token.partner = closer;
            }
            if let Some(token) = self.tokens.last_mut() {
                token.partner = opener;
            }
        }
    }

    fn operator(&mut self, first: u8) {
        use TokenKind::*;
        let (second, third) = (self.peek(1), self.peek(2));
        let (kind, length) = match (first, second, third) {
            (b',', ..) => (Comma, 1),
            (b';', ..) => (Semicolon, 1),
            (b':', b':', _) => (ColonColon, 2),
            (b':', ..) => (Colon, 1),
            (b'.', b'.', _) => (DotDot, 2),
            (b'.', ..) => (Dot, 1),
            (b'?', b'?', b'=') => (QuestionQuestionEqual, 3),
            (b'?', b'?', _) => (QuestionQuestion, 2),
            (b'?', ..) => (Question, 1),
            (b'=', b'>', _) => (Arrow, 2),
            (b'=', b'=', _) => (EqualEqual, 2),
            (b'=', ..) => (Equal, 1),
            (b'!', b'=', _) => (BangEqual, 2),
            (b'!', ..) => (Bang, 1),
            (b'+', b'+', _) => (PlusPlus, 2),
            (b'+', b'=', _) => (PlusEqual, 2),
            (b'+', ..) => (Plus, 1),
            (b'-', b'-', _) => (MinusMinus, 2),
            (b'-', b'=', _) => (MinusEqual, 2),
            (b'-', b'>', _) => (PointerArrow, 2),
            (b'-', ..) => (Minus, 1),
            (b'*', b'=', _) => (StarEqual, 2),
            (b'*', ..) => (Star, 1),
            (b'/', b'=', _) => (SlashEqual, 2),
            (b'/', ..) => (Slash, 1),
            (b'%', b'=', _) => (PercentEqual, 2),
            (b'%', ..) => (Percent, 1),
            (b'&', b'&', _) => (AmpersandAmpersand, 2),
            (b'&', b'=', _) => (AmpersandEqual, 2),
            (b'&', ..) => (Ampersand, 1),
            (b'|', b'|', _) => (BarBar, 2),
            (b'|', b'=', _) => (BarEqual, 2),
            (b'|', ..) => (Bar, 1),
            (b'^', b'=', _) => (CaretEqual, 2),
            (b'^', ..) => (Caret, 1),
            (b'~', ..) => (Tilde, 1),
            (b'<', b'<', b'=') => (LessLessEqual, 3),
            (b'<', b'<', _) => (LessLess, 2),
            (b'<', b'=', _) => (LessEqual, 2),
            (b'<', ..) => (Less, 1),
            // `>>` stays two tokens, because it may close two lists of type arguments.
            (b'>', b'=', _) => (GreaterEqual, 2),
            (b'>', ..) => (Greater, 1),
            (b'#', ..) => return self.directive(),
            _ => return self.unexpected(),
        };
        self.punctuation(kind, length);
    }

    /// `#if` and the like.
    fn directive(&mut self) {
        let start = self.at;
        self.at += 1;
        if self.peek(0).is_ascii_alphabetic() {
            self.skip_line();
            self.fault("csharp/directive", start, "preprocessor directives cannot be used in policy expressions");
        } else {
            self.fault("CS1024", start, "Preprocessor directive expected");
        }
    }
}

/// The character that `\u0041` or `\U00000041` at the start of `text` stands for, and the escape's length.
pub(super) fn unicode_escape(text: &str) -> Option<(char, usize)> {
    let length = match text.as_bytes() {
        [b'\\', b'u', ..] => 6,
        [b'\\', b'U', ..] => 10,
        _ => return None,
    };
    let digits = text.get(2..length).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, length))
}

/// Marks that continue a letter: the common blocks of combining characters, and the joiners.
fn is_combining(mark: char) -> bool {
    matches!(mark, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}' | '\u{200C}' | '\u{200D}' | '\u{203F}' | '\u{2040}')
}
