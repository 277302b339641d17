//! From tokens to the tree: recursive descent, operators by precedence, recovery at the ends of statements.

mod creations;
mod declarations;
mod expressions;
mod invocations;
mod lambdas;
mod literals;
mod operators;
mod patterns;
mod primary;
mod queries;
mod scan;
mod statements;
mod switches;
mod types;

use super::{
    code::Code,
    fault::Fault,
    lexer::{Lexed, lex, unicode_escape},
    token::{Token, TokenKind},
    tree::{Block, Expression, ExpressionKind, Identifier},
};
use crate::{diagnostic::Diagnostic, source::Span, text::Text};

/// How deep expressions, statements and types may nest.
const MAX_DEPTH: u32 = 200;

/// How long a chain of operators, members or calls may be: such a chain is a tree that leans to the left, one level a link.
const MAX_CHAIN: u32 = 4096;

/// Parses the text between `@(` and `)`: one expression.
pub fn parse_expression(code: &Code) -> Result<Expression, Vec<Diagnostic>> {
    let mut parser = Parser::new(code, TokenKind::CloseParen);
    let expression = parser.expression().map(|expression| *expression);
    if expression.is_ok() && !parser.at_end() {
        let _ = parser.missing(TokenKind::CloseParen);
    }
    parser.finish(expression)
}

/// Parses the text between `@{` and `}`: a method body.
///
/// Several errors are reported at once, at most one for each statement.
pub fn parse_block(code: &Code) -> Result<Block, Vec<Diagnostic>> {
    let mut parser = Parser::new(code, TokenKind::CloseBrace);
    let block = parser.body();
    parser.finish(block)
}

/// The error of a production that could not go on: what is wrong is already reported.
#[derive(Debug)]
struct Failed;

type Parse<T> = Result<T, Failed>;

/// An expression on its way to its parent. In boxes, because the parser's frames would be large with whole expressions in them, and
/// frames times [`MAX_DEPTH`] is the stack that code can make us use.
type Node = Box<Expression>;

struct Parser<'a> {
    code: &'a Code,
    text: &'a str,
    tokens: Vec<Token>,
    /// The index of the current token; the last token is [`TokenKind::End`] and is never passed.
    at: usize,
    /// What the bracket behind the code is, for messages.
    closer: TokenKind,
    lexical: Vec<Fault>,
    faults: Vec<Fault>,
    /// How many faults there were, and where we stood, when the current statement began.
    statement: Mark,
    depth: u32,
    /// How many links of chains lie between the root and what is being parsed.
    links: u32,
    too_deep: bool,
    /// Inside a query its contextual keywords are keywords.
    in_query: bool,
    /// Before the colon of a `case`, `when` is a keyword.
    in_case: bool,
    /// The next expression is an element of a tuple, where a declaration may stand.
    in_tuple: bool,
}

#[derive(Clone, Copy)]
struct Mark {
    faults: usize,
    start: u32,
}

impl<'a> Parser<'a> {
    fn new(code: &'a Code, closer: TokenKind) -> Self {
        let text = code.text();
        let Lexed { tokens, mut faults } = lex(text);
        faults.sort_by_key(|fault| fault.span.start);
        Self {
            code,
            text,
            tokens,
            at: 0,
            closer,
            lexical: faults,
            faults: Vec::new(),
            statement: Mark { faults: 0, start: 0 },
            depth: 0,
            links: 0,
            too_deep: false,
            in_query: false,
            in_case: false,
            in_tuple: false,
        }
    }

    fn finish<T>(self, tree: Parse<T>) -> Result<T, Vec<Diagnostic>> {
        match tree {
            Ok(tree) if self.lexical.is_empty() && self.faults.is_empty() => Ok(tree),
            _ => {
                let mut faults = self.lexical;
                faults.extend(self.faults);
                faults.sort_by_key(|fault| fault.span.start);
                Err(faults.into_iter().map(|fault| fault.into_diagnostic(self.code)).collect())
            }
        }
    }

    // Tokens.

    fn token_at(&self, index: usize) -> Token {
        let end = Token { kind: TokenKind::End, span: Span::at(self.text.len()), partner: Token::ALONE };
        self.tokens.get(index).copied().unwrap_or(end)
    }

