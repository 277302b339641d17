//! Statements, and how the parser goes on after one that is wrong.

use super::{
    super::{
        fault::Fault,
        token::TokenKind,
        tree::{
            Block, Catch, Expression, ExpressionKind, ForEachVariable, ForInitializer, Statement, StatementKind, UnaryOperator,
            UsingResource,
        },
    },
    Failed, Mark, Node, Parse, Parser,
};
use crate::source::Span;

impl Parser<'_> {
    /// The whole code as a method body.
    pub(super) fn body(&mut self) -> Parse<Block> {
        let mut statements = Vec::new();
        loop {
            statements.extend(self.statements(|_| false));
            if self.at_end() {
                return Ok(Block { statements, span: Span::new(0, self.text.len()) });
            }
            // A brace that closes nothing.
            self.statement = Mark { faults: self.faults.len(), start: self.token().span.start };
            self.fail("CS1022", "Type or namespace definition, or end-of-file expected");
            self.bump();
        }
    }

    /// `{ … }`
    pub(super) fn block(&mut self) -> Parse<Block> {
        let start = self.expect(TokenKind::OpenBrace)?.span;
        let statements = self.statements(|_| false);
        self.expect(TokenKind::CloseBrace)?;
        Ok(Block { statements, span: self.since(start) })
    }

    /// Statements up to a closing brace, the end, or where `stops` says so. What is wrong with one of them is reported and passed over.
    pub(super) fn statements(&mut self, stops: impl Fn(&Self) -> bool) -> Vec<Statement> {
        let base = self.links;
        let mut statements = Vec::new();
        while !matches!(self.kind(), TokenKind::CloseBrace | TokenKind::End) && !stops(self) {
            let start = self.at;
            let mark = Mark { faults: self.faults.len(), start: self.token().span.start };
            let outer = std::mem::replace(&mut self.statement, mark);
            let context = (self.in_query, self.in_case, self.in_tuple);
            match self.beside(base, Self::statement) {
                Ok(statement) => statements.push(statement),
                Err(Failed) => {
                    (self.in_query, self.in_case, self.in_tuple) = context;
                    self.recover(start);
                }
            }
            self.statement = outer;
        }
        statements
    }

    /// Goes to where the next statement may begin: behind a semicolon or a block, at a closing brace or a keyword that begins a statement.
    fn recover(&mut self, start: usize) {
        if self.at == start {
            self.step_over();
        }
        loop {
            match self.kind() {
                TokenKind::End | TokenKind::CloseBrace => return,
                TokenKind::Semicolon => {
                    self.bump();
                    return;
                }
                TokenKind::OpenBrace => {
                    self.step_over();
                    // Braces in the middle of an expression are not the statement's end.
                    let goes_on = matches!(
                        self.kind(),
                        TokenKind::Semicolon | TokenKind::Comma | TokenKind::Dot | TokenKind::CloseParen | TokenKind::CloseBracket
                    );
                    if !goes_on {
                        return;
                    }
                }
                kind if begins_statement(kind) && self.after_statement() => return,
                _ => {
                    self.bump();
                }
            }
        }
    }

    /// Whether the current token stands where a statement may have ended, however broken.
    fn after_statement(&self) -> bool {
        let previous = self.at.checked_sub(1).map_or(TokenKind::End, |previous| self.kind_at(previous));
        self.on_new_line() || matches!(previous, TokenKind::Semicolon | TokenKind::CloseBrace | TokenKind::CloseParen)
    }

    /// Goes behind the current token, or behind the brace that closes it.
    pub(super) fn step_over(&mut self) {
        let token = self.bump();
        if token.kind == TokenKind::OpenBrace {
            self.at = match self.kind_at(token.partner as usize) {
                TokenKind::CloseBrace => token.partner as usize + 1,
                _ => self.tokens.len().saturating_sub(1),
            };
        }
    }

    pub(super) fn statement(&mut self) -> Parse<Statement> {
        self.nested(|parser| {
            let start = parser.token().span;
            let kind = parser.statement_kind()?;
            Ok(Statement { kind, span: parser.since(start) })
        })
    }

    fn statement_kind(&mut self) -> Parse<StatementKind> {
        use TokenKind::*;
        match self.kind() {
            OpenBrace => Ok(StatementKind::Block(self.block()?)),
            Semicolon => {
                self.bump();
                Ok(StatementKind::Empty)
            }
            KeywordIf => self.if_statement(),
            KeywordWhile => self.while_statement(),
            KeywordDo => self.do_statement(),
            KeywordFor => self.for_statement(),
            KeywordForEach => self.for_each_statement(),
            KeywordSwitch => self.switch_statement(),
            KeywordBreak => self.plain(StatementKind::Break),
            KeywordContinue => self.plain(StatementKind::Continue),
            KeywordGoto => self.goto_statement(),
            KeywordReturn => self.return_statement(),
            KeywordThrow => self.throw_statement(),
            KeywordTry => self.try_statement(),
            KeywordUsing => self.using_statement(),
            KeywordLock => self.lock_statement(),
            KeywordChecked if self.peek(1) == OpenBrace => {
                self.bump();
                Ok(StatementKind::Checked(self.block()?))
            }
            KeywordUnchecked if self.peek(1) == OpenBrace => {
                self.bump();
                Ok(StatementKind::Unchecked(self.block()?))
            }
            KeywordUnsafe | KeywordFixed => Err(self.fail("CS0227", "Unsafe code may only appear if compiling with /unsafe")),
            KeywordElse => Err(self.fail("CS8641", "'else' cannot start a statement.")),
            KeywordCatch | KeywordFinally => Err(self.missing(KeywordTry)),
            KeywordCase => Err(self.fail("CS1513", "} expected")),
            KeywordClass | KeywordStruct | KeywordInterface | KeywordEnum | KeywordNamespace => {
                let span = self.token().span;
                Err(self.report(Fault::new("CS1513", span, "} expected").help("types cannot be declared in a policy expression")))
            }
            KeywordConst | KeywordRef | KeywordVoid | KeywordStatic => self.declaration_statement(),
            Identifier if self.identifier_at(self.at) => self.statement_from_name(),
            _ if self.begins_declaration() || self.begins_misnamed_declaration() => self.declaration_statement(),
            _ => self.expression_statement(),
        }
    }

    /// What begins with a name: labels, `yield`, declarations, expressions.
    fn statement_from_name(&mut self) -> Parse<StatementKind> {
        if self.peek(1) == TokenKind::Colon {
            let label = self.identifier()?;
            self.bump();
            return Ok(StatementKind::Labeled { label, statement: Box::new(self.statement()?) });
        }
        if self.word("yield") && matches!(self.peek(1), TokenKind::KeywordReturn | TokenKind::KeywordBreak) {
            return self.yield_statement();
        }
        if self.word("await") && matches!(self.peek(1), TokenKind::KeywordForEach | TokenKind::KeywordUsing) {
            let span = self.token().span;
            let feature = if self.peek(1) == TokenKind::KeywordForEach { "async streams" } else { "asynchronous using" };
            return Err(self.not_available(feature, "8.0", span));
        }
        if self.begins_declaration() { self.declaration_statement() } else { self.expression_statement() }
    }

    fn plain(&mut self, kind: StatementKind) -> Parse<StatementKind> {
        self.bump();
        self.semicolon()?;
        Ok(kind)
    }

    /// The semicolon of a statement. Where it is missing at the end of a line, the next line is taken for the next statement.
    pub(super) fn semicolon(&mut self) -> Parse<()> {
        if self.eat(TokenKind::Semicolon) {
            return Ok(());
        }
        let goes_on = self.on_new_line() || matches!(self.kind(), TokenKind::CloseBrace | TokenKind::End) || begins_statement(self.kind());
        let failed = self.missing(TokenKind::Semicolon);
        if goes_on { Ok(()) } else { Err(failed) }
    }

    fn expression_statement(&mut self) -> Parse<StatementKind> {
        let expression = self.statement_expression()?;
        self.semicolon()?;
        Ok(StatementKind::Expression(*expression))
    }

    /// An expression that does something.
    fn statement_expression(&mut self) -> Parse<Node> {
        let start = self.token().span;
        let expression =
            if self.begins_var_tuple(self.at) && self.kind_at(self.token_at(self.at + 1).partner as usize + 1) == TokenKind::Equal {
                let target = self.declaration_expression()?;
                self.bump();
                let value = self.expression()?;
                self.node(ExpressionKind::Assignment { target, operator: None, value }, start)?
            } else {
                self.expression()?
            };
        if !does_something(&expression) && !matches!(self.kind(), TokenKind::HoleClose) {
            // Where the statement does not end, that is what is wrong.
            if !matches!(
                self.kind(),
                TokenKind::Semicolon | TokenKind::Comma | TokenKind::CloseParen | TokenKind::CloseBrace | TokenKind::End
            ) && !self.on_new_line()
            {
                return Err(self.missing(TokenKind::Semicolon));
            }
            let message = "Only assignment, call, increment, decrement, await, and new object expressions can be used as a statement";
            self.report(Fault::new("CS0201", expression.span, message));
        }
        Ok(expression)
    }

    /// `(a)` behind a keyword.
    fn condition(&mut self) -> Parse<Expression> {
        self.expect(TokenKind::OpenParen)?;
        let condition = self.value()?;
        self.expect(TokenKind::CloseParen)?;
        Ok(condition)
    }

    /// The body of `if`, of a loop and the like: no declaration.
    fn embedded(&mut self) -> Parse<Box<Statement>> {
        let statement = self.statement()?;
        if matches!(statement.kind, StatementKind::Local(_) | StatementKind::LocalFunction(_) | StatementKind::Labeled { .. }) {
            self.report(Fault::new("CS1023", statement.span, "Embedded statement cannot be a declaration or labeled statement"));
        }
        Ok(Box::new(statement))
    }

    fn if_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        let base = self.links;
        let condition = self.beside(base, Self::condition)?;
        let then = self.beside(base, Self::embedded)?;
        let otherwise = if self.eat(TokenKind::KeywordElse) { Some(self.beside(base, Self::embedded)?) } else { None };
        Ok(StatementKind::If { condition, then, otherwise })
    }

    fn while_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        let condition = self.condition()?;
        Ok(StatementKind::While { condition, body: self.embedded()? })
    }

    fn do_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        let body = self.embedded()?;
        self.expect(TokenKind::KeywordWhile)?;
        let condition = self.condition()?;
        self.semicolon()?;
        Ok(StatementKind::Do { body, condition })
    }

    fn for_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        self.expect(TokenKind::OpenParen)?;
        let initializer = match self.kind() {
            TokenKind::Semicolon => None,
            TokenKind::KeywordRef => Some(ForInitializer::Declaration(self.local_declaration()?)),
            _ if self.begins_declaration() => Some(ForInitializer::Declaration(self.local_declaration()?)),
            _ => Some(ForInitializer::Expressions(self.statement_expressions()?)),
        };
        self.expect(TokenKind::Semicolon)?;
        let condition = if self.kind() == TokenKind::Semicolon { None } else { Some(self.value()?) };
        self.expect(TokenKind::Semicolon)?;
        let iterators = if self.kind() == TokenKind::CloseParen { Vec::new() } else { self.statement_expressions()? };
        self.expect(TokenKind::CloseParen)?;
        Ok(StatementKind::For { initializer, condition, iterators, body: self.embedded()? })
    }

    fn statement_expressions(&mut self) -> Parse<Vec<Expression>> {
        let base = self.links;
        let mut expressions = vec![*self.statement_expression()?];
        while self.eat(TokenKind::Comma) {
            expressions.push(*self.beside(base, Self::statement_expression)?);
        }
        Ok(expressions)
    }

    fn for_each_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        self.expect(TokenKind::OpenParen)?;
        let variable = self.for_each_variable()?;
        self.expect(TokenKind::KeywordIn)?;
        let source = self.value()?;
        self.expect(TokenKind::CloseParen)?;
        Ok(StatementKind::ForEach { variable, source, body: self.embedded()? })
    }

    fn for_each_variable(&mut self) -> Parse<ForEachVariable> {
        if self.begins_var_tuple(self.at) {
            return Ok(ForEachVariable::Deconstruction(*self.declaration_expression()?));
        }
        if self.kind() == TokenKind::OpenParen && self.scan_declaration(self.at).is_none() {
            return Ok(ForEachVariable::Deconstruction(*self.primary()?));
        }
        let ty = self.declared_type()?;
        if self.kind() == TokenKind::KeywordIn {
            return Err(self.fail("CS0230", "Type and identifier are both required in a foreach statement"));
        }
        Ok(ForEachVariable::Typed { ty, name: self.identifier()? })
    }

    fn goto_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        let kind = match self.kind() {
            TokenKind::KeywordCase => {
                self.bump();
                StatementKind::GotoCase(self.value()?)
            }
            TokenKind::KeywordDefault => {
                self.bump();
                StatementKind::GotoDefault
            }
            _ => StatementKind::Goto(self.identifier()?),
        };
        self.semicolon()?;
        Ok(kind)
    }

    fn return_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        let bare = matches!(self.kind(), TokenKind::Semicolon | TokenKind::CloseBrace | TokenKind::End);
        let value = if bare { None } else { Some(*self.expression_or_ref()?) };
        self.semicolon()?;
        Ok(StatementKind::Return(value))
    }

    fn throw_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        let value = if self.kind() == TokenKind::Semicolon { None } else { Some(self.value()?) };
        self.semicolon()?;
        Ok(StatementKind::Throw(value))
    }

    fn yield_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        let kind = if self.bump().kind == TokenKind::KeywordReturn {
            StatementKind::YieldReturn(self.value()?)
        } else {
            StatementKind::YieldBreak
        };
        self.semicolon()?;
        Ok(kind)
    }

    fn try_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        let base = self.links;
        let block = self.block()?;
        let mut catches = Vec::new();
        while self.kind() == TokenKind::KeywordCatch {
            catches.push(self.beside(base, Self::catch)?);
        }
        let finally = if self.eat(TokenKind::KeywordFinally) { Some(self.beside(base, Self::block)?) } else { None };
        if catches.is_empty() && finally.is_none() {
            let span = self.missing_span();
            self.report(Fault::new("CS1524", span, "Expected catch or finally"));
        }
        Ok(StatementKind::Try { block, catches, finally })
    }

    fn catch(&mut self) -> Parse<Catch> {
        let start = self.bump().span;
        let (mut ty, mut name) = (None, None);
        if self.eat(TokenKind::OpenParen) {
            ty = Some(self.ty()?);
            name = if self.identifier_at(self.at) { Some(self.identifier()?) } else { None };
            self.expect(TokenKind::CloseParen)?;
        }
        let filter = if self.eat_word("when") { Some(self.condition()?) } else { None };
        let block = self.block()?;
        Ok(Catch { ty, name, filter, block, span: self.since(start) })
    }

    fn using_statement(&mut self) -> Parse<StatementKind> {
        let start = self.bump().span;
        if self.kind() != TokenKind::OpenParen {
            return Err(self.not_available("using declarations", "8.0", start));
        }
        self.bump();
        let resource = if self.begins_declaration() {
            UsingResource::Declaration(self.local_declaration()?)
        } else {
            UsingResource::Expression(self.value()?)
        };
        self.expect(TokenKind::CloseParen)?;
        Ok(StatementKind::Using { resource, body: self.embedded()? })
    }

    fn lock_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        let value = self.condition()?;
        Ok(StatementKind::Lock { value, body: self.embedded()? })
    }
}

/// The keywords that begin a statement and stand in no expression.
fn begins_statement(kind: TokenKind) -> bool {
    use TokenKind::*;
    matches!(
        kind,
        KeywordIf
            | KeywordFor
            | KeywordForEach
            | KeywordWhile
            | KeywordDo
            | KeywordReturn
            | KeywordTry
            | KeywordUsing
            | KeywordLock
            | KeywordGoto
            | KeywordBreak
            | KeywordContinue
            | KeywordConst
            | KeywordCase
    )
}

/// Whether an expression can be a statement.
fn does_something(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Invocation { .. } | ExpressionKind::Assignment { .. } | ExpressionKind::ObjectCreation { .. } => true,
        ExpressionKind::ConditionalAccess { when_not_null, .. } => does_something(when_not_null),
        ExpressionKind::Unary { operator, .. } => {
            use UnaryOperator::*;
            matches!(operator, PreIncrement | PreDecrement | PostIncrement | PostDecrement)
        }
        _ => false,
    }
}
