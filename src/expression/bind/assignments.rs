//! Assignments: to variables, elements, properties and parts of tuples; compound ones, `++` and `--`.

use super::{
    Binder, Bound, Operand,
    arguments::{Argument, Passed},
    conversions, entries, members,
    scopes::LocalKind,
};
use crate::{
    csharp::tree::{self, BinaryOperator, ExpressionKind, UnaryOperator},
    dotnet::{member::MemberKind, types::Type, value::Value},
    expression::program::{Call, Node, Numeric},
    source::Span,
};

/// What can be assigned, with everything but the value computed: reading and writing it does nothing twice.
enum Place {
    Local {
        slot: usize,
        variable: usize,
        ty: Type,
    },
    Element {
        array: Node,
        index: Node,
        ty: Type,
    },
    Grid {
        grid: Node,
        indices: Vec<Node>,
        ty: Type,
    },
    /// A property or indexer: the receiver and the indices.
    Member {
        found: members::Found,
        arguments: Vec<Node>,
        ty: Type,
    },
    /// A part of a tuple that stands in a place itself.
    Field {
        of: Box<Place>,
        index: usize,
        ty: Type,
    },
    Discard,
}

impl Place {
    fn ty(&self) -> Option<&Type> {
        match self {
            Self::Local { ty, .. }
            | Self::Element { ty, .. }
            | Self::Grid { ty, .. }
            | Self::Member { ty, .. }
            | Self::Field { ty, .. } => Some(ty),
            Self::Discard => None,
        }
    }

    fn read(&self) -> Node {
        match self {
            Self::Local { slot, .. } => Node::Local(*slot),
            Self::Element { array, index, .. } => Node::Element(Box::new(array.clone()), Box::new(index.clone())),
            Self::Grid { grid, indices, .. } => Node::GridElement(Box::new(grid.clone()), indices.clone().into()),
            Self::Member { found, arguments, .. } => member_call(found, arguments.clone()),
            Self::Field { of, index, .. } => Node::Field(Box::new(of.read()), *index),
            Self::Discard => Node::Constant(Value::Null),
        }
    }

    /// The assignment; its own value is the value assigned.
    fn write(&self, value: Node, scratch: usize) -> Node {
        match self {
            Self::Local { slot, .. } => Node::Assign(*slot, Box::new(value)),
            Self::Element { array, index, .. } => Node::SetElement(Box::new([array.clone(), index.clone(), value])),
            Self::Grid { grid, indices, .. } => Node::SetGridElement(Box::new(grid.clone()), indices.clone().into(), Box::new(value)),
            Self::Member { found, arguments, .. } => {
                let mut arguments = arguments.clone();
                arguments.push(Node::Assign(scratch, Box::new(value)));
                Node::Sequence([member_call(found, arguments), Node::Local(scratch)].into())
            }
            Self::Field { of, index, .. } => {
                let with = Node::WithField(Box::new(of.read()), *index, Box::new(Node::Assign(scratch, Box::new(value))));
                Node::Sequence([of.write(with, scratch), Node::Local(scratch)].into())
            }
            Self::Discard => value,
        }
    }
}

fn member_call(found: &members::Found, arguments: Vec<Node>) -> Node {
    let call = Call {
        native: found.info.native,
        arguments: arguments.into(),
        types: found.on.arguments().into(),
        outs: [].into(),
        has_receiver: !found.info.is_static,
    };
    entries::indexed(found.info, &call).unwrap_or_else(|| Node::Call(Box::new(call)))
}

impl<'t> Binder<'t> {
    pub(super) fn assignment(
        &mut self,
        target: &'t tree::Expression,
        operator: Option<BinaryOperator>,
        value: &'t tree::Expression,
        span: Span,
    ) -> Option<Bound> {
        let target = target.without_parentheses();
        if operator.is_none() && matches!(target.kind, ExpressionKind::Tuple(_) | ExpressionKind::Declaration { .. }) {
            let operand = self.operand(value);
            self.settle();
            let targets = self.targets(target)?;
            return self.deconstruct(&targets, operand?, span);
        }
        // A place that is written twice keeps what leads to it in slots.
        let mut before = Vec::new();
        let place = self.place(target, operator.is_some(), &mut before);
        let operand = self.operand(value);
        self.settle();
        let (place, operand) = (place?, operand?);
        let scratch = self.slot();
        let bound = match (operator, place.ty().cloned()) {
            (None, None) => self.natural(operand, value.span)?,
            (None, Some(ty)) => self.to(operand, &ty, value.span)?,
            (Some(operator), Some(ty)) => {
                let right = self.natural(operand, value.span)?;
                self.compound(operator, Bound::new(place.read(), ty), right, span)?
            }
            (Some(_), None) => {
                self.error("CS0103", target.span, "The name '_' does not exist in the current context");
                return None;
            }
        };
        if let Place::Local { variable, .. } = &place {
            self.assigned.assign(*variable);
        }
        let ty = bound.ty.clone();
        before.push(place.write(bound.node, scratch));
        Some(Bound::new(sequence(before), ty))
    }

