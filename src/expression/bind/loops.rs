//! `for` and `foreach`.

use super::{Binder, Bound, Operand, flow::Assigned, inference::item_type, scopes::LocalKind, tuples::designated};
use crate::{
    csharp::tree::{self, ForEachVariable, ForInitializer, Statement, TypeKind},
    dotnet::types::Type,
    dotnet::value::Value,
    dotnet::{json, registry},
    expression::program::{Call, Node, Step},
};

impl<'t> Binder<'t> {
    pub(super) fn for_loop(
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

    pub(super) fn for_each(&mut self, variable: &'t ForEachVariable, source: &'t tree::Expression, body: &'t Statement) -> Option<Step> {
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
    pub(super) fn unknown_items(&mut self, variable: &'t ForEachVariable, body: &'t Statement) -> Option<Step> {
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
}
