//! Statements, with what C# knows of where they end.

use super::{
    Binder, Operand,
    flow::Assigned,
    scopes::{Announced, FunctionScope, LocalKind},
};
use crate::{
    csharp::tree::{self, Block, Statement, StatementKind, UsingResource},
    dotnet::member::MemberKind,
    dotnet::types::Type,
    expression::program::{Call, Handler, Node, Slot, Step},
    source::Span,
};

impl<'t> Binder<'t> {
    /// Statements in a scope of their own.
    pub(super) fn block(&mut self, statements: &'t [Statement]) -> Vec<Step> {
        self.scoped(|binder| {
            let announced = binder.announce(statements);
            let steps = binder.statements(statements);
            binder.announced.truncate(announced);
            steps
        })
    }

    /// Statements in the scope that is open, which knows what they declare.
    pub(super) fn statements(&mut self, statements: &'t [Statement]) -> Vec<Step> {
        let labels = self.declare_labels(statements);
        let functions = self.declare_functions(statements);
        let first_slot = self.functions.last().map_or(0, |function| function.slots.len());
        let mut steps = Vec::new();
        let mut hoisted = Vec::new();
        let mut shared = Vec::new();
        for statement in statements {
            if let StatementKind::LocalFunction(function) = &statement.kind {
                let declared = functions.iter().find(|(tree, ..)| std::ptr::eq(*tree, function.as_ref()));
                if let Some((_, ty, slot)) = declared
                    && ty.type_parameters.is_empty()
                    && let Some((node, captured)) = self.local_function_body(ty, &[])
                {
                    hoisted.push((*slot, node));
                    shared.extend(captured);
                }
                continue;
            }
            match self.statement(statement) {
                // `goto` looks for labels among the block's own statements.
                Step::Block(inner) if matches!(inner.first(), Some(Step::Label(_))) => steps.extend(inner),
                step => steps.push(step),
            }
        }
        let mut instances: Vec<usize> = Vec::new();
        // Binding one body may ask for another.
        while let Some((ty, types, slot)) = functions.iter().find_map(|(_, ty, _)| {
            let made = ty.instances.borrow();
            made.iter().find(|(_, slot)| !instances.contains(slot)).map(|(types, slot)| (ty, types.clone(), *slot))
        }) {
            instances.push(slot);
            if let Some((node, captured)) = self.local_function_body(ty, &types) {
                hoisted.push((slot, node));
                shared.extend(captured);
            }
        }
        if !functions.is_empty() {
            // Cells that must be there before any statement runs: the functions' own, and of the block's variables those they share.
            let mut cells: Vec<usize> = functions.iter().map(|(.., slot)| *slot).collect();
            let own = |slot: &usize| {
                let captures = self.functions.last().map_or(&[][..], |function| function.captures.as_slice());
                *slot >= first_slot && !captures.iter().any(|(_, capture)| capture == slot)
            };
            cells.extend(instances);
            cells.extend(shared.into_iter().filter(own));
            cells.sort_unstable();
            cells.dedup();
            if let Some(scope) = self.functions.last_mut() {
                for cell in &cells {
                    if let Some(kept) = scope.slots.get_mut(*cell) {
                        *kept = Slot::Hoisted;
                    }
                }
            }
            steps.insert(0, Step::Hoist(cells.into(), hoisted));
        }
        if let Some(function) = self.functions.last_mut() {
            function.labels.truncate(labels);
        }
        steps
    }

    /// The names that statements declare in their block; gives how many were known before.
    pub(super) fn announce(&mut self, statements: &'t [Statement]) -> usize {
        let before = self.announced.len();
        let depth = self.scopes;
        for statement in statements {
            let mut inner = statement;
            while let StatementKind::Labeled { statement, .. } = &inner.kind {
                inner = statement;
            }
            if let StatementKind::Local(declaration) = &inner.kind {
                let names = declaration.variables.iter().map(|variable| variable.name.name.clone());
                self.announced.extend(names.map(|name| Announced { name, depth, typed: false }));
            }
        }
        before
    }