    /// The assignment of a bound value to what an expression says.
    pub(super) fn assign_to(&mut self, target: &'t tree::Expression, value: Bound, span: Span) -> Option<Bound> {
        let mut before = Vec::new();
        let place = self.place(target.without_parentheses(), false, &mut before)?;
        let value = match place.ty().cloned() {
            Some(ty) => self.implicitly(value, &ty, span)?,
            None => value,
        };
        if let Place::Local { variable, .. } = &place {
            self.assigned.assign(*variable);
        }
        let scratch = self.slot();
        let ty = value.ty.clone();
        before.push(place.write(value.node, scratch));
        Some(Bound::new(sequence(before), ty))
    }

    /// What an expression says can be assigned. `twice`: it is read as well as written.
    fn place(&mut self, target: &'t tree::Expression, twice: bool, before: &mut Vec<Node>) -> Option<Place> {
        match &target.kind {
            ExpressionKind::Name(name) => {
                let Some(local) = self.find_local(&name.identifier.name).cloned() else {
                    if target.is_discard() {
                        return Some(Place::Discard);
                    }
                    // Says that the name is unknown, or what it is instead.
                    self.entity(target)?;
                    if name.identifier.name == "context" {
                        self.error("CS0200", target.span, "'context' cannot be assigned to -- it is read only");
                    } else {
                        self.error("CS0131", target.span, "The left-hand side of an assignment must be a variable, property or indexer");
                    }
                    return None;
                };
                match local.kind {
                    LocalKind::Variable => {}
                    LocalKind::ReadOnly(what) => {
                        self.error("CS1656", target.span, format!("Cannot assign to '{}' because it is a '{what}'", local.name));
                        return None;
                    }
                    LocalKind::Part(_) => {
                        self.error(
                            "CS1947",
                            target.span,
                            format!("Range variable '{}' cannot be assigned to -- it is read only", local.name),
                        );
                        return None;
                    }
                    LocalKind::Constant(_) => {
                        self.error("CS0131", target.span, "The left-hand side of an assignment must be a variable, property or indexer");
                        return None;
                    }
                    LocalKind::Function(_) => {
                        self.error("CS1656", target.span, format!("Cannot assign to '{}' because it is a 'method group'", local.name));
                        return None;
                    }
                }
                if twice && !self.assigned.has(local.variable) {
                    self.unassigned(local.function, local.variable, &local.name, target.span);
                }
                let slot = self.reach(local.function, local.slot);
                Some(Place::Local { slot, variable: local.variable, ty: local.ty })
            }
            ExpressionKind::Element { target: owner, arguments } => {
                let owner = self.value(owner)?;
                self.element_place(owner, arguments, target.span, twice, before)
            }
            ExpressionKind::Member { target: owner, name } => {
                let simple = name.identifier.name.as_str();
                let Some(super::names::Entity::Operand(operand)) = self.entity(owner) else {
                    self.error("CS0131", target.span, "The left-hand side of an assignment must be a variable, property or indexer");
                    return None;
                };
                let owner_bound = self.natural(operand, owner.span)?;
                if let Some((index, ty)) = members::field(&owner_bound.ty, simple) {
                    if matches!(owner_bound.ty, Type::Anonymous(_)) {
                        let message = format!("Property or indexer '{}.{simple}' cannot be assigned to -- it is read only", owner_bound.ty);
                        self.error("CS0200", target.span, message);
                        return None;
                    }
                    let of = self.place(owner.without_parentheses(), true, before)?;
                    if let Place::Member { found, .. } = &of {
                        let of = found.info.name;
                        let message = format!("Cannot modify the return value of '{of}' because it is not a variable");
                        self.error("CS1612", owner.span, message);
                        return None;
                    }
                    return Some(Place::Field { of: Box::new(of), index, ty });
                }
                self.property_place(owner_bound, simple, target.span, twice, before)
            }
            ExpressionKind::ElementBinding(_) | ExpressionKind::MemberBinding(_) | ExpressionKind::ConditionalAccess { .. } => {
                self.error("CS0131", target.span, "The left-hand side of an assignment must be a variable, property or indexer");
                None
            }
            _ => {
                self.value(target)?;
                self.error("CS0131", target.span, "The left-hand side of an assignment must be a variable, property or indexer");
                None
            }
        }
    }

    pub(super) fn set_property(&mut self, owner: Bound, name: &str, value: Operand<'t>, value_span: Span, span: Span) -> Option<Node> {
        let mut before = Vec::new();
        let place = self.property_place(owner, name, span, false, &mut before)?;
        let ty = place.ty()?.clone();
        let bound = self.to(value, &ty, value_span)?;
        let scratch = self.slot();
        before.push(place.write(bound.node, scratch));
        Some(sequence(before))
    }

