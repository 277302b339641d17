//! `new`: objects with their initialisers, and arrays.

use super::{Binder, Bound, Operand, arguments::Argument, members};
use crate::{
    csharp::tree::{self, ExpressionKind, InitializerKind, InitializerTarget, InitializerValue},
    dotnet::{
        member::MemberKind,
        types::{Class, Kind, Type},
        value::Value,
    },
    expression::program::Node,
    source::Span,
};

/// Whether a class can be made with `new`.
fn is_creatable(class: &'static Class) -> bool {
    matches!(class.kind, Kind::Class | Kind::Struct | Kind::Enum(_)) && !class.is_abstract()
}

impl<'t> Binder<'t> {
    pub(super) fn object_creation(
        &mut self,
        ty: &'t tree::Type,
        arguments: &'t [tree::Argument],
        initializer: Option<&'t tree::Initializer>,
        span: Span,
    ) -> Option<Bound> {
        let made = self.ty(ty);
        let arguments = self.arguments(arguments);
        let (made, arguments) = (made?, arguments?);
        let object = self.made(&made, arguments, ty.span, span)?;
        match initializer {
            None => Some(object),
            Some(initializer) => {
                let slot = self.slot();
                let mut nodes = vec![Node::Assign(slot, object.boxed())];
                self.initialize(&Bound::new(Node::Local(slot), made.clone()), initializer, &mut nodes)?;
                nodes.push(Node::Local(slot));
                Some(Bound::new(Node::Sequence(nodes.into()), made))
            }
        }
    }

    fn made(&mut self, made: &Type, arguments: Vec<Argument<'t>>, ty_span: Span, span: Span) -> Option<Bound> {
        if let Type::Nullable(inner) = made {
            return match arguments.as_slice() {
                [] => Some(Bound::new(Node::Constant(Value::Null), made.clone())),
                [Argument { passed: super::arguments::Passed::Value(operand), span, .. }] => {
                    let value = self.to(operand.clone(), inner, *span)?;
                    Some(Bound::new(value.node, made.clone()))
                }
                _ => {
                    self.error("CS1729", span, format!("'{made}' does not contain a constructor that takes {} arguments", arguments.len()));
                    None
                }
            };
        }
        if let Type::Tuple(tuple) = made {
            let operands: Vec<_> = arguments
                .into_iter()
                .filter_map(|argument| match argument.passed {
                    super::arguments::Passed::Value(operand) => Some((operand, argument.span)),
                    _ => None,
                })
                .collect();
            if operands.is_empty() {
                return Some(self.default_value(made));
            }
            let mut nodes = Vec::new();
            for ((operand, at), ty) in operands.into_iter().zip(&tuple.items) {
                nodes.push(self.to(operand, ty, at)?.node);
            }
            return Some(Bound::new(Node::NewRecord(made.clone(), nodes.into()), made.clone()));
        }
        if made.delegate().is_some() {
            // `new Func<int, int>(x => x)`: the delegate itself.
            if let [argument] = arguments.as_slice()
                && let super::arguments::Passed::Value(operand) = &argument.passed
            {
                return self.to(operand.clone(), made, argument.span);
            }
            self.error("CS0149", span, "Method name expected");
            return None;
        }
        let Some(class) = made.class().filter(|class| is_creatable(class)) else {
            let (code, message) = match made.class().map(|class| class.kind) {
                Some(Kind::Static) => ("CS0712", format!("Cannot create an instance of the static class '{made}'")),
                _ => ("CS0144", format!("Cannot create an instance of the abstract type or interface '{made}'")),
            };
            self.error(code, ty_span, message);
            return None;
        };
        if class.is_value_type() && arguments.is_empty() {
            return Some(self.default_value(made));
        }
        self.construct(made, arguments, span)
    }

