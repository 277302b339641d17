//! Arguments: as they stand in the code, and which parameter each one is for.

use super::{Binder, Operand, scopes::LocalKind};
use crate::{
    csharp::tree::{self, ArgumentModifier, ExpressionKind},
    dotnet::{member::Parameter, types::Type},
    source::Span,
    text::Text,
};

/// An argument as bound before an overload is chosen.
#[derive(Clone)]
pub(super) struct Argument<'t> {
    pub name: Option<Text>,
    pub passed: Passed<'t>,
    pub span: Span,
}

/// What stands as an argument.
#[derive(Clone)]
pub(super) enum Passed<'t> {
    Value(Operand<'t>),
    /// `out var x`, `out T x`: declared once the overload is known.
    New(&'t tree::Identifier, Option<Type>),
    /// `out x`, `ref x`: a local variable.
    Local {
        function: usize,
        slot: usize,
        variable: usize,
        ty: Type,
        is_out: bool,
    },
    /// `out a[i]`: what is written to once the call is done.
    Place(&'t tree::Expression, Type),
    /// `out _`
    Discard(Option<Type>),
}

impl<'t> Argument<'t> {
    pub fn value(operand: Operand<'t>, span: Span) -> Self {
        Self { name: None, passed: Passed::Value(operand), span }
    }
}

/// What mapping arguments to parameters needs to know of a parameter.
pub(super) trait Takes {
    fn name(&self) -> &str;
    fn is_params(&self) -> bool;
    fn is_optional(&self) -> bool;
}

impl Takes for Parameter {
    fn name(&self) -> &str {
        self.name
    }
    fn is_params(&self) -> bool {
        self.is_params
    }
    fn is_optional(&self) -> bool {
        self.default.is_some()
    }
}

/// For each parameter the arguments given to it (several for an expanded `params`); none where they do not fit together.
pub(super) fn assign<P: Takes>(parameters: &[P], arguments: &[Argument<'_>], expanded: bool) -> Option<Vec<Vec<usize>>> {
    if expanded && !parameters.last().is_some_and(Takes::is_params) {
        return None;
    }
    let mut assigned: Vec<Vec<usize>> = vec![Vec::new(); parameters.len()];
    for (index, argument) in arguments.iter().enumerate() {
        let position = match &argument.name {
            Some(name) => {
                let position = parameters.iter().position(|parameter| *name == *parameter.name())?;
                // A name in front of positional arguments must be that of its place.
                if position != index && arguments.iter().skip(index + 1).any(|later| later.name.is_none()) {
                    return None;
                }
                position
            }
            None if expanded => index.min(parameters.len() - 1),
            None => index,
        };
        let slot = assigned.get_mut(position)?;
        if !slot.is_empty() && (!expanded || position + 1 != parameters.len()) {
            return None;
        }
        slot.push(index);
    }
    let missing =
        |(parameter, given): (&P, &Vec<usize>)| given.is_empty() && !parameter.is_optional() && !(expanded && parameter.is_params());
    (!parameters.iter().zip(&assigned).any(missing)).then_some(assigned)
}

impl<'t> Binder<'t> {
    pub(super) fn arguments(&mut self, arguments: &'t [tree::Argument]) -> Option<Vec<Argument<'t>>> {
        let bound: Vec<Option<Argument<'t>>> = arguments.iter().map(|argument| self.argument(argument)).collect();
        bound.into_iter().collect()
    }

    fn argument(&mut self, argument: &'t tree::Argument) -> Option<Argument<'t>> {
        let passed = match argument.modifier {
            None | Some(ArgumentModifier::In) => {
                let operand = self.operand(&argument.value)?;
                self.settle();
                if let Operand::Value(bound) = &operand
                    && bound.ty == Type::Void
                {
                    self.error("CS1503", argument.span, "Argument: cannot convert from 'void' to 'object'");
                    return None;
                }
                Passed::Value(operand)
            }
            Some(modifier) => self.reference(modifier == ArgumentModifier::Out, &argument.value, argument.span)?,
        };
        Some(Argument { name: argument.name.as_ref().map(|name| name.name.clone()), passed, span: argument.span })
    }

    /// What stands behind `out` or `ref`.
    fn reference(&mut self, is_out: bool, value: &'t tree::Expression, span: Span) -> Option<Passed<'t>> {
        match &value.kind {
            ExpressionKind::Declaration { ty, designation } if is_out => {
                let ty = match ty.kind {
                    tree::TypeKind::Var => None,
                    _ => Some(self.ty(ty)?),
                };
                Some(match designation {
                    tree::Designation::Variable(name) => Passed::New(name, ty),
                    _ => Passed::Discard(ty),
                })
            }
            ExpressionKind::Name(name) => match self.find_local(&name.identifier.name).cloned() {
                Some(local) if matches!(local.kind, LocalKind::Variable) => {
                    if !is_out && !self.assigned.has(local.variable) {
                        self.unassigned(local.function, local.variable, &local.name, span);
                    }
                    let (function, slot, variable, ty) = (local.function, local.slot, local.variable, local.ty);
                    Some(Passed::Local { function, slot, variable, ty, is_out })
                }
                Some(_) => {
                    let message = format!("Cannot use '{}' as a ref or out value because it is read-only", name.identifier.name);
                    self.error("CS1657", span, message);
                    None
                }
                None if is_out && value.is_discard() => Some(Passed::Discard(None)),
                None => {
                    self.unknown_name(&name.identifier.name, value.span);
                    None
                }
            },
            ExpressionKind::Element { .. } => {
                let ty = self.attempt(|binder| binder.value(value)).map(|bound| bound.ty);
                match ty {
                    Some(ty) if is_out => Some(Passed::Place(value, ty)),
                    _ => self.unavailable("`ref` to an element", span),
                }
            }
            _ => {
                self.error("CS1510", span, "A ref or out value must be an assignable variable");
                None
            }
        }
    }
}