    fn kind_at(&self, index: usize) -> TokenKind {
        self.tokens.get(index).map_or(TokenKind::End, |token| token.kind)
    }

    fn token(&self) -> Token {
        self.token_at(self.at)
    }

    fn kind(&self) -> TokenKind {
        self.kind_at(self.at)
    }

    fn peek(&self, ahead: usize) -> TokenKind {
        self.kind_at(self.at + ahead)
    }

    fn at_end(&self) -> bool {
        self.kind() == TokenKind::End
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn text_at(&self, index: usize) -> &'a str {
        self.slice(self.token_at(index).span)
    }

    /// Where the token before the current one ends.
    fn previous_end(&self) -> u32 {
        self.at.checked_sub(1).map_or(0, |previous| self.token_at(previous).span.end)
    }

    /// From `start` to the end of the token before the current one.
    fn since(&self, start: Span) -> Span {
        Span { start: start.start, end: self.previous_end().max(start.start) }
    }

    fn bump(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == kind;
        if found {
            self.bump();
        }
        found
    }

    fn expect(&mut self, kind: TokenKind) -> Parse<Token> {
        if self.kind() == kind { Ok(self.bump()) } else { Err(self.missing(kind)) }
    }

    /// Whether the token at `index` is this contextual keyword; `@word` is not.
    fn word_at(&self, index: usize, word: &str) -> bool {
        self.kind_at(index) == TokenKind::Identifier && self.text_at(index) == word
    }

    fn word(&self, word: &str) -> bool {
        self.word_at(self.at, word)
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.word(word);
        if found {
            self.bump();
        }
        found
    }

    /// Whether the token at `index` can be a name here.
    fn identifier_at(&self, index: usize) -> bool {
        self.member_at(index) && !(self.in_case && self.text_at(index) == "when")
    }

    /// Whether the token at `index`, behind a dot, can be a name.
    fn member_at(&self, index: usize) -> bool {
        self.kind_at(index) == TokenKind::Identifier && !(self.in_query && is_query_keyword(self.text_at(index)))
    }

    fn identifier(&mut self) -> Parse<Identifier> {
        if self.identifier_at(self.at) { self.member_identifier() } else { Err(self.missing_identifier()) }
    }

    /// A name behind a dot.
    fn member_identifier(&mut self) -> Parse<Identifier> {
        if !self.member_at(self.at) {
            return Err(self.missing_identifier());
        }
        let span = self.bump().span;
        Ok(Identifier { name: name_of(self.slice(span)), span })
    }

    /// Whether a line ends between the token before the current one and the current one.
    fn on_new_line(&self) -> bool {
        let between = Span { start: self.previous_end(), end: self.token().span.start };
        self.slice(between).contains(['\n', '\r'])
    }

    // Faults.

    /// Reports, unless the statement already has an error: one is enough, what follows may come from it.
    fn report(&mut self, fault: Fault) -> Failed {
        let end = self.token().span.end;
        let start = self.statement.start;
        let next = self.lexical.partition_point(|fault| fault.span.start < start);
        let lexical = self.lexical.get(next).is_some_and(|fault| fault.span.start <= end);
        if !self.too_deep && !lexical && self.faults.len() <= self.statement.faults {
            self.faults.push(fault);
        }
        Failed
    }

    /// Reports at the current token.
    fn fail(&mut self, code: &'static str, message: impl Into<String>) -> Failed {
        let span = self.token().span;
        self.report(Fault::new(code, span, message))
    }

    /// Reports what a later version of C# brought.
    fn not_available(&mut self, feature: &str, version: &str, span: Span) -> Failed {
        self.report(Fault::not_available(feature, version, span))
    }

    /// Where something is missing: behind the last token if the line ends there, else at the current one.
    fn missing_span(&self) -> Span {
        if self.on_new_line() { Span::at(self.previous_end() as usize) } else { self.token().span }
    }

