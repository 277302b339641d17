//! Declarations: local variables, constants and functions.

use super::{
    super::{
        fault::Fault,
        token::TokenKind,
        tree::{
            Constraint, ConstraintClause, FunctionBody, Identifier, LocalDeclaration, LocalFunction, StatementKind, Type, TypeKind,
            VariableDeclarator,
        },
    },
    Node, Parse, Parser,
    lambdas::ParameterPlace,
};

impl Parser<'_> {
    /// Whether a type and a name begin here, which no expression does.
    pub(super) fn begins_declaration(&self) -> bool {
        if self.kind() == TokenKind::KeywordVoid {
            return self.identifier_at(self.at + 1);
        }
        let query = self.begins_query(self.at) && self.kind_at(self.at + 2) == TokenKind::KeywordIn;
        let Some(name) = self.scan_declaration(self.at).filter(|_| !query && !self.begins_misplaced_await()) else { return false };
        // `a ? b : c` begins like `a? b = c`.
        let nullable = self.kind_at(name.saturating_sub(1)) == TokenKind::Question;
        !nullable || matches!(self.kind_at(name + 1), TokenKind::Equal | TokenKind::Semicolon | TokenKind::Comma | TokenKind::OpenParen)
    }

    /// `int if`: a keyword where the name should stand.
    pub(super) fn begins_misnamed_declaration(&self) -> bool {
        self.scan_type(self.at).is_some_and(|scan| scan.definite && self.kind_at(scan.end).is_keyword())
    }

    /// `await f();` reads like a declaration of `f`.
    fn begins_misplaced_await(&self) -> bool {
        self.word("await") && !matches!(self.peek(2), TokenKind::Equal | TokenKind::Semicolon | TokenKind::Comma)
    }

    /// A local variable, constant or function.
    pub(super) fn declaration_statement(&mut self) -> Parse<StatementKind> {
        self.refuse_modifiers()?;
        if self.begins_local_function() {
            return Ok(StatementKind::LocalFunction(Box::new(self.local_function()?)));
        }
        let declaration = self.local_declaration()?;
        self.semicolon()?;
        Ok(StatementKind::Local(declaration))
    }

    fn refuse_modifiers(&mut self) -> Parse<()> {
        let span = self.token().span;
        if self.kind() == TokenKind::KeywordStatic {
            return Err(self.not_available("static local functions", "8.0", span));
        }
        let Some(name) = self.scan_declaration(self.at) else { return Ok(()) };
        if self.word("record") && matches!(self.kind_at(name + 1), TokenKind::OpenParen | TokenKind::OpenBrace) {
            return Err(self.not_available("records", "9.0", span));
        }
        if self.word("async") && (self.kind_at(name + 1) == TokenKind::Identifier || self.kind_at(name + 1) == TokenKind::Less) {
            return Err(self.fail("csharp/async", "asynchronous functions cannot be used in policy expressions"));
        }
        Ok(())
    }

    /// The index of the declared name, `ref` and `void` passed over.
    fn declared_name(&self) -> Option<usize> {
        let mut index = self.at;
        if self.kind_at(index) == TokenKind::KeywordRef {
            index += 1 + usize::from(self.kind_at(index + 1) == TokenKind::KeywordReadOnly);
        }
        if self.kind_at(index) == TokenKind::KeywordVoid { Some(index + 1) } else { self.scan_declaration(index) }
    }

    /// Whether it is a function that is declared: its parameters are followed by a body, or read as parameters.
    fn begins_local_function(&self) -> bool {
        let Some(name) = self.declared_name() else { return false };
        if self.kind_at(name - 1) == TokenKind::KeywordVoid {
            return true;
        }
        match self.kind_at(name + 1) {
            TokenKind::Less => true,
            TokenKind::OpenParen => {
                let partner = self.token_at(name + 1).partner as usize;
                match self.kind_at(partner + 1) {
                    TokenKind::OpenBrace | TokenKind::Arrow => true,
                    TokenKind::Identifier => self.word_at(partner + 1, "where"),
                    _ => partner == name + 2 || self.scan_declaration(name + 2).is_some(),
                }
            }
            _ => false,
        }
    }

    /// `const int a = 1, b = 2`, without its semicolon.
    pub(super) fn local_declaration(&mut self) -> Parse<LocalDeclaration> {
        let start = self.token().span;
        let is_const = self.eat(TokenKind::KeywordConst);
        let ty = self.ref_or_type()?;
        let base = self.links;
        let mut variables = Vec::new();
        loop {
            variables.push(self.beside(base, |parser| parser.declarator(is_const))?);
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        Ok(LocalDeclaration { is_const, ty, variables, span: self.since(start) })
    }

    /// A type, or `ref` and a type.
    fn ref_or_type(&mut self) -> Parse<Type> {
        let start = self.token().span;
        if !self.eat(TokenKind::KeywordRef) {
            return self.declared_type();
        }
        let readonly = self.eat(TokenKind::KeywordReadOnly);
        let element = Box::new(self.declared_type()?);
        Ok(Type { kind: TypeKind::Ref { element, readonly }, span: self.since(start) })
    }

    fn declarator(&mut self, is_const: bool) -> Parse<VariableDeclarator> {
        let name = self.identifier()?;
        let span = name.span;
        let value = match self.kind() {
            TokenKind::Equal => {
                self.bump();
                Some(*self.variable_value()?)
            }
            TokenKind::OpenBracket => {
                let message = "Bad array declarator: To declare a managed array the rank specifier precedes the variable's identifier. To declare a fixed size buffer field, use the fixed keyword before the field type.";
                return Err(self.fail("CS0650", message));
            }
            TokenKind::OpenParen => {
                return Err(self.fail("CS1528", "Expected ; or = (cannot specify constructor arguments in declaration)"));
            }
            _ if is_const => {
                self.report(Fault::new("CS0145", span, "A const field requires a value to be provided"));
                None
            }
            _ => None,
        };
        Ok(VariableDeclarator { name, value, span: self.since(span) })
    }

    fn variable_value(&mut self) -> Parse<Node> {
        if self.kind() == TokenKind::OpenBrace { self.array_initializer() } else { self.expression_or_ref() }
    }

    fn local_function(&mut self) -> Parse<LocalFunction> {
        let start = self.token().span;
        let return_type = if self.kind() == TokenKind::KeywordVoid { self.void() } else { self.ref_or_type()? };
        let name = self.identifier()?;
        let type_parameters = self.type_parameters()?;
        let parameters = self.parameters(ParameterPlace::LocalFunction)?;
        let mut constraints = Vec::new();
        while self.word("where") {
            constraints.push(self.constraint_clause()?);
        }
        let body = match self.kind() {
            TokenKind::OpenBrace => FunctionBody::Block(self.function_block()?),
            TokenKind::Arrow => {
                self.bump();
                let body = self.expression_body()?;
                self.semicolon()?;
                body
            }
            _ => {
                let message = format!("Local function '{}()' must declare a body because it is not marked 'static extern'.", name.name);
                return Err(self.report(Fault::new("CS8112", name.span, message)));
            }
        };
        Ok(LocalFunction { return_type, name, type_parameters, parameters, constraints, body, span: self.since(start) })
    }

    /// `<T, U>`
    fn type_parameters(&mut self) -> Parse<Vec<Identifier>> {
        let mut names = Vec::new();
        if !self.eat(TokenKind::Less) {
            return Ok(names);
        }
        loop {
            names.push(self.identifier()?);
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.expect(TokenKind::Greater)?;
        Ok(names)
    }

    /// `where T : class, new()`
    fn constraint_clause(&mut self) -> Parse<ConstraintClause> {
        let start = self.bump().span;
        let parameter = self.identifier()?;
        self.expect(TokenKind::Colon)?;
        let mut constraints = Vec::new();
        loop {
            constraints.push(self.constraint()?);
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        Ok(ConstraintClause { parameter, constraints, span: self.since(start) })
    }

    fn constraint(&mut self) -> Parse<Constraint> {
        match self.kind() {
            TokenKind::KeywordClass => {
                self.bump();
                Ok(Constraint::Class)
            }
            TokenKind::KeywordStruct => {
                self.bump();
                Ok(Constraint::Struct)
            }
            TokenKind::KeywordNew => {
                self.bump();
                self.expect(TokenKind::OpenParen)?;
                self.expect(TokenKind::CloseParen)?;
                Ok(Constraint::New)
            }
            _ => Ok(Constraint::Type(self.ty()?)),
        }
    }
}
