//! Statements: from a tree to steps, and whether their end can be reached.

use super::{Binder, Bound, overloads::item_conversion};
use crate::{
    csharp::tree::{self, ForEachVariable, ForInitializer, Statement, StatementKind, SwitchLabelKind, TypeKind},
    dotnet::{
        registry,
        types::{ClassRef, Type},
        value::Value,
    },
    expression::program::{Handler, Node, Step},
    source::Span,
};

/// A statement's step, and whether what follows it can be reached.
type Outcome = (Step, bool);

impl Binder<'_> {
    /// Statements in a scope of their own, and whether their end can be reached.
    pub(super) fn statements(&mut self, statements: &[Statement]) -> (Vec<Step>, bool) {
        self.scoped(|binder| {
            let mut steps = Vec::with_capacity(statements.len());
            let mut reachable = true;
            for statement in statements {
                let (step, ends) = binder.statement(statement);
                reachable &= ends;
                steps.push(step);
            }
            (steps, reachable)
        })
    }

    fn nested(&mut self, statement: &Statement) -> (Box<Step>, bool) {
        let (step, ends) = self.scoped(|binder| binder.statement(statement));
        (Box::new(step), ends)
    }

    fn statement(&mut self, statement: &Statement) -> Outcome {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Empty => (Step::Nothing, true),
            StatementKind::Block(block) => {
                let (steps, ends) = self.statements(&block.statements);
                (Step::Block(steps), ends)
            }
            StatementKind::Local(declaration) => (self.local_declaration(declaration), true),
            StatementKind::Expression(expression) => {
                (self.value(expression).map_or(Step::Nothing, |bound| Step::Evaluate(bound.node)), true)
            }
            StatementKind::If { condition, then, otherwise } => {
                let test = self.condition(condition);
                let (then, then_ends) = self.nested(then);
                let (otherwise, otherwise_ends) = match otherwise {
                    Some(otherwise) => {
                        let (step, ends) = self.nested(otherwise);
                        (Some(step), ends)
                    }
                    None => (None, true),
                };
                (Step::If(test, then, otherwise), then_ends || otherwise_ends)
            }
            StatementKind::While { condition, body } => {
                let test = self.condition(condition);
                let forever = is_true(&test);
                let (body, _) = self.nested(body);
                let ends = !forever || has_break(&body);
                (Step::Loop { condition: Some(test), body, after: Vec::new(), post: false }, ends)
            }
            StatementKind::Do { body, condition } => {
                let (body, body_ends) = self.nested(body);
                let test = self.condition(condition);
                let ends = (body_ends && !is_true(&test)) || has_break(&body);
                (Step::Loop { condition: Some(test), body, after: Vec::new(), post: true }, ends)
            }
            StatementKind::For { initializer, condition, iterators, body } => self.scoped(|binder| {
                let first = binder.for_initializer(initializer.as_ref());
                let test = condition.as_ref().map(|condition| binder.condition(condition));
                let after = iterators.iter().filter_map(|iterator| binder.value(iterator)).map(|bound| bound.node).collect();
                let (body, _) = binder.nested(body);
                let ends = test.as_ref().is_some_and(|test| !is_true(test)) || has_break(&body);
                let mut steps = first;
                steps.push(Step::Loop { condition: test, body, after, post: false });
                (Step::Block(steps), ends)
            }),
            StatementKind::ForEach { variable, source, body } => {
                self.scoped(|binder| (binder.for_each(variable, source, body).unwrap_or(Step::Nothing), true))
            }
            StatementKind::Switch { value, sections } => {
                self.scoped(|binder| binder.switch(value, sections).unwrap_or((Step::Nothing, true)))
            }
            StatementKind::Break => (Step::Break, false),
            StatementKind::Continue => (Step::Continue, false),
            StatementKind::Return(value) => (self.return_statement(value.as_ref(), span), false),
            StatementKind::Throw(Some(operand)) => {
                let bound = self.value(operand).and_then(|bound| {
                    if bound.ty.is_reference_to(&Type::EXCEPTION) {
                        return Some(bound);
                    }
                    self.error("CS0155", operand.span, "The type caught or thrown must be derived from System.Exception");
                    None
                });
                (bound.map_or(Step::Nothing, |bound| Step::Evaluate(Node::Throw(Box::new(bound.node)))), false)
            }
            StatementKind::Throw(None) => {
                if !self.in_catch {
                    self.error("CS0156", span, "A throw statement with no arguments is not allowed outside of a catch clause");
                }
                (Step::Rethrow, false)
            }
            StatementKind::Try { block, catches, finally } => self.try_statement(block, catches, finally.as_ref()),
            StatementKind::Checked(block) => {
                let (steps, ends) = self.with_checked(true, |binder| binder.statements(&block.statements));
                (Step::Block(steps), ends)
            }
            StatementKind::Unchecked(block) => {
                let (steps, ends) = self.with_checked(false, |binder| binder.statements(&block.statements));
                (Step::Block(steps), ends)
            }
            StatementKind::LocalFunction(_) => self.refused("a local function", span),
            StatementKind::Goto(_) | StatementKind::GotoCase(_) | StatementKind::GotoDefault | StatementKind::Labeled { .. } => {
                self.refused("`goto`", span)
            }
            StatementKind::Using { .. } => self.refused("a `using` statement", span),
            StatementKind::Lock { .. } => self.refused("`lock`", span),
            StatementKind::YieldReturn(_) | StatementKind::YieldBreak => {
                self.error("CS1624", span, "The body cannot be an iterator block because 'object' is not an iterator interface type");
                (Step::Nothing, true)
            }
        }
    }

    fn refused(&mut self, what: &str, span: Span) -> Outcome {
        let _: Option<()> = self.unavailable(what, span);
        (Step::Nothing, true)
    }

    fn condition(&mut self, condition: &tree::Expression) -> Node {
        let bound = self.value(condition).and_then(|bound| self.implicitly(bound, &Type::BOOL, condition.span));
        bound.map_or(Node::Constant(Value::Bool(false)), |bound| bound.node)
    }

    fn return_statement(&mut self, value: Option<&tree::Expression>, span: Span) -> Step {
        let Some(value) = value else {
            self.error("CS0126", span, "An object of a type convertible to 'object' is required");
            return Step::Nothing;
        };
        let Some(bound) = self.value(value) else { return Step::Nothing };
        let bound = match self.result.clone() {
            Some(ty) => self.implicitly(bound, &ty, value.span),
            None if bound.ty == Type::Void => {
                self.error("CS0029", value.span, "Cannot implicitly convert type 'void' to 'object'");
                None
            }
            None => Some(bound),
        };
        let Some(bound) = bound else { return Step::Nothing };
        self.returned.push(bound.ty);
        Step::Return(bound.node)
    }

    fn local_declaration(&mut self, declaration: &tree::LocalDeclaration) -> Step {
        let declared = match declaration.ty.kind {
            TypeKind::Var => None,
            _ => match self.ty(&declaration.ty) {
                Some(ty) => Some(ty),
                None => {
                    // The variables exist all the same, so that their uses make no further noise.
                    for variable in &declaration.variables {
                        variable.value.as_ref().map(|value| self.value(value));
                        self.declare(&variable.name, Type::OBJECT);
                    }
                    return Step::Nothing;
                }
            },
        };
        let mut steps = Vec::new();
        for variable in &declaration.variables {
            let bound = match (&variable.value, &declared) {
                (Some(value), Some(Type::Array(element))) if matches!(value.kind, tree::ExpressionKind::ArrayInitializer(_)) => {
                    self.array_items(value, element)
                }
                (Some(value), Some(ty)) => self.value(value).and_then(|bound| self.implicitly(bound, ty, value.span)),
                (Some(value), None) => self.value(value).and_then(|bound| self.inferable(bound, value.span)),
                (None, Some(_)) => None,
                (None, None) => {
                    self.error("CS0818", variable.span, "Implicitly-typed variables must be initialized");
                    None
                }
            };
            let ty = declared.clone().or_else(|| bound.as_ref().map(|bound| bound.ty.clone())).unwrap_or(Type::OBJECT);
            let slot = self.declare(&variable.name, ty.clone());
            let node = match (bound, &variable.value) {
                (Some(bound), _) => bound.node,
                // A slot is used anew by each round of a loop: a variable without a value starts as if new.
                (None, _) => Node::Constant(crate::dotnet::Value::default_of(&ty)),
            };
            steps.push(Step::Evaluate(Node::SetLocal(slot, Box::new(node))));
        }
        Step::Block(steps)
    }

    fn inferable(&mut self, bound: Bound, span: Span) -> Option<Bound> {
        match bound.ty {
            Type::Null => {
                self.error("CS0815", span, "Cannot assign <null> to an implicitly-typed variable");
                None
            }
            Type::Void => {
                self.error("CS0815", span, "Cannot assign void to an implicitly-typed variable");
                None
            }
            _ => Some(bound),
        }
    }

    fn for_initializer(&mut self, initializer: Option<&ForInitializer>) -> Vec<Step> {
        match initializer {
            None => Vec::new(),
            Some(ForInitializer::Declaration(declaration)) => vec![self.local_declaration(declaration)],
            Some(ForInitializer::Expressions(expressions)) => {
                expressions.iter().filter_map(|expression| self.value(expression)).map(|bound| Step::Evaluate(bound.node)).collect()
            }
        }
    }

    fn for_each(&mut self, variable: &ForEachVariable, source: &tree::Expression, body: &Statement) -> Option<Step> {
        let bound = self.value(source)?;
        let Some(item) = item_type(&bound.ty) else {
            let message = format!(
                "foreach statement cannot operate on variables of type '{0}' because '{0}' does not contain a public instance definition for 'GetEnumerator'",
                bound.ty
            );
            self.error("CS1579", source.span, message);
            return None;
        };
        let ForEachVariable::Typed { ty, name } = variable else { return self.unavailable("a deconstruction", source.span) };
        let (ty, conversion) = match ty.kind {
            TypeKind::Var => (item, None),
            _ => {
                let wanted = self.ty(ty)?;
                match item_conversion(&item, &wanted) {
                    Some(conversion) => (wanted, conversion),
                    // `foreach` casts its items.
                    None => {
                        let cast = self.explicitly(Bound::new(Node::Constant(Value::Null), item), &wanted, ty.span)?;
                        match cast.node {
                            Node::Convert(conversion, _) => (wanted, Some(conversion)),
                            _ => (wanted, None),
                        }
                    }
                }
            }
        };
        let local = self.declare(name, ty);
        let (body, _) = self.nested(body);
        Some(Step::ForEach { source: bound.node, local, conversion, body })
    }

    fn switch(&mut self, value: &tree::Expression, sections: &[tree::SwitchSection]) -> Option<Outcome> {
        let bound = self.value(value)?;
        let local = self.slot();
        let subject = Bound::new(Node::Local(local), bound.ty);
        let mut made = Vec::new();
        let (mut ends, mut has_default) = (false, false);
        for section in sections {
            let (tests, (steps, section_ends)) = self.scoped(|binder| {
                let mut tests = Vec::new();
                for label in &section.labels {
                    match &label.kind {
                        SwitchLabelKind::Default => {
                            has_default = true;
                            tests.push(None);
                        }
                        SwitchLabelKind::Case { pattern, guard } => {
                            let Some(mut test) = binder.pattern(subject.clone(), pattern) else { continue };
                            if let Some(guard) = guard {
                                let guard = binder.condition(guard);
                                test.node = Node::And(Box::new(test.node), Box::new(guard));
                            }
                            tests.push(Some(test.node));
                        }
                    }
                }
                (tests, binder.statements(&section.statements))
            });
            if section_ends {
                let last = section.labels.last().map_or(section.span, |label| label.span);
                self.error("CS0163", last, "Control cannot fall through from one case label to another");
            }
            ends |= steps.iter().any(has_break);
            made.push((tests, steps));
        }
        Some((Step::Switch { value: bound.node, local, sections: made }, ends || !has_default))
    }

    fn try_statement(&mut self, block: &tree::Block, catches: &[tree::Catch], finally: Option<&tree::Block>) -> Outcome {
        let (body, mut ends) = self.statements(&block.statements);
        let mut handlers = Vec::new();
        for handler in catches {
            let class = match &handler.ty {
                Some(ty) => match self.ty(ty) {
                    Some(ty) => ty,
                    None => continue,
                },
                None => Self::any_exception(),
            };
            if !class.is_reference_to(&Type::Named(ClassRef(&registry::EXCEPTION))) {
                let span = handler.ty.as_ref().map_or(handler.span, |ty| ty.span);
                self.error("CS0155", span, "The type caught or thrown must be derived from System.Exception");
                continue;
            }
            let outer = std::mem::replace(&mut self.in_catch, true);
            let bound = self.scoped(|binder| {
                let local = match &handler.name {
                    Some(name) => binder.declare(name, class.clone()),
                    None => binder.slot(),
                };
                let filter = handler.filter.as_ref().map(|filter| binder.condition(filter));
                let (body, handler_ends) = binder.statements(&handler.block.statements);
                (Handler { class, local, filter, body }, handler_ends)
            });
            self.in_catch = outer;
            ends |= bound.1;
            handlers.push(bound.0);
        }
        let finally = finally.map(|finally| {
            let (steps, finally_ends) = self.statements(&finally.statements);
            ends &= finally_ends;
            steps
        });
        (Step::Try { body, catches: handlers, finally }, ends)
    }
}

fn is_true(node: &Node) -> bool {
    matches!(node, Node::Constant(Value::Bool(true)))
}

/// Whether a `break` leaves this very loop or `switch`.
fn has_break(step: &Step) -> bool {
    match step {
        Step::Break => true,
        Step::Block(steps) => steps.iter().any(has_break),
        Step::If(_, then, otherwise) => has_break(then) || otherwise.as_ref().is_some_and(|otherwise| has_break(otherwise)),
        Step::Try { body, catches, finally } => {
            body.iter().any(has_break)
                || catches.iter().any(|handler| handler.body.iter().any(has_break))
                || finally.as_ref().is_some_and(|steps| steps.iter().any(has_break))
        }
        _ => false,
    }
}

/// What `foreach` gives of a type.
fn item_type(ty: &Type) -> Option<Type> {
    if let Type::Array(element) = ty {
        return Some(element.as_ref().clone());
    }
    if let Type::Generic(class, arguments) = ty
        && std::ptr::eq(class.0, &registry::IENUMERABLE)
    {
        return arguments.first().cloned();
    }
    ty.supertypes().iter().find_map(item_type)
}