    fn missing(&mut self, kind: TokenKind) -> Failed {
        let span = self.missing_span();
        let (code, message) = match kind {
            TokenKind::Semicolon => ("CS1002", "; expected".into()),
            TokenKind::CloseParen => ("CS1026", ") expected".into()),
            TokenKind::CloseBrace => ("CS1513", "} expected".into()),
            TokenKind::OpenBrace => ("CS1514", "{ expected".into()),
            TokenKind::KeywordIn => ("CS1515", "'in' expected".into()),
            _ => ("CS1003", format!("Syntax error, '{}' expected", kind.text())),
        };
        self.report(Fault::new(code, span, message))
    }

    fn missing_word(&mut self, word: &str) -> Failed {
        let span = self.missing_span();
        self.report(Fault::new("CS1003", span, format!("Syntax error, '{word}' expected")))
    }

    fn missing_identifier(&mut self) -> Failed {
        let token = self.token();
        if token.kind.is_keyword() {
            let message = format!("Identifier expected; '{}' is a keyword", token.kind.text());
            return self.report(Fault::new("CS1041", token.span, message));
        }
        let span = self.missing_span();
        self.report(Fault::new("CS1001", span, "Identifier expected"))
    }

    fn missing_type(&mut self) -> Failed {
        let span = self.missing_span();
        self.report(Fault::new("CS1031", span, "Type expected"))
    }

    fn invalid_term(&mut self) -> Failed {
        let token = self.token();
        let text = if token.kind == TokenKind::End { self.closer.text() } else { self.slice(token.span) };
        self.report(Fault::new("CS1525", token.span, format!("Invalid expression term '{text}'")))
    }

    // Nodes.

    /// An expression from `start` to the token before the current one.
    fn node(&self, kind: ExpressionKind, start: Span) -> Parse<Node> {
        Ok(Box::new(Expression { kind, span: self.since(start) }))
    }

    /// An expression that begins at the current token and is what `parse` finds.
    fn parsed(&mut self, parse: impl FnOnce(&mut Self) -> Parse<ExpressionKind>) -> Parse<Node> {
        let start = self.token().span;
        let kind = parse(self)?;
        self.node(kind, start)
    }

    // Limits.

    /// Parses one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        let depth = self.depth;
        self.deeper()?;
        let parsed = parse(self);
        self.depth = depth;
        parsed
    }

    fn deeper(&mut self) -> Parse<()> {
        if self.depth >= MAX_DEPTH {
            return Err(self.give_up());
        }
        self.depth += 1;
        Ok(())
    }

    /// Adds a link to the chain that is being built.
    fn link(&mut self) -> Parse<()> {
        self.links += 1;
        if self.links >= MAX_CHAIN { Err(self.give_up()) } else { Ok(()) }
    }

    /// Parses something beside what was parsed since `links` was `base`: the longer of the two counts, not the sum.
    fn beside<T>(&mut self, base: u32, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        let before = std::mem::replace(&mut self.links, base);
        let parsed = parse(self);
        self.links = self.links.max(before);
        parsed
    }

    /// The code nests too deep to go on: nothing of what follows is looked at.
    fn give_up(&mut self) -> Failed {
        if !self.too_deep {
            let span = self.token().span;
            let fault = Fault::new("csharp/too-deep", span, "the code is nested too deep, or a chain of operators is too long");
            self.faults.push(fault.help("split it with local variables"));
            self.too_deep = true;
        }
        self.at = self.tokens.len().saturating_sub(1);
        Failed
    }
}

/// The name that an identifier's text stands for.
fn name_of(text: &str) -> Text {
    let text = text.strip_prefix('@').unwrap_or(text);
    if !text.contains('\\') {
        return Text::Shared(text.into());
    }
    let mut name = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (letter, length) = unicode_escape(rest).unwrap_or((first, first.len_utf8()));
        name.push(letter);
        rest = rest.get(length..).unwrap_or("");
    }
    Text::from(name)
}

/// The words that are keywords anywhere inside of a query.
pub(super) fn is_query_keyword(text: &str) -> bool {
    matches!(
        text,
        "from" | "where" | "select" | "group" | "into" | "orderby" | "join" | "let" | "on" | "equals" | "by" | "ascending" | "descending"
    )
}
