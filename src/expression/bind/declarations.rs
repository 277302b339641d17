//! Declarations of locals and constants: what they are, where they are assigned, what type `var` stands for.

use super::{Binder, Bound, Operand, scopes::LocalKind};
use crate::{
    csharp::tree::{self, TypeKind},
    dotnet::types::Type,
    dotnet::value::Value,
    expression::program::{Node, Numeric, Step},
    source::Span,
};

impl<'t> Binder<'t> {
    pub(super) fn local_declaration(&mut self, declaration: &'t tree::LocalDeclaration) -> Step {
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

    pub(super) fn constant_declaration(
        &mut self,
        variable: &'t tree::VariableDeclarator,
        declared: Option<&Type>,
        declaration_type: Span,
    ) -> Step {
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

    pub(super) fn variable(&mut self, variable: &'t tree::VariableDeclarator, declared: Option<&Type>) -> Step {
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
                    Some(Operand::Default) => {
                        self.error("CS8716", value.span, "There is no target type for the default literal.");
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

    pub(super) fn announce_typed(&mut self, variable: &tree::VariableDeclarator, typed: bool) {
        if let Some(announced) = self.announced.iter_mut().rev().find(|announced| announced.name == variable.name.name) {
            announced.typed = typed;
        }
    }

    pub(super) fn ref_local(
        &mut self,
        variable: &'t tree::VariableDeclarator,
        target: &'t tree::Expression,
        declared: Option<&Type>,
    ) -> Step {
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
}