    fn declare_labels(&mut self, statements: &'t [Statement]) -> usize {
        let before = self.functions.last().map_or(0, |function| function.labels.len());
        for statement in statements {
            let mut next = statement;
            while let StatementKind::Labeled { label, statement } = &next.kind {
                let number = self.label();
                if self.functions.last().is_some_and(|function| function.labels.iter().any(|(name, ..)| *name == label.name)) {
                    self.error("CS0140", label.span, format!("The label '{}' is a duplicate", label.name));
                }
                if let Some(function) = self.functions.last_mut() {
                    function.labels.push((label.name.clone(), number, Assigned::unreachable()));
                }
                next = statement;
            }
        }
        before
    }

    #[allow(clippy::type_complexity, reason = "a list of what the block declares, used right here")]
    fn declare_functions(
        &mut self,
        statements: &'t [Statement],
    ) -> Vec<(&'t tree::LocalFunction, std::rc::Rc<super::functions::LocalFunctionType<'t>>, usize)> {
        let mut declared = Vec::new();
        for statement in statements {
            if let StatementKind::LocalFunction(function) = &statement.kind
                && let Some(ty) = self.local_function_type(function)
            {
                let ty = std::rc::Rc::new(ty);
                let place = self.declare_as(&function.name, Type::OBJECT, LocalKind::Function(ty.clone()));
                self.assigned.assign(place.variable);
                declared.push((function.as_ref(), ty, place.slot));
            }
        }
        declared
    }

    /// A statement that stands alone, such as a loop's body: a scope of its own, and no place for a declaration.
    pub(super) fn embedded(&mut self, statement: &'t Statement) -> Step {
        if matches!(statement.kind, StatementKind::Local(_) | StatementKind::LocalFunction(_) | StatementKind::Labeled { .. }) {
            self.error("CS1023", statement.span, "Embedded statement cannot be a declaration or labeled statement");
        }
        self.scoped(|binder| binder.statement(statement))
    }

    pub(super) fn statement(&mut self, statement: &'t Statement) -> Step {
        let bound = self.deeper(statement.span, |binder| Some(binder.statement_inside(statement)));
        self.settle();
        bound.unwrap_or(Step::Nothing)
    }