    fn initialize(&mut self, object: &Bound, initializer: &'t tree::Initializer, nodes: &mut Vec<Node>) -> Option<()> {
        match &initializer.kind {
            InitializerKind::Collection(elements) => {
                for element in elements {
                    let arguments = self.plain_arguments(&element.arguments)?;
                    nodes.push(self.add(object, arguments, element.span)?);
                }
            }
            InitializerKind::Object(members) => {
                for member in members {
                    match (&member.target, &member.value) {
                        (InitializerTarget::Element(arguments), InitializerValue::Expression(value)) => {
                            nodes.push(self.element_assignment(object.clone(), arguments, value, member.span)?);
                        }
                        (InitializerTarget::Member(name), InitializerValue::Expression(value)) => {
                            let operand = self.operand(value)?;
                            self.settle();
                            nodes.push(self.set_property(object.clone(), &name.name, operand, value.span, name.span)?);
                        }
                        (InitializerTarget::Element(arguments), InitializerValue::Initializer(inner)) => {
                            let element = self.element(object.clone(), arguments, member.span)?;
                            let (keep, kept) = self.kept(element);
                            nodes.push(keep);
                            self.initialize(&kept, inner, nodes)?;
                        }
                        (InitializerTarget::Member(name), InitializerValue::Initializer(inner)) => {
                            let found = members::find(&object.ty, &name.name, |info| !info.is_static && info.kind == MemberKind::Property);
                            let Some(found) = found.into_iter().flatten().next() else {
                                self.no_member(&object.ty, &name.name, name.span);
                                return None;
                            };
                            let part = Bound::new(Node::Property(found.info.native, Box::new(object.node.clone())), found.result());
                            let (keep, kept) = self.kept(part);
                            nodes.push(keep);
                            self.initialize(&kept, inner, nodes)?;
                        }
                    }
                }
            }
        }
        Some(())
    }

    fn add(&mut self, object: &Bound, arguments: Vec<Argument<'t>>, span: Span) -> Option<Node> {
        let levels = members::find(&object.ty, "Add", |info| !info.is_static && info.kind == MemberKind::Method);
        if levels.is_empty() || super::inference::item_type(&object.ty).is_none() {
            let message = format!(
                "Cannot initialize type '{}' with a collection initializer because it does not implement 'System.Collections.IEnumerable'",
                object.ty
            );
            self.error("CS1922", span, message);
            return None;
        }
        match self.choose(&levels, Some(object), &[], &arguments) {
            Ok(chosen) => self.finish_call(chosen, Some(object.clone()), arguments).map(|bound| bound.node),
            Err(_) => {
                let message =
                    format!("The best overloaded Add method for the collection initializer of '{}' has some invalid arguments", object.ty);
                self.error("CS1950", span, message);
                None
            }
        }
    }

    pub(super) fn array_creation(
        &mut self,
        ty: &'t tree::Type,
        sizes: &'t [tree::Expression],
        initializer: Option<&'t tree::Expression>,
        span: Span,
    ) -> Option<Bound> {
        let made = self.ty(ty)?;
        let mut lengths = Vec::new();
        for size in sizes {
            lengths.push(self.value_of(size, &Type::INT32)?.node);
        }
        if let Some(Node::Constant(Value::Int32(size))) = lengths.first()
            && *size < 0
        {
            self.error("CS0248", span, "Cannot create an array with a negative size");
            return None;
        }
        if let (Some(initializer), Some(Node::Constant(Value::Int32(size)))) = (initializer, lengths.first())
            && let ExpressionKind::ArrayInitializer(items) = &initializer.kind
            && usize::try_from(*size).ok() != Some(items.len())
        {
            self.error("CS0847", initializer.span, format!("An array initializer of length '{size}' is expected"));
            return None;
        }
        match (&made, initializer) {
            (Type::Array(_) | Type::Grid(..), Some(initializer)) => self.array_items(initializer, &made),
            (Type::Array(element), None) => {
                let length = lengths.into_iter().next()?;
                Some(Bound::new(Node::NewArraySized(element.as_ref().clone(), Box::new(length)), made.clone()))
            }
            (Type::Grid(element, _), None) => Some(Bound::new(Node::NewGrid(element.as_ref().clone(), lengths.into(), None), made.clone())),
            _ => None,
        }
    }

    /// `{ a, b }` as an array of that type; also the value of a declared array variable.
    pub(super) fn array_items(&mut self, initializer: &'t tree::Expression, ty: &Type) -> Option<Bound> {
        let ExpressionKind::ArrayInitializer(items) = &initializer.kind else { return None };
        match ty {
            Type::Array(element) => {
                let mut nodes = Vec::new();
                let mut sound = true;
                for item in items {
                    match self.value_of(item, element) {
                        Some(bound) => nodes.push(bound.node),
                        None => sound = false,
                    }
                }
                sound.then(|| Bound::new(Node::NewArray(element.as_ref().clone(), nodes.into()), ty.clone()))
            }
            Type::Grid(element, rank) => {
                let mut lengths = Vec::new();
                let mut nodes = Vec::new();
                self.grid_items(initializer, element, *rank, 0, &mut lengths, &mut nodes)?;
                let lengths = lengths.into_iter().map(|length: usize| Node::Constant(Value::Int32(length as i32))).collect();
                Some(Bound::new(Node::NewGrid(element.as_ref().clone(), lengths, Some(nodes.into())), ty.clone()))
            }
            _ => {
                self.error(
                    "CS0622",
                    initializer.span,
                    "Can only use array initializer expressions to assign to array types. Try using a new expression instead.",
                );
                None
            }
        }
    }