    fn property_place(&mut self, owner: Bound, name: &str, span: Span, twice: bool, before: &mut Vec<Node>) -> Option<Place> {
        let found = members::find(&owner.ty, name, |info| !info.is_static && info.kind == MemberKind::Property);
        let Some(found) = found.into_iter().flatten().next() else {
            self.no_member(&owner.ty, name, span);
            return None;
        };
        self.check_member(&found, span)?;
        if !found.info.is_settable {
            self.error("CS0200", span, format!("Property or indexer '{}.{name}' cannot be assigned to -- it is read only", owner.ty));
            return None;
        }
        let ty = found.result();
        let owner = self.once(owner, twice, before);
        Some(Place::Member { found, arguments: vec![owner.node], ty })
    }

    fn once(&mut self, bound: Bound, twice: bool, before: &mut Vec<Node>) -> Bound {
        if !twice {
            return bound;
        }
        let (keep, kept) = self.kept(bound);
        if !matches!(keep, Node::Constant(_)) {
            before.push(keep);
        }
        kept
    }

    /// `[i] = a` of an object initialiser.
    pub(super) fn element_assignment(
        &mut self,
        object: Bound,
        arguments: &'t [tree::Argument],
        value: &'t tree::Expression,
        span: Span,
    ) -> Option<Node> {
        let mut before = Vec::new();
        let place = self.element_place(object, arguments, span, false, &mut before)?;
        let ty = place.ty()?.clone();
        let bound = self.value_of(value, &ty)?;
        let scratch = self.slot();
        before.push(place.write(bound.node, scratch));
        Some(sequence(before))
    }

    /// `a[i]` as a value.
    pub(super) fn element(&mut self, target: Bound, arguments: &'t [tree::Argument], span: Span) -> Option<Bound> {
        let mut before = Vec::new();
        let place = self.element_place_for(target, arguments, span, false, false, &mut before)?;
        let ty = place.ty()?.clone();
        before.push(place.read());
        Some(Bound::new(sequence(before), ty))
    }

    fn element_place(
        &mut self,
        target: Bound,
        arguments: &'t [tree::Argument],
        span: Span,
        twice: bool,
        before: &mut Vec<Node>,
    ) -> Option<Place> {
        self.element_place_for(target, arguments, span, true, twice, before)
    }

    fn element_place_for(
        &mut self,
        target: Bound,
        arguments: &'t [tree::Argument],
        span: Span,
        written: bool,
        twice: bool,
        before: &mut Vec<Node>,
    ) -> Option<Place> {
        let arguments = self.arguments(arguments)?;
        match &target.ty {
            Type::Array(element) => {
                let ty = element.as_ref().clone();
                let [argument] = self.indices::<1>(&arguments, span)?;
                let array = self.once(target, twice, before).node;
                let index = self.once(argument, twice, before).node;
                Some(Place::Element { array, index, ty })
            }
            Type::Grid(element, rank) => {
                let (ty, rank) = (element.as_ref().clone(), *rank);
                if arguments.len() != rank {
                    self.error("CS0022", span, format!("Wrong number of indices inside []; expected {rank}"));
                    return None;
                }
                let grid = self.once(target, twice, before).node;
                let mut indices = Vec::new();
                for argument in arguments {
                    let index = self.index(argument)?;
                    indices.push(self.once(index, twice, before).node);
                }
                Some(Place::Grid { grid, indices, ty })
            }
            _ => self.indexer_place(target, arguments, span, written, twice, before),
        }
    }

    fn index(&mut self, argument: Argument<'t>) -> Option<Bound> {
        let Passed::Value(operand) = argument.passed else { return None };
        // An index may be any integral type; `char` and smaller ones become `int`.
        let bound = self.natural(operand, argument.span)?;
        if conversions::of_value(&bound, &Type::INT32).is_some() {
            return self.implicitly(bound, &Type::INT32, argument.span);
        }
        for wider in [Type::UINT32, Type::INT64, Type::UINT64] {
            if conversions::of_value(&bound, &wider).is_some() {
                return self.implicitly(bound, &wider, argument.span);
            }
        }
        self.implicitly(bound, &Type::INT32, argument.span)
    }

