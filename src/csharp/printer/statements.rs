//! Statements as text.

use super::{super::tree::*, Printer};

impl Printer<'_> {
    /// Statements, one a line.
    pub(super) fn statements(&mut self, statements: &[Statement]) {
        for (index, statement) in statements.iter().enumerate() {
            if index > 0 {
                self.newline();
            }
            self.statement(statement);
        }
    }

    pub(super) fn block(&mut self, block: &Block) {
        self.push("{");
        self.indent += 1;
        for statement in &block.statements {
            self.newline();
            self.statement(statement);
        }
        self.indent -= 1;
        self.newline();
        self.push("}");
    }

    pub(super) fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Block(block) => self.block(block),
            StatementKind::Empty => self.push(";"),
            StatementKind::Local(declaration) => {
                self.local_declaration(declaration);
                self.push(";");
            }
            StatementKind::LocalFunction(function) => self.local_function(function),
            StatementKind::Expression(expression) => {
                self.expression(expression);
                self.push(";");
            }
            StatementKind::If { condition, then, otherwise } => self.if_statement(condition, then, otherwise.as_deref()),
            StatementKind::While { condition, body } => {
                self.header("while", condition);
                self.embedded(body);
            }
            StatementKind::Do { body, condition } => {
                self.push("do");
                self.embedded(body);
                self.after_embedded(body);
                self.header("while", condition);
                self.push(";");
            }
            StatementKind::For { initializer, condition, iterators, body } => {
                self.push("for (");
                match initializer {
                    Some(ForInitializer::Declaration(declaration)) => self.local_declaration(declaration),
                    Some(ForInitializer::Expressions(expressions)) => self.list(expressions, Self::expression),
                    None => {}
                }
                self.push(";");
                if let Some(condition) = condition {
                    self.push(" ");
                    self.expression(condition);
                }
                self.push(";");
                if !iterators.is_empty() {
                    self.push(" ");
                    self.list(iterators, Self::expression);
                }
                self.push(")");
                self.embedded(body);
            }
            StatementKind::ForEach { variable, source, body } => {
                self.push("foreach (");
                match variable {
                    ForEachVariable::Typed { ty, name } => {
                        self.ty(ty);
                        self.push(" ");
                        self.identifier(name);
                    }
                    ForEachVariable::Deconstruction(target) => self.expression(target),
                }
                self.push(" in ");
                self.expression(source);
                self.push(")");
                self.embedded(body);
            }
            StatementKind::Switch { value, sections } => self.switch(value, sections),
            StatementKind::Break => self.push("break;"),
            StatementKind::Continue => self.push("continue;"),
            StatementKind::Goto(label) => {
                self.push("goto ");
                self.identifier(label);
                self.push(";");
            }
            StatementKind::GotoCase(value) => self.keyword_statement("goto case", Some(value)),
            StatementKind::GotoDefault => self.push("goto default;"),
            StatementKind::Return(value) => self.keyword_statement("return", value.as_ref()),
            StatementKind::Throw(value) => self.keyword_statement("throw", value.as_ref()),
            StatementKind::Try { block, catches, finally } => self.try_statement(block, catches, finally.as_ref()),
            StatementKind::Using { resource, body } => {
                self.push("using (");
                match resource {
                    UsingResource::Declaration(declaration) => self.local_declaration(declaration),
                    UsingResource::Expression(value) => self.expression(value),
                }
                self.push(")");
                self.embedded(body);
            }
            StatementKind::Lock { value, body } => {
                self.header("lock", value);
                self.embedded(body);
            }
            StatementKind::Checked(block) => {
                self.push("checked ");
                self.block(block);
            }
            StatementKind::Unchecked(block) => {
                self.push("unchecked ");
                self.block(block);
            }
            StatementKind::Labeled { label, statement } => {
                self.identifier(label);
                self.push(":");
                self.newline();
                self.statement(statement);
            }
            StatementKind::YieldReturn(value) => self.keyword_statement("yield return", Some(value)),
            StatementKind::YieldBreak => self.push("yield break;"),
        }
    }

    fn keyword_statement(&mut self, keyword: &str, value: Option<&Expression>) {
        self.push(keyword);
        if let Some(value) = value {
            self.push(" ");
            self.expression(value);
        }
        self.push(";");
    }

    /// `keyword (a)`
    fn header(&mut self, keyword: &str, condition: &Expression) {
        self.push(keyword);
        self.push(" (");
        self.expression(condition);
        self.push(")");
    }

    /// The body of a statement: a block on the same line, anything else indented on the next.
    fn embedded(&mut self, body: &Statement) {
        if let StatementKind::Block(block) = &body.kind {
            self.push(" ");
            return self.block(block);
        }
        self.indent += 1;
        self.newline();
        self.statement(body);
        self.indent -= 1;
    }

    /// Between a body and the keyword behind it.
    fn after_embedded(&mut self, body: &Statement) {
        if matches!(body.kind, StatementKind::Block(_)) { self.push(" ") } else { self.newline() }
    }

    /// `if` with all its `else if`.
    fn if_statement(&mut self, condition: &Expression, then: &Statement, otherwise: Option<&Statement>) {
        let (mut condition, mut then, mut otherwise) = (condition, then, otherwise);
        loop {
            self.header("if", condition);
            self.embedded(then);
            let Some(next) = otherwise else { return };
            self.after_embedded(then);
            self.push("else");
            let StatementKind::If { condition: next_condition, then: next_then, otherwise: next_otherwise } = &next.kind else {
                return self.embedded(next);
            };
            self.push(" ");
            (condition, then, otherwise) = (next_condition, next_then, next_otherwise.as_deref());
        }
    }

    fn switch(&mut self, value: &Expression, sections: &[SwitchSection]) {
        self.header("switch", value);
        self.push(" {");
        self.indent += 1;
        for section in sections {
            for label in &section.labels {
                self.newline();
                self.switch_label(label);
            }
            self.indent += 1;
            for statement in &section.statements {
                self.newline();
                self.statement(statement);
            }
            self.indent -= 1;
        }
        self.indent -= 1;
        self.newline();
        self.push("}");
    }

    fn switch_label(&mut self, label: &SwitchLabel) {
        match &label.kind {
            SwitchLabelKind::Case { pattern, guard } => {
                self.push("case ");
                match &pattern.kind {
                    PatternKind::Constant(value) => self.operand(value, Precedence::Conditional),
                    _ => self.pattern(pattern),
                }
                if let Some(guard) = guard {
                    self.push(" when ");
                    self.expression(guard);
                }
                self.push(":");
            }
            SwitchLabelKind::Default => self.push("default:"),
        }
    }

    fn try_statement(&mut self, block: &Block, catches: &[Catch], finally: Option<&Block>) {
        self.push("try ");
        self.block(block);
        for catch in catches {
            self.push(" catch ");
            if let Some(ty) = &catch.ty {
                self.push("(");
                self.ty(ty);
                if let Some(name) = &catch.name {
                    self.push(" ");
                    self.identifier(name);
                }
                self.push(") ");
            }
            if let Some(filter) = &catch.filter {
                self.header("when", filter);
                self.push(" ");
            }
            self.block(&catch.block);
        }
        if let Some(finally) = finally {
            self.push(" finally ");
            self.block(finally);
        }
    }

    fn local_declaration(&mut self, declaration: &LocalDeclaration) {
        if declaration.is_const {
            self.push("const ");
        }
        self.ty(&declaration.ty);
        self.push(" ");
        self.list(&declaration.variables, |printer, variable| {
            printer.identifier(&variable.name);
            if let Some(value) = &variable.value {
                printer.push(" = ");
                printer.expression(value);
            }
        });
    }

    fn local_function(&mut self, function: &LocalFunction) {
        self.ty(&function.return_type);
        self.push(" ");
        self.identifier(&function.name);
        if !function.type_parameters.is_empty() {
            self.push("<");
            self.list(&function.type_parameters, Self::identifier);
            self.push(">");
        }
        self.parameters(&function.parameters);
        for clause in &function.constraints {
            self.push(" where ");
            self.identifier(&clause.parameter);
            self.push(" : ");
            self.list(&clause.constraints, |printer, constraint| match constraint {
                Constraint::Class => printer.push("class"),
                Constraint::Struct => printer.push("struct"),
                Constraint::New => printer.push("new()"),
                Constraint::Type(ty) => printer.ty(ty),
            });
        }
        match &function.body {
            FunctionBody::Expression(body) => {
                self.push(" => ");
                self.expression(body);
                self.push(";");
            }
            FunctionBody::Block(block) => {
                self.push(" ");
                self.function_block(block);
            }
        }
    }
}
