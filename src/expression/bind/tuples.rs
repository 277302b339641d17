//! Tuples and anonymous objects; deconstruction.

use std::rc::Rc;

use super::{Binder, Bound, Operand, arguments::Argument};
use crate::{
    csharp::tree::{self, AnonymousMember, Designation, ExpressionKind},
    dotnet::{
        member::MemberKind,
        types::{AnonymousType, TupleType, Type},
    },
    expression::program::{Call, Node},
    source::Span,
    text::Text,
};

/// A tuple literal: the names and the operands, with their places.
pub(super) struct Literal<'t> {
    pub items: Vec<(Option<Text>, Operand<'t>, Span)>,
}

/// The name that a value gives to a part without one: its last name.
fn inferred_name(value: &tree::Expression) -> Option<Text> {
    match &value.kind {
        ExpressionKind::Name(name) | ExpressionKind::Member { name, .. } | ExpressionKind::MemberBinding(name) => {
            Some(name.identifier.name.clone())
        }
        ExpressionKind::ConditionalAccess { when_not_null, .. } => inferred_name(when_not_null),
        _ => None,
    }
}

impl<'t> Binder<'t> {
    pub(super) fn tuple(&mut self, arguments: &'t [tree::Argument], _span: Span) -> Option<Operand<'t>> {
        let mut items = Vec::new();
        let mut sound = true;
        for argument in arguments {
            let operand = self.operand(&argument.value);
            self.settle();
            let name = argument.name.as_ref().map(|name| name.name.clone()).or_else(|| inferred_name(&argument.value));
            match operand {
                Some(operand) => items.push((name, operand, argument.span)),
                None => sound = false,
            }
        }
        // A name that stands twice, or looks like an element's number, is none.
        for index in 0..items.len() {
            let name = items.get(index).and_then(|(name, ..)| name.clone());
            let twice = name.is_some() && items.iter().filter(|(other, ..)| *other == name).count() > 1;
            let explicit = arguments.get(index).is_some_and(|argument| argument.name.is_some());
            if twice && explicit {
                self.error("CS8127", items.get(index).map_or(_span, |item| item.2), "Tuple element names must be unique.");
                return None;
            }
            if let Some(item) = items.get_mut(index)
                && !explicit
                && (twice || name.is_some_and(|name| name.starts_with("Item")))
            {
                item.0 = None;
            }
        }
        sound.then(|| Operand::Tuple(Rc::new(Literal { items })))
    }

    pub(super) fn tuple_natural(&mut self, literal: &Rc<Literal<'t>>, span: Span) -> Option<Bound> {
        let mut nodes = Vec::new();
        let mut items = Vec::new();
        let mut names = Vec::new();
        for (name, operand, at) in &literal.items {
            let bound = self.natural(operand.clone(), *at)?;
            if matches!(bound.ty, Type::Null | Type::Void) {
                self.error("CS8131", span, "Cannot infer the type of implicitly-typed deconstruction variable or tuple element");
                return None;
            }
            nodes.push(bound.node);
            items.push(bound.ty);
            names.push(name.clone());
        }
        let ty = Type::Tuple(TupleType { items, names }.into());
        Some(Bound::new(Node::NewRecord(ty.clone(), nodes.into()), ty))
    }

    pub(super) fn tuple_converts(&mut self, literal: &Rc<Literal<'t>>, to: &Type) -> bool {
        match to {
            Type::Tuple(tuple) if tuple.items.len() == literal.items.len() => {
                literal.items.iter().zip(&tuple.items).all(|((_, operand, _), ty)| self.converts(operand, ty))
            }
            Type::Nullable(to) => self.tuple_converts(literal, to),
            to => self
                .attempt(|binder| binder.tuple_natural(literal, Span::at(0)))
                .is_some_and(|bound| self.converts(&Operand::Value(bound), to)),
        }
    }

    pub(super) fn tuple_to(&mut self, literal: &Rc<Literal<'t>>, to: &Type, span: Span) -> Option<Bound> {
        match to {
            Type::Tuple(tuple) if tuple.items.len() == literal.items.len() => {
                let mut nodes = Vec::new();
                for ((_, operand, at), ty) in literal.items.iter().zip(&tuple.items) {
                    nodes.push(self.to(operand.clone(), ty, *at)?.node);
                }
                Some(Bound::new(Node::NewRecord(to.clone(), nodes.into()), to.clone()))
            }
            Type::Nullable(inner) => {
                let bound = self.tuple_to(literal, inner, span)?;
                Some(Bound::new(bound.node, to.clone()))
            }
            to => {
                let bound = self.tuple_natural(literal, span)?;
                self.implicitly(bound, to, span)
            }
        }
    }

    pub(super) fn anonymous_object(&mut self, members: &'t [AnonymousMember]) -> Option<Bound> {
        let mut nodes = Vec::new();
        let mut properties: Vec<(Text, Type)> = Vec::new();
        let mut sound = true;
        for member in members {
            let value = self.value(&member.value);
            let name = member.name.as_ref().map(|name| name.name.clone()).or_else(|| inferred_name(&member.value));
            let Some(name) = name else {
                self.error("CS0746", member.span, "Invalid anonymous type member declarator. Anonymous type members must be declared with a member assignment, simple name or member access.");
                sound = false;
                continue;
            };
            if properties.iter().any(|(other, _)| *other == name) {
                self.error("CS0833", member.span, "An anonymous type cannot have multiple properties with the same name");
                sound = false;
            }
            match value {
                Some(bound) if matches!(bound.ty, Type::Null | Type::Void) => {
                    self.error("CS0828", member.span, format!("Cannot assign {} to anonymous type property", bound.ty));
                    sound = false;
                }
                Some(bound) => {
                    nodes.push(bound.node);
                    properties.push((name, bound.ty));
                }
                None => sound = false,
            }
        }
        let ty = Type::Anonymous(AnonymousType { properties }.into());
        sound.then(|| Bound::new(Node::NewRecord(ty.clone(), nodes.into()), ty))
    }

    /// Puts the parts of a value into the targets of a deconstruction.
    pub(super) fn deconstruct(&mut self, targets: &[Target<'t>], value: Operand<'t>, span: Span) -> Option<Bound> {
        // A literal is taken apart as it stands: each element gets its target's type.
        if let Operand::Tuple(literal) = &value
            && literal.items.len() == targets.len()
        {
            let mut nodes = Vec::new();
            let mut stores = Vec::new();
            for (target, (_, operand, at)) in targets.iter().zip(&literal.items) {
                self.deconstruct_one(target, operand.clone(), *at, &mut nodes, &mut stores)?;
            }
            return self.deconstructed(nodes, stores);
        }
        let bound = self.natural(value, span)?;
        let (keep, kept) = self.kept(bound);
        let mut nodes = vec![keep];
        let mut stores = Vec::new();
        for (target, part) in targets.iter().zip(self.parts(kept, targets.len(), &mut nodes, span)?) {
            self.deconstruct_one(target, Operand::Value(part), span, &mut nodes, &mut stores)?;
        }
        self.deconstructed(nodes, stores)
    }

    /// All values first, then all assignments, as C# orders them: `(a, b) = (b, a)` swaps.
    fn deconstructed(&mut self, mut nodes: Vec<Node>, stores: Vec<(Node, Bound)>) -> Option<Bound> {
        let items: Vec<Bound> = stores.iter().map(|(_, value)| value.clone()).collect();
        nodes.extend(stores.into_iter().map(|(store, _)| store));
        let ty = Type::Tuple(
            TupleType { items: items.iter().map(|item| item.ty.clone()).collect(), names: items.iter().map(|_| None).collect() }.into(),
        );
        nodes.push(Node::NewRecord(ty.clone(), items.into_iter().map(|item| item.node).collect()));
        Some(Bound::new(Node::Sequence(nodes.into()), ty))
    }

    fn deconstruct_one(
        &mut self,
        target: &Target<'t>,
        value: Operand<'t>,
        span: Span,
        nodes: &mut Vec<Node>,
        stores: &mut Vec<(Node, Bound)>,
    ) -> Option<()> {
        match target {
            Target::Nested(targets) => {
                let nested = self.deconstruct(targets, value, span)?;
                let (keep, kept) = self.kept(nested);
                nodes.push(keep);
                stores.push((Node::Sequence([].into()), kept));
            }
            Target::Discard => {
                let bound = self.natural(value, span)?;
                let (keep, kept) = self.kept(bound);
                nodes.push(keep);
                stores.push((Node::Sequence([].into()), kept));
            }
            Target::New(name, ty) => {
                let bound = match ty {
                    Some(ty) => self.to(value, ty, span)?,
                    None => {
                        let bound = self.natural(value, span)?;
                        self.inferable(bound, span)?
                    }
                };
                let (keep, kept) = self.kept(bound);
                nodes.push(keep);
                let declared = self.declare(name, kept.ty.clone());
                self.assigned.assign(declared.variable);
                stores.push((Node::Declare(declared.slot, Box::new(kept.node.clone())), kept));
            }
            Target::Existing(place) => {
                let ty = self.place_type(place)?;
                let bound = self.to(value, &ty, span)?;
                let (keep, kept) = self.kept(bound);
                nodes.push(keep);
                let store = self.assign_to(place, kept.clone(), span)?;
                stores.push((store.node, kept));
            }
        }
        Some(())
    }

    /// The parts of a value: a tuple's elements, or what its `Deconstruct` gives.
    fn parts(&mut self, value: Bound, count: usize, nodes: &mut Vec<Node>, span: Span) -> Option<Vec<Bound>> {
        if let Type::Tuple(tuple) = &value.ty
            && tuple.items.len() == count
        {
            let field = |(index, ty): (usize, &Type)| Bound::new(Node::Field(Box::new(value.node.clone()), index), ty.clone());
            return Some(tuple.items.iter().enumerate().map(field).collect());
        }
        if let Type::Tuple(tuple) = &value.ty {
            let message = format!("Cannot deconstruct a tuple of '{}' elements into '{count}' variables.", tuple.items.len());
            self.error("CS8132", span, message);
            return None;
        }
        // .NET's extension methods do it for the classes.
        if value.ty.class().is_some_and(|class| class.full_name() == "System.Tuple") && value.ty.arguments().len() == count && count < 8 {
            let part = |index: usize| {
                let found = super::members::find(&value.ty, &format!("Item{}", index + 1), |info| info.kind == MemberKind::Property);
                let found = found.into_iter().flatten().next()?;
                Some(Bound::new(Node::Property(found.info.native, Box::new(value.node.clone())), found.result()))
            };
            return (0..count).map(part).collect();
        }
        let found =
            super::members::find(&value.ty, "Deconstruct", |info| info.kind == MemberKind::Method && info.parameters.len() == count);
        let Some(found) = found.into_iter().flatten().next() else {
            let message = format!(
                "No suitable 'Deconstruct' instance or extension method was found for type '{}', with {count} out parameters and a void return type.",
                value.ty
            );
            self.error("CS8129", span, message);
            return None;
        };
        let mut parts = Vec::new();
        let mut outs = Vec::new();
        let mut arguments = vec![value.node];
        for (index, parameter) in found.info.parameters.iter().enumerate() {
            let slot = self.slot();
            outs.push((index + 1, slot, false));
            arguments.push(Node::Constant(crate::dotnet::Value::Null));
            parts.push(Bound::new(Node::Local(slot), found.close(&parameter.ty)));
        }
        let call = Call {
            native: found.info.native,
            arguments: arguments.into(),
            types: found.on.arguments().into(),
            outs: outs.into(),
            has_receiver: true,
        };
        nodes.push(Node::Call(Box::new(call)));
        Some(parts)
    }

    /// The targets of a deconstruction: none where the expression is no such target.
    pub(super) fn targets(&mut self, expression: &'t tree::Expression) -> Option<Vec<Target<'t>>> {
        match &expression.kind {
            ExpressionKind::Tuple(items) => items.iter().map(|item| self.target(&item.value)).collect(),
            ExpressionKind::Declaration { designation: Designation::Tuple(items, _), .. } => Some(items.iter().map(designated).collect()),
            _ => None,
        }
    }

    fn target(&mut self, expression: &'t tree::Expression) -> Option<Target<'t>> {
        Some(match &expression.kind {
            ExpressionKind::Tuple(_) => Target::Nested(self.targets(expression)?),
            ExpressionKind::Declaration { ty, designation } => {
                let ty = match ty.kind {
                    tree::TypeKind::Var => None,
                    _ => Some(self.ty(ty)?),
                };
                match designation {
                    Designation::Variable(name) => Target::New(name, ty),
                    other => designated(other),
                }
            }
            ExpressionKind::Name(name) if expression.is_discard() && self.find_local(&name.identifier.name).is_none() => Target::Discard,
            _ => Target::Existing(expression),
        })
    }

    /// A place's type, without using its value.
    pub(super) fn place_type(&mut self, place: &'t tree::Expression) -> Option<Type> {
        let assigned = self.assigned.clone();
        self.assigned.assign_all(self.variables);
        let bound = self.value(place);
        self.assigned = assigned;
        bound.map(|bound| bound.ty)
    }

    /// Binds arguments that are no more than values.
    pub(super) fn plain_arguments(&mut self, values: &'t [tree::Expression]) -> Option<Vec<Argument<'t>>> {
        let bound: Vec<Option<Argument<'t>>> = values
            .iter()
            .map(|value| {
                let operand = self.operand(value);
                self.settle();
                operand.map(|operand| Argument::value(operand, value.span))
            })
            .collect();
        bound.into_iter().collect()
    }
}

/// Where a part of a deconstruction goes.
pub(super) enum Target<'t> {
    /// A variable declared here.
    New(&'t tree::Identifier, Option<Type>),
    /// What can be assigned.
    Existing(&'t tree::Expression),
    Discard,
    Nested(Vec<Target<'t>>),
}

pub(super) fn designated(designation: &Designation) -> Target<'_> {
    match designation {
        Designation::Discard(_) => Target::Discard,
        Designation::Variable(name) => Target::New(name, None),
        Designation::Tuple(items, _) => Target::Nested(items.iter().map(designated).collect()),
    }
}
