//! Statements, with what C# knows of where they end.

use super::{
    Binder, Bound, Operand,
    flow::Assigned,
    functions::Returns,
    inference::item_type,
    scopes::{Announced, BreakTarget, FunctionScope, LocalKind},
    tuples::designated,
};
use crate::{
    csharp::tree::{self, Block, ForEachVariable, ForInitializer, Statement, StatementKind, TypeKind, UsingResource},
    dotnet::{json, member::MemberKind, registry, types::Type, value::Value},
    expression::program::{Call, Handler, Node, Numeric, Slot, Step},
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
    fn embedded(&mut self, statement: &'t Statement) -> Step {
        if matches!(statement.kind, StatementKind::Local(_) | StatementKind::LocalFunction(_) | StatementKind::Labeled { .. }) {
            self.error("CS1023", statement.span, "Embedded statement cannot be a declaration or labeled statement");
        }
        self.scoped(|binder| binder.statement(statement))
    }

    fn statement(&mut self, statement: &'t Statement) -> Step {
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

    fn expression_statement(&mut self, expression: &'t tree::Expression) -> Step {
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

    /// Binds a loop's body; gives it with the states at its `break`s and `continue`s.
    fn in_loop(&mut self, body: impl FnOnce(&mut Self) -> Step) -> (Step, BreakTarget) {
        self.in_target(true, body)
    }

    pub(super) fn in_target<T>(&mut self, is_loop: bool, body: impl FnOnce(&mut Self) -> T) -> (T, BreakTarget) {
        let target = || BreakTarget {
            is_loop,
            breaks: Assigned::unreachable(),
            continues: Assigned::unreachable(),
            finallies: 0,
            cases: Vec::new(),
            has_constants_alone: false,
        };
        if let Some(function) = self.functions.last_mut() {
            let finallies = function.finallies;
            function.targets.push(BreakTarget { finallies, ..target() });
        }
        let result = body(self);
        let left = self.functions.last_mut().and_then(|function| function.targets.pop());
        (result, left.unwrap_or_else(target))
    }

    fn leave_to(&mut self, is_break: bool, span: Span) -> Step {
        let state = self.assigned.clone();
        let mut crosses_finally = false;
        let found = self.functions.last_mut().and_then(|function| {
            let finallies = function.finallies;
            let target = function.targets.iter_mut().rev().find(|target| is_break || target.is_loop)?;
            crosses_finally = target.finallies != finallies;
            if is_break {
                target.breaks.meet(&state)
            } else {
                target.continues.meet(&state)
            }
            Some(())
        });
        if found.is_none() {
            self.error("CS0139", span, "No enclosing loop out of which to break or continue");
        } else if crosses_finally {
            self.error("CS0157", span, "Control cannot leave the body of a finally clause");
        }
        self.stop();
        if is_break { Step::Break } else { Step::Continue }
    }

    fn goto(&mut self, label: &tree::Identifier) -> Step {
        let state = self.assigned.clone();
        let found = self.functions.last_mut().and_then(|function| {
            let (_, number, jumps) = function.labels.iter_mut().rev().find(|(name, ..)| *name == label.name)?;
            jumps.meet(&state);
            Some(*number)
        });
        self.stop();
        match found {
            Some(number) => Step::Goto(number),
            None => {
                self.error("CS0159", label.span, format!("No such label '{}' within the scope of the goto statement", label.name));
                Step::Nothing
            }
        }
    }

    fn labeled(&mut self, label: &'t tree::Identifier, statement: &'t Statement) -> Step {
        let found = self.functions.last().and_then(|function| {
            function.labels.iter().rev().find(|(name, ..)| *name == label.name).map(|(_, number, jumps)| (*number, jumps.clone()))
        });
        let Some((number, jumps)) = found else { return self.statement(statement) };
        // A jump from further down may come here too: what no jump so far has assigned cannot be counted on, and the point is reached.
        self.assigned.meet(&jumps);
        if self.assigned.is_unreachable() {
            self.assigned = Assigned::default();
            self.assigned.assign_all(self.variables);
        }
        match self.statement(statement) {
            Step::Block(inner) if matches!(inner.first(), Some(Step::Label(_))) => {
                Step::Block(std::iter::once(Step::Label(number)).chain(inner).collect())
            }
            step => Step::Block(vec![Step::Label(number), step]),
        }
    }

    fn return_statement(&mut self, value: Option<&'t tree::Expression>, span: Span) -> Step {
        if self.functions.last().is_some_and(|function| function.finallies > 0) {
            self.error("CS0157", span, "Control cannot leave the body of a finally clause");
        }
        let wanted = match self.functions.last().map(|function| &function.returns) {
            Some(Returns::Type(ty)) => Some(ty.clone()),
            _ => None,
        };
        let is_local = self.functions.last().is_some_and(|function| function.flow.is_some());
        let step = match (value, wanted) {
            (None, Some(Type::Void)) => Step::Return(None),
            (None, None) if self.functions.len() > 1 => Step::Return(None),
            (None, wanted) => {
                let ty = wanted.unwrap_or(Type::OBJECT);
                self.error("CS0126", span, format!("An object of a type convertible to '{ty}' is required"));
                Step::Nothing
            }
            (Some(value), Some(Type::Void)) => {
                self.value(value);
                if is_local {
                    let message = "Since the local function returns void, a return keyword must not be followed by an object expression";
                    self.error("CS0127", span, message);
                    return Step::Nothing;
                }
                self.error("CS8030", span, "Anonymous function converted to a void returning delegate cannot return a value");
                Step::Nothing
            }
            (Some(value), wanted) => self.returned_value(value, wanted),
        };
        self.leave_function(span);
        self.stop();
        step
    }

    fn returned_value(&mut self, value: &'t tree::Expression, wanted: Option<Type>) -> Step {
        let Some(operand) = self.operand(value) else { return Step::Nothing };
        self.settle();
        let bound = match wanted {
            Some(ty) => self.to(operand, &ty, value.span),
            None => self.natural(operand, value.span),
        };
        let Some(bound) = bound else { return Step::Nothing };
        if bound.ty == Type::Void {
            self.error("CS0029", value.span, "Cannot implicitly convert type 'void' to 'object'");
            return Step::Nothing;
        }
        let node = bound.node.clone();
        match self.functions.last_mut().map(|function| &mut function.returns) {
            Some(Returns::Anything(types)) => types.push(bound.ty),
            Some(Returns::Infer(values)) => values.push(bound),
            _ => {}
        }
        Step::Return(Some(node))
    }

    fn local_declaration(&mut self, declaration: &'t tree::LocalDeclaration) -> Step {
        let declared = match declaration.ty.kind {
            TypeKind::Var => None,
            _ => match self.ty(&declaration.ty) {
                Some(Type::Void) => {
                    self.error("CS1547", declaration.ty.span, "Keyword 'void' cannot be used in this context");
                    Some(Type::OBJECT)
                }
                Some(ty) => Some(ty),
                None => {
                    // The variables exist all the same, so that their uses make no further noise.
                    for variable in &declaration.variables {
                        let declared = self.declare(&variable.name, Type::Error);
                        self.assigned.assign(declared.variable);
                    }
                    return Step::Nothing;
                }
            },
        };
        if declared.is_none() && declaration.variables.len() > 1 {
            self.error("CS0819", declaration.span, "Implicitly-typed variables cannot have multiple declarators");
        }
        let mut steps = Vec::new();
        for variable in &declaration.variables {
            let step = if declaration.is_const {
                self.constant_declaration(variable, declared.as_ref(), declaration.ty.span)
            } else {
                self.variable(variable, declared.as_ref())
            };
            steps.push(step);
        }
        match (steps.len(), steps.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                steps.extend(last);
                Step::Block(steps)
            }
        }
    }

    fn constant_declaration(&mut self, variable: &'t tree::VariableDeclarator, declared: Option<&Type>, declaration_type: Span) -> Step {
        let Some(ty) = declared else {
            self.error("CS0822", variable.span, "Implicitly-typed variables cannot be constant");
            return Step::Nothing;
        };
        let Some(value) = &variable.value else {
            self.error("CS0145", variable.span, "A const field requires a value to be provided");
            return Step::Nothing;
        };
        let name = &variable.name.name;
        let simple = ty.enum_members().is_some() || Numeric::of(ty).is_some() || *ty == Type::BOOL || *ty == Type::STRING;
        if ty.is_value_type() && !simple {
            self.error("CS0283", declaration_type, format!("The type '{ty}' cannot be declared const"));
        }
        let constant = self.value(value).and_then(|bound| {
            let bound = self.implicitly(bound, ty, value.span)?;
            let Node::Constant(constant) = bound.node else {
                self.error("CS0133", value.span, format!("The expression being assigned to '{name}' must be constant"));
                return None;
            };
            if !simple && !constant.is_null() {
                let message = format!(
                    "'{name}' is of type '{ty}'. A const field of a reference type other than string can only be initialized with null."
                );
                self.error("CS0134", value.span, message);
                return None;
            }
            Some(constant)
        });
        let place = self.declare_as(&variable.name, ty.clone(), LocalKind::Constant(constant.unwrap_or(Value::Null)));
        self.assigned.assign(place.variable);
        Step::Nothing
    }

    fn variable(&mut self, variable: &'t tree::VariableDeclarator, declared: Option<&Type>) -> Step {
        // `ref int r = ref x`: the variable shares the other's cell.
        if let Some(tree::Expression { kind: tree::ExpressionKind::Ref(target), .. }) = &variable.value {
            return self.ref_local(variable, target, declared);
        }
        // The variable is in scope, unassigned, in its own value.
        self.announce_typed(variable, declared.is_some());
        let bound = match (&variable.value, declared) {
            (Some(value), Some(ty)) if matches!(value.kind, tree::ExpressionKind::ArrayInitializer(_)) => self.array_items(value, ty),
            (Some(value), None) if matches!(value.kind, tree::ExpressionKind::ArrayInitializer(_)) => {
                self.error("CS0820", value.span, "Cannot initialize an implicitly-typed variable with an array initializer");
                None
            }
            (Some(value), Some(ty)) => self.value_of(value, ty),
            (Some(value), None) => {
                let operand = self.operand(value);
                self.settle();
                let bound = match operand {
                    Some(Operand::Lambda(_)) => {
                        self.error("CS0815", value.span, "Cannot assign lambda expression to an implicitly-typed variable");
                        None
                    }
                    Some(Operand::Methods(_)) => {
                        self.error("CS0815", value.span, "Cannot assign method group to an implicitly-typed variable");
                        None
                    }
                    Some(operand) => self.natural(operand, value.span),
                    None => None,
                };
                bound.and_then(|bound| self.inferable(bound, value.span))
            }
            (None, Some(_)) => None,
            (None, None) => {
                self.error("CS0818", variable.span, "Implicitly-typed variables must be initialized");
                None
            }
        };
        self.announce_typed(variable, false);
        let ty = declared.cloned().or_else(|| bound.as_ref().map(|bound| bound.ty.clone())).unwrap_or(Type::Error);
        let place = self.declare(&variable.name, ty.clone());
        let node = match (bound, &variable.value) {
            (Some(bound), _) => bound.node,
            // A slot is used anew by each round of a loop: a variable without a value starts as if new.
            (None, _) => self.default_value(&ty).node,
        };
        if variable.value.is_some() {
            self.assigned.assign(place.variable);
        }
        Step::Evaluate(Node::Declare(place.slot, Box::new(node)))
    }

    fn announce_typed(&mut self, variable: &tree::VariableDeclarator, typed: bool) {
        if let Some(announced) = self.announced.iter_mut().rev().find(|announced| announced.name == variable.name.name) {
            announced.typed = typed;
        }
    }

    fn ref_local(&mut self, variable: &'t tree::VariableDeclarator, target: &'t tree::Expression, declared: Option<&Type>) -> Step {
        let tree::ExpressionKind::Name(name) = &target.kind else {
            let _: Option<()> = self.unavailable("a `ref` to anything but a local variable", target.span);
            return Step::Nothing;
        };
        let Some(local) = self.find_local(&name.identifier.name).cloned() else {
            self.unknown_name(&name.identifier.name, target.span);
            return Step::Nothing;
        };
        if declared.is_some_and(|ty| *ty != local.ty) {
            self.error(
                "CS8174",
                target.span,
                format!("The expression must be of type '{}' because it is being assigned by reference", local.ty),
            );
        }
        self.capture(local.function, local.slot);
        let cell = self.reach(local.function, local.slot);
        let place = self.declare(&variable.name, local.ty);
        self.assigned.assign(place.variable);
        Step::Evaluate(Node::Declare(place.slot, Box::new(Node::Cell(cell))))
    }

    pub(super) fn inferable(&mut self, bound: Bound, span: Span) -> Option<Bound> {
        let what = match bound.ty {
            Type::Null => "<null>",
            Type::Void => "void",
            _ => return Some(bound),
        };
        self.error("CS0815", span, format!("Cannot assign {what} to an implicitly-typed variable"));
        None
    }

    fn for_loop(
        &mut self,
        initializer: Option<&'t ForInitializer>,
        condition: Option<&'t tree::Expression>,
        iterators: &'t [tree::Expression],
        body: &'t Statement,
    ) -> Step {
        let mut steps = match initializer {
            None => Vec::new(),
            Some(ForInitializer::Declaration(declaration)) => vec![self.local_declaration(declaration)],
            Some(ForInitializer::Expressions(expressions)) => {
                expressions.iter().map(|expression| self.expression_statement(expression)).collect()
            }
        };
        self.settle();
        let (test, when_true, when_false) = match condition {
            None => (None, self.assigned.clone(), Assigned::unreachable()),
            Some(condition) => {
                let test = self.condition(condition).unwrap_or(Node::Constant(Value::Bool(false)));
                let (when_true, when_false) = self.branches();
                (Some(test), when_true, when_false)
            }
        };
        self.assigned = when_true;
        let (body, target) = self.in_loop(|binder| binder.embedded(body));
        self.assigned.meet(&target.continues);
        let mut after = Vec::new();
        for iterator in iterators {
            if let Step::Evaluate(node) = self.expression_statement(iterator) {
                after.push(node);
            }
            self.settle();
        }
        self.assigned = when_false;
        self.assigned.meet(&target.breaks);
        steps.push(Step::Loop { condition: test, body: Box::new(body), after, post: false });
        Step::Block(steps)
    }

    fn for_each(&mut self, variable: &'t ForEachVariable, source: &'t tree::Expression, body: &'t Statement) -> Option<Step> {
        let bound = match self.value(source) {
            Some(bound) if bound.ty != Type::Error => bound,
            _ => return self.unknown_items(variable, body),
        };
        // The collections of regular expressions have a `GetEnumerator` of their own, which gives `object`.
        let untyped = bound.ty.class().is_some_and(|class| class.namespace == "System.Text.RegularExpressions");
        let Some(item) = item_type(&bound.ty).map(|item| if untyped { Type::OBJECT } else { item }) else {
            let message = format!(
                "foreach statement cannot operate on variables of type '{0}' because '{0}' does not contain a public instance or extension definition for 'GetEnumerator'",
                bound.ty
            );
            self.error("CS1579", source.span, message);
            return None;
        };
        // A `JObject` enumerates its properties as pairs, seen as an interface too; as a `JToken` it would give its children.
        let pair = Type::generic(&registry::KEY_VALUE_PAIR, [Type::STRING, Type::JTOKEN]);
        let is_dictionary = bound.ty.class().is_some_and(|class| std::ptr::eq(class, &registry::DICTIONARY));
        let pairs = bound.ty.class().is_some_and(|class| std::ptr::eq(class, &registry::JOBJECT)) || (item == pair && !is_dictionary);
        let (bound, item) = if pairs {
            let call =
                Call { native: json::pair_sequence, arguments: [bound.node].into(), types: [].into(), outs: [].into(), has_receiver: true };
            (Bound::new(Node::Call(Box::new(call)), Type::enumerable(pair.clone())), pair)
        } else {
            (bound, item)
        };
        let slot = self.slot();
        let value = Bound::new(Node::Local(slot), item);
        let take = match variable {
            ForEachVariable::Typed { ty, name } => {
                let converted = match ty.kind {
                    TypeKind::Var => value,
                    // `foreach` casts its items.
                    _ => {
                        let wanted = self.ty(ty)?;
                        self.explicitly(value, &wanted, ty.span)?
                    }
                };
                let place = self.declare_as(name, converted.ty.clone(), LocalKind::ReadOnly("foreach iteration variable"));
                self.assigned.assign(place.variable);
                Node::Declare(place.slot, converted.boxed())
            }
            ForEachVariable::Deconstruction(target) => {
                let targets = match &target.kind {
                    tree::ExpressionKind::Declaration { designation, .. } => match designated(designation) {
                        super::tuples::Target::Nested(targets) => targets,
                        other => vec![other],
                    },
                    _ => self.targets(target)?,
                };
                self.deconstruct(&targets, Operand::Value(value), source.span)?.node
            }
        };
        let before = self.assigned.clone();
        let (body, target) = self.in_loop(|binder| binder.embedded(body));
        self.assigned = before;
        self.assigned.meet(&target.breaks);
        Some(Step::ForEach { source: bound.node, item: slot, take: Box::new(take), body: Box::new(body) })
    }

    /// The body of a `foreach` over what has been reported as wrong, for what else is wrong in it.
    fn unknown_items(&mut self, variable: &'t ForEachVariable, body: &'t Statement) -> Option<Step> {
        if let ForEachVariable::Typed { name, .. } = variable {
            let place = self.declare_as(name, Type::Error, LocalKind::ReadOnly("foreach iteration variable"));
            self.assigned.assign(place.variable);
            let before = self.assigned.clone();
            let (_, target) = self.in_loop(|binder| binder.embedded(body));
            self.assigned = before;
            self.assigned.meet(&target.breaks);
        }
        None
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