    fn indices<const N: usize>(&mut self, arguments: &[Argument<'t>], span: Span) -> Option<[Bound; N]> {
        if arguments.len() != N {
            self.error("CS0022", span, format!("Wrong number of indices inside []; expected {N}"));
            return None;
        }
        let indices: Option<Vec<Bound>> = arguments.iter().cloned().map(|argument| self.index(argument)).collect();
        indices?.try_into().ok()
    }

    fn indexer_place(
        &mut self,
        target: Bound,
        arguments: Vec<Argument<'t>>,
        span: Span,
        written: bool,
        twice: bool,
        before: &mut Vec<Node>,
    ) -> Option<Place> {
        let levels = members::find(&target.ty, "this", |info| info.kind == MemberKind::Indexer);
        if target.ty == Type::Error {
            return None;
        }
        if levels.is_empty() {
            self.error("CS0021", span, format!("Cannot apply indexing with [] to an expression of type '{}'", target.ty));
            return None;
        }
        let target = self.once(target, twice, before);
        let chosen = match self.choose(&levels, None, &[], &arguments) {
            Ok(chosen) => chosen,
            Err(_) => {
                let wrong = arguments.first().and_then(|argument| match &argument.passed {
                    Passed::Value(Operand::Value(bound)) => Some((argument.span, bound.ty.clone())),
                    _ => None,
                });
                let wanted = levels
                    .first()
                    .and_then(|level| level.first())
                    .and_then(|found| found.info.parameters.first().map(|parameter| found.close(&parameter.ty)));
                match (wrong, wanted) {
                    (Some((at, from)), Some(to)) if arguments.len() == 1 => {
                        self.error("CS1503", at, format!("Argument 1: cannot convert from '{from}' to '{to}'"));
                    }
                    _ => self.error("CS1501", span, format!("No overload for method 'this' takes {} arguments", arguments.len())),
                }
                return None;
            }
        };
        self.check_member(&chosen.found, span)?;
        if written && !chosen.found.info.is_settable {
            self.error("CS0200", span, format!("Property or indexer '{}.this[]' cannot be assigned to -- it is read only", target.ty));
            return None;
        }
        let found = chosen.found.clone();
        let bound = self.finish_call(chosen, Some(target), arguments)?;
        let Node::Call(call) = bound.node else { return None };
        let mut nodes = call.arguments.to_vec();
        if twice {
            for node in nodes.iter_mut().skip(1) {
                let kept = self.once(Bound::new(node.clone(), Type::OBJECT), true, before);
                *node = kept.node;
            }
        }
        Some(Place::Member { found, arguments: nodes, ty: bound.ty })
    }

    /// `a op= b`: the operation, converted back to the type of `a`.
    fn compound(&mut self, operator: BinaryOperator, old: Bound, right: Bound, span: Span) -> Option<Bound> {
        let ty = old.ty.clone();
        let result = self.operate(operator, old, right.clone(), span)?;
        if conversions::of_value(&result, &ty).is_some() {
            return self.implicitly(result, &ty, span);
        }
        // Explicitly convertible back, where the right side fits the left one or the operator is a shift.
        let shift = matches!(operator, BinaryOperator::ShiftLeft | BinaryOperator::ShiftRight);
        let convertible = conversions::explicit_standard(&result.ty, &ty).is_some();
        if convertible && (shift || conversions::of_value(&right, &ty).is_some()) {
            return self.explicitly(result, &ty, span);
        }
        self.implicitly(result, &ty, span)
    }

    pub(super) fn increment(&mut self, operator: UnaryOperator, operand: &'t tree::Expression, span: Span) -> Option<Bound> {
        let mut before = Vec::new();
        let place = self.place(operand.without_parentheses(), true, &mut before)?;
        let Some(ty) = place.ty().cloned() else {
            self.error("CS0103", operand.span, "The name '_' does not exist in the current context");
            return None;
        };
        let number = ty.underlying().unwrap_or(&ty);
        if Numeric::of(number).is_none() && number.enum_members().is_none() {
            self.error("CS0023", span, format!("Operator '{}' cannot be applied to operand of type '{ty}'", operator.symbol()));
            return None;
        }
        let is_up = matches!(operator, UnaryOperator::PreIncrement | UnaryOperator::PostIncrement);
        let (old_slot, scratch) = (self.slot(), self.slot());
        let old = Bound::new(Node::Assign(old_slot, Box::new(place.read())), ty.clone());
        let one = Bound::new(Node::Constant(Value::Int32(1)), Type::INT32);
        let sum = self.operate(if is_up { BinaryOperator::Add } else { BinaryOperator::Subtract }, old, one, span)?;
        let new = self.explicitly(sum, &ty, span)?;
        before.push(place.write(new.node, scratch));
        if matches!(operator, UnaryOperator::PostIncrement | UnaryOperator::PostDecrement) {
            before.push(Node::Local(old_slot));
        }
        Some(Bound::new(sequence(before), ty))
    }
}

fn sequence(mut nodes: Vec<Node>) -> Node {
    match (nodes.len(), nodes.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            nodes.push(last);
            Node::Sequence(nodes.into())
        }
        (_, None) => Node::Sequence([].into()),
    }
}
