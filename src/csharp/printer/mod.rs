//! From the tree back to text: canonical spacing, the parentheses that the tree has, and those that its meaning needs.

mod expressions;
mod literals;
mod queries;
mod statements;
mod types;

use super::{
    code::Code,
    lexer::lex,
    token::TokenKind,
    tree::{Block, Expression, Identifier, Statement, Type},
};

/// The text of an expression.
pub fn print_expression(expression: &Expression) -> String {
    Printer::default().print_expression(expression)
}

/// The text of a method body: its statements, one a line, without braces around them.
pub fn print_block(block: &Block) -> String {
    Printer::default().print_block(block)
}

/// The text of a statement.
pub fn print_statement(statement: &Statement) -> String {
    let mut printer = Printer::default();
    printer.statement(statement);
    printer.out
}

/// The text of a type.
pub fn print_type(ty: &Type) -> String {
    let mut printer = Printer::default();
    printer.ty(ty);
    printer.out
}

/// Writes trees as text.
#[derive(Clone, Debug, Default)]
pub struct Printer<'a> {
    out: String,
    indent: usize,
    /// Line ends become blanks: inside of the holes of interpolated strings, and on demand.
    flat: bool,
    /// Where literals and names are copied from.
    code: Option<&'a Code>,
    /// Every operand is put in parentheses, and those of the tree are left out: how operators group becomes visible.
    explicit: bool,
    in_query: bool,
}

impl<'a> Printer<'a> {
    /// Copies literals and names from the code that the tree was parsed from: `0xFF` and `@"\d"` stay as they are written.
    pub fn as_written(self, code: &'a Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Writes everything on one line.
    pub fn flat(self) -> Self {
        Self { flat: true, ..self }
    }

    /// Begins at this level of indentation, four blanks each; the first line is not indented.
    pub fn indented(self, levels: usize) -> Self {
        Self { indent: levels, ..self }
    }

    /// Shows how operators group.
    #[cfg(test)]
    pub(super) fn explicit() -> Self {
        Self { explicit: true, flat: true, ..Self::default() }
    }

    /// The text of an expression.
    pub fn print_expression(mut self, expression: &Expression) -> String {
        self.expression(expression);
        self.out
    }

    /// The text of a method body: its statements, one a line, without braces around them.
    pub fn print_block(mut self, block: &Block) -> String {
        self.statements(&block.statements);
        self.out
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn newline(&mut self) {
        if self.flat {
            self.push(" ");
        } else {
            self.push("\n");
            self.out.extend(std::iter::repeat_n("    ", self.indent));
        }
    }

    /// Elements with commas between.
    fn list<T>(&mut self, elements: &[T], mut print: impl FnMut(&mut Self, &T)) {
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            print(self, element);
        }
    }

    /// What the code has at a span, if there is a code to copy from.
    fn written(&self, span: crate::source::Span) -> Option<&'a str> {
        self.code.map(|code| code.slice(span)).filter(|text| !text.is_empty())
    }

    /// A name where nothing but a name can stand: `@` in front of reserved words alone.
    fn identifier(&mut self, identifier: &Identifier) {
        self.word(identifier, false);
    }

    /// A name where a contextual keyword could stand as well.
    fn mistakable_name(&mut self, identifier: &Identifier) {
        self.word(identifier, is_contextual_keyword(&identifier.name));
    }

    fn word(&mut self, identifier: &Identifier, mistakable: bool) {
        if let Some(written) = self.written(identifier.span) {
            return self.push(written);
        }
        let query = self.in_query && super::parser::is_query_keyword(&identifier.name);
        if mistakable || query || TokenKind::keyword(&identifier.name).is_some() {
            self.push("@");
        }
        self.push(&identifier.name);
    }
}

/// Words that the parser could take for more than a name.
fn is_contextual_keyword(name: &str) -> bool {
    matches!(
        name,
        "and"
            | "async"
            | "await"
            | "dynamic"
            | "from"
            | "nameof"
            | "nint"
            | "not"
            | "nuint"
            | "or"
            | "record"
            | "var"
            | "when"
            | "with"
            | "yield"
    )
}

/// Whether a colon stands outside of all brackets: in a hole it would begin the format.
fn has_bare_colon(text: &str) -> bool {
    let mut depth = 0usize;
    lex(text).tokens.iter().any(|token| {
        use TokenKind::*;
        match token.kind {
            OpenParen | OpenBracket | OpenBrace | HoleOpen => depth += 1,
            CloseParen | CloseBracket | CloseBrace | HoleClose => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(token.kind, Colon | ColonColon)
    })
}