    fn grid_items(
        &mut self,
        initializer: &'t tree::Expression,
        element: &Type,
        rank: usize,
        level: usize,
        lengths: &mut Vec<usize>,
        nodes: &mut Vec<Node>,
    ) -> Option<()> {
        let ExpressionKind::ArrayInitializer(items) = &initializer.kind else {
            self.error("CS0846", initializer.span, "A nested array initializer is expected");
            return None;
        };
        match lengths.get(level) {
            None => lengths.push(items.len()),
            Some(length) if *length != items.len() => {
                self.error("CS0847", initializer.span, format!("An array initializer of length '{length}' is expected"));
                return None;
            }
            Some(_) => {}
        }
        for item in items {
            if level + 1 == rank {
                nodes.push(self.value_of(item, element)?.node);
            } else {
                self.grid_items(item, element, rank, level + 1, lengths, nodes)?;
            }
        }
        // An empty dimension still has the others.
        while lengths.len() < rank && items.is_empty() {
            lengths.push(0);
        }
        Some(())
    }

    pub(super) fn implicit_array(&mut self, initializer: &'t tree::Expression, rank: usize, span: Span) -> Option<Bound> {
        let ExpressionKind::ArrayInitializer(items) = &initializer.kind else { return None };
        if rank != 1 {
            // The items decide the type, whichever row they stand in.
            let mut operands = Vec::new();
            self.leaves(initializer, rank, &mut operands)?;
            let Some(element) = self.best_common(&operands) else {
                self.error("CS0826", span, "No best type found for implicitly-typed array");
                return None;
            };
            return self.array_items(initializer, &Type::Grid(element.into(), rank));
        }
        let mut operands: Vec<(Operand<'t>, Span)> = Vec::new();
        let mut sound = true;
        for item in items {
            let operand = self.operand(item);
            self.settle();
            match operand {
                Some(operand) => operands.push((operand, item.span)),
                None => sound = false,
            }
        }
        if !sound {
            return None;
        }
        let Some(element) = self.best_common(&operands) else {
            self.error("CS0826", span, "No best type found for implicitly-typed array");
            return None;
        };
        let mut nodes = Vec::new();
        for (operand, at) in operands {
            nodes.push(self.to(operand, &element, at)?.node);
        }
        Some(Bound::new(Node::NewArray(element.clone(), nodes.into()), Type::array(element)))
    }

    /// The items of a rectangular array, row by row.
    fn leaves(&mut self, initializer: &'t tree::Expression, rank: usize, into: &mut Vec<(Operand<'t>, Span)>) -> Option<()> {
        let ExpressionKind::ArrayInitializer(items) = &initializer.kind else {
            self.error("CS0846", initializer.span, "A nested array initializer is expected");
            return None;
        };
        for item in items {
            if rank > 1 {
                self.leaves(item, rank - 1, into)?;
            } else {
                let operand = self.operand(item)?;
                self.settle();
                into.push((operand, item.span));
            }
        }
        Some(())
    }

    /// The best common type: one of the items' own types that all the others convert to, the widest of them.
    fn best_common(&mut self, operands: &[(Operand<'t>, Span)]) -> Option<Type> {
        let mut candidates: Vec<Type> = Vec::new();
        for (operand, _) in operands {
            let ty = match operand {
                Operand::Value(bound) => Some(bound.ty.clone()),
                Operand::Tuple(_) => self.attempt(|binder| binder.natural(operand.clone(), Span::at(0))).map(|bound| bound.ty),
                _ => None,
            };
            candidates.extend(ty.filter(|ty| !matches!(ty, Type::Null | Type::Void)));
        }
        let mut best: Option<Type> = None;
        for candidate in candidates {
            if best.as_ref() == Some(&candidate) || !operands.iter().all(|(operand, _)| self.converts(operand, &candidate)) {
                continue;
            }
            if best.as_ref().is_none_or(|best| super::conversions::standard(best, &candidate).is_some()) {
                best = Some(candidate);
            }
        }
        best
    }
}