    fn statement_inside(&mut self, statement: &'t Statement) -> Step {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Block(block) => Step::Block(self.block(&block.statements)),
            StatementKind::Empty => Step::Nothing,
            StatementKind::Local(declaration) => self.local_declaration(declaration),
            StatementKind::Expression(expression) => self.expression_statement(expression),
            // What a condition declares is in scope behind the statement too: `if (!int.TryParse(s, out var n)) return …; use(n)`.
            StatementKind::If { condition, then, otherwise } => {
                let test = self.condition(condition);
                let (when_true, when_false) = self.branches();
                self.assigned = when_true;
                let then = self.embedded(then);
                let after = std::mem::replace(&mut self.assigned, when_false);
                let otherwise = otherwise.as_ref().map(|otherwise| Box::new(self.embedded(otherwise)));
                self.assigned.meet(&after);
                test.map_or(Step::Nothing, |test| Step::If(test, Box::new(then), otherwise))
            }
            StatementKind::While { condition, body } => self.scoped(|binder| {
                let test = binder.condition(condition);
                let (when_true, when_false) = binder.branches();
                binder.assigned = when_true;
                let (body, target) = binder.in_loop(|binder| binder.embedded(body));
                binder.assigned = when_false;
                binder.assigned.meet(&target.breaks);
                test.map_or(Step::Nothing, |test| Step::Loop {
                    condition: Some(test),
                    body: Box::new(body),
                    after: Vec::new(),
                    post: false,
                })
            }),
            StatementKind::Do { body, condition } => {
                let (body, target) = self.in_loop(|binder| binder.embedded(body));
                self.assigned.meet(&target.continues);
                let test = self.condition(condition);
                let (_, when_false) = self.branches();
                self.assigned = when_false;
                self.assigned.meet(&target.breaks);
                test.map_or(Step::Nothing, |test| Step::Loop { condition: Some(test), body: Box::new(body), after: Vec::new(), post: true })
            }
            StatementKind::For { initializer, condition, iterators, body } => {
                self.scoped(|binder| binder.for_loop(initializer.as_ref(), condition.as_ref(), iterators, body))
            }
            StatementKind::ForEach { variable, source, body } => {
                self.scoped(|binder| binder.for_each(variable, source, body).unwrap_or(Step::Nothing))
            }
            StatementKind::Switch { value, sections } => self.switch(value, sections).unwrap_or(Step::Nothing),
            StatementKind::Break => self.leave_to(true, span),
            StatementKind::Continue => self.leave_to(false, span),
            StatementKind::Return(value) => self.return_statement(value.as_ref(), span),
            StatementKind::Throw(Some(operand)) => {
                let bound = self.thrown(operand);
                self.stop();
                bound.map_or(Step::Nothing, |bound| Step::Throw(bound.node))
            }
            StatementKind::Throw(None) => {
                if self.functions.last().is_some_and(|function| function.catches == 0) {
                    self.error("CS0156", span, "A throw statement with no arguments is not allowed outside of a catch clause");
                }
                self.stop();
                Step::Rethrow
            }
            StatementKind::Try { block, catches, finally } => self.try_statement(block, catches, finally.as_ref()),
            StatementKind::Checked(block) => Step::Block(self.with_checked(Some(true), |binder| binder.block(&block.statements))),
            StatementKind::Unchecked(block) => Step::Block(self.with_checked(Some(false), |binder| binder.block(&block.statements))),
            StatementKind::Goto(label) => self.goto(label),
            StatementKind::GotoCase(value) => self.goto_case(Some(value), span),
            StatementKind::GotoDefault => self.goto_case(None, span),
            StatementKind::Labeled { label, statement } => self.labeled(label, statement),
            StatementKind::Using { resource, body } => self.scoped(|binder| binder.using(resource, body, span).unwrap_or(Step::Nothing)),
            StatementKind::Lock { value, body } => {
                // One request evaluates alone: the lock is always free.
                let bound = self.value(value);
                if let Some(bound) = &bound
                    && bound.ty.is_value_type()
                {
                    self.error("CS0185", value.span, format!("'{}' is not a reference type as required by the lock statement", bound.ty));
                }
                let body = self.embedded(body);
                bound.map_or(Step::Nothing, |bound| Step::Block(vec![Step::Evaluate(bound.node), body]))
            }
            StatementKind::LocalFunction(function) => {
                self.error("CS1023", function.name.span, "Embedded statement cannot be a declaration or labeled statement");
                Step::Nothing
            }
            StatementKind::YieldReturn(_) | StatementKind::YieldBreak => {
                let _: Option<()> = self.unavailable("an iterator (`yield`)", span);
                Step::Nothing
            }
        }
    }

    pub(super) fn expression_statement(&mut self, expression: &'t tree::Expression) -> Step {
        let Some(operand) = self.operand(expression) else { return Step::Nothing };
        match operand {
            Operand::Value(bound) => {
                use tree::ExpressionKind::{Assignment, ConditionalAccess, Invocation, ObjectCreation, Unary};
                let legal = match &expression.kind {
                    Invocation { .. } | Assignment { .. } | ObjectCreation { .. } | ConditionalAccess { .. } => true,
                    Unary { operator, .. } => !matches!(operator.symbol(), "+" | "-" | "!" | "~"),
                    _ => false,
                };
                if !legal {
                    self.error(
                        "CS0201",
                        expression.span,
                        "Only assignment, call, increment, decrement, and new object expressions can be used as a statement",
                    );
                }
                Step::Evaluate(bound.node)
            }
            _ => {
                self.error(
                    "CS0201",
                    expression.span,
                    "Only assignment, call, increment, decrement, and new object expressions can be used as a statement",
                );
                Step::Nothing
            }
        }
    }

    fn using(&mut self, resource: &'t UsingResource, body: &'t Statement, span: Span) -> Option<Step> {
        let mut steps = Vec::new();
        let mut resources = Vec::new();
        match resource {
            UsingResource::Declaration(declaration) => {
                let before = self.scope.len();
                steps.push(self.local_declaration(declaration));
                for local in self.scope.iter_mut().skip(before) {
                    local.kind = LocalKind::ReadOnly("using variable");
                    resources.push((local.slot, local.ty.clone()));
                }
            }
            UsingResource::Expression(expression) => {
                let bound = self.value(expression)?;
                // Nothing to dispose of.
                if bound.ty == Type::Null {
                    return Some(self.embedded(body));
                }
                let slot = self.slot();
                resources.push((slot, bound.ty.clone()));
                steps.push(Step::Evaluate(Node::Assign(slot, bound.boxed())));
            }
        }
        let mut step = self.embedded(body);
        for (slot, ty) in resources.into_iter().rev() {
            let dispose = super::members::find(&ty, "Dispose", |info| info.kind == MemberKind::Method && info.parameters.is_empty());
            if ty == Type::Error {
                return None;
            }
            let Some(found) = dispose.into_iter().flatten().next() else {
                let message = format!("'{ty}': type used in a using statement must be implicitly convertible to 'System.IDisposable'");
                self.error("CS1674", span, message);
                return None;
            };
            let call = Call {
                native: found.info.native,
                arguments: [Node::Local(slot)].into(),
                types: found.on.arguments().into(),
                outs: [].into(),
                has_receiver: true,
            };
            step = Step::Using { local: slot, dispose: Node::Call(Box::new(call)), body: Box::new(step) };
        }
        steps.push(step);
        Some(Step::Block(steps))
    }

    fn try_statement(&mut self, block: &'t Block, catches: &'t [tree::Catch], finally: Option<&'t Block>) -> Step {
        let before = self.assigned.clone();
        let body = self.block(&block.statements);
        let mut after = self.assigned.clone();
        let mut handlers: Vec<Handler> = Vec::new();
        let mut general = false;
        for handler in catches {
            self.assigned = before.clone();
            if general {
                self.error("CS1017", handler.span, "Catch clauses cannot follow the general catch clause of a try statement");
            }
            general |= handler.ty.is_none() && handler.filter.is_none();
            let bound = self.scoped(|binder| binder.catch(handler, &handlers));
            after.meet(&self.assigned);
            handlers.extend(bound);
        }
        let finally = finally.map(|finally| {
            self.assigned = before.clone();
            if let Some(function) = self.functions.last_mut() {
                function.finallies += 1;
            }
            let steps = self.block(&finally.statements);
            if let Some(function) = self.functions.last_mut() {
                function.finallies -= 1;
            }
            after.join(&self.assigned);
            steps
        });
        self.assigned = after;
        Step::Try { body, catches: handlers, finally }
    }

    fn catch(&mut self, handler: &'t tree::Catch, earlier: &[Handler]) -> Option<Handler> {
        let class = match &handler.ty {
            Some(ty) => self.ty(ty)?,
            None => Type::EXCEPTION,
        };
        if !class.is_reference_to(&Type::EXCEPTION) {
            let span = handler.ty.as_ref().map_or(handler.span, |ty| ty.span);
            self.error("CS0155", span, "The type caught or thrown must be derived from System.Exception");
            return None;
        }
        if let Some(other) = earlier.iter().find(|other| other.filter.is_none() && class.is_reference_to(&other.class)) {
            let span = handler.ty.as_ref().map_or(handler.span, |ty| ty.span);
            let message = format!("A previous catch clause already catches all exceptions of this or of a super type ('{}')", other.class);
            if handler.ty.is_some() {
                self.error("CS0160", span, message);
                return None;
            }
        }
        let local = match &handler.name {
            Some(name) => {
                let place = self.declare(name, class.clone());
                self.assigned.assign(place.variable);
                place.slot
            }
            None => self.slot(),
        };
        let filter = match &handler.filter {
            None => None,
            Some(filter) => {
                let test = self.condition(filter);
                let (when_true, _) = self.branches();
                self.assigned = when_true;
                Some(test?)
            }
        };
        if let Some(FunctionScope { catches, .. }) = self.functions.last_mut() {
            *catches += 1;
        }
        let body = self.block(&handler.block.statements);
        if let Some(FunctionScope { catches, .. }) = self.functions.last_mut() {
            *catches -= 1;
        }
        Some(Handler { class, local, filter, body })
    }
}
